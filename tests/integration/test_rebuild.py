"""A new generation of the search index, beside the one that serves, with real servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.domain.search import SearchRequest
from alerting.errors import SearchError, SearchUnavailableError
from alerting.index.documents import MAPPING
from alerting.index.procedures import SearchIndex
from alerting.pipeline import index as copying, rebuild
from alerting.pipeline.index import index_procedures
from alerting.pipeline.rebuild import rebuild_index
from alerting.store import procedures, rejects


NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def index(elasticsearch_url, alias):
    own = SearchIndex(elasticsearch_url, alias, pause_seconds=0.01)
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


def rejected(database):
    """Return what was rejected, in words."""
    with database.begin() as connection:
        return [reject["problem"] for reject in rejects.list_rejects(connection)]


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
        first, second = rebuild.read(connection, list(procedures.fingerprints(connection)))
    index.put([first, replace(second, content_hash="lost")])

    report = rebuild_index(database, index, now=clock)
    just_after = state(index)
    index_procedures(database, index, now=lambda: NOW + timedelta(hours=2))

    assert (report["procedures"], report["put"], report["refused"]) == (2, 2, 0)
    assert titles(index) == ["Peinture", "Toiture"]
    assert (just_after, state(index)) == ({"1": False, "2": True}, {"2": True})


def test_a_procedure_that_our_code_cannot_read_keeps_nobody_out_of_a_new_generation(database, index):
    """
    Its row is broken: the step and the rebuild refuse it, say why, and hold all others; mended and changed, it is found.
    """
    _, broken, _ = add(database, "Toiture", "Peinture", "Sols")
    with database.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE procedures SET view = view - 'kind' WHERE procedure_id = {broken}"
        )

    steps = [index_procedures(database, index, now=clock) for _ in range(2)]
    copied = titles(index)
    report = rebuild_index(database, index, now=clock)
    (problem,) = rejected(database)
    with database.begin() as connection:
        procedures.change_procedure(
            connection, broken, view=view("Enduits"), state=ProcedureState.OPEN, changes=None
        )
    index_procedures(database, index, now=clock)

    assert steps == [
        {"indexed": 2, "refused": 1, "waiting": 0},
        {"indexed": 0, "refused": 0, "waiting": 0},
    ]
    assert (report["procedures"], report["put"], report["refused"]) == (3, 2, 1)
    assert problem.startswith("a bug of ours (TypeError: ")
    assert (copied, titles(index)) == (["Sols", "Toiture"], ["Enduits", "Sols", "Toiture"])


def test_a_killed_rebuild_goes_on_where_it_was(database, index):
    """
    The old generation serves on; what the unfinished one holds is not written again, what changed since is.
    """
    _, second, _ = add(database, "Toiture", "Peinture", "Sols")
    index_procedures(database, index, now=clock)
    unfinished = index.create_generation(is_serving=False, now=NOW)
    with database.begin() as connection:
        read = list(rebuild.read(connection, list(procedures.fingerprints(connection, limit=2))))
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


def test_a_rebuilt_index_is_one_segment(database, index, client):
    """
    What was put in parts is merged before it serves: a question looks into one place.
    """
    add(database, "Toiture", "Peinture", "Sols")
    unfinished = index.create_generation(is_serving=False, now=NOW)
    with database.begin() as connection:
        read = list(rebuild.read(connection, list(procedures.fingerprints(connection, limit=2))))
    for one in read:
        index.put([one], into=unfinished.name)
        index.count(of=unfinished.name)
    before = segments(client, unfinished)

    report = rebuild_index(database, index, now=clock)

    assert report["generation"] == unfinished.name
    assert (before, segments(client, unfinished)) == ([1, 1], [3])


def segments(client, generation):
    """Return how many documents are in each segment that is searched."""
    (shard,) = client.indices.segments(index=generation.name)["indices"][generation.name]["shards"]["0"]
    return [one["num_docs"] for one in shard["segments"].values() if one["search"]]


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
    The second says that the first is running; the step beside it leaves its rows waiting, as its log says.
    """
    add(database, "Toiture")
    with database.try_hold(rebuild.LOCK) as is_ours:
        assert is_ours
        with pytest.raises(SearchUnavailableError, match=r"^search index: another rebuild is running"):
            rebuild_index(database, index, now=clock)

        assert index_procedures(database, index, now=clock) == {"indexed": 0, "refused": 0, "waiting": 1}


