"""A release that reads better than the one before: what its authority did not change is told to nobody."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from alerting import commands
from alerting.domain.feed import ParsedFeed
from alerting.domain.notice import RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats import parse
from alerting.pipeline.load import load_documents
from alerting.store.tables import digests


ROOF, DOOR, FENCE = "Réfection de la toiture de l'école", "Porte du garage", "Clôture du stade"


def feed(*items: tuple[str, str, str]) -> str:
    """Return an RSS feed of (id, title, day of April 2026 on which offers are due at noon)."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>{title}</title>"
        f"<link>https://kerlann.example/{number}</link><pubDate>Mon, 02 Mar 2026 06:00:00 GMT</pubDate>"
        f"<dc:dateAccepted>2026-04-{day}T12:00:00+02:00</dc:dateAccepted></item>"
        for number, title, day in items
    )
    head = "<title>Avis</title><link>https://kerlann.example</link><description>Marchés</description>"
    return f"<rss version='2.0' xmlns:dc='http://purl.org/dc/terms/'><channel>{head}{entries}</channel></rss>"


def read_before(body: bytes, **options) -> ParsedFeed:
    """Read as a release did that lost the hours of deadlines."""
    read = parse(body, **options)
    return replace(
        read, notices=tuple(replace(raw, deadlines=_lose_hours(raw.deadlines)) for raw in read.notices)
    )


def _lose_hours(deadlines: tuple[RawTime, ...]) -> tuple[RawTime, ...]:
    return tuple(RawTime("2026-04-02T00:00:00") for _ in deadlines)


def read_too_much(body: bytes, **options) -> ParsedFeed:
    """Read as a release did that took another date for a visit's."""
    read = parse(body, **options)
    return replace(
        read, notices=tuple(replace(raw, visit=RawTime("2026-03-20T09:00:00")) for raw in read.notices)
    )


@pytest.fixture(name="publish")
def publish_fixture(subscribed, authority, clock):
    """How to publish a feed of these items and to load it, as today's release reads or as another does."""

    def run(*items: tuple[str, str, str], read=parse) -> dict[str, object]:
        authority.publish("/avis", feed(*items))
        clock.go_on(minutes=20)
        commands.fetch_due_feeds(parts=subscribed)
        report = load_documents(subscribed.database, subscribed.archive, now=subscribed.now, read=read)
        commands.run_all(parts=subscribed)
        return report

    return run


def told(parts) -> list[list[tuple[str, str | None, str | None]]]:
    """Return the changes of each item that the roofers were told, the oldest first; one that is new has none."""
    with parts.database.begin() as connection:
        rows = connection.scalars(select(digests.c.content).order_by(digests.c.digest_id)).all()
    return [
        [(change["field"], change["before"], change["after"]) for change in entry["changes"]]
        for content in rows
        for entry in content["items"]
    ]


def deadline_of(parts, source_id: str) -> str:
    """Return the deadline that the procedure of a notice has now."""
    return fact_of(parts, source_id, "deadline_at")


def fact_of(parts, source_id: str, name: str) -> str | None:
    """Return what the procedure of a notice states now."""
    asked = text(
        "SELECT DISTINCT procedures.view->>:name FROM procedures JOIN notices USING (procedure_id)"
        " WHERE notices.source_id = :source_id"
    )
    with parts.database.begin() as connection:
        return connection.execute(asked, {"name": name, "source_id": source_id}).scalar_one()


NOON, EVENING, LATER = "2026-04-02T10:00:00+00:00", "2026-04-01T22:00:00+00:00", "2026-04-09T10:00:00+00:00"


def test_an_item_that_stands_in_the_next_document_is_no_correction(subscribed, publish):
    """
    An older release lost the hour.  The next document repeats the item and adds another: the purchase has its hour now,
    and nobody hears of that.
    """
    publish(("1", ROOF, "02"), read=read_before)
    lost = deadline_of(subscribed, "1")
    publish(("2", DOOR, "02"), ("1", ROOF, "02"))
    publish(("3", FENCE, "02"), ("2", DOOR, "02"), ("1", ROOF, "02"))

    assert (lost, deadline_of(subscribed, "1")) == (EVENING, NOON)
    assert told(subscribed) == [[]]


def test_what_the_authority_changed_meanwhile_is_told_alone(subscribed, publish):
    """
    The next document moves the date that was read badly: before and after are what the authority said.
    """
    publish(("1", ROOF, "02"), read=read_before)
    publish(("1", ROOF, "09"))

    assert deadline_of(subscribed, "1") == LATER
    assert told(subscribed) == [[], [("deadline_at", NOON, LATER)]]


@pytest.mark.parametrize("is_replayed", [False, True], ids=["in the next document", "by a replay"])
def test_what_was_read_wrongly_is_stated_no_more(subscribed, publish, is_replayed):
    """
    A fact that the authority never stated goes from the purchase once its document is read again, and nobody hears of
    that; it stayed, for a notice that is silent takes nothing back.
    """
    publish(("1", ROOF, "02"), read=read_too_much)
    wrong = fact_of(subscribed, "1", "visit_at")
    if is_replayed:
        commands.replay_documents(also_read=True, parts=subscribed)
        commands.run_all(parts=subscribed)
    else:
        publish(("2", DOOR, "02"), ("1", ROOF, "02"))

    assert (wrong, fact_of(subscribed, "1", "visit_at")) == ("2026-03-20T08:00:00+00:00", None)
    assert deadline_of(subscribed, "1") == NOON
    assert told(subscribed) == [[]]


def test_each_older_document_is_read_once_more(publish):
    """
    Ten documents brought twenty items two by two; the next one lists the first of each, then the second of each.
    """
    items = [(str(number), f"Porte {number}", "02") for number in range(20)]
    for number in range(0, 20, 2):
        publish(*items[number : number + 2], read=read_before)
    bodies = []

    def count(body: bytes, **options: object) -> ParsedFeed:
        bodies.append(body)
        return parse(body, **options)

    publish(*items[::2], *items[1::2], read=count)

    assert (len(bodies), len(set(bodies))) == (11, 11)


def test_what_the_archive_no_longer_has_is_compared_as_it_was_read(subscribed, publish):
    """
    Without the older document nobody can tell: the firm hears of the other hour rather than not.
    """
    publish(("1", ROOF, "02"), read=read_before)
    shutil.rmtree(subscribed.settings.archive)
    publish(("2", DOOR, "02"), ("1", ROOF, "02"))

    assert told(subscribed) == [[], [("deadline_at", EVENING, NOON)]]


def test_a_document_that_is_read_after_later_ones_takes_nothing_back(subscribed, publish):
    """
    Refused at first, read by a replay when the authority has long moved the date: the later date stands.
    """

    def refuse(_: bytes, *, feed_id: str, **_options: object) -> ParsedFeed:
        raise FeedFormatError(feed_id, "document", "not read by that release")

    publish(("1", ROOF, "02"), read=refuse)
    publish(("1", ROOF, "09"))
    commands.replay_documents(also_read=False, parts=subscribed)
    report = commands.run_all(parts=subscribed)["load"]

    assert (report["documents"], report["same"]) == (1, 1)
    assert deadline_of(subscribed, "1") == LATER
    assert told(subscribed) == [[]]
