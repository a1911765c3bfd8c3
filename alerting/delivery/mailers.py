"""What every mailer does: hand one envelope to a transport and return its answer.

Two ship: ``MaildirMailer`` writes files, ``SmtpMailer`` speaks to a mail server.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from alerting.delivery.dialogue import DialogueLog
from alerting.domain.delivery import Envelope
from alerting.errors import AlertingError, Blame, MailDeferredError, MailRefusedError, say_kind


Made = TypeVar("Made")


class Sender(Protocol):
    """Hands mails to a transport, one at a time or many at once."""

    async def send(self, envelope: Envelope) -> str:
        """Send one mail and return the transport's answer, one line.

        A second call with the same envelope carries the same Message-ID.

        Raises:
            MailDeferredError: Not now, and certainly not sent; the same call may succeed later.  Also of what
                cannot be made into a mail: see ``make_safely``.
            MailInDoubtError: It may have left.
            MailRefusedError: Never, to this recipient or with these words.
        """
        ...


class Mailer(Sender, Protocol):
    """A transport: sends single mails, and lends a sender for many that keeps open what it needs."""

    def session(self, log: DialogueLog | None = None) -> AbstractAsyncContextManager[Sender]:
        """Lend a sender for one run of one event loop; what it opened is closed at the end.

        Args:
            log: Is told how far each mail comes, by a transport where that is ever in doubt.
        """
        ...


def make_safely(make: Callable[[], Made]) -> Made:
    """Return what is made of one mail; one that cannot be made waits to be mended, and stops no other.

    Raises:
        MailDeferredError: It cannot be made, whatever is wrong with it.
        MailRefusedError: Its recipient cannot be written to.
    """
    try:
        return make()
    except MailRefusedError:
        raise
    except Exception as error:
        problem = str(error) if isinstance(error, AlertingError) else say_kind(error)
        raise MailDeferredError(f"the mail cannot be written: {problem}", blame=Blame.US) from error


def utc_now() -> datetime:
    """Return the moment, aware UTC: the clock of mailers that are given none."""
    return datetime.now(UTC)
