"""Ask a running Airflow what its tasks did, and wake a DAG, over its public API.

In:   the API server's address (on a laptop it needs no login).
Out:  plain values.
"""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerting.errors import LocalStackError


LIMIT_SECONDS = 30
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task: ``state`` is Airflow's word; times are None until it began or ended."""

    dag_id: str
    task_id: str
    state: str | None
    started_at: datetime | None
    seconds: float | None


def list_task_runs(url: str) -> list[TaskRun]:
    """Return every task run of every DAG.

    Raises:
        LocalStackError: Airflow does not answer.
    """
    found: list[TaskRun] = []
    while True:
        page = _ask(f"{url}/api/v2/dags/~/dagRuns/~/taskInstances?limit={PAGE_SIZE}&offset={len(found)}")
        found += [
            TaskRun(
                task["dag_id"], task["task_id"], task["state"], _moment(task["start_date"]), task["duration"]
            )
            for task in page["task_instances"]
        ]
        if len(found) >= page["total_entries"] or not page["task_instances"]:
            return found


def list_import_errors(url: str) -> list[str]:
    """Return what Airflow could not read of the DAGs: "file: last line"."""
    errors = _ask(f"{url}/api/v2/importErrors")["import_errors"]
    return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]


def trigger_dag(url: str, dag_id: str) -> None:
    """Start a run of a DAG now.

    Raises:
        LocalStackError: Airflow does not answer, or refuses.
    """
    _ask(f"{url}/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(asked, timeout=LIMIT_SECONDS) as answer:  # noqa: S310 - loopback
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise LocalStackError(f"Airflow at {url}: {error}") from error
