"""French working days, in Paris time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from alerting.domain.deadlines import (
    PARIS,
    easter_sunday,
    has_passed,
    is_working_day,
    public_holidays,
    working_days_until,
)


@pytest.mark.parametrize(
    ("year", "easter"),
    [
        (1961, date(1961, 4, 2)),
        (2000, date(2000, 4, 23)),
        (2024, date(2024, 3, 31)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
        (2285, date(2285, 3, 22)),
    ],
)
def test_easter_falls_where_the_church_says(year, easter):
    """
    Years with the earliest and the latest Easter are among them.
    """
    assert easter_sunday(year) == easter


def test_the_holidays_of_a_year():
    """
    Eleven days, three of them moving with Easter.
    """
    assert sorted(public_holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 4, 6),
        date(2026, 5, 1),
        date(2026, 5, 8),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 7, 14),
        date(2026, 8, 15),
        date(2026, 11, 1),
        date(2026, 11, 11),
        date(2026, 12, 25),
    ]


@pytest.mark.parametrize(
    ("now", "deadline_at", "days"),
    [
        pytest.param("2026-03-02T08:00+01:00", "2026-03-02T12:00+01:00", 0, id="today"),
        pytest.param("2026-03-02T08:00+01:00", "2026-03-03T12:00+01:00", 1, id="tomorrow"),
        pytest.param("2026-03-06T08:00+01:00", "2026-03-09T12:00+01:00", 1, id="over a weekend"),
        pytest.param("2026-03-06T08:00+01:00", "2026-03-08T12:00+01:00", 0, id="a Sunday"),
        pytest.param("2026-04-03T08:00+02:00", "2026-04-07T12:00+02:00", 1, id="over Easter Monday"),
        pytest.param("2026-12-24T08:00+01:00", "2027-01-04T12:00+01:00", 5, id="over two years"),
        pytest.param("2026-03-02T08:00+01:00", "2026-02-02T12:00+01:00", 0, id="passed"),
        pytest.param(
            "2026-03-02T23:30+00:00", "2026-03-03T12:00+00:00", 0, id="in Paris it is tomorrow already"
        ),
    ],
)
def test_working_days_until_a_deadline(now, deadline_at, days):
    """
    Days after today, the deadline's own day included, as Paris counts days.
    """
    assert working_days_until(datetime.fromisoformat(deadline_at), now=datetime.fromisoformat(now)) == days


@given(
    now=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    ahead=st.integers(0, 900),
)
def test_counting_by_weeks_equals_counting_by_days(now, ahead):
    """
    The quick count says what a count of each single day says.
    """
    deadline_at = now + timedelta(days=ahead)
    today = now.astimezone(PARIS).date()
    last = deadline_at.astimezone(PARIS).date()
    days = [today + timedelta(days=number) for number in range(1, (last - today).days + 1)]

    assert working_days_until(deadline_at, now=now) == sum(is_working_day(day) for day in days)


def test_a_deadline_that_is_not_stated_has_not_passed():
    """
    Unknown is not over.
    """
    now = datetime(2026, 3, 2, tzinfo=UTC)

    assert [has_passed(at, now=now) for at in (None, now, now + timedelta(seconds=1))] == [False, True, False]
