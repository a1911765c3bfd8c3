"""Two purchases become one, and one of them had ended: what was told, and where it stood then, comes with it."""

from __future__ import annotations

import pytest

from alerting import commands
from alerting.domain.feed import ParsedFeed
from alerting.domain.notice import NoticeKind, RawNotice, RawTime
from alerting.pipeline.load import load_documents
from tests.journeys.test_link import ROOF, changes_told, told


FRAME = "Réfection de la charpente de la halle"
FIRST, SECOND = ("A-000001", FRAME), ("B-000001", ROOF)
LAVOIR = ("D-000001", "Charpente du lavoir")
CALL, CORRECTION, CANCELLATION = NoticeKind.CALL, NoticeKind.CORRECTION, NoticeKind.CANCELLATION


@pytest.fixture
def say(subscribed, authority, add_feed, clock):
    """How to let a purchase say something on a day of March, with a deadline in April, and let everything run.

    The roofers match what has a roof in its title; a notice that refers to two purchases makes them one, the first.
    """
    said = []

    def run(
        purchase: tuple[str, str],
        kind: NoticeKind,
        day: int,
        deadline: int,
        *,
        refers_to: tuple[str, ...] = (),
        is_told: bool = True,
    ) -> dict[str, int]:
        number, title = purchase
        said.append(number)
        raw = RawNotice(
            feed_id=number.lower(),
            source_id=number,
            version=str(len(said)),
            title=title,
            kind=kind,
            published=RawTime(f"2026-03-{day:02}T08:00:00Z"),
            deadlines=(RawTime(f"2026-04-{deadline:02}T12:00:00Z"),),
            refers_to=refers_to,
        )
        if said.count(number) == 1:
            add_feed(subscribed, authority, feed_id=number.lower(), path=f"/{number}")
        authority.publish(f"/{number}", f"<a>{len(said)}</a>")
        clock.go_on(minutes=40)
        commands.fetch_due_feeds(parts=subscribed)
        load_documents(
            subscribed.database,
            subscribed.archive,
            now=subscribed.now,
            read=lambda _body, **_: ParsedFeed((raw,)),
        )
        return commands.run_all(parts=subscribed)["deliver"] if is_told else {}

    return run


def prove(say, day: int, deadline: int, *, kind: NoticeKind = CORRECTION) -> None:
    """Publish what proves both purchases one."""
    say(("C-000001", ROOF), kind, day, deadline, refers_to=(FIRST[0], SECOND[0]))


def test_an_end_that_comes_with_a_merge_meets_no_end_of_the_other(subscribed, say):
    """
    Cancelled at its fifth revision, merged, called again, and cancelled at the fifth revision of what it is part of: told once.
    """
    say(FIRST, CALL, 1, 1)
    for day, deadline in enumerate((20, 21, 22, 23), 1):
        say(SECOND, CALL, day, deadline)
    say(SECOND, CANCELLATION, 5, 23)
    prove(say, 6, 23)
    say(SECOND, CALL, 10, 28)
    ended = say(SECOND, CANCELLATION, 12, 28)
    after = [commands.compose_digests(parts=subscribed)["digests"] for _ in range(2)]

    kinds = [kind for kind, _ in told(subscribed)]
    assert kinds == ["new", *["corrected"] * 3, "cancelled", "corrected", "cancelled"]
    assert (ended["sent"], after) == (2, [0, 0])


def test_an_end_that_was_taken_back_before_a_merge_is_told_when_it_comes(subscribed, say):
    """
    Told new, cancelled and open again, then merged: the end of what it is part of is news.
    """
    say(FIRST, CALL, 1, 1)
    say(SECOND, CALL, 2, 20)
    say(SECOND, CANCELLATION, 3, 20)
    say(SECOND, CALL, 5, 28)
    prove(say, 6, 28)
    say(SECOND, CANCELLATION, 9, 28)

    assert [kind for kind, _ in told(subscribed)] == ["new", "cancelled", "corrected", "cancelled"]


def test_who_was_told_an_end_hears_that_what_it_is_part_of_is_open(subscribed, say):
    """
    Told new and cancelled; merged into one that is open: "open again", with its new deadline.
    """
    say(FIRST, CALL, 5, 18)
    say(FIRST, CALL, 6, 28)
    say(SECOND, CALL, 2, 20)
    say(SECOND, CANCELLATION, 3, 20)
    prove(say, 7, 28)

    assert [kind for kind, _ in told(subscribed)] == ["new", "cancelled", "corrected"]
    assert changes_told(subscribed) == [
        ("state", "cancelled", "open"),
        ("deadline_at", "2026-04-20T12:00:00+00:00", "2026-04-28T12:00:00+00:00"),
    ]


def test_who_was_told_of_no_end_hears_of_none(subscribed, say):
    """
    Told new; merged into one that had been cancelled, which the call that proves them one opens again: a new deadline alone.
    """
    say(FIRST, CALL, 1, 20)
    say(FIRST, CANCELLATION, 2, 20)
    say(SECOND, CALL, 3, 22)
    prove(say, 7, 28, kind=CALL)

    assert [kind for kind, _ in told(subscribed)] == ["new", "corrected"]
    assert changes_told(subscribed) == [
        ("deadline_at", "2026-04-22T12:00:00+00:00", "2026-04-28T12:00:00+00:00")
    ]


def test_what_was_carried_to_one_purchase_goes_on_to_the_next(subscribed, say):
    """
    Cancelled, merged and merged again before anything is told of it: one correction, of what was told against what stands.
    """
    say(FIRST, CALL, 8, 28)
    say(LAVOIR, CALL, 7, 28)
    say(SECOND, CALL, 2, 20)
    say(SECOND, CANCELLATION, 3, 20)
    say(("C-000001", ROOF), CORRECTION, 9, 28, refers_to=(LAVOIR[0], SECOND[0]), is_told=False)
    say(("E-000001", ROOF), CORRECTION, 10, 28, refers_to=(FIRST[0], LAVOIR[0]))

    assert told(subscribed) == [("new", 1), ("cancelled", 1), ("corrected", 1)]
    assert changes_told(subscribed) == [
        ("state", "cancelled", "open"),
        ("deadline_at", "2026-04-20T12:00:00+00:00", "2026-04-28T12:00:00+00:00"),
    ]