def test_two_copiers_do_not_meet(database, index):
    """
    The second leaves its rows to the first: else it could put an older state over a newer one.
    """
    add(database, "Toiture")
    with database.try_hold(copying.LOCK) as is_ours:
        assert is_ours
        beside = index_procedures(database, index, now=clock)

    after = index_procedures(database, index, now=clock)

    assert [report["waiting"] for report in (beside, after)] == [1, 0]


def test_a_rebuild_holds_no_transaction_open(database):
    """
    However long it takes, PostgreSQL may clean up behind it: its lock is that of an idle session.
    """
    with database.try_hold(rebuild.LOCK), database.begin() as connection:
        states = connection.exec_driver_sql(
            "SELECT state FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory'"
            " AND pg_stat_activity.datname = current_database()"
        )

        assert states.scalars().all() == ["idle"]


def test_a_changed_mapping_is_a_new_generation_of_the_next_step(database, index, client, alias):
    """
    A generation of an older mapping serves; the step builds one of ours, whole, and lets it serve.
    """
    add(database, "Toiture", "Peinture")
    index_procedures(database, index, now=clock)
    older = {**MAPPING, "_meta": {"mapping_hash": "of an older release", "is_settled": True}}
    client.indices.create(index=f"{alias}-000002", mappings=older)
    (first, second) = index.generations()
    index.serve(second, now=NOW)
    index.drop(first)
    client.indices.put_mapping(index=second.name, meta=older["_meta"])

    index_procedures(database, index, now=clock)

    assert (state(index), titles(index)) == ({"2": False, "3": True}, ["Peinture", "Toiture"])


def test_a_mapping_that_somebody_else_made_is_a_new_generation_too(database, index, client, alias):
    """
    The alias leads to an index whose fields are not ours, whatever it says of itself.
    """
    add(database, "Toiture")
    index_procedures(database, index, now=clock)
    (ours,) = index.generations()
    notes = client.indices.get_mapping(index=ours.name)[ours.name]["mappings"]["_meta"]
    client.indices.create(
        index=f"{alias}-000002",
        mappings={"_meta": notes, "dynamic": "strict", "properties": {"procedure_id": {"type": "text"}}},
    )
    index.serve(index.get_generation(f"{alias}-000002"), now=NOW)
    index.settle(index.get_generation(f"{alias}-000002"), now=NOW)
    with database.begin() as connection:
        procedures.unmark_indexed(connection)

    report = index_procedures(database, index, now=clock)

    assert (report, titles(index)) == ({"indexed": 1, "refused": 0, "waiting": 0}, ["Toiture"])
    assert (state(index)["3"], rejected(database)) == (True, [])


def test_a_cluster_that_changes_our_mapping_is_named(database, index, client, alias):
    """
    An index template adds a field: no generation is left behind, and one line says where to look.
    """
    template = {"mappings": {"properties": {"tags": {"type": "keyword"}}}}
    client.indices.put_index_template(name=alias, index_patterns=[f"{alias}-*"], template=template)
    try:
        with pytest.raises(SearchError, match=r"; look for an index template that applies to '.+-000001'$"):
            index_procedures(database, index, now=clock)

        assert index.generations() == ()
    finally:
        client.indices.delete_index_template(name=alias)


def test_a_generation_of_other_counts_does_not_serve(database, index, client):
    """
    One document too many: the generation is given up, the old one serves on, the next rebuild is right.
    """
    add(database, "Toiture")
    index_procedures(database, index, now=clock)
    unfinished = index.create_generation(is_serving=False, now=NOW)
    client.index(index=unfinished.name, id="999", document={"title": "Nobody's"})

    with pytest.raises(SearchError) as caught:
        rebuild_index(database, index, now=clock)
    meanwhile = state(index)
    report = rebuild_index(database, index, now=clock)

    line = f"search index {unfinished.name!r}: 2 procedures (expected 1); run: alerting index rebuild"
    assert (str(caught.value), meanwhile) == (line, {"1": True})
    assert (report["put"], titles(index)) == (1, ["Toiture"])


