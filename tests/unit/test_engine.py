"""The engine yields accepted pairs, notice by notice, and needs nothing to be there."""

from __future__ import annotations

import numpy as np

from alerting.domain.criteria import Criteria
from alerting.domain.notice import Buyer, Notice, NoticeKind
from alerting.matching.analyse import analyse_notice
from alerting.matching.engine import Engine, in_pairs
from alerting.matching.groups import Groups, Numbering


def notice(title: str, **facts) -> Notice:
    """Return a call of that title."""
    return Notice("any", "1", None, NoticeKind.CALL, title, **facts)


PROFILES = [
    ("zinc", Criteria(words=("zinguerie",))),
    ("anything", Criteria()),
    ("roofs", Criteria(words=("toiture",), cpv_codes=("45261000",))),
]


def test_a_notice_is_told_to_each_profile_that_it_concerns():
    """
    A profile that two criteria propose is named once; notices come as they were given.
    """
    numbered = [
        (7, notice("Toiture et zinguerie", cpv_main="45261210")),
        (3, notice("Couverture en zinguerie")),
    ]

    told = list(Engine(PROFILES).match(numbered))

    assert [one.number for one in told] == [7, 7, 7, 3, 3]
    pairs = {(profile, number) for profile, number, _ in in_pairs(told)}
    assert pairs == {("zinc", 7), ("anything", 7), ("roofs", 7), ("zinc", 3), ("anything", 3)}
    assert len(list(in_pairs(told))) == len(pairs)


def test_no_profiles_and_no_notices_give_no_pairs():
    """
    An empty engine answers, and so does one that is asked nothing.
    """
    assert list(Engine([]).match([(1, notice("Toiture"))])) == []
    assert list(Engine(PROFILES).match([])) == []


def test_notices_are_taken_one_by_one():
    """
    A caller may stop in the middle: what was not asked for is not read.
    """
    read = []

    def notices():
        for number in range(3):
            read.append(number)
            yield number, notice("Toiture")

    found = Engine(PROFILES[2:]).match(notices())

    first = next(found)
    assert (first.number, list(first.profile_ids)) == (0, ["roofs"])
    assert read == [0]


def test_groups_that_nothing_proposed_are_judged_as_well():
    """
    Two ask for one buyer, the second for zinc besides: no word of it stands, and that is no wish for anything.
    """
    groups = Groups()
    asked = (Criteria(buyers=("Mairie",)), Criteria(words=("zinguerie",), buyers=("Mairie",)))
    numbers = [groups.add(one)[0] for one in asked]
    analysed = analyse_notice(notice("Peinture", buyer=Buyer("Mairie de Redon")))

    decided = groups.decide(np.array(numbers[::-1]), analysed)

    assert [one.accepted for one in decided.decisions] == [True]
    assert (decided.groups.tolist(), decided.ends.tolist()) == (numbers[:1], [1])


def test_a_number_stands_for_one_group_for_several_or_for_nothing():
    """
    Groups come in the order of the numbers that are asked for; what was told later is known, too.
    """
    numbering = Numbering()
    assert numbering.unknown([[7]]) == {7}
    numbering.add({2**62: (4,), 7: (1, 3), 9: ()})

    assert numbering.groups([7, 9, 2**62]).tolist() == [1, 3, 4]
    numbering.add({8: (0,)})
    assert numbering.groups([2**62, 8]).tolist() == [4, 0]
    assert numbering.groups([]).tolist() == []
    assert numbering.unknown([[7, 10], [], [2**62 + 1]]) == {10, 2**62 + 1}
