"""A profile that changes meets what is open again, and is told nothing twice."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from alerting import commands
from alerting.store.database import lock


ROOF = ("7", "Réfection de la toiture de l'école")
JOINERY = ("8", "Menuiserie extérieure de la mairie")
PAINT = ("9", "Peinture de la salle des fêtes")
ALL = (ROOF, JOINERY, PAINT)


@dataclass
class Firm:
    """One firm with one profile, and the mails that came since somebody last looked."""

    parts: object
    clock: object
    mails: object
    path: object
    seen: tuple[object, ...] = ()

    def ask(self, *words: str, cadence: str = "immediate", place: str = "") -> int:
        """Import the firm with these words; return how many profiles wait to be matched."""
        asked = ", ".join(f'"{word}"' for word in words)
        profile = f'{{ id = "p", name = "Chantiers", words = [{asked}], cadence = "{cadence}" {place} }}'
        return self.write(f"profile = [{profile}]")

    def leave(self) -> int:
        """Import the firm without its profile."""
        return self.write("")

    def write(self, line: str) -> int:
        """Import the firm with a line about its profiles."""
        self.path.write_text(
            f'[[firm]]\nid = "le-goff"\nname = "Le Goff"\nrecipients = [{{ email = "yann@legoff.example" }}]\n{line}\n'
        )
        return commands.import_firms(str(self.path), parts=self.parts)["waiting"]

    def tell(self, **later: float) -> list[str]:
        """Do every step, some time later; return the titles that new mails tell, in order."""
        self.clock.go_on(**(later or {"minutes": 10}))
        commands.run_all(parts=self.parts)
        found = self.mails(self.parts.settings.maildir)
        texts = [text for mail in found if mail not in self.seen for text in mail[2:]]
        self.seen = tuple(found)
        return sorted(title for text in texts for _, title in ALL for _ in range(text.count(f"] {title}")))


@pytest.fixture
def firm(parts, authority, add_feed, clock, mails, rss, tmp_path):
    """A firm that asks for nothing yet; three works are open."""
    add_feed(parts, authority)
    authority.publish("/avis", rss(*ALL))
    return Firm(parts, clock, mails, tmp_path / "firm.toml")


def test_a_wider_profile_is_told_what_it_did_not_hear_of(firm):
    """
    The first digest tells the roof; with joinery asked for too, the joinery alone.
    """
    waiting = firm.ask("toiture")
    first = firm.tell()
    waiting_again = firm.ask("toiture", "menuiserie")

    assert (waiting, waiting_again) == (1, 1)
    assert (first, firm.tell(), firm.tell()) == ([ROOF[1]], [JOINERY[1]], [])


def test_a_profile_that_narrows_and_widens_again_is_told_nothing_twice(firm):
    """
    What it was told stays told, whatever it asked for in between.
    """
    firm.ask("toiture", "menuiserie")
    first = firm.tell()
    firm.ask("peinture")
    second = firm.tell()
    firm.ask("toiture", "menuiserie", "peinture")

    assert (first, second, firm.tell()) == (sorted([ROOF[1], JOINERY[1]]), [PAINT[1]], [])


def test_what_was_matched_by_the_old_criteria_and_not_yet_told_is_told_by_the_new_ones(firm):
    """
    The profile changes between the matching and the digest: the firm hears what it asks for now.
    """
    firm.ask("toiture", "peinture")
    commands.fetch_due_feeds(parts=firm.parts)
    commands.load_documents(parts=firm.parts)
    matched = commands.match_profiles(parts=firm.parts)
    firm.ask("menuiserie", "peinture")

    again = commands.match_profiles(parts=firm.parts)

    assert (matched["matches"], matched["waiting"]) == (4, 2)
    assert (again["profiles"], again["ended"], again["waiting"]) == (1, 1, 2)
    assert firm.tell() == sorted([JOINERY[1], PAINT[1]])


def test_the_same_file_again_or_another_cadence_matches_nothing_again(firm):
    """
    Only what is asked for matters to the matching.
    """
    firm.ask("toiture")
    firm.tell()

    assert (firm.ask("toiture"), firm.ask("toiture", cadence="daily"), firm.tell(days=1)) == (0, 0, [])


def test_a_changed_daily_profile_waits_for_its_hour(firm):
    """
    Its first digest came at once; what a change brings comes with the next morning's.
    """
    firm.ask("toiture", cadence="daily")
    first = firm.tell()
    firm.ask("toiture", "peinture", cadence="daily")

    assert (first, firm.tell(), firm.tell(days=1), firm.tell(days=1)) == ([ROOF[1]], [], [PAINT[1]], [])


def test_a_profile_that_comes_back_is_told_nothing_twice(firm, authority, rss):
    """
    It left the file and is written into it again: it hears of what came meanwhile, not of what it knows.
    """
    authority.publish("/avis", rss(ROOF))
    firm.ask("toiture", "peinture")
    first = firm.tell()
    firm.leave()
    authority.publish("/avis", rss(ROOF, PAINT))
    meanwhile = firm.tell()
    waiting = firm.ask("toiture", "peinture")

    assert (first, meanwhile, waiting, firm.tell()) == ([ROOF[1]], [], 1, [PAINT[1]])


def test_two_workers_match_one_after_the_other(firm, wait_until_blocked):
    """
    While one is at it the other waits: a match of criteria that have changed since could else be written
    over the matches of the new ones.
    """
    firm.ask("toiture")
    commands.fetch_due_feeds(parts=firm.parts)
    commands.load_documents(parts=firm.parts)
    reports = []
    second = threading.Thread(target=lambda: reports.append(commands.match_profiles(parts=firm.parts)))

    with firm.parts.database.begin() as connection:
        lock(connection, "alerting: match")
        second.start()
        wait_until_blocked(second, connection)
        firm.ask("menuiserie")
        while_held = list(reports)
    second.join()

    assert while_held == []
    assert [report["waiting"] for report in reports] == [1]
    assert firm.tell() == [JOINERY[1]]
