"""Lots with deadlines of their own: how they are read, merged, and seen by who is concerned by some of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerting.digests.select import Candidate, Reminding, Told, select_items
from alerting.domain.cadence import Rhythm
from alerting.domain.digest import TellingKind, reminder_key, telling_keys
from alerting.domain.lots import as_for_lots, changes_for, deadlines_of, last_deadline, open_lots
from alerting.domain.match import Reason
from alerting.domain.notice import (
    Change,
    Lot,
    Notice,
    NoticeKind,
    RawLot,
    RawNotice,
    RawTime,
)
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.notices.normalise import normalise
from alerting.notices.view import find_changes, find_state, merge, sum_up
from alerting.pipeline.load import hash_content


NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
OVER, SOON, LATER, LAST = (NOW + timedelta(days=days) for days in (-3, 4, 11, 18))
CALL = Notice(
    "ted", "call", "01", NoticeKind.CALL, "Salle des fêtes", published_at=OVER - timedelta(days=20),
    deadline_at=LATER, lots=(Lot("1", deadline_at=OVER), Lot("2", deadline_at=SOON), Lot("3", deadline_at=LATER)),
)  # fmt: skip
CORRECTION = Notice("ted", "correction", "01", NoticeKind.CORRECTION, "Rectificatif")


def dates(notice: Notice) -> tuple[datetime | None, dict[str, datetime | None]]:
    """Return the last date of a notice, and its lots' own."""
    return notice.deadline_at, {lot.lot_id: lot.deadline_at for lot in notice.lots}


def raw(deadlines: tuple[str, ...], *of_lots: tuple[str, ...]) -> RawNotice:
    """Return a raw notice that states days: its own, and those of each lot."""
    lots = tuple(
        RawLot(str(number), deadlines=tuple(map(RawTime, days))) for number, days in enumerate(of_lots, 1)
    )
    return RawNotice("ted", "call", "Salle des fêtes", lots=lots, deadlines=tuple(map(RawTime, deadlines)))


MARCH_3, MARCH_9, MARCH_20 = (f"2026-03-{day:02}T12:00:00Z" for day in (3, 9, 20))
AT_3, AT_9, AT_20 = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (3, 9, 20))


@pytest.mark.parametrize(
    ("stated", "last", "own"),
    [
        pytest.param(raw(()), None, [], id="nothing is stated"),
        pytest.param(raw((MARCH_9, MARCH_3)), AT_3, [], id="of two stages the first ends the chance"),
        pytest.param(raw((), (MARCH_9,), (MARCH_9,)), AT_9, [None, None], id="lots that agree have none of their own"),
        pytest.param(raw((), (MARCH_3,), (MARCH_20,)), AT_20, [AT_3, AT_20], id="lots that differ: the last one is the whole's"),
        pytest.param(raw((), (MARCH_9, MARCH_3), (MARCH_20,)), AT_20, [AT_3, AT_20], id="of a lot's stages the first"),
        pytest.param(raw((), (MARCH_3,), ()), AT_3, [None, None], id="one lot says for all"),
        pytest.param(raw((MARCH_20,), (MARCH_3,), ()), AT_20, [AT_3, None], id="the notice says for the lot that is silent"),
        pytest.param(raw((MARCH_20,), (MARCH_3,), (MARCH_3,)), AT_3, [None, None], id="every lot says so itself"),
    ],
)  # fmt: skip
def test_a_notice_has_the_last_date_and_lots_that_differ_have_their_own(stated, last, own):
    """
    Else a purchase would look closed while one of its lots is open.
    """
    notice = normalise(stated)

    assert (notice.deadline_at, [lot.deadline_at for lot in notice.lots]) == (last, own)


@pytest.mark.parametrize(
    ("lot_ids", "all_dates", "shown", "still_open"),
    [
        pytest.param((), (LATER,), LATER, (), id="the whole: until the last lot"),
        pytest.param(("1",), (OVER,), OVER, ("1",), id="a lot that is over"),
        pytest.param(("2",), (SOON,), SOON, ("2",), id="a lot that is open"),
        pytest.param(("1", "2", "3"), (OVER, SOON, LATER), SOON, ("2", "3"), id="several: the next one"),
        pytest.param(("9",), (LATER,), LATER, ("9",), id="a lot that is none any more"),
    ],
)
def test_a_firm_is_concerned_by_the_dates_of_its_lots(lot_ids, all_dates, shown, still_open):
    """
    What is shown is the next date; what decides is the last one.
    """
    assert deadlines_of(CALL, lot_ids) == all_dates
    assert last_deadline(CALL, lot_ids) == all_dates[-1]
    assert as_for_lots(CALL, lot_ids, now=NOW).deadline_at == shown
    assert open_lots(CALL, lot_ids, now=NOW) == still_open


