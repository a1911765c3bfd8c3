"""When a profile's digest goes out: hours and weekdays of the firm's choosing, in Paris time.

In:   a rhythm and a moment, aware UTC.
Out:  the newest window's end that is not in the future, or the one in which a date is reminded of, aware UTC.

A window ends once a day at most, whatever the clocks do: an hour that is left out in March is the one after
it, and of an hour that comes twice in October the first counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from alerting.domain.deadlines import PARIS, day_in_paris, is_working_day, reminder_opens_at


class Cadence(StrEnum):
    """How often a profile's digest goes out."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
MONDAY = (1,)
_DAYS_OF_A_WEEK = 7
_DAY = timedelta(days=1)
_FRIDAY = 5


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
    return max(end for end in _ends_around(rhythm, digest_hour, now) if end <= now)


@lru_cache(maxsize=20_000)
def find_reminder_window(
    moment: datetime, rhythm: Rhythm, *, working_days: int, digest_hour: int
) -> datetime:
    """Return the end of the window in which a profile is reminded of a date.

    It is the first one from the last day on that leaves so many working days, but before the date's own day,
    and on no holiday after which nobody works before that; where a rhythm has none there, its last before.
    Thousands of profiles share rhythm and date.

    Args:
        moment: The date, aware UTC.
        rhythm: The profile's.
        working_days: At least 1; see ``reminder_opens_at``.
        digest_hour: The hour of rhythms that name none.

    >>> friday = datetime(2026, 3, 20, 11, tzinfo=UTC)
    >>> find_reminder_window(friday, Rhythm(Cadence.WEEKLY), working_days=3, digest_hour=7)
    datetime.datetime(2026, 3, 16, 6, 0, tzinfo=datetime.timezone.utc)
    """
    hour = digest_hour if rhythm.hour is None else rhythm.hour
    opens_at = reminder_opens_at(moment, working_days=working_days, hour=hour)
    if rhythm.cadence is Cadence.IMMEDIATE:
        return opens_at
    following = min(end for end in _ends_around(rhythm, digest_hour, opens_at) if end >= opens_at)
    day, own_day = day_in_paris(following), day_in_paris(moment)
    if following == opens_at or (day < own_day and not _is_idle(day, own_day)):
        return following
    return find_window_end(rhythm, digest_hour=digest_hour, now=opens_at)


def _is_idle(day: date, last: date) -> bool:
    """Tell whether a day is a holiday in the week, and the days after it, before *last*, are no working days.

    Saturdays and Sundays are no such days: a firm chose them.
    """
    days = (day + _DAY * number for number in range((last - day).days))
    return day.isoweekday() <= _FRIDAY and not any(map(is_working_day, days))


def _ends_around(rhythm: Rhythm, digest_hour: int, moment: datetime) -> list[datetime]:
    """Return the ends of a rhythm's windows from a week before a moment to a week after it."""
    weekdays = rhythm.weekdays or (MONDAY if rhythm.cadence is Cadence.WEEKLY else EVERY_DAY)
    hour = time(digest_hour if rhythm.hour is None else rhythm.hour)
    today = day_in_paris(moment)
    days = (today + timedelta(days=days) for days in range(-_DAYS_OF_A_WEEK, _DAYS_OF_A_WEEK + 1))
    return [
        datetime.combine(day, hour, PARIS).astimezone(UTC) for day in days if day.isoweekday() in weekdays
    ]
