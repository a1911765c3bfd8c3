"""One meaning of a match: trying profiles with candidates from the search index finds what trying them on all does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import text

from alerting.domain.criteria import Criteria
from alerting.domain.feed import Reject
from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.index.procedures import SearchIndex
from alerting.local.ports import free_port
from alerting.pipeline.backtest import Tried, back_test, find_candidates, try_all
from alerting.pipeline.index import index_procedures
from alerting.store import procedures, rejects
from alerting.store.database import open_database
from tests.contract.test_engines_agree import criteria, notices


NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)
ROOFER = Criteria(trades=("couvreur",), words=("lavoir en pierre",), cpv_codes=("45262000",))
# Each example fills the same database anew, and the same index with numbers that no other example has.
stored = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def database(database_url):
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def index(elasticsearch_url):
    """An index of this test alone."""
    own = SearchIndex(elasticsearch_url, f"test-{uuid4().hex}", pause_seconds=0.01)
    yield own
    for generation in own.generations():
        own.drop(generation)
    own.close()


def add(database, found) -> list[int]:
    """Store notices as open procedures."""
    with database.begin() as connection:
        return [
            procedures.add_procedure(connection, view=one, state=ProcedureState.OPEN, now=NOW)
            for one in found
        ]


def copy(database, index) -> None:
    """Copy what waits, an hour before anybody tries."""
    report = index_procedures(database, index, now=lambda: EARLIER)
    assert (report["refused"], report["waiting"]) == (0, 0)


def call(title: str, **facts) -> Notice:
    return Notice("any", title, None, NoticeKind.CALL, title, **facts)


def try_each(database, asked, among) -> list[Tried]:
    """Return what comes of each procedure; that all could be read is sure."""
    unread: procedures.Unread = {}
    tried = list(try_all(database, asked, now=NOW, unread=unread, among=among))
    assert unread == {}
    return tried


def accepted(database, asked, among) -> set[tuple[str, int, object]]:
    return {
        (name, one.procedure.procedure_id, decision)
        for one in try_each(database, asked, among)
        for name, decision in one.decisions.items()
    }


@stored
@given(asked=st.lists(criteria, min_size=1, max_size=4), found=st.lists(notices, min_size=1, max_size=4))
def test_candidates_lack_nothing_that_is_accepted(database, index, asked, found):
    """
    Whatever profiles and procedures: equal sets of profile, procedure, lots and reasons; and equal reports.
    """
    with database.begin() as connection:
        connection.execute(text("TRUNCATE procedures CASCADE"))
    add(database, found)
    copy(database, index)
    named = [(str(number), one) for number, one in enumerate(asked)]

    among = find_candidates(database, index, asked, now=NOW)

    assert accepted(database, named, among) == accepted(database, named, None)
    reports = [back_test(database, asked[0], now=lambda: NOW, index=one) for one in (index, None)]
    assert reports[0] == reports[1]


def test_only_what_may_be_accepted_is_read(database, index):
    """
    A trade, words in a row, a code below one that is asked for, and no code where that may pass; nothing else.
    """
    roof, washhouse, scaffold, _, silent = numbers = add(
        database,
        [
            call("Réfection de la toiture en ardoise", cpv_main="45000000"),
            call("Restauration du lavoir en pierre", cpv_main="45000000"),
            call("Travaux divers", cpv_main="45262100"),
            call("Fourniture de repas", cpv_main="55520000"),
            call("Fourniture de papier"),
        ],
    )
    copy(database, index)

    found = [
        find_candidates(database, index, [one], now=NOW)
        for one in (ROOFER, Criteria(cpv_codes=("45262000",)), Criteria(words=("papier",)))
    ]

    assert [one and sorted(one.numbers) for one in found] == [
        [roof, washhouse, scaffold],
        [scaffold, silent],
        [silent],
    ]
    assert len(numbers) == 5


def test_what_the_index_has_not_or_has_otherwise_is_read(database, index):
    """
    Procedures that wait to be copied, that changed, that were copied a moment ago, or that the index refused.
    """
    changed, refused, _ = add(database, [call("Repas"), call("Papier"), call("Livres")])
    copy(database, index)
    with database.begin() as connection:
        procedures.change_procedure(
            connection, changed, view=call("Toiture"), state=ProcedureState.OPEN, changes=None
        )
        rejects.add_reject(
            connection, Reject(f"procedure {refused}", "too large"), feed_id="any", stage="index"
        )
    (new,) = add(database, [call("Couverture de l'école")])

    among = find_candidates(database, index, [ROOFER], now=NOW)
    read = [one.procedure.procedure_id for one in try_each(database, [("", ROOFER)], among)]
    index_procedures(database, index, now=lambda: NOW)
    among = find_candidates(database, index, [Criteria(words=("lavoir",))], now=NOW)
    read_after = [one.procedure.procedure_id for one in try_each(database, [], among)]

    assert (read, read_after) == ([changed, refused, new], [changed, refused, new])


def test_without_an_index_to_ask_all_is_read(database, index):
    """
    None is set, none serves, it is away, or a profile asks nothing of the topic.
    """
    away = SearchIndex(f"http://127.0.0.1:{free_port()}", "away")
    before = find_candidates(database, index, [ROOFER], now=NOW)
    copy(database, index)

    found = [
        find_candidates(database, where, asked, now=NOW)
        for where, asked in (
            (None, [ROOFER]),
            (away, [ROOFER]),
            (index, [ROOFER, Criteria(departements=("35",))]),
        )
    ]

    away.close()
    assert (before, found) == (None, [None, None, None])
    assert find_candidates(database, index, [ROOFER], now=NOW) is not None
