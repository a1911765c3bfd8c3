"""Which trades a title is for: two thousand invented titles and lots, near half of them traps, judge the trades' words.

The titles were written before the words that find them were chosen; tests/unit/titles/*.toml says how to read them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from alerting.domain.notice import Lot, Notice, NoticeKind
from alerting.domain.trade import POINTS_NEEDED, Strictness
from alerting.matching.analyse import analyse_notice
from alerting.reference.trades import trades
from tests.capitals import in_capitals


TITLES = Path(__file__).parent / "titles"
OPERATION = "Opération 2024-07 : groupe scolaire"


def sections() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each trade's titles, with the trades that each is for."""
    for path in sorted(TITLES.glob("*.toml")):
        yield from tomllib.loads(path.read_text(encoding="utf-8")).items()


def told(title: str) -> set[str]:
    """Return the trades that hear of a title; one that begins with "lot" is a lot's."""
    is_lot = title.casefold().startswith("lot ")
    lots = (Lot("1", title),) if is_lot else ()
    notice = Notice("any", "1", None, NoticeKind.CALL, OPERATION if is_lot else title, lots=lots)
    return {
        trade
        for trade, findings in analyse_notice(notice).findings.items()
        if any(each.act is None and each.points >= POINTS_NEEDED[Strictness.NORMAL] for each in findings)
    }


@pytest.mark.parametrize(("section", "titles"), [pytest.param(*each, id=each[0]) for each in sections()])
def test_a_title_is_told_to_the_trades_that_can_answer_it(section, titles):
    """
    To each of them, and to no other but those that may hear of it.
    """
    wrong = {}
    for title, names in titles.items():
        wanted = {name for name in names.split() if not name.endswith("?")}
        allowed = {name.removesuffix("?") for name in names.split()}
        found = told(title)
        if not wanted <= found <= allowed:
            wrong[title] = (sorted(wanted - found), sorted(found - allowed))

    assert len(titles) >= 2, section
    assert wrong == {}


@pytest.mark.parametrize(("section", "titles"), [pytest.param(*each, id=each[0]) for each in sections()])
def test_a_title_in_capitals_is_told_to_the_same_trades(section, titles):
    """
    Without accents and apostrophes, as half of the titles in capitals are typed.
    """
    other = {title for title in titles if told(in_capitals(title).replace("'", " ")) != told(title)}

    assert (section, other) == (section, set())


def test_the_titles_speak_of_every_trade_and_half_of_them_are_traps():
    """
    A trade without a title, or a set without traps, would be judged by nothing.
    """
    read = dict(sections())
    titles = [names for of_section in read.values() for names in of_section.values()]
    for_none = [names for names in titles if not any(not name.endswith("?") for name in names.split())]
    named = {name for names in titles for name in names.split()}

    assert {trade.trade_id for trade in trades()} <= set(read)
    assert {trade.trade_id for trade in trades()} <= named
    assert len(titles) > 500
    assert 0.4 < len(for_none) / len(titles) < 0.6
