"""
### Deliver digests

* **Runs**: when digests were composed.
* **Tasks**: `deliver` claims each waiting delivery, sends it, and records what the mail server said.
* **Updates**: nothing.
* **Safe to rerun**: yes.  A claim is held by one worker; a mail whose fate is unknown is shown as in doubt, not sent again.
* **When it fails**: the mail server is away: deliveries stay deferred and are tried again
  with growing pauses.  `alerting deliveries` lists them with the last answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from alerting_airflow.assets import DIGESTS


@dag(
    doc_md=__doc__,
    schedule=[DIGESTS],
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True},
    tags=["stage:deliver"],
)
def deliver_digests():
    @task(execution_timeout=timedelta(minutes=30))
    def deliver():
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(commands.deliver_digests, is_last=True)

    deliver()


deliver_digests()
