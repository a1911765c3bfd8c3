"""
### Match profiles

* **Runs**: when notices were stored, and when the watcher sees a new or changed profile.
* **Tasks**: `match` holds changed procedures against all profiles, and new profiles against open procedures.
* **Updates**: the asset `matches`, and only while something is matched and not yet told.
* **Safe to rerun**: yes.  A match is one row for a profile and a procedure.
* **When it fails**: PostgreSQL is away; with the matching engine on Elasticsearch also while that is away,
  then it goes on by itself.  Nothing is lost: unmatched rows keep their empty mark.  A profile that cannot be
  read as it is stored stops no other: the log names it, and so does `alerting profiles audit`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from alerting_airflow.assets import MATCHES, NOTICES, PROFILES


@dag(
    doc_md=__doc__,
    schedule=(NOTICES | PROFILES),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True},
    tags=["stage:match"],
)
def match_profiles():
    @task(outlets=[MATCHES], execution_timeout=timedelta(minutes=20))
    def match():
        from alerting_airflow.tasks import run

        from alerting import commands

        return run(commands.match_profiles)

    match()


match_profiles()
