"""Match: changed procedures meet all profiles, changed profiles meet all open procedures.

Each batch is one transaction: the rows are taken, matched, and marked together with their matches.
Batches are one worker's at a time: one that had read a profile before it changed could else write a
match of its old criteria after another worker had matched the new ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

import structlog

from alerting.domain.lots import deadlines_of, has_own_deadlines
from alerting.domain.match import Decision
from alerting.domain.notice import Notice
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.errors import SearchError, SearchUnavailableError
from alerting.matching.engine import Engine, Pair
from alerting.pipeline.engines import MatchingEngine
from alerting.store import firms, matches, procedures
from alerting.store.database import Connection, Database, lock
from alerting.store.matches import NewMatch


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
        procedures, profiles (that were matched), matches (found), ended (no longer accepted); waiting:
        pairs with something to tell.

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
    report = {name: counts[name] for name in ("procedures", "profiles", "matches", "ended")}
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
        found_count = _find(connection, engine, batch, now=now)
        ids = [procedure.procedure_id for procedure in batch]
        ended = matches.end_other_matches(connection, among=ids, by_profile=False, now=now)
        procedures.mark_matched(connection, ids, now=now)
    counts.update(procedures=len(batch), matches=found_count, ended=ended)
    return True


def _match_profiles(database: Database, now: datetime, counts: Counter[str]) -> bool:
    with database.begin() as connection:
        lock(connection, _LOCK)
        batch = firms.claim_unmatched_profiles(connection, limit=_PROFILES)
        if not batch:
            return False
        open_ones = procedures.open_procedures(connection, now=now)
        found_count = _find(connection, Engine(batch), open_ones, now=now)
        ids = [profile_id for profile_id, _ in batch]
        ended = matches.end_other_matches(connection, among=ids, by_profile=True, now=now)
        firms.mark_profiles_matched(connection, ids, now=now)
    counts.update(profiles=len(batch), matches=found_count, ended=ended)
    return True


class _Finds(Protocol):
    """Whatever finds pairs."""

    def match(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Pair]: ...


def _find(connection: Connection, engine: _Finds, batch: Sequence[Procedure], *, now: datetime) -> int:
    """Store every pair that the criteria accept, some thousands at a time; return how many."""
    known = {procedure.procedure_id: procedure for procedure in batch}
    decided = engine.match([(procedure.procedure_id, procedure.view) for procedure in batch])
    count = 0
    while some := list(islice(decided, _PAIRS)):
        found = [
            _match(profile_id, known[procedure_id], decision) for profile_id, procedure_id, decision in some
        ]
        matches.put_matches(connection, found, now=now)
        count += len(found)
    return count


def _match(profile_id: str, procedure: Procedure, decision: Decision) -> NewMatch:
    has_own = bool(decision.lot_ids) and has_own_deadlines(procedure.view)
    deadlines = deadlines_of(procedure.view, decision.lot_ids) if has_own else ()
    is_open = procedure.state is ProcedureState.OPEN
    return NewMatch(
        profile_id, procedure.procedure_id, procedure.revision, decision, deadlines, is_open=is_open
    )
