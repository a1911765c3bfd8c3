"""Audit: profiles that never bring anything, profiles that bring everything, trades that nobody asks for.

In:   all standing profiles; the procedures of the last ninety days and all open ones.
Out:  one finding a line for an operator; nothing is changed, and no firm is told.

What contradicts itself is found by reading a profile; what it brings, by the engine that matches every day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerting.domain.criteria import Criteria
from alerting.domain.notice import NoticeKind
from alerting.domain.procedure import Procedure
from alerting.domain.profile import UNREADABLE
from alerting.matching.contradictions import Contradiction, find_contradictions
from alerting.matching.engine import Engine
from alerting.pipeline.apart import say_refused
from alerting.pipeline.backtest import MOST_A_WEEK, WINDOW_DAYS, Broken, match_each, per_week, say_broken
from alerting.reference.trades import trades
from alerting.store import firms, procedures
from alerting.store.database import Connection, Database


log = structlog.get_logger()

Row = dict[str, Any]
Saved = tuple[str, str, Criteria]

QUIET_TRADE_DAYS = 60
# Of so many procedures a fifth is more than any craft answers.
SHARE_OF_EVERYTHING = 0.2
_ENOUGH_TO_SHARE = 20
_TRADE = "trade "
_ORDER = ("unread", "broken", "never", "nothing", "everything", "broad", "part", "quiet trade")


@dataclass(slots=True)
class _Seen:
    """What went by: procedures since the window began, matches in it and in all, trades in the last days."""

    tried_count: int = 0
    recent_count: int = 0
    all_matches: Counter[str] = field(default_factory=Counter)
    recent_matches: Counter[str] = field(default_factory=Counter)
    late_trades: Counter[str] = field(default_factory=Counter)
    broken: Broken = field(default_factory=Broken)


def audit(database: Database, *, now: Callable[[], datetime]) -> list[Row]:
    """Return what is wrong with profiles and trades.

    Returns:
        Rows of finding, profile_id, firm_id, trade, problem, matches, per_week, share.  Findings: "unread" (a
        procedure at which our code fails: nothing was held against it), "broken" (our code fails at what a
        profile asks: it was held against nothing more), "never" (it contradicts itself, or
        cannot be read), "nothing" (in ninety days and of what is open), "everything" (a fifth of all
        procedures and more), "broad" (more a week than anybody reads), "part" (of it does nothing), "quiet
        trade" (no notice of it in sixty days; looked for where procedures go back so far).
    """
    moment = now()
    with database.begin() as connection:
        saved = firms.standing_profiles(connection)
        contradictions = {
            profile_id: _find_contradictions(connection, profile_id, asked) for profile_id, _, asked in saved
        }
        fatal = {one for one, found in contradictions.items() if any(each.is_fatal for each in found)}
        # A profile that names what exists no longer cannot be held against anything.
        usable = [(one, asked) for one, _, asked in saved if one not in fatal]
        since = moment - timedelta(days=WINDOW_DAYS)
        unread: procedures.Unread = {}
        found = procedures.procedures_since(connection, since, now=moment, unread=unread)
        seen = _look(usable, found, unread, since=since, now=moment)
        first_at = procedures.first_published_at(connection)
    days = 0 if first_at is None else min(WINDOW_DAYS, (moment - first_at).days + 1)
    rows = [
        *_unread(unread),
        *_broken(saved, seen.broken),
        *_contradictory(saved, contradictions),
        *(
            row
            for one in saved
            if one[0] not in fatal | seen.broken.keys()
            for row in _by_matches(one, seen, days)
        ),
        *_quiet_trades(saved, seen, days),
    ]
    return sorted(rows, key=_by_gravity)


def _by_gravity(row: Row) -> tuple[int, str]:
    return _ORDER.index(row["finding"]), row["profile_id"] or row["trade"] or row["problem"]


def _find_contradictions(
    connection: Connection, profile_id: str, asked: Criteria
) -> tuple[Contradiction, ...]:
    """Return what cannot work in a profile; of one that cannot be read, why."""
    problem = firms.problem_of(connection, profile_id) if asked == UNREADABLE else None
    return find_contradictions(asked) if problem is None else (Contradiction(is_fatal=True, problem=problem),)


def _look(
    usable: Sequence[tuple[str, Criteria]],
    found: Iterator[tuple[Procedure, datetime]],
    unread: procedures.Unread,
    *,
    since: datetime,
    now: datetime,
) -> _Seen:
    """Hold all profiles, and each trade alone, against procedures as they come."""
    all_kinds = tuple(NoticeKind)
    alone = [
        (f"{_TRADE}{one.trade_id}", Criteria(trades=(one.trade_id,), kinds=all_kinds)) for one in trades()
    ]
    engine, seen = Engine([*usable, *alone]), _Seen()
    late = now - timedelta(days=QUIET_TRADE_DAYS)
    for _, since_at, told in match_each(engine, found, unread, seen.broken):
        names = [name for one in told for name in one.profile_ids]
        seen.tried_count += 1
        seen.all_matches.update(names)
        if since_at >= since:
            seen.recent_count += 1
            seen.recent_matches.update(names)
        if since_at >= late:
            seen.late_trades.update(name.removeprefix(_TRADE) for name in names if name.startswith(_TRADE))
    return seen


def _unread(unread: procedures.Unread) -> Iterator[Row]:
    for number, error in unread.items():
        reject = say_refused(number, error, stage="audit")
        yield _row("unread", f"{reject.where}: {reject.problem}")


def _broken(saved: Sequence[Saved], broken: Broken) -> Iterator[Row]:
    for profile_id, firm_id, _ in saved:
        if (error := broken.get(profile_id)) is not None:
            log.error("profile_refused", profile_id=profile_id, stage="audit", problem=say_broken(error))
            yield _row("broken", say_broken(error), profile_id=profile_id, firm_id=firm_id)


def _contradictory(
    saved: Sequence[Saved], contradictions: Mapping[str, Sequence[Contradiction]]
) -> Iterator[Row]:
    for profile_id, firm_id, _ in saved:
        for one in contradictions[profile_id]:
            finding = "never" if one.is_fatal else "part"
            yield _row(finding, one.problem, profile_id=profile_id, firm_id=firm_id)


def _by_matches(saved: Saved, seen: _Seen, days: int) -> Iterator[Row]:
    """Yield what the number of a profile's matches says of it, if anything."""
    profile_id, firm_id, _ = saved
    if not seen.tried_count:
        return
    recent, rate = seen.recent_matches[profile_id], per_week(seen.recent_matches[profile_id], days)
    share = round(recent / seen.recent_count, 3) if seen.recent_count else 0.0
    facts = {"matches": seen.all_matches[profile_id], "per_week": rate, "share": share}
    who = {"profile_id": profile_id, "firm_id": firm_id}
    if not seen.all_matches[profile_id]:
        problem = (
            f"none of {seen.tried_count} procedures in {days} days; see: alerting profiles try {profile_id}"
        )
        yield _row("nothing", problem, **who, **facts)
    elif share >= SHARE_OF_EVERYTHING and seen.recent_count >= _ENOUGH_TO_SHARE:
        yield _row("everything", f"{share:.0%} of all procedures in {days} days", **who, **facts)
    elif rate > MOST_A_WEEK:
        yield _row("broad", f"{rate} a week; see: alerting profiles try {profile_id}", **who, **facts)


def _quiet_trades(saved: Sequence[Saved], seen: _Seen, days: int) -> Iterator[Row]:
    if days < QUIET_TRADE_DAYS:
        return
    named = Counter(name for _, _, asked in saved for name in asked.trades)
    for trade in trades():
        if not seen.late_trades[trade.trade_id]:
            users = named[trade.trade_id]
            problem = (
                f"no notice in {QUIET_TRADE_DAYS} days; {users} profile{'' if users == 1 else 's'} of it"
            )
            yield _row("quiet trade", problem, trade=trade.trade_id)


def _row(finding: str, problem: str, **facts: Any) -> Row:
    names = ("profile_id", "firm_id", "trade", "matches", "per_week", "share")
    return {"finding": finding, "problem": problem, **{name: facts.get(name) for name in names}}
