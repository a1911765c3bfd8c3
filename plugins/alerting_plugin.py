"""The one file of this folder that Airflow loads; everything else is in the package beside it."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class AlertingPlugin(AirflowPlugin):
    """Says that the package is here; assets, trigger and task wrapper are imported by the DAGs."""

    name = "alerting"
