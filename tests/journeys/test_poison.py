"""What a database cannot hold stops nothing: its document is refused, or its value cut, and all else goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from alerting import commands
from alerting.domain.feed import ParsedFeed
from alerting.errors import StoreOutdatedError, StoreUnavailableError
from alerting.feeds.formats import parse
from alerting.pipeline.load import load_documents
from alerting.store.database import Database, open_database


def item(number: str, **facts) -> dict[str, object]:
    """Return an item of a JSON Feed."""
    return {"id": number, "title": "Réfection de la toiture", "url": "https://kerlann.example/1", **facts}


def json_feed(*items) -> str:
    """Return a JSON Feed."""
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Avis", "items": list(items)})


LONG = "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(6_000))
OCDS = {
    "releases": [
        {
            "ocid": "ocds-1",
            "id": "1",
            "tag": ["tender"],
            "tender": {"title": "Toiture", "value": {"amount": "@", "currency": "EUR"}},
        }
    ]
}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json_feed(item("a\u0000b")), id="NUL in an id"),
        pytest.param(json_feed(item("a", url="https://kerlann.example/\u0000")), id="NUL in an address"),
        pytest.param(json_feed(item("\ud800")), id="half of a sign"),
        pytest.param(json_feed(item(LONG)), id="an endless id"),
        pytest.param(json_feed(item("a", title=LONG)), id="an endless title"),
        pytest.param(json.dumps(OCDS).replace('"@"', "1e999999"), id="an amount without end"),
        pytest.param(json.dumps(OCDS).replace('"@"', "9" * 400), id="an amount of 400 digits"),
        pytest.param(f"<{LONG[:1900]}/>", id="an endless name"),
    ],
)
def test_a_value_that_no_database_holds_stops_nothing(subscribed, authority, add_feed, rss, mails, body):
    """
    The bad feed is fetched and loaded before the good one; the good one is told, and nothing waits.
    """
    authority.publish("/bad", body)
    add_feed(subscribed, authority, feed_id="a-bad-one", path="/bad")
    commands.pause_feed("kerlann", parts=subscribed)
    commands.fetch_due_feeds(parts=subscribed)
    commands.resume_feed("kerlann", parts=subscribed)
    authority.publish("/avis", rss(("7", "Réfection de la toiture de la mairie")))

    report = commands.run_all(parts=subscribed)

    assert report["load"]["documents"] == 2
    assert any("toiture de la mairie" in text for _, _, text in mails(subscribed.settings.maildir))
    assert commands.load_documents(parts=subscribed)["documents"] == 0


def test_names_that_begin_alike_and_are_too_long_stay_apart(subscribed, authority):
    """
    What is cut off is told apart by a hash: two notices, not one.
    """
    authority.publish("/avis", json_feed(item(LONG + "1"), item(LONG + "2", title="Menuiserie")))

    assert commands.run_all(parts=subscribed)["load"]["notices"] == 2


def test_a_notice_that_cannot_be_stored_is_refused_alone(subscribed, authority):
    """
    Whatever PostgreSQL will not hold, here by a column narrower than ours: one reject; its neighbours are kept.
    """
    with subscribed.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE notices ALTER COLUMN source_id TYPE varchar(100)")
    authority.publish("/avis", json_feed(item("a"), item(LONG), item("c", title="Menuiserie")))

    report = commands.run_all(parts=subscribed)["load"]
    (reject,) = commands.list_rejects(parts=subscribed)

    assert (report["documents"], report["refused"]) == (1, 0)
    assert (report["notices"], report["procedures"], report["rejects"]) == (2, 2, 1)
    assert reject["where"].startswith("notice " + LONG[:50])
    assert reject["problem"].startswith("PostgreSQL cannot hold it: ")
    assert "\n" not in reject["problem"]


@pytest.fixture
def load(subscribed):
    """How to load what waits with a parser of the test's own; returns the report."""

    def run(read) -> dict[str, object]:
        return load_documents(subscribed.database, subscribed.archive, now=subscribed.now, read=read)

    return run


def fetch(parts, authority, add_feed, **bodies) -> None:
    """Fetch documents, one a feed, in this order."""
    commands.pause_feed("kerlann", parts=parts)
    for name, body in bodies.items():
        authority.publish(f"/{name}", body)
        add_feed(parts, authority, feed_id=name, path=f"/{name}")
        commands.fetch_due_feeds(parts=parts)


def waiting(parts) -> dict[str, int]:
    """Return how often each waiting document was begun, by its feed."""
    with parts.database.begin() as connection:
        rows = connection.exec_driver_sql(
            "SELECT feed_id, attempt_count FROM documents WHERE loaded_at IS NULL"
        )
        return {row.feed_id: row.attempt_count for row in rows}


