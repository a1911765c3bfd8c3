"""A delivery's mail: its headers, its parts, and what can never get into them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from alerting.delivery.message import bare_address, build_message, is_allowed
from alerting.domain.delivery import Envelope
from alerting.domain.mail_text import MailText
from alerting.errors import MailRefusedError, SettingError


SENT_AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
TOKEN = "WzEyLCJwbG9tYmVyaWUtcmVkb24iXQ." + "Kq3" * 20
ENVELOPE = Envelope(
    delivery_id=7,
    message_id="<delivery-7@alertes.example>",
    sender="Alerte marchés <alertes@alertes.example>",
    recipient="anne@couverture-lebras.example",
    subject="3 nouveaux marchés · Couverture Redon",
    text=MailText.of("Trois marchés.\n"),
    html=MailText.of("<p>Trois marchés à « Redon ».</p>\n"),
    unsubscribe_url=f"https://alertes.example/unsubscribe/{TOKEN}",
    unsubscribe_mailto="leave@alertes.example",
)


def built(**changes):
    """Return the parsed mail of an envelope with some fields changed."""
    return message_from_bytes(build_message(replace(ENVELOPE, **changes), sent_at=SENT_AT), policy=default)


def test_the_headers_of_a_mail():
    """
    Exactly these, whoever reads it.
    """
    assert list(built().items()) == [
        ("From", "Alerte marchés <alertes@alertes.example>"),
        ("To", "anne@couverture-lebras.example"),
        ("Subject", "3 nouveaux marchés · Couverture Redon"),
        ("Date", "Mon, 02 Mar 2026 07:00:00 +0000"),
        ("Message-ID", "<delivery-7@alertes.example>"),
        (
            "List-Unsubscribe",
            f"<https://alertes.example/unsubscribe/{TOKEN}>, <mailto:leave@alertes.example>",
        ),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'multipart/alternative; boundary="=_delivery7alertesexample"'),
    ]


def test_the_parts_of_a_mail():
    """
    Text first, HTML second and preferred, both as they were written.
    """
    assert faces(built()) == [("text/plain", str(ENVELOPE.text)), ("text/html", str(ENVELOPE.html))]


def faces(message):
    """Return kind and words of each part of a message."""
    return [
        (part.get_content_type(), part.get_content().replace("\r\n", "\n")) for part in message.iter_parts()
    ]


def test_the_dates_of_a_mail_are_a_file_beside_its_words():
    """
    An attachment that opens in a calendar; the words are as they are without it, and nothing is broken.
    """
    calendar = MailText.of("BEGIN:VCALENDAR\nX-NAME:é\nEND:VCALENDAR\n")

    message = built(calendar=calendar)

    words, dates = message.iter_parts()
    assert (message.get_content_type(), words.get_content_type()) == (
        "multipart/mixed",
        "multipart/alternative",
    )
    assert faces(words) == faces(built())
    assert (dates.get_content_type(), dates.get_content_disposition()) == ("text/calendar", "attachment")
    assert (dates.get_filename(), dates.get_param("method")) == ("calendar.ics", "PUBLISH")
    assert dates.get_payload(decode=True) == calendar.content
    assert [defect for part in message.walk() for defect in part.defects] == []
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == str(ENVELOPE.text)


def test_a_mail_fits_any_server():
    """
    Seven bits, CRLF, no line longer than RFC 5321 allows; the long link is whole.
    """
    message = build_message(ENVELOPE, sent_at=SENT_AT)

    assert message.isascii()
    assert message.count(b"\n") == message.count(b"\r\n")
    assert max(len(line) for line in message.split(b"\r\n")) <= 998
    assert ENVELOPE.unsubscribe_url.encode() in message


def test_a_second_attempt_is_the_same_mail():
    """
    Nothing in a mail is drawn at random.
    """
    assert build_message(ENVELOPE, sent_at=SENT_AT) == build_message(ENVELOPE, sent_at=SENT_AT)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"subject": "Bonjour\r\nBcc: tous@piege.example"}, id="subject"),
        pytest.param({"subject": "Bonjour\u2028Bcc: tous@piege.example"}, id="subject, a Unicode line end"),
        pytest.param(
            {"sender": "A\r\nBcc: tous@piege.example\r\nX: <a@alertes.example>"}, id="sender's name"
        ),
    ],
)
def test_words_cannot_add_a_header(changes):
    """
    Line breaks in words become spaces: the mail has the headers it always has.
    """
    assert list(built(**changes)) == list(built())


@pytest.mark.parametrize(
    "recipient",
    [
        pytest.param("anne@lebras.example\r\nBcc: tous@piege.example", id="line break"),
        pytest.param("anne@lebras.example, tous@piege.example", id="two addresses"),
        pytest.param("anne lebras@lebras.example", id="space"),
        pytest.param("anne", id="no domain"),
        pytest.param("@lebras.example", id="no name"),
        pytest.param("", id="empty"),
        pytest.param("anne@..example", id="an empty part"),
        pytest.param("a@b@lebras.example", id="two signs"),
    ],
)
def test_a_message_to_an_address_that_cannot_be_used_is_refused(recipient):
    """
    A bad address is one refused delivery, with the code that a server would give.
    """
    with pytest.raises(MailRefusedError) as caught:
        build_message(replace(ENVELOPE, recipient=recipient), sent_at=SENT_AT)

    assert (caught.value.code, caught.value.enhanced_code) == (553, "5.1.3")


def test_a_sender_that_is_none_is_our_setting():
    """
    No recipient is blamed for our own address.
    """
    with pytest.raises(
        SettingError, match=r"^setting ALERTING_SENDER: expected Name <name@domain> \(got 'us'\)$"
    ):
        build_message(replace(ENVELOPE, sender="us"), sent_at=SENT_AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"unsubscribe_url": "https://alertes.example/a>\r\nBcc: x"},
        {"unsubscribe_url": "javascript:alert(1)"},
        {"message_id": "<a@b>\r\nBcc: x"},
        {"message_id": "delivery-7"},
    ],
)
def test_what_is_ours_must_be_right(changes):
    """
    A Message-ID or link that is none is our mistake, and is not sent.
    """
    with pytest.raises(ValueError, match="would not be safe in a header"):
        build_message(replace(ENVELOPE, **changes), sent_at=SENT_AT)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Anne Le Bras <anne@lebras.example>", "anne@lebras.example"),
        ('"Le Bras, Anne" <anne@lebras.example>', "anne@lebras.example"),
        ("anne+marches@lebras.example", "anne+marches@lebras.example"),
        ("anne@hélène.example", "anne@xn--hlne-6oae.example"),
        ("anne@localhost", "anne@localhost"),
    ],
)
def test_the_address_of_a_named_one(written, address):
    """
    The envelope carries the bare address, its domain in ASCII.
    """
    assert bare_address(written) == address


@pytest.mark.parametrize(
    ("recipient", "allowed", "answer"),
    [
        ("anne@lebras.example", None, True),
        ("anne@lebras.example", (), False),
        ("Anne@LeBras.example", ("anne@lebras.example",), True),
        ("anne@lebras.example", ("@LEBRAS.example",), True),
        ("anne@sub.lebras.example", ("@lebras.example",), False),
        ("anne@notlebras.example", ("@lebras.example",), False),
        ("paul@lebras.example", ("anne@lebras.example",), False),
        ("lebras.example", ("@lebras.example",), False),
        ("anne@xn--mtiers-bva.example", ("@métiers.example",), True),
        ("Anne@Métiers.example", ("anne@xn--mtiers-bva.example",), True),
    ],
)
def test_who_may_get_real_mail(recipient, allowed, answer):
    """
    Only who is listed, by address or by exact domain; None lists everybody.
    """
    assert is_allowed(recipient, allowed) is answer
