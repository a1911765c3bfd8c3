"""
### Index procedures

* **Runs**: when notices were stored; beside the matching, never before it.
* **Tasks**: `index` puts every procedure that changed into Elasticsearch.
* **Updates**: nothing: no step waits for the searchable copy.
* **Safe to rerun**: yes.  A procedure is put whole, under its own id.
* **When it fails**: Elasticsearch is away or refuses a document; the message says which.
  Firms are told all the same; the index catches up by itself when the server is back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from alerting_airflow.assets import NOTICES


@dag(
    doc_md=__doc__,
    schedule=[NOTICES],
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True},
    tags=["stage:index"],
)
def index_procedures():
    @task(execution_timeout=timedelta(minutes=20))
    def index():
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(commands.index_procedures, is_last=True)

    index()


index_procedures()
