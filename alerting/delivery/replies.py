"""What a mail server's refusal means: later, never to this recipient, or never in this form.

In:   the step of the dialogue, the reply code, the text.
Out:  whether to try again, whether the address itself is given up, and who is to blame.

An address is given up for good only where the server says that nobody can write to it.  What speaks
of the sender, or comes before anybody is named (a full disk of the server that we send by), is for a person
to mend on our side, and so is a server that carries no mail for us, or says later that it is full or wrongly
set up; what speaks of content or policy may be different for the next mail.

Sources: RFC 5321, 4.2.3 (codes), 4.5.3.1.10 (552 to RCPT is 452); RFC 3463, 3.2 to 3.4 (X.1.x, X.2.x, X.3.x);
RFC 7505 (X.1.10, null MX); RFC 4954 (530).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from alerting.errors import Blame


_PERMANENT = 500
# X.1.1 no such mailbox, X.1.2 no such domain, X.1.3 no such syntax, X.1.6 moved without a new address,
# X.1.10 the domain takes no mail, X.2.1 mailbox disabled.
_ABOUT_RECIPIENT = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# X.1.7 and X.1.8: the sender's address is malformed, or its domain is not known.  Servers that judge
# the sender late say so to RCPT.
_ABOUT_SENDER = frozenset({"5.1.7", "5.1.8"})
_SAYS_NOTHING = frozenset({None, "5.0.0"})
_MAILBOX_CODES = frozenset({550, 551, 553})
_STORAGE_EXCEEDED = 552
_AUTHENTICATION_REQUIRED = 530
_ENHANCED_CODE = re.compile(r"[45]\.\d{1,3}\.\d{1,3}\b")
# qmail puts it in brackets at the end of the line.
_ENHANCED_CODE_LATER = re.compile(r"\(#([45]\.\d{1,3}\.\d{1,3})\)")
# RFC 3463, 3.3 and 3.4 (X.2.3, X.3.4: too long for this mailbox, this system), 3.8 (X.7.8: our login).
_BLAME_BY_DETAIL = {
    "1.7": Blame.US, "1.8": Blame.US, "2.3": Blame.CONTENT, "3.4": Blame.CONTENT, "7.8": Blame.US,
}  # fmt: skip
# Its second number says of what it speaks: addresses, mailboxes, systems, routes, the protocol, the
# message, rules.
_BLAME_BY_SUBJECT = {
    "1": Blame.ADDRESS, "2": Blame.ADDRESS, "3": Blame.SERVER, "4": Blame.SERVER, "5": Blame.US,
    "6": Blame.CONTENT, "7": Blame.POLICY,
}  # fmt: skip
# Without an enhanced code, words that speak of us: a relay that is closed to us would else cost every
# firm its address in one run.
_ABOUT_US = re.compile(
    r"relay|rcpthosts|authenti|not permitted|denied|policy|block|black ?list|\b\w*bl\b|spam|reputation"
    r"|sender|\bspf\b|dkim|dmarc|helo|ehlo|reverse dns|\bptr\b|client host",
    re.IGNORECASE,
)


# It carries no mail for us, whoever is to get it; no part of an address or of a host's name.
_NO_RELAY = re.compile(r"(?<![\w.@-])(?:relay(?:ing)?|rcpthosts)(?![\w@-]|\.\w)", re.IGNORECASE)


# RFC 3463, 3.4: X.3.1 the system is full, X.3.5 it is wrongly set up.  These last until a person mends them;
# others of the group pass by themselves (X.3.2: overloaded, closing), or say too little (X.3.0).
_SYSTEM_TO_MEND = frozenset({"4.3.1", "4.3.5"})
# Words of a server that asks the recipient's own before it answers, and says what that one said.
_PASSED_ON = re.compile(
    r"\b(?:said|responded|response|in reply to|call-?out|verif\w*|upstream|proxy)\b", re.IGNORECASE
)


class Step(StrEnum):
    """Where in the dialogue a reply was given."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    END_OF_DATA = "end of DATA"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply that was not the hoped-for one; ``enhanced_code`` is None where the server gives none."""

    step: Step
    code: int
    text: str
    enhanced_code: str | None

    @classmethod
    def read(cls, step: Step, code: int, text: str) -> Reply:
        """Return a reply with its enhanced code, "5.1.1", found in its text."""
        found = _ENHANCED_CODE.match(text)
        later = _ENHANCED_CODE_LATER.search(text)
        return cls(step, code, text, found.group() if found else later.group(1) if later else None)


def is_for_later(reply: Reply) -> bool:
    """Tell whether the same mail may be accepted later: 4xx, a full mailbox, or what we must mend first."""
    if reply.code < _PERMANENT or reply.step is Step.MAIL:
        return True
    if reply.enhanced_code in _ABOUT_SENDER or reply.code == _AUTHENTICATION_REQUIRED or _is_no_relay(reply):
        return True
    return reply.step is Step.RCPT and reply.code == _STORAGE_EXCEEDED


def is_about_recipient(reply: Reply) -> bool:
    """Tell whether a refusal means that nobody can write to this address.

    An enhanced code says so at any step, for a mail of ours has one recipient.  A bare code says so
    only to RCPT: after the message it is mostly about the words.
    """
    if reply.enhanced_code not in _SAYS_NOTHING:
        return reply.enhanced_code in _ABOUT_RECIPIENT
    return reply.step is Step.RCPT and reply.code in _MAILBOX_CODES and not _ABOUT_US.search(reply.text)


def find_blame(reply: Reply) -> Blame:
    """Return who is to blame: the enhanced code says so, else the code, the step and the words."""
    if reply.step is Step.MAIL or reply.code == _AUTHENTICATION_REQUIRED or _is_no_relay(reply):
        return Blame.US
    if reply.enhanced_code is not None:
        _, subject, detail = reply.enhanced_code.split(".")
        found = _BLAME_BY_DETAIL.get(f"{subject}.{detail}") or _BLAME_BY_SUBJECT.get(subject)
        if found is not None:
            return found
    if reply.code < _PERMANENT:
        return Blame.SERVER
    if _ABOUT_US.search(reply.text):
        return Blame.POLICY
    return Blame.ADDRESS if reply.step is Step.RCPT else Blame.CONTENT


def find_relay_blame(reply: Reply) -> Blame:
    """Return who is to blame for what the server that we send by answered, as ``find_blame`` does.

    It answers for itself where it says that a system is full or wrongly set up, unless its words show that
    it asked another.  One that passes on such an answer word for word is taken for ours: its mail waits
    instead of being given up.
    """
    is_its_own = reply.enhanced_code in _SYSTEM_TO_MEND and not _PASSED_ON.search(reply.text)
    return Blame.US if is_its_own else find_blame(reply)


def _is_no_relay(reply: Reply) -> bool:
    """Tell whether a server says that it carries no mail for us, whoever is to get it."""
    is_about_one = reply.enhanced_code in _ABOUT_RECIPIENT
    return reply.step is Step.RCPT and not is_about_one and _NO_RELAY.search(reply.text) is not None
