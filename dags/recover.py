"""
### Recover

* **Runs**: every 30 minutes.
* **Tasks**: `recover` does what a lost wake-up left undone, from load to delivery, and frees claims whose lease ran out.
* **Updates**: nothing: it does the work itself.
* **Safe to rerun**: yes.  It takes rows whose mark is empty, as every step does.
* **When it fails**: the message is that of the step that failed; look at its DAG.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronTriggerTimetable, dag, task


@dag(
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/30 * * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True},
    tags=["stage:recover"],
)
def recover():
    @task(execution_timeout=timedelta(minutes=30))
    def recover():
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(commands.recover, is_last=True)

    recover()


recover()
