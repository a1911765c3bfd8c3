"""
### Receive mails

* **Runs**: every 10 minutes.
* **Tasks**: `receive` reads the mailbox of bounces, complaints and mails to leave, and suppresses addresses.
* **Updates**: nothing.
* **Safe to rerun**: yes.  A mail is acted upon once, by its hash, and moved out of the way afterwards.
* **When it fails**: the mailbox is away, or refuses the login of `ALERTING_BOUNCE_MAILBOX`; the message says which.
  What waits there is read by the next run.  Without that setting there is nothing to read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronTriggerTimetable, dag, task


@dag(
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True},
    tags=["stage:receive"],
)
def receive_mails():
    @task(execution_timeout=timedelta(minutes=20))
    def receive():
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(commands.receive_mails, is_last=True)

    receive()


receive_mails()
