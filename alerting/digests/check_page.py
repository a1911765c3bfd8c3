"""A page for a publisher: what of its documents would reach a firm, what is missing, what was refused.

In:   for each document where it came from, its notices with the facts they lack, its rejects.
Out:  one HTML page in French, for who publishes: a town hall's secretary, not a programmer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerting.digests import words
from alerting.digests.check_words import show_reject
from alerting.digests.languages import NO_BREAK, find_language
from alerting.digests.render import get_template
from alerting.digests.view import safe_link
from alerting.domain.feed import Reject
from alerting.domain.lots import has_own_deadlines
from alerting.domain.notice import Notice


# What a fact is called, and why it matters to who looks for work.
MISSING = {
    "buyer": ("l’acheteur", "une entreprise veut savoir pour qui elle travaillerait"),
    "description": ("la description", "sans elle, seul le titre dit de quels travaux il s’agit"),
    "cpv_main": (
        "le code CPV",
        "les métiers sont reconnus par lui ; à défaut, par les mots du titre et des lots",
    ),
    "places": ("le lieu d’exécution", "une entreprise cherche près de chez elle"),
    "deadline_at": ("la date limite", "sans elle, personne ne sait s’il est encore temps"),
    "document_url": ("l’adresse du dossier", "l’entreprise devra le chercher elle-même"),
    "submission_url": ("l’adresse où répondre", "l’entreprise devra la chercher elle-même"),
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


_FRENCH = find_language("fr")


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """One document as it was checked.

    Args:
        path: Where it came from.
        format: As it was recognised; None when it was not.
        outcome: "read", "partly" or "refused".
        notices: Each with the names of the facts that it does not state.
        rejects: What could not be read.
    """

    path: str
    format: str | None
    outcome: str
    notices: tuple[tuple[Notice, tuple[str, ...]], ...]
    rejects: tuple[Reject, ...]


def render_check_page(documents: Sequence[CheckedDocument], *, now: datetime) -> str:
    """Return the page over checked documents, in their order."""
    outcomes = [document.outcome for document in documents]
    context = {
        "checked_on": _FRENCH.day_and_time(now),
        "documents": [_document(document, now) for document in documents],
        "counts": [
            _count(outcomes.count(name), label, SEVERAL[name])
            for name, label in OUTCOMES.items()
            if outcomes.count(name)
        ],
        "notice_count": _count(sum(len(document.notices) for document in documents), "avis", "avis"),
    }
    return get_template("web/feed-check.html.j2").render(context)


def _document(document: CheckedDocument, now: datetime) -> dict[str, object]:
    return {
        "path": document.path,
        "format": document.format or "non reconnu",
        "outcome": document.outcome,
        "label": OUTCOMES[document.outcome],
        "notices": [_notice(notice, missing, now) for notice, missing in document.notices],
        "rejects": [show_reject(reject) for reject in document.rejects],
    }


def _notice(notice: Notice, missing: Sequence[str], now: datetime) -> dict[str, object]:
    places = [*notice.places, *(place for lot in notice.lots for place in lot.places)]
    facts = {
        "Nature de l’avis": KINDS[notice.kind.value],
        "Acheteur": words.readable_name(notice.buyer.name) if notice.buyer and notice.buyer.name else None,
        "Lieu": words.places(places),
        "Date limite": _deadline(notice, now),
        "Lots": None if not notice.lots else _count(len(notice.lots), "lot", "lots"),
        "Valeur": _FRENCH.money(notice.value),
        "Code CPV": notice.cpv_main,
    }
    return {
        "title": words.readable(notice.title),
        "facts": [(name, value) for name, value in facts.items() if value],
        "lots": [lot.title for lot in notice.lots if lot.title][:20],
        "documents": safe_link(notice.document_url),
        "answer": safe_link(notice.submission_url),
        "missing": [MISSING[name] for name in missing if name in MISSING],
    }


def _deadline(notice: Notice, now: datetime) -> str | None:
    """Return when to answer; where lots have their own dates, each of them."""
    if has_own_deadlines(notice):
        lots = (
            f"lot {lot.lot_id} : {_FRENCH.day_and_time(lot.deadline_at)}"
            for lot in notice.lots
            if lot.deadline_at
        )
        return " ; ".join(lots)
    if notice.deadline_at is None:
        return None
    left = words.time_left(notice.deadline_at, _FRENCH, now=now)
    return f"{_FRENCH.day_and_time(notice.deadline_at)} ({left})"


def _count(number: int, one: str, many: str) -> str:
    return f"{number}{NO_BREAK}{one if number < 2 else many}"  # noqa: PLR2004 - the plural starts at 2
