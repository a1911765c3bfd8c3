"""Judge the topic: whether what is bought is what a firm does, and in which lots.

In:   what a profile asks of the topic, and an analysed notice.
Out:  a ``TopicOutcome``: the lots that fit and why, or the refusal.

Trades, codes and words are alternatives.  Lots are judged one by one; the notice as a whole may meet the
topic when no lot does, or some do not say what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from alerting.domain.analysed import AnalysedNotice, AnalysedText, Phrase, stated_codes
from alerting.domain.criteria import Topic, TopicCriteria
from alerting.domain.match import MET, REFUSED, UNKNOWN, Decision, Reason, refused_by
from alerting.domain.notice import Lot
from alerting.domain.place import PlaceCriteria, Spot, judge_spots


@dataclass(frozen=True, slots=True)
class TopicOutcome:
    """What came of the topic: the lots that fit and why, or the refusal.

    Args:
        lot_ids: Empty where the notice is taken as a whole.
        reasons: Why; where unknown passes, that it is unknown.
        refusal: What decided, where the topic is not met.
        may_be_unknown: Whether the refusal holds only where unknown does not pass.
    """

    lot_ids: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    refusal: Decision | None = None
    may_be_unknown: bool = False


def judge_topic(topic: TopicCriteria, place: PlaceCriteria, analysed: AnalysedNotice) -> TopicOutcome:
    """Return what a notice says of a topic; *place* counts only where lots have places of their own."""
    if unwanted := _unwanted(topic, analysed):
        return TopicOutcome(refusal=refused_by("words_out", unwanted))
    lot_ids, reasons, fallen = _topic(topic, place, analysed)
    if fallen is not None:
        return TopicOutcome(refusal=fallen)
    if reasons or not topic.asks:
        return TopicOutcome(lot_ids, reasons)
    return TopicOutcome(
        reasons=(Reason("cpv", UNKNOWN),),
        refusal=_refused_topic(topic, analysed),
        may_be_unknown=topic.needs_codes and not stated_codes(analysed.notice),
    )


def standing_part(topic: TopicCriteria, analysed: AnalysedNotice) -> TopicCriteria:
    """Return a topic with its ``standing_phrases`` alone."""
    if not topic.topics and not topic.phrases_out:
        return topic
    topics, phrases_out = standing_phrases(topic, analysed)
    return replace(topic, topics=topics, phrases_out=phrases_out)


def standing_phrases(
    topic: TopicCriteria, analysed: AnalysedNotice
) -> tuple[tuple[Topic, ...], tuple[Phrase, ...]]:
    """Return a topic's own topics and phrases out, without those that cannot stand in a notice: most cannot.

    Topics that differ in such phrases alone are one then; ``judge_topic`` says the same of both.
    """
    stems = analysed.stems
    topics = tuple(
        one for one in topic.topics if one.cpv_codes or any(phrase[0] in stems for phrase in one.phrases)
    )
    return topics, tuple(phrase for phrase in topic.phrases_out if phrase[0] in stems)


def _unwanted(topic: TopicCriteria, analysed: AnalysedNotice) -> tuple[str, ...]:
    """Return the words out that stand in the notice's own texts, or in those of every lot."""
    if not topic.phrases_out:
        return ()
    if own := _found(analysed.texts, topic.phrases_out):
        return own
    of_lots = [_found(texts, topic.phrases_out) for texts in analysed.lot_texts]
    return tuple(dict.fromkeys(words for found in of_lots for words in found)) if all(of_lots) else ()


def _refused_topic(topic: TopicCriteria, analysed: AnalysedNotice) -> Decision:
    """Say what stood nearest to the profile's trades: an act that is not theirs, or a mere hint of them."""
    findings = [found for trade in topic.trades for found in analysed.findings.get(trade, ())]
    of_others = [found for found in findings if found.act is not None and found.points >= topic.points_needed]
    if of_others:
        clearest = max(of_others, key=lambda found: found.points)
        word = clearest.act_word or clearest.act
        return Decision(
            accepted=False, reasons=(Reason("act", REFUSED, clearest.lot_id, (str(word), *clearest.words)),)
        )
    if findings:
        clearest = max(findings, key=lambda found: found.points)
        facts = (*clearest.words, *clearest.cpv_codes)
        return Decision(accepted=False, reasons=(Reason("topic", REFUSED, clearest.lot_id, facts),))
    return refused_by("topic", ())


class _LotSaid(NamedTuple):
    """A lot, its texts, and where its work is done: empty where no lot differs from the whole."""

    lot: Lot
    texts: tuple[AnalysedText, ...]
    spots: tuple[Spot, ...]