def test_a_notice_whose_lots_agree_is_the_same_for_everybody():
    """
    Thousands of digests share it.
    """
    agreed = replace(CALL, lots=(Lot("1"), Lot("2")))

    assert as_for_lots(agreed, ("1",), now=NOW) is agreed
    assert open_lots(agreed, ("1",), now=LAST) == ("1",)


def test_a_change_of_another_lot_concerns_nobody_else():
    """
    That of the whole concerns all.
    """
    whole, second = Change("deadline_at", "a", "b"), Change("deadline_at", "a", "c", lot_id="2")

    assert changes_for((whole, second), ("1",)) == (whole,)
    assert changes_for((whole, second), ("2", "3")) == (whole, second)
    assert changes_for((whole, second), ()) == (whole, second)


@pytest.mark.parametrize(
    ("correction", "expected"),
    [
        pytest.param(
            replace(CORRECTION, changes=(Change("deadline_at", None, LAST.isoformat(), lot_id="Lot n° 2"),)),
            (LAST, {"1": OVER, "2": LAST, "3": LATER}),
            id="a lot is moved, and becomes the last",
        ),
        pytest.param(
            replace(CORRECTION, changes=(Change("deadline_at", None, LAST.isoformat(), lot_id="9"),)),
            (LATER, {"1": OVER, "2": SOON, "3": LATER}),
            id="a lot that nobody knows moves nothing",
        ),
        pytest.param(
            replace(CORRECTION, changes=(Change("deadline_at", None, LAST.isoformat()),)),
            (LAST, {"1": None, "2": None, "3": None}),
            id="the whole is moved: all lots are",
        ),
        pytest.param(
            replace(CORRECTION, deadline_at=LAST, lots=(Lot("1"), Lot("2"), Lot("3"))),
            (LAST, {"1": None, "2": None, "3": None}),
            id="published again, with one date for all",
        ),
        pytest.param(
            replace(CORRECTION, deadline_at=LAST, lots=(Lot("1", deadline_at=LAST), Lot("2", deadline_at=SOON), Lot("3"))),
            (LAST, {"1": LAST, "2": SOON, "3": None}),
            id="published again, with other dates",
        ),
        pytest.param(CORRECTION, (LATER, {"1": OVER, "2": SOON, "3": LATER}), id="silence changes nothing"),
        pytest.param(
            replace(CORRECTION, changes=tuple(Change("deadline_at", None, LAST.isoformat(), lot_id=lot) for lot in "123")),
            (LAST, {"1": None, "2": None, "3": None}),
            id="every lot is moved to one date",
        ),
    ],
)  # fmt: skip
def test_dates_of_the_whole_and_of_its_lots_are_one_statement(correction, expected):
    """
    A new one takes the place of the old one; a lot's alone leaves the others where they were.
    """
    assert dates(merge([CALL, correction])) == expected


def test_a_lot_without_number_of_its_own_is_not_another_one():
    """
    "LOT-0002", "Lot n° 2" and "02" are one lot; "2A" and "2B" are two, and neither is lost.
    """
    call = replace(CALL, lots=(Lot("2A", "Murs"), Lot("2B", "Toit"), Lot("LOT-0003", "Eau")))
    copied = replace(CALL, feed_id="boamp", lots=(Lot("Lot n° 2B"), Lot("3", "Plomberie")))

    view = merge([call, replace(CORRECTION, lots=(Lot("2B", "Toiture"), Lot("3", "Plomberie")))])

    assert [(lot.lot_id, lot.title) for lot in view.lots] == [
        ("2A", "Murs"),
        ("2B", "Toiture"),
        ("LOT-0003", "Plomberie"),
    ]
    assert [lot.title for lot in merge([call, copied]).lots] == ["Murs", "Toit", "Eau"]


