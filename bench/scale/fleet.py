"""How long a fleet of firms takes from new notices to mails in a folder, step by step, and how much memory.

In:   nothing; firms and notices as ``bench/match.py`` makes them, in a PostgreSQL of its own.
Out:  a line a step: seconds, what it made, peak memory of this process so far.

No bench beside a peer: it answers "does a night suffice", on the machine that it runs on.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import structlog


sys.path.insert(0, str(Path(__file__).parents[1]))
from match import SEED, make_criteria, make_notice

from alerting import bootstrap, commands
from alerting.bootstrap import Parts
from alerting.domain.json import to_json
from alerting.local.postgres import LocalPostgres
from alerting.notices.view import find_state, merge
from alerting.settings import read_settings
from alerting.store import procedures
from alerting.store.tables import firms, profiles, recipients


def main() -> None:
    """Make the fleet, run the steps, and say what each took."""
    asked = _arguments()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory(prefix="alerting-fleet-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = LocalPostgres(folder / "pg", folder / "postgres.log")
        postgres.start()
        try:
            parts = _parts(folder, postgres.url("postgres"))
            run(parts, asked)
            parts.close()
        finally:
            postgres.stop()


def run(parts: Parts, asked: argparse.Namespace) -> None:
    """Take one day's notices of a fleet to its mailboxes."""
    commands.migrate(parts=parts)
    chance = random.Random(SEED)
    timed("firms", lambda: add_firms(parts, chance, asked.firms))
    timed("notices", lambda: add_notices(parts, chance, asked.notices))
    analyse_tables(parts)
    timed("match", lambda: commands.match_profiles(parts=parts))
    timed("compose", lambda: commands.compose_digests(parts=parts))
    timed("deliver", lambda: commands.deliver_digests(parts=parts))


def add_firms(parts: Parts, chance: random.Random, count: int) -> dict[str, Any]:
    """Add firms of one profile and one recipient each, matched with everything that is there: nothing."""
    now = datetime.now(UTC)
    ids = [f"firm-{number}" for number in range(count)]
    with parts.database.begin() as connection:
        connection.execute(firms.insert(), [{"firm_id": one, "name": one} for one in ids])
        connection.execute(
            recipients.insert(), [{"firm_id": one, "email": f"{one}@firm.example"} for one in ids]
        )
        connection.execute(
            profiles.insert(),
            [
                {
                    "profile_id": one,
                    "firm_id": one,
                    "name": "Mon métier",
                    "criteria": to_json(make_criteria(chance)),
                    "cadence": "immediate",
                    "matched_at": now,
                }
                for one in ids
            ],
        )
    return {"firms": count}


def add_notices(parts: Parts, chance: random.Random, count: int) -> dict[str, Any]:
    """Add procedures of one notice each, as loading makes them."""
    with parts.database.begin() as connection:
        for number in range(count):
            notice = make_notice(chance, number)
            procedures.add_procedure(connection, view=merge([notice]), state=find_state([notice]))
    return {"procedures": count}


def analyse_tables(parts: Parts) -> None:
    """Let PostgreSQL know how large its tables are, as it does by itself within minutes."""
    with parts.database.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def timed(name: str, step: Callable[[], dict[str, Any]]) -> None:
    """Run one step and say what it took."""
    started = perf_counter()
    report = step()
    seconds = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    made = ", ".join(f"{key} {value}" for key, value in report.items() if value)
    print(f"{name:8} {seconds:8.1f} s   peak {peak:6.0f} MB   {made}", flush=True)


def _parts(folder: Path, url: str) -> Parts:
    return bootstrap.build(
        read_settings(
            {
                "DATABASE_URL": url,
                "ALERTING_SECRET": "a secret of the bench",
                "ALERTING_RECIPIENTS_ALLOWED": "*",
                "ALERTING_MAILDIR": str(folder / "maildir"),
                "ALERTING_ARCHIVE": str(folder / "archive"),
                "ALERTING_ENGINE": str(folder / "engine.npz"),
                "ALERTING_DIALOGUES": str(folder / "dialogues"),
            }
        )
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--firms", type=int, default=45_000)
    parser.add_argument("--notices", type=int, default=1_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
