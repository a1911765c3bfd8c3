"""A page for a publisher: what of its documents would reach a firm, what is missing, what was refused.

In:   for each document where it came from, its notices with the facts they lack and the values in them that
      cannot be read, its rejects.
Out:  one HTML page in French, for who publishes: a town hall's secretary, not a programmer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerting.digests import words
from alerting.digests.changes import view_change
from alerting.digests.check_words import show_reject, show_unreadable
from alerting.digests.facts import clipped, name_lot, title_of
from alerting.digests.languages import NO_BREAK, find_language
from alerting.digests.links import safe_link
from alerting.digests.render import get_template
from alerting.domain.feed import Reject
from alerting.domain.lots import has_own_deadlines
from alerting.domain.notice import Change, Normalisation, Notice, NoticeKind


# What a fact is called, and why it matters to who looks for work.
MISSING = {
    "buyer": ("le nom de l’acheteur", "une entreprise veut savoir pour qui elle travaillerait"),
    "description": ("la description", "sans elle, seul le titre dit de quels travaux il s’agit"),
    "cpv_main": (
        "le code CPV",
        "les métiers sont reconnus par lui ; à défaut, par les mots du titre et des lots",
    ),
    "places": ("le lieu d’exécution", "une entreprise cherche près de chez elle"),
    "deadline_at": ("la date limite", "sans elle, personne ne sait s’il est encore temps"),
    "document_url": ("l’adresse du dossier", "l’entreprise devra le chercher elle-même"),
    "submission_url": ("l’adresse où répondre", "l’entreprise devra la chercher elle-même"),
    "refers_to": (
        "de quel avis il parle",
        "sans son numéro, il risque de ne pas être rattaché à la consultation",
    ),
    "changes": ("ce qu’il change", "l’entreprise qui a reçu l’avis devra tout relire"),
}
OUTCOMES = {"read": "lu en entier", "partly": "lu en partie", "refused": "non lu"}
SEVERAL = {"read": "lus en entier", "partly": "lus en partie", "refused": "non lus"}
KINDS = {
    "call": "avis d’appel à la concurrence",
    "correction": "rectificatif",
    "cancellation": "annulation",
    "award": "avis d’attribution",
    "planning": "avis de préinformation",
    "other": "autre avis",
}
# Which other notice one speaks of, by what it announces.
_OTHER = {
    NoticeKind.CORRECTION: "Corrige",
    NoticeKind.CANCELLATION: "Annule",
    NoticeKind.AWARD: "Fait suite à",
}
_ENDS = {NoticeKind.CANCELLATION: "abandonné ou sans suite", NoticeKind.AWARD: "attribué"}
_NOTHING_MISSING = {
    NoticeKind.CALL: "Tout ce qu’une entreprise cherche y est.",
    NoticeKind.CORRECTION: "L’avis corrigé est nommé, et ce qui change se lit.",
}
# How much of one thing a page shows.
_LONGEST_TEXT = 400
_LONGEST_VALUE = 80
_LONGEST_LOT = 100
_LOTS_SHOWN = 20
_ENTRIES_SHOWN = 20
_DATES_SHOWN = 8

_FRENCH = find_language("fr")


@dataclass(frozen=True, slots=True)
class CheckedNotice:
    """One notice as it was checked: the names of the facts that it lacks, the values that nobody can read."""

    notice: Notice
    missing: tuple[str, ...] = ()
    unreadable: tuple[Normalisation, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """One document as it was checked.

    Args:
        path: Where it came from.
        format: As it was recognised; None when it was not.
        outcome: "read", "partly" or "refused".
        notices: In the document's order.
        rejects: What could not be read.
    """

    path: str
    format: str | None
    outcome: str
    notices: tuple[CheckedNotice, ...]
    rejects: tuple[Reject, ...]


def render_check_page(documents: Sequence[CheckedDocument], *, now: datetime) -> str:
    """Return the page over checked documents, in their order."""
    outcomes = [document.outcome for document in documents]
    notices = [checked for document in documents for checked in document.notices]
    lacking = sum(bool(checked.missing) for checked in notices)
    context = {
        "checked_on": _FRENCH.day_and_time(now),
        "documents": [_document(document, now) for document in documents],
        "counts": [
            _count(outcomes.count(name), label, SEVERAL[name])
            for name, label in OUTCOMES.items()
            if outcomes.count(name)
        ],
        "notice_count": _count(len(notices), "avis", "avis"),
        "lacking": _count(lacking, "avis", "avis") if lacking else None,
    }
    return get_template("web/feed-check.html.j2").render(context)


def _document(document: CheckedDocument, now: datetime) -> dict[str, object]:
    missing = sum(len(checked.missing) for checked in document.notices)
    return {
        "path": _shown(document.path),
        "format": document.format or "non reconnu",
        "outcome": document.outcome,
        "label": OUTCOMES[document.outcome],
        "missing": _count(missing, "information manque", "informations manquent") if missing else None,
        "notices": [_notice(checked, now) for checked in document.notices],
        "rejects": [
            tuple(_glued(_shown(part)) for part in show_reject(reject)) for reject in document.rejects
        ],
    }


def _notice(checked: CheckedNotice, now: datetime) -> dict[str, object]:
    notice = checked.notice
    missing = [MISSING[name] for name in checked.missing if name in MISSING]
    unreadable = [_unreadable(entry) for entry in checked.unreadable]
    return {
        "title": title_of(notice),
        "facts": [
            (name, clipped(value, _LONGEST_TEXT)) for name, value in _facts(notice, now).items() if value
        ],
        "changes": [view_change(change, _FRENCH, now) for change in _changes(notice)[:_ENTRIES_SHOWN]],
        "lots": _some(
            [clipped(words.clean(lot.title), _LONGEST_LOT) for lot in notice.lots if lot.title], _LOTS_SHOWN
        ),
        "documents": safe_link(notice.document_url),
        "answer": safe_link(notice.submission_url),
        "missing": missing,
        "unreadable": unreadable[:_ENTRIES_SHOWN],
        "more_unreadable": max(len(unreadable) - _ENTRIES_SHOWN, 0),
        "nothing_missing": None if missing or unreadable else _nothing_missing(notice.kind),
    }


def _facts(notice: Notice, now: datetime) -> dict[str, str | None]:
    places = [*notice.places, *(place for lot in notice.lots for place in lot.places)]
    return {
        "Nature de l’avis": KINDS[notice.kind.value],
        **_other_notice(notice),
        "Acheteur": _buyer(notice),
        "Lieu": words.places(places),
        "Date limite": _deadline(notice, now),
        "Lots": None if not notice.lots else _count(len(notice.lots), "lot", "lots"),
        "État": _end(notice),
        "Valeur": _FRENCH.money(notice.value),
        "Code CPV": notice.cpv_main,
    }


def _buyer(notice: Notice) -> str | None:
    if notice.buyer is None:
        return None
    number = f"SIRET{NO_BREAK}{notice.buyer.siret}" if notice.buyer.siret else None
    return words.readable_name(notice.buyer.name) if notice.buyer.name else number


def _other_notice(notice: Notice) -> dict[str, str]:
    """Return which notice this one speaks of, or what else tells the purchase that both belong to."""
    label = _OTHER.get(notice.kind)
    if label is None:
        return {}
    if notice.refers_to:
        return {label: _shown(f"l’avis {', '.join(notice.refers_to)}")}
    if notice.procedure_key:
        return {label: f"aucun avis nommé ; la procédure {_shown(notice.procedure_key)}"}
    if notice.internal_reference:
        return {label: f"aucun avis nommé ; le numéro {_shown(notice.internal_reference)} de l’acheteur"}
    return {label: "aucun avis nommé ; nous ne savons pas lequel"}


def _end(notice: Notice) -> str | None:
    """Return what a notice says has come to an end: all of a purchase, some lots, or an earlier notice."""
    taken_back = [
        KINDS[change.before] for change in notice.changes if change.field == "kind" and change.before
    ]
    if taken_back:
        return f"ne vaut plus : {', '.join(taken_back)}"
    end = _ENDS.get(notice.kind)
    if end is None:
        return None
    lots = _some([name_lot(lot.lot_id, _FRENCH).lower() for lot in notice.lots], _LOTS_SHOWN)
    return f"{end} : {', '.join(lots)}" if lots else end


def _changes(notice: Notice) -> list[Change]:
    return [change for change in notice.changes if change.field != "kind"]


def _nothing_missing(kind: NoticeKind) -> str:
    return _NOTHING_MISSING.get(kind, "Rien de ce que l’on cherche dans un tel avis n’y manque.")


def _unreadable(entry: Normalisation) -> tuple[str, str, str]:
    name, value, expected = show_unreadable(entry)
    return name, clipped(words.clean(value), _LONGEST_VALUE), expected


def _deadline(notice: Notice, now: datetime) -> str | None:
    """Return when to answer; where lots have their own dates, each of them."""
    if has_own_deadlines(notice):
        lots = [
            f"{name_lot(lot.lot_id, _FRENCH).lower()} : {_FRENCH.day_and_time(lot.deadline_at)}"
            for lot in notice.lots
            if lot.deadline_at
        ]
        return " ; ".join(_some(lots, _DATES_SHOWN))
    if notice.deadline_at is None:
        return None
    left = words.time_left(notice.deadline_at, _FRENCH, now=now)
    return f"{_FRENCH.day_and_time(notice.deadline_at)} ({left})"


def _shown(text: str) -> str:
    return clipped(words.clean(text), _LONGEST_TEXT)


def _glued(text: str) -> str:
    """Return a French sentence of which no line begins with a sign that belongs to the word before."""
    for sign in (" :", " ;", " »", "« "):
        text = text.replace(sign, sign.replace(" ", NO_BREAK))
    return text


def _some(texts: Sequence[str], number: int) -> list[str]:
    """Return the first texts, and how many more there are."""
    more = len(texts) - number
    return [*texts[:number], *([f"et {_count(more, 'autre', 'autres')}"] if more > 0 else [])]


def _count(number: int, one: str, many: str) -> str:
    return f"{number}{NO_BREAK}{one if number < 2 else many}"  # noqa: PLR2004 - the plural starts at 2
