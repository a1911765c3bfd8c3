"""Matches: which procedures a profile's criteria accept, and why."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from alerting.domain.json import fit_from_json, reasons_from_text, to_json
from alerting.domain.match import Decision, Fit, Reason
from alerting.domain.procedure import ProcedureState
from alerting.store.readers import waits_for_first
from alerting.store.tables import matches, procedures, profiles, tellings
from alerting.store.tellings import changed_pairs, is_ahead


# A week, and a day for its hour.
_LONGEST_RHYTHM = timedelta(days=8)
# Who wrote a row: PostgreSQL keeps with each the transaction that did, or the savepoint's within it.
_WRITER = literal_column("matches.xmin::text", Text)
_STORED = (
    matches.c.profile_id,
    matches.c.procedure_id,
    matches.c.lot_ids,
    cast(matches.c.reasons, Text).label("reasons_text"),
    matches.c.fit,
    matches.c.score,
)
_PUT = text("""
    WITH put AS (INSERT INTO matches (
        profile_id, procedure_id, revision, lot_ids, first_deadline_at, deadline_at, reasons, fit, score,
        matched_at, first_open_at
    )
    SELECT
        told.profile_id, said.procedure_id, said.revision, said.lot_ids, said.first_deadline_at,
        said.deadline_at, said.reasons, said.fit, said.score, :now, CASE WHEN said.is_open THEN :now END
    FROM jsonb_to_recordset(CAST(:said AS jsonb)) AS said (
        profile_ids text[], procedure_id bigint, revision integer, lot_ids text[],
        first_deadline_at timestamptz, deadline_at timestamptz, reasons jsonb, fit jsonb,
        score double precision, is_open boolean
    ), unnest(said.profile_ids) AS told (profile_id)
    ORDER BY told.profile_id, said.procedure_id
    ON CONFLICT (profile_id, procedure_id) DO UPDATE SET
        lot_ids = excluded.lot_ids,
        first_deadline_at = excluded.first_deadline_at,
        deadline_at = excluded.deadline_at,
        reasons = excluded.reasons,
        fit = excluded.fit,
        score = excluded.score,
        revision = excluded.revision,
        matched_at = excluded.matched_at,
        first_open_at = COALESCE(matches.first_open_at, excluded.first_open_at),
        ended_at = NULL
    RETURNING matches.xmin)
    SELECT put.xmin::text FROM put LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class NewMatches:
    """Profiles and a procedure, decided in one way, with the procedure's revision that was read.

    ``deadlines`` are the dates of the lots that fit, in order, where lots have their own; else empty.
    ``is_open`` says that the procedure can be answered.
    """

    profile_ids: Sequence[str]
    procedure_id: int
    revision: int
    decision: Decision
    deadlines: tuple[datetime, ...] = ()
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """A standing match of one profile."""

    procedure_id: int
    lot_ids: tuple[str, ...]
    reasons: tuple[Reason, ...]
    fit: Fit | None
    score: float


def in_parts(found: Iterable[NewMatches], *, most: int) -> Iterator[list[NewMatches]]:
    """Yield matches, at most so many pairs at a time: a notice may concern a whole fleet for one reason."""
    some: list[NewMatches] = []
    left = most
    for one in found:
        ids = one.profile_ids
        while len(ids) >= left:
            yield [*some, replace(one, profile_ids=ids[:left])]
            some, ids, left = [], ids[left:], most
        if ids:
            some.append(one if ids is one.profile_ids else replace(one, profile_ids=ids))
            left -= len(ids)
    if some:
        yield some


def put_matches(connection: Connection, found: Sequence[NewMatches], *, now: datetime) -> str | None:
    """Store matches; one that is there takes the new reasons.

    Returns:
        The writer of all of them, see ``end_other_matches``; None: there were none.
    """
    # Thousands of profiles share a decision on a procedure: it travels once, with their names.
    said = json.dumps(list(map(_said, found)))
    writer: str | None = connection.scalar(_PUT, {"said": said, "now": now})
    return writer


def end_other_matches(
    connection: Connection,
    *,
    among: Iterable[int] | Iterable[str],
    by_profile: bool,
    writers: Collection[str],
    but_of: Collection[int] = (),
    now: datetime,
) -> int:
    """End those standing matches of procedures, or profiles, that were not found again; return how many.

    What was found is told by who wrote it: clocks of two workers differ.

    Args:
        connection: The transaction that stored what was found.
        among: Whose matches.
        by_profile: Whether *among* are profiles.
        writers: What ``put_matches`` returned.
        but_of: Procedures whose matches stand as they are.
        now: When they end.
    """
    column = matches.c.profile_id if by_profile else matches.c.procedure_id
    statement = update(matches).where(
        column.in_(list(among)),
        matches.c.ended_at.is_(None),
        _WRITER.not_in(list(writers)),
        matches.c.procedure_id.not_in(list(but_of)),
    )
    return connection.execute(statement.values(ended_at=now)).rowcount


