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

from alerting.domain.cadence import Rhythm, find_reminder_window
from alerting.domain.deadlines import has_passed
from alerting.domain.digest import REMINDED_DATES, DigestItem, TellingKind, reminder_key
from alerting.domain.lots import as_for_lots, last_deadline, open_lots
from alerting.domain.match import Fit, Reason
from alerting.domain.procedure import Procedure, ProcedureState


_NO_DEADLINE = datetime.max.replace(tzinfo=UTC)

_ENDS = {
    ProcedureState.CANCELLED: TellingKind.CANCELLED,
    ProcedureState.AWARDED: TellingKind.AWARDED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One fact that the profile was told of a procedure.

    Args:
        telling_kind: As what.
        revision: Up to which revision nothing was left to tell.
        key: The telling's own revision, by which it is told once.
        told_at: When; None where it is not known.
    """

    telling_kind: TellingKind
    revision: int
    key: int = 0
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminding:
    """When a profile is reminded: so many working days before a date, in which of its digests.

    Args:
        working_days: At least 1.
        rhythm: Of its digests.
        digest_hour: The hour of rhythms that name none, 0 to 23, in Paris.
    """

    working_days: int
    rhythm: Rhythm
    digest_hour: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A procedure that a profile matched, or was told of before.

    Args:
        procedure: As it stands; ``changes`` say what changed since the profile was last told.
        lot_ids, reasons, score, fit: Of the match.
        told: What the profile was told of it, the oldest first.
        has_news: Whether it differs from what the profile was told; a change that was taken back is none.
        is_matched: Whether the profile's criteria accept it still.
    """

    procedure: Procedure
    lot_ids: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    score: float = 0.0
    fit: Fit | None = None
    told: tuple[Told, ...] = ()
    has_news: bool = True
    is_matched: bool = True


def select_items(
    candidates: Iterable[Candidate], *, now: datetime, reminding: Reminding | None = None
) -> tuple[DigestItem, ...]:
    """Return what to tell, ordered by deadline (none last), then by score, then by procedure.

    Args:
        candidates: What may have something to tell.
        now: Aware UTC.
        reminding: When the profile is reminded; None: never.
    """
    items = [item for candidate in candidates if (item := _find_item(candidate, now, reminding)) is not None]
    return tuple(sorted(items, key=_order))


def find_telling_kind(candidate: Candidate, *, now: datetime) -> TellingKind | None:
    """Return what there is to tell of one candidate, None when nothing is; reminders are no news.

    Never told: new, when it is open and its deadline lies ahead.  Told, with a newer revision: its end
    (cancelled, awarded) once, and again where it was told to be open in between, else a correction.  A
    correction of a procedure whose deadline has passed is told only when it is the deadline that changed.
    Where lots have their own deadlines, those of the lots that fit decide.
    """
    procedure = candidate.procedure
    if procedure.state is ProcedureState.MERGED:
        return None  # What it was is told of the procedure that it became part of.
    passed = has_passed(last_deadline(procedure.view, candidate.lot_ids), now=now)
    if not candidate.told:
        return TellingKind.NEW if procedure.state is ProcedureState.OPEN and not passed else None
    if not candidate.has_news or procedure.revision <= max(told.revision for told in candidate.told):
        return None
    kind = _ENDS.get(procedure.state)
    if kind is not None:
        return None if _is_end_told(kind, candidate.told) else kind
    if passed and all(change.field != "deadline_at" for change in procedure.changes):
        return None
    return TellingKind.CORRECTED


def _is_end_told(kind: TellingKind, told: Iterable[Told]) -> bool:
    """Tell whether an end was told, and nothing since that takes it back."""
    turns = [one.telling_kind for one in told if one.telling_kind in {kind, TellingKind.CORRECTED}]
    return turns[-1:] == [kind]


def find_reminders(candidate: Candidate, reminding: Reminding, *, now: datetime) -> tuple[str, ...]:
    """Return the dates of a procedure that a profile is to be reminded of now, by their fields' names.

    Each date once; one that moves is another date.  What was told since a reminder was due needs none.
    """
    procedure = candidate.procedure
    if not candidate.told or not candidate.is_matched or procedure.state is not ProcedureState.OPEN:
        return ()
    view = as_for_lots(procedure.view, candidate.lot_ids, now=now)
    known = {told.key for told in candidate.told if told.telling_kind is TellingKind.REMINDER}
    told_at = max((told.told_at for told in candidate.told if told.told_at is not None), default=None)
    due = []
    for field in REMINDED_DATES:
        moment: datetime | None = getattr(view, field)
        if moment is None or has_passed(moment, now=now) or reminder_key(field, moment) in known:
            continue
        due_at = find_reminder_window(
            moment, reminding.rhythm, working_days=reminding.working_days, digest_hour=reminding.digest_hour
        )
        if due_at <= now and (told_at is None or told_at < due_at):
            due.append(field)
    return tuple(due)


def _find_item(candidate: Candidate, now: datetime, reminding: Reminding | None) -> DigestItem | None:
    kind = find_telling_kind(candidate, now=now)
    reminds_of: tuple[str, ...] = ()
    if kind is None and reminding is not None:
        reminds_of = find_reminders(candidate, reminding, now=now)
        kind = TellingKind.REMINDER if reminds_of else None
    if kind is None:
        return None
    procedure, lot_ids, reasons = candidate.procedure, candidate.lot_ids, candidate.reasons
    is_reminder = kind is TellingKind.REMINDER
    if is_reminder or kind is TellingKind.NEW:
        lot_ids = open_lots(procedure.view, lot_ids, now=now)
        over = frozenset(candidate.lot_ids).difference(lot_ids)
        reasons = tuple(reason for reason in reasons if reason.lot_id not in over)
    return DigestItem(
        telling_kind=kind,
        procedure_id=procedure.procedure_id,
        # A reminder is no news: what changed since the last telling is still to be told.
        revision=max(told.revision for told in candidate.told) if is_reminder else procedure.revision,
        state=procedure.state,
        notice=as_for_lots(procedure.view, lot_ids, now=now),
        lot_ids=lot_ids,
        reasons=reasons,
        changes=() if kind is TellingKind.NEW or is_reminder else procedure.changes,
        score=candidate.score,
        reminds_of=reminds_of,
        fit=candidate.fit,
    )


def _order(item: DigestItem) -> tuple[datetime, float, int]:
    return (item.notice.deadline_at or _NO_DEADLINE, -item.score, item.procedure_id)
