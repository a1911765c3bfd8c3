"""What is under way beside the deliveries: whoever writes them, it has exactly those that may still leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from alerting.store import deliveries
from alerting.store.database import open_database


NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STATES = ("queued", "deferred", "claimed", "sent", "failed", "suppressed", "in doubt")
MAY_LEAVE = {"queued", "deferred", "claimed"}
DIGEST = """
    INSERT INTO firms (firm_id, name) VALUES ('le-goff', 'Le Goff');
    INSERT INTO recipients (firm_id, email) VALUES ('le-goff', 'yann@legoff.example');
    INSERT INTO profiles (profile_id, firm_id, name, cadence, criteria)
        VALUES ('toits', 'le-goff', 'Toits', 'immediate', '{}');
    INSERT INTO digest_runs (cadence, window_end) VALUES ('immediate', '2026-03-02');
    INSERT INTO digests (run_id, profile_id, content)
        SELECT run_id, 'toits', '{}' FROM digest_runs;
"""
# As any release writes one: each is a replay of the digest.
DELIVERY = text("""
    INSERT INTO deliveries (digest_id, recipient_id, message_id, state, replay_number)
    SELECT digest_id, recipient_id, '<' || CAST(:number AS text) || '@a.example>', :state, :number
    FROM digests, recipients
""")


def add_deliveries(connection, states, *, first: int = 0) -> None:
    """Add a delivery in each state."""
    for number, state in enumerate(states, first):
        connection.execute(DELIVERY, {"number": number, "state": state})


def under_way(connection) -> list[str]:
    """Return the states of what stands beside the deliveries, in order of their numbers."""
    asked = text(
        "SELECT state FROM deliveries_under_way LEFT JOIN deliveries USING (delivery_id) ORDER BY delivery_id"
    )
    return list(connection.scalars(asked))


def claim(connection, *, limit: int) -> list[int]:
    """Claim so many."""
    lease_until = NOW + timedelta(minutes=5)
    return deliveries.claim_deliveries(connection, worker="w", now=NOW, lease_until=lease_until, limit=limit)


def test_what_an_older_release_queued_and_goes_on_queueing_is_found(database_at):
    """
    A database with mails in every state is migrated; then the release before adds some more, and ends some.
    """
    database = database_at("0022")
    with database.begin() as connection:
        connection.execute(text(DIGEST))
        add_deliveries(connection, STATES)
    database.migrate()

    with database.begin() as connection:
        migrated = under_way(connection)
        add_deliveries(connection, STATES, first=len(STATES))
        connection.execute(
            text("UPDATE deliveries SET state = 'sent' WHERE state = 'claimed' AND is_under_way")
        )
        connection.execute(text("UPDATE deliveries SET state = 'queued' WHERE state = 'in doubt'"))
        written_since = under_way(connection)
        claimed = claim(connection, limit=100)
        waiting = deliveries.count_to_send(connection, now=NOW)

    assert migrated == ["queued", "deferred", "claimed"]
    assert written_since == ["queued", "deferred", "queued"] * 2
    assert (claimed, waiting) == ([1, 2, 7, 8, 9, 14], 0)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_a_delivery_is_under_way_exactly_while_it_may_leave(database, before, after):
    """
    From any state into any: it stands beside the deliveries once, or not at all.
    """
    with database.begin() as connection:
        connection.execute(text(DIGEST))
        add_deliveries(connection, [before])
        first = under_way(connection)
        connection.execute(text("UPDATE deliveries SET state = :after"), {"after": after})
        then = under_way(connection)

    assert first == [before] * (before in MAY_LEAVE)
    assert then == [after] * (after in MAY_LEAVE)


def test_a_claim_holds_no_more_than_it_claims(database, database_url):
    """
    While one worker's claim of a mail is open, another's finds the other two.
    """
    other = open_database(database_url)
    with database.begin() as connection:
        connection.execute(text(DIGEST))
        add_deliveries(connection, ["deferred", "queued", "sent", "queued"])
    with database.begin() as connection, other.begin() as beside:
        of_one = claim(connection, limit=1)
        of_other = claim(beside, limit=5)
    other.close()

    assert (of_one, of_other) == ([1], [2, 4])
