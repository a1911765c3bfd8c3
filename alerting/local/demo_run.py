"""The demo: three authorities publish, Airflow runs the DAGs, firms find digests in their mailboxes.

In:   the data of ``alerting.local.demo``; servers of the local stack, or given ones.
Out:  a table, ``.local/demo/summary.json``, and exit code 0 only if every expected digest arrived and
      no other.  On a terminal it stays up for a look around; otherwise it stops everything and ends.

A demo that was killed goes on where it was, on the same day; on another day it begins anew, for its
notices are dated relative to today.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from alerting import bootstrap, commands
from alerting.bootstrap import Parts
from alerting.domain.deadlines import PARIS
from alerting.errors import AlertingError, LocalStackError
from alerting.local.airflow_api import TaskRun, list_import_errors, list_task_runs, trigger_dag
from alerting.local.demo.expected import Expected, expected_late, expected_tellings
from alerting.local.demo.publish import feeds_toml, firms_toml, publish_all, publish_correction, publish_late
from alerting.local.demo_report import Outcome, show, write_summary
from alerting.local.inbox import read_mails
from alerting.local.signals import Stopped
from alerting.local.stack import Stack, clear, tell
from alerting.settings import read_settings


STATE = Path(".local/demo")
JARS = Path(".local/jars")
# Short, so that a demo that was killed while it sent mail soon knows what became of it.
LEASE_SECONDS = 20
PATIENCE_SECONDS = 180
ANEW = "make demo FRESH=1 begins anew"
INDEX_PATIENCE_SECONDS = 20
STIR_SECONDS = 40
PAUSE_SECONDS = 0.05
LOOK_SECONDS = 0.5
TASKS_PATIENCE_SECONDS = 30
EXIT_MISSING = 1


@dataclass(slots=True)
class Demo:
    """One run of the demo over a started stack."""

    stack: Stack
    parts: Parts
    say: Callable[[str], None]
    is_local_mail: bool
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    late_seconds: list[float] = field(default_factory=list)

    @property
    def authorities(self) -> Path:
        """The folder from which the demo's authorities publish."""
        return self.stack.state / "authorities"

    def tellings(self) -> set[Expected]:
        """Return what was told so far."""
        return {
            Expected(row["profile_id"], row["kind"], row["title"])
            for row in commands.list_tellings(parts=self.parts)
        }

    def arrived(self) -> list[str]:
        """Return the Message-ID of every mail in the mailbox; over a given server, of those it took."""
        if self.is_local_mail:
            return [mail.message_id for mail in read_mails(self.stack.state / "inbox")]
        sent = commands.list_deliveries(state="sent", parts=self.parts)
        return [row["message_id"] for row in sent]

    def has_all(self, wanted: set[Expected]) -> bool:
        """Tell whether all that is wanted is told, every mail that tells it is there, and known to be."""
        if not wanted <= self.tellings():
            return False
        rows = commands.list_deliveries(parts=self.parts)
        if any(row["state"] != "sent" for row in rows):
            return False
        return {row["message_id"] for row in rows} <= set(self.arrived())


def main(arguments: list[str]) -> int:
    """Run the demo: ``[--late N] [--fresh]``; return the exit code."""
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--late", type=int, default=1, help="notices published while the demo runs")
    parser.add_argument("--fresh", action="store_true", help="forget the demo of today")
    asked = parser.parse_args(arguments)
    try:
        if asked.fresh:
            clear(STATE)
        return run(asked.late)
    except AlertingError as error:
        tell(error)
        return EXIT_MISSING


def run(late_count: int) -> int:
    """Run the demo in the folder ``.local/demo``; return the exit code."""
    began = time.monotonic()
    today = datetime.now(PARIS).date()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:5.0f} s  {line}\n")
        sys.stdout.flush()

    begin_anew_on_another_day(today, say)
    stack = Stack(
        STATE,
        JARS,
        servers=("postgres", "elasticsearch", "mail", "web"),
        say=say,
        search_is_needed=False,
        database_suffix="_demo",
        settings=demo_settings(),
    )
    with stack:
        parts = bootstrap.build(read_settings(stack.variables()))
        demo = Demo(stack, parts, say, is_local_mail=not stack.environment.get("SMTP_URL"))
        with blaming_the_dead(stack):
            outcome = play(demo, today, late_count, began)
        parts.close()
        write_summary(outcome, STATE / "summary.json")
        stays_up = sys.stdout.isatty() and sys.stdin.isatty()
        show(outcome, stays_up=stays_up)
        if stays_up:
            stay(stack)
    return 0 if outcome.holds else EXIT_MISSING


@contextmanager
def blaming_the_dead(stack: Stack) -> Iterator[None]:
    """Name the server that has died where something fails meanwhile: what fails is what asked it first.

    Raises:
        LocalStackError: A server has died.
    """
    try:
        yield
    except AlertingError:
        stack.check()
        raise


