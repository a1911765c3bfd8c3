"""Elasticsearch in trouble: the step stops in one line that says what to do, and goes on by itself when it is over."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime

import pytest

from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.domain.search import SearchRequest
from alerting.errors import SearchUnavailableError
from alerting.index.procedures import SearchIndex
from alerting.local.elasticsearch import LocalElasticsearch
from alerting.local.ports import free_port
from alerting.pipeline.index import index_procedures
from alerting.pipeline.rebuild import rebuild_index
from alerting.store import procedures, rejects


NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
# A request may hold 100 kB; what is being written at once, 200 kB, where each request counts thrice.
NARROW = {"http.max_content_length": "100kb", "indexing_pressure.memory.limit": "200kb"}
DONE = {"indexed": 1, "refused": 0, "waiting": 0}


@pytest.fixture(scope="module")
def narrow_node(servers_folder, elasticsearch_jars):
    """A node of these tests alone, that takes little at once."""
    node = LocalElasticsearch(
        servers_folder / "narrow", elasticsearch_jars, servers_folder / "narrow.log", settings=NARROW
    )
    node.start()
    yield node
    node.stop()


@pytest.fixture
def index(elasticsearch_url, alias):
    """An index that waits a second for a shard, and hardly for room."""
    own = SearchIndex(elasticsearch_url, alias, pause_seconds=0.01, patience_seconds=20)
    yield own
    drop_all(own)


@pytest.fixture
def narrow_index(narrow_node, alias):
    own = SearchIndex(narrow_node.url, alias, pause_seconds=0.01)
    yield own
    drop_all(own)


def drop_all(index):
    for generation in index.generations():
        index.drop(generation)
    index.close()


def clock():
    return NOW


def add(database, *titles, description=None):
    """Store open procedures; return their numbers."""
    views = [Notice("feed", title, None, NoticeKind.CALL, title, description=description) for title in titles]
    with database.begin() as connection:
        return [procedures.add_procedure(connection, view=view, state=ProcedureState.OPEN) for view in views]


def step(database, index):
    return index_procedures(database, index, now=clock)


def failure(database, index):
    """Run the step, which fails for now; return its line without the index's name."""
    with pytest.raises(SearchUnavailableError) as caught:
        step(database, index)
    assert "\n" not in str(caught.value)
    return str(caught.value).partition("': ")[2]


def left(database):
    """Return how many procedures wait, and what was rejected."""
    with database.begin() as connection:
        waiting = procedures.count_unindexed(connection)
        return waiting, [(one["where"], one["problem"]) for one in rejects.list_rejects(connection)]


def titles(index):
    index.count()
    return sorted(one["title"] for one in index.search(SearchRequest(), now=NOW)["found"])


def test_a_full_disk_stops_the_step_until_there_is_room(database, index, client, alias):
    """
    The block that Elasticsearch sets at its flood stage: the row waits, what was copied is found meanwhile, and the
    old generations can still be deleted.
    """
    add(database, "Toiture")
    step(database, index)
    add(database, "Peinture")
    block = "index.blocks.read_only_allow_delete"
    client.indices.put_settings(index=alias, settings={block: True})

    line = failure(database, index)
    meanwhile = left(database), titles(index)
    client.indices.put_settings(index=alias, settings={block: None})
    report = step(database, index)

    assert line.endswith("; its disk is full: free space, then it goes on by itself")
    assert line.startswith("status 429 (index [")
    assert meanwhile == ((1, []), ["Toiture"])
    assert (report, titles(index)) == (DONE, ["Peinture", "Toiture"])


def test_an_index_made_read_only_stops_the_step(database, index, client, alias):
    """
    As for a backup: the line names the setting.
    """
    add(database, "Toiture")
    step(database, index)
    add(database, "Peinture")
    client.indices.put_settings(index=alias, settings={"index.blocks.write": True})

    line = failure(database, index)
    meanwhile = left(database)
    client.indices.put_settings(index=alias, settings={"index.blocks.write": None})

    assert line.endswith("; it was made read-only: set its index.blocks to null, then it goes on by itself")
    assert (meanwhile, step(database, index)) == ((1, []), DONE)


