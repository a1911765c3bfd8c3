"""Suppressions in PostgreSQL: what older releases wrote, and what two workers do at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from alerting.domain.suppression import SuppressionKind
from alerting.store import suppressions
from alerting.store.database import open_database


NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def older_database(database_at):
    """A database of the release before bounces were read."""
    return database_at("0003")


def test_what_an_older_release_suppressed_stays_so(older_database):
    """
    Refused addresses are hard bounces, left profiles left; that release goes on writing while it is replaced.
    """
    older = "INSERT INTO suppressions (email, profile_id, reason) VALUES (:email, :profile_id, 'said so')"
    rows = [("yann@legoff.example", None), ("yann@legoff.example", "toits")]
    with older_database.begin() as connection:
        for email, profile_id in rows:
            connection.execute(text(older), {"email": email, "profile_id": profile_id})

    older_database.migrate()

    with older_database.begin() as connection:
        connection.execute(text(older), {"email": "bureau@legoff.example", "profile_id": None})
        kept = suppressions.list_suppressions(connection, with_ended=True)
    assert [(row["email"], row["profile_id"], row["kind"]) for row in kept] == [
        ("bureau@legoff.example", None, "hard bounce"),
        ("yann@legoff.example", "toits", "unsubscribed"),
        ("yann@legoff.example", None, "hard bounce"),
    ]


def test_two_workers_that_suppress_at_once_leave_the_stronger_reason(database_url):
    """
    A bounce and a complaint of one address arrive together: one order stands, and neither worker fails.
    """
    database = open_database(database_url)
    together = threading.Barrier(2)

    def suppress(kind: SuppressionKind) -> None:
        together.wait()
        with database.begin() as connection:
            suppressions.add_suppression(
                connection, "yann@legoff.example", kind=kind, reason=kind.value, now=NOW
            )

    kinds = (SuppressionKind.HARD_BOUNCE, SuppressionKind.COMPLAINT)
    workers = [threading.Thread(target=suppress, args=(kind,)) for kind in kinds]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    with database.begin() as connection:
        standing = suppressions.standing_suppressions(connection, "Yann@legoff.example")
    database.close()
    assert [order.kind for order in standing] == [SuppressionKind.COMPLAINT]
