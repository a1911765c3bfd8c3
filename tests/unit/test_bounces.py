"""What comes back, read: each kind of report by its form, and no mail by surprise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from alerting.delivery.bounces import (
    BounceKind,
    MailKind,
    RecipientStatus,
    ReturnedMail,
    judge,
    read_returned,
)
from alerting.delivery.verp import (
    ReturnAddress,
    ReturnPurpose,
    find_return_addresses,
    sign_return_address,
)


CORPUS = Path(__file__).parents[1] / "corpus" / "returned"
SECRET = "sixteen characters or more"
BOUNCE, LEAVE = (
    sign_return_address(SECRET, purpose, 4711, domain="retours.example")
    for purpose in (ReturnPurpose.BOUNCE, ReturnPurpose.LEAVE)
)
# Kind, what it means for Yann, and which signed addresses it shows.
EXPECTED = {
    "advertisement": (MailKind.OTHER, BounceKind.NONE, ""),
    "complaint": (MailKind.COMPLAINT, BounceKind.NONE, "bounce"),
    "complaint-by-quoted-header": (MailKind.COMPLAINT, BounceKind.NONE, "leave"),
    "daemon-letter-full": (MailKind.BOUNCE, BounceKind.SOFT, "bounce"),
    "exchange-spam": (MailKind.BOUNCE, BounceKind.POLICY, "bounce"),
    "exchange-unknown": (MailKind.BOUNCE, BounceKind.HARD, "bounce"),
    "exim-letter": (MailKind.BOUNCE, BounceKind.HARD, "bounce bounce"),
    "letter-of-a-person": (MailKind.OTHER, BounceKind.NONE, "bounce"),
    "letter-to-leave": (MailKind.OTHER, BounceKind.NONE, "leave leave"),
    "mailbox-full": (MailKind.BOUNCE, BounceKind.SOFT, "bounce bounce bounce"),
    "not-spam": (MailKind.OTHER, BounceKind.NONE, ""),
    "out-of-office": (MailKind.AUTOMATIC_REPLY, BounceKind.NONE, "bounce"),
    "postfix-delayed": (MailKind.BOUNCE, BounceKind.NONE, "bounce bounce"),
    "postfix-expired": (MailKind.BOUNCE, BounceKind.SOFT, "bounce bounce"),
    "postfix-unknown": (MailKind.BOUNCE, BounceKind.HARD, "bounce bounce bounce bounce leave"),
    "qmail-letter": (MailKind.BOUNCE, BounceKind.HARD, "bounce bounce"),
    "read-receipt": (MailKind.AUTOMATIC_REPLY, BounceKind.NONE, "bounce"),
    "several-recipients": (MailKind.BOUNCE, BounceKind.SOFT, "bounce bounce"),
    "utf8-report": (MailKind.BOUNCE, BounceKind.HARD, "bounce"),
    "vacation-of-old": (MailKind.AUTOMATIC_REPLY, BounceKind.NONE, "bounce"),
}


def read(name: str) -> ReturnedMail:
    """Return a mail of the corpus, read, with our signed addresses in their places."""
    text = (CORPUS / f"{name}.eml").read_text().replace("{bounce}", BOUNCE).replace("{leave}", LEAVE)
    return read_returned(text.encode())


def test_every_mail_of_the_corpus_is_expected_here():
    """
    No file without a case, no case without a file.
    """
    assert sorted(path.stem for path in CORPUS.glob("*.eml")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_mail_is_and_what_it_means(name):
    """
    Its kind, what it means for the recipient of our mail, and the signed addresses that it shows.
    """
    mail = read(name)

    kind, _ = judge(mail.statuses, "Yann@legoff.example")
    said = find_return_addresses(SECRET, mail.evidence)
    assert (mail.kind, kind, " ".join(one.purpose.value for one in said)) == EXPECTED[name]
    assert {one.delivery_id for one in said} <= {4711}


def test_what_a_report_says_of_a_recipient():
    """
    Address, action, status and the server's words, unfolded.
    """
    assert read("postfix-unknown").statuses == (
        RecipientStatus(
            "yann@legoff.example",
            "failed",
            "5.1.1",
            "smtp; 550 5.1.1 <yann@legoff.example>: Recipient address rejected:"
            " User unknown in virtual mailbox table",
        ),
    )


def test_only_the_address_of_a_letter_lets_leave():
    """
    A letter's own recipient counts, not what it quotes.
    """
    assert find_return_addresses(SECRET, read("letter-to-leave").addressed)[0] == ReturnAddress(
        ReturnPurpose.LEAVE, 4711
    )
    assert all(
        said.purpose is ReturnPurpose.BOUNCE
        for name in ("postfix-unknown", "letter-of-a-person")
        for said in find_return_addresses(SECRET, read(name).addressed)
    )


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind"),
    [
        pytest.param("5.1.1", "", BounceKind.HARD, id="no such mailbox"),
        pytest.param("5.1.10", "", BounceKind.HARD, id="no mail for the domain"),
        pytest.param("5.0.0", "smtp; 550 no such user here", BounceKind.HARD, id="by the words alone"),
        pytest.param("5.0.0", "smtp; 550 5.1.1 unknown", BounceKind.HARD, id="by the code in the words"),
        pytest.param(None, "Unrouteable address", BounceKind.HARD, id="no code at all"),
        pytest.param("5.1.8", "", BounceKind.POLICY, id="our own domain"),
        pytest.param("5.7.26", "smtp; 550 5.7.26 no DKIM", BounceKind.POLICY, id="our signature"),
        pytest.param("5.6.0", "", BounceKind.POLICY, id="our words"),
        pytest.param("5.0.0", "smtp; 554 spam detected", BounceKind.POLICY, id="our words, said in words"),
        pytest.param("5.2.2", "", BounceKind.SOFT, id="full"),
        pytest.param("4.4.7", "", BounceKind.SOFT, id="given up"),
        pytest.param("5.4.4", "", BounceKind.SOFT, id="no route to the domain today"),
        pytest.param(
            None,
            "[5.135.20.7] 550 User unknown",
            BounceKind.HARD,
            id="a number of the Internet that begins with 5",
        ),
        pytest.param(
            None, "[82.5.1.1] 451 try later", BounceKind.SOFT, id="one with a code's digits at its end"
        ),
        pytest.param(None, "[91.5.1.10] Mailbox full", BounceKind.SOFT, id="and no code"),
        pytest.param("5.0.0", "", BounceKind.SOFT, id="nothing said"),
        pytest.param(None, "", BounceKind.SOFT, id="nothing at all"),
    ],
)
def test_what_a_failure_means(status, diagnostic, kind):
    """
    An address is given up only where the server says that nobody can write to it; what speaks of us is ours.
    """
    said = RecipientStatus("yann@legoff.example", "failed", status, diagnostic)

    assert judge([said], "yann@legoff.example")[0] is kind


def test_a_forwarding_that_fails_counts_where_our_recipient_is_not_named():
    """
    He forwards to a mailbox that is gone: our mails do not reach him.
    """
    forwarded = RecipientStatus("yann@elsewhere.example", "failed", "5.1.1", "")
    relayed = RecipientStatus("yann@legoff.example", "relayed", "2.0.0", "")

    assert judge([forwarded], "yann@legoff.example")[0] is BounceKind.HARD
    assert judge([forwarded, relayed], "yann@legoff.example")[0] is BounceKind.NONE


@given(st.binary(max_size=400))
def test_any_bytes_are_some_mail(content):
    """
    Nothing that a stranger sends stops the others.
    """
    mail = read_returned(content)

    assert judge(mail.statuses, "yann@legoff.example")[0] in BounceKind


def test_a_status_that_says_it_has_parts_and_is_damaged_is_some_mail():
    """
    Writing it out again is more than the library can do.
    """
    head = b"From: x@y.example\nContent-Type: message/global-delivery-status\n\n"
    content = head + b"Content-Type: multipart/report; boundary=x\n\n\n\xe9\n"

    assert read_returned(content).kind is MailKind.BOUNCE


@given(st.sampled_from(sorted(EXPECTED)), st.data())
def test_no_damage_surprises_the_reader(name, data):
    """
    A mail of the corpus, cut, or with other bytes in it anywhere, is some mail still.
    """
    content = bytearray((CORPUS / f"{name}.eml").read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))

    mail = read_returned(bytes(content[: data.draw(st.integers(0, len(content)))]))

    assert all(status.diagnostic == " ".join(status.diagnostic.split()) for status in mail.statuses)
    assert mail.evidence.encode("utf-8", "surrogatepass") is not None
