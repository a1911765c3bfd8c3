"""Index: copy procedures that changed into the search index.

The index is a copy and nothing waits for it: while it is away procedures stay unmarked, and are
copied when it is back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from alerting.domain.feed import Reject
from alerting.errors import SearchUnavailableError
from alerting.index.procedures import SearchIndex
from alerting.store import procedures, rejects
from alerting.store.database import Database


log = structlog.get_logger()

_BATCH = 500


def index_procedures(
    database: Database, index: SearchIndex | None, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Copy every waiting procedure.

    Returns:
        indexed, refused; waiting: procedures still to copy (all of them while no index is set).

    Raises:
        SearchUnavailableError: The index is away.
    """
    counts = {"indexed": 0, "refused": 0}
    if index is not None:
        index.ensure()
        _copy(database, index, now, counts)
    with database.begin() as connection:
        waiting = procedures.count_unindexed(connection)
    log.info("procedures_indexed", **counts, waiting_count=waiting)
    return {**counts, "waiting": waiting}


def _copy(
    database: Database, index: SearchIndex, now: Callable[[], datetime], counts: dict[str, int]
) -> None:
    """Copy batch by batch; a procedure that the index refuses is a reject, and marked all the same."""
    last = 0
    while True:
        with database.begin() as connection:
            batch = procedures.read_unindexed(connection, after=last, limit=_BATCH)
        if not batch:
            return
        last = batch[-1][0].procedure_id
        refusals = {refusal.procedure_id: refusal for refusal in index.put([one for one, _ in batch])}
        with database.begin() as connection:
            for procedure, fingerprint in batch:
                procedures.mark_indexed(
                    connection, procedure.procedure_id, fingerprint=fingerprint, now=now()
                )
                if procedure.procedure_id in refusals:
                    reject = Reject(
                        f"procedure {procedure.procedure_id}", refusals[procedure.procedure_id].problem
                    )
                    rejects.add_reject(connection, reject, feed_id=procedure.view.feed_id, stage="index")
        counts["indexed"] += len(batch) - len(refusals)
        counts["refused"] += len(refusals)


def index_or_say_why(
    database: Database, index: SearchIndex | None, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Copy every waiting procedure; while the index is away say so under "problem"."""
    try:
        return index_procedures(database, index, now=now)
    except SearchUnavailableError as error:
        with database.begin() as connection:
            waiting = procedures.count_unindexed(connection)
        return {"indexed": 0, "refused": 0, "problem": str(error), "waiting": waiting}


def search(
    index: SearchIndex | None, text: str, *, departement: str | None, size: int
) -> list[dict[str, Any]]:
    """Ask the index.

    Raises:
        SearchUnavailableError: No index is set, or it is away.
    """
    if index is None:
        raise SearchUnavailableError("search: no index is set (ELASTICSEARCH_URL)")
    return list(index.search(text, departement=departement, size=size))
