"""Compose: what a profile has not been told yet becomes tellings, a digest and its deliveries.

One transaction a run.  The window is only an upper bound: a late match goes into the next
digest.  Runs are composed one at a time; the unique keys would hold without that, the lock
only keeps two workers from doing the same work.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerting.digests.select import Candidate, Told, select_items
from alerting.domain.address import read_address
from alerting.domain.deadlines import PARIS
from alerting.domain.digest import Digest, DigestItem
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.domain.profile import Cadence
from alerting.notices.view import sum_up
from alerting.store import deliveries, digests, documents, firms, matches, procedures
from alerting.store.database import Connection, Database, lock
from alerting.store.digests import Reader, StoredTelling
from alerting.store.matches import StoredMatch
from alerting.store.procedures import Revision


log = structlog.get_logger()

_LOCK = "alerting: compose"
_MONDAY = 0
# A document that cannot be loaded for so long holds up no first digest.
_PATIENCE = timedelta(minutes=15)


def compose_digests(
    database: Database, *, digest_hour: int, sender: str, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Compose the immediate digests, and the daily and weekly ones whose hour has come.

    Args:
        database: Where everything is.
        digest_hour: Hour of daily and weekly (Monday) digests, Europe/Paris.
        sender: "Name <address>"; the Message-IDs carry its domain.
        now: The clock.

    Returns:
        runs, digests, tellings, deliveries (queued now); waiting: deliveries that may be sent now.
    """
    moment = now()
    counts = dict.fromkeys(("runs", "digests", "tellings", "deliveries"), 0)
    new_message_id = message_ids(sender)
    for cadence in Cadence:
        window_end = find_window_end(cadence, digest_hour=digest_hour, now=moment)
        for name, count in _run(database, cadence, window_end, moment, new_message_id).items():
            counts[name] += count
    with database.begin() as connection:
        waiting = deliveries.count_to_send(connection, now=moment)
    log.info("digests_composed", **counts)
    return {**counts, "waiting": waiting}


def find_window_end(cadence: Cadence, *, digest_hour: int, now: datetime) -> datetime:
    """Return the end of the newest window of a cadence that is not in the future."""
    if cadence is Cadence.IMMEDIATE:
        return now
    local = now.astimezone(PARIS)
    end = local.replace(hour=digest_hour, minute=0, second=0, microsecond=0)
    if end > local:
        end -= timedelta(days=1)
    if cadence is Cadence.WEEKLY:
        end -= timedelta(days=(end.weekday() - _MONDAY) % 7)
    return end


def _run(
    database: Database,
    cadence: Cadence,
    window_end: datetime,
    now: datetime,
    new_message_id: Callable[[], str],
) -> dict[str, int]:
    """Compose one run in one transaction; a run of no digest is kept only where it has an hour."""
    with database.begin() as connection:
        lock(connection, _LOCK)
        readers = [
            (reader, items)
            for reader in digests.readers_of(connection, cadence, with_first=_is_all_matched(connection, now))
            if (items := _items_for(connection, reader.profile_id, now))
        ]
        if not readers and cadence is Cadence.IMMEDIATE:
            return {}
        run_id = digests.open_run(connection, cadence, window_end)
        if run_id is None:
            return {}
        counts = {"runs": 1, "digests": 0, "tellings": 0, "deliveries": 0}
        for reader, items in readers:
            for name, count in _store(connection, run_id, reader, items, now, new_message_id).items():
                counts[name] += count
        digests.close_run(connection, run_id, now=now)
    return counts


def _is_all_matched(connection: Connection, now: datetime) -> bool:
    """Tell whether nothing new waits to be loaded or matched: the rest of a first digest would wait."""
    return not (
        documents.count_waiting(connection, since=now - _PATIENCE)
        or procedures.count_unmatched(connection)
        or firms.count_unmatched_profiles(connection)
    )


def _items_for(connection: Connection, profile_id: str, now: datetime) -> tuple[DigestItem, ...]:
    """Return what there is to tell one profile; what has come back to what it was told is settled."""
    matched = {
        match.procedure_id: match for match in matches.matches_to_tell(connection, profile_id, now=now)
    }
    changed = digests.changed_since_told(connection, profile_id, now=now)
    wanted = sorted({*matched, *changed})
    if not wanted:
        return ()
    told = defaultdict(list)
    for telling in digests.tellings_of(connection, profile_id):
        told[telling.procedure_id].append(telling)
    history = procedures.revisions_of(connection, wanted)
    candidates = [
        _candidate(
            procedure,
            matched.get(procedure.procedure_id),
            told[procedure.procedure_id],
            history.get(procedure.procedure_id, []),
        )
        for procedure in procedures.get_procedures(connection, wanted)
    ]
    for candidate in candidates:
        if not candidate.has_news:
            number, revision = candidate.procedure.procedure_id, candidate.procedure.revision
            digests.settle(connection, profile_id, number, revision=revision)
    return select_items(candidates, now=now)


def _candidate(
    procedure: Procedure,
    match: StoredMatch | None,
    told: Sequence[StoredTelling],
    history: Sequence[Revision],
) -> Candidate:
    last = max(told, key=_told_revision, default=None)
    last_told = 0 if last is None else last.told_revision
    carried = None if last is None else last.carried
    known = last_told if carried is None else last_told + 1
    changes = sum_up([carried or (), *(step.changes for step in history if step.revision > known)])
    return Candidate(
        procedure=replace(procedure, changes=changes),
        lot_ids=() if match is None else match.lot_ids,
        reasons=() if match is None else match.reasons,
        score=0.0 if match is None else match.score,
        told=tuple(Told(telling.kind, telling.told_revision) for telling in told),
        has_news=not told or bool(changes) or procedure.state is not _state_at(last_told, history),
    )


def _state_at(revision: int, history: Sequence[Revision]) -> ProcedureState | None:
    return next((step.state for step in history if step.revision == revision), None)


def _told_revision(telling: StoredTelling) -> int:
    return telling.told_revision


def _store(
    connection: Connection,
    run_id: int,
    reader: Reader,
    items: tuple[DigestItem, ...],
    now: datetime,
    new_message_id: Callable[[], str],
) -> dict[str, int]:
    """Store one profile's digest with its tellings and deliveries."""
    digest = Digest(
        profile_id=reader.profile_id,
        profile_name=reader.profile_name,
        firm_id=reader.firm_id,
        firm_name=reader.firm_name,
        composed_at=now,
        items=items,
    )
    digest_id = digests.add_digest(connection, run_id, digest)
    if digest_id is None:
        return {}
    for item in items:
        digests.add_telling(connection, digest_id, reader.profile_id, item)
    queued = deliveries.queue_deliveries(
        connection,
        digest_id,
        firm_id=reader.firm_id,
        profile_id=reader.profile_id,
        message_ids=new_message_id,
    )
    return {"digests": 1, "tellings": len(items), "deliveries": queued}


def message_ids(sender: str) -> Callable[[], str]:
    """Return what makes a fresh Message-ID, with its angle brackets, of the sender's domain."""
    address = read_address(sender)
    domain = "localhost" if address is None else address.domain
    return lambda: f"<{secrets.token_hex(16)}@{domain}>"
