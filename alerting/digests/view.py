"""Turn a digest into what its templates show: words, and links that are safe to follow.

In:   a digest, the language to say it in, the moment.
Out:  a ``DigestView`` and its ``ItemView``s: the one context of the HTML part and of its text twin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerting.digests import words
from alerting.digests.changes import ChangeView, view_change
from alerting.digests.facts import (
    _NAME_CHARACTERS,
    clipped,
    name_lot,
    name_of_buyer,
    names_of,
    say_place,
    title_of,
)
from alerting.digests.fit import say_fit
from alerting.digests.languages import Language
from alerting.digests.links import Link, links_of, safe_link
from alerting.digests.marks import Marked, Piece, make_marker
from alerting.domain.deadlines import has_passed, working_days_until
from alerting.domain.digest import Digest, DigestItem, TellingKind
from alerting.domain.match import Reason
from alerting.domain.notice import Change, Lot, Notice
from alerting.domain.procedure import ProcedureState


_URGENT_WORKING_DAYS = 5
# A mail of more than 102 kB is cut off: so many items in full, so many more in a line each.
_ITEMS_SHOWN = 20
_OTHERS_SHOWN = 15
_LOTS_SHOWN = 4
_CHANGES_SHOWN = 8
_AWARDED_SHOWN = 8
_LOT_CHARACTERS = 100
_REASON_CHARACTERS = 160
_LANGUAGE = re.compile(r"[a-z]{2}")
# In the order in which a mail shows them: what has come to an end stands last.
KINDS = (
    TellingKind.NEW,
    TellingKind.REMINDER,
    TellingKind.CORRECTED,
    TellingKind.CANCELLED,
    TellingKind.AWARDED,
)
# Changes of where a purchase stands: said in a sentence, not as before and after.
_TURNS = frozenset({"state", "awarded_lots"})
STILL_OPEN = frozenset({TellingKind.NEW, TellingKind.REMINDER, TellingKind.CORRECTED})


@dataclass(frozen=True, slots=True)
class LotView:
    """A lot that fits; ``deadline`` says when to answer it where that is not when to answer the item."""

    name: str
    title: Marked
    value: str | None
    deadline: str | None


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """When to answer, how long there is, and the day as a leaf of a calendar."""

    moment: str
    left: str
    is_urgent: bool
    weekday: str
    number: str
    month: str


@dataclass(frozen=True, slots=True)
class ReminderView:
    """A date other than the deadline that comes near."""

    label: str
    moment: str
    left: str


@dataclass(frozen=True, slots=True)
class ShortView:
    """An item in one line, where a mail has no room for more."""

    day: str | None
    title: str
    language: str
    buyer: str | None
    link: Link | None


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item in words."""

    kind: str
    is_open: bool
    badge: str
    title: Marked
    language: str
    buyer: str | None
    lots: tuple[LotView, ...]
    lots_more: str | None
    place: str | None
    deadline: DeadlineView | None
    reminders: tuple[ReminderView, ...]
    question_deadline: str | None
    visit: str | None
    value: str | None
    fit: str | None
    reasons: tuple[str, ...]
    over: str | None
    changes: tuple[ChangeView, ...]
    documents: Link | None
    answer: Link | None
    notice: Link | None


@dataclass(frozen=True, slots=True)
class SectionView:
    """The items of one kind, under "2 new contracts"."""

    heading: str
    items: tuple[DigestItem, ...]


@dataclass(frozen=True, slots=True)
class DigestView:
    """What both templates show around the items, but for the recipient and the sender.

    Args:
        summary: How much there is, of every kind.
        short_summary: The same where there is no room: the first kind, and how many others.
        sections: What is shown in full.
        others: What is shown in a line each, under *others_heading*; *others_more* counts the rest.
    """

    summary: str
    profile_name: str
    firm_name: str
    composed_on: str
    short_summary: str
    first_deadline: str | None
    sections: tuple[SectionView, ...]
    others: tuple[ShortView, ...]
    others_heading: str | None
    others_more: str | None


