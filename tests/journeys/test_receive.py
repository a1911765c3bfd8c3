"""What comes back, from the mailbox to the next digest: bounces, complaints, mails to leave, forgeries."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from alerting import bootstrap, commands
from alerting.delivery.verp import ReturnPurpose, sign_return_address
from alerting.store.database import open_database


CORPUS = Path(__file__).parents[1] / "corpus" / "returned"
NOTICE = ("7", "Réfection de la toiture de l'école")
LATER = ("8", "Couverture en ardoise du lavoir")


class KilledError(BaseException):
    """The process ends here; nothing of ours may catch it."""


class Returned:
    """The mailbox of what comes back, and the mails that were sent."""

    def __init__(self, folder: Path, parts) -> None:
        self.folder = folder
        self.parts = parts
        self.count = 0

    def delivery_to(self, recipient: str) -> int:
        """Return the newest delivery to an address."""
        rows = commands.list_deliveries(parts=self.parts)
        return next(row["delivery_id"] for row in rows if row["recipient"] == recipient)

    def arrive(
        self,
        name: str,
        recipient: str = "yann@legoff.example",
        *,
        secret: str | None = None,
        head: str = "",
    ) -> None:
        """Let a mail of the corpus arrive, about the newest delivery to an address, with more header lines."""
        text = head + (CORPUS / f"{name}.eml").read_text()
        for place, purpose in [("{bounce}", ReturnPurpose.BOUNCE), ("{leave}", ReturnPurpose.LEAVE)]:
            address = sign_return_address(
                secret or self.parts.settings.secret,
                purpose,
                self.delivery_to(recipient),
                domain="retours.example",
            )
            text = text.replace(place, address)
        self.count += 1
        content = text.replace("yann@legoff.example", recipient)
        (self.folder / "new" / f"{self.count:05}.mail.example").write_text(content)

    def on_shelf(self, shelf: str) -> int:
        """Return how many mails were put away there."""
        return len(list((self.folder / f".{shelf}" / "cur").glob("*")))


@pytest.fixture
def returned(settings, clock, authority, add_feed, firms_file, rss, tmp_path):
    """Two recipients of a firm got a digest each; a maildir waits for what comes back."""
    folder = tmp_path / "returned"
    (folder / "new").mkdir(parents=True)
    parts = bootstrap.build(
        replace(settings, bounce_domain="retours.example", bounce_mailbox=f"maildir:{folder}"), now=clock
    )
    add_feed(parts, authority)
    commands.import_firms(firms_file, parts=parts)
    authority.publish("/avis", rss(NOTICE))
    commands.run_all(parts=parts)
    yield Returned(folder, parts)
    parts.close()


def counted(report: dict[str, int]) -> dict[str, int]:
    """Return what a report counts that is not nothing."""
    return {name: count for name, count in report.items() if count}


def standing(parts) -> list[tuple[str, str | None, str]]:
    """Return address, profile and kind of every order that stands, by address."""
    rows = commands.list_suppressions(parts=parts)
    return sorted((row["email"], row["profile_id"], row["kind"]) for row in rows)


def test_a_hard_bounce_suppresses_at_once(returned, authority, rss, clock):
    """
    The next digest goes to the colleague alone, beside a notice; the order says what the server said, without the address.
    """
    returned.arrive("postfix-unknown")

    report = commands.receive_mails(parts=returned.parts)
    authority.publish("/avis", rss(NOTICE, LATER))
    clock.go_on(minutes=10)
    after = commands.run_all(parts=returned.parts)

    assert counted(report) == {"hard_bounce": 1}
    assert standing(returned.parts) == [("yann@legoff.example", None, "hard bounce")]
    [order] = commands.list_suppressions(parts=returned.parts)
    assert order["reason"] == (
        "bounced: 5.1.1 smtp; 550 5.1.1 <recipient>: Recipient address rejected:"
        " User unknown in virtual mailbox table"
    )
    assert after["deliver"]["sent"] == 2
    assert returned.on_shelf("Handled") == 1


@pytest.mark.parametrize(
    "name", ["postfix-unknown", "complaint", "complaint-by-quoted-header", "letter-to-leave", "qmail-letter"]
)
def test_what_we_did_not_sign_changes_nothing(returned, name):
    """
    A forger knows the form of our addresses, not the secret: counted, put aside for a person, no more.
    """
    returned.arrive(name, secret="the secret of somebody else")

    report = commands.receive_mails(parts=returned.parts)

    assert counted(report) == {"other" if name == "letter-to-leave" else "unsigned": 1}
    assert standing(returned.parts) == []
    assert returned.on_shelf("Other") == 1


@pytest.mark.parametrize(
    ("name", "kind", "shelf"),
    [
        ("out-of-office", "automatic_reply", "Handled"),
        ("read-receipt", "automatic_reply", "Handled"),
        ("postfix-delayed", "no_bounce", "Handled"),
        ("exchange-spam", "policy_bounce", "Handled"),
        ("mailbox-full", "soft_bounce", "Handled"),
        ("letter-of-a-person", "other", "Other"),
        ("advertisement", "other", "Other"),
        ("not-spam", "other", "Other"),
    ],
)
def test_what_is_no_reason_to_stop_suppresses_nobody(returned, name, kind, shelf):
    """
    A holiday, a delay, a policy about us, one full mailbox, a person's letter, junk: counted.
    """
    returned.arrive(name)

    report = commands.receive_mails(parts=returned.parts)

    assert counted(report) == {kind: 1}
    assert standing(returned.parts) == []
    assert returned.on_shelf(shelf) == 1


def test_a_complaint_suppresses_for_good(returned):
    """
    It takes the place of a bounce, and no bounce takes its own.
    """
    for name in ("postfix-unknown", "complaint", "exim-letter"):
        returned.arrive(name)
        commands.receive_mails(parts=returned.parts)

    assert standing(returned.parts) == [("yann@legoff.example", None, "complaint")]


@pytest.mark.parametrize("head", ["", "Auto-Submitted: auto-generated\n"])
def test_a_mail_to_leave_leaves_its_profile(returned, head):
    """
    The other way of List-Unsubscribe: whatever the mail says and whoever wrote it, its address says enough.
    """
    returned.arrive("letter-to-leave", "bureau@legoff.example", head=head)

    report = commands.receive_mails(parts=returned.parts)

    assert counted(report) == {"left": 1}
    assert standing(returned.parts) == [("bureau@legoff.example", "toits", "unsubscribed")]


def test_soft_bounces_suppress_for_a_while_and_then_for_longer(returned, authority, rss, clock):
    """
    Three days with a full mailbox: a week without mails.  After it one more try, and three days more: a month.
    """
    items = [NOTICE]

    def three_full_days() -> dict[str, str | None]:
        for _ in range(3):
            items.append((str(10 + len(items)), f"Toiture numéro {len(items)}"))
            authority.publish("/avis", rss(*items))
            clock.go_on(days=1)
            commands.run_all(parts=returned.parts)
            returned.arrive("mailbox-full")
            commands.receive_mails(parts=returned.parts)
        return {row["email"]: row["until_at"] for row in commands.list_suppressions(parts=returned.parts)}

    first = three_full_days()
    first_at = clock()
    clock.go_on(days=7)
    commands.receive_mails(parts=returned.parts)
    between = standing(returned.parts)
    second = three_full_days()

    def days(until_at: str, since: datetime) -> int:
        return round((datetime.fromisoformat(until_at) - since).total_seconds() / 86_400)

    assert days(first["yann@legoff.example"], first_at) == 7
    assert between == []
    assert days(second["yann@legoff.example"], clock()) == 30
    assert standing(returned.parts) == [("yann@legoff.example", None, "soft bounces")]


def test_the_same_mail_is_acted_upon_once(returned):
    """
    Delivered twice by its server: the second copy changes nothing, even after the order was lifted.
    """
    returned.arrive("postfix-unknown")
    commands.receive_mails(parts=returned.parts)
    commands.lift_suppression("yann@legoff.example", why="the mailbox is back", parts=returned.parts)
    returned.arrive("postfix-unknown")

    report = commands.receive_mails(parts=returned.parts)

    assert counted(report) == {"again": 1}
    assert standing(returned.parts) == []
    assert returned.on_shelf("Handled") == 2


@pytest.mark.parametrize("after", [False, True], ids=["just before", "just after"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_kill_at_any_commit_loses_nothing_and_does_nothing_twice(returned, settings, clock, number, after):
    """
    The run dies at its n-th commit, before or after it; the next one brings the same orders, and every mail
    lies where it belongs.
    """
    for name in ("postfix-unknown", "advertisement"):
        returned.arrive(name)
    returned.arrive("letter-to-leave", "bureau@legoff.example")
    database = open_database(settings.database_url)
    commits = []

    @event.listens_for(database.engine, "commit")
    def die(connection) -> None:
        commits.append(connection)
        if len(commits) == number and after:
            connection.connection.dbapi_connection.commit()
        if len(commits) >= number:
            raise KilledError

    dying = bootstrap.build(returned.parts.settings, database=database, now=clock)
    with pytest.raises(KilledError):
        commands.receive_mails(parts=dying)
    dying.close()

    commands.receive_mails(parts=returned.parts)

    assert standing(returned.parts) == [
        ("bureau@legoff.example", "toits", "unsubscribed"),
        ("yann@legoff.example", None, "hard bounce"),
    ]
    kinds = sorted(row["kind"] for row in commands.list_received(parts=returned.parts))
    assert kinds == ["hard bounce", "left", "other"]
    assert (returned.on_shelf("Handled"), returned.on_shelf("Other")) == (2, 1)
    assert list((returned.folder / "new").iterdir()) == []


def test_without_a_mailbox_there_is_nothing_to_read(parts):
    """
    Not set: a report of nothing.
    """
    assert counted(commands.receive_mails(parts=parts)) == {}


def test_what_came_back_is_shown_without_its_text(returned):
    """
    Kind, delivery, address, status, the server's words.
    """
    returned.arrive("several-recipients")
    commands.receive_mails(parts=returned.parts)

    [row] = commands.list_received(parts=returned.parts)

    assert (row["kind"], row["recipient"], row["status"], row["diagnostic"]) == (
        "soft bounce",
        "yann@legoff.example",
        "5.0.0",
        "smtp; 552 5.2.2 mailbox full",
    )
    assert row["delivery_id"] == returned.delivery_to("yann@legoff.example")


def notices(mails_in, parts) -> list[tuple[str, str]]:
    """Return whom each notice about an address went to, and its text."""
    return sorted(
        (str(mail["To"]), mail.get_body(("plain",)).get_content())
        for mail in mails_in(parts.settings.maildir)
        if "ne reçoivent plus" in str(mail["Subject"]) or "ne reçoit plus" in str(mail["Subject"])
    )


def run_often(parts, clock) -> None:
    """Compose and deliver for some hours."""
    for _ in range(3):
        clock.go_on(hours=1)
        commands.compose_digests(parts=parts)
        commands.deliver_digests(parts=parts)


def test_the_colleagues_are_told_once_and_may_ask_for_another_try(returned, clock, mails_in):
    """
    One notice, to the others only, with a link that lets the address be tried again; told anew when it bounces
    anew.
    """
    returned.arrive("postfix-unknown")
    commands.receive_mails(parts=returned.parts)
    run_often(returned.parts, clock)
    first = notices(mails_in, returned.parts)
    [token] = re.findall(r"/try-again/(\S+)", first[0][1])
    before = commands.show_unreachable(token, parts=returned.parts)
    lifted = commands.lift_unreachable(token, parts=returned.parts)
    after = standing(returned.parts)
    returned.arrive("qmail-letter")
    commands.receive_mails(parts=returned.parts)
    run_often(returned.parts, clock)

    assert [recipient for recipient, _ in first] == ["bureau@legoff.example"]
    assert "yann@legoff.example Nous n’y écrivons plus : son serveur répond que cette adresse" in " ".join(
        first[0][1].split()
    )
    assert (before["state"], before["email"], lifted["state"]) == (
        "suppressed",
        "yann@legoff.example",
        "lifted",
    )
    assert after == []
    assert len(notices(mails_in, returned.parts)) == 2


def test_of_a_complaint_the_colleagues_hear_without_a_link(returned, clock, mails_in):
    """
    It stands for good: nobody but an operator lifts it.
    """
    returned.arrive("complaint")
    commands.receive_mails(parts=returned.parts)
    run_often(returned.parts, clock)

    [(recipient, text)] = notices(mails_in, returned.parts)

    assert recipient == "bureau@legoff.example"
    assert "cette boîte ne souhaite plus recevoir" in " ".join(text.split())
    assert "/try-again/" not in text


def test_a_firm_with_nobody_left_is_told_when_it_has_somebody_again(returned, clock, mails_in):
    """
    Both addresses bounce: no notice, and none is counted as told; a new colleague hears of both in one.
    """
    for recipient in ("yann@legoff.example", "bureau@legoff.example"):
        returned.arrive("postfix-unknown", recipient)
    commands.receive_mails(parts=returned.parts)
    run_often(returned.parts, clock)
    nobody = notices(mails_in, returned.parts)
    commands.add_firm(
        "le-goff", "Couverture Le Goff", recipients=["anne@legoff.example"], parts=returned.parts
    )
    run_often(returned.parts, clock)

    [(recipient, text)] = notices(mails_in, returned.parts)

    assert nobody == []
    assert recipient == "anne@legoff.example"
    assert len(re.findall(r"/try-again/", text)) == 2


def test_a_colleague_who_left_the_last_profile_is_told_by_the_one_before(
    returned, authority, rss, clock, mails_in
):
    """
    The firm's last digest was of a profile that the office has left: the notice goes by the other, which it reads.
    """
    commands.add_profile(
        "le-goff",
        {"id": "bois-aussi", "name": "Bois", "words": ["menuiserie"], "cadence": "immediate"},
        parts=returned.parts,
    )
    authority.publish("/avis", rss(NOTICE, ("9", "Menuiserie du lavoir")))
    clock.go_on(minutes=10)
    commands.run_all(parts=returned.parts)
    leave_profile = {"profile_id": "bois-aussi", "why": "asked by telephone"}
    commands.add_suppression("bureau@legoff.example", **leave_profile, parts=returned.parts)
    returned.arrive("postfix-unknown")
    commands.receive_mails(parts=returned.parts)

    run_often(returned.parts, clock)

    assert [recipient for recipient, _ in notices(mails_in, returned.parts)] == ["bureau@legoff.example"]


def test_who_left_by_himself_is_not_told_of(returned, clock, mails_in):
    """
    His colleagues need not know.
    """
    returned.arrive("letter-to-leave")
    commands.receive_mails(parts=returned.parts)
    run_often(returned.parts, clock)

    assert notices(mails_in, returned.parts) == []


def test_a_notice_holds_up_no_digest(returned, authority, rss, clock, mails_in):
    """
    The hour of a daily profile comes, with a bounce and a notice waiting: its readers hear of both.
    """
    commands.add_profile(
        "le-goff",
        {"id": "toits", "name": "Toits", "words": ["toiture", "couverture"], "cadence": "daily"},
        parts=returned.parts,
    )
    returned.arrive("postfix-unknown")
    authority.publish("/avis", rss(NOTICE, LATER))
    clock.go_on(hours=22)  # 6 in the morning in Paris.
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=returned.parts)
    commands.receive_mails(parts=returned.parts)
    clock.go_on(hours=1)
    commands.compose_digests(parts=returned.parts)
    commands.deliver_digests(parts=returned.parts)

    subjects = [
        str(mail["Subject"]).partition(" · ")[0]
        for mail in mails_in(returned.parts.settings.maildir)
        if str(mail["To"]) == "bureau@legoff.example"
    ]
    assert sorted(subjects) == [
        "1 nouveau marché",
        "1 nouveau marché",
        "Une adresse ne reçoit plus nos messages",
    ]


def test_of_an_erased_firm_nothing_that_a_server_said_is_kept(returned):
    """
    The words may hold an address; that the mail came back, and the order, stay.
    """
    returned.arrive("postfix-unknown")
    commands.receive_mails(parts=returned.parts)

    commands.erase_firm("le-goff", parts=returned.parts)

    [row] = commands.list_received(parts=returned.parts)
    assert (row["kind"], row["status"], row["diagnostic"]) == ("hard bounce", "5.1.1", None)
    assert "legoff" not in row["recipient"]
    assert standing(returned.parts) == [("yann@legoff.example", None, "hard bounce")]
