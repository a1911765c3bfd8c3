"""How often a feed brings news: how long to wait before it is asked again, and when it is silent too long.

Authorities publish on working days, some only before a council meets: each feed is measured
against itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise


# Fewer gaps between news say nothing about a habit.
FEWEST_GAPS = 5
# A long weekend with a holiday on each side is no silence.
SHORTEST_SILENCE = timedelta(days=5)
PATIENCE = 3
# Asked so often between two of its news, a feed's news are late by a twelfth of that at most.
_QUESTIONS_A_GAP = 12
# No news waits longer for us, however seldom a feed has any.
LONGEST_WAIT = timedelta(minutes=30)


def find_pause(news_at: Sequence[datetime]) -> timedelta:
    """Return how long to wait before a feed is asked again, by its own rhythm: from 0 to half an hour.

    It is a twelfth of the usual time between two of its news (the median); zero where too few say nothing.

    Args:
        news_at: When it brought something new, aware, the oldest first.

    >>> noon = datetime(2026, 3, 2, 12)
    >>> find_pause([noon + number * timedelta(hours=2) for number in range(9)])
    datetime.timedelta(seconds=600)
    """
    gaps = sorted(later - earlier for earlier, later in pairwise(news_at))
    if len(gaps) < FEWEST_GAPS:
        return timedelta()
    return min(gaps[len(gaps) // 2] / _QUESTIONS_A_GAP, LONGEST_WAIT)


def find_silence(news_at: Sequence[datetime], *, now: datetime) -> timedelta | None:
    """Return how long a feed has been silent, if that is longer than its habit; else None.

    It is when it lasts three times as long as all but the longest tenth of the gaps before, and five days.

    Args:
        news_at: When it brought something new, aware, the oldest first.
        now: Aware.
    """
    gaps = sorted(later - earlier for earlier, later in pairwise(news_at))
    if len(gaps) < FEWEST_GAPS:
        return None
    usual = gaps[len(gaps) * 9 // 10]
    silence = now - news_at[-1]
    return silence if silence > max(PATIENCE * usual, SHORTEST_SILENCE) else None
