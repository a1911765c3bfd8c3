"""Profiles that cannot work, as they may be stored: what of them, and whether all is lost."""

from __future__ import annotations

import pytest

from alerting.domain.criteria import Criteria, decide
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
        pytest.param({"buyers": ("?",)}, [(PART, "the buyer '?' has no word: it is told for all buyers")], id="a buyer without a word"),
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
            {**ROOF, "departements": ("20",), "nuts_codes": ("FRZ9",), "pass_unknown": False},
            [(FATAL, "none of its places exists: nothing is met"), (PART, "there is no département '20'"), (PART, "there is no area 'FRZ9'")],
            id="no place at all",
        ),
        pytest.param(
            {**ROOF, "communes": ("99999",)},
            [(PART, "none of its places exists: it is told of all places"), (PART, "there is no commune '99999'")],
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
        {"cpv_codes": ("45330001",)},
        {"words": ("toiture ardoise",), "words_out": ("Ardoises",)},
        {"words": ("!",)},
        {**ROOF, "minimum_cents": 200, "maximum_cents": 100, "pass_unknown": False},
        {**ROOF, "departements": ("20",), "pass_unknown": False},
    ],
)
@pytest.mark.parametrize("title", ["Toiture ardoise", "Toiture", "! ?"])
def test_a_fatal_one_matches_nothing_that_states_its_facts(asked, title):
    """
    ``decide`` agrees: nothing that asks for a roof, with codes, place and buyer, is accepted.
    """
    notice = Notice(
        "any", "1", None, NoticeKind.CALL, title, cpv_main="45260000", places=(Place(departement="35"),)
    )

    assert not decide(
        compile_criteria(
            Criteria(
                **asked,
            )
        ),
        analyse_notice(notice),
    ).accepted
