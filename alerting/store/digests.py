"""Digests and their runs: a cadence and the end of its window, and what each profile is sent of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.cadence import Cadence
from alerting.domain.digest import Digest
from alerting.domain.json import WrittenNotices, digest_from_json, to_json, write_digest
from alerting.store.tables import digest_runs, digests


@dataclass(frozen=True, slots=True)
class Run:
    """One window's run.

    ``is_composed``: for every profile but those that it ``waits_for``, which were not matched then.
    """

    run_id: int
    is_composed: bool
    waits_for: frozenset[str]


def open_run(connection: Connection, cadence: Cadence, window_end: datetime) -> Run:
    """Open the run of one window, and return it; or return the one that there is."""
    opened = insert(digest_runs).values(cadence=cadence.value, window_end=window_end)
    connection.execute(opened.on_conflict_do_nothing())
    asked = select(
        digest_runs.c.run_id, digest_runs.c.composed_at.is_not(None), digest_runs.c.waits_for
    ).where(digest_runs.c.cadence == cadence.value, digest_runs.c.window_end == window_end)
    run_id, is_composed, waits_for = connection.execute(asked).one()
    return Run(run_id, is_composed, frozenset(waits_for))


def open_notice(connection: Connection, window_end: datetime) -> int:
    """Open the run of one notice that is no digest of procedures; each has a run of its own."""
    statement = insert(digest_runs).values(cadence="notice", window_end=window_end, composed_at=window_end)
    run_id: int = connection.execute(statement.returning(digest_runs.c.run_id)).scalar_one()
    return run_id


def close_run(connection: Connection, run_id: int, *, now: datetime, waits_for: Collection[str] = ()) -> None:
    """Mark a run as composed, but for some profiles: it is composed for them when they are matched."""
    closed = update(digest_runs).where(digest_runs.c.run_id == run_id)
    connection.execute(closed.values(composed_at=now, waits_for=sorted(waits_for)))


def add_digests(
    connection: Connection, run_id: int, composed: Sequence[Digest], *, notices: WrittenNotices
) -> dict[str, int]:
    """Store digests of one run; return their numbers by profile, without those that the run has already.

    Args:
        connection: The transaction.
        run_id: Of all of them.
        composed: One a profile.
        notices: See ``write_digest``.
    """
    rows = [
        {
            "run_id": run_id,
            "profile_id": digest.profile_id,
            "content": write_digest(digest, notices),
            "created_at": digest.composed_at,
        }
        for digest in composed
    ]
    if not rows:
        return {}
    added = insert(digests).on_conflict_do_nothing().returning(digests.c.profile_id, digests.c.digest_id)
    return {row.profile_id: row.digest_id for row in connection.execute(added, rows)}


def add_digest(connection: Connection, run_id: int, digest: Digest) -> int | None:
    """Store a digest; None when the run has one for this profile already."""
    statement = insert(digests).values(
        run_id=run_id,
        profile_id=digest.profile_id,
        content=to_json(digest),
        created_at=digest.composed_at,
    )
    added = statement.on_conflict_do_nothing().returning(digests.c.digest_id)
    digest_id: int | None = connection.scalar(added)
    return digest_id


def get_digest(connection: Connection, digest_id: int) -> Digest | None:
    """Return a digest as it was composed, None when there is none of that number."""
    content = connection.scalar(select(digests.c.content).where(digests.c.digest_id == digest_id))
    return None if content is None else digest_from_json(content)
