"""Turn a digest into what its templates show: words, and links that are safe to follow.

In:   a digest.
Out:  a ``DigestView``: the one context of the HTML part and of its text twin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from alerting.digests import words
from alerting.domain.deadlines import has_passed, working_days_until
from alerting.domain.digest import Digest, DigestItem, TellingKind
from alerting.domain.money import Money
from alerting.domain.notice import Change, Lot, Notice


_URGENT_WORKING_DAYS = 5
_LOTS_SHOWN = 8
_TITLE_CHARACTERS = 300
_EVIDENCE_CHARACTERS = 400
_SAFE_LINK = re.compile(r"https?://[\x21-\x7e]+", re.IGNORECASE)
_AMOUNT = re.compile(r"(\d+)\.(\d\d) ([A-Z]{3})")
_LOT_NUMBER = re.compile(r"(?:lot)?[\s\-_]*0*(\d+)", re.IGNORECASE)

_SECTIONS = (
    (TellingKind.NEW, "nouveau marché", "nouveaux marchés", "Nouveau"),
    (TellingKind.REMINDER, "rappel", "rappels", "Rappel"),
    (TellingKind.CORRECTED, "correction", "corrections", "Corrigé"),
    (TellingKind.CANCELLED, "annulation", "annulations", "Annulé"),
    (TellingKind.AWARDED, "attribution", "attributions", "Attribué"),
)
_FIELDS = {
    "title": "Objet",
    "description": "Description",
    "deadline_at": "Date limite",
    "question_deadline_at": "Questions jusqu'au",
    "visit_at": "Visite",
    "value": "Montant",
    "places": "Lieu",
    "lots": "Lots",
    "cpv_main": "Code CPV",
    "document_url": "Adresse du dossier",
    "submission_url": "Adresse de réponse",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be followed, and the host it goes to."""

    href: str
    host: str


@dataclass(frozen=True, slots=True)
class LotView:
    """A lot that fits."""

    name: str
    title: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change; both sides are None when only a sentence says what changed."""

    field: str
    before: str | None
    after: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """When to answer, and how long there is."""

    moment: str
    left: str
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item in words."""

    kind: str
    badge: str
    title: str
    language: str
    buyer: str | None
    lots: tuple[LotView, ...]
    lots_more: str | None
    place: str | None
    deadline: DeadlineView | None
    question_deadline: str | None
    visit: str | None
    value: str
    reasons: tuple[str, ...]
    changes: tuple[ChangeView, ...]
    documents: Link | None
    answer: Link | None
    notice: Link | None


@dataclass(frozen=True, slots=True)
class SectionView:
    """The items of one kind, under "2 nouveaux marchés"."""

    heading: str
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class DigestView:
    """Everything that both templates show, but for the recipient and the sender."""

    summary: str
    profile_name: str
    firm_name: str
    composed_on: str
    first_deadline: str | None
    sections: tuple[SectionView, ...]


def view_digest(digest: Digest, *, now: datetime) -> DigestView:
    """Return what the templates show of a digest; *now* decides how much time is left."""
    sections = tuple(
        SectionView(
            heading=words.count(len(items), one, many),
            items=tuple(_item(item, badge, now) for item in items),
        )
        for kind, one, many, badge in _SECTIONS
        if (items := [item for item in digest.items if item.telling_kind is kind])
    )
    return DigestView(
        summary=", ".join(section.heading for section in sections) or "rien de nouveau",
        profile_name=" ".join(digest.profile_name.split()),
        firm_name=" ".join(digest.firm_name.split()),
        composed_on=words.day(digest.composed_at),
        first_deadline=_first_deadline(digest, now),
        sections=sections,
    )


def safe_link(url: str | None) -> Link | None:
    """Return a link that a mail may carry: http or https, to a host that is named openly; else None."""
    if url is None or not _SAFE_LINK.fullmatch(url.strip()):
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if not parts.hostname or "@" in parts.netloc:
        return None
    return Link(href=parts.geturl(), host=parts.hostname.removeprefix("www."))


def _first_deadline(digest: Digest, now: datetime) -> str | None:
    open_kinds = {TellingKind.NEW, TellingKind.REMINDER, TellingKind.CORRECTED}
    moments = [
        item.notice.deadline_at
        for item in digest.items
        if item.telling_kind in open_kinds
        and item.notice.deadline_at is not None
        and not has_passed(item.notice.deadline_at, now=now)
    ]
    return words.day_and_time(min(moments)) if moments else None


