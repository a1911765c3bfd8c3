"""Killed at the n-th commit of a day on which firms hear of corrections, cancellations, awards and due dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from alerting import bootstrap, commands
from alerting.store.database import Database, open_database
from alerting.store.tables import metadata
from tests.purchases import World, announce


FIRM = """
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [{ email = "yann@legoff.example" }]
profile = [{ id = "toits", name = "Toits", cpv = ["45261000"], cadence = "immediate", kinds = ["call", "award"] }]
"""
FIRST_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER_DAY = datetime(2026, 3, 23, 9, 0, tzinfo=UTC)


def building(number: int, deadline: str) -> dict[str, object]:
    """Return the facts of one of four purchases."""
    names = ["du gymnase", "du lavoir", "de la crèche", "du théâtre"]
    title = f"Réfection de la toiture {names[number]}"
    return {
        "title": title,
        "purchase": title,
        "reference": f"2026-T-{number}",
        "deadline": deadline,
        "number": 10 * number,
    }


MOVED, GIVEN_UP, DUE, AWARDED = (
    building(number, deadline) for number, deadline in enumerate(("04-10", "04-13", "03-27", "04-20"))
)
CALLS = [announce(f"call-{facts['number']}", **facts) for facts in (MOVED, GIVEN_UP, DUE, AWARDED)]
LATER = [
    announce(
        "moved",
        about=CALLS[0],
        kind="correction",
        published="03-20",
        **MOVED | {"deadline": "04-17", "number": 1},
    ),
    announce("given-up", about=CALLS[1], kind="cancellation", published="03-20", **GIVEN_UP | {"number": 11}),
    announce("awarded", about=CALLS[3], kind="award", published="03-20", **AWARDED | {"number": 31}),
]
KINDS = ["awarded", "cancelled", "corrected", "new", "new", "new", "new", "reminder"]


class KilledError(BaseException):
    """The process ends here; nothing of ours may catch it."""


def die_at(database: Database, number: int) -> None:
    """Let the process die just after its n-th commit; a dead one commits nothing."""
    seen = 0

    @event.listens_for(database.engine, "commit")
    def count(connection) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            connection.connection.dbapi_connection.commit()
        if seen >= number:
            raise KilledError


@pytest.fixture
def first_day(parts, authority, clock, mails_but_numbers, tmp_path):
    """How to empty everything, tell of four calls, and publish what becomes of them; gives the world."""
    path = tmp_path / "firm.toml"
    path.write_text(FIRM)

    def begin() -> World:
        with parts.database.begin() as connection:
            names = ", ".join(table.name for table in metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        for file in (parts.settings.maildir / "new").glob("*"):
            file.unlink()
        authority.pages.clear()
        commands.import_firms(str(path), parts=parts)
        world = World(parts, authority, clock, mails_but_numbers)
        world.open_feeds()
        clock.moment = FIRST_DAY
        world.publish(*CALLS)
        commands.run_all(parts=parts)
        clock.moment = LATER_DAY
        world.publish(*LATER)
        return world

    return begin


def run_until_killed(settings, clock, number: int) -> bool:
    """Run every step in a process that dies at its n-th commit; tell whether it died."""
    database = open_database(settings.database_url)
    die_at(database, number)
    parts = bootstrap.build(settings, database=database, now=clock)
    try:
        commands.run_all(parts=parts)
    except KilledError:
        return True
    finally:
        parts.close()
    return False


def finish(world: World) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Run every step twice, as a scheduler would; return the mails and what was told."""
    for _ in range(2):
        world.clock.go_on(minutes=10)
        commands.run_all(parts=world.parts)
    tellings = commands.list_tellings(parts=world.parts)
    return world.mails(world.parts.settings.maildir), sorted((row["kind"], row["title"]) for row in tellings)


def test_killed_at_any_commit_of_a_later_day_each_change_and_each_date_is_told_once(first_day, clock):
    """
    A date that moved, a purchase given up, one awarded, one due: whichever commit the process dies at, the next run
    ends what it began, and the mailbox is the same as if nothing had happened.
    """
    expected = finish(first_day())
    assert [kind for kind, _ in expected[1]] == KINDS

    found = {}
    number = 0
    has_died = True
    while has_died:
        number += 1
        world = first_day()
        has_died = run_until_killed(world.parts.settings, clock, number)
        found[number] = finish(world)

    assert number > 8
    assert found == dict.fromkeys(range(1, number + 1), expected)
