"""A match: a procedure, with its lots, that a profile's criteria accept, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


MET = "met"
UNKNOWN = "unknown"
REFUSED = "refused"
SCORE_OF_UNKNOWN = 0.5


@dataclass(frozen=True, slots=True)
class Reason:
    """One criterion that a notice met, or could not be judged by.

    Args:
        criterion: "cpv", "trade", "words", "act", "place", "area" (a département or region is all that is
            stated of the place), "buyer_place" (the buyer's, where the work's is stated no nearer), "value",
            "kind" or "buyer"; of a place that is unknown also "namesake" (several communes bear the name that
            is stated) and "country" (no more than France is stated).
        verdict: "met" or "unknown" (the notice does not state the fact, and the profile lets it pass).
        lot_id: The lot that met it, None for the notice as a whole.
        facts: What in the notice met it: the words as published, the CPV code, the département.
        clarity: 0 to 1: how clearly; below 1 only of a trade and of a place.
    """

    criterion: str
    verdict: str
    lot_id: str | None = None
    facts: tuple[str, ...] = ()
    clarity: float = 1.0


class FitKind(StrEnum):
    """What may stand between a firm and a good answer."""

    QUALIFICATION = "qualification"
    RESERVED = "reserved"
    VISIT = "visit"
    DEPOSIT = "deposit"
    SIZE = "size"
    TIME = "time"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FitReason:
    """One thing that a notice asks, or leaves open.

    Args:
        kind: What it is.
        label: What is asked for ("Qualibat"); "value" of a whole that is too large; the working days needed;
            the criterion of a match that is unknown.
        words: As published, "" where there are none.
        is_met: Whether the firm has it.
    """

    kind: FitKind
    label: str
    words: str = ""
    is_met: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a firm can well answer what matches, see ``alerting.domain.fit``.

    Args:
        reasons: What is asked, met or not.
        working_days: How many the firm needs; the clock is looked at when it is told.
    """

    reasons: tuple[FitReason, ...] = ()
    working_days: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What ``decide`` says of one notice.

    Args:
        accepted: Whether the criteria accept it.
        lot_ids: The lots that fit, in the notice's order; empty when the notice has none or is taken whole.
        reasons: Why, in the order of the criteria; for a refusal the criterion that decided.
        score: 0 to 1; 1 when every criterion was met, clearly, on stated facts.
        fit: How what is accepted fits the firm; None of a refusal.
    """

    accepted: bool
    lot_ids: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    score: float = 0.0
    fit: Fit | None = None


def refused_by(criterion: str, facts: tuple[str, ...]) -> Decision:
    """Return a refusal by one criterion, with what the notice says of it."""
    return Decision(accepted=False, reasons=(Reason(criterion, REFUSED, facts=facts),))
