"""Preview: what a feed would bring to firms, before it is switched on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from alerting.domain.deadlines import has_passed
from alerting.domain.feed import Feed
from alerting.domain.json import to_json
from alerting.domain.lots import last_deadline
from alerting.domain.notice import Notice
from alerting.domain.procedure import ProcedureState
from alerting.feeds.credentials import Secrets
from alerting.matching.engine import Engine, in_pairs
from alerting.notices.view import find_state
from alerting.pipeline.check import check_feed
from alerting.store import firms
from alerting.store.database import Database


Row = dict[str, Any]


def try_feed(database: Database, feed: Feed, *, secrets: Secrets, now: Callable[[], datetime]) -> Row:
    """Read one document of a feed and match what is open with all firms' profiles; nothing is stored."""
    checked = check_feed(feed, secrets=secrets, now=now)
    with database.begin() as connection:
        profiles = firms.active_profiles(connection)
    moment = now()
    is_open = [_is_open(notice, moment) for notice in checked.notices]
    told: dict[int, list[Row]] = defaultdict(list)
    candidates = [(number, notice) for number, notice in enumerate(checked.notices) if is_open[number]]
    for profile_id, number, decision in in_pairs(Engine(profiles).match(candidates)):
        notice = checked.notices[number]
        if not has_passed(last_deadline(notice, decision.lot_ids), now=moment):
            row = {"profile_id": profile_id, "lots": decision.lot_ids, "reasons": to_json(decision.reasons)}
            told[number].append(row)
    return {
        "format": checked.format,
        "outcome": checked.outcome,
        "is_away": checked.is_away,
        "rejects": to_json(checked.rejects),
        "link_count": len(checked.links),
        "notices": [
            {
                "source_id": notice.source_id,
                "title": notice.title,
                "buyer": notice.buyer.name if notice.buyer is not None else None,
                "deadline_at": notice.deadline_at,
                "is_open": is_open[number],
                "missing": list(checked.missing[number]),
                "unreadable": to_json(checked.unreadable[number]),
                "told_to": sorted(told[number], key=_by_profile),
            }
            for number, notice in enumerate(checked.notices)
        ],
    }


def _by_profile(row: Row) -> str:
    return str(row["profile_id"])


def _is_open(notice: Notice, now: datetime) -> bool:
    """Tell whether a firm could still answer."""
    is_call = find_state([notice]) is ProcedureState.OPEN
    return is_call and not has_passed(notice.deadline_at, now=now)
