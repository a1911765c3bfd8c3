"""When digests go out: hours and weekdays of the firm's choosing, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerting.domain.cadence import Cadence, Rhythm, find_reminder_window, find_window_end
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


WEEKLY = Rhythm(Cadence.WEEKLY)
FRIDAYS = Rhythm(Cadence.WEEKLY, weekdays=(5,))
SITE_DAYS = Rhythm(hour=18, weekdays=(2, 4))


@pytest.mark.parametrize(
    ("rhythm", "working_days", "moment", "window"),
    [
        pytest.param(Rhythm(), 3, "2026-03-20T12:00", "2026-03-17T07:00", id="every day"),
        pytest.param(Rhythm(hour=18), 3, "2026-03-20T12:00", "2026-03-17T18:00", id="in its own hour"),
        pytest.param(Rhythm(), 3, "2026-03-20T06:00", "2026-03-17T07:00", id="whatever the date's hour"),
        pytest.param(WEEKLY, 3, "2026-03-20T12:00", "2026-03-16T07:00", id="none within: the last before"),
        pytest.param(WEEKLY, 3, "2026-03-18T12:00", "2026-03-16T07:00", id="one within: that one"),
        pytest.param(WEEKLY, 1, "2026-03-16T12:00", "2026-03-09T07:00", id="not on the date's own day"),
        pytest.param(
            WEEKLY, 3, "2026-04-09T12:00", "2026-04-06T07:00", id="Easter Monday is a window, no work"
        ),
        pytest.param(WEEKLY, 2, "2026-04-08T12:00", "2026-04-06T07:00", id="over the holiday"),
        pytest.param(
            WEEKLY, 3, "2027-03-30T12:00", "2027-03-22T07:00", id="Easter Monday, due the day after"
        ),
        pytest.param(WEEKLY, 3, "2027-05-18T12:00", "2027-05-10T07:00", id="Whit Monday, due the day after"),
        pytest.param(WEEKLY, 1, "2027-03-30T12:00", "2027-03-29T07:00", id="Easter Monday, as asked for"),
        pytest.param(
            Rhythm(weekdays=(7,)), 2, "2027-03-30T12:00", "2027-03-28T07:00", id="a Sunday that was chosen"
        ),
        pytest.param(WEEKLY, 2, "2026-11-02T12:00", "2026-10-26T07:00", id="a holiday on a Sunday"),
        pytest.param(
            WEEKLY, 20, "2026-04-17T12:00", "2026-03-23T07:00", id="days of weeks: the first within"
        ),
        pytest.param(FRIDAYS, 3, "2026-03-20T23:59", "2026-03-13T07:00", id="a date without an hour"),
        pytest.param(SITE_DAYS, 1, "2026-03-20T12:00", "2026-03-19T18:00", id="the evening before"),
        pytest.param(
            SITE_DAYS, 1, "2026-03-19T20:00", "2026-03-17T18:00", id="the evening itself is too late"
        ),
        pytest.param(
            Rhythm(weekdays=(1, 2, 3, 4, 5)), 1, "2026-03-16T12:00", "2026-03-13T07:00", id="a weekend"
        ),
        pytest.param(
            Rhythm(hour=2), 1, "2026-03-30T12:00", "2026-03-29T03:00", id="an hour that is left out"
        ),
        pytest.param(Rhythm(Cadence.IMMEDIATE), 3, "2026-03-20T12:00", "2026-03-17T07:00", id="immediate"),
    ],
)
def test_a_date_is_reminded_of_in_one_window_before_its_day(rhythm, working_days, moment, window):
    """
    The first window within the days that are asked for, with somebody at work then; none: the last before them.
    """
    found = find_reminder_window(paris(moment), rhythm, working_days=working_days, digest_hour=7)

    assert found == paris(window)