def end_matches(connection: Connection, procedure_id: int, *, now: datetime) -> None:
    """End every match of a procedure."""
    standing = (matches.c.procedure_id == procedure_id, matches.c.ended_at.is_(None))
    connection.execute(update(matches).where(*standing).values(ended_at=now))


def matches_to_tell(
    connection: Connection, profile_ids: Collection[str], *, now: datetime
) -> dict[tuple[str, int], StoredMatch]:
    """Return the standing matches of profiles that were never told, by profile and procedure."""
    asked = (
        select(*_STORED)
        .join(procedures, procedures.c.procedure_id == matches.c.procedure_id)
        .join(profiles, profiles.c.profile_id == matches.c.profile_id)
        .where(matches.c.profile_id.in_(profile_ids), matches.c.ended_at.is_(None), _is_new(now))
    )
    return {(row.profile_id, row.procedure_id): _stored(row) for row in connection.execute(asked)}


def count_held_first(connection: Connection, *, now: datetime) -> int:
    """Return how many standing matches wait for a first digest; it is held while something is loaded."""
    asked = (
        select(func.count())
        .select_from(matches)
        .join(procedures, procedures.c.procedure_id == matches.c.procedure_id)
        .join(profiles, profiles.c.profile_id == matches.c.profile_id)
        .where(
            matches.c.ended_at.is_(None), profiles.c.ended_at.is_(None), _is_new(now), waits_for_first(now)
        )
    )
    return connection.scalar(asked) or 0


def matches_of(
    connection: Connection, pairs: Collection[tuple[str, int]]
) -> dict[tuple[str, int], StoredMatch]:
    """Return the standing matches among pairs of profile and procedure."""
    if not pairs:
        return {}
    asked = select(*_STORED).where(
        matches.c.profile_id.in_({profile_id for profile_id, _ in pairs}),
        matches.c.procedure_id.in_({procedure_id for _, procedure_id in pairs}),
        matches.c.ended_at.is_(None),
    )
    rows = ((row.profile_id, row.procedure_id, row) for row in connection.execute(asked))
    return {(one, other): _stored(row) for one, other, row in rows if (one, other) in pairs}


def count_untold(connection: Connection, *, now: datetime) -> int:
    """Return how many pairs of standing profile and procedure may have something to tell.

    What was told and has changed counts even where the criteria accept it no longer.  What came up longer ago
    than any rhythm takes does not: it waits for a firm that is paused or cannot be mailed, and would have
    everything that was ever told be looked at after each match.
    """
    since = now - _LONGEST_RHYTHM
    new = (
        select(func.count())
        .select_from(matches)
        .join(procedures, procedures.c.procedure_id == matches.c.procedure_id)
        .join(profiles, profiles.c.profile_id == matches.c.profile_id)
        .where(
            matches.c.matched_at >= since,
            matches.c.ended_at.is_(None),
            profiles.c.ended_at.is_(None),
            _is_new(now),
        )
    )
    changed = select(func.count()).select_from(changed_pairs(now, since=since).subquery())
    return (connection.scalar(new) or 0) + (connection.scalar(changed) or 0)


def find_match(connection: Connection, profile_id: str, procedure_id: int) -> StoredMatch | None:
    """Return one standing match."""
    asked = select(*_STORED).where(
        matches.c.profile_id == profile_id,
        matches.c.procedure_id == procedure_id,
        matches.c.ended_at.is_(None),
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else _stored(row)


def _is_new(now: datetime) -> ColumnElement[bool]:
    """Tell of a match whether its profile was never told of a procedure that is open and in time."""
    told = exists().where(
        tellings.c.profile_id == matches.c.profile_id, tellings.c.procedure_id == matches.c.procedure_id
    )
    is_open = (procedures.c.state == ProcedureState.OPEN.value) & is_ahead(now)
    return ~told & is_open & is_made_up_for()


def is_made_up_for() -> ColumnElement[bool]:
    """Tell of a match of a profile that it came up in no pause whose notices are left out."""
    return or_(profiles.c.told_from.is_(None), matches.c.first_open_at >= profiles.c.told_from)


def _said(match: NewMatches) -> dict[str, Any]:
    """Return what matches of one procedure and decision have in common, as JSON has it."""
    first, last = min(match.deadlines, default=None), max(match.deadlines, default=None)
    return {
        "profile_ids": match.profile_ids,
        "procedure_id": match.procedure_id,
        "revision": match.revision,
        "lot_ids": match.decision.lot_ids,
        "first_deadline_at": None if first is None else first.isoformat(),
        "deadline_at": None if last is None else last.isoformat(),
        "reasons": to_json(match.decision.reasons),
        "fit": to_json(match.decision.fit),
        "score": match.decision.score,
        "is_open": match.is_open,
    }


def _stored(row: Any) -> StoredMatch:
    return StoredMatch(
        procedure_id=row.procedure_id,
        lot_ids=tuple(row.lot_ids),
        reasons=reasons_from_text(row.reasons_text),
        fit=None if row.fit is None else fit_from_json(row.fit),
        score=row.score,
    )
