"""Killed at the n-th commit, for every n, then run again: same mails, none twice, none lost."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from alerting import bootstrap, commands
from alerting.store.database import Database, open_database
from alerting.store.tables import metadata


ITEMS = (
    ("7", "Réfection de la toiture de l'école"),
    ("8", "Menuiserie extérieure de la mairie"),
    ("9", "Couverture en ardoise du lavoir"),
)


class KilledError(BaseException):
    """The process ends here; nothing of ours may catch it."""


def die_at(database: Database, number: int, *, after: bool) -> None:
    """Let the process die at its n-th commit, just before it or just after it; a dead one commits nothing."""
    seen = 0

    @event.listens_for(database.engine, "commit")
    def count(connection) -> None:
        nonlocal seen
        seen += 1
        if seen == number and after:
            connection.connection.dbapi_connection.commit()
        if seen >= number:
            raise KilledError


def run_until_killed(settings, clock, number: int, *, after: bool) -> bool:
    """Run every step in a process that dies at its n-th commit; tell whether it died."""
    database = open_database(settings.database_url)
    die_at(database, number, after=after)
    parts = bootstrap.build(settings, database=database, now=clock)
    try:
        commands.run_all(parts=parts)
    except KilledError:
        return True
    finally:
        parts.close()
    return False


def run_to_the_end(settings, clock) -> None:
    """Run every step twice, as a scheduler would, after the dead worker's lease has run out."""
    parts = bootstrap.build(settings, now=clock)
    for _ in range(2):
        clock.go_on(minutes=10)
        commands.run_all(parts=parts)
    parts.close()


@pytest.fixture
def start_over(parts, authority, add_feed, firms_file):
    """How to empty every table, subscribe again, and forget the mails."""

    def start() -> None:
        with parts.database.begin() as connection:
            names = ", ".join(table.name for table in metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        for file in (parts.settings.maildir / "new").glob("*"):
            file.unlink()
        add_feed(parts, authority)
        commands.import_firms(firms_file, parts=parts)

    return start


@pytest.mark.parametrize("after", [pytest.param(False, id="before"), pytest.param(True, id="after")])
def test_killed_at_any_commit_and_run_again_the_same_mails_arrive(
    parts, clock, authority, after, start_over, rss, mails_but_numbers
):
    """
    Whichever commit a process dies at, the next one ends what it began: the mailbox is the same as if
    nothing had happened.
    """
    authority.publish("/avis", rss(*ITEMS))
    start_over()
    run_to_the_end(parts.settings, clock)
    expected = mails_but_numbers(parts.settings.maildir)
    assert len(expected) == 3

    found = {}
    number = 0
    has_died = True
    while has_died:
        number += 1
        start_over()
        has_died = run_until_killed(parts.settings, clock, number, after=after)
        run_to_the_end(parts.settings, clock)
        found[number] = mails_but_numbers(parts.settings.maildir)

    assert number > 10
    assert found == dict.fromkeys(range(1, number + 1), expected)
