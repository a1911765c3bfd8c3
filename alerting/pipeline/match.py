"""Match: changed procedures meet all profiles, changed profiles meet all open procedures.

Each batch is one transaction: the rows are taken, matched, and marked together with their matches.
Batches are one worker's at a time: one that had read a profile before it changed could else write a
match of its old criteria after another worker had matched the new ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from alerting.domain.criteria import Criteria
from alerting.domain.procedure import Procedure
from alerting.matching.engine import Engine
from alerting.store import firms, matches, procedures
from alerting.store.database import Database, lock
from alerting.store.matches import NewMatch


log = structlog.get_logger()

_BATCH = 500
_LOCK = "alerting: match"


def match_profiles(database: Database, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Match everything that waits, both ways.

    Returns:
        procedures, profiles (that were matched), matches (found), ended (no longer accepted); waiting:
        pairs with something to tell.
    """
    counts: Counter[str] = Counter()
    while _match_procedures(database, now(), counts):
        pass
    while _match_profiles(database, now(), counts):
        pass
    with database.begin() as connection:
        waiting = matches.count_untold(connection, now=now())
    report = {name: counts[name] for name in ("procedures", "profiles", "matches", "ended")}
    log.info("profiles_matched", **report)
    return {**report, "waiting": waiting}


def _match_procedures(database: Database, now: datetime, counts: Counter[str]) -> bool:
    with database.begin() as connection:
        lock(connection, _LOCK)
        batch = procedures.claim_unmatched(connection, limit=_BATCH)
        if not batch:
            return False
        found = _find(firms.active_profiles(connection), batch)
        ids = [procedure.procedure_id for procedure in batch]
        matches.put_matches(connection, found, now=now)
        ended = matches.end_other_matches(connection, among=ids, by_profile=False, found=found, now=now)
        procedures.mark_matched(connection, ids, now=now)
    counts.update(procedures=len(batch), matches=len(found), ended=ended)
    return True


def _match_profiles(database: Database, now: datetime, counts: Counter[str]) -> bool:
    with database.begin() as connection:
        lock(connection, _LOCK)
        batch = firms.claim_unmatched_profiles(connection, limit=_BATCH)
        if not batch:
            return False
        found = _find(batch, procedures.open_procedures(connection, now=now))
        ids = [profile_id for profile_id, _ in batch]
        matches.put_matches(connection, found, now=now)
        ended = matches.end_other_matches(connection, among=ids, by_profile=True, found=found, now=now)
        firms.mark_profiles_matched(connection, ids, now=now)
    counts.update(profiles=len(batch), matches=len(found), ended=ended)
    return True


def _find(profiles: Sequence[tuple[str, Criteria]], batch: Sequence[Procedure]) -> list[NewMatch]:
    """Return every pair that the criteria accept, by profile and procedure."""
    revisions = {procedure.procedure_id: procedure.revision for procedure in batch}
    decided = Engine(profiles).match([(procedure.procedure_id, procedure.view) for procedure in batch])
    found = [
        NewMatch(profile_id, procedure_id, revisions[procedure_id], decision)
        for profile_id, procedure_id, decision in decided
        if decision.accepted
    ]
    return sorted(found, key=lambda match: (match.profile_id, match.procedure_id))
