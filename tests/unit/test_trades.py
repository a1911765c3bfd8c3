"""A trade stands for a craft's own codes: where the nomenclature puts two crafts together, it takes one."""

from __future__ import annotations

import pytest

from alerting.domain.criteria import Criteria, cpv_covers, decide
from alerting.domain.notice import Lot, Notice, NoticeKind
from alerting.errors import ProfileError
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.reference.cpv import is_cpv
from alerting.reference.trades import get_trade, trades


def accepts(trade: str, *, lot: Lot) -> bool:
    """Tell whether a profile of one trade accepts a notice of one lot."""
    notice = Notice("any", "1", None, NoticeKind.CALL, "Réhabilitation de la mairie", lots=(lot,))
    return decide(compile_criteria(Criteria(trades=(trade,))), analyse_notice(notice)).accepted


@pytest.mark.parametrize(
    ("trade", "code", "accepted"),
    [
        pytest.param("menuisier", "45421132", True, id="windows are joinery"),
        pytest.param("menuisier", "45421000", True, id="joinery at large"),
        pytest.param("ebeniste", "45421153", True, id="built-in furniture is the cabinetmaker's"),
        pytest.param("menuisier", "45421141", False, id="partitions are the plasterer's"),
        pytest.param("menuisier", "45421160", False, id="ironmongery is the metalworker's"),
        pytest.param("plaquiste", "45421141", True, id="the plasterer gets partitions"),
        pytest.param("serrurier", "45421160", True, id="the metalworker gets ironmongery"),
        pytest.param("couvreur", "45260000", True, id="roofing and other special trades at large"),
        pytest.param("couvreur", "45261212", True, id="slates are roofing"),
        pytest.param("couvreur", "45262660", False, id="asbestos removal is no roofing"),
        pytest.param("couvreur", "45262510", False, id="stonework is no roofing"),
        pytest.param("electricien", "45312100", True, id="fire alarms are electrical"),
        pytest.param("electricien", "45313100", False, id="lifts are a craft of their own"),
    ],
)
def test_a_code_belongs_to_the_craft_that_does_the_work(trade, code, accepted):
    """
    The lot's words say nothing, its code alone decides.
    """
    assert accepts(trade, lot=Lot("1", "Lot technique", cpv_codes=(code,))) is accepted


def test_a_word_is_enough_where_the_code_is_another_craft_s():
    """
    Joinery and partitions in one lot, under the code of partitions: the joiner is told.
    """
    assert accepts("menuisier", lot=Lot("1", "Menuiseries intérieures, cloisons", cpv_codes=("45421141",)))


def test_every_code_of_every_trade_exists():
    """
    A mistyped code would stand for nothing, in silence.
    """
    codes = [(trade.trade_id, code) for trade in trades() for code in trade.cpv_codes + trade.cpv_codes_out]

    assert len(codes) > 50
    assert [pair for pair in codes if not is_cpv(pair[1])] == []


def test_every_word_of_a_trade_finds_it():
    """
    In capitals, without accents and after an article: a word that its own words out would silence, or that
    the analysis loses, stands for nothing.
    """
    words = [(trade.trade_id, word) for trade in trades() for word in trade.words]

    assert len(words) > 100
    assert [pair for pair in words if not accepts(pair[0], lot=Lot("1", f"LOT {pair[1].upper()}"))] == []


def test_what_stands_apart_is_no_word_of_the_trade():
    """
    "Location de sanitaires" asks for no plumber: a title of such a phrase alone finds nothing.
    """
    pairs = [(trade.trade_id, phrase) for trade in trades() for phrase in trade.apart]

    assert len(pairs) > 100
    assert [pair for pair in pairs if accepts(pair[0], lot=Lot("1", pair[1]))] == []


def test_every_code_that_is_out_lies_in_a_branch_that_is_in():
    """
    One outside would stand for nothing, in silence.
    """
    found = [
        (trade.trade_id, code)
        for trade in trades()
        for code in trade.cpv_codes_out
        if not any(cpv_covers(wanted, code) for wanted in trade.cpv_codes)
    ]

    assert found == []


def test_every_name_is_one_trade_s_alone():
    """
    Id, label and synonyms, without accents and capitals: a name of two trades would mean one of them by chance.
    """
    names = {trade.trade_id: {*trade.synonyms, trade.trade_id, trade.label} for trade in trades()}

    found = {trade_id: {get_trade(name.upper()).trade_id for name in own} for trade_id, own in names.items()}

    assert found == {trade_id: {trade_id} for trade_id in names}


@pytest.mark.parametrize(
    ("name", "trade_id"),
    [("Maçon", "macon"), ("MACONNERIE", "macon"), ("gros oeuvre", "macon"), (" plâtrier ", "plaquiste")],
)
def test_a_trade_is_known_by_any_of_its_names(name, trade_id):
    """
    Capitals, accents, ligatures and spaces around do not matter.
    """
    assert get_trade(name).trade_id == trade_id


def test_an_unknown_trade_is_answered_with_the_nearest():
    """
    A slip of the pen gets its trade first; each trade is named once.
    """
    with pytest.raises(
        ProfileError, match=r"^trade 'couvreurr' is not known \(nearest: couvreur, \S+, \S+\)$"
    ):
        get_trade("couvreurr")