def surprised_by(marker: bytes, error: BaseException):
    """Return a parser that raises at documents with a marker, and reads the others as ever."""

    def read(body: bytes, **options) -> ParsedFeed:
        if marker in body:
            raise error
        return parse(body, **options)

    return read


def shown_rejects(parts) -> list[tuple[str, str, str]]:
    """Return every reject, without the line of code."""
    rows = commands.list_rejects(parts=parts)
    return [(row["feed_id"], row["where"], re.sub(r"line \d+", "line N", row["problem"])) for row in rows]


def test_a_document_at_which_the_parser_breaks_is_refused_and_read_by_a_replay(
    subscribed, authority, add_feed, load
):
    """
    A bug of ours in one document: one line with its place in the code; the others are loaded, and a mended parser reads it.
    """
    fetch(
        subscribed, authority, add_feed, bad=json_feed(item("bad")), good=json_feed(item("g", title="Bois"))
    )

    with capture_logs() as logs:
        report = load(surprised_by(b"bad", KeyError("title")))
    rejected = shown_rejects(subscribed)
    commands.replay_documents(feed_id="bad", parts=subscribed)
    mended = commands.load_documents(parts=subscribed)

    problem = "a bug of ours (KeyError: 'title' in test_poison.py, line N); expected to be read or refused"
    assert (report["documents"], report["notices"], report["refused"]) == (2, 1, 1)
    assert rejected == [("bad", "document", problem)]
    shown = [(line["log_level"], line["feed_id"]) for line in logs if line["event"] == "document_surprised"]
    assert shown == [("error", "bad")]
    assert (mended["documents"], mended["notices"], mended["rejects"]) == (1, 1, 0)
    assert commands.list_rejects(parts=subscribed) == []


def test_a_notice_at_which_we_break_is_refused_alone(subscribed, authority, add_feed, load):
    """
    Cleaning breaks at the second of three notices (its title is no text): the others are stored.
    """
    mixed = json_feed(item("1"), item("2", title="x"), item("3", title="Bois"))
    fetch(subscribed, authority, add_feed, mixed=mixed)

    def read(body: bytes, **options) -> ParsedFeed:
        first, second, third = parse(body, **options).notices
        return ParsedFeed((first, replace(second, title=3), third))

    report = load(read)
    ((feed_id, where, problem),) = shown_rejects(subscribed)

    assert (report["notices"], report["rejects"], report["refused"]) == (2, 1, 0)
    assert (feed_id, where) == ("mixed", "notice 2")
    assert problem.startswith("a bug of ours (")
    assert problem.endswith(" line N); expected to be read or refused")


def test_a_notice_against_a_rule_of_its_table_is_refused_alone(subscribed, authority, add_feed):
    """
    What only PostgreSQL sees, in the middle of a document: its neighbours are stored, once, and nothing waits.
    """
    with subscribed.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE notices ADD CHECK (source_id <> '2')")
    fetch(
        subscribed,
        authority,
        add_feed,
        mixed=json_feed(*(item(n, title=f"Bois de la halle {n * 9}") for n in "123")),
    )

    report = commands.load_documents(parts=subscribed)
    ((_, where, problem),) = shown_rejects(subscribed)

    assert (report["notices"], report["procedures"], report["rejects"], report["refused"]) == (2, 2, 1, 0)
    assert where == "notice 2"
    assert problem.startswith("PostgreSQL cannot hold it: ")
    assert waiting(subscribed) == {}


def test_a_store_that_goes_away_in_the_middle_of_a_notice_stops_the_step(subscribed, authority, add_feed):
    """
    The server ends our connection as the second notice is stored: a transient error; nothing is kept or blamed.
    """
    mixed = json_feed(*(item(n, title=f"Bois de la halle {n * 9}") for n in "123"))
    fetch(subscribed, authority, add_feed, mixed=mixed)
    with subscribed.database.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.source_id = '2' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER go_away BEFORE INSERT ON notices FOR EACH ROW EXECUTE FUNCTION go_away()"
        )

    for _ in range(5):
        with pytest.raises(StoreUnavailableError):
            commands.load_documents(parts=subscribed)
    blamed = waiting(subscribed)
    with subscribed.database.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER go_away ON notices")
    report = commands.load_documents(parts=subscribed)

    assert blamed == {"mixed": 0}
    assert (report["documents"], report["notices"], report["rejects"]) == (1, 3, 0)


