"""What of a profile's matches is told, as what, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerting.digests.select import Candidate, Reminding, Told, find_telling_kind, select_items
from alerting.domain.cadence import Rhythm
from alerting.domain.digest import TellingKind, reminder_key, telling_keys
from alerting.domain.notice import Change, Notice, NoticeKind
from alerting.domain.procedure import Procedure, ProcedureState


NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
AHEAD = NOW + timedelta(days=10)
PASSED = NOW - timedelta(hours=1)

NEW_1 = Told(TellingKind.NEW, 1)
OPEN, CANCELLED = ProcedureState.OPEN, ProcedureState.CANCELLED
AWARDED, PLANNED = ProcedureState.AWARDED, ProcedureState.PLANNED


def candidate(
    procedure_id: int = 1,
    *,
    state: ProcedureState = OPEN,
    revision: int = 1,
    deadline_at: datetime | None = AHEAD,
    changed: tuple[str, ...] = (),
    score: float = 1.0,
    told: tuple[Told, ...] = (),
    has_news: bool = True,
) -> Candidate:
    """Return a candidate; by default an open procedure never told."""
    view = Notice("demo", str(procedure_id), "01", NoticeKind.CALL, "Travaux", deadline_at=deadline_at)
    changes = tuple(Change(field) for field in changed)
    procedure = Procedure(procedure_id, revision, state, view, changes)
    return Candidate(procedure, score=score, told=told, has_news=has_news)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        pytest.param(candidate(), TellingKind.NEW, id="never told, open"),
        pytest.param(candidate(deadline_at=None), TellingKind.NEW, id="never told, deadline not stated"),
        pytest.param(candidate(revision=3), TellingKind.NEW, id="never told, corrected before we matched it"),
        pytest.param(candidate(deadline_at=PASSED), None, id="never told, too late"),
        pytest.param(candidate(state=CANCELLED), None, id="never told, cancelled"),
        pytest.param(candidate(state=AWARDED), None, id="never told, awarded"),
        pytest.param(candidate(state=PLANNED), None, id="never told, only planned"),
        pytest.param(candidate(told=(NEW_1,)), None, id="told, nothing since"),
        pytest.param(candidate(revision=2, told=(NEW_1,)), TellingKind.CORRECTED, id="told, revised"),
        pytest.param(
            candidate(revision=2, told=(Told(TellingKind.CORRECTED, 2), NEW_1)),
            None,
            id="told both, in any order",
        ),
        pytest.param(
            candidate(revision=2, deadline_at=PASSED, told=(NEW_1,)),
            None,
            id="told, revised when it is too late",
        ),
        pytest.param(
            candidate(revision=2, deadline_at=PASSED, changed=("deadline_at",), told=(NEW_1,)),
            TellingKind.CORRECTED,
            id="told, and the deadline was moved into the past",
        ),
        pytest.param(
            candidate(revision=2, state=CANCELLED, deadline_at=PASSED, told=(NEW_1,)),
            TellingKind.CANCELLED,
            id="told, then cancelled, even late",
        ),
        pytest.param(
            candidate(revision=2, state=AWARDED, told=(NEW_1,)), TellingKind.AWARDED, id="told, then awarded"
        ),
        pytest.param(
            candidate(revision=3, state=CANCELLED, told=(NEW_1, Told(TellingKind.CANCELLED, 2))),
            None,
            id="an end is told once",
        ),
        pytest.param(
            candidate(
                revision=4,
                state=CANCELLED,
                told=(NEW_1, Told(TellingKind.CANCELLED, 2), Told(TellingKind.CORRECTED, 3)),
            ),
            TellingKind.CANCELLED,
            id="an end is told again where it was told to be open in between",
        ),
        pytest.param(
            candidate(
                revision=5,
                state=CANCELLED,
                told=(NEW_1, Told(TellingKind.CORRECTED, 3), Told(TellingKind.CANCELLED, 4)),
            ),
            None,
            id="an end is told once after corrections, too",
        ),
        pytest.param(
            candidate(revision=3, told=(NEW_1,), has_news=False), None, id="told, changed, and changed back"
        ),
        pytest.param(
            candidate(revision=3, told=(NEW_1, Told(TellingKind.CANCELLED, 2))),
            TellingKind.CORRECTED,
            id="open again after an end",
        ),
    ],
)
def test_what_is_told_of_a_candidate(given, kind):
    """
    New while it is open and in time; afterwards only what has changed since the last telling.
    """
    assert find_telling_kind(given, now=NOW) == kind


def test_items_are_ordered_by_deadline_then_score():
    """
    The nearest deadline first, the better match first among equals, no deadline last.
    """
    candidates = [
        candidate(1, deadline_at=None),
        candidate(2, score=0.5),
        candidate(3, score=0.9),
        candidate(4, deadline_at=NOW + timedelta(days=1), score=0.1),
        candidate(5, deadline_at=PASSED),
    ]

    items = select_items(candidates, now=NOW)

    assert [item.procedure_id for item in items] == [4, 3, 2, 1]


def test_a_new_item_shows_no_corrections():
    """
    Who hears of a procedure for the first time needs the facts, not their history; who was told sees it.
    """
    first = candidate(1, revision=2, changed=("deadline_at",))
    again = candidate(2, revision=2, changed=("deadline_at",), told=(NEW_1,))

    items = select_items([first, again], now=NOW)

    assert [item.changes for item in items] == [(), (Change("deadline_at"),)]


FIVE_DAYS = Reminding(working_days=5, rhythm=Rhythm(), digest_hour=7)
# Monday 16 March 2026, 12:00 in Paris: five working days of it begin on Tuesday 10, at 7:00.
DUE = datetime(2026, 3, 16, 11, 0, tzinfo=UTC)
OPENS = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)


def reminders(given: Candidate, *, now: datetime) -> list[tuple[str, ...]]:
    """Return what a candidate is reminded of."""
    items = select_items([given], now=now, reminding=FIVE_DAYS)
    return [item.reminds_of for item in items if item.telling_kind is TellingKind.REMINDER]


@pytest.mark.parametrize(
    ("told_at", "now", "expected"),
    [
        pytest.param(NOW, OPENS - timedelta(minutes=1), [], id="too early"),
        pytest.param(NOW, OPENS, [("deadline_at",)], id="from the hour on"),
        pytest.param(NOW, DUE - timedelta(minutes=1), [("deadline_at",)], id="until the deadline"),
        pytest.param(NOW, DUE, [], id="too late"),
        pytest.param(OPENS, OPENS + timedelta(days=1), [], id="told since it was due"),
    ],
)
def test_a_deadline_is_reminded_some_working_days_before(told_at, now, expected):
    """
    Working days count, from the profile's hour; who was told in these days needs no reminder.
    """
    told = (Told(TellingKind.NEW, 1, told_at=told_at),)

    assert reminders(candidate(deadline_at=DUE, told=told), now=now) == expected


def test_a_date_is_reminded_once_and_a_date_that_moved_again():
    """
    The key is the day: the same deadline is told once, another one is another fact.
    """
    key = reminder_key("deadline_at", DUE)
    told = (Told(TellingKind.NEW, 1, told_at=NOW), Told(TellingKind.REMINDER, 1, key, told_at=OPENS))
    later = DUE + timedelta(days=14)

    assert reminders(candidate(deadline_at=DUE, told=told), now=OPENS + timedelta(days=1)) == []
    assert reminders(candidate(deadline_at=later, told=told), now=later - timedelta(days=2)) == [
        ("deadline_at",)
    ]


def test_a_reminder_leaves_a_correction_to_be_told():
    """
    News comes before a reminder; a reminder keeps what was told last, so that news is not lost.
    """
    told = (Told(TellingKind.NEW, 1, told_at=NOW),)
    changed = candidate(revision=2, deadline_at=DUE, changed=("value",), told=told)

    [news] = select_items([changed], now=OPENS, reminding=FIVE_DAYS)
    [reminder] = select_items([candidate(deadline_at=DUE, told=told)], now=OPENS, reminding=FIVE_DAYS)

    assert (news.telling_kind, telling_keys(news)) == (TellingKind.CORRECTED, (2,))
    assert (reminder.revision, telling_keys(reminder)) == (1, (202603161,))


def test_what_is_no_longer_asked_for_or_open_is_not_reminded():
    """
    A profile that changed its mind, a procedure that ended, and one that was never told.
    """
    told = (Told(TellingKind.NEW, 1, told_at=NOW),)
    unwanted = Candidate(candidate(deadline_at=DUE).procedure, told=told, is_matched=False)
    ended = candidate(deadline_at=DUE, state=CANCELLED, told=(*told, Told(TellingKind.CANCELLED, 1)))

    assert [reminders(one, now=OPENS) for one in (unwanted, ended, candidate(deadline_at=DUE))] == [
        [],
        [],
        [],
    ]
