"""What every mailbox of returned mails does: show what waits, read one, put it away.

Two ship: ``MaildirMailbox`` reads a folder, ``ImapMailbox`` speaks to a server.  Both keep what was dealt
with in a folder below, ``Handled``, and what nobody but a person understands in ``Other``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol


# A bounce says what it has to say at its start; what it quotes of our mail may be cut.
MAXIMUM_BYTES = 1_000_000


class Shelf(StrEnum):
    """Where a mail goes once it was read; the folder's name."""

    HANDLED = "Handled"
    OTHER = "Other"


class OpenMailbox(Protocol):
    """A mailbox while it is read."""

    def waiting(self) -> list[str]:
        """Return the keys of the mails that wait, the oldest first.

        Raises:
            MailboxUnavailableError: The mailbox is away; so do the other two.
        """
        ...

    def read(self, key: str) -> bytes | None:
        """Return the first MAXIMUM_BYTES of a mail, the same at each call; None when it is gone."""
        ...

    def put_away(self, key: str, shelf: Shelf) -> None:
        """Move a mail to its folder, which is made when it is missing; harmless when it is gone."""
        ...


class Mailbox(Protocol):
    """Where returned mails arrive."""

    def opened(self) -> AbstractContextManager[OpenMailbox]:
        """Open it for one run.

        Raises:
            MailboxUnavailableError: It is away.
            MailboxRefusedError: It refuses us.
        """
        ...
