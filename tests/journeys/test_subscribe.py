"""A feed is read once and shown before it is switched on; its secret is kept where secrets are."""

from __future__ import annotations

import base64
import json
import socket
from pathlib import Path

import pytest

from alerting import commands
from alerting.domain.search import SearchRequest
from alerting.errors import ProfileError, SettingError


CORPUS = Path(__file__).parents[1] / "corpus"
TOITURE = ("7", "Réfection de la toiture de l'école")
ASSURANCE = ("8", "Assurances des risques statutaires")


@pytest.fixture
def published(parts, authority, rss, firms_file):
    """An authority with two notices, and two firms; no feed is known."""
    authority.publish("/avis", rss(TOITURE, ASSURANCE))
    commands.import_firms(firms_file, parts=parts)
    return parts


def subscribe(parts, server, path: str = "/avis", **facts):
    """Register a page of the authority."""
    return commands.subscribe_feed(server.url + path, is_local=True, parts=parts, **facts)


def test_a_new_feed_shows_whom_it_would_tell_and_rests(published, authority):
    """
    The format is detected, the notice that fits names the profile, and nothing is asked or stored until it is resumed.
    """
    report = subscribe(published, authority, feed_id="kerlann")
    before = commands.fetch_due_feeds(parts=published)
    commands.resume_feed("kerlann", parts=published)
    after = commands.run_all(parts=published)

    assert (report["feed_id"], report["state"], report["format"]) == ("kerlann", "paused", "rss")
    told = {
        notice["title"]: [each["profile_id"] for each in notice["told_to"]] for notice in report["notices"]
    }
    assert told == {TOITURE[1]: ["toits"], ASSURANCE[1]: []}
    assert (before["feeds"], after["load"]["notices"], after["deliver"]["sent"]) == (0, 2, 2)


def test_a_feed_is_named_after_its_host_and_started_when_asked(published, authority):
    """
    Without a name and an authority both come from the address.
    """
    report = subscribe(published, authority, is_started=True)
    (row,) = commands.list_feeds(parts=published)

    assert (report["feed_id"], report["state"]) == ("127-0-0-1", "due")
    assert (row["authority"], row["paused_at"]) == ("127-0-0-1", None)


def test_a_feed_that_cannot_be_read_is_not_registered(published, authority):
    """
    A page that is no feed: the report says where and why.
    """
    authority.publish("/page", "<html><body>Maintenance</body></html>", media="text/html")

    report = subscribe(published, authority, "/page")

    assert report["state"] == "refused"
    assert report["rejects"][0]["problem"]
    assert commands.list_feeds(parts=published) == []


def test_an_index_page_is_tried_by_its_first_document(published, authority, rss):
    """
    The page itself carries no notice; the document that it points to does.
    """
    authority.publish(
        "/liste", '<html><body><a href="/7.xml">7</a> <a href="/8.xml">8</a></body></html>', media="text/html"
    )
    authority.publish("/7.xml", rss(TOITURE))

    report = subscribe(published, authority, "/liste", format="index-page")

    assert (report["format"], report["link_count"]) == ("index-page", 2)
    assert [notice["title"] for notice in report["notices"]] == [TOITURE[1]]


def test_a_known_feed_moves_without_losing_its_pace_or_its_name(published, authority):
    """
    Another address: asked anew, running as it was; the ETag of the old address is not sent to the new one.
    """
    subscribe(published, authority, feed_id="kerlann", authority="Ville de Kerlann", is_started=True)
    commands.run_all(parts=published)
    authority.publish("/nouveau", authority.pages["/avis"][2])

    report = subscribe(published, authority, "/nouveau", feed_id="kerlann")
    commands.run_all(parts=published)

    (row,) = commands.list_feeds(parts=published)
    assert (report["state"], row["authority"], row["url"]) == (
        "due",
        "Ville de Kerlann",
        f"{authority.url}/nouveau",
    )
    assert authority.requests[-1] == ("/nouveau", 200)


def test_an_address_belongs_to_one_feed(published, authority):
    """
    The same address under two names would read everything twice.
    """
    subscribe(published, authority, feed_id="kerlann")

    with pytest.raises(ProfileError, match="feed 'kerlann' has this address already"):
        subscribe(published, authority, feed_id="second")


