"""The view: newest statement wins, silence loses nothing, a copy only fills in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Change, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import ProcedureState
from alerting.notices.view import find_changes, find_state, merge


DEADLINE = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
CALL = Notice(
    feed_id="boamp",
    source_id="26-1",
    version=None,
    kind=NoticeKind.CALL,
    title="Toiture de l'école",
    published_at=DEADLINE - timedelta(days=30),
    buyer=Buyer("Ville de Kerlann", None, "35"),
    deadline_at=DEADLINE,
    document_url="https://a.example/dce",
    lots=(Lot("1", "Charpente"), Lot("2", "Couverture")),
)
CORRECTION = Notice(
    feed_id="boamp", source_id="26-2", version=None, kind=NoticeKind.CORRECTION, title="Toiture de l'école"
)
COPY = replace(
    CALL,
    feed_id="profil",
    source_id="9",
    title="TOITURE ECOLE",
    document_url="https://b.example/dce",
    lots=(Lot("LOT-0001"), Lot("LOT-0002", value=Money(100, "EUR"))),
    submission_url="https://b.example/depot",
)


def test_a_correction_replaces_what_it_states_and_nothing_else():
    """
    The deadline moves; buyer, lots and documents stay; the identity is the call's.
    """
    later = DEADLINE + timedelta(days=7)

    view = merge([CALL, replace(CORRECTION, deadline_at=later)])

    assert view == replace(CALL, deadline_at=later)
    assert find_changes(CALL, view) == (
        Change("deadline_at", "2026-04-01T10:00:00+00:00", "2026-04-08T10:00:00+00:00"),
    )


def test_a_correction_that_no_longer_reserves_a_lot_opens_it():
    """
    "None" is a statement (BT-71), silence is not.
    """
    lots = (Lot("1", "Charpente", is_reserved=True), Lot("2", "Zinc", is_reserved=True))
    call = replace(CALL, lots=lots, asks_deposit=True)
    correction = replace(CORRECTION, lots=(Lot("LOT-0001", is_reserved=False), Lot("LOT-0002")))

    view = merge([call, correction])

    assert [lot.is_reserved for lot in view.lots] == [False, True]
    assert view.asks_deposit is True


def test_a_corrections_title_does_not_rename_the_purchase():
    """
    Profiles match by the title: a purchase called "Rectificatif" would end every match.
    """
    correction = replace(CORRECTION, title="Rectificatif")
    named = replace(CORRECTION, title="Toiture et bardage", changes=(Change("title", "a", "b"),))

    assert merge([CALL, correction]).title == CALL.title
    assert merge([correction, CALL]).title == CALL.title
    assert merge([CALL, named]).title == "Toiture et bardage"


def test_an_hour_wins_over_a_day_alone():
    """
    TED gives the day, the platform noon: whichever comes first, the hour holds; another day is a change.
    """
    day = replace(CALL, feed_id="ted", deadline_at=datetime(2026, 4, 1, 21, 59, tzinfo=UTC))
    later = replace(CORRECTION, deadline_at=datetime(2026, 4, 8, 21, 59, tzinfo=UTC))

    assert merge([day, CALL]).deadline_at == DEADLINE
    assert merge([CALL, day]).deadline_at == DEADLINE
    assert merge([CALL, later]).deadline_at == later.deadline_at


def test_a_bare_departement_does_not_hide_the_commune():
    """
    BOAMP's corrections repeat the département alone; a commune elsewhere is a new statement.
    """
    kerlann = Place(departement="35", commune="Kerlann", postcode="35170")
    call = replace(CALL, places=(kerlann,))

    vague = merge([call, replace(CORRECTION, places=(Place(departement="35"),))])
    moved = merge([call, replace(CORRECTION, places=(Place(departement="56"),))])
    copied = merge([replace(CALL, places=(Place(departement="35"),)), replace(CORRECTION, places=(kerlann,))])

    assert (vague.places, copied.places) == ((kerlann,), (kerlann,))
    assert moved.places == (Place(departement="56"),)


def test_a_deadline_that_is_given_only_among_the_changes_counts():
    """
    BOAMP corrections state the new deadline as a change, not as a field.
    """
    change = Change("deadline_at", None, "2026-04-09T12:00:00+02:00", "au lieu de")

    view = merge([CALL, replace(CORRECTION, changes=(change,))])

    assert view.deadline_at == datetime(2026, 4, 9, 10, 0, tzinfo=UTC)


def test_a_copy_from_another_feed_fills_in_and_is_no_news():
    """
    A second platform's copy adds its address to answer at; nothing of what was told changes.
    """
    view = merge([CALL, COPY])

    lots = (CALL.lots[0], replace(CALL.lots[1], value=Money(100, "EUR")))
    assert view == replace(CALL, submission_url=COPY.submission_url, lots=lots)
    assert find_changes(CALL, view) == ()


def test_a_correction_in_words_alone_is_news_once():
    """
    Prose that names no fact is told as it stands, and not again.
    """
    prose = Change("text", None, "Lire 12 mois au lieu de 10.")

    view = merge([CALL, replace(CORRECTION, changes=(prose,))])

    assert find_changes(CALL, view) == (prose,)
    assert find_changes(view, view) == ()


def test_a_lot_that_is_added_is_news():
    """
    Lots are compared by number, however a source writes it.
    """
    view = merge([CALL, replace(CORRECTION, lots=(Lot("LOT-0003", "Zinguerie"),))])

    assert find_changes(CALL, view) == (Change("lots", "1; 2", "1; 2; 3"),)


def test_the_state_follows_the_notices():
    """
    Planned, open, cancelled, awarded; a late copy of the call does not open it again.
    """
    cancelled = replace(CORRECTION, kind=NoticeKind.CANCELLATION)
    awarded = replace(CORRECTION, kind=NoticeKind.AWARD)
    planned = replace(CORRECTION, kind=NoticeKind.PLANNING)
    histories = [
        [planned],
        [planned, CALL],
        [CORRECTION],
        [CALL, cancelled],
        [CALL, cancelled, COPY],
        [CALL, awarded],
    ]

    states = [find_state(history) for history in histories]

    assert states == [
        ProcedureState.PLANNED,
        ProcedureState.OPEN,
        ProcedureState.OPEN,
        ProcedureState.CANCELLED,
        ProcedureState.CANCELLED,
        ProcedureState.AWARDED,
    ]


CANCELLED = replace(CORRECTION, kind=NoticeKind.CANCELLATION, published_at=DEADLINE - timedelta(days=20))
AGAIN = replace(
    CALL,
    source_id="26-3",
    published_at=DEADLINE - timedelta(days=10),
    deadline_at=DEADLINE + timedelta(days=30),
)


@pytest.mark.parametrize(
    ("after", "state"),
    [
        pytest.param([AGAIN], ProcedureState.OPEN, id="called again"),
        pytest.param([replace(AGAIN, deadline_at=DEADLINE)], ProcedureState.OPEN, id="by the same source, for the same day"),
        pytest.param([replace(AGAIN, feed_id="ted")], ProcedureState.OPEN, id="by another source, for another day"),
        pytest.param(
            [replace(AGAIN, feed_id="ted", deadline_at=DEADLINE)], ProcedureState.CANCELLED, id="another source is late"
        ),
        pytest.param([replace(AGAIN, kind=NoticeKind.CORRECTION)], ProcedureState.OPEN, id="corrected by the source that ended it"),
        pytest.param(
            [replace(AGAIN, kind=NoticeKind.CORRECTION, feed_id="ted", deadline_at=DEADLINE)],
            ProcedureState.CANCELLED,
            id="another source's correction is late",
        ),
        pytest.param([replace(AGAIN, deadline_at=None)], ProcedureState.CANCELLED, id="no day to answer"),
        pytest.param(
            [replace(AGAIN, deadline_at=CANCELLED.published_at)], ProcedureState.CANCELLED, id="the day is over"
        ),
        pytest.param([replace(AGAIN, published_at=None)], ProcedureState.CANCELLED, id="nobody knows when"),
        pytest.param(
            [AGAIN, replace(CANCELLED, published_at=DEADLINE)], ProcedureState.CANCELLED, id="and cancelled again"
        ),
        pytest.param(
            [AGAIN, replace(CANCELLED, lots=(Lot("1"),), published_at=DEADLINE)], ProcedureState.OPEN, id="and one lot of it"
        ),
    ],
)  # fmt: skip
def test_a_purchase_that_is_called_again_after_its_end_is_open(after, state):
    """
    A call published after the end with its day ahead; another source that is only late opens nothing.
    """
    assert find_state([CALL, CANCELLED, *after]) is state
    awarded = replace(CANCELLED, kind=NoticeKind.AWARD)
    is_open = state is ProcedureState.OPEN
    assert (find_state([CALL, awarded, *after]) is ProcedureState.OPEN) is is_open


def test_what_is_called_again_by_another_source_has_its_day():
    """
    It is no copy that only fills in.
    """
    again = replace(AGAIN, feed_id="ted", source_id="9-2026")

    assert merge([CALL, CANCELLED, again]).deadline_at == AGAIN.deadline_at
    assert merge([CALL, CANCELLED, replace(again, deadline_at=DEADLINE)]).deadline_at == DEADLINE


def test_a_cancelled_procedure_keeps_its_deadline_and_its_kind():
    """
    A cancellation says nothing of the deadline: the old one stays, so that the firm knows which it was.
    """
    view = merge([CALL, replace(CORRECTION, kind=NoticeKind.CANCELLATION)])

    assert (view.deadline_at, view.kind) == (DEADLINE, NoticeKind.CALL)


def test_every_fact_that_a_firm_acts_on_is_news_when_it_moves():
    """
    Deadlines, the visit, addresses and the value; a fact that was silent is no news, but the deadline is.
    """
    call = replace(
        CALL,
        question_deadline_at=DEADLINE - timedelta(days=9),
        visit_at=DEADLINE - timedelta(days=12),
        submission_url="https://a.example/depot",
        value=Money(9_000_000, "EUR"),
    )
    moved = replace(
        call,
        deadline_at=DEADLINE + timedelta(days=7),
        question_deadline_at=DEADLINE - timedelta(days=2),
        visit_at=DEADLINE - timedelta(days=5),
        document_url="https://c.example/dce",
        submission_url="https://c.example/depot",
        value=Money(9_500_050, "EUR"),
    )
    silent = replace(CALL, deadline_at=None, document_url=None)

    assert find_changes(call, moved) == (
        Change("deadline_at", "2026-04-01T10:00:00+00:00", "2026-04-08T10:00:00+00:00"),
        Change("question_deadline_at", "2026-03-23T10:00:00+00:00", "2026-03-30T10:00:00+00:00"),
        Change("visit_at", "2026-03-20T10:00:00+00:00", "2026-03-27T10:00:00+00:00"),
        Change("document_url", "https://a.example/dce", "https://c.example/dce"),
        Change("submission_url", "https://a.example/depot", "https://c.example/depot"),
        Change("value", "90000.00 EUR", "95000.50 EUR"),
    )
    assert find_changes(silent, call) == (Change("deadline_at", None, "2026-04-01T10:00:00+00:00"),)
