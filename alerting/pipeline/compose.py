"""Compose: what a profile has not been told yet becomes tellings, a digest and its deliveries.

A run is a cadence and the end of its window; profiles are composed for some hundreds at a time, each batch in
one transaction.  A run that was killed goes on where it stood: what a batch has told is told.  The window is
only an upper bound: a late match goes into the next digest.  Runs are composed one at a time; the
unique keys would hold without that, the lock only keeps two workers from doing the same work.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerting.digests.select import Candidate, Reminding, Told, select_items
from alerting.domain.address import read_address
from alerting.domain.cadence import Cadence, Rhythm, find_window_end
from alerting.domain.digest import Digest, DigestItem
from alerting.domain.json import WrittenNotices
from alerting.domain.lots import changes_for
from alerting.domain.procedure import Procedure, ProcedureState, Revision
from alerting.notices.view import find_turn_of_state, find_untold
from alerting.pipeline.apart import refuse_procedures, refuse_profiles, work_apart
from alerting.store import deliveries, digests, documents, matches, procedures, readers, tellings
from alerting.store.database import Connection, Database, lock
from alerting.store.matches import StoredMatch
from alerting.store.readers import Reader
from alerting.store.tellings import StoredTelling


log = structlog.get_logger()

_ENDS = frozenset({ProcedureState.CANCELLED, ProcedureState.AWARDED})

COMPOSE_LOCK = "alerting: compose"
_BATCH = 500
# What cannot be loaded or matched for so long holds up no first digest.
_PATIENCE = timedelta(minutes=15)
# A run that begins so long after its hour did not happen then: it is made up, and said to be.
_LATE = timedelta(hours=1)
# No profile is reminded earlier than this many days before a date.
_FARTHEST_REMINDER = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class _Composing:
    """What a call of ``compose_digests`` holds on to.

    Args:
        database: Where everything is.
        now: One moment for all of it.
        digest_hour: The hour of profiles that name none.
        new_message_id: Returns a fresh one at each call.
        known: Procedures as they were read last; written to since, they are read again by the next batch.
        versions: Of their rows, see ``procedures.versions_of``.
        written: Their notices as JSON.
        unread: Procedures that our code cannot read, with what it raised: no digest tells of them.
        refused: Profiles at which composing failed, in the same way: what they match waits.
    """

    database: Database
    now: datetime
    digest_hour: int
    new_message_id: Callable[[], str]
    known: dict[int, Procedure] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    written: WrittenNotices = field(default_factory=dict)
    unread: dict[int, Exception] = field(default_factory=dict)
    refused: dict[str, Exception] = field(default_factory=dict)


def compose_digests(
    database: Database, *, digest_hour: int, sender: str, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Compose the immediate digests, and the daily and weekly ones whose hour has come.

    Args:
        database: Where everything is.
        digest_hour: Hour of daily and weekly digests of profiles that name none, Europe/Paris.
        sender: "Name <address>"; the Message-IDs carry its domain.
        now: The clock.

    Returns:
        runs, digests, tellings, deliveries (queued now); made_up: runs that come late; refused: profiles, and
        procedures, at which our code failed (rejects); waiting: deliveries that may be sent now.
    """
    composing = _Composing(database, now(), digest_hour, message_ids(sender))
    counts = Counter(dict.fromkeys(("runs", "digests", "tellings", "deliveries", "made_up"), 0))
    counts.update(_compose_immediate(composing))
    for (cadence, window_end), rhythms in sorted(_due_windows(composing).items()):
        counts.update(_compose_window(composing, cadence, window_end, rhythms))
    counts["refused"] = len(composing.unread) + len(composing.refused)
    with database.begin() as connection:
        refuse_procedures(connection, list(composing.unread.items()), stage="compose")
        refuse_profiles(connection, list(composing.refused.items()), stage="compose")
        waiting = deliveries.count_to_send(connection, now=composing.now)
    log.info("digests_composed", **counts)
    return {**counts, "waiting": waiting}


def _compose_immediate(composing: _Composing) -> Counter[str]:
    with composing.database.begin() as connection:
        is_all_matched = _is_all_matched(connection, composing.now)
        due = readers.immediate_readers(connection, with_first=is_all_matched, now=composing.now)
    return _compose_run(composing, Cadence.IMMEDIATE, composing.now, due)


def _due_windows(composing: _Composing) -> dict[tuple[Cadence, datetime], list[Rhythm]]:
    """Return the newest window of each rhythm that has ended."""
    due: defaultdict[tuple[Cadence, datetime], list[Rhythm]] = defaultdict(list)
    with composing.database.begin() as connection:
        for rhythm in readers.rhythms(connection):
            window_end = find_window_end(rhythm, digest_hour=composing.digest_hour, now=composing.now)
            due[rhythm.cadence, window_end].append(rhythm)
    return dict(due)


