"""Match: changed procedures meet all profiles, changed profiles meet all open procedures.

Each batch is one transaction: the rows are taken, matched, and marked together with their matches.
Batches are one worker's at a time: one that had read a profile before it changed could else write a
match of its old criteria after another worker had matched the new ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from alerting.domain.lots import deadlines_of, has_own_deadlines
from alerting.domain.match import Decision
from alerting.domain.procedure import Procedure
from alerting.errors import ProfileError
from alerting.matching.engine import Engine
from alerting.store import firms, matches, procedures
from alerting.store.database import Connection, Database, lock
from alerting.store.matches import NewMatch


log = structlog.get_logger()

# Procedures meet all profiles, profiles all open procedures: thousands of pairs each.
_PROCEDURES = 100
_PROFILES = 500
_LOCK = "alerting: match"


def match_profiles(
    database: Database, *, engine_file: Path | None = None, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Match everything that waits, both ways.

    Args:
        database: Where everything is.
        engine_file: Where the engine is kept between calls; None: it is built anew.
        now: The clock.

    Returns:
        procedures, profiles (that were matched), matches (found), ended (no longer accepted); waiting:
        pairs with something to tell.
    """
    counts: Counter[str] = Counter()
    engine: Engine | None = None
    while (matched := _match_procedures(database, engine, engine_file, now(), counts)) is not None:
        engine = matched
    while _match_profiles(database, now(), counts):
        pass
    if engine is not None and engine_file is not None:
        _keep(engine, engine_file)
    with database.begin() as connection:
        waiting = matches.count_untold(connection, now=now())
    report = {name: counts[name] for name in ("procedures", "profiles", "matches", "ended")}
    log.info("profiles_matched", **report)
    return {**report, "waiting": waiting}


def _match_procedures(
    database: Database, engine: Engine | None, engine_file: Path | None, now: datetime, counts: Counter[str]
) -> Engine | None:
    """Match one batch; return the engine that did it, None where nothing waits."""
    with database.begin() as connection:
        lock(connection, _LOCK)
        batch = procedures.claim_unmatched(connection, limit=_PROCEDURES)
        if not batch:
            return None
        engine = engine or _kept(engine_file)
        _bring_up_to_date(connection, engine)
        found = _find(engine, batch)
        ids = [procedure.procedure_id for procedure in batch]
        matches.put_matches(connection, found, now=now)
        ended = matches.end_other_matches(connection, among=ids, by_profile=False, now=now)
        procedures.mark_matched(connection, ids, now=now)
    counts.update(procedures=len(batch), matches=len(found), ended=ended)
    return engine


def _match_profiles(database: Database, now: datetime, counts: Counter[str]) -> bool:
    with database.begin() as connection:
        lock(connection, _LOCK)
        batch = firms.claim_unmatched_profiles(connection, limit=_PROFILES)
        if not batch:
            return False
        found = _find(Engine(batch), procedures.open_procedures(connection, now=now))
        ids = [profile_id for profile_id, _ in batch]
        matches.put_matches(connection, found, now=now)
        ended = matches.end_other_matches(connection, among=ids, by_profile=True, now=now)
        firms.mark_profiles_matched(connection, ids, now=now)
    counts.update(profiles=len(batch), matches=len(found), ended=ended)
    return True


def _find(engine: Engine, batch: Sequence[Procedure]) -> list[NewMatch]:
    """Return every pair that the criteria accept, by profile and procedure."""
    known = {procedure.procedure_id: procedure for procedure in batch}
    decided = engine.match([(procedure.procedure_id, procedure.view) for procedure in batch])
    found = [
        _match(profile_id, known[procedure_id], decision) for profile_id, procedure_id, decision in decided
    ]
    return sorted(found, key=lambda match: (match.profile_id, match.procedure_id))


def _match(profile_id: str, procedure: Procedure, decision: Decision) -> NewMatch:
    has_own = bool(decision.lot_ids) and has_own_deadlines(procedure.view)
    deadlines = deadlines_of(procedure.view, decision.lot_ids) if has_own else ()
    return NewMatch(profile_id, procedure.procedure_id, procedure.revision, decision, deadlines)


def _bring_up_to_date(connection: Connection, engine: Engine) -> None:
    """Let the engine hold exactly the standing profiles, each in its newest version."""
    standing = firms.profile_versions(connection)
    for profile_id in engine.versions.keys() - standing.keys():
        engine.remove(profile_id)
    changed = [one for one, version in standing.items() if engine.versions.get(one) != version]
    if changed:
        for profile_id, version, criteria in firms.criteria_of(connection, changed):
            engine.put(profile_id, criteria, version=version)


def _kept(engine_file: Path | None) -> Engine:
    """Return the engine of the last call; an empty one where there is none, or it is not to be used."""
    if engine_file is None or not engine_file.exists():
        return Engine()
    try:
        return Engine.load(engine_file)
    except (OSError, ValueError, ProfileError) as error:
        log.warning("engine_built_anew", problem=str(error))
        return Engine()


def _keep(engine: Engine, engine_file: Path) -> None:
    """Keep the engine for the next call; where that fails it is built anew then."""
    try:
        engine_file.parent.mkdir(parents=True, exist_ok=True)
        engine.save(engine_file)
    except OSError as error:
        log.warning("engine_not_kept", problem=error.strerror)
