"""How mail leaves: only to whom it may, later when it cannot, and settled by a person when in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerting import bootstrap, commands
from alerting.errors import UnknownIdError
from alerting.store import deliveries


NOTICE = ("7", "Réfection de la toiture de l'école")


@pytest.fixture
def smtp_parts(settings, clock, authority, add_feed, firms_file, rss):
    """Parts that speak to a mail server that is away; one recipient of the firm may get real mail."""
    changed = replace(
        settings, smtp_url="smtp+plain://127.0.0.1:9", recipients_allowed=("yann@legoff.example",)
    )
    built = bootstrap.build(changed, now=clock)
    add_feed(built, authority)
    commands.import_firms(firms_file, parts=built)
    authority.publish("/avis", rss(NOTICE))
    yield built
    built.close()


def states(parts) -> dict[str, tuple[str, int]]:
    """Return state and attempts by recipient."""
    rows = commands.list_deliveries(parts=parts)
    return {row["recipient"]: (row["state"], row["attempt_count"]) for row in rows}


def test_a_recipient_off_the_list_is_suppressed_and_a_server_that_is_away_is_asked_again(smtp_parts, clock):
    """
    Nothing leaves for an address that is not allowed; the other waits, a minute first, then two.
    """
    commands.run_all(parts=smtp_parts)
    first = states(smtp_parts)
    clock.go_on(seconds=30)
    commands.deliver_digests(parts=smtp_parts)
    too_early = states(smtp_parts)
    clock.go_on(seconds=31)
    commands.deliver_digests(parts=smtp_parts)
    clock.go_on(seconds=61)

    report = commands.deliver_digests(parts=smtp_parts)

    assert first == {"yann@legoff.example": ("deferred", 1), "bureau@legoff.example": ("suppressed", 1)}
    assert too_early == first
    assert report["deferred"] == 0
    assert states(smtp_parts)["yann@legoff.example"] == ("deferred", 2)


def test_a_worker_that_never_came_back_leaves_a_doubt_that_a_person_settles(smtp_parts, clock):
    """
    Over SMTP a claim whose lease ran out is in doubt, not sent again by itself.
    """
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=smtp_parts)
    commands.compose_digests(parts=smtp_parts)
    lease_until = clock() + timedelta(minutes=5)
    with smtp_parts.database.begin() as connection:
        claimed = deliveries.claim_deliveries(
            connection, worker="gone", now=clock(), lease_until=lease_until, limit=9
        )
    clock.go_on(minutes=6)

    report = commands.recover(parts=smtp_parts)
    first, second = (one.delivery_id for one in claimed)
    arrived = commands.resolve_delivery(first, arrived=True, parts=smtp_parts)
    again = commands.resolve_delivery(second, arrived=False, parts=smtp_parts)

    assert (report["in_doubt"], report["to_deliver"]) == (2, 0)
    assert (arrived["state"], again["state"], again["waiting"]) == ("sent", "queued", 1)
    with pytest.raises(UnknownIdError, match=rf"^delivery {first}: none of that number is in doubt$"):
        commands.resolve_delivery(first, arrived=True, parts=smtp_parts)
