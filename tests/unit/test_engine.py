"""The engine yields accepted pairs, notice by notice, and needs nothing to be there."""

from __future__ import annotations

from alerting.domain.criteria import Criteria
from alerting.domain.notice import Buyer, Notice, NoticeKind
from alerting.matching.analyse import analyse_notice
from alerting.matching.engine import Engine
from alerting.matching.groups import Groups


def notice(title: str, **facts) -> Notice:
    """Return a call of that title."""
    return Notice("any", "1", None, NoticeKind.CALL, title, **facts)


PROFILES = [
    ("zinc", Criteria(words=("zinguerie",))),
    ("anything", Criteria()),
    ("roofs", Criteria(words=("toiture",), cpv_codes=("45261000",))),
]


def test_pairs_come_notice_by_notice_and_profiles_in_the_order_given():
    """
    A profile that two criteria propose is yielded once; notices come as they were given.
    """
    numbered = [
        (7, notice("Toiture et zinguerie", cpv_main="45261210")),
        (3, notice("Couverture en zinguerie")),
    ]

    pairs = [(profile, number) for profile, number, _ in Engine(PROFILES).match(numbered)]

    assert pairs == [("zinc", 7), ("anything", 7), ("roofs", 7), ("zinc", 3), ("anything", 3)]


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

    assert next(found)[:2] == ("roofs", 0)
    assert read == [0]


def test_groups_that_nothing_proposed_are_judged_as_well():
    """
    Two ask for one buyer, the second for zinc besides: no word of it stands, and that is no wish for anything.
    """
    groups = Groups()
    asked = (Criteria(buyers=("Mairie",)), Criteria(words=("zinguerie",), buyers=("Mairie",)))
    numbers = [groups.add(one)[0] for one in asked]
    analysed = analyse_notice(notice("Peinture", buyer=Buyer("Mairie de Redon")))

    accepted, decisions = groups.accepting(reversed(numbers), analysed)

    assert (accepted, [one.accepted for one in decisions]) == (numbers[:1], [True])
