"""How long a profile may be paused: from tomorrow, for a year at most, whoever asks.

In:   a day, and the moment at which it is asked for.
Out:  the moment at which the pause ends: when that day begins in Paris.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from alerting.domain.deadlines import PARIS, day_in_paris
from alerting.errors import ChoiceError


_DAY = timedelta(days=1)
_LONGEST = timedelta(days=365)


def pause_days(*, now: datetime) -> tuple[date, date]:
    """Return the first and the last day on which a pause that begins now may end."""
    today = day_in_paris(now)
    return today + _DAY, today + _LONGEST


def end_pause_on(until: date | None, *, now: datetime, got: str) -> datetime:
    """Return the moment, in UTC, at which a pause ends.

    Args:
        until: The day that is asked for; None: it is none.
        now: When it is asked for.
        got: What was written for it.

    Raises:
        ChoiceError: It is no day on which a pause may end.
    """
    first, last = pause_days(now=now)
    if until is None or not first <= until <= last:
        raise ChoiceError(f"until: expected a day from {first} to {last} (got {got!r})")
    return datetime.combine(until, time(0), PARIS).astimezone(UTC)
