"""Feed bytes in, mail out, through the front door alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alerting import bootstrap, commands
from alerting.domain.search import SearchRequest
from alerting.errors import SearchError, SearchUnavailableError
from alerting.store import documents


TOITURE = ("7", "Réfection de la toiture de l'école")
MENUISERIE = ("8", "Menuiserie extérieure de la mairie")
LAVOIR = ("10", "Réfection de la couverture du lavoir")
FIRMS_DAILY = """
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [{ email = "yann@legoff.example" }]
profile = [{ id = "toits", name = "Toits", words = ["toiture", "couverture"], cadence = "daily" }]
"""
VOIRIE = ("9", "Enrobés de la rue du Port")


def recipients_of(found) -> list[str]:
    """Return who got mail, in order."""
    return [recipient for recipient, _, _ in found]


def test_a_notice_reaches_the_firms_that_it_concerns(subscribed, authority, rss, mails):
    """
    Of three notices one concerns the roofer, one the joiner, one nobody; each recipient gets one mail.
    """
    authority.publish("/avis", rss(TOITURE, MENUISERIE, VOIRIE))

    report = commands.run_all(parts=subscribed)

    found = mails(subscribed.settings.maildir)
    assert recipients_of(found) == ["anne@morvan.example", "bureau@legoff.example", "yann@legoff.example"]
    assert [TOITURE[1] in text for _, _, text in found] == [False, True, True]
    assert report["load"]["notices"] == 3
    assert report["index"] == {"indexed": 0, "refused": 0, "waiting": 3}
    assert report["deliver"]["sent"] == 3


def test_a_second_run_with_nothing_new_sends_nothing_and_parses_nothing(
    subscribed, authority, clock, rss, mails
):
    """
    The server answers 304, no document is made, no mail leaves.
    """
    authority.publish("/avis", rss(TOITURE))
    commands.run_all(parts=subscribed)
    first = mails(subscribed.settings.maildir)
    clock.go_on(minutes=10)

    report = commands.run_all(parts=subscribed)

    assert report["fetch"] == {"feeds": 1, "unchanged": 1, "failed": 0, "documents": 0, "waiting": 0}
    assert report["load"]["documents"] == 0
    assert report["deliver"]["sent"] == 0
    assert mails(subscribed.settings.maildir) == first
    assert [status for _, status in authority.requests] == [200, 304]


def test_what_is_published_later_is_told_alone(subscribed, authority, clock, rss, mails):
    """
    The second mail tells the new notice and not again the old one.
    """
    authority.publish("/avis", rss(TOITURE))
    commands.run_all(parts=subscribed)
    first = mails(subscribed.settings.maildir)
    later = ("10", "Couverture en ardoise du lavoir")
    authority.publish("/avis", rss(later, TOITURE))
    clock.go_on(minutes=10)

    report = commands.run_all(parts=subscribed)

    new = [mail for mail in mails(subscribed.settings.maildir) if mail not in first]
    assert report["load"] | {"waiting": 0} == {
        "documents": 1, "notices": 1, "same": 1, "procedures": 1, "merged": 0, "revisions": 0, "rejects": 0,
        "refused": 0, "absent": 0, "waiting": 0,
    }  # fmt: skip
    assert recipients_of(new) == ["bureau@legoff.example", "yann@legoff.example"]
    assert [(later[1] in text, TOITURE[1] in text) for _, _, text in new] == [(True, False), (True, False)]


def test_a_profile_that_comes_late_is_told_what_is_still_open(
    parts, authority, add_feed, firms_file, rss, mails
):
    """
    Notices were here first: a new profile meets those that can still be answered.
    """
    add_feed(parts, authority)
    authority.publish("/avis", rss(TOITURE))
    commands.run_all(parts=parts)
    before = mails(parts.settings.maildir)

    waiting = commands.import_firms(firms_file, parts=parts)["waiting"]
    commands.run_all(parts=parts)

    assert (before, waiting) == ([], 2)
    assert recipients_of(mails(parts.settings.maildir)) == ["bureau@legoff.example", "yann@legoff.example"]


def test_a_bad_document_is_one_reject_and_its_neighbour_is_told(subscribed, authority, add_feed, rss, mails):
    """
    An HTML error page with status 200 and half an XML file are refused; the good feed is told.
    """
    authority.publish("/avis", rss(TOITURE))
    authority.publish("/page", "<!DOCTYPE html><html><body>Erreur</body></html>", media="text/html")
    add_feed(subscribed, authority, feed_id="page", path="/page")
    authority.publish("/half", rss(TOITURE)[:40])
    add_feed(subscribed, authority, feed_id="half", path="/half")
    add_feed(subscribed, authority, feed_id="gone", path="/gone")

    report = commands.run_all(parts=subscribed)

    rejected = {row["feed_id"] for row in commands.list_rejects(parts=subscribed)}
    assert rejected == {"page", "half", "gone"}
    assert report["fetch"]["failed"] == 1
    assert report["load"]["refused"] == 2
    assert len(mails(subscribed.settings.maildir)) == 2


def test_why_says_what_matched_and_what_was_told(subscribed, authority, rss):
    """
    For a firm's profile: whether it matches, its reasons, and the telling.
    """
    authority.publish("/avis", rss(TOITURE))
    commands.run_all(parts=subscribed)

    [row] = commands.why("le-goff", "7", parts=subscribed)

    assert (row["profile_id"], row["matches"], row["is_stored"]) == ("toits", True, True)
    assert [told["kind"] for told in row["told"]] == ["new"]
    assert row["reasons"] != []


def test_recover_does_what_a_lost_wake_up_left_undone(subscribed, authority, rss, mails, tmp_path):
    """
    After a fetch alone, one document and two profiles wait; a recovery brings them to the mailbox.
    """
    authority.publish("/avis", rss(TOITURE))
    commands.fetch_due_feeds(parts=subscribed)

    report = commands.recover(parts=subscribed)

    assert report == {
        "documents": 1, "to_index": 0, "to_match": 2, "to_compose": 0, "to_deliver": 0,
        "again": 0, "proved": 0, "in_doubt": 0, "silent_feeds": 0, "waiting": 0,
    }  # fmt: skip
    assert len(mails(tmp_path / "maildir")) == 2


def test_the_first_digest_does_not_wait_for_its_hour(
    parts, authority, add_feed, firms_file, rss, mails, tmp_path
):
    """
    A daily profile hears at once of what is open; from then on it waits for its hour.
    """
    Path(firms_file).write_text(FIRMS_DAILY)
    commands.import_firms(firms_file, parts=parts)
    add_feed(parts, authority)
    commands.compose_digests(parts=parts)

    authority.publish("/avis", rss(TOITURE))
    commands.run_all(parts=parts)
    first = len(mails(tmp_path / "maildir"))
    authority.publish("/avis", rss(TOITURE, LAVOIR))
    parts.now.go_on(minutes=10)
    commands.run_all(parts=parts)
    before_its_hour = len(mails(tmp_path / "maildir"))
    parts.now.go_on(hours=24)
    commands.run_all(parts=parts)

    assert (first, before_its_hour, len(mails(tmp_path / "maildir"))) == (1, 1, 2)


def test_what_turns_up_first_after_quiet_weeks_comes_in_the_hour_that_was_chosen(
    parts, authority, clock, add_feed, rss, mails, tmp_path
):
    """
    A profile that nothing fitted for weeks is no new one: its first mail does not ring at night.
    """
    path = tmp_path / "firms.toml"
    path.write_text(FIRMS_DAILY)
    add_feed(parts, authority)
    commands.import_firms(str(path), parts=parts)
    authority.publish("/avis", rss(VOIRIE))
    commands.run_all(parts=parts)
    clock.go_on(minutes=20 * 24 * 60)
    commands.run_all(parts=parts)
    authority.publish("/avis", rss(VOIRIE, TOITURE))

    sent = []
    for _ in range(25):
        sent.append(commands.run_all(parts=parts)["deliver"]["sent"])
        clock.go_on(minutes=60)

    assert sum(sent) == 1
    assert sent[0] == 0
    (mail,) = mails(parts.settings.maildir)
    assert TOITURE[1] in mail[2]


def test_while_the_index_is_away_firms_are_told_all_the_same(
    settings, clock, authority, add_feed, firms_file, rss, mails
):
    """
    Nobody answers at the index's address: the step says so, its rows wait, the mails go out.
    """
    away = bootstrap.build(replace(settings, elasticsearch_url="http://127.0.0.1:9"), now=clock)
    add_feed(away, authority)
    commands.import_firms(firms_file, parts=away)
    authority.publish("/avis", rss(TOITURE))

    report = commands.run_all(parts=away)

    with pytest.raises(SearchUnavailableError, match=r"^search index 'alerting-procedures': no answer"):
        commands.index_procedures(parts=away)
    away.close()
    assert (report["index"]["waiting"], report["deliver"]["sent"]) == (1, 2)
    assert len(mails(settings.maildir)) == 2


def test_while_the_index_refuses_firms_are_told_all_the_same(
    settings, clock, authority, add_feed, firms_file, rss, mails
):
    """
    What answers there is no Elasticsearch: a person must act, and hears of it once the mails are out.
    """
    odd = bootstrap.build(replace(settings, elasticsearch_url=authority.url), now=clock)
    add_feed(odd, authority)
    commands.import_firms(firms_file, parts=odd)
    authority.publish("/avis", rss(TOITURE))

    with pytest.raises(SearchError, match=r"^search index 'alerting-procedures': status 404 \(Not Found\)$"):
        commands.run_all(parts=odd)

    waiting = commands.count_waiting(parts=odd)
    odd.close()
    assert waiting["to_index"] == 1
    assert len(mails(settings.maildir)) == 2


def test_the_index_catches_up_when_it_is_back(settings, clock, authority, add_feed, rss, elasticsearch_url):
    """
    What was stored while the index was away is found once it is back, without a new fetch.
    """
    away = bootstrap.build(replace(settings, elasticsearch_url="http://127.0.0.1:9"), now=clock)
    add_feed(away, authority)
    authority.publish("/avis", rss(TOITURE, MENUISERIE))
    commands.run_all(parts=away)
    away.close()
    back = bootstrap.build(
        replace(settings, elasticsearch_url=elasticsearch_url, index_alias="catching-up"), now=clock
    )

    report = commands.recover(parts=back)
    back.index.count()
    found = commands.search(SearchRequest("menuiseries de la mairie"), parts=back)["found"]

    back.close()
    assert (report["to_index"], report["waiting"]) == (2, 0)
    assert found[0]["title"] == "Menuiserie extérieure de la mairie"


def test_a_document_that_the_archive_lost_holds_up_nobody(subscribed, settings, authority, add_feed, rss):
    """
    It stays waiting, with a line that says so; its neighbours are loaded, and it is when it is back.
    """
    add_feed(subscribed, authority, feed_id="second", path="/encore")
    authority.publish("/avis", rss(TOITURE))
    authority.publish("/encore", rss(MENUISERIE))
    commands.fetch_due_feeds(parts=subscribed)
    lost = min(settings.archive.rglob("*.gz"))
    kept = lost.read_bytes()
    lost.unlink()

    first = commands.load_documents(parts=subscribed)
    (line,) = commands.list_rejects(parts=subscribed)
    lost.write_bytes(kept)
    second = commands.load_documents(parts=subscribed)

    assert (first["documents"], first["absent"], second["documents"], second["absent"]) == (1, 1, 1, 0)
    assert (line["stage"], line["where"]) == ("load", "archive")
    assert "no document with sha256" in line["problem"]


def test_an_index_page_is_followed_to_the_documents_that_are_not_here(
    subscribed, authority, clock, rss, mails
):
    """
    Each document that the page points to is fetched once; one that fails is asked for again.
    """
    page = '<html><body><a href="a.xml">a.xml</a> <a href="b.xml">b.xml</a></body></html>'
    commands.add_feed(
        "pages", authority="Kerlann", url=authority.url + "/jour/", format="index-page", is_local=True,
        parts=subscribed,
    )  # fmt: skip
    authority.publish("/avis", rss(VOIRIE))
    authority.publish("/jour/", page, media="text/html")
    authority.publish("/jour/a.xml", rss(TOITURE))
    first = commands.run_all(parts=subscribed)
    authority.publish("/jour/b.xml", rss(MENUISERIE))
    clock.go_on(hours=2)

    second = commands.run_all(parts=subscribed)

    asked = [path for path, status in authority.requests if status == 200]
    assert (first["fetch"]["failed"], first["fetch"]["documents"]) == (1, 2)
    assert (second["fetch"]["failed"], second["fetch"]["documents"]) == (0, 1)
    assert sorted(asked) == ["/avis", "/jour/", "/jour/", "/jour/a.xml", "/jour/b.xml"]
    assert len(mails(subscribed.settings.maildir)) == 3


def test_a_first_digest_waits_until_all_that_was_fetched_is_matched(
    parts, authority, add_feed, rss, mails, tmp_path
):
    """
    Two workers load side by side: of the part that one has finished no weekly profile hears; then of all at once.
    """
    path = tmp_path / "firms.toml"
    path.write_text(
        '[[firm]]\nid = "corre"\nname = "Corre"\nrecipients = [{ email = "paul@corre.example" }]\n'
        'profile = [{ id = "semaine", name = "S", words = ["toiture"], cadence = "weekly" }]\n'
    )
    commands.import_firms(str(path), parts=parts)
    add_feed(parts, authority)
    add_feed(parts, authority, feed_id="second", path="/encore")
    authority.publish("/avis", rss(("1", "Toiture de l'école")))
    authority.publish("/encore", rss(("2", "Toiture de la crèche")))
    commands.fetch_due_feeds(parts=parts)
    with parts.database.begin() as other_worker:
        held = documents.claim_document(
            other_worker, documents.begin_attempt(other_worker, hold=lambda _: True)
        )
        commands.load_documents(parts=parts)
        commands.match_profiles(parts=parts)
        early = commands.compose_digests(parts=parts)
    commands.run_all(parts=parts)

    assert held is not None
    assert early["digests"] == 0
    ((_, _, text),) = mails(tmp_path / "maildir")
    assert "Toiture de l'école" in text
    assert "Toiture de la crèche" in text
