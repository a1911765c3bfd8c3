"""Profiles that cannot work, as they may be stored: what of them, and whether all is lost."""

from __future__ import annotations

import pytest

from alerting.domain.criteria import Criteria
from alerting.domain.decide import decide
from alerting.domain.notice import Notice, NoticeKind, Place
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.matching.contradictions import find_contradictions


ROOF = {"words": ("toiture",)}
FATAL, PART = True, False


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({**ROOF, "words_out": ("amiante",), "communes": ("35236",), "radius_km": 40}, [], id="a sound profile"),
        pytest.param({"trades": ("allumeur-de-reverberes",)}, [(FATAL, "the trade 'allumeur-de-reverberes' exists no longer")], id="a trade that is gone"),
        pytest.param({**ROOF, "trades": ("allumeur-de-reverberes",)}, [(PART, "the trade 'allumeur-de-reverberes' exists no longer")], id="a trade that is gone, and a word"),
        pytest.param({"cpv_codes": ("45330001",)}, [(FATAL, "45330001 is no code of the CPV")], id="no code"),
        pytest.param(
            {"words": ("toiture ardoise",), "words_out": ("Ardoises",)},
            [(FATAL, "wherever the word 'toiture ardoise' stands, the excluded word 'Ardoises' stands too")],
            id="its only word is excluded",
        ),
        pytest.param(
            {"words": ("zinc", "toiture"), "words_out": ("zinc",)},
            [(PART, "wherever the word 'zinc' stands, the excluded word 'zinc' stands too")],
            id="one of its words is excluded",
        ),
        pytest.param({"words": ("!",)}, [(FATAL, "the word '!' says nothing")], id="no word"),
        pytest.param({"buyers": ("?",)}, [(FATAL, "the buyer '?' has no word: nobody is met")], id="a buyer without a word"),
        pytest.param({"buyers": ("?", "Vannes")}, [(PART, "the buyer '?' has no word")], id="one of two buyers"),
        pytest.param({**ROOF, "kinds": (NoticeKind.AWARD,)}, [(FATAL, "its kinds (award) leave out calls: nothing is first told as another kind")], id="awards alone"),
        pytest.param(
            {**ROOF, "minimum_cents": 200, "maximum_cents": 100, "pass_unknown": False},
            [(FATAL, "no amount is at least 2 and at most 1 euros")],
            id="no amount fits",
        ),
        pytest.param({**ROOF, "minimum_cents": 200, "maximum_cents": 100}, [(PART, "no amount is at least 2 and at most 1 euros")], id="only what states none"),
        pytest.param({**ROOF, "radius_km": 40}, [(PART, "a radius without communes to be around does nothing")], id="a radius around nothing"),
        pytest.param({**ROOF, "departements": ("35", "20")}, [(PART, "there is no département '20'")], id="one of two départements"),
        pytest.param(
            {**ROOF, "departements": ("20",), "nuts_codes": ("FRZ9",)},
            [(FATAL, "none of its places exists: nothing is met"), (PART, "there is no département '20'"), (PART, "there is no area 'FRZ9'")],
            id="no place at all",
        ),
        pytest.param(
            {**ROOF, "communes": ("99999",)},
            [(FATAL, "none of its places exists: nothing is met"), (PART, "there is no commune '99999'")],
            id="communes that merged away",
        ),
    ],
)  # fmt: skip
def test_what_cannot_work_is_named(asked, expected):
    """
    Each problem in words, and whether the profile can never match for it.
    """
    found = find_contradictions(Criteria(**asked))

    assert [(one.is_fatal, one.problem) for one in found] == expected


@pytest.mark.parametrize(
    "asked",
    [
        {"trades": ("allumeur-de-reverberes",)},
        {"cpv_codes": ("45330001",), "pass_unknown": False},
        {"words": ("toiture ardoise",), "words_out": ("Ardoises",)},
        {"words": ("!",)},
        {**ROOF, "minimum_cents": 200, "maximum_cents": 100, "pass_unknown": False},
        {**ROOF, "departements": ("20",)},
        {**ROOF, "nuts_codes": ("FRZ9",)},
        {**ROOF, "communes": ("35999",), "radius_km": 40},
        {**ROOF, "buyers": ("?",)},
    ],
)
@pytest.mark.parametrize("facts", [{}, {"cpv_main": "45260000", "places": (Place(departement="35"),)}])
@pytest.mark.parametrize("title", ["Toiture ardoise", "Toiture", "! ?"])
def test_a_fatal_one_matches_nothing(asked, title, facts):
    """
    ``decide`` agrees: nothing that asks for a roof is accepted, whether it states its code and place or not.
    """
    notice = Notice("any", "1", None, NoticeKind.CALL, title, **facts)

    assert not decide(compile_criteria(Criteria(**asked)), analyse_notice(notice)).accepted
