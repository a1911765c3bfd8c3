"""A feed's silence is measured against its own habit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from alerting.domain.habit import LONGEST_WAIT, find_pause, find_silence


START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def daily(count):
    return [START + timedelta(days=number) for number in range(count)]


def test_a_daily_feed_is_silent_after_more_than_five_days():
    news = daily(10)
    assert find_silence(news, now=news[-1] + timedelta(days=5)) is None
    assert find_silence(news, now=news[-1] + timedelta(days=6)) == timedelta(days=6)


def test_a_monthly_feed_has_three_months():
    news = [START + timedelta(days=30 * number) for number in range(7)]
    assert find_silence(news, now=news[-1] + timedelta(days=90)) is None
    assert find_silence(news, now=news[-1] + timedelta(days=91)) == timedelta(days=91)


def test_one_long_holiday_does_not_become_the_habit():
    news = [*daily(20), START + timedelta(days=60), START + timedelta(days=61)]
    assert find_silence(news, now=news[-1] + timedelta(days=6)) is not None


def test_a_new_feed_has_no_habit():
    news = daily(5)
    assert find_silence(news, now=news[-1] + timedelta(days=400)) is None
    assert find_silence([], now=START) is None


def every(hours, count=12):
    return [START + timedelta(hours=hours * number) for number in range(count)]


@pytest.mark.parametrize(
    ("news", "minutes"),
    [
        pytest.param(every(1), 5, id="every hour"),
        pytest.param(every(3), 15, id="every three hours"),
        pytest.param(every(24), 30, id="every day: no longer than half an hour"),
        pytest.param([*every(1), START + timedelta(days=30)], 5, id="one long holiday is no rhythm"),
        pytest.param(every(24, count=5), 0, id="too few say nothing"),
        pytest.param([], 0, id="none"),
    ],
)
def test_a_feed_is_asked_twelve_times_between_two_of_its_news(news, minutes):
    """
    The usual gap decides, within half an hour.
    """
    assert find_pause(news) == timedelta(minutes=minutes)


@given(st.lists(st.datetimes(), max_size=30).map(sorted))
def test_no_rhythm_holds_news_up_for_longer_than_half_an_hour(news):
    """
    Whatever a feed did, the pause is within its bounds.
    """
    assert timedelta() <= find_pause(news) <= LONGEST_WAIT
