"""The registry in an operator's hands: pause, resume, retry, replay."""

from __future__ import annotations

import pytest

from alerting import commands
from alerting.errors import UnknownIdError


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
