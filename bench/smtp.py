"""What it costs to hand mails to Postfix: beside smtp-source, and at a distance beside plain aiosmtplib.

In:   nothing; a Postfix of its own (root installs it if it is missing), which discards what it has queued.
Out:  what was measured, in lines; with --json the last two are an object each: beside smtp-source (Postfix's
      own load generator, in C), and beside aiosmtplib.

Like with like, each in turns.  Near: four connections that stay open, mails of one size, accepted one by
one.  At a distance: one connection through a proxy that holds back every byte for half a round trip, the same
messages.  aiosmtplib is used as its manual says: connected once, ``sendmail`` a mail.  Ours builds its
messages meanwhile; smtp-source and aiosmtplib are given theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import aiosmtplib

from alerting.delivery.message import build_message
from alerting.delivery.smtp import SmtpMailer
from alerting.domain.delivery import Envelope
from alerting.domain.mail_limits import SmtpLimits
from alerting.domain.mail_text import MailText
from alerting.local.ports import free_port
from alerting.local.postfix import LocalPostfix, find_program


GOAL_NEAR = 1.0
"""smtp-source's time to ours: never slower."""
GOAL_FAR = 3.0
CONNECTIONS = 4
SENDER = "alertes@alertes.example"
RECIPIENT = "anne@couverture-lebras.example"
ITEM = (
    "Réfection de la toiture du groupe scolaire, commune de Kerlann : offres avant le 12 mars 2026 à 12 h.\n"
)
HTML_ITEM = f'<tr><td style="padding:12px;font-family:Arial,sans-serif"><p>{ITEM.strip()}</p></td></tr>\n'


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    if asked.proxy is not None:
        return asyncio.run(hold_back(asked.proxy, asked.target, asked.round_trip / 2000))
    with tempfile.TemporaryDirectory(prefix="alerting-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postfix = LocalPostfix(folder, free_port())
        postfix.start()
        try:
            answers = [near(postfix, asked), far(postfix, asked)]
        finally:
            postfix.stop()
    for answer in answers:
        lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
        sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


def near(postfix: LocalPostfix, asked: argparse.Namespace) -> dict[str, object]:
    """Measure into Postfix beside smtp-source."""
    size = len(build_message(envelopes(1)[0], sent_at=datetime.now(UTC)))
    say(f"{asked.mails} mails of {size} bytes over {CONNECTIONS} connections, {asked.rounds} turns; medians")
    source = [
        find_program("smtp-source"),
        "-d",
        "-s",
        str(CONNECTIONS),
        "-m",
        str(asked.mails),
        "-l",
        str(size),
    ]
    source += ["-f", SENDER, "-t", RECIPIENT, f"inet:127.0.0.1:{postfix.port}"]
    ours, peers = [], []
    for _ in range(asked.rounds):
        ours.append(asyncio.run(send_by_ours(postfix.url, asked.mails, connections=CONNECTIONS)))
        started = perf_counter()
        subprocess.run(source, check=True)
        peers.append((perf_counter() - started) * 1000 / asked.mails)
        say(f"ours {ours[-1]:.2f} ms, smtp-source {peers[-1]:.2f} ms a mail")
    return answer("smtp-source", ours, peers, GOAL_NEAR)


def far(postfix: LocalPostfix, asked: argparse.Namespace) -> dict[str, object]:
    """Measure one connection at a distance beside plain aiosmtplib."""
    say(f"{asked.far_mails} mails over one connection at {asked.round_trip} ms a round trip")
    command = [sys.executable, __file__, "--proxy", "0", "--target", str(postfix.port)]
    command += ["--round-trip", str(asked.round_trip)]
    ours, peers = [], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        port = int(proxy.stdout.readline())
        for _ in range(asked.rounds):
            ours.append(
                asyncio.run(send_by_ours(f"smtp+plain://127.0.0.1:{port}", asked.far_mails, connections=1))
            )
            peers.append(asyncio.run(send_by_aiosmtplib(port, asked.far_mails)))
            say(f"ours {ours[-1]:.1f} ms, aiosmtplib {peers[-1]:.1f} ms a mail")
        proxy.kill()
    return answer("smtp", ours, peers, GOAL_FAR)


def answer(name: str, ours: Sequence[float], peers: Sequence[float], goal: float) -> dict[str, object]:
    """Return the object that people compare."""
    mine, others = statistics.median(ours), statistics.median(peers)
    ratio = round(others / mine, 2)
    return {
        "name": name,
        "ours": round(mine, 3),
        "peer": round(others, 3),
        "unit": "ms a mail",
        "ratio": ratio,
        "goal": goal,
        "holds": ratio >= goal,
    }


async def send_by_ours(url: str, count: int, *, connections: int) -> float:
    """Return ms a mail, connecting and leaving included."""
    mails = envelopes(count)
    limits = SmtpLimits(connections=connections, mails_per_connection=count)
    started = perf_counter()
    async with SmtpMailer(url, limits=limits).session() as session:
        turns = asyncio.Semaphore(4 * connections)

        async def send(envelope: Envelope) -> None:
            async with turns:
                await session.send(envelope)

        await asyncio.gather(*map(send, mails))
    return (perf_counter() - started) * 1000 / count


async def send_by_aiosmtplib(port: int, count: int) -> float:
    """Return ms a mail, connecting and leaving included."""
    messages = [build_message(envelope, sent_at=datetime.now(UTC)) for envelope in envelopes(count)]
    started = perf_counter()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        for message in messages:
            await client.sendmail(SENDER, [RECIPIENT], message)
    return (perf_counter() - started) * 1000 / count


def envelopes(count: int) -> list[Envelope]:
    """Return mails of an invented digest of ten."""
    return [
        Envelope(
            delivery_id=number,
            message_id=f"<bench-{number}@alertes.example>",
            sender=f"Alerte marchés <{SENDER}>",
            recipient=RECIPIENT,
            subject="10 nouveaux marchés · Couverture Redon",
            text=MailText.of(ITEM * 50),
            html=MailText.of(HTML_ITEM * 80),
            unsubscribe_url="https://alertes.example/leave/abc",
        )
        for number in range(count)
    ]


async def hold_back(port: int, target: int, seconds: float) -> int:
    """Pass bytes on between *port* and *target*, each piece so many seconds after it came."""
    loop = asyncio.get_running_loop()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            loop.call_later(seconds, writer.write, piece)
        loop.call_later(seconds, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pipe(reader, back), pipe(there, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()
    return 0


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mails into Postfix, beside smtp-source and aiosmtplib.")
    parser.add_argument("--json", action="store_true", help="an object a line at the end")
    parser.add_argument("--mails", type=int, default=1_000, help="near, a turn")
    parser.add_argument("--far-mails", type=int, default=50, help="at a distance, a turn")
    parser.add_argument("--round-trip", type=float, default=20.0, help="ms")
    parser.add_argument("--rounds", type=int, default=5, help="turns")
    parser.add_argument("--proxy", type=int, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--target", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
