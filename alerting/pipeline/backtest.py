"""Back-test: what a profile would have brought, before it is saved.

In:   criteria; the procedures of the last ninety days, and all that are open, in PostgreSQL; where an index
      is set, which of them speak of the topic.
Out:  how many a week, real examples with their reasons, what each criterion lets in or keeps out, and, for
      a profile that brings too much or too little, what would change that.

The engine decides, as it does every day: the profile and its variants are put to it as so many profiles, and
meet each procedure once, as they come from the database.  Nothing is stored.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from alerting.digests.languages import find_language
from alerting.digests.words import departement, places, reasons
from alerting.domain.criteria import Criteria
from alerting.domain.deadlines import PARIS, has_passed
from alerting.domain.fit import fit_at, verdict
from alerting.domain.json import to_json
from alerting.domain.lots import as_for_lots, last_deadline
from alerting.domain.match import Decision
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.domain.profile import Profile
from alerting.domain.profile_change import ChangeAct, change_criteria, say_change
from alerting.domain.variants import Variant, topics_to_add, variants_of
from alerting.errors import ProfileError, SearchError, SearchUnavailableError, UnknownIdError
from alerting.index.generations import find_serving
from alerting.index.procedures import SearchIndex
from alerting.index.topics import query_of_topics
from alerting.matching.askers import Told
from alerting.matching.compile import compile_criteria
from alerting.matching.engine import Engine, in_pairs
from alerting.matching.firms_file import read_draft, read_drafts
from alerting.pipeline.apart import attempt, reject_for, say_refused
from alerting.reference.communes import commune_of_insee
from alerting.reference.cpv import cpv_label
from alerting.reference.nuts import area_name, departement_name
from alerting.reference.trades import find_trade, trades
from alerting.store import firms, procedures, rejects
from alerting.store.database import Database
from alerting.store.procedures import Candidates, Unread


log = structlog.get_logger()

Row = dict[str, Any]
# Profiles at whose criteria our code fails, with what it raised.
Broken = dict[str, Exception]

WINDOW_DAYS = 90
EXAMPLES = 10
SUGGESTIONS = 5
AREAS = 5
# Five a working day: more than a firm reads; and less than one a month.
MOST_A_WEEK = 25.0
LEAST_A_WEEK = 0.25
# A change that leaves more than this of a broad profile mends nothing.
_WORTHWHILE = 0.8
_DAYS_A_WEEK = 7
_ITSELF = ""
# Marks are set by the clocks of other machines.
_CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tried:
    """One procedure that a profile was held against.

    Args:
        procedure: As it stands.
        since_at: When it was published, else when we saw it first.
        decisions: Of those that accept it, by name.
    """

    procedure: Procedure
    since_at: datetime
    decisions: dict[str, Decision]


@dataclass(slots=True)
class _Counts:
    """What was counted of one profile, or of one of its variants."""

    match_count: int = 0
    recent_count: int = 0
    more: int = 0
    fewer: int = 0


@dataclass(slots=True)
class _Seen:
    """What went by."""

    tried_count: int
    first_at: datetime | None
    refused_count: int = 0
    open_count: int = 0
    weeks: Counter[date] = field(default_factory=Counter)
    areas: Counter[str] = field(default_factory=Counter)
    newest: list[tuple[datetime, int, Tried]] = field(default_factory=list)


def try_all(
    database: Database,
    profiles: Iterable[tuple[str, Criteria]],
    *,
    now: datetime,
    days: int = WINDOW_DAYS,
    unread: Unread,
    among: Candidates | None = None,
) -> Iterator[Tried]:
    """Hold profiles against the procedures of the last days and all open ones, one after the other.

    With candidates, against those that may be accepted by one of them.  One at which that fails is put into
    *unread*.

    Raises:
        ProfileError: Our code fails at what a profile asks.
    """
    engine, broken = Engine(profiles), Broken()
    since = now - timedelta(days=days)
    with database.begin() as connection:
        found = procedures.procedures_since(connection, since, now=now, unread=unread, among=among)
        for procedure, since_at, told in match_each(engine, found, unread, broken):
            decisions = {name: decision for name, _, decision in in_pairs(told)}
            yield Tried(procedure, since_at, decisions)
    for error in broken.values():
        raise ProfileError(say_broken(error)) from error


def match_each(
    engine: Engine, found: Iterable[tuple[Procedure, datetime]], unread: Unread, broken: Broken
) -> Iterator[tuple[Procedure, datetime, list[Told]]]:
    """Hold what an engine knows against procedures, one after the other; yield each with whom it is told.

    One at which our code fails is put into *unread*; a profile at whose criteria it fails into *broken*, and
    is held against no more.
    """
    for procedure, since_at in found:
        told = attempt(partial(_match_one, engine, procedure))
        if isinstance(told, Exception):
            at_fault = attempt(partial(engine.find_broken, procedure.view))
            # Neither a notice at which our code fails by itself, nor no profile: it is the procedure's.
            if isinstance(at_fault, dict) and at_fault:
                broken.update(at_fault)
                engine = engine.without(at_fault)
                told = attempt(partial(_match_one, engine, procedure))
        if isinstance(told, Exception):
            unread[procedure.procedure_id] = told
        else:
            yield procedure, since_at, told


def _match_one(engine: Engine, procedure: Procedure) -> list[Told]:
    return list(engine.match([(procedure.procedure_id, procedure.view)]))


def say_broken(error: Exception) -> str:
    """Return in a line that our code fails at what a profile asks."""
    return f"what it asks is held against nothing: {reject_for(error, feed_id='', where='').problem}"


def find_candidates(
    database: Database, index: SearchIndex | None, profiles: Iterable[Criteria], *, now: datetime
) -> Candidates | None:
    """Ask the search index which procedures profiles may accept.

    Returns:
        None where all must be read: no index is set, or it is away or being built; a profile asks nothing of
        the topic.
    """
    query = query_of_topics(compile_criteria(one) for one in profiles) if index is not None else None
    if index is None or query is None:
        return None
    try:
        serving = find_serving(index.generations())
        if serving is None or not serving.is_current or not serving.is_settled:
            return None
        found = index.numbers(query)
    except (SearchError, SearchUnavailableError) as error:
        log.warning("back_test_without_index", problem=str(error))
        return None
    with database.begin() as connection:
        refused = rejects.refused_by_index(connection)
    return Candidates((*found, *refused), changed_since=now - _CLOCKS_DIFFER)


def try_saved(
    database: Database, profile_id: str, *, now: Callable[[], datetime], index: SearchIndex | None = None
) -> Row:
    """Try a profile that is saved.

    Raises:
        UnknownIdError: No profile of that id stands.
    """
    with database.begin() as connection:
        found = firms.find_profile(connection, profile_id)
    if found is None:
        raise UnknownIdError(f"profile {profile_id!r}: no profile of that id")
    return _report(database, index, found, now)


def try_draft(
    database: Database,
    firm_id: str,
    entry: Mapping[str, Any],
    *,
    now: Callable[[], datetime],
    index: SearchIndex | None = None,
) -> Row:
    """Try a profile before it is saved; one that asks nothing of the topic is told which trades to name.

    Raises:
        ProfileError: It cannot be used as written.
    """
    return _report(database, index, read_draft(firm_id, entry), now)


def try_file(
    database: Database,
    text: str,
    profile_id: str | None,
    *,
    now: Callable[[], datetime],
    index: SearchIndex | None = None,
) -> list[Row]:
    """Try the profiles of a firms file, or the one of an id.

    Raises:
        ProfileError: The file cannot be used.
        UnknownIdError: No profile of that id is in it.
    """
    found = [one for one in read_drafts(text) if profile_id in {None, one.profile_id}]
    if not found:
        raise UnknownIdError(f"profile {profile_id!r}: no profile of that id in the file")
    return [_report(database, index, one, now) for one in found]


def try_single(
    database: Database, text: str, *, now: Callable[[], datetime], index: SearchIndex | None = None
) -> Row | None:
    """Try a firms file's only profile; None where it has several, or none.

    Raises:
        ProfileError: The file cannot be used.
    """
    found = read_drafts(text)
    return _report(database, index, found[0], now) if len(found) == 1 else None


def _report(
    database: Database, index: SearchIndex | None, profile: Profile, now: Callable[[], datetime]
) -> Row:
    tried = back_test(database, profile.criteria, now=now, index=index)
    asked = {"trades": _trades_asked(profile.criteria), "places": _places_asked(profile.criteria)}
    return {"profile_id": profile.profile_id, "name": profile.name, **asked, **tried}


def _trades_asked(criteria: Criteria) -> list[str]:
    """Return the trades of a profile by their labels; one that exists no longer by its id."""
    found = ((name, find_trade(name)) for name in criteria.trades)
    return [name if trade is None else trade.label for name, trade in found]


def _places_asked(criteria: Criteria) -> list[str]:
    """Return the places of a profile by name and number, as they were understood: "Loiré (49), 40 km"."""
    around = "" if criteria.radius_km is None else f", {criteria.radius_km} km"
    named = [
        *((code, departement_name(code)) for code in criteria.departements),
        *((code, area_name(code)) for code in criteria.nuts_codes),
    ]
    communes = ((code, commune_of_insee(code)) for code in criteria.communes)
    return [
        *(code if name is None else f"{name} ({code})" for code, name in named),
        *((code if one is None else f"{one.name} ({one.departement})") + around for code, one in communes),
    ]


def back_test(
    database: Database, criteria: Criteria, *, now: Callable[[], datetime], index: SearchIndex | None = None
) -> Row:
    """Try criteria on what was published lately and what is open.

    With an index, what can be accepted is asked of it and the rest is not read; the report is the same.

    Returns:
        verdict: "untried" (there is no procedure to try), "nothing", "narrow", "fits" or "broad";
        tried_count, refused_count (procedures at which our code failed, which the log names), match_count,
        open_count; days: how far back procedures go, at most ninety; per_week: the mean; weeks: each ISO week
        that touches them; areas: where most matches lie; examples: the newest; criteria: what each lets in
        (``brings``) or keeps out (``keeps_out``); suggestions.
    """
    moment = now()
    variants = _variants(criteria)
    asked = [(_ITSELF, criteria), *((str(n), change_criteria(criteria, one.changes)) for n, one in variants)]
    since = moment - timedelta(days=WINDOW_DAYS)
    among = find_candidates(database, index, (one for _, one in asked), now=moment)
    seen, counts = _hold(database, asked, since=since, now=moment, among=among)
    days = _days(seen, since, moment)
    found = counts[_ITSELF]
    rate = per_week(found.recent_count, days)
    rows = [_criterion(criteria, one, counts[str(n)], days) for n, one in variants]
    judged = _judge(found, seen.tried_count, rate)
    return {
        "verdict": judged,
        "tried_count": seen.tried_count,
        "refused_count": seen.refused_count,
        "match_count": found.match_count,
        "open_count": seen.open_count,
        "days": days,
        "per_week": rate,
        "weeks": _weeks(seen.weeks, moment - timedelta(days=days), moment),
        "areas": [{"departement": area, "matches": number} for area, number in seen.areas.most_common(AREAS)],
        "examples": [_example(tried, moment) for _, _, tried in sorted(seen.newest, reverse=True)],
        "criteria": [row for row in rows if (row["brings"] or row["keeps_out"]) and not _is_added(row)],
        "suggestions": _suggestions(rows, judged, rate),
    }


def _hold(
    database: Database,
    asked: Sequence[tuple[str, Criteria]],
    *,
    since: datetime,
    now: datetime,
    among: Candidates | None,
) -> tuple[_Seen, dict[str, _Counts]]:
    """Hold criteria against procedures; count what went by, and what each accepts."""
    with database.begin() as connection:
        tried_count, first_at = procedures.count_since(connection, since, now=now)
    seen, counts = _Seen(tried_count, first_at), {name: _Counts() for name, _ in asked}
    unread: Unread = {}
    for tried in try_all(database, asked, now=now, unread=unread, among=among):
        _count(seen, counts, tried, since=since, now=now)
    for number, error in unread.items():
        say_refused(number, error, stage="try")
    seen.refused_count = len(unread)
    seen.tried_count -= len(unread)
    return seen, counts


def _variants(criteria: Criteria) -> list[tuple[int, Variant]]:
    asks = criteria.trades or criteria.cpv_codes or criteria.words or criteria.buyers
    added = () if asks else topics_to_add(tuple(trade.trade_id for trade in trades()))
    return list(enumerate((*variants_of(criteria), *added)))


def _count(seen: _Seen, counts: dict[str, _Counts], tried: Tried, *, since: datetime, now: datetime) -> None:
    is_recent, is_found = since <= tried.since_at, _ITSELF in tried.decisions
    for name in tried.decisions:
        counts[name].match_count += 1
        counts[name].recent_count += is_recent
        counts[name].more += not is_found
    if not is_found:
        return
    for name, counted in counts.items():
        counted.fewer += name not in tried.decisions
    seen.open_count += is_open(tried.procedure, now, tried.decisions[_ITSELF].lot_ids)
    seen.areas.update(_areas(tried))
    if is_recent:
        seen.weeks[_monday(tried.since_at)] += 1
    heapq.heappush(seen.newest, (tried.since_at, tried.procedure.procedure_id, tried))
    if len(seen.newest) > EXAMPLES:
        heapq.heappop(seen.newest)


def is_open(procedure: Procedure, now: datetime, lot_ids: Sequence[str] = ()) -> bool:
    """Tell whether a firm can still answer some lots, or anything."""
    last = last_deadline(procedure.view, lot_ids)
    return procedure.state is ProcedureState.OPEN and not has_passed(last, now=now)


def _areas(tried: Tried) -> set[str]:
    """Return the départements of the lots that fit, else of the notice, else of its buyer."""
    view, decision = tried.procedure.view, tried.decisions[_ITSELF]
    stated = [place for lot in view.lots if lot.lot_id in decision.lot_ids for place in lot.places]
    found = {place.departement for place in stated or view.places if place.departement}
    buyer = view.buyer.departement if view.buyer is not None else None
    return found or ({buyer} if buyer is not None else set())


def _days(seen: _Seen, since: datetime, now: datetime) -> int:
    """Return over how many days the mean is taken: no more than we have procedures of."""
    first_at = max(since, seen.first_at or since)
    return max(1, min(WINDOW_DAYS, (now - first_at).days + 1))


def per_week(count: int, days: int) -> float:
    """Return how many a week so many are in so many days; of less than a week, as if it were one."""
    return round(count * _DAYS_A_WEEK / max(days, _DAYS_A_WEEK), 1)


def _monday(moment: datetime) -> date:
    day = moment.astimezone(PARIS).date()
    return day - timedelta(days=day.weekday())


def _weeks(counted: Counter[date], first_at: datetime, now: datetime) -> list[Row]:
    monday, last = _monday(first_at), max(_monday(now), *counted, _monday(first_at))
    rows = []
    while monday <= last:
        year, week, _ = monday.isocalendar()
        rows.append(
            {"week": f"{year}-W{week:02}", "starts_on": monday.isoformat(), "matches": counted[monday]}
        )
        monday += timedelta(days=_DAYS_A_WEEK)
    return rows


def _judge(found: _Counts, tried_count: int, rate: float) -> str:
    if not found.match_count:
        return "nothing" if tried_count else "untried"
    if rate > MOST_A_WEEK:
        return "broad"
    return "narrow" if rate < LEAST_A_WEEK else "fits"


def _criterion(criteria: Criteria, variant: Variant, counted: _Counts, days: int) -> Row:
    return {
        "criterion": variant.criterion,
        "value": variant.value,
        "change": say_variant(criteria, variant),
        "changes": to_json(variant.changes),
        "brings": counted.fewer,
        "keeps_out": counted.more,
        "matches": counted.match_count,
        "per_week": per_week(counted.recent_count, days),
    }


def say_variant(criteria: Criteria, variant: Variant) -> str:
    """Return how a variant differs from its profile, in words for an operator."""
    if variant.criterion == "place":
        return "anywhere"
    if variant.criterion == "frame":
        return "its topic alone: anywhere, at any amount, for any buyer, nothing excluded"
    (change,) = variant.changes
    return say_change(change, criteria, name=name_value(change.field, change.value))


def name_value(field: str, value: str | int | None) -> str | None:
    """Return what people call a value that is a number of an official list."""
    if field == "cpv":
        return cpv_label(str(value), "fr")
    commune = commune_of_insee(str(value)) if field == "communes" else None
    return None if commune is None else commune.name


def _is_added(row: Row) -> bool:
    """Tell whether a variant has what the profile has not, instead of lacking what it has."""
    return any(change["act"] == ChangeAct.ADD for change in row["changes"])


def _suggestions(rows: list[Row], judged: str, rate: float) -> list[Row]:
    """Return the changes that mend most: without what brings most, or without what keeps out most."""
    if judged == "broad":
        narrower = (row for row in rows if row["matches"] and row["per_week"] <= rate * _WORTHWHILE)
        return sorted(narrower, key=_nearest_to_enough)[:SUGGESTIONS]
    if judged in {"nothing", "narrow"}:
        wider = (row for row in rows if row["keeps_out"] and row["per_week"] <= MOST_A_WEEK)
        return sorted(wider, key=lambda row: (-row["matches"], row["change"]))[:SUGGESTIONS]
    return []


def _nearest_to_enough(row: Row) -> tuple[bool, int, str]:
    """Order what a firm can read by how much is left of it, then what is still too much by how little."""
    is_too_much = row["per_week"] > MOST_A_WEEK
    return is_too_much, row["matches"] if is_too_much else -row["matches"], row["change"]


def _example(tried: Tried, now: datetime) -> Row:
    procedure, decision = tried.procedure, tried.decisions[_ITSELF]
    view = as_for_lots(procedure.view, decision.lot_ids, now=now)
    assert decision.fit is not None
    return {
        "procedure_id": procedure.procedure_id,
        "source_id": view.source_id,
        "title": view.title,
        "buyer": view.buyer.name if view.buyer is not None else None,
        "place": _place(tried),
        "lots": [
            {"lot_id": lot.lot_id, "title": lot.title} for lot in view.lots if lot.lot_id in decision.lot_ids
        ],
        "published_at": tried.since_at,
        "deadline_at": view.deadline_at,
        "is_open": is_open(procedure, now, decision.lot_ids),
        "score": round(decision.score, 2),
        "reasons": list(reasons(decision.reasons, find_language("fr"))),
        "fit": verdict(fit_at(decision.fit, view.deadline_at, now=now)).value,
    }


def _place(tried: Tried) -> str | None:
    view, decision = tried.procedure.view, tried.decisions[_ITSELF]
    of_lots = [place for lot in view.lots if lot.lot_id in decision.lot_ids for place in lot.places]
    stated = places(of_lots or view.places)
    if stated is None and view.buyer is not None and view.buyer.departement is not None:
        return departement(view.buyer.departement)
    return stated
