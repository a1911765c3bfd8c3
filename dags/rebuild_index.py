"""
### Rebuild index

* **Runs**: when somebody starts it.  A changed mapping needs nobody: `index_procedures` rebuilds by itself.
* **Tasks**: `rebuild` builds a new generation of the search index beside the one that serves, compares it with
  PostgreSQL and lets it take its place; its log says how far it is, batch by batch.
* **Updates**: nothing: no step waits for the searchable copy.
* **Safe to rerun**: yes.  Killed in the middle, the old generation serves on, and the next run goes on where it was.
* **When it fails**: Elasticsearch is away, or the new generation is not equal to PostgreSQL; the message says which.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task


@dag(
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True},
    tags=["stage:index"],
)
def rebuild_index():
    @task(execution_timeout=timedelta(hours=6))
    def rebuild():
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(commands.rebuild_index, is_last=True)

    rebuild()


rebuild_index()
