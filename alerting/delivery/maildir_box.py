"""Read returned mails from a maildir, where a mail server on this machine puts them.

Mails of ``new/`` and ``cur/`` wait, the oldest first; one that is dealt with is moved to the subfolder
``.Handled`` or ``.Other`` (Maildir++), under its own name.

Sources: https://cr.yp.to/proto/maildir.html; https://www.courier-mta.org/imap/README.maildirquota.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alerting.delivery.mailboxes import MAXIMUM_BYTES, OpenMailbox, Shelf
from alerting.errors import MailboxUnavailableError


class MaildirMailbox:
    """A maildir's folder; it must be there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def opened(self) -> Iterator[OpenMailbox]:
        """Lend itself: a folder keeps nothing open."""
        if not (self._folder / "new").is_dir():
            raise MailboxUnavailableError(f"mailbox {self._folder}: not a maildir (no folder new)")
        yield self

    def waiting(self) -> list[str]:
        """Return the names of the files that wait, with their folder, the oldest first."""
        files = [path for part in ("new", "cur") for path in (self._folder / part).glob("*")]
        # A maildir's names begin with the second of their arrival.
        return [f"{path.parent.name}/{path.name}" for path in sorted(files, key=lambda path: path.name)]

    def read(self, key: str) -> bytes | None:
        """Return the start of a mail; None when it is gone."""
        try:
            with (self._folder / key).open("rb") as file:
                return file.read(MAXIMUM_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MailboxUnavailableError(f"mailbox {self._folder}: {error.strerror}") from error

    def put_away(self, key: str, shelf: Shelf) -> None:
        """Move a mail to a subfolder; harmless when it is gone."""
        place = self._folder / f".{shelf.value}"
        name = Path(key).name
        try:
            for part in ("tmp", "new", "cur"):
                (place / part).mkdir(parents=True, exist_ok=True)
            (place / "maildirfolder").touch()
            (self._folder / key).rename(place / "cur" / (name if ":2," in name else f"{name}:2,S"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise MailboxUnavailableError(f"mailbox {self._folder}: {error.strerror}") from error
