"""A firm says what is useful and what is not for it; the profile changes when it says so, and only then."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from alerting import commands
from alerting.domain.cadence import Cadence
from alerting.domain.feedback import Opinion
from alerting.errors import ChoiceError, UnknownIdError
from alerting.store.firms import change_cadence


TITLES = {
    "1": "Toiture végétalisée de la crèche",
    "2": "Toiture végétalisée du gymnase",
    "3": "Réfection de la toiture de l'école",
    "4": "Couverture en ardoise du lavoir",
    "5": "Toiture végétalisée de la médiathèque",
}
NOT_FOR_US, USEFUL = Opinion.NOT_FOR_US, Opinion.USEFUL
WORD = "add:words_out:végétalisée"


@pytest.fixture
def told(subscribed, authority, rss):
    """Parts over which a roofer was told of five purchases."""
    authority.publish("/avis", rss(*TITLES.items()))
    commands.run_all(parts=subscribed)
    return subscribed


def say(parts, opinion: Opinion, *notices: str) -> list[dict]:
    """Say the same of several notices; return what is then proposed."""
    for notice in notices:
        report = commands.give_opinion("le-goff", notice, opinion, parts=parts)
    return report["proposals"]


def opinions(parts) -> dict[str, str]:
    return {row["title"]: row["opinion"] for row in commands.list_opinions("le-goff", parts=parts)}


def criteria(parts) -> dict:
    (profile,) = [row for row in commands.list_profiles(parts=parts) if row["profile_id"] == "toits"]
    return profile["criteria"]


def test_an_opinion_is_kept_shown_changed_and_taken_back(told):
    """
    One stands for a firm and a purchase: the newer one counts, the same twice is one, taken back is none.
    """
    say(told, NOT_FOR_US, "1", "3")
    say(told, NOT_FOR_US, "1")
    say(told, USEFUL, "3")
    said = opinions(told)
    commands.undo_opinion("le-goff", "1", parts=told)

    assert said == {TITLES["1"]: "not for us", TITLES["3"]: "useful"}
    assert opinions(told) == {TITLES["3"]: "useful"}
    assert commands.list_opinions("morvan", parts=told) == []
    with pytest.raises(UnknownIdError, match="firm 'le-goff': it says nothing of notice '1'"):
        commands.undo_opinion("le-goff", "1", parts=told)


def test_a_word_of_what_is_not_for_a_firm_is_proposed_with_what_it_would_have_kept_out(told):
    """
    One notice is no reason; two are: the word keeps out both, and one more that nobody spoke of.
    """
    first = say(told, NOT_FOR_US, "1")
    then = say(told, NOT_FOR_US, "2")

    assert first == []
    assert then == commands.propose_changes("toits", parts=told) == [
        {
            "key": WORD,
            "change": "add the excluded word 'végétalisée'",
            "changes": [{"field": "words_out", "act": "add", "value": "végétalisée"}],
            "not_for_us": 2,
            "others": 1,
            "useful": 0,
        }
    ]  # fmt: skip
    assert criteria(told)["words_out"] == []


def test_what_would_keep_out_something_useful_is_not_proposed(told):
    """
    The third roof of that sort is useful: the word is none that could be excluded.
    """
    say(told, NOT_FOR_US, "1", "2")

    assert say(told, USEFUL, "5") == []


def test_an_accepted_proposal_changes_the_profile_and_what_it_is_told(told, authority, rss, clock):
    """
    From then on the word is excluded: the next one of that sort is not told; a key that is not proposed is refused.
    """
    say(told, NOT_FOR_US, "1", "2")
    with pytest.raises(ChoiceError, match="profile 'toits': no such change is proposed"):
        commands.accept_proposal("toits", "add:words_out:toiture", parts=told)

    report = commands.accept_proposal("toits", WORD, parts=told)
    authority.publish("/avis", rss(("8", "Toiture végétalisée du port"), ("9", "Toiture du phare")))
    clock.go_on(hours=1)
    commands.run_all(parts=told)

    assert (report["not_for_us"], report["others"], report["waiting"]) == (2, 1, 1)
    assert criteria(told)["words_out"] == ["végétalisée"]
    assert commands.revert_change("toits", WORD, parts=told)["change"] == (
        "the word 'végétalisée' would have to leave the excluded words"
    )
    assert criteria(told)["words_out"] == []
    with pytest.raises(ChoiceError, match="profile 'toits': no such change was accepted"):
        commands.revert_change("toits", WORD, parts=told)
    news = {row["title"] for row in commands.list_tellings(parts=told)} - set(TITLES.values())
    assert news == {"Toiture du phare"}
    assert [row["key"] for row in commands.propose_changes("toits", parts=told)] == [WORD]


def test_importing_the_same_file_again_leaves_what_a_firm_chose(told, firms_file):
    """
    The accepted word stays excluded and the chosen rhythm in force, both named; nothing is matched again.
    """
    say(told, NOT_FOR_US, "1", "2")
    commands.accept_proposal("toits", WORD, parts=told)
    with told.database.begin() as connection:
        change_cadence(connection, "toits", Cadence.WEEKLY)
    commands.run_all(parts=told)

    report = commands.import_firms(firms_file, parts=told)

    assert (report["kept"], report["overruled"], report["waiting"]) == (["toits: cadence, words_out"], [], 0)
    (profile,) = [row for row in commands.list_profiles(parts=told) if row["profile_id"] == "toits"]
    assert (profile["criteria"]["words_out"], profile["cadence"]) == (["végétalisée"], "weekly")
    assert commands.revert_change("toits", WORD, parts=told)["change"] != ""


def test_a_file_that_says_otherwise_holds_and_ends_what_was_accepted(told, firms_file):
    """
    Other words out in the file: they hold, that is said, and nothing shows as accepted that is not in force.
    """
    say(told, NOT_FOR_US, "1", "2")
    commands.accept_proposal("toits", WORD, parts=told)
    changed = Path(firms_file).read_text().replace('id = "toits"', 'id = "toits"\nwords_out = ["zinc"]')
    Path(firms_file).write_text(changed)

    report = commands.import_firms(firms_file, parts=told)

    assert (report["kept"], report["overruled"]) == ([], ["toits: words_out"])
    assert criteria(told)["words_out"] == ["zinc"]
    with pytest.raises(ChoiceError, match="no such change was accepted"):
        commands.revert_change("toits", WORD, parts=told)


def test_what_was_changed_a_moment_before_stays_changed(told, wait_until_blocked):
    """
    Another change of the profile is under way when a proposal is accepted: both are in force afterwards.
    """
    say(told, NOT_FOR_US, "1", "2")
    accepting = threading.Thread(
        target=commands.accept_proposal, args=("toits", WORD), kwargs={"parts": told}
    )
    with told.database.begin() as connection:
        connection.execute(text("SELECT 1 FROM profiles WHERE profile_id = 'toits' FOR UPDATE"))
        accepting.start()
        wait_until_blocked(accepting, connection)
        connection.execute(
            text(
                """UPDATE profiles SET criteria = criteria || '{"departements": ["35"]}' WHERE profile_id = 'toits'"""
            )
        )
    accepting.join()

    assert (criteria(told)["words_out"], criteria(told)["departements"]) == (["végétalisée"], ["35"])


def test_only_what_a_firm_was_told_can_be_judged(told):
    """
    The joiner was told nothing of roofs; who or what does not exist is named.
    """
    with pytest.raises(UnknownIdError, match="firm 'morvan': none of its profiles was told of notice '1'"):
        commands.give_opinion("morvan", "1", USEFUL, parts=told)
    with pytest.raises(UnknownIdError, match="firm 'nobody': no firm of that id"):
        commands.give_opinion("nobody", "1", USEFUL, parts=told)
    with pytest.raises(UnknownIdError, match="notice '99'"):
        commands.give_opinion("le-goff", "99", USEFUL, parts=told)
    with pytest.raises(UnknownIdError, match="profile 'nobody': no profile of that id"):
        commands.propose_changes("nobody", parts=told)


def test_of_an_erased_firm_no_opinion_is_left(told):
    """
    Erasing takes back what it said, who of it said so, and what it accepted.
    """
    say(told, NOT_FOR_US, "1", "2")
    commands.accept_proposal("toits", WORD, parts=told)

    commands.erase_firm("le-goff", parts=told)

    with told.database.begin() as connection:
        left = connection.execute(text("SELECT key, changes, ended_at IS NULL FROM accepted_changes")).all()
        said = connection.execute(text("SELECT recipient_id, ended_at IS NULL FROM feedback")).all()
    assert commands.list_opinions(parts=told) == []
    assert left == [("", [], False)]
    assert said == [(None, False)] * 2


def test_an_opinion_follows_its_purchase(told):
    """
    Two procedures become one: what was said of the one is said of the other.
    """
    say(told, NOT_FOR_US, "1")
    ((moved,), (kept,)) = (commands.show_notices(name, parts=told) for name in ("1", "3"))

    commands.join_notice(moved["notice_id"], kept["procedure_id"], why="the same roof", parts=told)

    assert [row["procedure_id"] for row in commands.list_opinions("le-goff", parts=told)] == [
        kept["procedure_id"]
    ]


def test_the_command_line_shows_what_is_proposed_and_changes_nothing_by_itself(told, settings):
    """
    Two opinions, the proposal in a table with the command that makes it, and what is said of nobody's opinion.
    """

    def run(*arguments: str) -> list[str]:
        environment = {
            "DATABASE_URL": settings.database_url,
            "ALERTING_SECRET": settings.secret,
            "COLUMNS": "160",
        }
        command = [Path(sys.executable).parent / "alerting", "feedback", *arguments]
        finished = subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, check=True
        )
        return finished.stdout.splitlines()

    first = run("give", "le-goff", "1", "--not-for-us")
    second = run("give", "le-goff", "2", "--not-for-us")

    assert first[-1] == "nothing to propose"
    assert second[-1] == "make one: alerting feedback accept toits KEY"
    assert any(WORD in line for line in second)
    assert criteria(told)["words_out"] == []
    assert f"key: {WORD}" in run("accept", "toits", WORD)
    assert criteria(told)["words_out"] == ["végétalisée"]
