"""How long a firm still has: French working days, in Paris time.

In:   a deadline and a moment, both aware UTC.
Out:  days a craft firm can work with.

A working day here is Monday to Friday without the public holidays of metropolitan France; the
two further days of Alsace-Moselle and those of the overseas départements are not counted out.

Source: Code du travail, article L3133-1; Easter by the Gregorian computus of Meeus, Jones and Butcher.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo


PARIS = ZoneInfo("Europe/Paris")
# A date without an hour is kept as the last minute of its day.
LAST_MINUTE = time(23, 59)

# Month and day of the holidays that do not move.
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days after Easter Sunday: Easter Monday, Ascension, Whit Monday.
_DAYS_AFTER_EASTER = (1, 39, 50)
_SATURDAY = 5


def in_paris(moment: datetime) -> datetime:
    """Return an aware moment in Paris time; at the calendar's ends, where Paris has none, as it is in UTC."""
    try:
        return moment.astimezone(PARIS)
    except OverflowError:
        return moment.astimezone(UTC)


def day_in_paris(moment: datetime) -> date:
    """Return the day on which an aware moment falls in Paris."""
    return in_paris(moment).date()


def working_days_until(deadline_at: datetime, *, now: datetime) -> int:
    """Return how many working days lie after today, the deadline's own day included.

    Both moments are read as days in Paris.  0 means today, or that no working day is left, or
    that the deadline has passed (``has_passed`` tells the last from the others).
    """
    today, last = day_in_paris(now), day_in_paris(deadline_at)
    weeks, _ = divmod(max((last - today).days, 0), 7)
    # Whole weeks hold five weekdays each; only the rest and the holidays are looked at day by day.
    start = today + timedelta(weeks=weeks)
    rest = sum(_is_weekday(day) for day in _days_after(start, last))
    return weeks * 5 + rest - _weekday_holidays_between(today, last)


def reminder_opens_at(moment: datetime, *, working_days: int, hour: int) -> datetime:
    """Return from when a date is worth a reminder: an hour of the last day that leaves so many working days.

    Args:
        moment: The date, aware UTC.
        working_days: At least 1; the date's own day counts.
        hour: 0 to 23, in Paris.
    """
    day = day_in_paris(moment)
    left = 0
    while left < working_days:
        left += is_working_day(day)
        day -= timedelta(days=1)
    return datetime.combine(day, time(hour), PARIS).astimezone(UTC)


def has_passed(deadline_at: datetime | None, *, now: datetime) -> bool:
    """Tell whether a deadline lies behind *now*; one that is not stated has not passed."""
    return deadline_at is not None and deadline_at <= now


def is_day_alone(moment: datetime) -> bool:
    """Tell whether a moment stands for a day of which no hour was stated: its last minute, in Paris."""
    return in_paris(moment).time().replace(microsecond=0) == LAST_MINUTE


def is_working_day(day: date) -> bool:
    """Tell whether a day is Monday to Friday and no public holiday."""
    return _is_weekday(day) and day not in public_holidays(day.year)


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Return the eleven public holidays of one year (ten when two fall on one day)."""
    easter = easter_sunday(year)
    fixed = {date(year, month, day) for month, day in _FIXED_HOLIDAYS}
    return frozenset(fixed | {easter + timedelta(days=days) for days in _DAYS_AFTER_EASTER})


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of a Gregorian year (Meeus, Astronomical Algorithms, chapter 8)."""
    golden = year % 19
    century, year_of_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    leap_years, year_rest = divmod(year_of_century, 4)
    weekday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _days_after(start: date, last: date) -> list[date]:
    return [start + timedelta(days=number) for number in range(1, (last - start).days + 1)]


def _weekday_holidays_between(today: date, last: date) -> int:
    """Count the holidays after *today*, up to and with *last*, that fall on a weekday."""
    return sum(
        today < day <= last and _is_weekday(day)
        for year in range(today.year, last.year + 1)
        for day in public_holidays(year)
    )


def _is_weekday(day: date) -> bool:
    return day.weekday() < _SATURDAY
