"""Firms, their recipients and their profiles."""

from __future__ import annotations

from dataclasses import dataclass

from alerting.domain.cadence import Cadence, Rhythm
from alerting.domain.criteria import Criteria


ITEM_LIMIT = 20
REMINDER_DAYS = 5
#: Stands for what a profile asks whose row cannot be read: a trade without a name, that nothing meets.
UNREADABLE = Criteria(trades=("",))


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person of a firm who gets mail; ``language`` is ISO 639-1."""

    email: str
    name: str | None = None
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Profile:
    """One saved interest of a firm.

    Args:
        profile_id: Unique, short and readable.
        firm_id: Whose.
        name: As the firm reads it.
        criteria: What it asks for.
        cadence, hour, weekdays: When its digests go out, see ``Rhythm``.
        item_limit: How many procedures a mail shows in full; it counts the others and says where they are.
        reminder_days: Working days before a date that it is reminded; 0: never.
    """

    profile_id: str
    firm_id: str
    name: str
    criteria: Criteria
    cadence: Cadence = Cadence.DAILY
    hour: int | None = None
    weekdays: tuple[int, ...] = ()
    item_limit: int = ITEM_LIMIT
    reminder_days: int = REMINDER_DAYS

    @property
    def rhythm(self) -> Rhythm:
        """Return when its digests go out."""
        return Rhythm(self.cadence, self.hour, self.weekdays)


@dataclass(frozen=True, slots=True)
class Firm:
    """A subscriber; ``firm_id`` is unique, short and readable; ``siret`` 14 digits or None."""

    firm_id: str
    name: str
    recipients: tuple[Recipient, ...]
    profiles: tuple[Profile, ...]
    siret: str | None = None