def demo_settings() -> dict[str, str]:
    """Return our settings that the demo needs to differ from the defaults."""
    return {
        "ALERTING_LEASE_SECONDS": str(LEASE_SECONDS),
        "ALERTING_SENDER": "Alerte marchés (démo) <alertes@demo.example>",
        "ALERTING_INDEX_ALIAS": "alerting-demo",
    }


def begin_anew_on_another_day(today: date, say: Callable[[str], None]) -> None:
    """Remove the state of a demo of another day."""
    note = STATE / "day"
    if note.exists() and note.read_text() == today.isoformat():
        say(f"Going on with the demo of today ({ANEW})")
        return
    clear(STATE)
    STATE.mkdir(parents=True, exist_ok=True)
    note.write_text(today.isoformat())


def play(demo: Demo, today: date, late_count: int, began: float) -> Outcome:
    """Publish, wait for the digests, publish late notices, and say what came of it."""
    counts_before = dict(commands.count_rows(parts=demo.parts))
    open_the_authorities(demo, today)
    inbox_url = demo.stack.serve("inbox", "alerting.local.inbox", str(demo.stack.state / "inbox"))
    demo.stack.start_airflow()
    airflow_url = demo.stack.addresses["AIRFLOW_URL"]
    demo.say(f"Airflow runs the DAGs: {airflow_url}")
    start_seconds = time.monotonic() - began
    look_for_import_errors(airflow_url)
    wanted = set(expected_tellings())
    first_number = published_count(demo.stack.state) + 1
    wanted |= {one for number in range(1, first_number) for one in expected_late(number)}
    publish_what_a_kill_left(demo, first_number - 1)
    demo.say(f"Three authorities publish; {len(wanted)} tellings are expected")
    is_complete = wait_for(demo, wanted)
    demo.say(f"{len(wanted & demo.tellings())} of {len(wanted)} tellings have arrived")
    wait_until_asked(demo)
    for number in range(first_number, first_number + late_count) if is_complete else ():
        wanted |= set(expected_late(number))
        publish_and_wait(demo, wanted, number)
    wait_until_quiet(demo)
    wait_for_tasks(demo, airflow_url)
    return Outcome(
        day=today.isoformat(),
        seconds=time.monotonic() - began,
        start_seconds=start_seconds,
        task_runs=tuple(run for run in list_task_runs(airflow_url) if is_since(run, demo.began_at)),
        counts=dict(commands.count_rows(parts=demo.parts)),
        counts_before=counts_before,
        mail_count=len(demo.arrived()),
        wanted=frozenset(wanted),
        told=frozenset(demo.tellings()),
        late_seconds=tuple(demo.late_seconds),
        has_search="ELASTICSEARCH_URL" in demo.stack.variables(),
        airflow_url=airflow_url,
        inbox_url=inbox_url,
        inbox_folder=str(demo.stack.state / "inbox"),
    )


def open_the_authorities(demo: Demo, today: date) -> None:
    """Publish, let the authorities serve it, and register feeds and firms as an operator would."""
    publish_all(demo.authorities, today=today)
    url = demo.stack.serve("authorities", "alerting.local.authority", str(demo.authorities))
    firms, feeds = demo.stack.state / "firms.toml", demo.stack.state / "feeds.toml"
    firms.write_text(firms_toml())
    feeds.write_text(feeds_toml(url))
    look_for_strangers(demo)
    commands.import_firms(str(firms), parts=demo.parts)
    commands.seed_feeds(str(feeds), parts=demo.parts)


def look_for_strangers(demo: Demo) -> None:
    """Raise when the database has firms that are not the demo's: their mails would be taken for faults.

    Raises:
        LocalStackError: Names them.
    """
    ours = {entry["id"] for entry in tomllib.loads(firms_toml())["firm"]}
    strangers = [
        row["firm_id"] for row in commands.list_firms(parts=demo.parts) if row["firm_id"] not in ours
    ]
    if strangers:
        raise LocalStackError(f"The demo has firms that are not its own ({', '.join(strangers)}); {ANEW}")


def is_since(run: TaskRun, moment: datetime) -> bool:
    """Tell whether a task run began after a moment."""
    return run.started_at is not None and run.started_at > moment


def look_for_import_errors(airflow_url: str) -> None:
    """Raise when Airflow could not read a DAG.

    Raises:
        LocalStackError: Names the file and the error.
    """
    errors = list_import_errors(airflow_url)
    if errors:
        raise LocalStackError(f"Airflow cannot read the DAGs: {errors[0]}")


