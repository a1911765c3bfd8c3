"""The engine is kept between two runs of the matching: it follows every change of a profile."""

from __future__ import annotations

from sqlalchemy import text

from alerting import commands
from alerting.matching.engine import Engine


TOITURE = ("7", "Réfection de la toiture de l'école")
FIRM = """
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [{{ email = "yann@legoff.example" }}]
profile = [{{ id = "toits", name = "Toits", words = ["{word}"], cadence = "immediate" }}]
"""


def subscribe(parts, tmp_path, word: str) -> None:
    """Let the firm's only profile ask for a word."""
    path = tmp_path / "firm.toml"
    path.write_text(FIRM.format(word=word))
    commands.import_firms(str(path), parts=parts)


def test_a_profile_that_changed_between_two_runs_is_matched_as_it_is(
    parts, authority, add_feed, clock, rss, tmp_path
):
    """
    Kept with one word, changed to another while nothing ran: the next notice is matched by the new word.
    """
    add_feed(parts, authority)
    subscribe(parts, tmp_path, "toiture")
    authority.publish("/avis", rss(TOITURE))
    first = commands.run_all(parts=parts)["match"]["matches"]
    subscribe(parts, tmp_path, "lavoir")
    clock.go_on(hours=1)
    authority.publish("/avis", rss(("8", "Restauration du lavoir"), ("9", "Toiture du gymnase"), TOITURE))

    commands.run_all(parts=parts)

    # The new notice met the profile, the new profile met the notice.
    assert first == 2
    assert list(Engine.load(parts.settings.engine_file).fingerprints) == ["toits"]
    assert [row["title"] for row in commands.list_tellings(parts=parts)] == [
        "Restauration du lavoir",
        "Réfection de la toiture de l'école",
    ]


def test_a_profile_that_ended_is_matched_no_more(parts, authority, add_feed, clock, rss, tmp_path):
    """
    Erased between two runs: the kept engine forgets it.
    """
    add_feed(parts, authority)
    subscribe(parts, tmp_path, "toiture")
    authority.publish("/avis", rss(TOITURE))
    commands.run_all(parts=parts)
    commands.erase_firm("le-goff", parts=parts)
    clock.go_on(hours=1)
    authority.publish("/avis", rss(("9", "Toiture du gymnase"), TOITURE))

    report = commands.run_all(parts=parts)

    assert report["match"]["matches"] == 0
    assert Engine.load(parts.settings.engine_file).fingerprints == {}


def test_a_file_that_is_no_engine_costs_nothing_but_time(parts, authority, add_feed, rss, tmp_path):
    """
    Rubbish where the engine is kept: it is built anew, and kept.
    """
    add_feed(parts, authority)
    subscribe(parts, tmp_path, "toiture")
    authority.publish("/avis", rss(TOITURE))
    parts.settings.engine_file.write_bytes(b"rubbish")

    report = commands.run_all(parts=parts)

    assert report["match"]["matches"] == 2
    assert list(Engine.load(parts.settings.engine_file).fingerprints) == ["toits"]


def test_criteria_that_changed_under_the_same_version_are_followed(
    parts, authority, add_feed, clock, rss, tmp_path
):
    """
    Another database, or one restored from a backup, has other criteria under an id and version that are kept.
    """
    add_feed(parts, authority)
    subscribe(parts, tmp_path, "toiture")
    authority.publish("/avis", rss(TOITURE))
    commands.run_all(parts=parts)
    with parts.database.begin() as connection:
        connection.execute(text("""UPDATE profiles SET criteria = '{"words": ["lavoir"]}'"""))
    clock.go_on(hours=1)
    authority.publish("/avis", rss(("8", "Restauration du lavoir"), ("9", "Toiture du gymnase"), TOITURE))

    commands.run_all(parts=parts)

    assert [row["title"] for row in commands.list_tellings(parts=parts)] == [
        "Restauration du lavoir",
        "Réfection de la toiture de l'école",
    ]


def test_open_procedures_are_matched_again_when_told_to_and_nobody_is_told_twice(
    parts, authority, add_feed, clock, rss, tmp_path
):
    """
    Words of before missed the second notice: it is told now, alone.  The first, refused then, was told and is not
    told again; one that is over is left as it is.
    """
    add_feed(parts, authority)
    subscribe(parts, tmp_path, "toiture")
    authority.publish("/avis", rss(TOITURE, ("8", "Toiture du lavoir"), ("9", "Toiture du gymnase")))
    commands.run_all(parts=parts)
    told = [row["title"] for row in commands.list_tellings(parts=parts)]
    with parts.database.begin() as connection:
        second = "SELECT procedure_id FROM procedures WHERE title = 'Toiture du lavoir'"
        connection.execute(text(f"DELETE FROM tellings WHERE procedure_id = ({second})"))
        connection.execute(text(f"DELETE FROM matches WHERE procedure_id = ({second})"))
        connection.execute(
            text("UPDATE procedures SET state = 'cancelled' WHERE title = 'Toiture du gymnase'")
        )
    clock.go_on(hours=1)
    idle = commands.run_all(parts=parts)

    report = commands.match_again(parts=parts)
    first = commands.run_all(parts=parts)
    commands.match_again(parts=parts)
    second_time = commands.run_all(parts=parts)

    assert len(told) == 3
    assert (idle["match"]["procedures"], idle["deliver"]["sent"]) == (0, 0)
    assert report == {"waiting": 2}
    assert (first["match"]["procedures"], first["match"]["matches"], first["deliver"]["sent"]) == (2, 2, 1)
    assert (second_time["match"]["procedures"], second_time["deliver"]["sent"]) == (2, 0)
    assert sorted(row["title"] for row in commands.list_tellings(parts=parts)) == sorted(told)
