"""The watchers' trigger, in a process of its own as Airflow's triggerer would have it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from alerting.domain.feed import Feed
from alerting.store import feeds
from alerting.store.database import open_database


ROOT = Path(__file__).parents[2]
# Somebody mends the setting as soon as the log says that it is wrong.
WATCH = """
import asyncio, json, os, sys, structlog
said = []
def mend(logger, method, event):
    said.append([method, event["event"]])
    os.environ["DATABASE_URL"] = sys.argv[1]
    raise structlog.DropEvent
from alerting_airflow.triggers import WaitingTrigger
structlog.configure(processors=[mend])
event = asyncio.run(anext(WaitingTrigger("feeds_due_count", 0, 0).run()))
print("WATCHED " + json.dumps([said, event.payload]))
"""


def test_a_watcher_outlives_what_a_person_must_mend(database_url):
    """
    A setting that cannot be used is an error in the log; the feed that is due is seen once it is mended.
    """
    database = open_database(database_url)
    with database.begin() as connection:
        feeds.put_feed(connection, Feed("ville", "Ville de Kerlann", "https://kerlann.example/avis"))
    database.close()
    environment = os.environ | {
        "DATABASE_URL": "mysql://nowhere",
        "ALERTING_SECRET": "a secret of the tests",
        "PYTHONPATH": str(ROOT / "plugins"),
    }

    finished = subprocess.run(
        [sys.executable, "-c", WATCH, database_url],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    problem = "setting DATABASE_URL: expected a postgresql:// address (got 'mysql')"
    watched = [line for line in finished.stdout.splitlines() if line.startswith("WATCHED ")]
    assert watched != [], finished.stderr
    assert json.loads(watched[0].removeprefix("WATCHED ")) == [
        [["error", f"feeds_due_count_unknown: {problem}"]],
        {"feeds_due_count": 1},
    ]
