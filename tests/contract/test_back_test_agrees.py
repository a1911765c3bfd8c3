"""One meaning of a match: trying profiles on what is stored finds what the naive loop of ``decide`` finds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import text

from alerting.domain.procedure import ProcedureState
from alerting.domain.profile_change import change_criteria
from alerting.domain.variants import variants_of
from alerting.matching.engine import naive_match
from alerting.pipeline.backtest import back_test, say_variant, try_all
from alerting.store import procedures
from alerting.store.database import open_database
from tests.contract.test_engines_agree import criteria, notices


NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
# Each example fills the same database anew.
stored = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def database(database_url):
    opened = open_database(database_url)
    yield opened
    opened.close()


def fill(database, found) -> list[tuple[int, object]]:
    """Store notices as open procedures, and no others; return them numbered as they are stored."""
    with database.begin() as connection:
        connection.execute(text("TRUNCATE procedures CASCADE"))
        return [
            (procedures.add_procedure(connection, view=one, state=ProcedureState.OPEN, now=NOW), one)
            for one in found
        ]


@stored
@given(asked=st.lists(criteria, max_size=5), found=st.lists(notices, max_size=4))
def test_trying_finds_what_the_naive_loop_finds(database, asked, found):
    """
    Whatever profiles and procedures: equal sets of profile, procedure, lots and reasons.
    """
    numbered, profiles = fill(database, found), [(str(n), one) for n, one in enumerate(asked)]
    unread: procedures.Unread = {}

    tried = {
        (name, one.procedure.procedure_id, decision)
        for one in try_all(database, profiles, now=NOW, unread=unread)
        for name, decision in one.decisions.items()
    }

    assert (tried, unread) == (set(naive_match(profiles, numbered)), {})


@stored
@given(asked=criteria, found=st.lists(notices, max_size=4))
def test_what_a_criterion_brings_and_keeps_out_is_what_decide_says_without_it(database, asked, found):
    """
    Of every variant the number of procedures that it alone accepts, and that the profile alone accepts.
    """
    numbered = fill(database, found)

    report = back_test(database, asked, now=lambda: NOW)

    def accepted(one) -> set[int]:
        return {number for _, number, _ in naive_match([("", one)], numbered)}

    own = accepted(asked)
    expected = set()
    for variant in variants_of(asked):
        other = accepted(change_criteria(asked, variant.changes))
        if own != other:
            expected.add((say_variant(asked, variant), len(own - other), len(other - own)))
    assert report["match_count"] == len(own)
    assert {(row["change"], row["brings"], row["keeps_out"]) for row in report["criteria"]} == expected
