"""Airflow on the laptop: its four components, under our supervisor.

In:   addresses of the other servers, folders, a port.
Out:  the environment and the commands of the components.

Why not ``standalone``: it listens on all interfaces, and SIGTERM leaves processes behind.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


ROOT = Path(__file__).parents[2]
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "airflow-api": ("api-server", "--host", "127.0.0.1", "--workers", "1"),
    "airflow-scheduler": ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
}


def airflow_environment(*, home: Path, database_url: str, port: int, secret: str) -> dict[str, str]:
    """Return the settings of Airflow for a laptop.

    Args:
        home: AIRFLOW_HOME.
        database_url: ``postgresql://`` address of Airflow's own database.
        port: Of the API server and its pages, on 127.0.0.1.
        secret: Signs the tokens between components.
    """
    return {
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database_url.replace(
            "postgresql://", "postgresql+psycopg2://"
        ),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        # No login: demo and laptop only, on 127.0.0.1.
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__SECRET_KEY": secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
        "AIRFLOW__SCHEDULER__BATCH_ASSET_EVENTS": "True",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # The default, 5 s, fails the first tasks after a start where the machine is busy.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "15",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
    }


def airflow_database_url(database_url: str) -> str:
    """Return the address of Airflow's own database: of our server, named after ours."""
    parts = urlsplit(database_url)
    return urlunsplit(("postgresql", parts.netloc, f"{parts.path}_airflow", parts.query, ""))


def airflow_command(*arguments: str) -> list[str]:
    """Return the command line of an Airflow verb in our own environment."""
    return [sys.executable, "-m", "airflow", *arguments]