def _compose_window(
    composing: _Composing, cadence: Cadence, window_end: datetime, rhythms: Sequence[Rhythm]
) -> Counter[str]:
    """Compose the run of one window, once; a window that nobody has news in is closed all the same.

    A profile that was edited waits for its match: for such ones alone the run goes on when it is composed.
    """
    with composing.database.begin() as connection:
        run = digests.open_run(connection, cadence, window_end)
        if run.is_composed and not run.waits_for:
            return Counter()
        among = run.waits_for if run.is_composed else None
        waiting = readers.unmatched_of(connection, rhythms, among=among)
        due = readers.readers_of(connection, rhythms, window_end=window_end, now=composing.now, among=among)
        # Matched between the two questions.
        waiting -= {reader.profile_id for reader in due}
    counts = _compose_run(composing, cadence, window_end, due)
    if counts["digests"] and not run.is_composed and composing.now - window_end > _LATE:
        late = composing.now - window_end
        log.warning("digest_run_made_up", cadence=cadence.value, late_seconds=int(late.total_seconds()))
        counts["made_up"] += 1
    with composing.database.begin() as connection:
        # Those too that were edited while it was composed, and left out.
        waiting |= readers.unmatched_of(connection, rhythms, among=among)
        digests.close_run(connection, run.run_id, now=composing.now, waits_for=waiting)
    counts["runs"] = 1
    return counts


