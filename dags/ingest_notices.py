"""
### Ingest notices

* **Runs**: when the watcher sees a due feed, one run at a time; `recover` loads what a lost wake-up left, every 30 minutes.
* **Tasks**: `fetch` asks every due feed and archives what changed; `load` parses, normalises, links and stores it.
* **Updates**: the asset `notices`, and only while procedures wait to be indexed or matched.
* **Safe to rerun**: yes.  `fetch` asks with the last ETag; `load` skips a notice whose key and content it knows.
* **When it fails**: the message names the feed, the place in the document and the
  problem.  The document is in the archive: a better parser needs no new download.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from alerting_airflow.assets import FEEDS_DUE, NOTICES


@dag(
    doc_md=__doc__,
    schedule=[FEEDS_DUE],
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True},
    tags=["stage:ingest"],
)
def ingest_notices():
    @task(execution_timeout=timedelta(minutes=10))
    def fetch():
        from functools import partial

        from alerting_airflow.secrets import find_connection
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(partial(commands.fetch_due_feeds, secrets={"airflow": find_connection}))

    @task(outlets=[NOTICES], execution_timeout=timedelta(minutes=20))
    def load():
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(commands.load_documents)

    fetch() >> load()


ingest_notices()
