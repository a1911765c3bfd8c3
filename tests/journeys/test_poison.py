"""What a database cannot hold stops nothing: its document is refused, or its value cut, and all else goes on."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from alerting import commands


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


def test_a_document_that_cannot_be_stored_is_refused_whole(subscribed, authority):
    """
    Whatever PostgreSQL will not hold, here by a column narrower than ours: one reject, and the document waits no more.
    """
    with subscribed.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE notices ALTER COLUMN source_id TYPE varchar(100)")
    authority.publish("/avis", json_feed(item("a"), item(LONG)))

    report = commands.run_all(parts=subscribed)
    (reject,) = commands.list_rejects(parts=subscribed)

    assert (report["load"]["refused"], report["load"]["notices"]) == (1, 0)
    assert reject["problem"].startswith("PostgreSQL cannot hold it: ")
    assert "\n" not in reject["problem"]


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
