"""A feed's silence is measured against its own habit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerting.domain.habit import find_silence


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
