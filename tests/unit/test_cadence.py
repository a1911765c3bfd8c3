"""When digests go out: hours and weekdays of the firm's choosing, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerting.domain.cadence import Cadence, Rhythm, find_window_end
from alerting.domain.deadlines import PARIS


def paris(text: str) -> datetime:
    """Return a moment of a Paris clock."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("rhythm", "now", "end"),
    [
        pytest.param(Rhythm(), "2026-03-03T06:59", "2026-03-02T07:00", id="before today's hour"),
        pytest.param(Rhythm(), "2026-03-03T07:00", "2026-03-03T07:00", id="at the hour"),
        pytest.param(Rhythm(hour=18), "2026-03-03T12:00", "2026-03-02T18:00", id="an hour of its own"),
        pytest.param(Rhythm(hour=0), "2026-03-03T00:00", "2026-03-03T00:00", id="midnight"),
        pytest.param(
            Rhythm(weekdays=(1, 4)), "2026-03-06T12:00", "2026-03-05T07:00", id="Mondays and Thursdays"
        ),
        pytest.param(
            Rhythm(Cadence.WEEKLY), "2026-03-08T12:00", "2026-03-02T07:00", id="weekly is Monday by itself"
        ),
        pytest.param(
            Rhythm(Cadence.WEEKLY, weekdays=(5,)),
            "2026-03-06T06:00",
            "2026-02-27T07:00",
            id="a Friday, too early",
        ),
        pytest.param(Rhythm(), "2028-02-29T08:00", "2028-02-29T07:00", id="a leap day"),
        pytest.param(Rhythm(hour=2), "2026-03-29T12:00", "2026-03-29T03:00", id="an hour that is left out"),
        pytest.param(Rhythm(), "2026-10-25T12:00", "2026-10-25T07:00", id="the day of twenty-five hours"),
    ],
)
def test_a_window_ends_at_the_newest_hour_that_is_not_ahead(rhythm, now, end):
    """
    Hours and days are those of Paris; the end is never in the future.
    """
    assert paris(end) == find_window_end(rhythm, digest_hour=7, now=paris(now))


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 7, 23])
@pytest.mark.parametrize("start", ["2026-03-27T00:00", "2026-10-23T00:00", "2028-02-27T00:00"])
def test_there_is_one_window_a_day(start, hour):
    """
    Asked every quarter of an hour for five days around a change of the clocks: five ends, each in its own day.
    """
    first = paris(start)
    moments = [first + timedelta(minutes=15 * number) for number in range(5 * 24 * 4 + 8)]

    ends = {find_window_end(Rhythm(hour=hour), digest_hour=7, now=moment) for moment in moments}

    days = sorted(end.astimezone(PARIS).date() for end in ends if end >= first)
    assert days[:5] == [first.astimezone(PARIS).date() + timedelta(days=number) for number in range(5)]
    assert len(days) == len(set(days))
