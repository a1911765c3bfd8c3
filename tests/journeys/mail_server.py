"""A mail server of its own process, that kills at one moment of the dialogue: itself, or the worker that speaks.

    mail_server.py PORT LOG MOMENT VICTIM

LOG gets a line an event, written before the server goes on: "rcpt ADDRESS", "data ADDRESS", "body ADDRESS" (some of
the message, not its end), "end ADDRESS" (the dot), "kept ADDRESS" (accepted), "answered ADDRESS".  At the second
MOMENT the victim gets SIGKILL: "self", or a file that holds the process's number.  An empty MOMENT kills nobody.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path


class Server(asyncio.Protocol):
    """One connection; offers PIPELINING."""

    counts: dict[str, int]

    def __init__(self, log: Path, moment: str, victim: str, counts: dict[str, int]) -> None:
        self.log = log
        self.moment = moment
        self.victim = victim
        self.counts = counts
        self.seen = b""
        self.recipient = ""
        self.is_data = False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 mail.example ESMTP\r\n")

    def data_received(self, data):
        self.seen += data
        while self.seen and (self.message() if self.is_data else self.command()):
            pass

    def command(self) -> bool:
        line, separator, rest = self.seen.partition(b"\r\n")
        if not separator:
            return False
        self.seen = rest
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.transport.write(b"250-mail.example\r\n250 PIPELINING\r\n")
        elif verb == b"RCPT":
            self.recipient = line.decode().partition("<")[2].partition(">")[0]
            self.note("rcpt")
            self.transport.write(b"250 2.1.5 OK\r\n")
        elif verb == b"DATA":
            self.note("data")
            self.is_data = True
            self.transport.write(b"354 go on\r\n")
        else:
            self.transport.write(b"250 2.0.0 OK\r\n")
        return True

    def message(self) -> bool:
        _, separator, rest = self.seen.partition(b"\r\n.\r\n")
        if not separator:
            self.note("body")
            return False
        self.seen, self.is_data = rest, False
        self.note("end")
        self.note("kept")
        self.transport.write(b"250 2.0.0 kept\r\n")
        self.note("answered")
        return True

    def note(self, event: str) -> None:
        with self.log.open("a") as file:
            file.write(f"{event} {self.recipient}\n")
        self.counts[event] = self.counts.get(event, 0) + 1
        if event == self.moment and self.counts[event] == 2:
            pid = os.getpid() if self.victim == "self" else int(Path(self.victim).read_text())
            os.kill(pid, signal.SIGKILL)


async def serve(port: int, log: Path, moment: str, victim: str) -> None:
    """Listen until killed; the port is said on standard output."""
    counts: dict[str, int] = {}
    loop = asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", port))
    # A message comes in pieces.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    server = await loop.create_server(lambda: Server(log, moment, victim, counts), sock=listening)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