def test_what_is_over_is_told_to_nobody(published, authority):
    """
    A call whose deadline is past fits the profile, and would not be told.
    """
    authority.publish("/avis", (CORPUS / "ted-export/call-with-lots.xml").read_bytes())
    profile = {"id": "eglise", "name": "Églises", "cpv": ["45454100"]}
    commands.add_profile("le-goff", profile, parts=published)

    (notice,) = subscribe(published, authority)["notices"]

    assert (notice["is_open"], notice["told_to"]) == (False, [])


SECRETS = [
    ("anne:s3cret", "Authorization", "Basic " + base64.b64encode(b"anne:s3cret").decode()),
    ("Bearer abc", "Authorization", "Bearer abc"),
    ("X-Api-Key: abc", "X-Api-Key", "abc"),
]


@pytest.mark.parametrize(("secret", "header", "value"), SECRETS)
def test_the_secret_is_sent_and_never_stored(
    published, authority, monkeypatch, secret, header, value, capsys
):
    """
    The row holds the reference; the server sees the header; neither log nor row holds the secret.
    """
    monkeypatch.setenv("KERLANN_KEY", secret)
    subscribe(published, authority, credentials="env:KERLANN_KEY", is_started=True)
    commands.fetch_due_feeds(parts=published)

    (row,) = commands.list_feeds(parts=published)
    printed = capsys.readouterr()
    assert [headers[header] for headers in authority.headers] == [value, value]
    assert row["credentials"] == "env:KERLANN_KEY"
    assert secret not in f"{row}{printed.out}{printed.err}"


def test_a_value_that_cannot_be_read_is_said_before_the_feed_is_registered(published, authority, rss):
    """
    Its deadline is not missing: who adds the feed can tell its publisher what stands there.
    """
    day = "<dc:dateAccepted xmlns:dc='http://purl.org/dc/terms/'>2026-02-30</dc:dateAccepted>"
    authority.publish("/avis", rss(TOITURE).replace("</item>", f"{day}</item>"))

    report = subscribe(published, authority)

    [notice] = report["notices"]
    assert "deadline_at" not in notice["missing"]
    assert [(entry["field"], entry["before"]) for entry in notice["unreadable"]] == [
        ("deadline_at", "2026-02-30")
    ]


def test_a_secret_that_is_missing_fails_the_feed_by_its_reference(published, authority):
    """
    The line names the reference and what is expected; once the secret is there the feed is read.
    """
    commands.add_feed(
        "kerlann", authority="K", url=f"{authority.url}/avis", is_local=True, credentials="airflow:kerlann", parts=published
    )  # fmt: skip
    commands.fetch_due_feeds(parts=published)
    (row,) = commands.list_feeds(parts=published)
    commands.retry_feed("kerlann", parts=published)
    known = commands.fetch_due_feeds(secrets={"airflow": {"kerlann": "a:b"}.get}, parts=published)

    assert "airflow:kerlann: expected a secret in Airflow's connections" in row["last_failure"]
    assert (known["failed"], known["documents"]) == (0, 1)


def test_a_secret_written_where_its_reference_belongs_is_refused_unrepeated(published, authority):
    """
    The error does not echo it.
    """
    with pytest.raises(SettingError) as refused:
        subscribe(published, authority, credentials="anne:s3cret")
    assert "s3cret" not in str(refused.value)
    with pytest.raises(ProfileError) as written:
        commands.subscribe_feed("https://anne:s3cret@kerlann.example/avis", parts=published)
    assert "s3cret" not in str(written.value)


@pytest.mark.parametrize("feed_id", ["../../etc", " ", "é", "a" * 64, "-a"])
def test_a_name_that_a_feed_cannot_have_is_refused_in_words(published, authority, feed_id):
    """
    The line says which names there are, not by which expression we look.
    """
    with pytest.raises(ProfileError, match="feed_id: expected 1 to 63 letters, digits, dots, dashes"):
        subscribe(published, authority, feed_id=feed_id)


