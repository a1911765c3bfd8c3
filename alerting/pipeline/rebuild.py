"""Rebuild: make a new generation of the search index beside the one that serves, and let it take its place.

A generation is brought level with the database by passes: each reads every procedure, and puts those
whose content hash in the generation is another one.  So a rebuild that was killed goes on where it was,
and what changes meanwhile is in the new generation, too.  Until it is whole the old one serves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import structlog

from alerting.domain.feed import Reject
from alerting.errors import SearchError, SearchUnavailableError
from alerting.index.generations import Generation, find_serving
from alerting.index.procedures import ReadProcedure, Refusal, SearchIndex
from alerting.index.profiles import ProfileIndex
from alerting.matching.analyse import analyse_notice
from alerting.pipeline.ahead import made_ahead
from alerting.pipeline.apart import Failed, refuse_procedures, work_apart
from alerting.store import procedures, rejects
from alerting.store.database import Connection, Database


log = structlog.get_logger()

_BATCH = 500
LOCK = "alerting: rebuild of the search index"
# Longer than any page's token holds on to a generation.
OUTLIVED_AFTER = timedelta(hours=1)


@dataclass(slots=True)
class _Progress:
    """What passes over all procedures have seen and done."""

    seen_count: int = 0
    put_count: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def rebuild_index(database: Database, index: SearchIndex, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Build a generation, or go on with the one that a killed rebuild left, and let it serve.

    Returns:
        generation: its name; procedures, put, refused; waiting: always 0.

    Raises:
        SearchError: The new generation is not equal to the database; the old one serves on.
        SearchUnavailableError: The index is away, or another rebuild is running.
    """
    report = try_rebuild(database, index, now=now)
    if report is None:
        raise SearchUnavailableError("search index: another rebuild is running; see its log")
    return report


def try_rebuild(
    database: Database, index: SearchIndex, *, now: Callable[[], datetime]
) -> dict[str, Any] | None:
    """Do the same; None where a rebuild is running."""
    with database.try_hold(LOCK) as is_ours:
        if not is_ours:
            return None
        progress = _Progress()
        generation = _find_unfinished(index) or index.create_generation(is_serving=False, now=now())
        log.info("index_rebuild_started", generation=generation.name)
        _level(database, index, generation, progress)
        _compare(index, generation, progress)
        merge_segments(index, generation)
        index.serve(generation, now=now())
        log.info("index_generation_serves", generation=generation.name)
        return _settle(database, index, generation, progress, now)


def start_index(database: Database, index: SearchIndex, *, now: Callable[[], datetime]) -> bool:
    """Let an empty generation serve where none does, and all wait for it; False: a rebuild is running."""
    with database.try_hold(LOCK) as is_ours:
        if is_ours and find_serving(index.generations()) is None:
            # There is no copy, whatever the marks say.
            with database.begin() as connection:
                procedures.unmark_indexed(connection)
            index.create_generation(is_serving=True, now=now())
        return is_ours


def settle_index(database: Database, index: SearchIndex, *, now: Callable[[], datetime]) -> None:
    """Put into the generation that serves what a killed rebuild had still to put, unless one is running.

    Raises:
        SearchError: It holds what was never written into it.
    """
    with database.try_hold(LOCK) as is_ours:
        serving = find_serving(index.generations())
        if is_ours and serving is not None and not serving.is_settled:
            _settle(database, index, serving, _Progress(), now)


def drop_outlived(index: SearchIndex, *, now: datetime) -> None:
    """Delete generations before the one that serves, once it has served for an hour."""
    known = index.generations()
    serving = find_serving(known)
    if serving is None or not serving.is_settled or serving.served_from is None:
        return
    if now - datetime.fromisoformat(serving.served_from) < OUTLIVED_AFTER:
        return
    for generation in known:
        if generation.name < serving.name:
            index.drop(generation)
            log.info("index_generation_dropped", generation=generation.name)


def merge_segments(index: SearchIndex | ProfileIndex, generation: Generation) -> None:
    """Make it quicker to ask; where that cannot be it serves as it is, with the same answers."""
    try:
        index.merge(generation)
    except (SearchError, SearchUnavailableError) as error:
        log.warning("index_not_merged", generation=generation.name, problem=str(error))


def add_refusals(connection: Connection, refusals: Sequence[Refusal], batch: Read) -> None:
    """Store what the index refuses, and what could not be given to it, each as a reject of its own."""
    refuse_procedures(connection, batch.failed, stage="index")
    feeds = {one.procedure.procedure_id: one.procedure.view.feed_id for one in batch.ready}
    for refusal in refusals:
        reject = Reject(f"procedure {refusal.procedure_id}", refusal.problem)
        rejects.add_reject(connection, reject, feed_id=feeds[refusal.procedure_id], stage="index")


@dataclass(frozen=True, slots=True)
class Read:
    """Procedures that were read to be put.

    Args:
        ready: Those that can be put.
        failed: The numbers of those that our code cannot make a document of, and what it raised.
    """

    ready: Sequence[ReadProcedure]
    failed: Sequence[Failed[int]]


def read_apart(connection: Connection, numbers: Sequence[int]) -> Read:
    """Return procedures by number, ready to be sent."""

    def work(some: Sequence[int]) -> list[ReadProcedure]:
        return [one.written() for one in read(connection, some)]

    parts, failed = work_apart(connection, numbers, work)
    return Read([one for part in parts for one in part], failed)


