"""What it costs to account for a mail, claimed and recorded in PostgreSQL, beside the whole of the mail.

In:   nothing; a PostgreSQL and a Postfix of its own, and digests of ten items, each for two recipients.
Out:  what was measured, in lines; with --json the last line is one object.

One run of ``deliver`` as the command does it: claimed, rendered, handed to Postfix, recorded, with the
worker's log of dialogues.  Ours: the time within its transactions, begin to commit: they alone hold what
others wait for.  Peer: the whole run's, of which reading the digests that were claimed is a part.
To take at most 2 % of it is a ratio of 50.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import structlog

from alerting import bootstrap, commands
from alerting.domain.digest import Digest, DigestItem, TellingKind
from alerting.domain.notice import Buyer, Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.domain.profile import Cadence
from alerting.local.ports import free_port
from alerting.local.postfix import LocalPostfix
from alerting.local.postgres import LocalPostgres
from alerting.pipeline.compose import message_ids
from alerting.settings import read_settings
from alerting.store import deliveries, digests
from alerting.store.database import Connection, Database, open_database


GOAL = 50
MOMENT = datetime(2026, 3, 2, 7, tzinfo=UTC)
FIRM = """
[[firm]]
id = "firm-{number}"
name = "Couverture {number}"
recipients = [{{ email = "bureau@firm-{number}.example" }}, {{ email = "chantier@firm-{number}.example" }}]
profile = [{{ id = "toits-{number}", name = "Toits", words = ["toiture"], cadence = "immediate" }}]
"""


class Timed(Database):
    """A database that adds up how long its transactions take."""

    seconds = 0.0

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction, by the clock."""
        started = perf_counter()
        with super().begin() as connection:
            yield connection
        self.seconds += perf_counter() - started


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory(prefix="alerting-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = LocalPostgres(folder / "pg", folder / "postgres.log")
        postfix = LocalPostfix(folder / "postfix", free_port())
        postgres.start()
        try:
            postfix.start()
            ours, peer = in_turns(asked, folder, postgres.url("postgres"), postfix.url)
            postfix.stop()
        finally:
            postgres.stop()
    ratio = round(peer / ours, 1)
    answer = {
        "name": "claim",
        "ours": round(ours, 4),
        "peer": round(peer, 3),
        "unit": "ms a mail",
        "ratio": ratio,
        "goal": GOAL,
        "holds": ratio >= GOAL,
    }
    lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
    sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


def in_turns(asked: argparse.Namespace, folder: Path, url: str, smtp_url: str) -> tuple[float, float]:
    """Return the medians in ms a mail: within transactions, and of the whole."""
    settings = read_settings(
        {
            "DATABASE_URL": url,
            "SMTP_URL": smtp_url,
            "ALERTING_SECRET": "a secret of the bench",
            "ALERTING_RECIPIENTS_ALLOWED": "*",
            "ALERTING_DIALOGUES": str(folder / "dialogues"),
            "ALERTING_ARCHIVE": str(folder / "archive"),
        }
    )
    database = Timed(open_database(settings.database_url).engine)
    parts = bootstrap.build(settings, database=database)
    commands.migrate(parts=parts)
    firms = range(asked.mails // 2)
    (folder / "firms.toml").write_text("".join(FIRM.format(number=number) for number in firms))
    commands.import_firms(str(folder / "firms.toml"), parts=parts)
    ours, wholes = [], []
    for number in range(asked.rounds):
        queue(database, settings.sender, firms, number)
        database.seconds, started = 0.0, perf_counter()
        report = commands.deliver_digests(parts=parts)
        wholes.append((perf_counter() - started) * 1000 / asked.mails)
        ours.append(database.seconds * 1000 / asked.mails)
        say(f"{report['sent']} mails: {ours[-1]:.3f} ms of {wholes[-1]:.2f} ms a mail")
    parts.close()
    return statistics.median(ours), statistics.median(wholes)


def queue(database: Database, sender: str, firms: range, turn: int) -> None:
    """Queue a digest of ten for every firm."""
    items = tuple(
        DigestItem(TellingKind.NEW, each, 1, ProcedureState.OPEN, make_notice(each)) for each in range(10)
    )
    with database.begin() as connection:
        run = digests.open_run(connection, Cadence.IMMEDIATE, MOMENT + timedelta(minutes=turn))
        composed = [
            Digest(f"toits-{number}", "Toits", f"firm-{number}", f"Couverture {number}", MOMENT, items)
            for number in firms
        ]
        numbers = digests.add_digests(connection, run.run_id, composed, notices={})
        told = [(numbers[digest.profile_id], digest.firm_id, digest.profile_id) for digest in composed]
        deliveries.queue_all(connection, told, message_ids=message_ids(sender))


def make_notice(number: int) -> Notice:
    """Return an invented call."""
    return Notice(
        feed_id="journal",
        source_id=f"26-{number:05}",
        version=None,
        kind=NoticeKind.CALL,
        title=f"Réfection de la toiture du groupe scolaire n° {number}, charpente et zinguerie",
        buyer=Buyer(name="Commune de Kerlann", departement="35"),
        deadline_at=datetime(2030, 3, 12, 11, tzinfo=UTC),
        notice_url=f"https://avis.example/26-{number:05}",
    )


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Claiming and recording, beside the whole of a mail.")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--mails", type=int, default=5_000, help="a turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
