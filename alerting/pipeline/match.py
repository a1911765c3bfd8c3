"""Match: changed procedures meet all profiles, changed profiles meet all open procedures.

Each batch is one transaction: the rows are taken, matched, and marked together with their matches.
Batches are one worker's at a time: one that had read a profile before it changed could else write a
match of its old criteria after another worker had matched the new ones.

A procedure at which our code fails is refused, and marked all the same: what was found of it before stands,
and no other waits for it.  So is a profile whose criteria cannot be read as they are stored: the log names it
once, and it meets nothing until it is written anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import structlog

from alerting.domain.lots import deadlines_of, has_own_deadlines
from alerting.domain.notice import Notice
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.domain.profile import UNREADABLE
from alerting.errors import SearchError, SearchUnavailableError
from alerting.matching.askers import Told
from alerting.matching.engine import Engine
from alerting.pipeline.apart import refuse_procedures, work_apart
from alerting.pipeline.engines import MatchingEngine
from alerting.store import firms, matches, procedures
from alerting.store.database import Connection, Database, lock
from alerting.store.matches import NewMatches


log = structlog.get_logger()

# Procedures meet all profiles, profiles all open procedures: thousands of pairs each.
_PROCEDURES = 100
_PROFILES = 500
_PAIRS = 20_000
_LOCK = "alerting: match"


def match_profiles(
    database: Database, engine: MatchingEngine, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Match everything that waits, both ways.

    Args:
        database: Where everything is.
        engine: What finds the profiles that a procedure concerns.
        now: The clock.

    Returns:
        procedures, profiles (that were matched), refused (procedures at which our code failed: rejects;
        profiles whose criteria cannot be read), matches (found), ended (no longer accepted); waiting: pairs
        with something to tell.

    Raises:
        SearchError, SearchUnavailableError: The engine is elsewhere and refuses, or is away: procedures wait;
            profiles were matched.
    """
    counts: Counter[str] = Counter()
    problem = _match_all_procedures(database, engine, now, counts)
    while _match_profiles(database, now(), counts):
        pass
    if problem is None and counts["profiles"]:
        with database.begin() as connection:
            lock(connection, _LOCK)
            engine.note_changes(connection, now=now())
    engine.rest()
    if problem is not None:
        raise problem
    with database.begin() as connection:
        waiting = matches.count_untold(connection, now=now())
    report = {name: counts[name] for name in ("procedures", "profiles", "refused", "matches", "ended")}
    log.info("profiles_matched", **report)
    return {**report, "waiting": waiting}


def let_match_again(database: Database, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Let every procedure that can still be answered meet all profiles again, as after other words of trades.

    Returns:
        waiting: procedures to match, others that wait for it included.
    """
    with database.begin() as connection:
        procedures.let_match_again(connection, now=now())
        waiting = procedures.count_unmatched(connection)
    log.info("procedures_wait_again", waiting=waiting)
    return {"waiting": waiting}


def _match_all_procedures(
    database: Database, engine: MatchingEngine, now: Callable[[], datetime], counts: Counter[str]
) -> SearchError | SearchUnavailableError | None:
    """Match every procedure that waits; return what keeps the others waiting."""
    try:
        while _match_procedures(database, engine, now(), counts):
            pass
    except (SearchError, SearchUnavailableError) as error:
        return error
    return None


def _match_procedures(
    database: Database, engine: MatchingEngine, now: datetime, counts: Counter[str]
) -> bool:
    with database.begin() as connection:
        lock(connection, _LOCK)
        batch = procedures.claim_unmatched(connection, limit=_PROCEDURES)
        if not batch:
            return False
        engine.follow(connection, now=now)
        found = _find_apart(connection, engine, batch, now=now)
        ended = matches.end_other_matches(
            connection, among=batch, by_profile=False, writers=found.writers, but_of=found.refused, now=now
        )
        procedures.mark_matched(connection, batch, now=now)
    counts.update(
        procedures=len(batch) - len(found.refused),
        refused=len(found.refused),
        matches=found.count,
        ended=ended,
    )
    return True


def _match_profiles(database: Database, now: datetime, counts: Counter[str]) -> bool:
    with database.begin() as connection:
        lock(connection, _LOCK)
        batch = firms.claim_unmatched_profiles(connection, limit=_PROFILES)
        if not batch:
            return False
        open_ones = procedures.open_procedures(connection, now=now)
        found = _find_apart(connection, Engine(batch), open_ones, now=now)
        ids = [profile_id for profile_id, _ in batch]
        readable = [profile_id for profile_id, criteria in batch if criteria != UNREADABLE]
        for profile_id in set(ids).difference(readable):
            problem = firms.problem_of(connection, profile_id)
            log.error("profile_unreadable", profile_id=profile_id, problem=problem)
        ended = matches.end_other_matches(
            connection, among=readable, by_profile=True, writers=found.writers, but_of=found.refused, now=now
        )
        firms.mark_profiles_matched(connection, ids, now=now)
    counts.update(profiles=len(readable), refused=len(ids) - len(readable), matches=found.count, ended=ended)
    return True


class _Finds(Protocol):
    """Whatever finds whom notices concern."""

    def match(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Told]: ...


@dataclass(slots=True)
class _Found:
    """What was found of procedures.

    Args:
        count: How many pairs were stored.
        writers: Who stored them, see ``matches.put_matches``.
        refused: The procedures at which our code failed: nothing is known of them.
    """

    count: int = 0
    writers: set[str] = field(default_factory=set)
    refused: frozenset[int] = frozenset()


def _find_apart(connection: Connection, engine: _Finds, numbers: Sequence[int], *, now: datetime) -> _Found:
    """Store every pair that the criteria accept; a procedure at which that fails is a reject."""
    parts, failed = work_apart(connection, numbers, lambda some: _find(connection, engine, some, now=now))
    refuse_procedures(connection, failed, stage="match")
    return _Found(
        count=sum(part.count for part in parts),
        writers={writer for part in parts for writer in part.writers},
        refused=frozenset(number for number, _ in failed),
    )


def _find(connection: Connection, engine: _Finds, numbers: Sequence[int], *, now: datetime) -> _Found:
    """Store every pair that the criteria accept, some thousands at a time."""
    known = {one.procedure_id: one for one in procedures.get_procedures(connection, numbers)}
    told = engine.match([(number, procedure.view) for number, procedure in known.items()])
    found = _Found()
    for some in matches.in_parts((_matches(known[one.number], one) for one in told), most=_PAIRS):
        writer = matches.put_matches(connection, some, now=now)
        found.writers.update(() if writer is None else (writer,))
        found.count += sum(len(one.profile_ids) for one in some)
    return found


def _matches(procedure: Procedure, told: Told) -> NewMatches:
    decision = told.decision
    has_own = bool(decision.lot_ids) and has_own_deadlines(procedure.view)
    deadlines = deadlines_of(procedure.view, decision.lot_ids) if has_own else ()
    is_open = procedure.state is ProcedureState.OPEN
    return NewMatches(
        list(told.profile_ids),
        procedure.procedure_id,
        procedure.revision,
        decision,
        deadlines,
        is_open=is_open,
    )
