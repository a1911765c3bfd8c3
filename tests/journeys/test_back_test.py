"""Before a profile is saved, it is shown what it would have brought."""

from __future__ import annotations

import json
import os
import pty
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from alerting import commands
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import ProcedureState
from alerting.errors import ProfileError, UnknownIdError
from alerting.store import procedures


NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
REDON = (Place(departement="35", commune="Redon", postcode="35600"),)
QUIMPER = (Place(departement="29", commune="Quimper", postcode="29000"),)


@pytest.fixture
def publish(parts):
    """How to store one procedure: its title, how many days ago it was published, and facts."""

    def put(title: str, days_ago: float, *, is_open: bool = False, **facts) -> int:
        state = facts.pop("state", ProcedureState.OPEN)
        deadline_at = NOW + timedelta(days=20 if is_open else -days_ago + 0.5)
        view = Notice(
            "any", title, None, NoticeKind.CALL, title,
            **{"published_at": NOW - timedelta(days=days_ago), "deadline_at": deadline_at, "buyer": Buyer("Ville")} | facts,
        )  # fmt: skip
        with parts.database.begin() as connection:
            return procedures.add_procedure(connection, view=view, state=state, now=NOW)

    return put


def tried(parts, **profile) -> dict:
    return commands.try_profile("le-goff", {"id": "essai", "name": "Essai", **profile}, parts=parts)


def changes(report: dict, key: str) -> dict[str, int]:
    return {row["change"]: row[key] for row in report["criteria"] if row[key]}


def test_the_last_ninety_days_and_what_is_open_are_counted(parts, publish):
    """
    Two of the last weeks and an old one that is open are found; an old one that is closed, one that was merged
    into another and one of another trade are not.
    """
    publish("Réfection de la toiture", 1, is_open=True)
    publish("Toiture de la mairie", 15)
    publish("Toiture du port", 200, is_open=True)
    publish("Toiture de l'an dernier", 200)
    publish("Toiture de la poste", 3, state=ProcedureState.MERGED)
    publish("Sols souples", 40)

    report = tried(parts, words=["toiture"])

    assert (report["verdict"], report["tried_count"], report["match_count"], report["open_count"]) == (
        "fits",
        4,
        3,
        2,
    )
    assert [row["title"] for row in report["examples"]] == [
        "Réfection de la toiture",
        "Toiture de la mairie",
        "Toiture du port",
    ]
    assert report["examples"][0]["reasons"] == [
        "vos mots\N{NO-BREAK SPACE}: «\N{NO-BREAK SPACE}toiture\N{NO-BREAK SPACE}»"
    ]
    assert {row["week"]: row["matches"] for row in report["weeks"] if row["matches"]} == {
        "2026-W07": 1,
        "2026-W09": 1,
    }
    assert (report["days"], report["per_week"]) == (41, 0.3)


def test_each_criterion_says_what_it_lets_in_and_keeps_out(parts, publish):
    """
    Without the place one more, without the excluded word one more; each word brings what no other one does.
    """
    publish("Toiture de l'école", 1, places=REDON)
    publish("Ardoises du clocher", 2, places=REDON)
    publish("Toiture et ardoises du port", 3, places=REDON)
    publish("Toiture végétalisée", 4, places=REDON)
    publish("Toiture de la gare", 5, places=QUIMPER)

    report = tried(
        parts, words=["toiture", "ardoises"], words_out=["végétalisée"], communes=["Redon"], radius_km=40
    )

    assert report["match_count"] == 3
    assert changes(report, "brings") == {
        "take away the word 'toiture'": 1,
        "take away the word 'ardoises'": 1,
    }
    assert changes(report, "keeps_out") == {
        "anywhere": 1,
        "the word 'végétalisée' would have to leave the excluded words": 1,
        "its topic alone: anywhere, at any amount, for any buyer, nothing excluded": 2,
    }