def test_a_copy_that_names_one_date_does_not_hide_those_of_lots():
    """
    Another journal that knows less fills in nothing.  One that knows more does, where nothing was stated or one
    of its dates was: an aggregator gave the date of one lot for all.
    """
    copied = replace(CALL, feed_id="boamp", deadline_at=SOON, lots=(Lot("1"), Lot("2"), Lot("3")))
    silent = replace(CALL, deadline_at=None, lots=(Lot("1"), Lot("2"), Lot("3")))

    assert dates(merge([CALL, copied])) == dates(CALL)
    assert dates(merge([copied, CALL])) == dates(CALL)
    assert dates(merge([replace(copied, deadline_at=LAST), CALL])) == (
        LAST,
        {"1": None, "2": None, "3": None},
    )
    assert dates(merge([silent, replace(CALL, feed_id="boamp")])) == dates(CALL)


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        pytest.param(CALL, (), id="nothing"),
        pytest.param(
            replace(CALL, lots=(CALL.lots[0], Lot("2", deadline_at=LATER), CALL.lots[2])),
            (Change("deadline_at", SOON.isoformat(), LATER.isoformat(), lot_id="2"),),
            id="one lot",
        ),
        pytest.param(
            replace(CALL, deadline_at=LAST, lots=(Lot("1"), Lot("2"), Lot("3"))),
            tuple(
                Change("deadline_at", before.isoformat(), LAST.isoformat(), lot_id=lot_id)
                for lot_id, before in (("1", OVER), ("2", SOON), ("3", LATER))
            ),
            id="all of them, from different dates",
        ),
        pytest.param(
            replace(CALL, lots=(*CALL.lots, Lot("4", deadline_at=SOON))),
            (Change("lots", "1; 2; 3", "1; 2; 3; 4"),),
            id="a lot that is new moved nowhere",
        ),
    ],
)
def test_each_lots_move_is_one_change(after, changes):
    """
    It names the lot; where all lots move alike it names none.
    """
    agreed = replace(CALL, lots=(Lot("1"), Lot("2")))

    assert find_changes(CALL, after) == changes
    assert find_changes(agreed, replace(agreed, deadline_at=LAST)) == (
        Change("deadline_at", LATER.isoformat(), LAST.isoformat()),
    )


def test_several_moves_are_summed_up_lot_by_lot():
    """
    Of each lot the first before and the last after; what was taken back is no change.
    """
    steps = [
        [Change("deadline_at", "a", "b", lot_id="1"), Change("deadline_at", "a", "b", lot_id="2")],
        [Change("deadline_at", "b", "c", lot_id="1"), Change("deadline_at", "b", "a", lot_id="2")],
    ]

    assert sum_up(steps) == (Change("deadline_at", "a", "c", lot_id="1"),)


def test_a_result_of_one_lot_leaves_the_others_open():
    """
    A lot is awarded while another can be answered; once that one is awarded, too, the purchase is over.
    """
    first, second = (
        replace(CALL, source_id=f"award-{lot_id}", kind=NoticeKind.AWARD, published_at=at, lots=(Lot(lot_id),))
        for lot_id, at in (("LOT-0001", NOW), ("LOT-0002", SOON + timedelta(days=1)))
    )  # fmt: skip
    third = replace(first, source_id="award-3", lots=(Lot("3"),), published_at=LAST)

    assert find_state([CALL, first]) is ProcedureState.OPEN
    assert find_state([CALL, first, second]) is ProcedureState.OPEN
    assert find_state([CALL, first, second, third]) is ProcedureState.AWARDED
    assert find_state([CALL, replace(first, lots=())]) is ProcedureState.AWARDED
    assert find_state([CALL, replace(first, kind=NoticeKind.CANCELLATION)]) is ProcedureState.OPEN
    assert find_state([CALL, replace(CALL, kind=NoticeKind.CANCELLATION)]) is ProcedureState.CANCELLED
    assert find_state([replace(CALL, lots=(Lot("1"), Lot("2"))), first]) is ProcedureState.AWARDED


def test_a_lot_that_nobody_won_does_not_cancel_the_others():
    """
    The firm that answered lot 2 is not told that the purchase is cancelled because lot 1 is.
    """
    call = replace(CALL, lots=(Lot("LOT-0001"), Lot("LOT-0002")))
    lost = replace(CALL, source_id="lost", kind=NoticeKind.CANCELLATION, published_at=LAST, lots=(Lot("1"),))
    other = replace(lost, source_id="other", lots=(Lot("2"),))
    award = replace(other, kind=NoticeKind.AWARD)

    assert find_state([call, lost]) is ProcedureState.OPEN
    assert find_state([call, lost, other]) is ProcedureState.CANCELLED
    assert find_state([call, lost, award]) is ProcedureState.AWARDED
    assert find_state([call, replace(lost, lots=(Lot("A"),))]) is ProcedureState.CANCELLED
    assert find_state([call, replace(lost, lots=())]) is ProcedureState.CANCELLED


