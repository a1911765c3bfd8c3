"""The demo as people run it: real Airflow, real servers, each DAG once, each digest once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest


ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 300


@pytest.fixture(scope="module")
def folder(servers_folder, elasticsearch_jars):
    """An empty folder to run the demo in, short enough for a socket."""
    place = servers_folder / "demo"
    (place / ".local").mkdir(parents=True)
    (place / ".local" / "jars").symlink_to(elasticsearch_jars)
    return place


def run_demo(folder, *, late):
    """Run the demo as ``make demo`` does, without a terminal; return its exit code, output and summary."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    finished = subprocess.run(
        [sys.executable, "-m", "alerting.local.start", "alerting.local.demo_run", "--late", str(late)],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    summary = folder / ".local" / "demo" / "summary.json"
    return finished, json.loads(summary.read_text()) if summary.exists() else {}


@pytest.fixture(scope="module")
def first(folder):
    return run_demo(folder, late=1)


@pytest.fixture(scope="module")
def second(first, folder):
    """A second run on the same day, with nothing new."""
    assert first[0].returncode == 0, first[0].stderr
    return run_demo(folder, late=0)


def test_every_expected_digest_arrives_and_no_other(first):
    finished, summary = first
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert (summary["missing"], summary["unexpected"]) == ([], [])
    assert summary["tellings"]["told"] == summary["tellings"]["expected"] > 50
    assert len(summary["publish_to_mailbox_seconds"]) == 1


def test_every_dag_ran_for_real_and_none_failed(first):
    _, summary = first
    assert {step: row["failed"] for step, row in summary["steps"].items()} == dict.fromkeys(
        ("fetch", "load", "index", "match", "compose", "deliver", "recover"), 0
    )
    # The DAG recover, which Airflow starts as it comes up, may be the first to find what waits for a step.
    ran = {step for step, row in summary["steps"].items() if row["runs"] + row["skipped"] > 0}
    by_recover = {"load", "match", "compose", "deliver"} if summary["steps"]["recover"]["runs"] else set()
    assert ran | by_recover == set(summary["steps"])
    assert summary["steps"]["index"]["counts"]["indexed"] == summary["steps"]["load"]["counts"]["procedures"]


def test_nothing_is_left_running(first, folder):
    del first
    # What ends while we look has no command any more (None), nor has what belongs to a neighbour's test.
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert [command for command in commands if str(folder) in " ".join(command)] == []


def test_a_second_run_with_nothing_new_parses_and_sends_nothing(second, folder):
    finished, summary = second
    assert finished.returncode == 0, finished.stdout + finished.stderr
    news = {name: count for row in summary["steps"].values() for name, count in row["new"].items()}
    assert set(news.values()) == {0}
    logs = (folder / ".local/demo/airflow/logs").rglob("*.log")
    text = "".join(log.read_text() for log in logs if "dag_id=ingest_notices" in str(log))
    assert text.count('"feed_unchanged"') >= 3