def test_a_profile_that_brings_nothing_is_told_what_to_widen(parts, publish):
    """
    The one notice is beyond the radius; twice as far it would have come.
    """
    publish("Toiture de la gare", 5, places=(Place(departement="35", commune="Rennes", postcode="35000"),))

    report = tried(parts, words=["toiture"], communes=["Redon"], radius_km=40)

    assert (report["verdict"], report["match_count"], report["examples"]) == ("nothing", 0, [])
    assert {row["change"] for row in report["suggestions"]} == {
        "anywhere",
        "its topic alone: anywhere, at any amount, for any buyer, nothing excluded",
        "the radius would have to be 80 km (now 40 km)",
    }


def test_a_profile_that_brings_too_much_is_told_what_brings_most(parts, publish):
    """
    Forty a week: the first suggestion is without the word that brings nearly all, and says what is left.
    """
    for number in range(40):
        publish(f"Travaux numéro {number}", 1)
    publish("Toiture de la gare", 1)

    report = tried(parts, words=["travaux", "toiture"])

    assert report["verdict"] == "broad"
    assert [(row["change"], row["matches"]) for row in report["suggestions"]] == [
        ("take away the word 'travaux'", 1)
    ]


def test_a_profile_without_a_topic_is_told_which_trades_to_name(parts, publish):
    """
    It is tried, not only refused: each suggestion is a trade that would be told; saved it is not.
    """
    for number in range(30):
        publish(f"Fourniture de repas, lot {number}", 1)
    publish("Travaux de plomberie", 1)
    commands.add_firm("le-goff", "Le Goff", recipients=["yann@legoff.example"], parts=parts)

    report = tried(parts, departements=["35"])

    assert report["verdict"] == "broad"
    assert "add the trade 'plombier'" in [row["change"] for row in report["suggestions"]]
    with pytest.raises(ProfileError, match="matches everything"):
        commands.add_profile("le-goff", {"id": "x", "name": "X", "departements": ["35"]}, parts=parts)


def test_lots_and_places_of_examples_are_those_that_fit(parts, publish):
    """
    Of two lots the one that fits is named, with its place.
    """
    lots = (Lot("1", "Maçonnerie", places=QUIMPER), Lot("2", "Couverture", places=REDON))
    publish("École", 1, is_open=True, lots=lots)

    (example,) = tried(parts, words=["couverture"])["examples"]

    assert (example["lots"], example["place"], example["is_open"]) == (
        [{"lot_id": "2", "title": "Couverture"}],
        "Redon, Ille-et-Vilaine (35)",
        True,
    )


def test_saved_profiles_files_and_drafts_are_tried_alike(subscribed, firms_file, publish):
    """
    The same figures by id, from the file, and as a draft; nothing is stored by trying.
    """
    publish("Toiture de la gare", 5)

    saved = commands.try_saved_profile("toits", parts=subscribed)
    of_file = commands.try_profiles_file(firms_file, parts=subscribed)
    draft = commands.try_profile(
        "le-goff", {"id": "toits", "name": "Toits", "words": ["toiture", "couverture"]}, parts=subscribed
    )

    assert saved == of_file[0] == draft
    assert [report["match_count"] for report in of_file] == [1, 0]
    assert commands.try_single_profile(firms_file, parts=subscribed) is None
    assert commands.count_rows(parts=subscribed)["matches"] == 0
    with pytest.raises(UnknownIdError, match="profile 'nobody': no profile of that id"):
        commands.try_saved_profile("nobody", parts=subscribed)
    with pytest.raises(UnknownIdError, match="profile 'nobody': no profile of that id in the file"):
        commands.try_profiles_file(firms_file, profile_id="nobody", parts=subscribed)


def test_trades_and_places_are_shown_as_they_were_understood(parts):
    """
    Whoever wrote "Loire-sur-Rhône" and got another commune sees it before it is saved.
    """
    entry = {
        "id": "p",
        "name": "P",
        "trades": ["chauffagiste"],
        "departements": [35],
        "nuts": ["Bretagne", "BE1"],
        "communes": ["redon (35)", "Paris 75013"],
        "radius_km": 40,
    }

    report = commands.try_profile("le-goff", entry, parts=parts)

    assert report["trades"] == ["Plomberie, chauffage, ventilation"]
    assert report["places"] == [
        "Ille-et-Vilaine (35)",
        "Bretagne (FRH)",
        "BE1",
        "Redon (35), 40 km",
        "Paris 13e Arrondissement (75), 40 km",
    ]