def test_the_words_by_which_an_award_is_taken_back_are_told():
    """
    Who was told of the award hears why it is none; of a plan nobody was told.
    """
    words = Change("text", None, "Publié par erreur.", "Publié par erreur.")
    award, plan = (
        replace(CORRECTION, kind=NoticeKind.OTHER, changes=(Change("kind", kind), words))
        for kind in ("award", "planning")
    )

    assert merge([CALL, award]).changes == (words,)
    assert merge([CALL, plan]).changes == ()


def candidate(*lot_ids: str, **facts: object) -> Candidate:
    """Return what a profile matched of the call, by some lots."""
    procedure = Procedure(1, facts.pop("revision", 1), ProcedureState.OPEN, CALL, facts.pop("changes", ()))
    return Candidate(procedure, lot_ids=lot_ids, **facts)


def test_what_is_new_is_told_with_the_lots_that_are_open():
    """
    The lot that is over goes, with the reasons that it gave.
    """
    reasons = (Reason("cpv", "met", "1"), Reason("cpv", "met", "3"), Reason("place", "met"))

    (item,) = select_items([candidate("1", "3", reasons=reasons)], now=NOW)

    assert (item.telling_kind, item.lot_ids, item.reasons) == (TellingKind.NEW, ("3",), reasons[1:])
    assert item.notice == replace(CALL, deadline_at=LATER)
    assert select_items([candidate("1", reasons=reasons)], now=NOW) == ()
    assert [one.notice.deadline_at for one in select_items([candidate()], now=NOW)] == [LATER]


def test_a_correction_for_who_has_a_lot_that_is_over_is_told_when_its_date_moved():
    """
    As of a whole purchase.
    """
    told = (Told(TellingKind.NEW, 1),)
    words, moved = Change("text", None, "Lire 12 mois."), Change("deadline_at", "a", "b", lot_id="1")

    assert select_items([candidate("1", revision=2, told=told, changes=(words,))], now=NOW) == ()
    (item,) = select_items([candidate("1", revision=2, told=told, changes=(moved,))], now=NOW)
    assert (item.telling_kind, item.lot_ids) == (TellingKind.CORRECTED, ("1",))


def test_a_reminder_is_of_the_next_date_of_the_lots_that_fit():
    """
    It is told under that date; when the date is over the next one is another reminder.
    """
    told = (Told(TellingKind.NEW, 1, told_at=OVER - timedelta(days=20)),)
    both = candidate("2", "3", told=told)
    reminding = Reminding(working_days=5, rhythm=Rhythm(hour=8), digest_hour=7)

    (first,) = select_items([both], now=NOW + timedelta(days=1), reminding=reminding)
    again = replace(both, told=(*told, Told(TellingKind.REMINDER, 1, key=reminder_key("deadline_at", SOON))))
    (second,) = select_items([again], now=SOON + timedelta(days=4), reminding=reminding)

    assert telling_keys(first) == (reminder_key("deadline_at", SOON),)
    assert (telling_keys(second), second.lot_ids) == ((reminder_key("deadline_at", LATER),), ("3",))
    assert select_items([again], now=NOW + timedelta(days=1), reminding=reminding) == ()


def test_notices_whose_lots_have_no_dates_hash_as_before_there_were_any():
    """
    Else every notice that is fetched again after an upgrade would be stored anew.
    """
    notice = Notice(
        "boamp", "26-1", None, NoticeKind.CORRECTION, "Toiture", deadline_at=SOON,
        lots=(Lot("1", "Charpente"), Lot("2")), changes=(Change("text", None, "Lire 12 mois."),),
    )  # fmt: skip
    dated = replace(notice, lots=(Lot("1", "Charpente", deadline_at=SOON), Lot("2")))

    assert hash_content(notice) == HASHED_BEFORE
    assert hash_content(dated) != HASHED_BEFORE
    assert hash_content(replace(notice, is_reserved=False)) != HASHED_BEFORE
    assert (
        hash_content(replace(notice, lots=(Lot("1", "Charpente"), Lot("2", asks_deposit=True))))
        != HASHED_BEFORE
    )


HASHED_BEFORE = "0204a4a52ebf250fd2f7060bd4df97c04d89e558cb3a668972e429a78082ea99"