def view_digest(digest: Digest, language: Language, *, now: datetime, is_whole: bool = False) -> DigestView:
    """Return what the templates show of a digest around its items.

    Args:
        digest: What is told.
        language: To say it in.
        now: Decides what lies ahead.
        is_whole: Whether all items are shown in full, as a page has room for them; a mail has not.
    """
    room = len(digest.items) if is_whole else _room(digest)
    counted = _by_kind(digest.items)
    # What has come to an end does not take the room of what can be answered.
    in_order = [item for items in counted.values() for item in items]
    shown, others = in_order[:room], in_order[room:]
    headings = [_heading(kind, len(items), language) for kind, items in counted.items()]
    rest = _others(len(digest.items) - len(next(iter(counted.values()), ())), language)
    first = _first_deadline(digest, now)
    return DigestView(
        summary=", ".join(headings) or language.say("nothing new"),
        short_summary=" ".join([*headings[:1], *([rest] if rest else [])]),
        profile_name=clipped(words.clean(digest.profile_name), _NAME_CHARACTERS),
        firm_name=clipped(words.clean(digest.firm_name), _NAME_CHARACTERS),
        composed_on=language.day(digest.composed_at),
        first_deadline=None if first is None else language.day_and_time(first, read_at=now),
        sections=tuple(
            SectionView(_heading(kind, len(items), language), items)
            for kind, items in _by_kind(shown).items()
        ),
        others=tuple(_short(item, language, now) for item in others[:_OTHERS_SHOWN]),
        others_heading=_others(len(others), language),
        others_more=_others(len(others) - _OTHERS_SHOWN, language),
    )


def _room(digest: Digest) -> int:
    """Return how many items a mail shows in full."""
    return min(_ITEMS_SHOWN, len(digest.items) if digest.shown_count is None else digest.shown_count)


def _by_kind(items: Sequence[DigestItem]) -> dict[TellingKind, tuple[DigestItem, ...]]:
    """Return items by their kind, in the order of a mail; no kind without an item."""
    found = {kind: tuple([item for item in items if item.telling_kind is kind]) for kind in KINDS}
    return {kind: those for kind, those in found.items() if those}


def _short(item: DigestItem, language: Language, now: datetime) -> ShortView:
    notice = item.notice
    links = (safe_link(url) for url in (notice.notice_url, notice.document_url, notice.submission_url))
    return ShortView(
        day=language.day(notice.deadline_at, read_at=now) if notice.deadline_at else None,
        title=clipped(title_of(notice), _LOT_CHARACTERS),
        language=_language_of(notice),
        buyer=name_of_buyer(notice.buyer.name) if notice.buyer and notice.buyer.name else None,
        link=next((link for link in links if link is not None), None),
    )


def _others(number: int, language: Language) -> str | None:
    return language.count("and %(number)s other", "and %(number)s others", number) if number > 0 else None


def view_item(item: DigestItem, language: Language, *, now: datetime, is_whole: bool = False) -> ItemView:
    """Return what the templates show of one item.

    Args:
        item: What is told.
        language: To say it in.
        now: Decides how much time is left.
        is_whole: Whether all its lots and changes are shown, as a page has room for them.
    """
    view = view_procedure(item, language, now=now, is_whole=is_whole)
    view = fit_view(view, item, language, now=now, is_whole=is_whole)
    fit = tell_fit(item, language, now=now)
    return replace(view, fit=fit, reasons=say_reasons(item.reasons, language))