def test_an_empty_database_is_said(parts):
    """
    Nothing to try is not a profile that brings nothing.
    """
    report = tried(parts, words=["toiture"])

    assert (report["verdict"], report["tried_count"], report["per_week"]) == ("untried", 0, 0.0)


def test_what_was_published_without_a_day_counts_from_when_we_saw_it(parts, publish):
    """
    A feed that states no day of publication: the day on which the procedure was stored.
    """
    publish("Toiture de la gare", 5, published_at=None)
    with parts.database.begin() as connection:
        connection.execute(text("UPDATE procedures SET created_at = '2026-02-20T12:00:00Z'"))

    (week,) = [row for row in tried(parts, words=["toiture"])["weeks"] if row["matches"]]

    assert week["week"] == "2026-W08"


@pytest.mark.usefixtures("subscribed")
@pytest.mark.parametrize(("answer", "ending"), [(b"n\n", "not saved"), (b"\n", "waiting: 3")])
def test_on_a_terminal_it_asks_before_it_saves(run_alerting, settings, publish, answer, ending):
    """
    Said no, nothing is saved, and nothing is wrong; Return saves.
    """
    publish("Toiture de la gare", 5, published_at=datetime.now(UTC) - timedelta(days=5))
    person, terminal = pty.openpty()
    os.write(person, answer)

    asked = run_alerting(
        settings, "profiles", "add", "le-goff", "zinc", "--name", "Zinc", "--word", "zinc", stdin=terminal
    )
    os.close(terminal)
    os.close(person)

    assert (asked.returncode, asked.stdout.rstrip().endswith(ending)) == (0, True)


@pytest.mark.usefixtures("subscribed")
def test_the_command_line_shows_before_it_saves(run_alerting, settings, firms_file, publish, tmp_path):
    """
    With --dry nothing is saved; without, the same lines come before the profile is; a file with one profile shows it.
    """
    publish("Toiture de la gare", 5, published_at=datetime.now(UTC) - timedelta(days=5))
    options = (
        "profiles",
        "add",
        "le-goff",
        "zinc",
        "--name",
        "Zinc",
        "--word",
        "toiture",
        "--departement",
        "35",
    )

    dry = run_alerting(settings, *options, "--dry")
    nothing_saved = run_alerting(settings, "profiles", "try", "zinc")
    in_words = run_alerting(settings, *options)
    saved = run_alerting(settings, *options, "--json")
    again = run_alerting(settings, "profiles", "try", "zinc", "--json")

    assert (dry.returncode, dry.stderr) == (0, "")
    assert dry.stdout.splitlines()[:3] == [
        "zinc: Zinc",
        "places: Ille-et-Vilaine (35)",
        "fits: 1 of 1 procedure, 0 open now; 1.0 a week over 6 days",
    ]
    assert (nothing_saved.returncode, nothing_saved.stderr) == (
        2,
        "alerting: profile 'zinc': no profile of that id\n",
    )
    # What of the firm's own changes is kept, or not, is said where there is any.
    assert [line.partition(":")[0] for line in in_words.stdout.splitlines()[-2:]] == ["profile_id", "waiting"]
    report = json.loads(saved.stdout)
    assert (report["profile_id"], report["back_test"]["match_count"]) == ("zinc", 1)
    assert json.loads(again.stdout)["match_count"] == 1
    single = tmp_path / "single.toml"
    single.write_text(Path(firms_file).read_text().partition('[[firm]]\nid = "morvan"')[0])
    assert run_alerting(settings, "firms", "import", str(single)).stdout.startswith(
        "toits: Toits\nfits: 1 of 1"
    )
    assert run_alerting(settings, "profiles", "try").returncode == 2
