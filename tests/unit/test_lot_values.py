"""A firm that says how large a job may be is shown the lots of that size, not their neighbours."""

from __future__ import annotations

import pytest

from alerting.domain.criteria import Criteria
from alerting.domain.decide import decide
from alerting.domain.money import Money
from alerting.domain.notice import Lot, Notice, NoticeKind
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria


def decide_on(*euros: int | None, total: int | None = None, pass_unknown: bool = True):
    """Decide on lots of these values, for a joiner who takes 10,000 to 300,000 euros."""
    criteria = Criteria(
        words=("fenêtres",), minimum_cents=1_000_000, maximum_cents=30_000_000, pass_unknown=pass_unknown
    )
    lots = tuple(
        Lot(str(number), "Fenêtres", value=None if amount is None else Money(amount * 100, "EUR"))
        for number, amount in enumerate(euros, start=1)
    )
    value = None if total is None else Money(total * 100, "EUR")
    notice = Notice("any", "1", None, NoticeKind.CALL, "Fenêtres de l'école", lots=lots, value=value)
    return decide(compile_criteria(criteria), analyse_notice(notice))


@pytest.mark.parametrize(
    ("euros", "lot_ids"),
    [
        pytest.param((690_000, 165_000), ("2",), id="one is too large"),
        pytest.param((5_000, 165_000), ("2",), id="one is too small"),
        pytest.param((690_000, None), ("2",), id="one is too large, one does not say"),
        pytest.param((165_000, None), ("1", "2"), id="one fits, one does not say"),
        pytest.param((10_000, 300_000), ("1", "2"), id="both ends belong"),
    ],
)
def test_only_lots_of_the_right_size_are_for_the_firm(euros, lot_ids):
    """
    The reasons speak of those lots alone; the value of the whole says nothing of a lot.
    """
    decision = decide_on(*euros, total=sum(filter(None, euros)))

    assert (decision.accepted, decision.lot_ids) == (True, lot_ids)
    assert tuple(reason.lot_id for reason in decision.reasons if reason.lot_id) == lot_ids


@pytest.mark.parametrize("euros", [(690_000,), (690_000, 5_000)])
def test_when_no_lot_has_the_right_size_the_notice_is_refused(euros):
    """
    What decided is the value, with the amounts that the notice states.
    """
    decision = decide_on(*euros)

    assert not decision.accepted
    assert [(reason.criterion, reason.facts) for reason in decision.reasons] == [
        ("value", tuple(str(amount * 100) for amount in euros))
    ]


def test_what_is_not_stated_passes_only_where_the_profile_lets_it():
    """
    A lot too large and one that does not say: unknown for the one profile, refused for the other.
    """
    lets, refuses = (decide_on(690_000, None, pass_unknown=passes) for passes in (True, False))

    assert (lets.accepted, lets.lot_ids) == (True, ("2",))
    assert not refuses.accepted


@pytest.mark.parametrize(
    ("euros", "total", "expected"),
    [
        pytest.param((900_000, 800_000), None, (False, "value", ("90000000", "80000000")), id="both too large"),
        pytest.param((900_000, 200_000), None, (True, "value", ("20000000",)), id="one within reach"),
        pytest.param((900_000, None), None, (True, "value", ()), id="one does not say"),
        pytest.param((900_000, 800_000), 250_000, (True, "value", ("25000000",)), id="the whole says"),
    ],
)  # fmt: skip
def test_a_whole_without_a_value_has_those_of_its_lots(euros, total, expected):
    """
    Only the title speaks of windows, so the notice is taken as a whole: one lot within reach keeps it.
    """
    criteria = Criteria(words=("fenêtres",), minimum_cents=1_000_000, maximum_cents=30_000_000)
    lots = tuple(
        Lot(f"{number}", f"Site {number}", value=None if amount is None else Money(amount * 100, "EUR"))
        for number, amount in enumerate(euros)
    )
    value = None if total is None else Money(total * 100, "EUR")
    notice = Notice("any", "1", None, NoticeKind.CALL, "Fenêtres", lots=lots, value=value)

    decision = decide(compile_criteria(criteria), analyse_notice(notice))

    last = decision.reasons[-1]
    assert (decision.accepted, last.criterion, last.facts) == expected