def view_procedure(
    item: DigestItem, language: Language, *, now: datetime, is_whole: bool = False
) -> ItemView:
    """Return what is shown of an item to every firm, whatever it was chosen for."""
    notice = item.notice
    told = _facts_changed(item)
    changes = told if is_whole else told[:_CHANGES_SHOWN]
    is_open = item.telling_kind in STILL_OPEN
    documents, answer, read = links_of(notice, is_open=is_open)
    return ItemView(
        kind=item.telling_kind.value,
        is_open=is_open,
        badge=_badge(item.telling_kind, language),
        title=(Piece(title_of(notice)),),
        language=_language_of(notice),
        buyer=name_of_buyer(notice.buyer.name) if notice.buyer and notice.buyer.name else None,
        lots=(),
        lots_more=None,
        place=None,
        deadline=_deadline(notice.deadline_at, language, now),
        reminders=tuple(_reminders(item, language, now)),
        question_deadline=_fact("question_deadline_at", item, language, now),
        visit=_fact("visit_at", item, language, now),
        value=language.money(notice.value),
        fit=None,
        reasons=(),
        over=_over(item, language),
        changes=tuple(view_change(change, language, now) for change in changes),
        documents=documents,
        answer=answer,
        notice=read,
    )


def fit_view(
    view: ItemView, item: DigestItem, language: Language, *, now: datetime, is_whole: bool = False
) -> ItemView:
    """Return a procedure's view with the lots that fit, their place, and the words that chose it marked."""
    notice = item.notice
    mark = make_marker(words.matching_words(item.reasons))
    lots = [lot for lot in notice.lots if lot.lot_id in item.lot_ids and not _repeats(lot, notice)]
    room = len(lots) if is_whole else _LOTS_SHOWN
    return replace(
        view,
        title=mark("".join(piece.text for piece in view.title)),
        lots=tuple(_lot(lot, notice, mark, language, now) for lot in lots[:room]),
        lots_more=_lots_more(len(lots) - room, language),
        place=say_place(notice, item.lot_ids, language),
    )


def say_reasons(reasons: Sequence[Reason], language: Language) -> tuple[str, ...]:
    """Return why an item was chosen, in words."""
    return tuple(clipped(said, _REASON_CHARACTERS) for said in words.reasons(reasons, language))


def tell_fit(item: DigestItem, language: Language, *, now: datetime) -> str | None:
    """Return how an item that can be answered fits the firm, in words; None where that is not known."""
    if item.telling_kind not in STILL_OPEN:
        return None
    said = say_fit(item.fit, item.notice.deadline_at, language, now=now)
    return None if said is None else clipped(said, _REASON_CHARACTERS)


def _heading(kind: TellingKind, number: int, language: Language) -> str:
    match kind:
        case TellingKind.NEW:
            return language.count("%(number)s new contract", "%(number)s new contracts", number)
        case TellingKind.REMINDER:
            return language.count("%(number)s reminder", "%(number)s reminders", number)
        case TellingKind.CORRECTED:
            return language.count("%(number)s correction", "%(number)s corrections", number)
        case TellingKind.CANCELLED:
            return language.count("%(number)s cancellation", "%(number)s cancellations", number)
        case TellingKind.AWARDED:
            return language.count("%(number)s award", "%(number)s awards", number)


def _badge(kind: TellingKind, language: Language) -> str:
    return {
        TellingKind.NEW: language.say("New"),
        TellingKind.REMINDER: language.say("Reminder"),
        TellingKind.CORRECTED: language.say("Corrected"),
        TellingKind.CANCELLED: language.say("Cancelled"),
        TellingKind.AWARDED: language.say("Awarded"),
    }[kind]


def _first_deadline(digest: Digest, now: datetime) -> datetime | None:
    moments = [
        item.notice.deadline_at
        for item in digest.items
        if item.telling_kind in STILL_OPEN
        and item.notice.deadline_at is not None
        and not has_passed(item.notice.deadline_at, now=now)
    ]
    return min(moments, default=None)


def _language_of(notice: Notice) -> str:
    """Return the language a screen reader should read a title in."""
    stated = notice.languages[0].lower() if notice.languages else "fr"
    return stated if _LANGUAGE.fullmatch(stated) else "fr"


def _repeats(lot: Lot, notice: Notice) -> bool:
    """Tell whether a lot is the whole purchase and says nothing that it does not say."""
    return (
        len(notice.lots) == 1
        and lot.title is not None
        and words.clean(lot.title) == words.clean(notice.title)
        and lot.value in {None, notice.value}
        and lot.deadline_at in {None, notice.deadline_at}
    )