def _compose_run(
    composing: _Composing, cadence: Cadence, window_end: datetime, due: Sequence[Reader]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for batch in _batches(due):
        with composing.database.begin() as connection:
            lock(connection, COMPOSE_LOCK)
            # Who was erased, paused or edited since the run began is left out, or read as it is now.
            standing = readers.standing_readers(
                connection, [reader.profile_id for reader in batch], now=composing.now
            )
            counts += _compose_apart(connection, composing, cadence, window_end, standing)
    if counts["digests"] and cadence is Cadence.IMMEDIATE:
        counts["runs"] = 1
        with composing.database.begin() as connection:
            run = digests.open_run(connection, cadence, window_end)
            digests.close_run(connection, run.run_id, now=composing.now)
    return counts


def _compose_apart(
    connection: Connection,
    composing: _Composing,
    cadence: Cadence,
    window_end: datetime,
    batch: Sequence[Reader],
) -> Counter[str]:
    """Compose for readers; one at whom that fails is told nothing yet, and keeps nobody else from it."""

    def work(some: Sequence[Reader]) -> Counter[str]:
        composed = list(_digests_for(connection, composing, some))
        if not composed:
            return Counter()
        run = digests.open_run(connection, cadence, window_end)
        return _store(connection, run.run_id, composed, composing)

    parts, failed = work_apart(connection, batch, work)
    composing.refused.update((reader.profile_id, error) for reader, error in failed)
    return sum(parts, Counter())


def _batches(due: Sequence[Reader]) -> Iterator[Sequence[Reader]]:
    return (due[start : start + _BATCH] for start in range(0, len(due), _BATCH))


def _is_all_matched(connection: Connection, now: datetime) -> bool:
    """Tell whether nothing new waits to be loaded or matched: the rest of a first digest would wait."""
    return not (
        documents.count_waiting(connection, since=now - _PATIENCE)
        or procedures.count_unmatched(connection, since=now - _PATIENCE)
    )


def _digests_for(connection: Connection, composing: _Composing, some: Sequence[Reader]) -> Iterator[Digest]:
    """Yield the digests of those readers that there is something to tell to."""
    by_profile = _candidates(connection, composing, [reader.profile_id for reader in some])
    for reader in some:
        candidates = by_profile.get(reader.profile_id, [])
        _settle(connection, reader.profile_id, candidates)
        items = select_items(candidates, now=composing.now, reminding=_reminding(composing, reader))
        if items:
            yield _digest(reader, items, composing.now)


def _candidates(
    connection: Connection, composing: _Composing, profile_ids: Sequence[str]
) -> dict[str, list[Candidate]]:
    now = composing.now
    new = matches.matches_to_tell(connection, profile_ids, now=now)
    changed = tellings.changed_since_told(connection, profile_ids, now=now)
    near = tellings.near_dates(connection, profile_ids, now=now, until=now + _FARTHEST_REMINDER)
    told_before = changed | near
    standing = new | matches.matches_of(connection, told_before)
    told = tellings.tellings_of(connection, told_before)
    _read_procedures(connection, composing, {number for _, number in (*new, *told_before)})
    # Of all that was told: a change may have come since what changed was asked for.
    history = procedures.revisions_of(connection, {number for _, number in told_before})
    found: defaultdict[str, list[Candidate]] = defaultdict(list)
    for pair in sorted({*new, *told_before}):
        profile_id, procedure_id = pair
        procedure = composing.known.get(procedure_id)
        if procedure is not None:
            candidate = _candidate(
                procedure, standing.get(pair), told.get(pair, []), history.get(procedure_id, [])
            )
            found[profile_id].append(candidate)
    return found


def _read_procedures(connection: Connection, composing: _Composing, wanted: set[int]) -> None:
    """Read those procedures that were not read, or were written since: a late batch tells what stands now."""
    # Asked first: what is written between the two is read again.
    versions = procedures.versions_of(connection, wanted)
    missing = sorted(number for number in wanted if composing.versions.get(number) != versions.get(number))
    for number in missing:
        composing.known.pop(number, None)
        composing.unread.pop(number, None)
    parts, failed = work_apart(
        connection, missing, lambda numbers: procedures.get_procedures(connection, numbers)
    )
    composing.known.update((one.procedure_id, one) for part in parts for one in part)
    composing.unread.update(failed)
    composing.versions.update(versions)
    _forget_written(composing)


def _forget_written(composing: _Composing) -> None:
    """Forget the words of notices that no later batch tells: of a past state, or with dates of some lots."""
    lasting = {id(procedure.view) for procedure in composing.known.values()}
    for identity in composing.written.keys() - lasting:
        del composing.written[identity]


def _candidate(
    procedure: Procedure,
    match: StoredMatch | None,
    told: Sequence[StoredTelling],
    history: Sequence[Revision],
) -> Candidate:
    last = max(told, key=_told_revision, default=None)
    lot_ids = () if match is None else match.lot_ids
    untold = find_untold(
        # What came after the procedure was read is told with the state that it led to, by a later run.
        [step for step in history if step.revision <= procedure.revision],
        told_revision=0 if last is None else last.told_revision,
        carried=None if last is None else last.carried,
    )
    changes = changes_for(untold.changes, lot_ids)
    if procedure.state is ProcedureState.OPEN and untold.state is not None and untold.state in _ENDS:
        changes = (*find_turn_of_state(untold.state, procedure.state), *changes)
    return Candidate(
        procedure=replace(procedure, changes=changes),
        lot_ids=lot_ids,
        reasons=() if match is None else match.reasons,
        score=0.0 if match is None else match.score,
        fit=None if match is None else match.fit,
        told=tuple(
            Told(telling.kind, telling.told_revision, telling.key, telling.told_at) for telling in told
        ),
        has_news=not told or bool(changes) or procedure.state is not untold.state,
        is_matched=match is not None,
    )


def _told_revision(telling: StoredTelling) -> int:
    return telling.told_revision


def _settle(connection: Connection, profile_id: str, candidates: Sequence[Candidate]) -> None:
    """Note what has come back to what a profile was told: nothing is left to tell of it."""
    for candidate in candidates:
        procedure = candidate.procedure
        is_newer = candidate.told and procedure.revision > max(told.revision for told in candidate.told)
        if is_newer and not candidate.has_news:
            tellings.settle(connection, profile_id, procedure.procedure_id, revision=procedure.revision)


def _reminding(composing: _Composing, reader: Reader) -> Reminding | None:
    if not reader.reminder_days:
        return None
    return Reminding(reader.reminder_days, reader.rhythm, composing.digest_hour)


def _digest(reader: Reader, items: tuple[DigestItem, ...], now: datetime) -> Digest:
    return Digest(
        profile_id=reader.profile_id,
        profile_name=reader.profile_name,
        firm_id=reader.firm_id,
        firm_name=reader.firm_name,
        composed_at=now,
        items=items,
        shown_count=reader.item_limit if len(items) > reader.item_limit else None,
    )


def _store(
    connection: Connection, run_id: int, composed: Sequence[Digest], composing: _Composing
) -> Counter[str]:
    """Store digests with their tellings and deliveries."""
    numbers = digests.add_digests(connection, run_id, composed, notices=composing.written)
    added = [digest for digest in composed if digest.profile_id in numbers]
    told = tellings.add_tellings(connection, ((numbers[one.profile_id], one) for one in added))
    queued = deliveries.queue_all(
        connection,
        [(numbers[one.profile_id], one.firm_id, one.profile_id) for one in added],
        message_ids=composing.new_message_id,
    )
    return Counter(digests=len(added), tellings=told, deliveries=queued)


def message_ids(sender: str) -> Callable[[], str]:
    """Return what makes a fresh Message-ID, with its angle brackets, of the sender's domain."""
    address = read_address(sender)
    domain = "localhost" if address is None else address.domain
    return lambda: f"<{secrets.token_hex(16)}@{domain}>"
