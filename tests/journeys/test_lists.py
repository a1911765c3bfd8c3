"""Lists of a fleet: a table begins with twenty rows and says that there are more, a script gets all."""

from __future__ import annotations

import json

import pytest

from alerting import commands
from tests.journeys.conftest import rss, run_alerting


HEAD = '[[firm]]\nid = "f-{0:02}"\nname = "Firme {0:02}"\nrecipients = [{{ email = "f{0}@firm.example" }}]\n'
PROFILE = 'profile = [{{ id = "p-{0:02}", name = "Toits", words = ["toit"] }}]\n'
SIRET = "73282932000074"


@pytest.fixture
def fleet(parts, tmp_path):
    """Twenty-five firms of one profile each."""
    path = tmp_path / "fleet.toml"
    path.write_text("\n".join((HEAD + PROFILE).format(number) for number in range(25)))
    commands.import_firms(str(path), parts=parts)
    return parts.settings


def shown(settings, *arguments: str) -> tuple[list[str], str]:
    """Return the first cell of each row of a table, and the line below it."""
    lines = run_alerting(settings, *arguments).stdout.splitlines()
    rows = [line.split("│")[1].strip() for line in lines if line.startswith("│")]
    return rows, "" if lines[-1].startswith("└") else lines[-1]


@pytest.mark.parametrize(("verb", "letter"), [("firms", "f"), ("profiles", "p")])
def test_a_table_ends_after_twenty_rows_and_says_that_there_are_more(fleet, verb, letter):
    """
    With --limit it has as many as asked for, and with --json a script gets all.
    """
    more = "shown, and there are more: --limit N, or --json for all"
    ids = [f"{letter}-{number:02}" for number in range(25)]

    everything = run_alerting(fleet, verb, "list", "--json").stdout.splitlines()

    assert shown(fleet, verb, "list") == (ids[:20], f"20 {more}")
    assert shown(fleet, verb, "list", "--limit", "3") == (ids[:3], f"3 {more}")
    assert shown(fleet, verb, "list", "--limit", "25") == (ids, "")
    assert [json.loads(line)[f"{verb.removesuffix('s')}_id"] for line in everything] == ids


@pytest.mark.parametrize("text", ["F-07", "firme 07", "f7@firm", "f7@"])
def test_a_firm_is_found_by_a_part_of_what_is_known_of_it(fleet, text):
    """
    Its id, its name, or an address of its people, in whatever case.
    """
    assert shown(fleet, "firms", "list", text) == (["f-07"], "")


@pytest.mark.parametrize(
    "text", ["732 829 320 00074", "732 829 320", "73282932000074", "732\u00a0829\u00a0320"]
)
def test_a_firm_is_found_by_its_siret_as_letters_print_it(fleet, text):
    """
    In groups or in one, whole or the SIREN alone; the others have none and are not shown.
    """
    run_alerting(fleet, "firms", "add", "kerleo", "Kerléo", "--recipient", "a@k.example", "--siret", SIRET)

    assert shown(fleet, "firms", "list", text) == (["kerleo"], "")


@pytest.mark.parametrize("text", ["%", "_"])
def test_a_sign_of_patterns_is_a_sign_like_others(fleet, text):
    """
    No firm has it, so none is found.
    """
    assert run_alerting(fleet, "firms", "list", text).stdout == "none\n"


def test_lists_of_one_firm_are_its_own(subscribed, authority):
    """
    Tellings, deliveries and profiles of a firm are asked for by its id; one that nobody knows is refused.
    """
    authority.publish(
        "/avis", rss(("7", "Réfection de la toiture de l'école"), ("8", "Menuiserie de la mairie"))
    )
    commands.run_all(parts=subscribed)
    told = commands.list_tellings(parts=subscribed)
    profiles = [row["profile_id"] for row in commands.list_profiles(firm_id="le-goff", parts=subscribed)]

    own = commands.list_tellings(firm_id="le-goff", parts=subscribed)
    refused = run_alerting(subscribed.settings, "tellings", "--firm", "nobody")

    assert 0 < len(own) < len(told)
    assert own == [row for row in told if row["profile_id"] in profiles]
    assert commands.list_tellings(firm_id="le-goff", limit=1, parts=subscribed) == own[:1]
    assert refused.stderr == "alerting: firm 'nobody': no firm of that id\n"
