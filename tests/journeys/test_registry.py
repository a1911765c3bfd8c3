"""The registry in an operator's hands: pause, resume, retry, replay."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from threading import Barrier, BrokenBarrierError, Thread

import pytest

from alerting import commands
from alerting.errors import ProfileError, UnknownIdError
from alerting.pipeline import registry


TOITURE = ("7", "Réfection de la toiture de l'école")


def test_a_paused_feed_is_not_asked_until_it_is_resumed(subscribed, authority, rss):
    """
    Pausing asks nothing more; resuming asks at once.
    """
    authority.publish("/avis", rss(TOITURE))
    commands.pause_feed("kerlann", parts=subscribed)
    paused = commands.fetch_due_feeds(parts=subscribed)
    commands.resume_feed("kerlann", parts=subscribed)
    resumed = commands.fetch_due_feeds(parts=subscribed)

    assert (paused["feeds"], paused["waiting"]) == (0, 0)
    assert (resumed["feeds"], resumed["documents"]) == (1, 1)


def test_a_retried_feed_is_asked_before_its_time_without_its_etag(subscribed, authority, rss):
    """
    A second question at once would wait for the poll interval, and get 304.
    """
    authority.publish("/avis", rss(TOITURE))
    commands.fetch_due_feeds(parts=subscribed)
    waiting = commands.fetch_due_feeds(parts=subscribed)
    commands.retry_feed("kerlann", parts=subscribed)
    retried = commands.fetch_due_feeds(parts=subscribed)

    assert (waiting["feeds"], retried["feeds"], retried["unchanged"]) == (0, 1, 0)
    assert [status for _, status in authority.requests] == [200, 200]


def test_a_feed_that_answers_with_a_page_is_seen_in_the_list(subscribed, authority, add_feed, rss):
    """
    It was asked with success, yet its last document was refused; its neighbour's was read.
    """
    add_feed(subscribed, authority, feed_id="page", path="/page")
    authority.publish("/avis", rss(TOITURE))
    authority.publish("/page", rss(TOITURE))
    commands.run_all(parts=subscribed)
    before = {row["feed_id"]: row["last_outcome"] for row in commands.list_feeds(parts=subscribed)}
    authority.publish("/page", "<!DOCTYPE html><html><body>Maintenance</body></html>", media="text/html")
    commands.retry_feed("page", parts=subscribed)
    commands.run_all(parts=subscribed)

    rows = {
        row["feed_id"]: (row["last_outcome"], row["last_failure"])
        for row in commands.list_feeds(parts=subscribed)
    }

    assert before == {"kerlann": "read", "page": "read"}
    assert rows == {"kerlann": ("read", None), "page": ("refused", None)}


def test_the_list_of_feeds_says_in_which_format_a_feed_that_tells_it_by_itself_was_last_read(
    subscribed, authority, add_feed, rss, clock, run_alerting
):
    """
    It said "auto" alone.  A page that cannot be read takes nothing back; a feed never read has no format yet.
    """
    clock.moment = datetime.now(UTC)  # The command line has no other.
    add_feed(subscribed, authority, feed_id="new", path="/new")
    authority.publish("/avis", rss(TOITURE))
    commands.fetch_due_feeds(parts=subscribed)
    commands.load_documents(parts=subscribed)
    authority.publish("/avis", "<!DOCTYPE html><html><body>Maintenance</body></html>", media="text/html")
    commands.retry_feed("kerlann", parts=subscribed)
    commands.fetch_due_feeds(parts=subscribed)
    commands.load_documents(parts=subscribed)

    rows = {
        row["feed_id"]: (row["format"], row["last_format"], row["last_outcome"])
        for row in commands.list_feeds(parts=subscribed)
    }

    assert rows == {"kerlann": ("auto", "rss", "refused"), "new": ("auto", None, None)}
    shown = run_alerting(subscribed.settings, "feeds", "list").stdout
    assert re.findall(r"auto(?:: \w+)?", shown) == ["auto: rss", "auto"]


def test_a_replay_reads_again_what_was_refused_and_tells_nothing_twice(subscribed, authority, add_feed, rss):
    """
    Only the refused document is loaded again; its reject is counted once, as before.
    """
    add_feed(subscribed, authority, feed_id="broken", path="/broken")
    authority.publish("/avis", rss(TOITURE))
    authority.publish("/broken", "<rss><channel><item>")
    first = commands.run_all(parts=subscribed)
    before = commands.list_rejects(parts=subscribed)

    report = commands.replay_documents(parts=subscribed)
    again = commands.run_all(parts=subscribed)
    everything = commands.replay_documents(also_read=True, parts=subscribed)
    last = commands.run_all(parts=subscribed)

    assert (first["load"]["refused"], report["documents"], again["load"]["refused"]) == (1, 1, 1)
    seen = [
        (row["where"], row["problem"], row["seen_count"]) for row in commands.list_rejects(parts=subscribed)
    ]
    assert seen == [(row["where"], row["problem"], 1) for row in before]
    assert (everything["documents"], last["load"]["same"], last["deliver"]["sent"]) == (2, 1, 0)


def test_a_feed_that_falls_silent_is_reported(subscribed, authority, clock, rss):
    """
    Eight days with news, then none: after a week the list and the recovery say so; a paused feed is not meant.
    """
    for day in range(8):
        authority.publish("/avis", rss((str(day), f"Réfection de la toiture n° {day}")))
        commands.fetch_due_feeds(parts=subscribed)
        clock.go_on(days=1)
    before = commands.recover(parts=subscribed)["silent_feeds"]
    clock.go_on(days=7)

    (row,) = commands.list_feeds(parts=subscribed)
    after = commands.recover(parts=subscribed)["silent_feeds"]
    commands.pause_feed("kerlann", parts=subscribed)
    paused = commands.recover(parts=subscribed)["silent_feeds"]

    assert (before, row["silent_days"], after, paused) == (0, 8, 1, 0)


def test_a_paused_feed_that_is_to_be_asked_again_stays_paused_and_says_so(subscribed):
    """
    The report names the state that decides; resumed, the feed is due.
    """
    commands.pause_feed("kerlann", parts=subscribed)
    paused = commands.retry_feed("kerlann", parts=subscribed)
    asked = commands.fetch_due_feeds(parts=subscribed)["feeds"]
    commands.resume_feed("kerlann", parts=subscribed)

    assert (paused["state"], asked) == ("paused", 0)
    assert commands.retry_feed("kerlann", parts=subscribed)["state"] == "due"


@pytest.mark.parametrize("verb", [commands.pause_feed, commands.resume_feed, commands.retry_feed])
def test_an_unknown_feed_is_refused_in_one_line(subscribed, verb):
    with pytest.raises(UnknownIdError, match=r"^feed 'nobody': no feed of that id$"):
        verb("nobody", parts=subscribed)


@pytest.mark.parametrize(
    "ask",
    [
        partial(commands.list_rejects, feed_id="kerlan"),
        partial(commands.replay_documents, feed_id="kerlan"),
        partial(commands.retry_feed, "kerlan"),
    ],
)
def test_a_feeds_id_that_is_misspelled_is_said_with_the_near_ones(subscribed, ask):
    """
    Its rejects were none, without a word.
    """
    with pytest.raises(UnknownIdError) as caught:
        ask(parts=subscribed)

    assert str(caught.value) == "feed 'kerlan': no feed of that id (nearest: kerlann)"


def test_a_file_of_feeds_may_be_saved_by_windows_notepad(subscribed, tmp_path):
    """
    Its mark is no part of the file.
    """
    path = tmp_path / "feeds.toml"
    entry = (
        '[[feeds]]\nfeed_id = "kerlann"\nauthority = "Kerlann"\nurl = "https://kerlann.example/avis.xml"\n'
    )
    path.write_text(entry, encoding="utf-8-sig")

    report = commands.seed_feeds(str(path), parts=subscribed)

    assert report["feeds"] == 1
    assert "kerlann" in [row["feed_id"] for row in commands.list_feeds(parts=subscribed)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("a = " + "[" * 20_000, "not TOML that can be used (nested too deeply)", id="too deep"),
        pytest.param("feeds = 3", "feeds: expected [[feeds]] tables (got 3)", id="no tables"),
    ],
)
def test_a_file_of_feeds_that_cannot_be_used_is_refused_in_one_line(subscribed, tmp_path, text, problem):
    """
    The line names the file.
    """
    path = tmp_path / "feeds.toml"
    path.write_text(text)

    with pytest.raises(ProfileError) as caught:
        commands.seed_feeds(str(path), parts=subscribed)

    assert str(caught.value) == f"{path}: {problem}"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("poll_seconds = 0", "poll_seconds: expected a whole number, without its unit, at least 1 (got 0)"),
        ('is_local = "yes"', "is_local: expected true or false (got 'yes')"),
        ("credentials = 3", "credentials: expected text in quotes, like '3' (got 3)"),
        (
            "autority = 3",
            "unknown field 'autority'; expected feed_id, authority, url, format, is_local, poll_seconds, credentials",
        ),
    ],
)
def test_a_feed_that_cannot_be_used_is_refused_with_what_is_expected(subscribed, tmp_path, line, problem):
    """
    The line names the table by its number, the field and the value.
    """
    path = tmp_path / "feeds.toml"
    entry = 'feed_id = "kerlann"\nauthority = "Kerlann"\nurl = "https://kerlann.example/avis.xml"'
    path.write_text(f"[[feeds]]\n{entry}\n{line}\n")

    with pytest.raises(ProfileError) as caught:
        commands.seed_feeds(str(path), parts=subscribed)

    assert str(caught.value) == f"feeds[1]: {problem}"


def firms_toml(*firm_ids: str) -> str:
    """Return a file of firms of one profile each."""
    return "".join(
        f'[[firm]]\nid = "{name}"\nname = "{name}"\nrecipients = [{{ email = "{name}@firms.example" }}]\n'
        f'[[firm.profile]]\nid = "{name}-toits"\nname = "Toits"\nwords = ["toit"]\n'
        for name in firm_ids
    )


def test_two_imports_of_the_same_firms_wait_for_one_another(subscribed):
    """
    Each is held after its first firm until the other has written its first, too: in opposite orders neither
    could go on.  One comes after the other, and both are stored.
    """
    both_have_begun = Barrier(2, timeout=1)
    reports = {}

    def import_in_order(*firm_ids: str) -> None:
        asked = []

        def now():
            asked.append(None)
            if len(asked) == 2:
                with suppress(BrokenBarrierError):  # The other waits for us.
                    both_have_begun.wait()
            return subscribed.now()

        report = registry.import_firms(subscribed.database, firms_toml(*firm_ids), now=now)
        reports[firm_ids] = report["firms"]

    orders = [("alis", "benac"), ("benac", "alis")]
    threads = [Thread(target=import_in_order, args=order) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert reports == dict.fromkeys(orders, 2)
