"""A new generation of the search index, beside the one that serves, with real servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.domain.search import SearchRequest
from alerting.errors import SearchUnavailableError
from alerting.index.procedures import ReadProcedure, SearchIndex
from alerting.pipeline.index import index_procedures
from alerting.pipeline.rebuild import rebuild_index
from alerting.store import procedures
from alerting.store.database import open_database, try_lock


NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def database(database_url):
    own = open_database(database_url)
    yield own
    own.close()


@pytest.fixture
def index(elasticsearch_url):
    own = SearchIndex(elasticsearch_url, f"test-{uuid4().hex}", pause_seconds=0.01)
    yield own
    for generation in own.generations():
        own.drop(generation)
    own.close()


def view(title):
    return Notice("feed", title, None, NoticeKind.CALL, title)


def add(database, *titles):
    """Store open procedures; return their numbers."""
    with database.begin() as connection:
        return [
            procedures.add_procedure(connection, view=view(title), state=ProcedureState.OPEN)
            for title in titles
        ]


def titles(index):
    index.count()
    found = index.search(SearchRequest(), now=NOW)["found"]
    return sorted(one["title"] for one in found)


def clock():
    return NOW


def state(index):
    """Return the last digit of each generation, and which one serves."""
    return {one.name[-1]: one.is_serving for one in index.generations()}


def test_a_rebuilt_index_holds_what_the_database_holds(database, index):
    """
    The copy that was wrong is right again, and the generation before it is there for an hour.
    """
    add(database, "Toiture", "Peinture")
    index_procedures(database, index, now=clock)
    with database.begin() as connection:
        (first, _), (second, fingerprint) = procedures.read_procedures(connection)
    index.put([ReadProcedure(first, fingerprint), ReadProcedure(second, "lost")])

    report = rebuild_index(database, index, now=clock)
    just_after = state(index)
    index_procedures(database, index, now=lambda: NOW + timedelta(hours=2))

    assert (report["procedures"], report["put"], report["refused"]) == (2, 2, 0)
    assert titles(index) == ["Peinture", "Toiture"]
    assert (just_after, state(index)) == ({"1": False, "2": True}, {"2": True})


def test_a_killed_rebuild_goes_on_where_it_was(database, index):
    """
    The old generation serves on; what the unfinished one holds is not written again, what changed since is.
    """
    _, second, _ = add(database, "Toiture", "Peinture", "Sols")
    index_procedures(database, index, now=clock)
    unfinished = index.create_generation(is_serving=False, now=NOW)
    with database.begin() as connection:
        read = [ReadProcedure(*one) for one in procedures.read_procedures(connection, limit=2)]
    index.put(read, into=unfinished.name)
    served_meanwhile = titles(index)
    with database.begin() as connection:
        procedures.change_procedure(
            connection, second, view=view("Enduits"), state=ProcedureState.OPEN, changes=None
        )

    report = rebuild_index(database, index, now=clock)

    assert served_meanwhile == ["Peinture", "Sols", "Toiture"]
    assert (report["generation"], report["put"]) == (unfinished.name, 2)
    assert titles(index) == ["Enduits", "Sols", "Toiture"]


def test_a_rebuild_killed_after_it_began_to_serve_is_brought_level_by_the_next_step(database, index):
    """
    What was copied into the old generation in between is in the new one, though it is marked.
    """
    add(database, "Toiture")
    index_procedures(database, index, now=clock)
    unfinished = index.create_generation(is_serving=False, now=NOW)
    index.serve(unfinished, now=NOW)

    index_procedures(database, index, now=clock)

    assert titles(index) == ["Toiture"]


def test_a_lost_index_is_copied_again(database, index):
    """
    No generation serves: every procedure waits, whatever its mark says.
    """
    add(database, "Toiture")
    index_procedures(database, index, now=clock)
    for generation in index.generations():
        index.drop(generation)

    report = index_procedures(database, index, now=clock)

    assert (report["indexed"], titles(index)) == (1, ["Toiture"])


def test_two_rebuilds_do_not_meet(database, index):
    """
    The second says that the first is running.
    """
    with database.begin() as connection:
        assert try_lock(connection, "alerting: rebuild of the search index")
        with pytest.raises(SearchUnavailableError, match=r"^search index: another rebuild is running"):
            rebuild_index(database, index, now=clock)
