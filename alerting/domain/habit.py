"""How often a feed brings news, and when its silence is longer than its habit.

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