def _lot(
    lot: Lot, notice: Notice, mark: Callable[[str], Marked], language: Language, now: datetime
) -> LotView:
    title = (
        words.readable(lot.title, names=names_of(notice)) if lot.title else language.say("without a title")
    )
    return LotView(
        name=name_lot(lot.lot_id, language),
        title=mark(clipped(title, _LOT_CHARACTERS)),
        value=language.money(lot.value),
        deadline=_lot_deadline(lot, notice, language, now),
    )


def _lot_deadline(lot: Lot, notice: Notice, language: Language, now: datetime) -> str | None:
    if lot.deadline_at is None or lot.deadline_at == notice.deadline_at:
        return None
    return f"{language.say('Answer by')} {language.day_and_time(lot.deadline_at, read_at=now)}"


def _lots_more(number: int, language: Language) -> str | None:
    return (
        language.count("and %(number)s more lot", "and %(number)s more lots", number) if number > 0 else None
    )


def _deadline(deadline_at: datetime | None, language: Language, now: datetime) -> DeadlineView | None:
    if deadline_at is None:
        return None
    is_ahead = not has_passed(deadline_at, now=now)
    weekday, number, month = language.day_of_month(deadline_at)
    return DeadlineView(
        moment=language.day_and_time(deadline_at, read_at=now),
        left=words.time_left(deadline_at, language, now=now),
        is_urgent=is_ahead and working_days_until(deadline_at, now=now) <= _URGENT_WORKING_DAYS,
        weekday=weekday,
        number=number,
        month=month,
    )


def _reminders(item: DigestItem, language: Language, now: datetime) -> Iterator[ReminderView]:
    """Yield the dates beside the deadline that a reminder is about; the deadline is shown anyway."""
    labels = {"visit_at": language.say("Visit:"), "question_deadline_at": language.say("Questions until:")}
    for name, label in labels.items():
        moment: datetime | None = getattr(item.notice, name)
        if name in item.reminds_of and moment is not None:
            said = language.day_and_time(moment, read_at=now)
            yield ReminderView(label, said, words.time_left(moment, language, now=now))


def _fact(name: str, item: DigestItem, language: Language, now: datetime) -> str | None:
    """Return a date that lies ahead and of which the item is no reminder."""
    moment: datetime | None = getattr(item.notice, name)
    if moment is None or item.telling_kind not in STILL_OPEN or name in item.reminds_of:
        return None
    return None if has_passed(moment, now=now) else language.day_and_time(moment, read_at=now)


def _over(item: DigestItem, language: Language) -> str | None:
    """Return what is said of the purchase as a whole: that it is over, and why, or that it is open again."""
    turns = {change.field: change for change in item.changes if change.field in _TURNS}
    match item.telling_kind:
        case TellingKind.CANCELLED:
            return language.say(
                "The buyer has cancelled this procedure: there is nothing to answer any more."
            )
        case TellingKind.AWARDED if "awarded_lots" in turns:
            named = (turns["awarded_lots"].after or "").split("; ")
            lots = ", ".join(name_lot(lot_id, language) for lot_id in named[:_AWARDED_SHOWN])
            more = _lots_more(len(named) - _AWARDED_SHOWN, language)
            return language.say(
                "Awarded in part: %(lots)s. Of the other lots the notice says nothing; "
                "this procedure can be answered no longer.",
                lots=lots if more is None else f"{lots} {more}",
            )
        case TellingKind.AWARDED:
            return language.say("This procedure is awarded: it can be answered no longer.")
        case TellingKind.CORRECTED if "state" in turns:
            if turns["state"].before == ProcedureState.AWARDED.value:
                return language.say("This procedure is open again: it had been awarded.")
            return language.say("This procedure is open again: it had been cancelled.")
        case _:
            return None


def _facts_changed(item: DigestItem) -> list[Change]:
    return [change for change in item.changes if change.field not in _TURNS]
