"""Firms, their recipients and their profiles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alerting.domain.criteria import Criteria


class Cadence(StrEnum):
    """How often a profile's digest goes out."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person of a firm who gets mail; ``language`` is ISO 639-1."""

    email: str
    name: str | None = None
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Profile:
    """One saved interest of a firm; ``profile_id`` is unique, short and readable."""

    profile_id: str
    firm_id: str
    name: str
    criteria: Criteria
    cadence: Cadence = Cadence.DAILY


@dataclass(frozen=True, slots=True)
class Firm:
    """A subscriber; ``firm_id`` is unique, short and readable; ``siret`` 14 digits or None."""

    firm_id: str
    name: str
    recipients: tuple[Recipient, ...]
    profiles: tuple[Profile, ...]
    siret: str | None = None
