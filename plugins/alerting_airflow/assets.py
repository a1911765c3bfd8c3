"""The assets by which one DAG wakes the next; an event says *look*, the rows say what to do."""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher

from alerting_airflow.triggers import WaitingTrigger


FEEDS_DUE = Asset(
    "feeds_due",
    watchers=[
        AssetWatcher(
            name="feeds_due",
            trigger=WaitingTrigger("feeds_due_count", pause_seconds=1, quiet_seconds=4),
        )
    ],
)
PROFILES = Asset(
    "profiles",
    watchers=[
        AssetWatcher(
            name="profiles",
            trigger=WaitingTrigger("profiles_to_match_count", pause_seconds=2, quiet_seconds=30),
        )
    ],
)
NOTICES = Asset("notices")
MATCHES = Asset("matches")
DIGESTS = Asset("digests")
