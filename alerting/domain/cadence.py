"""When a profile's digest goes out: hours and weekdays of the firm's choosing, in Paris time.

In:   a rhythm and a moment, aware UTC.
Out:  the newest window's end that is not in the future, aware UTC.

A window ends once a day at most, whatever the clocks do: an hour that is left out in March is the one after
it, and of an hour that comes twice in October the first counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from alerting.domain.deadlines import PARIS


class Cadence(StrEnum):
    """How often a profile's digest goes out."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
MONDAY = (1,)
_DAYS_OF_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When digests of a profile go out.

    Args:
        cadence: How often.
        hour: 0 to 23, in Paris; None: the product's own.
        weekdays: 1 (Monday) to 7; empty: every day, and Monday for a weekly one.
    """

    cadence: Cadence = Cadence.DAILY
    hour: int | None = None
    weekdays: tuple[int, ...] = ()


def find_window_end(rhythm: Rhythm, *, digest_hour: int, now: datetime) -> datetime:
    """Return the end of the newest window of a rhythm that is not in the future.

    Args:
        rhythm: The profile's.
        digest_hour: The hour of rhythms that name none.
        now: Aware UTC.

    >>> find_window_end(Rhythm(hour=7), digest_hour=9, now=datetime(2026, 11, 26, 5, tzinfo=UTC))
    datetime.datetime(2026, 11, 25, 6, 0, tzinfo=datetime.timezone.utc)
    """
    if rhythm.cadence is Cadence.IMMEDIATE:
        return now
    weekdays = rhythm.weekdays or (MONDAY if rhythm.cadence is Cadence.WEEKLY else EVERY_DAY)
    hour = time(digest_hour if rhythm.hour is None else rhythm.hour)
    today = now.astimezone(PARIS).date()
    days = (today - timedelta(days=back) for back in range(_DAYS_OF_A_WEEK + 1))
    ends = (
        datetime.combine(day, hour, PARIS).astimezone(UTC) for day in days if day.isoweekday() in weekdays
    )
    return next(end for end in ends if end <= now)
