"""How mail leaves: only to whom it may, later when it cannot, and settled by a person when in doubt."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import event, text
from structlog.testing import capture_logs

from alerting import bootstrap, commands
from alerting.delivery.dialogues import open_dialogues
from alerting.delivery.verp import ReturnAddress, ReturnPurpose, read_return_address
from alerting.domain.mail_limits import SmtpLimits
from alerting.errors import UnknownIdError
from alerting.store import deliveries
from alerting.store.database import open_database


NOTICE = ("7", "Réfection de la toiture de l'école")
LATER = ("8", "Couverture en ardoise du lavoir")
TEAM = """
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [
  { email = "a@legoff.example" }, { email = "b@legoff.example" }, { email = "c@legoff.example" },
  { email = "d@legoff.example" }, { email = "e@legoff.example" },
]
profile = [{ id = "toits", name = "Toits", words = ["toiture"], cadence = "immediate" }]
"""


class Server:
    """What a real mail server was handed, and what it answers by recipient.

    ``rcpt`` holds answers to RCPT, ``data`` those after the message; None: it hangs up instead.
    """

    def __init__(self) -> None:
        self.rcpt = {}
        self.data = {}
        self.accepted = []
        self.message_ids = []
        self.messages = []
        self.on_rcpt = lambda: None
        self.on_accepted = lambda: None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802 - aiosmtpd's names
        self.on_rcpt()
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802 - aiosmtpd's names
        [recipient] = envelope.rcpt_tos
        if recipient in self.data:
            answer = self.data[recipient]
            if answer is None:
                server.transport.abort()
            return answer or "250 OK"
        self.messages.append((envelope.mail_from, message_from_bytes(envelope.content)))
        self.message_ids.append(message_from_bytes(envelope.content)["Message-ID"])
        self.accepted.append(recipient)
        self.on_accepted()
        return "250 OK"


class KilledError(BaseException):
    """The process ends here; nothing of ours may catch it."""


@pytest.fixture
def server():
    """A mail server on loopback, and its address."""
    handler = Server()
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(
        loop.create_server(lambda: SMTP(handler, hostname="mail.example", loop=loop), "127.0.0.1", 0)
    )
    handler.close = listening.close
    handler.url = f"smtp+plain://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield handler
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    listening.close()
    loop.close()


@pytest.fixture
def served_parts(settings, clock, authority, add_feed, firms_file, rss, server):
    """Parts that speak to that server; everybody may get mail."""
    changed = replace(settings, smtp_url=server.url, recipients_allowed=None)
    built = bootstrap.build(changed, now=clock)
    add_feed(built, authority)
    commands.import_firms(firms_file, parts=built)
    authority.publish("/avis", rss(NOTICE))
    yield built
    built.close()


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


@pytest.mark.usefixtures("served_parts")
def test_a_server_of_ours_that_goes_away_between_two_mails_is_not_said_to_have_taken_none(
    settings, server, clock
):
    """
    It took one, then listened no more: the line of the log said that none had left.
    """
    one_a_connection = SmtpLimits(connections=1, mails_per_connection=1)
    changed = replace(settings, smtp_url=server.url, recipients_allowed=None, smtp_limits=one_a_connection)
    built = bootstrap.build(changed, now=clock)
    server.on_accepted = server.close

    with capture_logs() as logs:
        report = commands.run_all(parts=built)["deliver"]
    built.close()

    assert (report["sent"], report["deferred"]) == (1, 1)
    [line] = [line for line in logs if line["event"].startswith("mail_server_took")]
    assert (line["event"], line["sent_count"], line["deferred_count"]) == ("mail_server_took_some", 1, 1)
    assert "nobody listens there" in line["problem"]


def try_until(parts, clock, recipient: str, state: str, *, days: float) -> tuple[dict, list[int]]:
    """Deliver each time a mail is due; return how it stands at last, and the pauses in minutes."""
    pauses, last_at = [], clock() + timedelta(days=days)
    while clock() < last_at:
        commands.deliver_digests(parts=parts)
        [row] = [row for row in commands.list_deliveries(parts=parts) if row["recipient"] == recipient]
        if row["state"] == state:
            break
        due = clock.moment.fromisoformat(row["next_attempt_at"])
        pauses.append(round((due - clock.moment).total_seconds() / 60))
        clock.moment = due
    return row, pauses


def test_a_mail_that_a_server_puts_off_is_given_up_after_two_days(served_parts, server, clock):
    """
    Pauses grow from a minute to four hours; the first attempt after two days is the last.
    """
    server.rcpt = {"yann@legoff.example": "451 4.3.2 overloaded"}
    commands.run_all(parts=served_parts)
    started_at = clock()
    clock.go_on(minutes=1)

    row, pauses = try_until(served_parts, clock, "yann@legoff.example", "failed", days=5)

    assert pauses[:9] == [2, 4, 8, 16, 32, 64, 128, 240, 240]
    assert set(pauses[7:]) == {240}
    assert 48 <= (clock() - started_at).total_seconds() / 3600 <= 52
    assert row["answer"].startswith("given up after two days: mail server ")
    assert (row["state"], row["blame"]) == ("failed", "server")


def test_a_server_of_ours_whose_disk_is_full_for_days_costs_no_mail(served_parts, server, clock):
    """
    Although it says so only to the recipient's name: it is tried every quarter of an hour until there is room.
    """
    server.rcpt = {"yann@legoff.example": "452 4.3.1 Insufficient system resources"}
    commands.run_all(parts=served_parts)
    clock.go_on(minutes=1)
    row, pauses = try_until(served_parts, clock, "yann@legoff.example", "failed", days=3)
    server.rcpt = {}

    report = commands.deliver_digests(parts=served_parts)

    assert (row["state"], row["blame"]) == ("deferred", "us")
    assert set(pauses[3:]) == {15}
    assert (report["sent"], server.accepted[-1]) == (1, "yann@legoff.example")


def test_a_server_of_ours_that_is_away_for_days_costs_no_mail(smtp_parts, server, clock):
    """
    Nothing is given up however long it lasts, and what waited leaves a quarter of an hour after it is back.
    """
    commands.run_all(parts=smtp_parts)
    clock.go_on(minutes=1)
    row, pauses = try_until(smtp_parts, clock, "yann@legoff.example", "failed", days=4)
    with_server = bootstrap.build(replace(smtp_parts.settings, smtp_url=server.url), now=clock)

    report = commands.deliver_digests(parts=with_server)

    assert (row["state"], row["blame"]) == ("deferred", "us")
    assert pauses[:4] == [2, 4, 8, 15]
    assert set(pauses[3:]) == {15}
    assert (report["sent"], server.accepted) == (1, ["yann@legoff.example"])
    with_server.close()


def test_what_comes_after_an_outage_of_ours_begins_with_a_minute(smtp_parts, server, clock):
    """
    Our server was away for three days; then it is greylisted: the mail leaves a minute later, not four hours.
    """
    commands.run_all(parts=smtp_parts)
    clock.go_on(minutes=1)
    try_until(smtp_parts, clock, "yann@legoff.example", "failed", days=3)
    server.rcpt = {"yann@legoff.example": "451 4.7.1 greylisted, come again"}
    with_server = bootstrap.build(replace(smtp_parts.settings, smtp_url=server.url), now=clock)
    greylisted = commands.deliver_digests(parts=with_server)
    server.rcpt = {}
    clock.go_on(seconds=61)

    after = commands.deliver_digests(parts=with_server)

    assert (greylisted["deferred"], after["sent"]) == (1, 1)
    assert server.accepted == ["yann@legoff.example"]
    with_server.close()


def test_a_worker_that_never_came_back_leaves_a_doubt_that_a_person_settles(smtp_parts, clock):
    """
    Over SMTP a claim whose lease ran out is in doubt, not sent again by itself.
    """
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=smtp_parts)
    commands.compose_digests(parts=smtp_parts)
    lease_until = clock() + timedelta(minutes=5)
    with smtp_parts.database.begin() as connection:
        first, second = deliveries.claim_deliveries(
            connection, worker="gone", now=clock(), lease_until=lease_until, limit=9
        )
    clock.go_on(minutes=6)

    report = commands.recover(parts=smtp_parts)
    arrived = commands.resolve_delivery(first, arrived=True, parts=smtp_parts)
    again = commands.resolve_delivery(second, arrived=False, parts=smtp_parts)

    assert (report["in_doubt"], report["to_deliver"]) == (2, 0)
    assert (arrived["state"], again["state"], again["waiting"]) == ("sent", "queued", 1)
    with pytest.raises(UnknownIdError, match=rf"^delivery {first}: none of that number is in doubt$"):
        commands.resolve_delivery(first, arrived=True, parts=smtp_parts)


def test_only_an_address_that_is_gone_gets_no_more_mail(served_parts, server, authority, rss, clock):
    """
    One recipient is not known, the other's server dislikes the words of one mail: the next digest goes to
    the second alone, with a notice about the first, and each failed delivery shows the server's answer.
    """
    server.rcpt = {"yann@legoff.example": "550 5.1.1 no such user"}
    server.data = {"bureau@legoff.example": "550 looks like spam"}
    commands.run_all(parts=served_parts)
    first = states(served_parts)
    answers = {
        row["recipient"]: row["answer"].partition(" answered ")[2]
        for row in commands.list_deliveries(parts=served_parts)
    }
    server.rcpt = server.data = {}
    authority.publish("/avis", rss(NOTICE, LATER))
    clock.go_on(minutes=10)

    report = commands.run_all(parts=served_parts)

    assert first == {"yann@legoff.example": ("failed", 1), "bureau@legoff.example": ("failed", 1)}
    assert answers == {
        "yann@legoff.example": "550 5.1.1 no such user",
        "bureau@legoff.example": "550 looks like spam",
    }
    assert (report["deliver"]["sent"], report["deliver"]["failed"]) == (2, 0)
    assert server.accepted == ["bureau@legoff.example"] * 2


def test_a_mail_that_is_greylisted_leaves_at_the_next_asking_and_costs_the_other_nothing(
    served_parts, server, clock
):
    """
    451 to one recipient, once: the office has its mail at once, Yann a minute later, each one mail.
    """
    server.rcpt = {"yann@legoff.example": "451 4.7.1 greylisted, come again"}
    first = commands.run_all(parts=served_parts)["deliver"]
    server.rcpt = {}
    clock.go_on(seconds=30)
    too_early = commands.deliver_digests(parts=served_parts)
    clock.go_on(seconds=31)

    after = commands.deliver_digests(parts=served_parts)

    assert [(one["sent"], one["deferred"]) for one in (first, too_early, after)] == [(1, 1), (0, 0), (1, 0)]
    assert server.accepted == ["bureau@legoff.example", "yann@legoff.example"]
    assert states(served_parts) == {"yann@legoff.example": ("sent", 2), "bureau@legoff.example": ("sent", 1)}


@pytest.mark.parametrize(
    "answer",
    ["550 5.1.8 sender's domain not found", "554 5.7.1 Relay access denied", "454 4.7.1 Relaying denied"],
)
def test_what_is_refused_of_us_keeps_every_mail_until_it_is_mended(served_parts, server, clock, answer):
    """
    No such sender, or no mail of ours is carried: nobody is given up, not after a week; the mails leave once that is mended.
    """
    server.rcpt = dict.fromkeys(["yann@legoff.example", "bureau@legoff.example"], answer)
    before = commands.run_all(parts=served_parts)["deliver"]
    clock.go_on(days=7)
    after_a_week = commands.deliver_digests(parts=served_parts)
    server.rcpt = {}
    clock.go_on(hours=5)

    after = commands.deliver_digests(parts=served_parts)

    assert [(one["deferred"], one["failed"]) for one in (before, after_a_week)] == [(2, 0), (2, 0)]
    assert after["sent"] == 2
    assert sorted(server.accepted) == ["bureau@legoff.example", "yann@legoff.example"]


def test_a_mail_that_cannot_be_written_waits_and_stops_no_other(served_parts, authority, rss, clock):
    """
    What its digest holds is damaged: the row says so and blames us; the mails after it leave, the preview goes on.
    """
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=served_parts)
    commands.compose_digests(parts=served_parts)
    with served_parts.database.begin() as connection:
        kept = connection.execute(text("SELECT digest_id, content::text FROM digests")).one()
        connection.execute(text("UPDATE digests SET content = content - 'firm_name'"))
    authority.publish("/avis", rss(NOTICE, LATER))
    clock.go_on(minutes=10)
    report = commands.run_all(parts=served_parts)
    waiting = [row for row in commands.list_deliveries(parts=served_parts) if row["state"] == "deferred"]
    clock.go_on(minutes=60 * 24 * 3)
    shown = commands.preview_deliveries(parts=served_parts)
    still = commands.deliver_digests(parts=served_parts)
    with served_parts.database.begin() as connection:
        connection.execute(
            text("UPDATE digests SET content = CAST(:content AS jsonb) WHERE digest_id = :id"),
            {"content": kept.content, "id": kept.digest_id},
        )
    clock.go_on(minutes=60 * 24)
    mended = commands.deliver_digests(parts=served_parts)

    assert (report["deliver"]["sent"], report["deliver"]["deferred"]) == (2, 2)
    assert {row["blame"] for row in waiting} == {"us"}
    assert all("the mail cannot be written" in row["answer"] for row in waiting)
    assert [(row["subject"], row["leaves"]) for row in shown] == [(None, False)] * 2
    assert (still["deferred"], still["failed"], mended["sent"]) == (2, 0, 2)


def test_a_mail_whose_turn_comes_after_its_lease_is_claimed_anew(served_parts, server, firms_file, clock):
    """
    The first four mails take longer than the lease lasts; the fifth is not sent on a claim that somebody
    else may have settled by then, and arrives once.
    """
    Path(firms_file).write_text(TEAM)
    commands.import_firms(firms_file, parts=served_parts)
    server.on_rcpt = lambda: clock.go_on(minutes=6)
    four_at_once = replace(served_parts, post=replace(served_parts.post, mails_at_once=4))

    report = commands.run_all(parts=four_at_once)["deliver"]

    assert (report["sent"], report["in_doubt"]) == (5, 0)
    assert sorted(server.accepted) == [f"{name}@legoff.example" for name in "abcde"]
    assert states(served_parts) == {
        f"{name}@legoff.example": ("sent", 2 if name == "e" else 1) for name in "abcde"
    }


def test_an_order_to_stop_holds_for_what_a_worker_has_claimed(served_parts, server, firms_file):
    """
    Mail is stopped while the first of five is handed over: that one leaves, the others wait, unharmed.
    """
    Path(firms_file).write_text(TEAM)
    commands.import_firms(firms_file, parts=served_parts)
    is_stopped, is_known = threading.Event(), threading.Event()

    def listen(_connection, _cursor, statement, *_) -> None:
        if is_stopped.is_set() and statement.startswith("SELECT mail_stops"):
            is_known.set()

    def stop() -> None:
        if not is_stopped.is_set():
            commands.stop_mail(why="wrong template", parts=served_parts)
            is_stopped.set()
            assert is_known.wait(timeout=60)

    server.on_accepted = stop
    event.listen(served_parts.database.engine, "after_cursor_execute", listen)
    one_by_one = replace(served_parts, post=replace(served_parts.post, mails_at_once=1))

    report = commands.run_all(parts=one_by_one)["deliver"]
    held = sorted(states(served_parts).values())
    commands.release_mail(parts=served_parts)
    released = commands.deliver_digests(parts=served_parts)

    assert (report["sent"], report["waiting"], report["held"]) == (1, 4, "stopped: wrong template")
    assert held == [("queued", 1)] * 4 + [("sent", 1)]
    assert (released["sent"], sorted(server.accepted)) == (4, [f"{name}@legoff.example" for name in "abcde"])


def test_a_worker_that_is_killed_after_the_server_accepted_is_settled_by_its_notes(
    served_parts, server, settings, clock
):
    """
    The server has the mails and the process dies before it can record so: its log of dialogues says so, and the
    next run believes it at once.
    """
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=served_parts)
    commands.compose_digests(parts=served_parts)
    kill_a_worker(served_parts, server, settings, clock)
    accepted = sorted(server.accepted)
    held = states(served_parts)
    report = commands.deliver_digests(parts=served_parts)
    commands.run_all(parts=served_parts)

    both = ["bureau@legoff.example", "yann@legoff.example"]
    assert accepted == both
    assert held == dict.fromkeys(both, ("claimed", 1))
    assert (report["proved"], report["sent"], report["in_doubt"]) == (2, 0, 0)
    assert states(served_parts) == dict.fromkeys(both, ("sent", 1))
    assert sorted(server.accepted) == both
    assert list(settings.dialogues.iterdir()) == []


def test_the_notes_of_a_worker_that_is_gone_and_holds_nothing_are_removed_after_a_lease(
    served_parts, settings, clock
):
    """
    Killed after its last record: nothing in the database names it any more.  A worker that lives, one that has just
    begun, one that holds a claim and a file that is no log keep theirs.
    """
    commands.run_all(parts=served_parts)
    folder = settings.dialogues
    old, new = (clock() - timedelta(hours=1)).timestamp(), clock().timestamp()
    with open_dialogues(folder, "alive") as alive:
        alive.note_dot(1)
        head = folder.joinpath("alive").read_bytes()
        for name, content, written_at in [
            ("gone", head, old),
            ("begun", head, new),
            ("holder", head + b"half a line", old),
            ("letter.txt", b"no log", old),
        ]:
            folder.joinpath(name).write_bytes(content)
            os.utime(folder / name, (written_at, written_at))
        os.utime(folder / "alive", (old, old))
        with served_parts.database.begin() as connection:
            held = "UPDATE deliveries SET state = 'claimed', claimed_by = 'holder', lease_until = :until"
            connection.execute(text(held), {"until": clock() + timedelta(minutes=4)})
        commands.recover(parts=served_parts)
        left = sorted(path.name for path in folder.iterdir())

    assert left == ["alive", "begun", "holder", "letter.txt"]


def test_a_worker_that_is_killed_and_leaves_no_notes_leaves_doubts(served_parts, server, settings, clock):
    """
    Its machine is gone with its log: in doubt once the lease is over, and nothing sends the mails again until a
    person says that they did not arrive.
    """
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=served_parts)
    commands.compose_digests(parts=served_parts)
    kill_a_worker(served_parts, server, settings, clock)
    for file in settings.dialogues.iterdir():
        file.unlink()
    while_held = commands.deliver_digests(parts=served_parts)
    clock.go_on(minutes=6)
    report = commands.recover(parts=served_parts)
    commands.run_all(parts=served_parts)

    both = ["bureau@legoff.example", "yann@legoff.example"]
    assert (while_held["sent"], while_held["in_doubt"]) == (0, 0)
    assert report["in_doubt"] == 2
    assert states(served_parts) == dict.fromkeys(both, ("in doubt", 1))
    assert sorted(server.accepted) == both


def kill_a_worker(parts, server, settings, clock) -> None:
    """Let a worker send what is queued and die before it can record it."""
    database = open_database(settings.database_url)
    is_dead = threading.Event()
    server.on_accepted = is_dead.set

    @event.listens_for(database.engine, "commit")
    def die(connection) -> None:  # noqa: ARG001 - SQLAlchemy's name
        if is_dead.is_set():
            raise KilledError

    dying = bootstrap.build(parts.settings, database=database, now=clock)
    with pytest.raises(KilledError):
        commands.deliver_digests(parts=dying)
    dying.close()
    server.on_accepted = lambda: None


def test_a_mail_in_doubt_that_a_person_misses_is_sent_under_its_first_message_id(served_parts, server, clock):
    """
    The connection breaks after the dot: one delivery is in doubt, its neighbour is sent; asked for again,
    the mail leaves as the same message, so that a mailbox that has it shows it once.
    """
    server.data = {"yann@legoff.example": None}
    commands.run_all(parts=served_parts)
    before = {row["recipient"]: row for row in commands.list_deliveries(parts=served_parts)}
    server.data = {}
    commands.resolve_delivery(before["yann@legoff.example"]["delivery_id"], arrived=False, parts=served_parts)
    clock.go_on(minutes=1)

    report = commands.deliver_digests(parts=served_parts)

    after = {row["recipient"]: row for row in commands.list_deliveries(parts=served_parts)}
    assert {recipient: row["state"] for recipient, row in before.items()} == {
        "yann@legoff.example": "in doubt",
        "bureau@legoff.example": "sent",
    }
    assert report["sent"] == 1
    assert sorted(server.accepted) == ["bureau@legoff.example", "yann@legoff.example"]
    assert {row["message_id"] for row in after.values()} == {row["message_id"] for row in before.values()}
    assert len(set(server.message_ids)) == len(server.message_ids) == 2


def test_each_mail_names_an_address_of_its_own_for_what_comes_back(served_parts, server, clock):
    """
    With a domain for bounces the envelope's sender and the mail to leave are signed for this delivery; the
    reader sees who writes, as before.
    """
    changed = replace(served_parts.settings, bounce_domain="retours.example")
    parts = bootstrap.build(changed, now=clock)

    commands.run_all(parts=parts)

    parts.close()
    numbers = {row["message_id"]: row["delivery_id"] for row in commands.list_deliveries(parts=served_parts)}
    assert len(server.messages) == 2
    for mail_from, message in server.messages:
        number = numbers[message["Message-ID"]]
        [leave] = re.findall(r"<mailto:([^>]+)>", message["List-Unsubscribe"])
        said = [read_return_address(changed.secret, address) for address in (mail_from, leave)]
        assert said == [
            ReturnAddress(ReturnPurpose.BOUNCE, number),
            ReturnAddress(ReturnPurpose.LEAVE, number),
        ]
        assert {address.partition("@")[2] for address in (mail_from, leave)} == {"retours.example"}
        assert "alertes@localhost" in message["From"]
