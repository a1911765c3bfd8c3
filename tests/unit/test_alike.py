"""What one notice cannot tell apart is one kind, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from alerting.domain.criteria import Criteria
from alerting.domain.money import Money
from alerting.domain.notice import Lot, Notice, NoticeKind, Place
from alerting.matching.alike import Frames, Kinds, Topics
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria


CALL = Notice("any", "1", None, NoticeKind.CALL, "Toiture en zinc, bardage bois", cpv_main="45261210")


def kinds_of_topics(notice, *asked):
    """Return the number of the kind of what each asks of the topic."""
    topics = Topics()
    numbers = [topics.number(compile_criteria(one).topic) for one in asked]
    return first_met(topics.kinds(np.array(numbers), analyse_notice(notice)))


def kinds_of_frames(notice, *asked):
    """Return the number of the kind of what each asks beside the topic."""
    frames = Frames()
    numbers = [frames.number(compile_criteria(one).frame) for one in asked]
    return first_met(frames.kinds(np.array(numbers), analyse_notice(notice))[1])


def first_met(kinds):
    """Return kinds counted in the order in which they are met."""
    known = {}
    return [known.setdefault(kind, len(known)) for kind in kinds.of_each.tolist()]


def test_words_codes_and_trades_that_do_not_stand_in_a_notice_make_no_difference():
    """
    Three ask for zinc; one of them for a piscine too, one refuses amiante and names another trade and code.
    """
    asked = (
        Criteria(words=("zinc",), trades=("ascensoriste",), cpv_codes=("33600000",)),
        Criteria(words=("zinc", "piscine"), trades=("ascensoriste",), cpv_codes=("33600000",)),
        Criteria(words=("zinc",), words_out=("amiante",), trades=("imprimeur",), cpv_codes=("15000000",)),
    )

    assert kinds_of_topics(CALL, *asked) == [0, 0, 0]


def test_what_stands_in_a_notice_is_told_apart_by_what_it_is_asked_for():
    """
    A word that is wanted, one that is not; two words in either order, as the reasons name them; a code.
    """
    asked = (
        Criteria(words=("zinc",)),
        Criteria(words=("piscine",), words_out=("zinc",)),
        Criteria(words=("zinc", "bois")),
        Criteria(words=("bois", "zinc")),
        Criteria(words=("zinc",), cpv_codes=("45261000",)),
        Criteria(cpv_codes=("45261000",)),
        Criteria(),
    )

    assert kinds_of_topics(CALL, *asked) == list(range(len(asked)))


def test_amounts_are_told_apart_by_those_that_a_notice_states():
    """
    400,000 EUR lie below both of the first two limits and above the third; no limit is a kind of its own.
    """
    stated = replace(CALL, value=Money(40_000_000, "EUR"))
    asked = [Criteria(maximum_cents=cents) for cents in (50_000_000, 60_000_000, 30_000_000, None)]

    assert kinds_of_frames(stated, *asked) == [0, 0, 1, 2]
    assert kinds_of_frames(CALL, *asked) == [0, 0, 0, 1]


def test_places_are_told_apart_by_what_is_said_of_them():
    """
    Two départements meet a notice of the 35, a third does not.  Where lots lie apart every place is a kind.
    """
    asked = [Criteria(departements=codes) for codes in (("35",), ("35", "56"), ("29",), ("22",))]
    at_rennes = replace(CALL, places=(Place(departement="35"),))
    lots = tuple(Lot(code, places=(Place(departement=code),)) for code in ("35", "56"))

    assert kinds_of_frames(at_rennes, *asked) == [0, 0, 1, 1]
    assert kinds_of_frames(replace(CALL, lots=lots), *asked) == [0, 1, 2, 3]


def test_what_a_notice_demands_tells_apart_who_has_it():
    """
    Without a demand, qualifications make no difference; the working days always do.
    """
    asked = (Criteria(), Criteria(qualifications=("qualibat",)), Criteria(working_days=9))
    demanding = replace(CALL, description="Qualification Qualibat 3101 exigée.")

    assert kinds_of_frames(CALL, *asked) == [0, 0, 1]
    assert kinds_of_frames(demanding, *asked) == [0, 1, 2]


def test_kinds_that_are_not_met_are_left_out_however_many_there_are():
    """
    Few kinds are counted in a table, many are sorted: each that is met is found where it stands.
    """
    of_each = np.array([7, 2, 7, 9])
    for count in (10, 10_000_000):
        firsts, met = Kinds(of_each, count).met()

        assert of_each[firsts].tolist() == [2, 7, 9]
        assert (met.of_each.tolist(), met.count) == ([1, 0, 1, 2], 3)
