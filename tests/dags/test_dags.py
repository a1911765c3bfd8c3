"""The DAGs as Airflow reads them: exactly these, each with its page, each waking the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
EXPECTED = {
    "compose_digests": (["compose"], ["digests"]),
    "deliver_digests": (["deliver"], []),
    "index_procedures": (["index"], []),
    "ingest_notices": (["fetch", "load"], ["notices"]),
    "match_profiles": (["match"], ["matches"]),
    "rebuild_index": (["rebuild"], []),
    "receive_mails": (["receive"], []),
    "recover": (["recover"], []),
}
READ_DAGS = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
dags = {
    dag_id: {
        "tasks": sorted(task.task_id for task in dag.tasks),
        "outlets": sorted(asset.name for task in dag.tasks for asset in task.outlets),
        "doc": dag.doc_md or "",
        "timeouts": all(task.execution_timeout is not None for task in dag.tasks),
        "max_active_runs": dag.max_active_runs,
    }
    for dag_id, dag in bag.dags.items()
}
print("DAGS " + json.dumps({"dags": dags, "errors": bag.import_errors}))
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What Airflow reads from our folders, in a process of its own, as a component would."""
    home = tmp_path_factory.mktemp("airflow")
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    finished = subprocess.run(
        [sys.executable, "-c", READ_DAGS, ROOT / "dags"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in finished.stdout.splitlines() if line.startswith("DAGS ")]
    assert lines != [], finished.stderr
    return json.loads(lines[0].removeprefix("DAGS "))


def test_airflow_reads_exactly_these_dags(read):
    """
    Every DAG is read without an error, with its tasks and the assets it updates.
    """
    assert read["errors"] == {}
    assert {name: (dag["tasks"], dag["outlets"]) for name, dag in read["dags"].items()} == EXPECTED


def test_each_dag_runs_alone_and_no_task_runs_for_ever(read):
    """
    One run at a time, and an execution timeout on every task.
    """
    assert {(dag["max_active_runs"], dag["timeouts"]) for dag in read["dags"].values()} == {(1, True)}


def test_the_operator_reads_the_page_in_airflow(read):
    """
    The file's docstring is the DAG's documentation on Airflow's screen.
    """
    assert [name for name, dag in read["dags"].items() if "**When it fails**" not in dag["doc"]] == []


def test_the_plugin_folder_shows_airflow_one_file():
    """
    Airflow executes plugin files by bare name: all but one are kept from it by .airflowignore.
    """
    ignored = (ROOT / "plugins/.airflowignore").read_text().split()

    shown = sorted(
        path.name for path in (ROOT / "plugins").iterdir() if path.name not in {*ignored, "__pycache__"}
    )

    assert shown == [".airflowignore", "alerting_plugin.py"]
