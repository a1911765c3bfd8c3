"""Choose what of a profile's matches is told, as what, and in which order.

In:   candidates: a procedure as it stands, why it matched, and what the profile was told of it.
Out:  digest items, the nearest deadline first.

Pure: the clock comes in as an argument.  Nothing here remembers; that a fact is told once is
held by the unique key of tellings (profile, procedure, kind, revision).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from alerting.domain.deadlines import has_passed
from alerting.domain.digest import DigestItem, TellingKind
from alerting.domain.match import Reason
from alerting.domain.procedure import Procedure, ProcedureState


_NO_DEADLINE = datetime.max.replace(tzinfo=UTC)

_ENDS = {
    ProcedureState.CANCELLED: TellingKind.CANCELLED,
    ProcedureState.AWARDED: TellingKind.AWARDED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One fact that the profile was told of a procedure."""

    telling_kind: TellingKind
    revision: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A procedure that a profile matched, or was told of before.

    Args:
        procedure: As it stands; ``changes`` say what changed since the profile was last told.
        lot_ids, reasons, score: Of the match.
        told: What the profile was told of it, in any order.
        has_news: Whether it differs from what the profile was told; a change that was taken back is none.
    """

    procedure: Procedure
    lot_ids: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    score: float = 0.0
    told: tuple[Told, ...] = ()
    has_news: bool = True


def select_items(candidates: Iterable[Candidate], *, now: datetime) -> tuple[DigestItem, ...]:
    """Return what to tell, ordered by deadline (none last), then by score, then by procedure."""
    items = [item for candidate in candidates if (item := _find_item(candidate, now)) is not None]
    return tuple(sorted(items, key=_order))


def find_telling_kind(candidate: Candidate, *, now: datetime) -> TellingKind | None:
    """Return what there is to tell of one candidate, None when nothing is.

    Never told: new, when it is open and its deadline lies ahead.  Told, with a newer revision: its end
    (cancelled, awarded) once, else a correction.  A correction of a procedure whose deadline has
    passed is told only when it is the deadline that changed.
    """
    procedure = candidate.procedure
    if procedure.state is ProcedureState.MERGED:
        return None  # What it was is told of the procedure that it became part of.
    passed = has_passed(procedure.view.deadline_at, now=now)
    if not candidate.told:
        return TellingKind.NEW if procedure.state is ProcedureState.OPEN and not passed else None
    if not candidate.has_news or procedure.revision <= max(told.revision for told in candidate.told):
        return None
    kind = _ENDS.get(procedure.state)
    if kind is not None:
        return None if any(told.telling_kind is kind for told in candidate.told) else kind
    if passed and all(change.field != "deadline_at" for change in procedure.changes):
        return None
    return TellingKind.CORRECTED


def _find_item(candidate: Candidate, now: datetime) -> DigestItem | None:
    kind = find_telling_kind(candidate, now=now)
    if kind is None:
        return None
    procedure = candidate.procedure
    return DigestItem(
        telling_kind=kind,
        procedure_id=procedure.procedure_id,
        revision=procedure.revision,
        state=procedure.state,
        notice=procedure.view,
        lot_ids=candidate.lot_ids,
        reasons=candidate.reasons,
        changes=() if kind is TellingKind.NEW else procedure.changes,
        score=candidate.score,
    )


def _order(item: DigestItem) -> tuple[datetime, float, int]:
    return (item.notice.deadline_at or _NO_DEADLINE, -item.score, item.procedure_id)
