"""Put mails into a maildir instead of sending them: the default transport.

In:   envelopes.
Out:  one file a mail in ``new/``, written whole or not at all, named after the Message-ID: a second
      attempt takes the place of the first, wherever a mail reader has moved it.

Source: https://cr.yp.to/proto/maildir.html
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from alerting.delivery.dialogue import DialogueLog
from alerting.delivery.mailers import Sender, make_safely, utc_now
from alerting.delivery.message import build_message
from alerting.domain.delivery import Envelope
from alerting.errors import MailDeferredError


class MaildirMailer:
    """Writes each mail as a file under ``folder``, which is made when it is missing."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._now = now

    async def send(self, envelope: Envelope) -> str:
        """Write one mail; return "kept as <file name>".

        Raises:
            MailDeferredError: The folder cannot be written to (full, or not ours), or the mail not be made.
            MailRefusedError: The address can never be written to.
        """
        message = make_safely(lambda: build_message(envelope, sent_at=self._now()))
        try:
            path = await asyncio.to_thread(_keep, self._folder, file_name(envelope.message_id), message)
        except OSError as error:
            raise MailDeferredError(f"maildir {self._folder}: {error.strerror}") from error
        return f"kept as {path.name}"

    @asynccontextmanager
    async def session(self, log: DialogueLog | None = None) -> AsyncIterator[Sender]:
        """Lend itself: a folder keeps nothing open, and nothing in it is ever in doubt."""
        del log
        yield self


def file_name(message_id: str) -> str:
    """Return the file name of a mail: of its Message-ID alone, safe on every file system."""
    return f"{sha256(message_id.encode()).hexdigest()[:32]}.eml"


def _keep(folder: Path, name: str, message: bytes) -> Path:
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    # A name of its own for each attempt: two writers of one mail must not share a temporary file.
    with NamedTemporaryFile(dir=folder / "tmp", prefix=f"{name}.", delete=False) as file:
        file.write(message)
        file.flush()
        os.fsync(file.fileno())
    written = Path(file.name)
    # A reader that has seen the mail moved it to cur/ and added ":2," with flags to its name.
    seen = sorted((folder / "cur").glob(f"{name}*"))
    return written.replace(seen[0] if seen else folder / "new" / name)
