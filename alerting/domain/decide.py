"""Decide whether a profile's criteria accept a notice: the one meaning of a match.

In:   compiled criteria and an analysed notice.
Out:  a ``Decision``: the lots that fit and the reasons, or the criterion that refused.

Every engine only proposes pairs; ``decide`` confirms each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from alerting.domain.analysed import AnalysedNotice
from alerting.domain.criteria import BuyerCriteria, CompiledCriteria, FrameCriteria, ValueCriteria
from alerting.domain.fit import Demand, FitCriteria, judge_fit
from alerting.domain.match import MET, REFUSED, SCORE_OF_UNKNOWN, UNKNOWN, Decision, Reason, refused_by
from alerting.domain.money import Money, euros
from alerting.domain.notice import Notice
from alerting.domain.place import PlaceCriteria, judge_spots
from alerting.domain.topic import TopicOutcome, judge_topic, standing_part


_Part = TypeVar("_Part")


def decide(criteria: CompiledCriteria, analysed: AnalysedNotice) -> Decision:
    """Say whether a profile's criteria accept a notice, with which lots, and why.

    A fact that the notice does not state is unknown; ``criteria.pass_unknown`` says whether
    unknown passes.  Lots are judged one by one on topic, words out, place and stated value; the
    notice as a whole may meet the topic when no lot does, or some do not say what they are.  A topic
    given in CPV codes alone is unknown where a notice states no code at all.

    Returns:
        For an accepted notice the reasons in the order topic, place, value, buyer, and its fit; for a
        refused one the single criterion that decided, with verdict "refused".
    """
    outcome = judge_topic(standing_part(criteria.topic, analysed), criteria.frame.place, analysed)
    return judge_frame(criteria.frame, outcome, analysed)


def judge_frame(
    frame: FrameCriteria,
    outcome: TopicOutcome,
    analysed: AnalysedNotice,
    known: dict[tuple[int, tuple[str, ...]], Reason | None] | None = None,
) -> Decision:
    """Return the decision on a notice, once its topic is judged.

    Args:
        frame: What must hold beside the topic.
        outcome: What came of the topic.
        analysed: The notice.
        known: What was judged of this notice before, kept by whoever asks for many frames: parts that are one
            object are judged once for the same lots.
    """
    notice = analysed.notice
    known = {} if known is None else known
    if notice.kind not in frame.kinds:
        return refused_by("kind", (notice.kind.value,))
    if outcome.refusal is not None and not (outcome.may_be_unknown and frame.pass_unknown):
        return outcome.refusal
    lot_ids, reasons = _lots_in_range(frame.value, notice, outcome.lot_ids, outcome.reasons)
    lot_ids, reasons = _lots_not_ruled_out(frame.fit, analysed, lot_ids, reasons)
    if unfit := _ruled_out(frame.fit, analysed, lot_ids):
        return refused_by("fit", tuple(dict.fromkeys(demand.words for demand in unfit)))
    for reason in (
        # Where no lot has a place of its own, which of them fit makes no difference.
        _once(known, _place, frame.place, analysed, lot_ids if any(analysed.located.lots) else ()),
        _once(known, _value, frame.value, analysed, lot_ids),
        judge_buyer(frame.buyer, analysed),
    ):
        if reason is None:
            continue
        if reason.verdict == REFUSED or (reason.verdict == UNKNOWN and not frame.pass_unknown):
            return refused_by(reason.criterion, reason.facts)
        reasons = (*reasons, reason)
    fit = judge_fit(
        frame.fit,
        analysed.demands,
        lot_ids=lot_ids,
        reasons=reasons,
        is_whole_too_large=_is_whole_too_large(frame.value, notice, lot_ids),
    )
    return Decision(accepted=True, lot_ids=lot_ids, reasons=reasons, score=_score(reasons), fit=fit)


def judge_buyer(asked: BuyerCriteria, analysed: AnalysedNotice) -> Reason | None:
    """Return what a notice says of whom a firm works for; None where nothing is asked."""
    if not asked.asks:
        return None
    buyer = analysed.notice.buyer
    if buyer is None or (buyer.siret is None and buyer.name is None):
        return Reason("buyer", REFUSED if asked.names_nobody else UNKNOWN)
    fact = (buyer.name or buyer.siret or "",)
    if buyer.siret is not None and buyer.siret in asked.sirets:
        return Reason("buyer", MET, facts=fact)
    name = analysed.buyer_name
    if name is not None and any(name.find(phrase) is not None for phrase in asked.phrases):
        return Reason("buyer", MET, facts=fact)
    return Reason("buyer", REFUSED, facts=fact)


def _once(
    known: dict[tuple[int, tuple[str, ...]], Reason | None],
    judge: Callable[[_Part, AnalysedNotice, tuple[str, ...]], Reason | None],
    part: _Part,
    analysed: AnalysedNotice,
    lot_ids: tuple[str, ...],
) -> Reason | None:
    key = (id(part), lot_ids)
    if key not in known:
        known[key] = judge(part, analysed, lot_ids)
    return known[key]


def _lots_in_range(
    asked: ValueCriteria, notice: Notice, lot_ids: tuple[str, ...], reasons: tuple[Reason, ...]
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """Leave out lots whose stated value is too small or too large; none fits: all stay, to be refused."""
    if not lot_ids or not asked.asks:
        return lot_ids, reasons
    fitting = tuple(
        lot.lot_id
        for lot in notice.lots
        if lot.lot_id in lot_ids and ((cents := euros(lot.value)) is None or asked.covers(cents))
    )
    return _only(tuple(dict.fromkeys(fitting)), lot_ids, reasons)


def _lots_not_ruled_out(
    asked: FitCriteria, analysed: AnalysedNotice, lot_ids: tuple[str, ...], reasons: tuple[Reason, ...]
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """Leave out lots that ask what rules them out; none is left: all stay, to be refused."""
    if not asked.out:
        return lot_ids, reasons
    out = {demand.lot_id for demand in analysed.demands if asked.rules_out(demand)}
    return _only(tuple(lot_id for lot_id in lot_ids if lot_id not in out), lot_ids, reasons)


def _only(
    fitting: tuple[str, ...], lot_ids: tuple[str, ...], reasons: tuple[Reason, ...]
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    if not fitting or fitting == lot_ids:
        return lot_ids, reasons
    return fitting, tuple(reason for reason in reasons if reason.lot_id in fitting)


def _ruled_out(asked: FitCriteria, analysed: AnalysedNotice, lot_ids: tuple[str, ...]) -> tuple[Demand, ...]:
    """Return the demands of the whole, or of the lots that fit, for which nothing is to be told."""
    if not asked.out:
        return ()
    return tuple(
        demand
        for demand in analysed.demands
        if (demand.lot_id is None or demand.lot_id in lot_ids) and asked.rules_out(demand)
    )


def _is_whole_too_large(asked: ValueCriteria, notice: Notice, lot_ids: tuple[str, ...]) -> bool:
    """Tell whether lots that fit state no value, and the whole of them is more than a firm takes on."""
    whole = euros(notice.value)
    if asked.maximum_cents is None or whole is None or whole <= asked.maximum_cents:
        return False
    return any(lot.lot_id in lot_ids and euros(lot.value) is None for lot in notice.lots)


def _place(asked: PlaceCriteria, analysed: AnalysedNotice, lot_ids: tuple[str, ...]) -> Reason | None:
    """Judge the place of the lots that fit, else of the whole, else of the buyer."""
    if not asked.asks:
        return None
    located = analysed.located
    if not any(located.lots):
        return judge_spots(asked, located.work, located.buyer)
    by_lot = zip(analysed.notice.lots, located.of_lots, strict=True)
    spots = dict.fromkeys(spot for lot, stated in by_lot if lot.lot_id in lot_ids for spot in stated)
    return judge_spots(asked, tuple(spots) or located.whole, located.buyer)


def _value(asked: ValueCriteria, analysed: AnalysedNotice, lot_ids: tuple[str, ...]) -> Reason | None:
    if not asked.asks:
        return None
    amounts = [euros(value) for value in _values(analysed.notice, lot_ids)]
    stated = [amount for amount in amounts if amount is not None]
    fitting = [amount for amount in stated if asked.covers(amount)]
    if not fitting and None in amounts:
        return Reason("value", UNKNOWN)
    return Reason("value", MET if fitting else REFUSED, facts=tuple(map(str, fitting or stated)))


def _values(notice: Notice, lot_ids: tuple[str, ...]) -> list[Money | None]:
    """Return the values that count: of the lots that fit, of the whole, of all lots where it has none."""
    if len(notice.lots) == 1:
        # The value of the whole is that of its only lot.
        return [notice.lots[0].value or notice.value]
    if lot_ids:
        return [lot.value for lot in notice.lots if lot.lot_id in lot_ids]
    if euros(notice.value) is not None or not notice.lots:
        return [notice.value]
    return [lot.value for lot in notice.lots]


def _score(reasons: tuple[Reason, ...]) -> float:
    if not reasons:
        return 1.0
    points = sum(reason.clarity if reason.verdict == MET else SCORE_OF_UNKNOWN for reason in reasons)
    return points / len(reasons)
