"""Changes of a profile: what holds after them, and how they are said."""

from __future__ import annotations

import pytest

from alerting.domain.criteria import Criteria
from alerting.domain.match import FitKind
from alerting.domain.notice import NoticeKind
from alerting.domain.profile_change import ChangeAct, ProfileChange, change_criteria, say_change
from alerting.domain.trade import Strictness
from alerting.domain.variants import variants_of


ADD, REMOVE, SET, CLEAR = ChangeAct.ADD, ChangeAct.REMOVE, ChangeAct.SET, ChangeAct.CLEAR
ASKED = Criteria(
    trades=("couvreur",),
    words_out=("zinc",),
    departements=("35",),
    communes=("35236",),
    radius_km=40,
    buyers=("Vannes",),
    maximum_cents=9_000_000,
    fit_out=(FitKind.VISIT,),
)


@pytest.mark.parametrize(
    ("change", "field", "value", "words"),
    [
        (ProfileChange("words", ADD, "zinc"), "words", ("zinc",), "add the word 'zinc'"),
        (ProfileChange("trades", ADD, "couvreur"), "trades", ("couvreur",), "add the trade 'couvreur'"),
        (ProfileChange("words_out", REMOVE, "zinc"), "words_out", (), "the word 'zinc' would have to leave the excluded words"),
        (ProfileChange("departements", ADD, "56"), "departements", ("35", "56"), "add the département 56"),
        (ProfileChange("kinds", ADD, "award"), "kinds", (NoticeKind.CALL, NoticeKind.CORRECTION, NoticeKind.AWARD), "add the kind award"),
        (ProfileChange("fit_out", REMOVE, "visit"), "fit_out", (), "take away the demand not to hear of 'visit'"),
        (ProfileChange("radius_km", SET, 55), "radius_km", 55, "the radius would have to be 55 km (now 40 km)"),
        (ProfileChange("maximum_euros", SET, 120000), "maximum_cents", 12_000_000, "the largest amount would have to be 120000 euros (now 90000 euros)"),
        (ProfileChange("minimum_euros", SET, 5), "minimum_cents", 500, "the smallest amount would have to be 5 euros (now none)"),
        (ProfileChange("strictness", SET, "wide"), "strictness", Strictness.WIDE, "the strictness would have to be wide (now normal)"),
        (ProfileChange("pass_unknown", SET, 0), "pass_unknown", False, "what a notice does not state would not pass"),
        (ProfileChange("maximum_euros", CLEAR), "maximum_cents", None, "without the largest amount"),
        (ProfileChange("buyers", CLEAR), "buyers", (), "without any of buyers"),
    ],
)  # fmt: skip
def test_a_change_is_made_and_said(change, field, value, words):
    """
    The field that a person writes, its value among the criteria, and the words for it.
    """
    assert getattr(change_criteria(ASKED, [change]), field) == value
    assert say_change(change, ASKED) == words


def test_the_variants_of_a_profile_leave_out_one_thing_each():
    """
    The only trade is never left out; the place is, value by value and whole; the radius is halved and doubled.
    """
    found = [
        (one.criterion, one.value, [change.value for change in one.changes]) for one in variants_of(ASKED)
    ]

    assert found == [
        ("words_out", "zinc", ["zinc"]),
        ("departements", "35", ["35"]),
        ("communes", "35236", ["35236"]),
        ("place", None, [None] * 4),
        ("radius_km", None, [20]),
        ("radius_km", None, [80]),
        ("buyers", None, [None]),
        ("maximum_euros", None, [None]),
        ("fit_out", "visit", ["visit"]),
        ("strictness", None, ["strict"]),
        ("strictness", None, ["wide"]),
        ("pass_unknown", None, [0]),
        ("frame", None, [*[None] * 10, 1]),
    ]
