"""An operator asks which profiles never bring anything, which bring everything, which trades are quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from alerting import commands
from alerting.domain.criteria import Criteria
from alerting.domain.money import Money
from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.errors import ProfileError
from alerting.matching.engine import Engine, in_pairs
from alerting.pipeline.backtest import match_each, try_all
from alerting.reference.trades import trades
from alerting.store import procedures


NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def firm(parts):
    """A firm with profiles that bring something, nothing and everything."""
    commands.add_firm("le-goff", "Le Goff", recipients=["yann@legoff.example"], parts=parts)
    for name, words in {"toits": ["toiture"], "zinc": ["zinguerie"], "tout": ["travaux", "toiture"]}.items():
        commands.add_profile("le-goff", {"id": name, "name": name, "words": words}, parts=parts)
    return parts


def publish(parts, *titles: str, days_ago: float) -> None:
    published_at = NOW - timedelta(days=days_ago)
    with parts.database.begin() as connection:
        for title in titles:
            view = Notice("any", title, None, NoticeKind.CALL, title, published_at=published_at)
            procedures.add_procedure(connection, view=view, state=ProcedureState.OPEN, now=NOW)


def findings(parts, *kinds: str) -> list[tuple[str, str, str]]:
    rows = commands.audit_profiles(parts=parts)
    return [
        (row["finding"], row["profile_id"] or row["trade"], row["problem"])
        for row in rows
        if row["finding"] in kinds
    ]


def test_profiles_that_bring_nothing_or_everything_are_found(firm):
    """
    Of twenty-four procedures one speaks of roofs, and twenty of works: roofs are well, zinc brings nothing.
    """
    publish(firm, *(f"Travaux numéro {number}" for number in range(20)), "Toiture de la gare", days_ago=30)
    publish(firm, "Sols", "Denrées", "Assurances", days_ago=5)

    assert findings(firm, "never", "nothing", "everything", "broad", "part") == [
        ("nothing", "zinc", "none of 24 procedures in 31 days; see: alerting profiles try zinc"),
        ("everything", "tout", "88% of all procedures in 31 days"),
    ]


def test_more_than_anybody_reads_is_found(firm):
    """
    Thirty in a week, among many others: broad, and no fifth of all.
    """
    publish(firm, *(f"Travaux numéro {number}" for number in range(30)), days_ago=1)
    publish(firm, *(f"Denrées numéro {number}" for number in range(150)), days_ago=1)

    assert findings(firm, "everything", "broad") == [
        ("broad", "tout", "30.0 a week; see: alerting profiles try tout")
    ]


def test_a_profile_that_was_stored_and_cannot_work_any_more_is_found(firm):
    """
    A trade of an older release, and a word that its own exclusion silences: neither keeps the audit from the others.
    """
    publish(firm, "Toiture de la gare", days_ago=5)
    commands.add_profile(
        "le-goff",
        {"id": "ardoise", "name": "x", "words": ["zinc", "toiture"], "words_out": ["zinc"]},
        parts=firm,
    )
    with firm.database.begin() as connection:
        connection.execute(
            text(
                """UPDATE profiles SET criteria = '{"trades": ["allumeur"], "words": ["toiture"]}' WHERE profile_id = 'zinc'"""
            )
        )

    assert findings(firm, "never", "nothing", "part") == [
        ("part", "ardoise", "wherever the word 'zinc' stands, the excluded word 'zinc' stands too"),
        ("part", "zinc", "the trade 'allumeur' exists no longer"),
    ]


def test_a_trade_without_any_notice_is_found_once_we_look_back_far_enough(firm):
    """
    Roofs were asked for eighty days ago and floors last week: of sixty days, roofs are quiet.  With a week of
    procedures nothing is said.
    """
    commands.add_profile("le-goff", {"id": "couvreur", "name": "x", "trades": ["couvreur"]}, parts=firm)
    publish(firm, "Sols souples de la crèche", days_ago=5)
    young = findings(firm, "quiet trade")
    publish(firm, "Réfection de la toiture en ardoises", days_ago=80)

    quiet = {trade: problem for _, trade, problem in findings(firm, "quiet trade")}

    assert young == []
    assert quiet["couvreur"] == "no notice in 60 days; 1 profile of it"
    assert quiet["boulanger"] == "no notice in 60 days; 0 profiles of it"
    assert "carreleur" not in quiet


def test_where_nothing_was_published_for_long_every_trade_is_quiet(firm):
    """
    The last procedure is a year old, and over: feeds may have fallen silent, which is what an operator asks.
    """
    publish(firm, "Réfection de la toiture en ardoises", days_ago=365)
    with firm.database.begin() as connection:
        connection.execute(text("UPDATE procedures SET state = 'awarded'"))

    quiet = {trade: problem for _, trade, problem in findings(firm, "quiet trade")}

    assert quiet["couvreur"] == "no notice in 60 days; 0 profiles of it"
    assert len(quiet) == len(trades())


def test_an_empty_database_accuses_nobody(firm):
    """
    Without procedures nothing can be said of what a profile brings.
    """
    assert commands.audit_profiles(parts=firm) == []


# No reader of ours lets a text pass for an amount: it stands for whatever our code may fail at.
BREAKS = Criteria(words=("toiture",), minimum_cents="beaucoup")
ROOFS = Criteria(words=("toiture",))
UNREADABLE = (
    "UPDATE procedures SET view = jsonb_set(view, '{title}', '3') WHERE title = 'Toiture de la halle'"
)


def publish_worth(parts, *titles: str) -> None:
    with parts.database.begin() as connection:
        for title in titles:
            view = Notice(
                "any", title, None, NoticeKind.CALL, title, published_at=NOW, value=Money(100_000, "EUR")
            )
            procedures.add_procedure(connection, view=view, state=ProcedureState.OPEN, now=NOW)


def test_a_profile_at_which_our_code_fails_is_set_aside_and_procedures_read_on(parts):
    """
    Each procedure that it may accept was called unread, and held against nobody; one that is broken itself still is.
    """
    publish_worth(parts, "Toiture de la gare", "Toiture de la halle", "Toiture de la mairie")
    with parts.database.begin() as connection:
        connection.exec_driver_sql(UNREADABLE)
        unread, broken = {}, {}
        found = procedures.procedures_since(connection, NOW - timedelta(days=9), now=NOW, unread=unread)
        engine = Engine([("toits", ROOFS), ("cher", BREAKS), ("zinc", Criteria(words=("zinc",)))])
        told = [
            (procedure.view.title, [name for name, _, _ in in_pairs(whom)])
            for procedure, _, whom in match_each(engine, found, unread, broken)
        ]

    assert sorted(told) == [("Toiture de la gare", ["toits"]), ("Toiture de la mairie", ["toits"])]
    assert ([*broken], len(unread)) == (["cher"], 1)
    assert isinstance(broken["cher"], TypeError)


def test_a_profile_at_which_our_code_fails_is_no_profile_to_try(parts):
    """
    One line, with the place in our code; it was "nothing", of procedures that were all refused.
    """
    publish_worth(parts, "Toiture de la gare")

    with pytest.raises(
        ProfileError, match=r"^what it asks is held against nothing: a bug of ours \(TypeError"
    ):
        list(try_all(parts.database, [("", BREAKS)], now=NOW, unread={}))
