"""Index: copy procedures that changed into the search index.

The index is a copy and nothing waits for it: while it is away procedures stay unmarked, and are
copied when it is back.  One that has lost its data, or is of an older mapping, is built anew first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from alerting.domain.search import SearchRequest, SearchSort
from alerting.errors import SearchUnavailableError, SettingError
from alerting.index.generations import find_serving
from alerting.index.procedures import SearchIndex
from alerting.pipeline.ahead import made_ahead
from alerting.pipeline.rebuild import (
    Read,
    add_refusals,
    drop_outlived,
    read_apart,
    rebuild_index,
    settle_index,
    start_index,
    try_rebuild,
)
from alerting.store import procedures
from alerting.store.database import Database


log = structlog.get_logger()

LOCK = "alerting: copying into the search index"
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
        # Two at once could put an older state over a newer one.
        with database.try_hold(LOCK) as is_ours:
            if not is_ours:
                log.info("index_copied_by_another")
            elif _is_ready(database, index, now):
                _copy(database, index, now, counts)
    with database.begin() as connection:
        waiting = procedures.count_unindexed(connection)
    log.info("procedures_indexed", **counts, waiting_count=waiting)
    return {**counts, "waiting": waiting}


def _is_ready(database: Database, index: SearchIndex, now: Callable[[], datetime]) -> bool:
    """See that a generation serves which takes our documents and holds all that is marked.

    Returns:
        False while another process builds it.
    """
    serving = find_serving(index.generations())
    if serving is None:
        return start_index(database, index, now=now)
    if not serving.is_current:
        return try_rebuild(database, index, now=now) is not None
    if not serving.is_settled:
        settle_index(database, index, now=now)
    else:
        drop_outlived(index, now=now())
    return True


def _copy(
    database: Database, index: SearchIndex, now: Callable[[], datetime], counts: dict[str, int]
) -> None:
    """Copy batch by batch; a procedure that the index or we refuse is a reject, and marked all the same."""
    with made_ahead(_waiting(database)) as batches:
        for fingerprints, batch in batches:
            refusals = index.put(batch.ready)
            read_as = {one.procedure.procedure_id: one.content_hash for one in batch.ready}
            with database.begin() as connection:
                procedures.mark_indexed(connection, fingerprints | read_as, now=now())
                add_refusals(connection, refusals, batch)
            counts["indexed"] += len(batch.ready) - len(refusals)
            counts["refused"] += len(batch.failed) + len(refusals)


def _waiting(database: Database) -> Iterator[tuple[dict[int, str], Read]]:
    """Yield batches of what waits: the fingerprint of each, and what is ready to be sent."""
    last = 0
    while True:
        with database.begin() as connection:
            fingerprints = procedures.unindexed_fingerprints(connection, after=last, limit=_BATCH)
            batch = read_apart(connection, list(fingerprints))
        if not fingerprints:
            return
        last = max(fingerprints)
        yield fingerprints, batch


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


def rebuild(database: Database, index: SearchIndex | None, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Build the index anew; see ``pipeline.rebuild``.

    Raises:
        SettingError: No index is set.
        SearchUnavailableError: It is away.
    """
    if index is None:
        raise SettingError("ELASTICSEARCH_URL", "the address of Elasticsearch", "")
    return rebuild_index(database, index, now=now)


def search(
    index: SearchIndex | None, request: SearchRequest, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Ask the index.

    Raises:
        SettingError: No index is set.
        SearchUnavailableError: It is away.
    """
    if index is None:
        raise SettingError("ELASTICSEARCH_URL", "the address of Elasticsearch", "")
    if not request.text.strip() and request.like is None and request.sort is SearchSort.RELEVANCE:
        request = replace(request, sort=SearchSort.PUBLISHED)
    return index.search(request, now=now())
