"""Real workers on one queue, and SIGKILL on one, and on the mail server, at each moment: none lost, none twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from alerting import bootstrap, commands
from alerting.store.database import open_database


SERVER = Path(__file__).parent / "mail_server.py"
ALERTING = Path(sys.executable).parent / "alerting"
NOTICE = ("7", "Réfection de la toiture de l'école")
READERS = [f"{name}@legoff.example" for name in "abcdef"]


@contextmanager
def mail_server(log: Path, *, port: int = 0, moment: str = "", victim: str = "self"):
    """A mail server's process, listening; gives its port."""
    command = [sys.executable, SERVER, str(port), log, moment, victim]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.kill()


@pytest.fixture
def queue(settings, clock, authority, add_feed, rss, tmp_path):
    """How to let one digest wait for each of some readers; gives the settings of that stack."""
    changed = replace(settings, dialogues=tmp_path / "dialogues", recipients_allowed=None)

    def begin(readers: list[str]):
        parts = bootstrap.build(changed, now=clock)
        add_feed(parts, authority)
        (tmp_path / "firms.toml").write_text(team(readers))
        commands.import_firms(str(tmp_path / "firms.toml"), parts=parts)
        authority.publish("/avis", rss(NOTICE))
        for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
            step(parts=parts)
        commands.compose_digests(parts=parts)
        parts.close()
        return changed

    return begin


def team(readers: list[str]) -> str:
    """Return a file of one firm with these recipients."""
    recipients = ", ".join(f'{{ email = "{reader}" }}' for reader in readers)
    return f"""
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [{recipients}]
profile = [{{ id = "toits", name = "Toits", words = ["toiture"], cadence = "immediate" }}]
"""


def start_worker(settings, smtp_url: str) -> subprocess.Popen:
    """Start `alerting run deliver` as an operator would, one connection."""
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "SMTP_URL": smtp_url,
        "ALERTING_SECRET": settings.secret,
        "ALERTING_RECIPIENTS_ALLOWED": "*",
        "ALERTING_DIALOGUES": str(settings.dialogues),
        "ALERTING_SMTP_CONNECTIONS": "1",
    }
    return subprocess.Popen([ALERTING, "run", "deliver", "--json"], env=environment, stdout=subprocess.PIPE)


def events(log: Path, name: str) -> list[str]:
    """Return the addresses of one kind of event, in order."""
    words = [line.split() for line in log.read_text().splitlines()]
    return [address for event, address in words if event == name]


def addresses(parts, state: str) -> set[str]:
    """Return whose deliveries stand so."""
    return {row["recipient"] for row in commands.list_deliveries(state=state, parts=parts)}


def settle_by_log(parts, log: Path) -> None:
    """Do what the runbook says about each delivery in doubt: look into the server's log."""
    kept = set(events(log, "kept"))
    for row in commands.list_deliveries(state="in doubt", parts=parts):
        commands.resolve_delivery(row["delivery_id"], arrived=row["recipient"] in kept, parts=parts)


@pytest.mark.parametrize("victim", ["worker", "server"])
@pytest.mark.parametrize("moment", ["data", "body", "kept", "answered"])
def test_killed_at_a_moment_of_the_dialogue_nothing_is_lost_and_nothing_sent_twice(
    queue, tmp_path, clock, victim, moment
):
    """
    What the server's log says was ended and never answered is in doubt, and at most the one mail whose end or
    answer was on its way; all else is settled by what the worker noted.  After a look into the log everybody has
    one mail.
    """
    queued = queue(READERS)
    log = tmp_path / "server.log"
    number = tmp_path / "worker.pid"
    with mail_server(log, moment=moment, victim="self" if victim == "server" else str(number)) as port:
        worker = start_worker(queued, f"smtp+plain://127.0.0.1:{port}")
        number.write_text(str(worker.pid))
        worker.communicate()
    answered = events(log, "answered")
    ended_unheard = set(events(log, "end")) - set(answered)
    begun_unheard = set(events(log, "data")) - set(answered)
    parts = bootstrap.build(replace(queued, smtp_url=f"smtp+plain://127.0.0.1:{port}"), now=clock)
    clock.go_on(days=3000)
    with mail_server(log, port=port):
        settled = commands.recover(parts=parts)
        in_doubt = addresses(parts, "in doubt")
        settle_by_log(parts, log)
        commands.deliver_digests(parts=parts)
        after = addresses(parts, "sent")
    parts.close()

    assert settled["to_deliver"] > 0
    assert ended_unheard <= in_doubt
    # A dot may be on its way to a server that dies, an answer to a worker that does.
    assert in_doubt <= begun_unheard | set(answered[-1:])
    assert after == set(READERS)
    assert Counter(events(log, "kept")) == dict.fromkeys(READERS, 1)


def start_at_once(settings, smtp_url: str, count: int) -> list[subprocess.Popen]:
    """Start workers, and let go of the queue when all of them wait for their first claim."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    database = open_database(settings.database_url)
    with database.begin() as holding:
        holding.exec_driver_sql("LOCK TABLE deliveries IN EXCLUSIVE MODE")
        workers = [start_worker(settings, smtp_url) for _ in range(count)]
        seen = 0
        while seen < count and all(worker.poll() is None for worker in workers):
            with database.engine.connect() as looking:
                seen = looking.exec_driver_sql(waiting).scalar_one()
    database.close()
    return workers


def test_workers_side_by_side_send_each_mail_once(queue, tmp_path):
    """
    Three workers, each a process of its own, reach for one queue of 450 at the same moment: each sends some, every
    reader has one mail, and none is left over.
    """
    readers = [f"lecteur-{number}@legoff.example" for number in range(450)]
    settings = queue(readers)
    log = tmp_path / "server.log"
    with mail_server(log) as port:
        workers = start_at_once(settings, f"smtp+plain://127.0.0.1:{port}", 3)
        reports = [json.loads(worker.communicate()[0]) for worker in workers]

    parts = bootstrap.build(settings)
    sent = addresses(parts, "sent")
    parts.close()
    assert all(report["sent"] > 0 for report in reports)
    assert sum(report["sent"] for report in reports) == len(readers)
    assert Counter(events(log, "kept")) == dict.fromkeys(readers, 1)
    assert sent == set(readers)
