"""The assets by which one DAG wakes the next; an event says *look*, the rows say what to do."""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher

from alerting_airflow.triggers import FeedsDueTrigger


FEEDS_DUE = Asset(
    "feeds_due", watchers=[AssetWatcher(name="feeds_due", trigger=FeedsDueTrigger(pause_seconds=1))]
)
NOTICES = Asset("notices")
MATCHES = Asset("matches")
DIGESTS = Asset("digests")
