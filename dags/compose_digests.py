"""
### Compose digests

* **Runs**: when something was matched, and at every full hour for the digests of the day and of the week.
* **Tasks**: `compose` writes tellings, digests and deliveries of each due run, five hundred profiles a transaction.
* **Updates**: the asset `digests`, and only while deliveries wait.
* **Safe to rerun**: yes.  A telling is unique by profile, procedure, kind and revision: nothing is told twice.
* **When it fails**: PostgreSQL is away; the next run takes everything that is matched
  and not yet told.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from alerting_airflow.assets import DIGESTS, MATCHES


@dag(
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 * * * *", timezone="Europe/Paris"), assets=[MATCHES]
    ),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True},
    tags=["stage:digest"],
)
def compose_digests():
    @task(outlets=[DIGESTS], execution_timeout=timedelta(minutes=20))
    def compose():
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(commands.compose_digests)

    compose()


compose_digests()