def _topic(
    topic: TopicCriteria, place: PlaceCriteria, analysed: AnalysedNotice
) -> tuple[tuple[str, ...], tuple[Reason, ...], Decision | None]:
    """Return the lots that fit, none where the notice is taken as a whole, and why; or the refusal.

    What the whole says holds where no lot meets the topic, and for lots that do not say what they are; not
    for lots that meet it and are out of place or not wanted.  Beside a lot that is in place those count for
    nothing of which it is not known where they are.
    """
    of_trades = _trade_reasons(topic, analysed)
    here: list[Reason] = []
    somewhere: list[Reason] = []
    fallen: list[Reason] = []
    others: list[_LotSaid] = []
    located = analysed.located
    places = located.of_lots if any(located.lots) else located.lots
    for said in map(_LotSaid, analysed.notice.lots, analysed.lot_texts, places):
        lot_id = said.lot.lot_id
        found: Sequence[Reason] = of_trades.get(lot_id, ())
        if topic.topics:
            found = (*found, *_topic_reasons(topic, said.lot.cpv_codes, said.texts, lot_id))
        if not found:
            others.append(said)
        elif (refusal := _lot_refusal(topic, place, said, located.buyer)) is not None:
            fallen.append(refusal)
        elif _is_somewhere(place, said, located.buyer):
            somewhere += found
        else:
            here += found
    if reasons := here or somewhere:
        fitting = {reason.lot_id for reason in reasons}
        ids = dict.fromkeys(lot.lot_id for lot in analysed.notice.lots if lot.lot_id in fitting)
        return tuple(ids), tuple(dict.fromkeys(reasons)), None
    silent = (said for said in others if _is_silent(said.lot, analysed))
    if fallen and all(_lot_refusal(topic, place, said, located.buyer) is not None for said in silent):
        return (), (), _refused_lots(fallen)
    notice = analysed.notice
    codes = ((notice.cpv_main,) if notice.cpv_main else ()) + notice.cpv_additional
    return (), (*of_trades.get(None, ()), *_topic_reasons(topic, codes, analysed.texts, None)), None


def _lot_refusal(
    topic: TopicCriteria, place: PlaceCriteria, said: _LotSaid, buyer: Spot | None
) -> Reason | None:
    """Return why a lot is none for the firm whatever its topic; None where nothing is against it."""
    if unwanted := _found(said.texts, topic.phrases_out):
        return Reason("words_out", REFUSED, said.lot.lot_id, unwanted)
    if not place.asks or not said.spots:
        return None
    judged = judge_spots(place, said.spots, buyer)
    return replace(judged, lot_id=said.lot.lot_id) if judged.verdict == REFUSED else None


def _is_somewhere(place: PlaceCriteria, said: _LotSaid, buyer: Spot | None) -> bool:
    """Tell whether a lot's place is asked for, and what is stated of it may be there or not."""
    return bool(place.asks and said.spots and judge_spots(place, said.spots, buyer).verdict == UNKNOWN)


def _is_silent(lot: Lot, analysed: AnalysedNotice) -> bool:
    """Tell whether a lot does not say what it is: it has no code, and names no trade."""
    if lot.cpv_codes:
        return False
    return not any(found.lot_id == lot.lot_id for of_one in analysed.findings.values() for found in of_one)


def _refused_lots(fallen: Sequence[Reason]) -> Decision:
    """Refuse by what threw out the lots of the topic; a lot that is wanted and elsewhere came furthest."""
    deciding = [one for one in fallen if one.criterion == "place"] or fallen
    facts = tuple(dict.fromkeys(fact for one in deciding for fact in one.facts))
    lot_id = deciding[0].lot_id if len(deciding) == 1 else None
    return Decision(accepted=False, reasons=(Reason(deciding[0].criterion, REFUSED, lot_id, facts),))


def _trade_reasons(topic: TopicCriteria, analysed: AnalysedNotice) -> dict[str | None, list[Reason]]:
    """Return why each lot, or the notice as a whole (None), is one of the trades', where it is."""
    by_lot: dict[str | None, list[Reason]] = {}
    for trade in topic.trades:
        for found in analysed.findings.get(trade, ()):
            if found.act is None and found.points >= topic.points_needed:
                by_lot.setdefault(found.lot_id, []).append(found.reason)
    return by_lot


def _topic_reasons(
    asked: TopicCriteria, codes: tuple[str, ...], texts: tuple[AnalysedText, ...], lot_id: str | None
) -> list[Reason]:
    reasons = []
    for topic in asked.topics:
        covered = tuple(code for code in codes if topic.covers(code))
        words = _found(texts, topic.phrases)
        if covered or words:
            reasons.append(Reason(topic.criterion, MET, lot_id, (*words, *dict.fromkeys(covered))))
    return reasons


def _found(texts: tuple[AnalysedText, ...], phrases: tuple[Phrase, ...]) -> tuple[str, ...]:
    if not phrases:
        return ()
    found = [
        words
        for phrase in phrases
        for text in texts
        if phrase[0] in text.positions and (words := text.find(phrase)) is not None
    ]
    return tuple(dict.fromkeys(found))