def test_a_search_where_no_index_is_set_is_for_a_person_to_mend(parts):
    """
    Trying again would help nobody.
    """
    with pytest.raises(
        SettingError, match="setting ELASTICSEARCH_URL: expected the address of Elasticsearch"
    ):
        commands.search(SearchRequest("toiture"), parts=parts)


def add_as_people_do(run_alerting, settings, url: str, *options: str):
    """Run ``alerting feeds add`` for a feed called kerlann."""
    return run_alerting(settings, "feeds", "add", url, "--id", "kerlann", "--local", *options)


def test_a_feed_that_cannot_be_read_is_refused_in_one_line(published, authority, settings, run_alerting):
    """
    Answers go to standard output, and this is none; a person must act, and nothing is registered.
    """
    authority.publish("/avis.pdf", b"%PDF-1.7", media="application/pdf")
    url = f"{authority.url}/avis.pdf"

    finished = add_as_people_do(run_alerting, settings, url)

    problem = "document: a PDF document; expected a feed in XML or JSON"
    line = f"alerting: feed 'kerlann': {problem}; nothing is registered\n"
    assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", line)
    assert commands.list_feeds(parts=published) == []


def test_a_feed_whose_server_is_away_may_be_added_later(published, settings, run_alerting):
    """
    The exit code is the one of any service that is away.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/avis"

        finished = add_as_people_do(run_alerting, settings, url)

    problem = f"{url}: no server answers there (Connection refused); expected one"
    line = f"alerting: feed 'kerlann': {problem}; nothing is registered\n"
    assert (finished.returncode, finished.stdout, finished.stderr) == (75, "", line)
    assert commands.list_feeds(parts=published) == []


@pytest.mark.parametrize(
    ("status", "exit_code"), [pytest.param(404, 2, id="gone"), pytest.param(503, 75, id="down")]
)
@pytest.mark.usefixtures("published")
def test_a_refusal_is_an_object_for_scripts_and_a_line_for_people(
    authority, settings, run_alerting, status, exit_code
):
    """
    With --json the report stands on standard output as ever; the exit code says who must do something.
    """
    authority.publish("/avis", "", status=status)

    finished = add_as_people_do(run_alerting, settings, f"{authority.url}/avis", "--json")

    report = json.loads(finished.stdout)
    problem = f"status {status}; expected 200 or 304"
    assert (finished.returncode, report["state"], report["is_away"]) == (
        exit_code,
        "refused",
        exit_code == 75,
    )
    assert report["rejects"] == [{"where": f"{authority.url}/avis", "problem": problem}]
    assert finished.stderr.splitlines() == [
        f"alerting: feed 'kerlann': {authority.url}/avis: {problem}; nothing is registered"
    ]


def test_several_reasons_are_one_line_and_counted(published, authority, settings, run_alerting):
    """
    The first reason is said, and how many more there are.
    """
    entries = "".join(f"<item><guid>{number}</guid></item>" for number in range(3))
    authority.publish("/avis", f"<rss version='2.0'><channel>{entries}</channel></rss>")

    finished = add_as_people_do(run_alerting, settings, f"{authority.url}/avis")

    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == (
        "alerting: feed 'kerlann': entry 1: expected a title (got none) (and 2 more); nothing is registered\n"
    )
    assert commands.list_feeds(parts=published) == []


def test_two_feeds_of_one_host_are_two_feeds(published, authority, rss):
    """
    Who names none gets a name of its own for each; one that is known keeps it, and one that moves says from where.
    """
    authority.publish("/others", rss(("9", "Toiture du lavoir")))
    first, again, second = (subscribe(published, authority, path) for path in ("/avis", "/avis", "/others"))
    authority.publish("/moved", rss(("9", "Toiture du lavoir")))
    moved = subscribe(published, authority, "/moved", feed_id=second["feed_id"])

    assert first["feed_id"] == again["feed_id"]
    assert second["feed_id"] == f"{first['feed_id']}-2"
    assert (first["moved_from"], again["moved_from"]) == (None, None)
    assert moved["moved_from"] == f"{authority.url}/others"
    assert len(commands.list_feeds(parts=published)) == 2
