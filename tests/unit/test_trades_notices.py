"""Which trades whole notices are for: some 250 invented ones, with lots, long descriptions and the buyers' codes.

They were written and labelled before they were tried (docs/relevance.md has what each set found at first contact).
Since the words and rules were mended by them, they measure nothing any more; they guard what is right now.
"""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path

import pytest

from alerting.domain.trade import POINTS_NEEDED, Strictness
from alerting.matching.analyse import analyse_notice


HERE = Path(__file__).parent
NOTICES = sorted((HERE / "notices").glob("*.toml"))
BENCH = HERE.parents[1] / "bench" / "relevance.py"


def load_bench():
    """Return bench/relevance.py as a module: it reads these files to measure them."""
    spec = importlib.util.spec_from_file_location("bench_relevance", BENCH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bench = load_bench()


def told(notice):
    """Return the trades that hear of a notice at normal strictness."""
    return {
        trade
        for trade, findings in analyse_notice(notice).findings.items()
        if any(each.act is None and each.points >= POINTS_NEEDED[Strictness.NORMAL] for each in findings)
    }


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in NOTICES])
@pytest.mark.parametrize("are_codes_seen", [False, True], ids=["words alone", "with codes"])
def test_a_whole_notice_is_told_to_the_trades_that_can_answer_it(path, are_codes_seen):
    """
    To each that is labelled and to no other; where it is not so yet, the file says what is missed and what is in vain.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["notice"]
    wrong = {}
    for entry, read in zip(entries, bench.invented(path), strict=True):
        wanted = {trade for trade, label in read.labels.items() if label == "yes"}
        notice = read.notice if are_codes_seen else bench.without_codes(read.notice)
        found = told(notice)
        missed, in_vain = sorted(wanted - found), sorted(found - set(read.labels))
        if [missed, in_vain] != [entry.get(key, "").split() for key in ("missed", "in_vain")]:
            wrong[read.notice.title] = (missed, in_vain)

    assert len(entries) > 15
    assert wrong == {}
