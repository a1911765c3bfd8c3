"""Why: what decided that a profile is told a notice, or not, in words for an operator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerting.domain.analysed import AnalysedNotice
from alerting.domain.criteria import Criteria
from alerting.domain.deadlines import PARIS, has_passed
from alerting.domain.decide import decide
from alerting.domain.fit import fit_at, verdict
from alerting.domain.json import to_json
from alerting.domain.lots import as_for_lots, last_deadline
from alerting.domain.match import Decision, Reason
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.domain.profile_change import say_change
from alerting.domain.trade import POINTS_NEEDED, Strictness
from alerting.errors import UnknownIdError
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.matching.contradictions import find_contradictions
from alerting.matching.remedy import find_remedy
from alerting.pipeline.backtest import name_value
from alerting.store import firms, matches, notices, procedures, subscriptions, suppressions, tellings
from alerting.store.database import Connection, Database
from alerting.store.subscriptions import Holding


Row = dict[str, Any]

_TRADES_NAMED = 3

_REFUSED = {
    "kind": "notices of this kind are not wanted",
    "words_out": "a word stands in it that is ruled out",
    "topic": "no trade, code or word of the profile stands in it, or not clearly enough",
    "act": "what is bought is not the trade's to do",
    "place": "the place is not wanted",
    "namesake": "several communes bear the name that is stated, and the profile does not let that pass",
    "country": "no more than France is stated, and the profile does not let that pass",
    "value": "the value is out of range",
    "buyer": "the buyer is not wanted",
    "fit": "it asks what the profile does not want to hear of",
}
# Criteria that a notice may be silent about; the refusal of what it states names that.
_MAY_BE_SILENT = frozenset({"place", "value", "buyer"})
# What is stated, and yet not known.
_UNKNOWN = {
    "namesake": "place: one of several communes of the name",
    "country": "place: no more than France is stated",
}
_SILENT = "not stated, and the profile does not let that pass"


def why(database: Database, firm_id: str, notice_id: str, *, now: datetime) -> list[Row]:
    """Say of each profile of a firm whether it matches a notice, what decided, and what it was told.

    Raises:
        UnknownIdError: No such firm, or no such notice.
    """
    with database.begin() as connection:
        profiles = firms.profiles_of(connection, firm_id)
        if not profiles:
            raise UnknownIdError(f"firm {firm_id!r}: no firm of that id has a profile")
        procedure = get_procedure(connection, notice_id)
        analysed = analyse_notice(procedure.view)
        decisions = [decide(compile_criteria(criteria), analysed) for _, criteria in profiles]
        rows = [
            _why_profile(connection, profile_id, criteria, procedure, decision, now)
            for (profile_id, criteria), decision in zip(profiles, decisions, strict=True)
        ]
    # What would change it is found by trying, which takes its time: nobody waits for rows meanwhile.
    return [
        row | _remedy(criteria, analysed, decision, procedure.state)
        for row, (_, criteria), decision in zip(rows, profiles, decisions, strict=True)
    ]


def _why_profile(
    connection: Connection,
    profile_id: str,
    criteria: Criteria,
    procedure: Procedure,
    decision: Decision,
    now: datetime,
) -> Row:
    is_stored = matches.find_match(connection, profile_id, procedure.procedure_id) is not None
    told = tellings.tellings_about(connection, profile_id, procedure.procedure_id)
    not_told = None
    if decision.accepted and told:
        # It was composed; whether a mail of it could leave is another matter.
        holding = subscriptions.get_holding(connection, profile_id, procedure.procedure_id)
        not_told = _suppressed(connection, profile_id, holding)
    elif decision.accepted:
        waits_for = "it waits for the profile's next digest" if is_stored else "it waits to be matched"
        not_told = _not_told(connection, profile_id, procedure, decision, now) or waits_for
    return {
        "profile_id": profile_id,
        "procedure_id": procedure.procedure_id,
        "title": procedure.view.title,
        "state": procedure.state.value,
        "revision": procedure.revision,
        "matches": decision.accepted,
        "is_stored": is_stored,
        "lots": list(decision.lot_ids),
        "score": decision.score,
        "reasons": to_json(decision.reasons),
        "fit": _fit(decision, procedure, now),
        "why": _say_nothing_can(criteria, decision) or say(decision),
        "not_told": not_told,
        "told": [{**row, "created_at": row["created_at"].isoformat()} for row in told],
    }


def _fit(decision: Decision, procedure: Procedure, now: datetime) -> Row | None:
    if decision.fit is None:
        return None
    view = as_for_lots(procedure.view, decision.lot_ids, now=now)
    standing = fit_at(decision.fit, view.deadline_at, now=now)
    return {"verdict": verdict(standing).value, "reasons": to_json(standing.reasons)}


def _remedy(criteria: Criteria, analysed: AnalysedNotice, decision: Decision, state: ProcedureState) -> Row:
    """Return with which changes of the profile the notice would have matched, each of them needed."""
    if decision.accepted:
        return {"changes": [], "would_match": None}
    changes = find_remedy(criteria, analysed)
    if changes is None:
        return {"changes": [], "would_match": f"nothing sensible: {_another_trade(analysed, decision)}"}
    said = (say_change(one, criteria, name=name_value(one.field, one.value)) for one in changes)
    over = "" if state is ProcedureState.OPEN else f" (and not be told: the procedure is {state.value})"
    return {"changes": to_json(changes), "would_match": "; ".join(said) + over}


def _another_trade(analysed: AnalysedNotice, decision: Decision) -> str:
    """Say what a notice asks for that no change short of another trade would reach."""
    (reason,) = decision.reasons
    if reason.criterion == "act":
        return _REFUSED["act"]
    points = POINTS_NEEDED[Strictness.NORMAL]
    found = (one for findings in analysed.findings.values() for one in findings)
    asked = sorted((-one.points, one.label) for one in found if one.act is None and one.points >= points)
    labels = list(dict.fromkeys(label for _, label in asked))[:_TRADES_NAMED]
    return f"it asks for another trade ({', '.join(labels)})" if labels else "it is of another trade"


def _say_nothing_can(criteria: Criteria, decision: Decision) -> str | None:
    """Return, of a profile that no notice can match, why; what this notice lacks is beside the point."""
    if decision.accepted:
        return None
    problems = (one.problem for one in find_contradictions(criteria) if one.is_fatal)
    return next((f"profile: no notice can match it: {problem}" for problem in problems), None)


def say(decision: Decision) -> str:
    """Return what decided, in words: what met each criterion, or the one that was not met."""
    if not decision.accepted:
        (reason,) = decision.reasons
        if reason.criterion in _MAY_BE_SILENT and not reason.facts:
            return f"{reason.criterion}: {_SILENT}"
        lot = "" if reason.lot_id is None else f"lot {reason.lot_id}: "
        facts = f" ({lot}{', '.join(_said_facts(reason))})" if reason.facts else ""
        return f"{reason.criterion}: {_REFUSED.get(reason.criterion, 'not met')}{facts}"
    said: dict[str, list[str]] = {}
    for reason in decision.reasons:
        said.setdefault(_criterion(reason), []).extend(_facts(reason, said.get(_criterion(reason), ())))
    return "; ".join(f"{name}: {', '.join(facts)}" if facts else name for name, facts in said.items())


def _criterion(reason: Reason) -> str:
    if reason.verdict == "met":
        return reason.criterion
    return _UNKNOWN.get(reason.criterion, f"{reason.criterion} not stated")


def _facts(reason: Reason, known: Sequence[str]) -> list[str]:
    return [fact for fact in dict.fromkeys(_said_facts(reason)) if fact not in known]


def _said_facts(reason: Reason) -> tuple[str, ...]:
    """Return the facts of a reason as people write them: amounts in euros."""
    if reason.criterion != "value":
        return reason.facts
    return tuple(f"{int(cents) // 100} euros" for cents in reason.facts)


def _not_told(
    connection: Connection, profile_id: str, procedure: Procedure, decision: Decision, now: datetime
) -> str | None:
    """Return what keeps a profile from hearing of what it matches, if anything does."""
    if (over := _over(procedure, decision, now)) is not None:
        return over
    holding = subscriptions.get_holding(connection, profile_id, procedure.procedure_id)
    return _held_back(holding, now) or _suppressed(connection, profile_id, holding)


def _over(procedure: Procedure, decision: Decision, now: datetime) -> str | None:
    if procedure.state is not ProcedureState.OPEN:
        return f"the procedure is {procedure.state.value}"
    deadline = last_deadline(procedure.view, decision.lot_ids)
    if deadline is not None and has_passed(deadline, now=now):
        return f"its deadline has passed ({deadline.astimezone(PARIS):%Y-%m-%d %H:%M} in Paris)"
    return None


def _held_back(holding: Holding, now: datetime) -> str | None:
    if holding.is_unconfirmed:
        return "the firm has not confirmed"
    if holding.paused_until is not None and holding.paused_until > now:
        return f"the profile is paused until {holding.paused_until.astimezone(PARIS):%Y-%m-%d}"
    return "it came up in a pause whose notices are not made up for" if holding.is_left_out else None


def _suppressed(connection: Connection, profile_id: str, holding: Holding) -> str | None:
    """Return that no address of a firm may be mailed, and for what reasons."""
    if not holding.emails:
        return "the firm has no reader"
    reasons = [suppressions.find_suppression(connection, email, profile_id) for email in holding.emails]
    stated = list(dict.fromkeys(reason for reason in reasons if reason is not None))
    return None if None in reasons else f"its addresses are suppressed ({', '.join(stated)})"


def get_procedure(connection: Connection, name: str) -> Procedure:
    """Return the procedure of a notice, by source id, key or our procedure's number.

    Raises:
        UnknownIdError: No notice or procedure of that name.
    """
    procedure_id = notices.find_procedure_id(connection, name)
    if procedure_id is None and notices.is_number(name):
        procedure_id = int(name)
    found = [] if procedure_id is None else procedures.get_procedures(connection, [procedure_id])
    if not found:
        raise UnknownIdError(f"notice {name!r}: no notice or procedure of that id is stored")
    return found[0]
