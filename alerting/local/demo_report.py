"""What came of a demo: a table for people, a JSON file for scripts."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from alerting.local.airflow_api import TaskRun
from alerting.local.demo.expected import Expected


# Each step, its Airflow task, and which counts it made.
STEPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "fetch": ("ingest_notices.fetch", ("feeds", "documents")),
    "load": ("ingest_notices.load", ("notices", "procedures", "rejects")),
    "index": ("index_procedures.index", ("indexed",)),
    "match": ("match_profiles.match", ("matches",)),
    "compose": ("compose_digests.compose", ("digests",)),
    "deliver": ("deliver_digests.deliver", ("sent",)),
    # Runs once when Airflow starts, and then does whatever waits, from load to delivery.
    "recover": ("recover.recover", ()),
}
# Said of a step that has no counts of its own.
MADE_FOR_OTHERS = "part of the above: what waited when it ran"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished demo.

    Args:
        day: Of the demo, ISO 8601.
        seconds, start_seconds: The whole, and until Airflow was healthy.
        task_runs: What Airflow's tasks did in this run.
        counts: Rows by name, now.
        counts_before: Rows by name when this run began: an earlier run of the day may have been before it.
        mail_count: Mails in the mailbox; one that came twice counts twice.
        wanted, told: Tellings that were expected, and that were told.
        late_seconds: From publication to mailbox, of each late notice.
        has_search: Whether Elasticsearch ran.
        airflow_url, inbox_url, inbox_folder: Where to look.
    """

    day: str
    seconds: float
    start_seconds: float
    task_runs: tuple[TaskRun, ...]
    counts: Mapping[str, int]
    counts_before: Mapping[str, int]
    mail_count: int
    wanted: frozenset[Expected]
    told: frozenset[Expected]
    late_seconds: tuple[float, ...]
    has_search: bool
    airflow_url: str
    inbox_url: str
    inbox_folder: str

    @property
    def missing(self) -> list[Expected]:
        """What was expected and did not come."""
        return sorted(self.wanted - self.told)

    @property
    def unexpected(self) -> list[Expected]:
        """What came and was not expected."""
        return sorted(self.told - self.wanted)

    @property
    def holds(self) -> bool:
        """Whether every expected digest arrived, and no other, each once."""
        return self.wanted == self.told and self.mail_count == self.counts["sent"]


def step_rows(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Return for each step: seconds (sum and longest), runs, skipped, failed, counts."""
    rows = {}
    for step, (task, names) in STEPS.items():
        runs = [run for run in outcome.task_runs if f"{run.dag_id}.{run.task_id}" == task]
        done = [run.seconds or 0.0 for run in runs if run.state == "success"]
        rows[step] = {
            "seconds": round(sum(done), 2),
            "longest_seconds": round(max(done, default=0.0), 2),
            "runs": len(done),
            "skipped": sum(run.state == "skipped" for run in runs),
            "failed": sum(run.state == "failed" for run in runs),
            "counts": {name: outcome.counts[name] for name in names},
            "new": {name: outcome.counts[name] - outcome.counts_before[name] for name in names},
        }
    return rows


def write_summary(outcome: Outcome, path: Path) -> None:
    """Write the outcome as JSON."""
    summary = {
        "holds": outcome.holds,
        "day": outcome.day,
        "seconds": round(outcome.seconds, 1),
        "start_seconds": round(outcome.start_seconds, 1),
        "steps": step_rows(outcome),
        "mails": outcome.mail_count,
        "tellings": {"expected": len(outcome.wanted), "told": len(outcome.told)},
        "missing": [one.as_row() for one in outcome.missing],
        "unexpected": [one.as_row() for one in outcome.unexpected],
        "publish_to_mailbox_seconds": [round(seconds, 2) for seconds in outcome.late_seconds],
        "publish_to_mailbox_p50_seconds": _median(outcome.late_seconds),
        "has_search": outcome.has_search,
    }
    path.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")


def show(outcome: Outcome, *, stays_up: bool) -> None:
    """Print the outcome for people; addresses only while somebody can open them."""
    console = Console()
    console.print()
    console.print(_table(outcome))
    late = _median(outcome.late_seconds)
    if late is not None:
        console.print(f"From publication to mailbox: {late} s (median of {len(outcome.late_seconds)})")
    if outcome.holds:
        console.print(f"[green]All {len(outcome.wanted)} expected tellings arrived, and no other[/green]")
    for label, found in (("missing", outcome.missing), ("not expected", outcome.unexpected)):
        for one in found:
            console.print(f"[red]{label}[/red]: {one.profile_id}: {one.kind}: {one.title}", highlight=False)
    console.print(f"Mails    {outcome.inbox_folder}  (files)", highlight=False)
    if stays_up:
        console.print(f"         {outcome.inbox_url}  (page)", highlight=False)
        console.print(f"Airflow  {outcome.airflow_url}  (no login: this machine only)", highlight=False)
    else:
        console.print("Everything has stopped; on a terminal it stays up, with the inbox page and Airflow")


def _table(outcome: Outcome) -> Table:
    table = Table(title=f"The demo of {outcome.day}: {outcome.seconds:.0f} s", title_justify="left")
    for name in ("step", "runs", "seconds", "longest"):
        table.add_column(name, justify="left" if name == "step" else "right")
    is_first = not any(outcome.counts_before.values())
    table.add_column("what it made" if is_first else "new in this run")
    if not is_first:
        table.add_column("in all")
    for step, row in step_rows(outcome).items():
        new, made = (
            ", ".join(f"{count} {name}" for name, count in row[kind].items()) or _made_for_others(row)
            for kind in ("new", "counts")
        )
        failed = f"  [red]{row['failed']} failed[/red]" if row["failed"] else ""
        cells = (str(row["runs"]), f"{row['seconds']:.1f}", f"{row['longest_seconds']:.1f}")
        table.add_row(step, *cells, new + failed, *([] if is_first else [made]))
    return table


def _made_for_others(row: Mapping[str, Any]) -> str:
    return MADE_FOR_OTHERS if row["runs"] else ""


def _median(seconds: Sequence[float]) -> float | None:
    return round(statistics.median(seconds), 1) if seconds else None