def test_a_red_index_stops_the_step_and_the_search(database, elasticsearch_url, index, client, alias):
    """
    No node may hold its shard: both say where to ask why, and go on when one may.
    """
    add(database, "Toiture")
    impatient = SearchIndex(elasticsearch_url, alias, patience_seconds=6)
    nobody = "index.routing.allocation.require._name"
    client.indices.put_index_template(
        name=alias, index_patterns=[f"{alias}-*"], template={"settings": {nobody: "nobody"}}
    )
    try:
        line = failure(database, impatient)
        with pytest.raises(SearchUnavailableError) as caught:
            impatient.search(SearchRequest(), now=NOW)
    finally:
        client.indices.delete_index_template(name=alias)
        impatient.close()
    colour = client.cluster.health(index=alias)["status"]
    meanwhile = left(database)
    client.indices.put_settings(index=alias, settings={nobody: None})
    client.cluster.health(index=alias, wait_for_status="yellow", timeout="60s")

    hint = "; a shard of it is away (GET /_cluster/allocation/explain says why); back, it goes on by itself"
    assert (colour, line[:10]) == ("red", "status 503")
    assert (line.endswith(hint), str(caught.value).endswith(hint)) == (True, True)
    assert (meanwhile, step(database, index), titles(index)) == ((1, []), DONE, ["Toiture"])


def test_a_server_that_does_not_answer_in_time_stops_the_step(database, narrow_node, narrow_index, alias):
    """
    Its process hangs: the step stops when its patience ends, and the next one goes on.
    """
    add(database, "Toiture")
    step(database, narrow_index)
    add(database, "Peinture")
    impatient = SearchIndex(narrow_node.url, alias, patience_seconds=0.3)
    os.kill(narrow_node.process.pid, signal.SIGSTOP)
    try:
        line = failure(database, impatient)
        with pytest.raises(SearchUnavailableError, match=r": no answer in time$"):
            impatient.search(SearchRequest(), now=NOW)
    finally:
        os.kill(narrow_node.process.pid, signal.SIGCONT)
        impatient.close()

    assert (line, left(database)) == ("no answer in time", (1, []))
    assert (step(database, narrow_index), titles(narrow_index)) == (DONE, ["Peinture", "Toiture"])


def test_a_server_that_is_away_loses_nothing(database, index, alias):
    """
    Nobody listens: the row waits, whichever step asks.
    """
    add(database, "Toiture")
    away = SearchIndex(f"http://127.0.0.1:{free_port()}", alias)

    line = failure(database, away)
    with pytest.raises(SearchUnavailableError):
        rebuild_index(database, away, now=clock)
    away.close()

    assert (line, left(database)) == ("no answer; start it, or see ELASTICSEARCH_URL", (1, []))
    assert (step(database, index), titles(index)) == (DONE, ["Toiture"])


def test_a_request_that_is_too_large_is_made_smaller(database, narrow_index):
    """
    Status 413: the batch is halved until it is taken; the document that no request can hold is a reject of its own.
    """
    fitting = add(database, *(f"Toiture {number}" for number in range(8)), description="ardoise " * 2_000)
    (huge,) = add(database, "Peinture", description="enduit " * 20_000)

    report = step(database, narrow_index)

    assert (report, narrow_index.count()) == ({"indexed": len(fitting), "refused": 1, "waiting": 0}, 8)
    where = f"procedure {huge}"
    assert left(database) == (0, [(where, "too large for one request: raise http.max_content_length")])


def test_an_overloaded_server_is_given_pauses_and_then_time(database, narrow_index, index):
    """
    Status 429 whatever is paused: nothing counts as copied; a server with room takes it.
    """
    add(database, "Toiture", description="ardoise " * 5_500)

    line = failure(database, narrow_index)
    meanwhile = left(database)

    assert line.startswith("status 429 (rejected execution of ")
    assert line.endswith("; it is overloaded; it goes on by itself, if it lasts give it more memory")
    assert (meanwhile, step(database, index)) == ((1, []), DONE)


def test_a_document_that_is_refused_holds_up_no_other(database, index):
    """
    It is a reject of its own, said once, and told to no later run; its neighbours are found.
    """
    (odd, _) = add(database, "Toiture", "Peinture")
    with database.begin() as connection:
        view = Notice("feed", "Toiture", None, NoticeKind.CALL, "Toiture", cpv_main="4" * 40_000)
        procedures.change_procedure(connection, odd, view=view, state=ProcedureState.OPEN, changes=None)

    reports = [step(database, index), step(database, index)]
    ((where, problem),) = left(database)[1]

    assert reports == [{"indexed": 1, "refused": 1, "waiting": 0}, {"indexed": 0, "refused": 0, "waiting": 0}]
    assert (where, titles(index)) == (f"procedure {odd}", ["Peinture"])
    assert "immense term in field" in problem