def read(connection: Connection, numbers: Sequence[int]) -> Iterator[ReadProcedure]:
    """Yield procedures by number, each with the fingerprint of what is read."""
    for procedure, fingerprint in procedures.get_with_fingerprints(connection, numbers):
        yield ReadProcedure(procedure, analyse_notice(procedure.view), fingerprint)


def _settle(
    database: Database,
    index: SearchIndex,
    generation: Generation,
    progress: _Progress,
    now: Callable[[], datetime],
) -> dict[str, Any]:
    """Put what was copied into the old generation since it was read; return what was done."""
    _level(database, index, index.get_generation(generation.name), progress)
    index.settle(index.get_generation(generation.name), now=now())
    counts = {
        "procedures": progress.seen_count,
        "put": progress.put_count,
        "refused": len(progress.refused),
    }
    log.info("index_rebuilt", generation=generation.name, **counts)
    return {"generation": generation.name, **counts, "waiting": 0}


def _find_unfinished(index: SearchIndex) -> Generation | None:
    """Return the newest generation that never served, if documents still fit in; delete others like it."""
    known = index.generations()
    serving = find_serving(known)
    begun = [one for one in known if serving is None or one.name > serving.name]
    found = begun[-1] if begun and begun[-1].is_current else None
    for generation in begun:
        if generation is not found:
            index.drop(generation)
    return found


def _level(database: Database, index: SearchIndex, generation: Generation, progress: _Progress) -> None:
    """Pass over all procedures until a pass finds none that differs."""
    while _pass_over(database, index, generation, progress):
        pass


def _pass_over(database: Database, index: SearchIndex, generation: Generation, progress: _Progress) -> int:
    """Put what differs; return how many did."""
    progress.seen_count, put_before = 0, progress.put_count
    refused_before = dict(progress.refused)
    with made_ahead(_compared(database, index, generation, progress)) as batches:
        for fingerprints, differing in batches:
            if differing.ready or differing.failed:
                _put(database, index, generation, differing, fingerprints, progress)
            else:
                _check_one(database, index, generation, fingerprints, progress)
            progress.seen_count += len(fingerprints)
            log.info(
                "index_rebuilding",
                generation=generation.name,
                seen_count=progress.seen_count,
                put_count=progress.put_count,
            )
    return progress.put_count - put_before + (progress.refused != refused_before)


def _compared(
    database: Database, index: SearchIndex, generation: Generation, progress: _Progress
) -> Iterator[tuple[dict[int, str], Read]]:
    """Yield the fingerprints of all procedures batch by batch, each batch with those that differ."""
    last = 0
    while True:
        with database.begin() as connection:
            fingerprints = procedures.fingerprints(connection, after=last, limit=_BATCH)
        if not fingerprints:
            return
        last = max(fingerprints)
        held = index.content_hashes(list(fingerprints), of=generation.name) | progress.refused
        differing = [number for number, found in fingerprints.items() if held.get(number) != found]
        with database.begin() as connection:
            batch = read_apart(connection, differing)
        yield fingerprints, batch


def _put(
    database: Database,
    index: SearchIndex,
    generation: Generation,
    differing: Read,
    fingerprints: Mapping[int, str],
    progress: _Progress,
) -> None:
    refusals = index.put(differing.ready, into=generation.name)
    with database.begin() as connection:
        add_refusals(connection, refusals, differing)
    hashes = {one.procedure.procedure_id: one.content_hash for one in differing.ready}
    progress.put_count += len(hashes) - len(refusals)
    progress.refused = {number: of for number, of in progress.refused.items() if number not in hashes}
    progress.refused |= {one.procedure_id: hashes[one.procedure_id] for one in refusals}
    progress.refused |= {number: fingerprints[number] for number, _ in differing.failed}


def _check_one(
    database: Database,
    index: SearchIndex,
    generation: Generation,
    fingerprints: Mapping[int, str],
    progress: _Progress,
) -> None:
    """Compare one whole document of a batch: a hash alone says what was meant to be written."""
    # Other ones in each generation, and the same ones when it is looked at again.
    chosen = crc32(f"{generation.name} {min(fingerprints)}".encode()) % len(fingerprints)
    number = sorted(fingerprints)[chosen]
    held = index.whole_documents([number], of=generation.name).get(number)
    if held is None or number in progress.refused:
        return
    with database.begin() as connection:
        (one,) = read(connection, [number])
    if held["content_hash"] != one.content_hash:
        return
    if held != one.document():
        _give_up(index, generation, f"procedure {number} is not as it was written")


def _compare(index: SearchIndex, generation: Generation, progress: _Progress) -> None:
    """Compare counts; nobody else writes into a generation that does not serve yet."""
    held, expected = index.count(of=generation.name), progress.seen_count - len(progress.refused)
    if held != expected:
        _give_up(index, generation, f"{held} procedures (expected {expected})")
    # Deleted meanwhile, the first document would have made an index that knows no mapping of ours.
    if not index.get_generation(generation.name).is_current:
        _give_up(index, generation, "its mapping is not ours")


def _give_up(index: SearchIndex, generation: Generation, problem: str) -> None:
    if not generation.is_serving:
        index.drop(generation)
    raise SearchError(f"search index {generation.name!r}: {problem}; run: alerting index rebuild")
