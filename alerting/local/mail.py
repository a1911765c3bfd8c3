"""The laptop's mail server: real SMTP on 127.0.0.1, into a maildir, in a process of its own.

In:   mails, over SMTP.
Out:  files of a maildir, one a mail, named by the Message-ID's hash and the recipient.
"""

from __future__ import annotations

import asyncio
import mailbox
import signal
import sys
from pathlib import Path

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session


MAXIMUM_BYTES = 10_000_000


class Inbox:
    """Keeps every accepted mail in a maildir; the envelope's recipients go into a header."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._maildir = mailbox.Maildir(folder, create=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        """Store one mail before saying that it is accepted."""
        content = envelope.content or b""
        data = content if isinstance(content, bytes) else content.encode()
        header = f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        key = self._maildir.add(header + data)
        return f"250 2.0.0 kept as {key.partition(':')[0]}"


async def serve(folder: Path, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    controller = UnthreadedController(
        Inbox(folder), hostname="127.0.0.1", port=port, loop=loop, data_size_limit=MAXIMUM_BYTES
    )
    server = await loop.create_server(controller.factory, "127.0.0.1", port)
    async with server:
        await asked_to_stop.wait()


def main(arguments: list[str]) -> int:
    """Run ``python -m alerting.local.mail FOLDER PORT``."""
    folder, port = arguments
    asyncio.run(serve(Path(folder), int(port)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