def test_a_store_of_another_version_blames_no_document(subscribed, authority, add_feed):
    """
    A column is missing, as while a release is rolled out: the step ends each time, and the document is loaded later.
    """
    fetch(subscribed, authority, add_feed, one=json_feed(item("1")))
    with subscribed.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE notices RENAME content_hash TO hash_of_later")

    for _ in range(5):
        with pytest.raises(StoreOutdatedError):
            commands.load_documents(parts=subscribed)
    blamed = waiting(subscribed)

    assert blamed == {"one": 0}


class KilledError(BaseException):
    """The worker ends here; nothing of ours may catch it."""


def test_a_document_that_ends_its_worker_again_and_again_is_set_aside(subscribed, authority, add_feed, load):
    """
    It holds up the others twice at most; after three ends it is refused by the next worker, and a replay tries it again.
    """
    fetch(
        subscribed, authority, add_feed, bad=json_feed(item("bad")), good=json_feed(item("g", title="Bois"))
    )
    deadly = surprised_by(b"bad", KilledError())
    steps = []

    for _ in range(3):
        with pytest.raises(KilledError):
            load(deadly)
        steps.append(waiting(subscribed))
    last = load(deadly)
    rejected = shown_rejects(subscribed)
    commands.replay_documents(feed_id="bad", parts=subscribed)
    mended = commands.load_documents(parts=subscribed)

    assert steps == [{"bad": 1, "good": 0}, {"bad": 2, "good": 0}, {"bad": 3}]
    assert (last["documents"], last["refused"]) == (1, 1)
    problem = "ended its worker 3 times (killed, or out of time); expected to be loaded"
    assert rejected == [("bad", "document", problem)]
    assert (mended["documents"], mended["notices"]) == (1, 1)


def act_before_work(database: Database, act: Callable[[], None]) -> None:
    """Act once: when a loader has committed that it begins a document, and before it takes it."""
    done = []

    @event.listens_for(database.engine, "commit")
    def counted(_) -> None:
        done.append("counted")

    @event.listens_for(database.engine, "begin")
    def begun(_) -> None:
        if done == ["counted"]:
            done.append("acted")
            act()


def test_loaders_that_begin_at_the_same_moment_blame_no_document(subscribed, settings, authority, rss):
    """
    Five loaders, each started when the one before has counted its attempt and not yet begun the work: the
    first loads the document, the others find nothing, and nothing is set aside, for nobody died.
    """
    authority.publish("/avis", rss(("7", "Réfection de la toiture de la mairie")))
    commands.fetch_due_feeds(parts=subscribed)
    loaders = [open_database(settings.database_url) for _ in range(5)]
    reports = []

    def start(number: int) -> None:
        if number < len(loaders):
            act_before_work(loaders[number], lambda: start(number + 1))
            report = load_documents(loaders[number], subscribed.archive, now=subscribed.now)
            loaders[number].close()
            reports.append((number, report["documents"], report["notices"]))

    start(0)

    assert commands.list_rejects(parts=subscribed) == []
    assert reports == [(4, 0, 0), (3, 0, 0), (2, 0, 0), (1, 0, 0), (0, 1, 1)]


def test_a_document_that_the_archive_does_not_give_back_is_not_blamed(subscribed, authority, add_feed):
    """
    However often it is looked for, it waits, and is loaded when it is there.
    """
    fetch(subscribed, authority, add_feed, lost=json_feed(item("1")))
    folder = subscribed.settings.archive
    folder.rename(folder.with_name("away"))
    absences = [commands.load_documents(parts=subscribed)["absent"] for _ in range(5)]
    folder.with_name("away").rename(folder)

    report = commands.load_documents(parts=subscribed)

    assert absences == [1] * 5
    assert (report["documents"], report["notices"]) == (1, 1)


@pytest.mark.parametrize(
    ("criteria", "is_told"),
    [
        pytest.param('{"trades": ["allumeur"]}', False, id="a trade that exists no longer"),
        pytest.param('{"trades": ["allumeur"], "words": ["toiture"]}', True, id="and a word beside it"),
    ],
)
def test_a_stored_profile_that_names_what_is_gone_stops_no_other(
    subscribed, authority, rss, criteria, is_told
):
    """
    Stored under an older release: the joiner is met by what is left of his profile; the roofer is told as ever.
    """
    with subscribed.database.begin() as connection:
        connection.execute(
            text("UPDATE profiles SET criteria = CAST(:criteria AS jsonb) WHERE profile_id = 'bois'"),
            {"criteria": criteria},
        )
    authority.publish("/avis", rss(("7", "Réfection de la toiture de la mairie")))

    commands.run_all(parts=subscribed)
    told = {row["profile_id"] for row in commands.list_tellings(parts=subscribed)}

    assert told == {"toits"} | ({"bois"} if is_told else set())
