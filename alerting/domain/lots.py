"""A procedure as it concerns a firm that some of its lots fit: their dates, not those of the others.

In:   a notice, and the lots that fit, by their ids; none stands for the whole.
Out:  dates, and changes; and what a lot is known by wherever it is named.

Lots have dates of their own only where these differ; a lot without one has the notice's, which is the last
date on which anything of the purchase can be answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from alerting.domain.deadlines import has_passed
from alerting.domain.notice import Change, Lot, Notice


_LOT_NUMBER = re.compile(r"(?:lots?|par|parts?|tranches?)?[\s\-_.:]*(?:n[°ºo]?)?[\s\-_.:]*(\d+)")


def lot_key(lot_id: str) -> str:
    """Return what sources and prose agree on: a lot's number without marks, else its name in small letters.

    >>> lot_key("LOT-0002"), lot_key("Lot n° 2"), lot_key("02"), lot_key("2A")
    ('2', '2', '2', '2a')
    """
    folded = " ".join(lot_id.casefold().split())
    found = _LOT_NUMBER.fullmatch(folded)
    return folded if found is None else found[1].lstrip("0") or "0"


def has_own_deadlines(notice: Notice) -> bool:
    """Tell whether lots have dates of their own."""
    return any(lot.deadline_at is not None for lot in notice.lots)


def deadlines_of(notice: Notice, lot_ids: Sequence[str]) -> tuple[datetime, ...]:
    """Return the dates of some lots, without repeats, in order; of none the last date of all."""
    wanted = frozenset(lot_ids)
    dates = {_deadline_of(lot, notice) for lot in notice.lots if lot.lot_id in wanted} or {notice.deadline_at}
    return tuple(sorted(date for date in dates if date is not None))


def last_deadline(notice: Notice, lot_ids: Sequence[str]) -> datetime | None:
    """Return the last moment to answer any of some lots; None where none is stated."""
    return max(deadlines_of(notice, lot_ids), default=None)


def as_for_lots(notice: Notice, lot_ids: Sequence[str], *, now: datetime) -> Notice:
    """Return a notice with the deadline of some lots: the next one, or the last where all have passed."""
    if not has_own_deadlines(notice):
        return notice
    dates = deadlines_of(notice, lot_ids)
    ahead = (date for date in dates if not has_passed(date, now=now))
    return replace(notice, deadline_at=next(ahead, max(dates, default=None)))


def open_lots(notice: Notice, lot_ids: tuple[str, ...], *, now: datetime) -> tuple[str, ...]:
    """Return those of some lots that can still be answered; all of them where none can."""
    if not has_own_deadlines(notice):
        return lot_ids
    over = {lot.lot_id for lot in notice.lots if has_passed(_deadline_of(lot, notice), now=now)}
    return tuple(lot_id for lot_id in lot_ids if lot_id not in over) or lot_ids


def changes_for(changes: Iterable[Change], lot_ids: Sequence[str]) -> tuple[Change, ...]:
    """Return the changes that concern some lots; of none, all."""
    return tuple(
        change for change in changes if change.lot_id is None or not lot_ids or change.lot_id in lot_ids
    )


def _deadline_of(lot: Lot, notice: Notice) -> datetime | None:
    return notice.deadline_at if lot.deadline_at is None else lot.deadline_at