def _item(item: DigestItem, badge: str, now: datetime) -> ItemView:
    notice = item.notice
    lots = [lot for lot in notice.lots if lot.lot_id in item.lot_ids]
    return ItemView(
        kind=item.telling_kind.value,
        badge=badge,
        title=_clipped(words.readable(notice.title, names=_names(notice)), _TITLE_CHARACTERS),
        language=notice.languages[0] if notice.languages else "fr",
        buyer=words.readable_name(notice.buyer.name) if notice.buyer and notice.buyer.name else None,
        lots=tuple(_lot(lot, notice) for lot in lots[:_LOTS_SHOWN]),
        lots_more=_lots_more(len(lots) - _LOTS_SHOWN),
        place=_place(item),
        deadline=_deadline(notice.deadline_at, now),
        question_deadline=_if_ahead(notice.question_deadline_at, now),
        visit=_if_ahead(notice.visit_at, now),
        value=words.money(notice.value) or words.NOT_STATED,
        reasons=words.reasons(item.reasons),
        changes=tuple(_change(change) for change in item.changes),
        documents=safe_link(notice.document_url),
        answer=safe_link(notice.submission_url),
        notice=safe_link(notice.notice_url),
    )


def _names(notice: Notice) -> list[str | None]:
    places = [*notice.places, *(place for lot in notice.lots for place in lot.places)]
    communes = [words.readable_name(place.commune) for place in places if place.commune]
    return [*communes, notice.buyer.name if notice.buyer else None]


def _lot(lot: Lot, notice: Notice) -> LotView:
    number = _LOT_NUMBER.fullmatch(lot.lot_id)
    title = words.readable(lot.title, names=_names(notice)) if lot.title else None
    return LotView(
        name=f"Lot{words.NO_BREAK}{number[1] if number else lot.lot_id}",
        title=_clipped(title, _TITLE_CHARACTERS) if title else None,
        value=words.money(lot.value),
    )


def _lots_more(number: int) -> str | None:
    return f"et {words.count(number, 'autre lot', 'autres lots')}" if number > 0 else None


def _place(item: DigestItem) -> str | None:
    """Return the place of the lots that fit, else of the procedure, else the buyer's département."""
    notice = item.notice
    of_lots = [place for lot in notice.lots if lot.lot_id in item.lot_ids for place in lot.places]
    stated = words.places(of_lots) or words.places(notice.places)
    if stated is None and notice.buyer and notice.buyer.departement:
        return f"{words.departement(notice.buyer.departement)}, département de l'acheteur"
    return stated


def _deadline(deadline_at: datetime | None, now: datetime) -> DeadlineView | None:
    if deadline_at is None:
        return None
    is_ahead = not has_passed(deadline_at, now=now)
    return DeadlineView(
        moment=words.day_and_time(deadline_at),
        left=words.time_left(deadline_at, now=now),
        is_urgent=is_ahead and working_days_until(deadline_at, now=now) <= _URGENT_WORKING_DAYS,
    )


def _if_ahead(moment: datetime | None, now: datetime) -> str | None:
    return None if moment is None or has_passed(moment, now=now) else words.day_and_time(moment)


def _change(change: Change) -> ChangeView:
    is_prose = change.field not in _FIELDS
    said = change.evidence or (change.after if is_prose else None)
    return ChangeView(
        field=_FIELDS.get(change.field, "Texte de l'avis"),
        before=None if is_prose else _side(change.field, change.before),
        after=None if is_prose else _side(change.field, change.after),
        evidence=_clipped(" ".join(said.split()), _EVIDENCE_CHARACTERS) if said else None,
    )


def _side(field: str, value: str | None) -> str | None:
    if value is None:
        return None
    if field == "value" and (amount := _AMOUNT.fullmatch(value)):
        return words.money(Money(int(amount[1] + amount[2]), amount[3]))
    if field.endswith("_url"):
        return _clipped(value, _EVIDENCE_CHARACTERS)
    if not field.endswith("_at"):
        return _clipped(words.readable(value), _EVIDENCE_CHARACTERS)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return words.day_and_time(moment) if moment.tzinfo else value


def _clipped(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
