"""When soft bounces suppress, and which reason outranks which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerting.domain.suppression import SuppressionKind, find_soft_pause


MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def on_days(*days: int) -> list[datetime]:
    """Return one moment on each of these days after Monday."""
    return [MONDAY + timedelta(days=day) for day in days]


@pytest.mark.parametrize(
    "bounced_at",
    [
        pytest.param([], id="none"),
        pytest.param(on_days(0, 1), id="two days"),
        pytest.param([*on_days(0, 0, 0, 0, 1), MONDAY + timedelta(hours=3)], id="six mails of two days"),
    ],
)
def test_a_few_soft_bounces_change_nothing(bounced_at):
    """
    A mailbox that was full for an afternoon is no reason, however many mails that afternoon brought.
    """
    assert find_soft_pause(bounced_at, earlier_count=0) is None


@pytest.mark.parametrize(
    ("earlier_count", "days"),
    [pytest.param(0, 7), pytest.param(1, 30), pytest.param(2, 90), pytest.param(9, 90)],
)
def test_three_days_of_soft_bounces_suppress_for_longer_each_time(earlier_count, days):
    """
    A week, a month, then three months at a time.
    """
    assert find_soft_pause(on_days(0, 7, 14), earlier_count=earlier_count) == timedelta(days=days)


def test_what_the_reader_chose_outranks_what_a_server_said():
    """
    Who left or complained is not let in again because a bounce was lifted.
    """
    ranks = [kind for kind in SuppressionKind if SuppressionKind.HARD_BOUNCE.outranks(kind)]

    assert ranks == [SuppressionKind.SOFT_BOUNCES]
    assert all(SuppressionKind.COMPLAINT.outranks(kind) for kind in list(SuppressionKind)[:-1])