def wait_until_asked(demo: Demo) -> None:
    """Wait until every feed was asked since this run began, also when it had nothing new."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (asked := _asked_since(demo)) and time.monotonic() < until:
        demo.stack.check()
        time.sleep(LOOK_SECONDS)
    if asked:
        demo.say("Every feed was asked; what had nothing new was not parsed again (304, or the same hash)")


def _asked_since(demo: Demo) -> bool:
    rows = commands.list_feeds(parts=demo.parts)
    times = [row["last_success_at"] for row in rows]
    return all(at is not None and datetime.fromisoformat(at) > demo.began_at for at in times)


def publish_and_wait(demo: Demo, wanted: set[Expected], number: int) -> None:
    """Publish one more notice, measure until the mail that tells it is in the mailbox."""
    note_published(demo.stack.state, number)
    publish(demo, number)
    published = time.monotonic()
    if not wait_for(demo, wanted):
        return
    demo.late_seconds.append(time.monotonic() - published)
    demo.say(f"Notice published while we run: in the mailbox after {demo.late_seconds[-1]:.1f} s")


def publish(demo: Demo, number: int) -> None:
    """Let an authority publish one more call and, with the first, a correction."""
    publish_late(demo.authorities, now=datetime.now(UTC), number=number)
    if number == 1:
        publish_correction(demo.authorities, now=datetime.now(UTC))


def publish_what_a_kill_left(demo: Demo, number: int) -> None:
    """Publish again the notice after whose note a run was killed; one that was told stays as it is."""
    if number > 0 and not expected_late(number) <= demo.tellings():
        publish(demo, number)


def wait_for(demo: Demo, wanted: set[Expected]) -> bool:
    """Wait until all that is wanted arrived; settle doubts by the mailbox; stir what a kill left asleep."""
    began = stirred = looked = time.monotonic()
    while not demo.has_all(wanted):
        now = time.monotonic()
        if now - began > PATIENCE_SECONDS:
            return False
        if now - looked > LOOK_SECONDS:
            looked = now
            demo.stack.check()
            settle_doubts(demo)
        if now - stirred > STIR_SECONDS:
            stirred = now
            demo.say("Nothing complete yet: waking the DAG recover")
            try:
                trigger_dag(demo.stack.addresses["AIRFLOW_URL"], "recover")
            except LocalStackError as error:
                # A busy machine: it is tried again, and the DAG wakes by itself every half hour.
                demo.say(str(error))
        time.sleep(PAUSE_SECONDS)
    return True


def settle_doubts(demo: Demo) -> None:
    """Do what an operator does with a delivery in doubt: look into the mailbox, then say what is there."""
    doubtful = commands.list_deliveries(state="in doubt", parts=demo.parts)
    arrived = demo.arrived() if doubtful else []
    for row in doubtful:
        is_there = row["message_id"] in arrived
        commands.resolve_delivery(row["delivery_id"], arrived=is_there, parts=demo.parts)
        demo.say(f"Delivery {row['delivery_id']} in doubt: {'it arrived' if is_there else 'sent again'}")
        if not is_there:
            trigger_dag(demo.stack.addresses["AIRFLOW_URL"], "recover")


def wait_until_quiet(demo: Demo) -> None:
    """Wait until nothing waits for any step, so that the counts are final; the index may lag behind."""
    began = time.monotonic()
    while (waiting := commands.count_waiting(parts=demo.parts)) and any(waiting.values()):
        only_index = not any(count for name, count in waiting.items() if name != "to_index")
        patience = INDEX_PATIENCE_SECONDS if only_index else PATIENCE_SECONDS
        if time.monotonic() - began > patience:
            demo.say(
                f"Still waiting: {', '.join(f'{count} {name}' for name, count in waiting.items() if count)}"
            )
            return
        demo.stack.check()
        time.sleep(LOOK_SECONDS)


def wait_for_tasks(demo: Demo, airflow_url: str) -> None:
    """Wait a while until what runs now has ended: what it did is counted already, its time is not."""
    until = time.monotonic() + TASKS_PATIENCE_SECONDS
    running = _running(airflow_url)
    while running & _running(airflow_url) and time.monotonic() < until:
        demo.stack.check()
        time.sleep(LOOK_SECONDS)


def _running(airflow_url: str) -> set[tuple[str, str, datetime | None]]:
    runs = list_task_runs(airflow_url)
    return {(run.dag_id, run.task_id, run.started_at) for run in runs if run.state == "running"}


def published_count(state: Path) -> int:
    """Return how many notices were published while demos of today ran."""
    note = state / "late.json"
    return int(json.loads(note.read_text())["published"]) if note.exists() else 0


def note_published(state: Path, number: int) -> None:
    """Note that a late notice is published, before it is: a kill between the two is made good next time."""
    (state / "late.json").write_text(json.dumps({"published": number}))


def stay(stack: Stack) -> None:
    """Keep everything running until somebody asks to stop."""
    sys.stdout.write("\nEverything stays up for a look around; stop with Ctrl-C\n")
    sys.stdout.flush()
    try:
        while True:
            stack.check()
            time.sleep(LOOK_SECONDS)
    except Stopped:
        sys.stdout.write("\nStopping\n")
