"""Of a firm that is erased nothing personal is left, whatever else is at work in that moment or comes later."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy
from sqlalchemy import event, text

from alerting import bootstrap, commands
from alerting.domain.suppression import SuppressionKind
from alerting.store import suppressions
from alerting.store.database import open_database
from alerting.store.tables import metadata
from tests.journeys.test_delivery import served_parts, server
from tests.journeys.test_receive import returned


__all__ = ["returned", "served_parts", "server"]

TANGUY = "73282932000074"
HEAD = "siret;nom;naf;code postal;commune;email\n"
LINE = f"{TANGUY};Chauffage Tanguy;43.22A;29000;Quimper;{{}}@tanguy.example\n"
# An order not to mail an address stands: it has the address.
KEPT = {"suppressions"}
PERSONAL = re.compile(r"legoff|Le Goff|tanguy", re.IGNORECASE)


def personal(parts) -> list[str]:
    """Return the rows in which anything is left by which the firm, or one of its people, is known."""
    with parts.database.begin() as connection:
        return [
            f"{table.name}: {row}"
            for table in metadata.sorted_tables
            if table.name not in KEPT
            for row in connection.execute(sqlalchemy.select(table))
            if PERSONAL.search(str(row))
        ]


@contextmanager
def erased_before(parts, settings, firm_id: str, statement: str) -> Iterator[None]:
    """Let somebody else erase a firm just before the first statement that begins so, as far as he gets then."""
    own = bootstrap.build(settings, database=open_database(settings.database_url), now=parts.now)
    eraser = threading.Thread(target=commands.erase_firm, args=(firm_id,), kwargs={"parts": own})

    @event.listens_for(parts.database.engine, "before_cursor_execute")
    def erase(connection, cursor, asked, *rest) -> None:  # noqa: ARG001 - SQLAlchemy's names
        if asked.startswith(statement) and eraser.ident is None:
            eraser.start()
            while eraser.is_alive() and not is_waiting(own):
                time.sleep(0.01)

    yield
    event.remove(parts.database.engine, "before_cursor_execute", erase)
    eraser.join()
    own.close()


def is_waiting(parts) -> bool:
    """Tell whether somebody waits for a lock of this database."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with parts.database.read() as connection:
        return connection.scalar(text(asked)) > 0


def test_a_firm_that_is_erased_while_its_readers_are_told_of_an_address_keeps_nothing(
    queued, settings, clock
):
    """
    The notice is written and then emptied, or not written.
    """
    commands.deliver_digests(parts=queued)
    with queued.database.begin() as connection:
        suppressions.add_suppression(
            connection, "yann@legoff.example", kind=SuppressionKind.HARD_BOUNCE, reason="5.1.1", now=clock()
        )

    with erased_before(queued, settings, "le-goff", "INSERT INTO digests"):
        commands.compose_digests(parts=queued)

    assert personal(queued) == []


def test_a_firm_that_is_erased_while_a_list_is_imported_does_not_come_back(parts, settings, tmp_path):
    """
    The list has it with another address: it is refused, or changed and then erased, and never asked again.
    """
    table = tmp_path / "list.csv"
    table.write_text(HEAD + LINE.format("contact"))
    commands.import_firms(str(table), parts=parts)
    table.write_text(HEAD + LINE.format("bureau"))

    with erased_before(parts, settings, TANGUY, "INSERT INTO firms"):
        commands.import_firms(str(table), parts=parts)
    report = commands.deliver_digests(parts=parts)

    assert commands.list_firms(parts=parts) == []
    assert report["sent"] == 0
    assert personal(parts) == []


def test_what_comes_back_after_the_firm_was_erased_is_counted_without_its_words(returned):
    """
    That an address is unknown concerns nobody any more: no order is given either.
    """
    returned.arrive("postfix-unknown")
    commands.erase_firm("le-goff", parts=returned.parts)

    report = commands.receive_mails(parts=returned.parts)

    assert report["hard_bounce"] == 1
    [row] = commands.list_received(parts=returned.parts)
    assert (row["status"], row["diagnostic"]) == ("5.1.1", None)
    assert commands.list_suppressions(with_ended=True, parts=returned.parts) == []
    assert personal(returned.parts) == []


def test_a_server_that_spells_an_address_in_its_own_way_leaves_none_with_us(served_parts, server):
    """
    In its answers, whoever's address it names; of an erased firm not even these are kept.
    """
    server.rcpt = {
        "yann@legoff.example": "550 5.1.1 <Yann@LeGoff.example>: unknown, ask info@legoff.example",
        "bureau@legoff.example": "451 4.2.0 BUREAU@legoff.example is greylisted",
    }
    commands.run_all(parts=served_parts)
    answers = {
        row["answer"].partition(" answered ")[2] for row in commands.list_deliveries(parts=served_parts)
    }
    [order] = commands.list_suppressions(parts=served_parts)

    commands.erase_firm("le-goff", parts=served_parts)

    assert answers == {"550 5.1.1 <recipient>: unknown, ask address", "451 4.2.0 recipient is greylisted"}
    assert "legoff" not in order["reason"].lower()
    assert {row["answer"] for row in commands.list_deliveries(parts=served_parts)} == {None}
    assert personal(served_parts) == []


def test_a_bounce_that_spells_an_address_in_its_own_way_leaves_none_with_us(returned):
    """
    What is kept of a report names nobody.
    """
    returned.arrive("postfix-unknown")
    [letter] = (returned.folder / "new").iterdir()
    said = letter.read_text()
    letter.write_text(said.replace("<yann@legoff.example>: Recipient", "<Yann@LeGoff.example>: Recipient"))

    commands.receive_mails(parts=returned.parts)

    [row] = commands.list_received(parts=returned.parts)
    assert "<recipient>: Recipient address rejected" in row["diagnostic"]
    assert "legoff" not in str(commands.list_suppressions(parts=returned.parts)[0]["reason"]).lower()
