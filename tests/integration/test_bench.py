"""Each bench still measures: its last line is the object that people compare, whatever the figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


BENCH = Path(__file__).parents[2] / "bench"
SMALL = {
    "claim.py": ["--mails", "20", "--rounds", "1"],
    "eforms.py": ["--rounds", "2"],
    "fetch.py": ["--feeds", "20", "--rounds", "1"],
    "index.py": ["--procedures", "100", "--rounds", "1"],
    "link.py": ["--notices", "300", "--rounds", "1"],
    "match.py": ["--profiles", "200", "--notices", "20", "--sample", "4", "--rounds", "2"],
    "percolate.py": [
        "--profiles",
        "200",
        "--notices",
        "40",
        "--sample",
        "20",
        "--rounds",
        "1",
        "--warm",
        "0",
    ],
    "render.py": ["--notices", "100", "--firms", "40", "--rounds", "2", "--sample", "2"],
    "search.py": ["--procedures", "200", "--questions", "20", "--warm", "0"],
    "smtp.py": ["--mails", "20", "--far-mails", "4", "--rounds", "1"],
    "unchanged.py": ["--rounds", "1"],
}


# What reads real notices is tried by make corpus.
OF_REAL_NOTICES = "relevance.py"


def test_every_bench_is_tried_here():
    """
    A new figure comes with its small sizes.
    """
    assert sorted([*SMALL, OF_REAL_NOTICES]) == sorted(path.name for path in BENCH.glob("*.py"))


def test_a_bench_of_real_notices_says_where_it_wants_them(tmp_path):
    """
    Without the folder there is nothing to measure: one line, and no figure.
    """
    command = [sys.executable, BENCH / OF_REAL_NOTICES, "--json", "--corpus", tmp_path / "none"]

    finished = subprocess.run(command, capture_output=True, text=True, check=False)

    expected = f"no folder of real notices at {tmp_path}/none: name one with --corpus"
    assert (finished.returncode, finished.stdout, finished.stderr.strip()) == (0, "", expected)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_bench_ends_with_its_figure(name):
    """
    The last line of standard output is one object: two measurements, their unit and ratio, and the goal.
    """
    command = [sys.executable, BENCH / name, "--json", *SMALL[name]]

    finished = subprocess.run(command, capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stderr
    figure = json.loads(finished.stdout.splitlines()[-1])
    assert list(figure) == ["name", "ours", "peer", "unit", "ratio", "goal", "holds"]
    assert figure["name"] == name.removesuffix(".py")
    assert figure["holds"] == (figure["ratio"] >= figure["goal"])
