"""A profile that is said anew: what its firm chose since stands, unless that is said otherwise now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerting.domain.cadence import Cadence
from alerting.domain.criteria import Criteria
from alerting.domain.profile import Profile
from alerting.domain.profile_change import ChangeAct, ProfileChange
from alerting.domain.profile_entry import follow


FILE = Profile(
    "toits", "le-goff", "Toits", Criteria(words=("toiture",), radius_km=40, communes=("35236",)), Cadence.WEEKLY,
    weekdays=(0,),
)  # fmt: skip
GREEN = ("green", (ProfileChange("words_out", ChangeAct.ADD, "végétalisée"),))
OWN = replace(
    FILE,
    cadence=Cadence.DAILY,
    weekdays=(),
    criteria=replace(FILE.criteria, words_out=("végétalisée",)),
)


def asking(profile: Profile, **criteria) -> Profile:
    """Return a profile with other criteria."""
    return replace(profile, criteria=replace(profile.criteria, **criteria))


def test_what_is_said_as_before_changes_nothing():
    """
    The proposal and the rhythm that the firm chose stand, and are named.
    """
    followed = follow(FILE, FILE, OWN, [GREEN])

    assert followed.profile == OWN
    assert (followed.own, followed.overruled, followed.ended) == (("cadence", "words_out"), (), ())


def test_what_is_said_otherwise_holds_and_leaves_the_rest_alone():
    """
    Another radius, and nothing said of words or rhythm.
    """
    followed = follow(asking(FILE, radius_km=25), FILE, OWN, [GREEN])

    assert followed.profile == asking(OWN, radius_km=25)
    assert (followed.own, followed.overruled, followed.ended) == (("cadence", "words_out"), (), ())


@pytest.mark.parametrize(
    ("said", "expected", "overruled", "ended"),
    [
        pytest.param(
            asking(FILE, words_out=("zinc",)), asking(OWN, words_out=("zinc",)), ("words_out",), ("green",),
            id="other words are left out",
        ),
        pytest.param(
            asking(FILE, words_out=("végétalisée",)), OWN, (), (), id="the same word is left out: it stays accepted",
        ),
        pytest.param(
            replace(FILE, weekdays=(2,)), asking(replace(FILE, weekdays=(2,)), words_out=("végétalisée",)), ("cadence",),
            (), id="weekdays are those of a cadence",
        ),
    ],
)  # fmt: skip
def test_what_the_firm_had_changed_and_is_said_otherwise_is_said_to_be_overruled(
    said, expected, overruled, ended
):
    """
    The accepted change of that field ends with it.
    """
    followed = follow(said, FILE, OWN, [GREEN])

    assert followed.profile == expected
    assert (followed.overruled, followed.ended) == (overruled, ended)


def test_a_change_that_ends_ends_whole():
    """
    A change of two fields of which one is said otherwise leaves nothing of itself in the other.
    """
    narrow = (
        ProfileChange("words", ChangeAct.REMOVE, "zinc"),
        ProfileChange("words_out", ChangeAct.ADD, "gouttière"),
    )
    last = asking(FILE, words=("toiture", "zinc"))
    stands = asking(last, words=("toiture",), words_out=("gouttière",))
    said = asking(last, words=("toiture", "zinc", "ardoise"))

    followed = follow(said, last, stands, [("narrow", narrow)])

    assert followed.profile == said
    assert (followed.own, followed.overruled, followed.ended) == ((), ("words",), ("narrow",))


def test_nothing_is_left_that_asks_for_nothing():
    """
    The file turns from trades to words; the firm had taken away the one word.
    """
    last = asking(FILE, trades=("couvreur",), words=("zinc",))
    stands = asking(last, words=())
    said = asking(last, trades=())

    assert follow(said, last, stands, []).profile.criteria.words == ("zinc",)


def test_of_a_profile_that_nobody_kept_the_words_of_what_was_accepted_stands():
    """
    Profiles of before have no entry: what they would be without the accepted change is what was said.
    """
    followed = follow(asking(FILE, radius_km=25), None, OWN, [GREEN])

    assert followed.profile.criteria == replace(OWN.criteria, radius_km=25)
    assert followed.ended == ()