def test_a_generation_of_other_content_does_not_serve(database, index, client):
    """
    A document says another title than was written, under the right hash: found by comparing it whole.
    """
    (number,) = add(database, "Toiture")
    index_procedures(database, index, now=clock)
    unfinished = index.create_generation(is_serving=False, now=NOW)
    with database.begin() as connection:
        (stored,) = rebuild.read(connection, [number])
    document = stored.document()
    client.index(index=unfinished.name, id=str(number), document=document | {"title": "Another"})

    with pytest.raises(SearchError, match=rf": procedure {number} is not as it was written; run: ") as caught:
        rebuild_index(database, index, now=clock)

    assert (unfinished.name in str(caught.value), state(index)) == (True, {"1": True})


def test_the_generation_that_serves_is_never_given_up(database, index, client):
    """
    Killed after it began to serve, and damaged since: the step says so and serves on; a rebuild mends it.
    """
    (number,) = add(database, "Toiture")
    index_procedures(database, index, now=clock)
    serving = index.create_generation(is_serving=False, now=NOW)
    index.serve(serving, now=NOW)
    with database.begin() as connection:
        (stored,) = rebuild.read(connection, [number])
    document = stored.document()
    client.index(index=serving.name, id=str(number), document=document | {"title": "Another"})

    with pytest.raises(SearchError, match=r" is not as it was written; run: alerting index rebuild$"):
        index_procedures(database, index, now=clock)
    meanwhile = titles(index)
    rebuild_index(database, index, now=clock)

    assert (meanwhile, titles(index)) == (["Toiture"], ["Toiture"])
    assert state(index) == {"1": False, "2": False, "3": True}


def test_a_generation_deleted_in_the_middle_is_not_served_as_another(database, index, client):
    """
    What documents made of it since knows no mapping of ours: it is given up.
    """
    add(database, "Toiture")
    unfinished = index.create_generation(is_serving=False, now=NOW)
    index.drop(unfinished)
    client.index(index=unfinished.name, id="1", document={"title": "made by a document"})

    report = rebuild_index(database, index, now=clock)

    assert (report["put"], titles(index)) == (1, ["Toiture"])


def test_a_closed_index_is_no_lost_one(database, index, client):
    """
    Nothing is unmarked, rejected or made anew; the line says to open it, and then it goes on.
    """
    add(database, "Toiture")
    index_procedures(database, index, now=clock)
    add(database, "Peinture")
    (only,) = index.generations()
    client.indices.close(index=only.name)

    with pytest.raises(SearchError, match=r"; open it \(POST /INDEX/_open\), then run: alerting run index$"):
        index_procedures(database, index, now=clock)
    refused = rejected(database)
    client.indices.open(index=only.name)
    report = index_procedures(database, index, now=clock)

    assert (refused, report["indexed"], titles(index)) == ([], 1, ["Peinture", "Toiture"])
    assert state(index) == {"1": True}


def test_a_rebuild_whose_process_is_killed_goes_on_where_it_was(
    database, database_url, index, elasticsearch_url, alias
):
    """
    SIGKILL in its second batch: the old generation serves on, nobody holds the lock, the next run ends the work
    in the same generation.
    """
    add(database, *(f"Toiture {number}" for number in range(1_500)))
    index_procedures(database, index, now=clock)
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "ELASTICSEARCH_URL": elasticsearch_url,
        "ALERTING_INDEX_ALIAS": alias,
        "ALERTING_SECRET": "a secret of the tests",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", "from alerting.cli import main; main()", "index", "rebuild"],
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert process.stderr is not None
    line = next(line for line in process.stderr if "index_rebuilding" in line)
    process.kill()
    process.wait()
    process.stderr.close()
    killed = (process.returncode, state(index), index.count())

    report = rebuild_index(database, index, now=clock)

    assert "seen_count=500" in line
    assert killed == (-signal.SIGKILL, {"1": True, "2": False}, 1_500)
    assert (state(index), index.count(), report["put"] <= 1_000) == ({"1": False, "2": True}, 1_500, True)
