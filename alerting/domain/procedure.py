"""A procedure: the purchase that notices speak of, seen as one thing.

A procedure is told, not a notice.  Its *view* is a ``Notice`` merged from its notices:
the newest statement of each fact wins, a fact once stated is not lost because a later
notice is silent.  Its *revision* counts the states that a firm should hear of.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alerting.domain.notice import Change, Notice


class ProcedureState(StrEnum):
    """Where a procedure stands."""

    PLANNED = "planned"
    OPEN = "open"
    CANCELLED = "cancelled"
    AWARDED = "awarded"
    MERGED = "merged"  # Its notices were found to speak of another one.


class LinkStep(StrEnum):
    """The step of the ladder that put a notice into its procedure."""

    FIRST = "first notice"
    PROCEDURE_KEY = "procedure key"
    REFERENCE = "reference given by the notice"
    BUYER_REFERENCE = "buyer's SIRET and internal reference"
    SIMILARITY = "buyer, day and title"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Procedure:
    """One purchase as it stands now.

    Args:
        procedure_id: Ours.
        revision: 1 at first; one more with each state that firms should hear of.
        state: Where it stands.
        view: The merged facts, as a notice.
        changes: What the last revision changed, before and after.
    """

    procedure_id: int
    revision: int
    state: ProcedureState
    view: Notice
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a procedure that firms should hear of, and what it changed."""

    revision: int
    state: ProcedureState
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Untold:
    """What is left to tell of a procedure: where it stood when it was told last, and what changed since.

    Args:
        state: None where that is not known.
        changes: In sum; none says where it stands.
    """

    state: ProcedureState | None
    changes: tuple[Change, ...]
