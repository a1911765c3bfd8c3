"""Fit: whether a firm can well answer what matches, beyond its topic: "for you", or "perhaps, because ...".

In:   what a notice asks of whoever answers (demands), what a firm has, and the reasons of the match.
Out:  a ``Fit``: its verdict, and why.

No reason of fit hides a notice, but where the profile asks for it (``FitCriteria.out``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from alerting.domain.deadlines import has_passed, working_days_until
from alerting.domain.match import UNKNOWN, Fit, FitKind, FitReason, Reason


class FitVerdict(StrEnum):
    """What a firm is told of a match."""

    FOR_YOU = "for_you"
    PERHAPS = "perhaps"


@dataclass(frozen=True, slots=True)
class Demand:
    """Something that a notice asks of whoever answers.

    Args:
        kind: What it is.
        label: As it is told: "Qualibat".
        met_by: What a firm must have, any of it, to meet it; empty: nothing that a profile can state.
        is_law: Every firm of such work has it by law.
        lot_id: The lot that asks, None for the notice as a whole.
        words: As published; the label where a field states it.
    """

    kind: FitKind
    label: str
    met_by: frozenset[str] = frozenset()
    is_law: bool = False
    lot_id: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class FitCriteria:
    """What bears on fit in a profile.

    Args:
        qualifications: What the firm has.
        out: Kinds of demand for which the firm does not want to hear of a notice at all.
        working_days: How many it needs to answer.
    """

    qualifications: frozenset[str] = frozenset()
    out: frozenset[FitKind] = frozenset()
    working_days: int = 0

    def meets(self, demand: Demand) -> bool:
        """Tell whether the firm has what is asked for."""
        return demand.is_law or not self.qualifications.isdisjoint(demand.met_by)

    def rules_out(self, demand: Demand) -> bool:
        """Tell whether the firm does not want to hear of what asks this."""
        return demand.kind in self.out and not self.meets(demand)


def judge_fit(
    asked: FitCriteria,
    demands: Iterable[Demand],
    *,
    lot_ids: tuple[str, ...],
    reasons: Iterable[Reason],
    is_whole_too_large: bool,
) -> Fit:
    """Return how what matches fits a firm.

    Args:
        asked: The profile's.
        demands: The notice's; those of lots that do not fit are passed over.
        lot_ids: The lots that fit; empty where the notice is taken as a whole.
        reasons: Of the match: what is unknown, or known by an area alone, is no certain fit.
        is_whole_too_large: Whether the whole is more than the firm takes on, its lots stating no value.
    """
    concerns = (one for one in demands if one.lot_id is None or not lot_ids or one.lot_id in lot_ids)
    found = [FitReason(one.kind, one.label, one.words, is_met=asked.meets(one)) for one in concerns]
    if is_whole_too_large:
        found.append(FitReason(FitKind.SIZE, "value"))
    found += [
        FitReason(FitKind.UNKNOWN, reason.criterion)
        for reason in reasons
        if reason.verdict == UNKNOWN or reason.criterion == "area"
    ]
    if not found:
        return Fit((), asked.working_days)
    by_label = {(reason.kind, reason.label): reason for reason in reversed(found)}
    return Fit(tuple(reversed(by_label.values())), asked.working_days)


def fit_at(fit: Fit, deadline_at: datetime | None, *, now: datetime) -> Fit:
    """Return a fit as it stands now: too little time left is one reason more."""
    if deadline_at is None or has_passed(deadline_at, now=now):
        return fit
    if working_days_until(deadline_at, now=now) >= fit.working_days:
        return fit
    return replace(fit, reasons=(*fit.reasons, FitReason(FitKind.TIME, str(fit.working_days))))


def verdict(fit: Fit) -> FitVerdict:
    """Return "for you" where every reason is met."""
    return FitVerdict.FOR_YOU if all(reason.is_met for reason in fit.reasons) else FitVerdict.PERHAPS
