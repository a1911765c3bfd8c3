"""The table of a finished demo: what each step did, and what it made."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerting.local.airflow_api import TaskRun
from alerting.local.demo_report import STEPS, Outcome, show


COUNTS = {name: 0 for _task, names in STEPS.values() for name in names}


def outcome(*task_runs, **counts):
    return Outcome(
        day="2026-11-27", seconds=60.0, start_seconds=30.0, task_runs=task_runs, counts=COUNTS | counts,
        counts_before=COUNTS, mail_count=0, wanted=frozenset(), told=frozenset(), late_seconds=(),
        has_search=True, airflow_url="http://127.0.0.1:1", inbox_url="http://127.0.0.1:2", inbox_folder="inbox",
    )  # fmt: skip


@pytest.mark.parametrize("has_run", [True, False])
def test_the_table_says_what_recover_did(capsys, has_run):
    """
    It does what waits for any step: where it came first, that step has no run, and yet made something.
    """
    run = TaskRun("recover", "recover", "success", datetime(2026, 11, 27, 21, 57, tzinfo=UTC), 24.1)

    show(outcome(*[run][:has_run], sent=16), stays_up=False)

    [line] = [line for line in capsys.readouterr().out.splitlines() if "recover" in line]
    assert ("of the above" in line) is has_run
