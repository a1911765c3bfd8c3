"""Tellings: what each profile was told of a procedure, once; what has changed since, and what comes near."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    DateTime,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    null,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH, distinct_on, insert

from alerting.domain.digest import Digest, TellingKind, telling_keys
from alerting.domain.json import changes_from_json, to_json
from alerting.domain.notice import Change
from alerting.domain.procedure import ProcedureState
from alerting.store.tables import digests, matches, procedures, profiles, revisions, tellings


_ENDS = (ProcedureState.CANCELLED.value, ProcedureState.AWARDED.value)
_TOLD_BY_REVISION = (*_ENDS, TellingKind.CORRECTED.value)


@dataclass(frozen=True, slots=True)
class StoredTelling:
    """One fact that a profile was told.

    Args:
        profile_id: Who was told.
        procedure_id: Of what.
        kind: As what.
        key: The revision under which it is told once.
        told_at: When.
        told_revision: Up to which revision nothing is left to tell.
        carried: Of a procedure that became part of this one: what differs between what was told and the
            revision after *told_revision*.
    """

    profile_id: str
    procedure_id: int
    kind: TellingKind
    key: int
    told_at: datetime
    told_revision: int
    carried: tuple[Change, ...] | None = None


def add_tellings(connection: Connection, told: Iterable[tuple[int, Digest]]) -> int:
    """Store that the items of digests are told, each under its keys; return how many were not told before."""
    rows = [
        {
            "profile_id": digest.profile_id,
            "procedure_id": item.procedure_id,
            "kind": item.telling_kind.value,
            "revision": key,
            "told_revision": item.revision,
            "digest_id": digest_id,
            "created_at": digest.composed_at,
        }
        for digest_id, digest in told
        for item in digest.items
        for key in telling_keys(item)
    ]
    if not rows:
        return 0
    added = insert(tellings).on_conflict_do_nothing().returning(tellings.c.telling_id)
    return len(connection.scalars(added, rows).all())


def tellings_of(
    connection: Connection, pairs: Collection[tuple[str, int]]
) -> dict[tuple[str, int], list[StoredTelling]]:
    """Return what profiles were told of procedures, by profile and procedure, oldest first."""
    found: dict[tuple[str, int], list[StoredTelling]] = {}
    if not pairs:
        return found
    asked = (
        select(tellings)
        .where(
            tellings.c.profile_id.in_({profile_id for profile_id, _ in pairs}),
            tellings.c.procedure_id.in_({procedure_id for _, procedure_id in pairs}),
        )
        .order_by(tellings.c.telling_id)
    )
    for row in connection.execute(asked):
        telling = StoredTelling(
            profile_id=row.profile_id,
            procedure_id=row.procedure_id,
            kind=TellingKind(row.kind),
            key=row.revision,
            told_at=row.created_at,
            told_revision=row.told_revision,
            carried=None if row.carried is None else changes_from_json(row.carried),
        )
        found.setdefault((row.profile_id, row.procedure_id), []).append(telling)
    return found


def changed_since_told(
    connection: Connection, profile_ids: Collection[str], *, now: datetime
) -> set[tuple[str, int]]:
    """Return the pairs of profile and procedure of which there is something newer to tell."""
    changed = changed_pairs(now, profile_ids=profile_ids).subquery()
    return {(row.profile_id, row.procedure_id) for row in connection.execute(select(changed))}


def near_dates(
    connection: Connection, profile_ids: Collection[str], *, now: datetime, until: datetime
) -> set[tuple[str, int]]:
    """Return the pairs of profile and open procedure that was told as new, and has a date until a moment."""
    dates = [procedures.c.deadline_at] + [
        cast(procedures.c.view[field].astext, DateTime(timezone=True))
        for field in ("visit_at", "question_deadline_at")
    ]
    asked = (
        select(tellings.c.profile_id, tellings.c.procedure_id)
        .join(procedures, procedures.c.procedure_id == tellings.c.procedure_id)
        .outerjoin(matches, _is_match_of(tellings))
        .where(
            tellings.c.profile_id.in_(profile_ids),
            tellings.c.kind == TellingKind.NEW.value,
            procedures.c.state == ProcedureState.OPEN.value,
            or_(
                *(date.between(now, until) for date in dates),
                and_(matches.c.first_deadline_at <= until, matches.c.deadline_at >= now),
            ),
        )
    )
    return {(row.profile_id, row.procedure_id) for row in connection.execute(asked)}


def changed_pairs(
    now: datetime, *, profile_ids: Collection[str] | None = None, since: datetime | None = None
) -> Select[tuple[str, int]]:
    """Return the question for pairs of standing profile and procedure with something newer to tell.

    An end that was told is not told again, unless it was told to be open in between; of a procedure whose
    deadline has passed, that of the lots that fit, only a move of the deadline is told.

    Args:
        now: What is ahead, is ahead of this moment.
        profile_ids: Of whom; None: of all.
        since: Only of procedures that were revised since then, or joined with another; None: of all.
    """
    among = [] if profile_ids is None else [tellings.c.profile_id.in_(profile_ids)]
    among += [] if since is None else [tellings.c.procedure_id.in_(_revised(since))]
    last = (
        select(
            tellings.c.profile_id,
            tellings.c.procedure_id,
            func.max(tellings.c.told_revision).label("revision"),
        )
        .where(*among)
        .group_by(tellings.c.profile_id, tellings.c.procedure_id)
        .subquery()
    )
    has_ended = procedures.c.state.in_(_ENDS)
    return (
        select(last.c.profile_id, last.c.procedure_id)
        .join(procedures, procedures.c.procedure_id == last.c.procedure_id)
        .join(profiles, profiles.c.profile_id == last.c.profile_id)
        .where(
            last.c.revision < procedures.c.revision,
            procedures.c.state != ProcedureState.MERGED.value,
            profiles.c.ended_at.is_(None),
            or_(
                and_(has_ended, ~_is_end_told(last)),
                and_(~has_ended, or_(_is_ahead_of(last, now), _has_new_deadline(last))),
            ),
        )
    )


def _revised(since: datetime) -> CompoundSelect[tuple[int]]:
    """Return the question for procedures revised since a moment, and those that joined another with news."""
    return union(
        select(revisions.c.procedure_id).where(revisions.c.created_at >= since, revisions.c.revision > 1),
        select(tellings.c.procedure_id).where(tellings.c.carried.is_not(None)),
    )


# What follows is asked of few pairs, each by itself: joined instead, all matches of everybody would be read.
def _is_end_told(last: FromClause) -> ColumnElement[bool]:
    corrected = func.coalesce(_told_as(TellingKind.CORRECTED, last), 0)
    return or_(
        *(
            and_(procedures.c.state == kind.value, func.coalesce(_told_as(kind, last) >= corrected, false()))
            for kind in (TellingKind.CANCELLED, TellingKind.AWARDED)
        )
    )


def _told_as(kind: TellingKind, pair: FromClause) -> ScalarSelect[int | None]:
    """Return the number of the last telling of one kind; null if there is none."""
    one = tellings.alias()
    return (
        select(func.max(one.c.telling_id))
        .where(
            one.c.profile_id == pair.c.profile_id,
            one.c.procedure_id == pair.c.procedure_id,
            one.c.kind == kind.value,
        )
        .scalar_subquery()
    )


def _is_ahead_of(pair: FromClause, now: datetime) -> ColumnElement[bool]:
    fits = select(matches.c.deadline_at).where(_is_match_of(pair)).scalar_subquery()
    return _is_later(func.coalesce(fits, procedures.c.deadline_at), now)


def _has_new_deadline(last: FromClause) -> ColumnElement[bool]:
    return exists().where(
        revisions.c.procedure_id == procedures.c.procedure_id,
        revisions.c.revision > last.c.revision,
        revisions.c.changes.contains([{"field": "deadline_at"}]),
    )


def is_ahead(now: datetime) -> ColumnElement[bool]:
    """Tell of a match, or of a procedure beside none, whether what fits can still be answered."""
    return _is_later(func.coalesce(matches.c.deadline_at, procedures.c.deadline_at), now)


def _is_later(last: ColumnElement[datetime | None], now: datetime) -> ColumnElement[bool]:
    return or_(last.is_(None), last > now)


def _is_match_of(pair: FromClause) -> ColumnElement[bool]:
    """Join the standing match of a pair of profile and procedure."""
    return and_(
        matches.c.profile_id == pair.c.profile_id,
        matches.c.procedure_id == pair.c.procedure_id,
        matches.c.ended_at.is_(None),
    )


def settle(connection: Connection, profile_id: str, procedure_id: int, *, revision: int) -> None:
    """Note that a revision says again what a profile was told last: nothing up to it is left to tell."""
    last = (
        select(func.max(tellings.c.told_revision))
        .where(tellings.c.profile_id == profile_id, tellings.c.procedure_id == procedure_id)
        .scalar_subquery()
    )
    connection.execute(
        update(tellings)
        .where(
            tellings.c.profile_id == profile_id,
            tellings.c.procedure_id == procedure_id,
            tellings.c.told_revision == last,
        )
        .values(told_revision=revision, carried=null())
    )


def told_last(
    connection: Connection, procedure_id: int
) -> dict[tuple[int, tuple[Change, ...] | None], list[str]]:
    """Return which profiles were told a revision of a procedure last, by it and by what was carried to it."""
    asked = (
        select(tellings.c.profile_id, tellings.c.told_revision, tellings.c.carried)
        .ext(distinct_on(tellings.c.profile_id))
        .where(tellings.c.procedure_id == procedure_id)
        .order_by(tellings.c.profile_id, tellings.c.told_revision.desc(), tellings.c.telling_id.desc())
    )
    found: dict[tuple[int, tuple[Change, ...] | None], list[str]] = {}
    for row in connection.execute(asked):
        carried = None if row.carried is None else changes_from_json(row.carried)
        found.setdefault((row.told_revision, carried), []).append(row.profile_id)
    return found


def move_tellings(
    connection: Connection,
    procedure_id: int,
    other_id: int,
    *,
    profile_ids: Sequence[str],
    told_revision: int,
    carried: Sequence[Change] | None,
) -> None:
    """Count all that profiles were told of one procedure as told of another, unless they know both.

    Args:
        connection: The transaction.
        procedure_id: What they were told of.
        other_id: What that is now.
        profile_ids: Of whom.
        told_revision: Up to which revision of the other they count as told.
        carried: What differs between what they were told and the other as it is; None when nothing does.
    """
    known = tellings.alias()
    knows_both = exists().where(known.c.profile_id == tellings.c.profile_id, known.c.procedure_id == other_id)
    # A revision of the other must not meet the key of one of this; numbers of revisions are positive.
    own_key = case(
        (tellings.c.kind.in_(_TOLD_BY_REVISION), -tellings.c.telling_id), else_=tellings.c.revision
    )
    moved = (
        update(tellings)
        .where(tellings.c.procedure_id == procedure_id, tellings.c.profile_id.in_(profile_ids), ~knows_both)
        .values(
            procedure_id=other_id,
            revision=own_key,
            told_revision=told_revision,
            carried=null() if carried is None else to_json(tuple(carried)),
        )
    )
    connection.execute(moved)


def profiles_shown(
    connection: Connection, procedure_id: int | None, *, feed_id: str, source_id: str
) -> dict[int, list[str]]:
    """Return the profiles whose mail told them as new of a purchase by the name of one of its notices.

    By procedure: that one, and those that have become part of another, where they were told of both.
    """
    named = func.jsonb_path_exists(
        digests.c.content,
        cast("$.items[*].notice ? (@.feed_id == $feed_id && @.source_id == $source_id)", JSONPATH),
        cast({"feed_id": feed_id, "source_id": source_id}, JSONB),
    )
    is_merged = procedures.c.state == ProcedureState.MERGED.value
    asked = (
        select(tellings.c.procedure_id, tellings.c.profile_id)
        .join(digests, digests.c.digest_id == tellings.c.digest_id)
        .join(procedures, procedures.c.procedure_id == tellings.c.procedure_id)
        .where(
            or_(tellings.c.procedure_id == procedure_id, is_merged),
            tellings.c.kind == TellingKind.NEW.value,
            named,
        )
        .order_by(tellings.c.procedure_id, tellings.c.profile_id)
    )
    found: dict[int, list[str]] = {}
    for row in connection.execute(asked):
        found.setdefault(row.procedure_id, []).append(row.profile_id)
    return found


def tellings_about(connection: Connection, profile_id: str, procedure_id: int) -> list[dict[str, Any]]:
    """Return what a profile was told of one procedure, with the digest that told it."""
    asked = (
        select(tellings.c.kind, tellings.c.told_revision, tellings.c.digest_id, tellings.c.created_at)
        .where(tellings.c.profile_id == profile_id, tellings.c.procedure_id == procedure_id)
        .order_by(tellings.c.telling_id)
    )
    return [dict(row) for row in connection.execute(asked).mappings()]


def list_tellings(
    connection: Connection, *, firm_id: str | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return tellings, of one firm or of all, the newest first: what each is about, what digest told it."""
    asked = (
        select(
            tellings.c.telling_id,
            tellings.c.profile_id,
            tellings.c.procedure_id,
            tellings.c.kind,
            tellings.c.told_revision,
            tellings.c.digest_id,
            tellings.c.created_at,
            procedures.c.view["title"].astext.label("title"),
        )
        .join(procedures, procedures.c.procedure_id == tellings.c.procedure_id)
        .order_by(tellings.c.telling_id.desc())
    )
    if firm_id is not None:
        theirs = select(profiles.c.profile_id).where(profiles.c.firm_id == firm_id)
        asked = asked.where(tellings.c.profile_id.in_(theirs))
    return [dict(row) for row in connection.execute(asked.limit(limit)).mappings()]
