"""What a refused notice would have needed of a profile: the least change, or that there is none."""

from __future__ import annotations

import cProfile
import pstats

import pytest

from alerting.domain.criteria import Criteria
from alerting.domain.match import FitKind
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.domain.profile_change import say_change
from alerting.domain.trade import Strictness
from alerting.matching.analyse import analyse_notice
from alerting.matching.remedy import find_remedy


RENNES = (Place(departement="35", commune="Rennes", postcode="35000"),)
VANNES = (Place(departement="56", commune="Vannes", postcode="56000"),)
AROUND_REDON = {"words": ("toiture",), "communes": ("35236",), "radius_km": 40}
LOTS = (Lot("1", "Toiture", value=Money(150_000_50, "EUR")), Lot("2", "Sols", value=Money(5_000_00, "EUR")))


def said(criteria: Criteria, title: str = "Toiture de la gare", **facts) -> list[str] | None:
    """Return the changes in words, None where there is nothing sensible."""
    notice = Notice("any", "1", None, facts.pop("kind", NoticeKind.CALL), title, **facts)
    changes = find_remedy(criteria, analyse_notice(notice))
    return None if changes is None else [say_change(change, criteria) for change in changes]


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        pytest.param({"words": ("toiture",)}, {}, [], id="it matches"),
        pytest.param(AROUND_REDON, {"places": RENNES}, ["the radius would have to be 59 km (now 40 km)"], id="a little further"),
        pytest.param(
            {"words": ("toiture",), "departements": ("35",)}, {"places": VANNES}, ["add the département 56"], id="the next département"
        ),
        pytest.param(
            {"words": ("toiture",), "words_out": ("gare", "zinc")},
            {},
            ["the word 'gare' would have to leave the excluded words"],
            id="the excluded word that stands",
        ),
        pytest.param({"words": ("toiture",)}, {"kind": NoticeKind.AWARD}, ["add the kind award"], id="an award"),
        pytest.param(
            {"words": ("toiture",), "maximum_cents": 9_000_000},
            {"lots": LOTS},
            ["the largest amount would have to be 150001 euros (now 90000 euros)"],
            id="the amount of the lot that fits, in whole euros",
        ),
        pytest.param(
            {"words": ("toiture",), "buyers": ("Vannes",)},
            {"buyer": Buyer("Ville de Redon")},
            ["add the buyer 'Ville de Redon'"],
            id="another buyer",
        ),
        pytest.param(
            {"words": ("toiture",), "fit_out": (FitKind.VISIT,)},
            {"description": "Visite obligatoire du site."},
            ["take away the demand not to hear of 'visit'"],
            id="a visit",
        ),
        pytest.param(
            {"cpv_codes": ("45261210",)}, {"cpv_main": "45261300"}, ["add the CPV code 45261300"], id="a neighbouring code"
        ),
        pytest.param({"cpv_codes": ("45261210",)}, {"cpv_main": "45000000"}, None, id="a code that covers all works"),
        pytest.param(
            {"cpv_codes": ("45261210",), "pass_unknown": False},
            {},
            ["what a notice does not state would have to pass"],
            id="no code at all",
        ),
        pytest.param(
            {**AROUND_REDON, "words_out": ("gare",), "kinds": (NoticeKind.CORRECTION,), "maximum_cents": 100},
            {"places": RENNES, "value": Money(200, "EUR")},
            [
                "add the kind call",
                "the word 'gare' would have to leave the excluded words",
                "the largest amount would have to be 2 euros (now 1 euros)",
                "the radius would have to be 59 km (now 40 km)",
            ],
            id="four things at once",
        ),
        pytest.param({"trades": ("boulanger",)}, {}, None, id="another trade"),
    ],
)  # fmt: skip
def test_the_least_change_is_named(asked, facts, expected):
    """
    In the words of an operator; None where only another trade would do.
    """
    assert said(Criteria(**asked), **facts) == expected


def test_a_trade_that_is_hinted_at_would_have_to_be_wide():
    """
    A title with a mere hint of the craft is enough for a wide profile alone; training in it for none.
    """
    asked = Criteria(trades=("plombier",), strictness=Strictness.STRICT)

    assert said(asked, "Rénovation des sanitaires de la gare") == [
        "the strictness would have to be wide (now strict)"
    ]
    assert said(Criteria(trades=("plombier",)), "Formation des plombiers") is None


def test_a_purchase_all_over_the_country_is_answered_too():
    """
    Hundreds of places: the profile's trade in one of them, by one change.
    """
    places = tuple(Place(departement=f"{number:02}") for number in range(1, 96) if number not in {20, 35})

    assert said(Criteria(words=("toiture",), departements=("35",)), places=places) == [
        "add the département 01"
    ]


def test_a_purchase_of_hundreds_of_lots_is_tried_some_dozen_times():
    """
    The amount that would be needed is exactly that of the one roof among 400 lots of other trades, found by halves.
    """
    lots = tuple(
        Lot(str(number), "Sols", value=Money((200_000 + number) * 100, "EUR")) for number in range(400)
    )
    roof = Lot("toit", "Toiture", value=Money(200_321_00, "EUR"))
    notice = Notice("any", "1", None, NoticeKind.CALL, "Halle", lots=(*lots, roof))
    asked, analysed = Criteria(words=("toiture",), maximum_cents=9_000_000), analyse_notice(notice)
    profile = cProfile.Profile()

    changes = profile.runcall(find_remedy, asked, analysed)

    assert [say_change(one, asked) for one in changes] == [
        "the largest amount would have to be 200321 euros (now 90000 euros)"
    ]
    calls = [row[0] for (_, _, name), row in pstats.Stats(profile).stats.items() if name == "decide"]
    assert 0 < sum(calls) <= 30
