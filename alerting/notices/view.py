"""See a procedure's notices as one thing, and tell what changed.

In:   a procedure's notices in the order of publication.
Out:  the merged view, the state, and the facts that differ between two views.

The newest statement of a fact wins; a fact once stated is not lost because a later notice is
silent.  A second source's copy of a call only fills in what was not stated: two platforms word
one purchase differently, and a difference in words is no news to a firm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime

from alerting.domain.deadlines import PARIS, is_day_alone
from alerting.domain.lots import has_own_deadlines, lot_key
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Change, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import ProcedureState, Revision, Untold
from alerting.notices.likeness import read_moment
from alerting.notices.link import is_called_anew
from alerting.notices.proofs import refers_to


_OWN = frozenset({"feed_id", "source_id", "version", "kind", "published_at", "notice_url", "languages"})
_MERGED = tuple(
    field.name for field in fields(Notice) if field.name not in _OWN | {"lots", "changes", "normalisations"}
)
_COPIES = frozenset({NoticeKind.CALL, NoticeKind.PLANNING, NoticeKind.OTHER})
_NAMELESS = frozenset({NoticeKind.CANCELLATION, NoticeKind.CORRECTION})
_CALLS = frozenset({NoticeKind.CALL, NoticeKind.CORRECTION})
_ENDS = frozenset({NoticeKind.CANCELLATION, NoticeKind.AWARD})
# Where a procedure stands, as the field of a change.
_STATE = "state"


def merge(notices: Sequence[Notice]) -> Notice:
    """Return the view of a procedure; its identity is that of its first call, else of its first notice.

    Args:
        notices: At least one, the oldest first.
    """
    leader = next((notice for notice in notices if notice.kind is NoticeKind.CALL), notices[0])
    told = [notice for notice in notices if not _takes_back(notice)] or notices
    view = told[0]
    for position, notice in enumerate(told):
        view = _fill(view, notice) if _is_copy(notice, told[:position]) else _overlay(view, notice)
    own = {name: getattr(leader, name) for name in _OWN}
    texts = tuple(change for notice in notices for change in _prose(notice))
    return replace(view, **own | {"kind": _kind(notices), "changes": texts, "normalisations": ()})


def find_state(notices: Sequence[Notice]) -> ProcedureState:
    """Return where a procedure stands after these notices, the oldest first.

    What was taken back counts for nothing; a purchase of which only the plan was told ends with it.  A
    result of some lots does not end it while others can be answered, or have found nobody yet.  One that
    its source calls again after its end is open again.
    """
    state = ProcedureState.PLANNED
    void = _taken_back(notices)
    standing = [notice for position, notice in enumerate(notices) if position not in void]
    end: Notice | None = None
    known: list[Notice] = []
    for notice in standing:
        if notice.kind in _ENDS and not _leaves_lots_open(notice, known):
            is_cancelled = notice.kind is NoticeKind.CANCELLATION
            state, end = ProcedureState.CANCELLED if is_cancelled else ProcedureState.AWARDED, notice
        elif notice.kind in _CALLS and (end is None or _calls_again(notice, end, known)):
            state = ProcedureState.OPEN
            # What ended before says nothing of the lots that are called again.
            known = known if end is None else [each for each in known if each.kind not in _ENDS]
            end = None
        known.append(notice)
    is_void = state is ProcedureState.PLANNED and bool(void) and all(map(_takes_back, standing))
    return ProcedureState.CANCELLED if is_void else state


def find_changes(before: Notice, after: Notice) -> tuple[Change, ...]:
    """Return the told facts that differ, and corrections in prose alone.

    A fact that was silent and is now filled in is no change, but for the deadline.
    """
    told = [
        (
            "question_deadline_at",
            _time(before.question_deadline_at),
            _time(after.question_deadline_at),
        ),
        ("visit_at", _time(before.visit_at), _time(after.visit_at)),
        ("lots", _lots(before), _lots(after)),
        ("document_url", before.document_url, after.document_url),
        ("submission_url", before.submission_url, after.submission_url),
        ("value", _money(before.value), _money(after.value)),
    ]
    changed = [
        Change(field=name, before=old, after=new)
        for name, old, new in told
        if old != new and new is not None and old is not None
    ]
    known = set(before.changes)
    return (*_moved(before, after), *changed, *(change for change in after.changes if change not in known))


def find_turn(before: ProcedureState, after: ProcedureState, notices: Sequence[Notice]) -> tuple[Change, ...]:
    """Return which lots are awarded, where a purchase has just become awarded and that is said of some alone.

    Args:
        before: Where the procedure stood.
        after: Where it stands after *notices*.
        notices: All of it, the oldest first.
    """
    if after is not ProcedureState.AWARDED or before is after:
        return ()
    void = _taken_back(notices)
    awards = [
        notice
        for position, notice in enumerate(notices)
        if notice.kind is NoticeKind.AWARD and position not in void
    ]
    if not all(award.lots for award in awards):
        return ()
    awarded = {_lot_key(lot) for award in awards for lot in award.lots}
    others = {_lot_key(lot) for notice in notices for lot in notice.lots} - awarded
    return (Change("awarded_lots", after=_join_keys(awarded)),) if awarded and others else ()


def sum_up(steps: Iterable[Sequence[Change]]) -> tuple[Change, ...]:
    """Return what changed over several steps: of each field the first before and the last after.

    What was taken back is no change; words are kept as they came.
    """
    facts: dict[tuple[str, str | None], Change] = {}
    texts: dict[Change, None] = {}
    for change in (change for step in steps for change in step):
        if change.field == "text":
            texts[change] = None
        else:
            first = facts.get((change.field, change.lot_id), change)
            facts[change.field, change.lot_id] = replace(change, before=first.before)
    return (*(change for change in facts.values() if change.before != change.after), *texts)


def find_turn_of_state(before: ProcedureState, after: ProcedureState) -> tuple[Change, ...]:
    """Return that a procedure stands elsewhere, as a change; nothing where it does not."""
    return () if before is after else (Change(_STATE, before=before.value, after=after.value),)


def find_untold(
    history: Sequence[Revision], *, told_revision: int, carried: Sequence[Change] | None
) -> Untold:
    """Return what is left to tell of a procedure.

    Args:
        history: Its revisions, those that count.
        told_revision: Which was told last.
        carried: Where another was told that became part of this one: what differed between that and the
            revision after; None where this one was told.
    """
    known = told_revision if carried is None else told_revision + 1
    carried = () if carried is None else carried
    left = next((change.before for change in carried if change.field == _STATE), None)
    stood = next((step.state for step in history if step.revision == known), None)
    changes = sum_up([carried, *(step.changes for step in history if step.revision > known)])
    return Untold(
        state=stood if left is None else ProcedureState(left),
        changes=tuple(change for change in changes if change.field != _STATE),
    )


def _calls_again(notice: Notice, end: Notice, earlier: Sequence[Notice]) -> bool:
    """Tell whether a notice calls a purchase that had ended: published later, its day to answer ahead.

    Another source than that which told the end may only be late: its day must be one that nobody stated.
    """
    if notice.published_at is None or end.published_at is None or notice.deadline_at is None:
        return False
    if not end.published_at < min(notice.published_at, notice.deadline_at):
        return False
    return notice.feed_id == end.feed_id or is_called_anew(notice, [*earlier, end])


def _leaves_lots_open(result: Notice, earlier: Sequence[Notice]) -> bool:
    """Tell whether a result names some lots, and those that nothing was said of are not over.

    One that nobody won says nothing of the others; an award does, unless their own deadlines lay ahead then.
    """
    dates: dict[str, datetime | None] = {}
    ended = named = {_lot_key(lot) for lot in result.lots}
    for notice in earlier:
        if notice.kind in _CALLS:
            dates = _own_deadlines(notice) or dates
        elif notice.kind in _ENDS:
            ended = ended | {_lot_key(lot) for lot in notice.lots}
    left = [date for key, date in dates.items() if key not in ended]
    if result.kind is NoticeKind.CANCELLATION and named & dates.keys():
        return bool(left)
    at = result.published_at
    return bool(named) and at is not None and any(date is not None and date > at for date in left)


def _takes_back(notice: Notice) -> bool:
    """Tell whether a notice says only that an earlier one, a plan or an award, is none any more."""
    return any(change.field == "kind" for change in notice.changes)


def _taken_back(notices: Sequence[Notice]) -> frozenset[int]:
    """Return the positions of what later notices take back: what they name, else all of that kind."""
    void: set[int] = set()
    for position, notice in enumerate(notices):
        kinds = {change.before for change in notice.changes if change.field == "kind"}
        earlier = [each for each in range(position) if notices[each].kind.value in kinds]
        named = [each for each in earlier if refers_to(notice, notices[each])]
        void.update(named or earlier)
    return frozenset(void)


def _overlay(older: Notice, newer: Notice) -> Notice:
    """Return the facts of both, those of *newer* where it states them."""
    facts = {name: getattr(newer, name) for name in _MERGED if getattr(newer, name) not in (None, ())}
    if newer.kind in _NAMELESS and all(change.field != "title" for change in newer.changes):
        facts.pop("title", None)  # What was called names the purchase; "withdrawn", "corrected" do not.
    if newer.kind is NoticeKind.AWARD and older.value is not None:
        facts.pop("value", None)  # What was paid is no correction of what was estimated.
    if _says_less(newer.places, older.places):
        del facts["places"]
    if older.buyer is not None and newer.buyer is not None:
        facts["buyer"] = _overlay_buyer(older.buyer, newer.buyer)
    facts.pop("deadline_at", None)
    overlaid = replace(older, **facts, lots=_overlay_lots(older.lots, newer.lots))
    return _overlay_deadlines(overlaid, newer)


def _fill(view: Notice, copy: Notice) -> Notice:
    """Return the view with its silent facts taken from a copy; lots are matched, never added to."""
    filled = _overlay(copy, view)
    if copy.deadline_at is not None and _tells_lots_apart(copy, view):
        filled = _with_deadlines(filled, copy.deadline_at, _own_deadlines(copy))
    copied = {_lot_key(lot): lot for lot in copy.lots}
    dates = {_lot_key(lot): lot.deadline_at for lot in filled.lots}
    lots = tuple(
        replace(
            _overlay_lot(copied.get(_lot_key(lot), lot), lot),
            lot_id=lot.lot_id,
            deadline_at=dates[_lot_key(lot)],
        )
        for lot in view.lots
    )
    return replace(filled, title=view.title, lots=lots or copy.lots)


def _overlay_deadlines(view: Notice, newer: Notice) -> Notice:
    """Return the view with the dates that *newer* states: those of the whole and its lots are one statement.

    A correction may give the whole's among its changes, or that of a lot alone: the others keep theirs.
    """
    stated, moved = _changed_deadlines(newer)
    last = newer.deadline_at or stated
    if last is not None and not _is_vaguer(last, view.deadline_at):
        own = {} if newer.deadline_at is None else _own_deadlines(newer)
        view = _with_deadlines(view, last, own)
    known = {_lot_key(lot): lot.deadline_at or view.deadline_at for lot in view.lots}
    if not moved.keys() & known.keys():
        return view
    dates = {key: moved.get(key, date) for key, date in known.items()}
    stated_dates = {date for date in dates.values() if date is not None}
    is_one = len(set(dates.values())) == 1
    return _with_deadlines(view, max(stated_dates), {} if is_one else dates)


def _tells_lots_apart(copy: Notice, view: Notice) -> bool:
    """Tell whether a copy has a date for each lot where the view has but one of them."""
    if has_own_deadlines(view) or not has_own_deadlines(copy):
        return False
    return view.deadline_at in {copy.deadline_at, *_own_deadlines(copy).values()}


def _own_deadlines(notice: Notice) -> dict[str, datetime | None]:
    return {_lot_key(lot): lot.deadline_at for lot in notice.lots}


def _with_deadlines(view: Notice, last: datetime, own: Mapping[str, datetime | None]) -> Notice:
    lots = tuple(replace(lot, deadline_at=own.get(_lot_key(lot))) for lot in view.lots)
    return replace(view, deadline_at=last, lots=lots)


def _moved(before: Notice, after: Notice) -> Iterator[Change]:
    """Yield the move of the deadline: of the whole, or where lots have their own, of each lot that moved."""
    old = {_lot_key(lot): lot.deadline_at or before.deadline_at for lot in before.lots}
    dates = [
        (lot.lot_id, old[_lot_key(lot)], lot.deadline_at or after.deadline_at)
        for lot in after.lots
        if _lot_key(lot) in old
    ]
    differ = has_own_deadlines(before) or has_own_deadlines(after)
    if not differ or not dates or len({pair[1:] for pair in dates}) == 1:
        if after.deadline_at is not None and before.deadline_at != after.deadline_at:
            yield Change("deadline_at", _time(before.deadline_at), _time(after.deadline_at))
        return
    for lot_id, was, is_now in dates:
        if is_now is not None and was != is_now:
            yield Change("deadline_at", _time(was), _time(is_now), lot_id=lot_id)


def _is_vaguer(newer: datetime | None, older: datetime | None) -> bool:
    """Tell whether a deadline names the day alone of which the other names the hour."""
    if newer is None or older is None or not is_day_alone(newer) or is_day_alone(older):
        return False
    return newer.astimezone(PARIS).date() == older.astimezone(PARIS).date()


def _says_less(newer: tuple[Place, ...], older: tuple[Place, ...]) -> bool:
    """Tell whether places are bare départements of which the older ones name the commune or more."""
    named = {place.departement for place in older if place != Place(departement=place.departement)}
    return bool(newer) and all(
        place == Place(departement=place.departement) and place.departement in named for place in newer
    )


def _overlay_buyer(older: Buyer, newer: Buyer) -> Buyer:
    stated = {field.name: getattr(newer, field.name) for field in fields(Buyer)}
    return replace(older, **{name: value for name, value in stated.items() if value is not None})


def _is_copy(notice: Notice, earlier: Sequence[Notice]) -> bool:
    """Tell whether a notice repeats a call that another feed brought first, and calls nothing anew."""
    calls = [other for other in earlier if other.kind is NoticeKind.CALL]
    is_first = bool(calls) and all(other.feed_id != notice.feed_id for other in calls)
    return notice.kind in _COPIES and is_first and not is_called_anew(notice, earlier)


def _changed_deadlines(notice: Notice) -> tuple[datetime | None, dict[str, datetime]]:
    """Return the deadlines that a correction gives only among its changes: the whole's, and those of lots."""
    whole: datetime | None = None
    of_lots: dict[str, datetime] = {}
    for change in notice.changes:
        moment = read_moment(change.after) if change.field == "deadline_at" else None
        if moment is not None and change.lot_id is not None:
            of_lots[lot_key(change.lot_id)] = moment
        elif moment is not None:
            whole = moment
    return whole, of_lots


