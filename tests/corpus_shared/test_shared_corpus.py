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


# What may be refused of a folder, by words of the reason: what is there beside notices, and what is broken there.
REFUSABLE = {
    "boamp": (),
    "decp": ("not JSON", "expected contracts"),  # One example with "NC" for a number; the schema itself.
    "eforms": ("expected a notice id",),  # INVALID_* examples.
    "ocds": ("unknown format", "expected a title", "expected an 'ocid'"),  # Fragments of the standard's docs.
    "placsp-atom": (),
    "ted-api-v3": ("unknown format",),  # The request beside the answer.
    "ted-legacy": (),
}


@pytest.mark.parametrize("folder", list(REFUSABLE))
def test_every_notice_is_read_or_refused_in_one_line(folder):
    """
    No document crashes; what is refused is known, and why.
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
        if not any(words in reject.problem for words in REFUSABLE[folder]) or "\n" in reject.problem
    ]
    assert unexplained == []
    assert any(report.notices for report in reports)
