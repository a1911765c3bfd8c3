"""What a mail server's refusal means: for later, about the recipient, or neither."""

from __future__ import annotations

import pytest

from alerting.delivery.replies import (
    Reply,
    Step,
    find_blame,
    find_relay_blame,
    is_about_recipient,
    is_for_later,
)
from alerting.errors import Blame


LATER, GONE, REFUSED = "later", "gone", "refused"


def meaning(step: Step, answer: str) -> str:
    """Return what a reply means, as deliver acts on it."""
    code, _, text = answer.partition(" ")
    reply = Reply.read(step, int(code), text)
    if is_for_later(reply):
        return LATER
    return GONE if is_about_recipient(reply) else REFUSED


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("550 5.1.1 <yann@legoff.example>: User unknown", GONE),
        ("550 5.1.2 no such domain", GONE),
        ("553 5.1.3 bad syntax", GONE),
        ("551 5.1.6 moved", GONE),
        ("556 5.1.10 the domain takes no mail", GONE),
        ("550 5.2.1 mailbox disabled", GONE),
        ("550 no such user here", GONE),
        ("550 5.0.0 unknown user", GONE),
        ("551 user not local", GONE),
        ("553 mailbox name not allowed", GONE),
        ("550 sorry, no mailbox here by that name (#5.1.1)", GONE),
        ("550 5.1.1 <relay@bras.example>: no such user, says the relay of bras.example", GONE),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", LATER),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts", LATER),
        ("550 relay not permitted", LATER),
        ("550 5.7.1 unable to relay.", LATER),
        ("554 5.7.1 <yann@legoff.example>: Relay access denied", LATER),
        ("550 5.7.1 rejected by mail-relay.example", REFUSED),
        ("550 listed at zen.spamhaus.example", REFUSED),
        ("550 5.7.26 not authenticated", REFUSED),
        ("550 5.1.0 address rejected", REFUSED),
        ("550 5.1.4 ambiguous", REFUSED),
        ("550 5.2.0 something of the mailbox", REFUSED),
        ("554 no", REFUSED),
        ("550 5.1.7 sender malformed", LATER),
        ("553 5.1.8 sender's domain does not exist", LATER),
        ("530 5.7.0 authentication required", LATER),
        ("552 5.2.2 mailbox full", LATER),
        ("552 too many recipients", LATER),
        ("451 4.7.1 greylisted", LATER),
        ("450 4.1.1 unverified", LATER),
        ("421 4.3.2 closing", LATER),
    ],
)
def test_what_a_reply_to_the_recipient_means(answer, expected):
    """
    Gone only where nobody can write to the address; what we must mend ourselves waits.
    """
    assert meaning(Step.RCPT, answer) == expected


@pytest.mark.parametrize("step", [Step.DATA, Step.END_OF_DATA])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("550 rejected", REFUSED),
        ("553 no", REFUSED),
        ("554 5.7.1 spam", REFUSED),
        ("550 5.6.0 malformed", REFUSED),
        ("552 5.3.4 too large", REFUSED),
        ("550 5.1.8 sender rejected", LATER),
        ("452 4.3.1 disk full", LATER),
        ("550 5.1.1 no such user", GONE),
    ],
)
def test_what_a_reply_to_the_message_means(step, answer, expected):
    """
    A bare code speaks of the words; only an enhanced one can still speak of the single recipient.
    """
    assert meaning(step, answer) == expected


@pytest.mark.parametrize(
    "answer", ["550 5.1.1 who are you", "553 5.1.8 unknown", "530 5.7.0 log in", "501 no"]
)
def test_a_refusal_of_our_address_waits_for_who_can_mend_it(answer):
    """
    Whatever the server says to MAIL, no recipient is to blame.
    """
    assert meaning(Step.MAIL, answer) == LATER


@pytest.mark.parametrize(
    ("step", "answer", "expected"),
    [
        (Step.RCPT, "550 5.1.1 no such user", Blame.ADDRESS),
        (Step.RCPT, "452 4.2.2 mailbox full", Blame.ADDRESS),
        (Step.RCPT, "550 no such user", Blame.ADDRESS),
        (Step.RCPT, "550 relay not permitted", Blame.US),
        (Step.RCPT, "454 4.7.1 Relay access denied", Blame.US),
        (Step.RCPT, "451 4.7.1 greylisted", Blame.POLICY),
        (Step.RCPT, "550 5.1.8 sender's domain does not exist", Blame.US),
        (Step.RCPT, "530 5.7.0 authentication required", Blame.US),
        (Step.RCPT, "550 5.7.8 wrong password", Blame.US),
        (Step.RCPT, "451 try again", Blame.SERVER),
        (Step.RCPT, "451 4.3.2 overloaded", Blame.SERVER),
        (Step.RCPT, "451 4.4.1 no route", Blame.SERVER),
        (Step.MAIL, "553 5.1.7 malformed", Blame.US),
        (Step.MAIL, "452 4.3.1 disk full", Blame.US),
        (Step.RCPT, "452 4.3.1 disk full", Blame.SERVER),
        (Step.DATA, "503 5.5.1 bad sequence", Blame.US),
        (Step.END_OF_DATA, "554 5.6.0 malformed", Blame.CONTENT),
        (Step.END_OF_DATA, "552 5.3.4 too large", Blame.CONTENT),
        (Step.END_OF_DATA, "552 5.2.3 too large for this mailbox", Blame.CONTENT),
        (Step.END_OF_DATA, "550 5.7.1 spam", Blame.POLICY),
        (Step.END_OF_DATA, "554 looks like spam", Blame.POLICY),
        (Step.END_OF_DATA, "554 no", Blame.CONTENT),
        (Step.END_OF_DATA, "554 5.0.0 no", Blame.CONTENT),
    ],
)
def test_who_is_to_blame(step, answer, expected):
    """
    Who can mend it: the enhanced code says so, and without one the step and the words.
    """
    code, _, text = answer.partition(" ")

    assert find_blame(Reply.read(step, int(code), text)) is expected


@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA, Step.END_OF_DATA])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("452 4.3.1 Insufficient system resources", Blame.US),
        ("451 4.3.5 Server configuration problem", Blame.US),
        ("452 4.3.1 host mx.bras.example said: 452 4.3.1 disk full (in reply to RCPT TO)", Blame.SERVER),
        ("451 4.3.5 recipient verify callout: mx.bras.example is wrongly set up", Blame.SERVER),
        ("451 4.3.2 overloaded", Blame.SERVER),
        ("452 disk full", Blame.SERVER),
        ("452 4.2.2 mailbox full", Blame.ADDRESS),
    ],
)
def test_a_server_of_ours_that_is_full_is_ours_to_mend_at_every_step(step, answer, expected):
    """
    It speaks of itself, unless its words show that it asked the recipient's; what passes by itself is not ours.
    """
    code, _, text = answer.partition(" ")

    assert find_relay_blame(Reply.read(step, int(code), text)) is expected
