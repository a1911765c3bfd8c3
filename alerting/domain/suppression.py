"""A suppression: a standing order not to mail an address, and why.

A hard bounce stands until somebody lifts it.  Soft bounces may be a full mailbox in August: three of them on
three days suppress for a week, and each time they come back for longer.  A complaint stands for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class SuppressionKind(StrEnum):
    """Why an address gets no mail, from the weakest reason to the strongest."""

    SOFT_BOUNCES = "soft bounces"
    HARD_BOUNCE = "hard bounce"
    OPERATOR = "operator"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"

    def outranks(self, other: SuppressionKind) -> bool:
        """Tell whether this reason takes the place of another one."""
        kinds = list(SuppressionKind)
        return kinds.index(self) > kinds.index(other)


# Whose colleagues are told, and may ask for another try: the reader did not choose to leave.
UNREACHABLE = frozenset({SuppressionKind.SOFT_BOUNCES, SuppressionKind.HARD_BOUNCE})

SOFT_DAYS = 3
SOFT_WINDOW = timedelta(days=30)
_SOFT_PAUSES = (timedelta(days=7), timedelta(days=30), timedelta(days=90))


@dataclass(frozen=True, slots=True)
class Suppression:
    """One standing order.

    Args:
        suppression_id: Ours.
        email: In lower case.
        profile_id: What is not mailed; None: nothing is.
        kind: Why.
        reason: Why, in the words of whoever gave it.
        until_at: When it ends by itself; None: never.
    """

    suppression_id: int
    email: str
    profile_id: str | None
    kind: SuppressionKind
    reason: str
    until_at: datetime | None


def find_soft_pause(bounced_at: Sequence[datetime], *, earlier_count: int) -> timedelta | None:
    """Return for how long soft bounces suppress an address; None while they are too few.

    Args:
        bounced_at: Of the mails that bounced within SOFT_WINDOW and since the last pause ended; aware UTC.
        earlier_count: How many pauses there were before.
    """
    if len({moment.date() for moment in bounced_at}) < SOFT_DAYS:
        return None
    return _SOFT_PAUSES[min(earlier_count, len(_SOFT_PAUSES) - 1)]
