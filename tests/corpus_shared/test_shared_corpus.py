"""Every real notice of a folder is read or refused in one line; nothing crashes."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from alerting.pipeline.check import check


ROOT = Path(__file__).parents[2]
CORPUS = (ROOT / os.environ.get("ALERTING_CORPUS", "../shared/data")).resolve()


@pytest.mark.parametrize(("folder", "refusable"), [("eforms", "expected a notice id"), ("boamp", None)])
def test_every_notice_is_read_or_refused_in_one_line(folder, refusable):
    """
    No document crashes; of eForms only the invalid examples without an id are refused, of BOAMP none.
    """
    files = sorted(path for path in (CORPUS / folder).rglob("*") if path.suffix in {".xml", ".json", ".atom"})
    assert files != [], (
        f"no documents below {CORPUS / folder}; name another folder with: make corpus CORPUS=..."
    )

    reports = [check(path.name, path.read_bytes()) for path in files]

    sys.stdout.write(f"{folder}: {dict(Counter(report.outcome for report in reports))}\n")
    unexplained = [
        (report.path, reject)
        for report in reports
        for reject in report.rejects
        if refusable is None or refusable not in reject.problem or "\n" in reject.problem
    ]
    assert unexplained == []
    assert any(report.notices for report in reports)