def _overlay_lots(older: tuple[Lot, ...], newer: tuple[Lot, ...]) -> tuple[Lot, ...]:
    """Return every lot of both, in the order of first mention."""
    lots = {_lot_key(lot): lot for lot in older}
    for lot in newer:
        known = lots.get(_lot_key(lot))
        lots[_lot_key(lot)] = lot if known is None else _overlay_lot(known, lot)
    return tuple(lots.values())


def _overlay_lot(older: Lot, newer: Lot) -> Lot:
    stated = {field.name: getattr(newer, field.name) for field in fields(Lot) if field.name != "lot_id"}
    return replace(older, **{name: value for name, value in stated.items() if value not in (None, ())})


def _lot_key(lot: Lot) -> str:
    return lot_key(lot.lot_id)


def _kind(notices: Sequence[Notice]) -> NoticeKind:
    """Return call once anything was called or corrected, else the newest notice's kind."""
    return NoticeKind.CALL if any(notice.kind in _CALLS for notice in notices) else notices[-1].kind


def _prose(notice: Notice) -> tuple[Change, ...]:
    """Return what a correction, or who takes an award back, says in words; none beside a stated fact."""
    is_taken_back = any(
        change.field == "kind" and change.before == NoticeKind.AWARD.value for change in notice.changes
    )
    if not (notice.kind is NoticeKind.CORRECTION or is_taken_back) or any(_changed_deadlines(notice)):
        return ()
    return tuple(change for change in notice.changes if change.field == "text")


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _lots(notice: Notice) -> str | None:
    return _join_keys({_lot_key(lot) for lot in notice.lots}) or None


def _join_keys(keys: Iterable[str]) -> str:
    return "; ".join(sorted(keys, key=lambda key: (len(key), key)))


def _money(value: Money | None) -> str | None:
    if value is None:
        return None
    return f"{value.amount_cents // 100}.{value.amount_cents % 100:02d} {value.currency}"
