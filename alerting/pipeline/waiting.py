"""Count what waits for each step: the question that a scheduler asks before it wakes one."""

from __future__ import annotations

from datetime import datetime

from alerting.store import deliveries, documents, firms, matches, procedures
from alerting.store.database import Database


def count_waiting(database: Database, *, now: datetime, with_index: bool) -> dict[str, int]:
    """Return how many rows wait: documents, to_index, to_match, to_compose, to_deliver.

    Args:
        database: Where to look.
        now: What is due, is due at this moment.
        with_index: Whether there is a search index; without one nothing waits for it.
    """
    with database.begin() as connection:
        unmatched = procedures.count_unmatched(connection) + firms.count_unmatched_profiles(connection)
        return {
            "documents": documents.count_waiting(connection),
            "to_index": procedures.count_unindexed(connection) if with_index else 0,
            "to_match": unmatched,
            "to_compose": matches.count_untold(connection, now=now),
            "to_deliver": deliveries.count_to_send(connection, now=now),
        }
