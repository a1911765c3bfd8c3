"""What a profile asks for: a closed language, AND over its criteria, OR within each.

``decide`` (in this module) is the one meaning of a match; every engine only proposes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from alerting.domain.fit import Demand, FitCriteria, judge_fit
from alerting.domain.match import (
    MET,
    REFUSED,
    SCORE_OF_UNKNOWN,
    UNKNOWN,
    Decision,
    FitKind,
    Reason,
)
from alerting.domain.money import Money
from alerting.domain.notice import Lot, Notice, NoticeKind
from alerting.domain.place import LocatedNotice, PlaceCriteria, Spot, judge_spots
from alerting.domain.trade import POINTS_NEEDED, Strictness, TradeFinding


WORKING_DAYS_TO_ANSWER = 5


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a profile asks for.  An empty criterion asks nothing.

    Args:
        trades: Names of ``alerting.reference.trades``; each stands for CPV prefixes and words.
        cpv_codes: Eight digits; a code covers its subtree ("45330000" covers "45332200").
        words: Any of them, a word or a phrase, as the firm wrote them.
        words_out: None of them.
        departements: "22", "2A"; the place of work, else the buyer's.  Any place criterion met is enough.
        nuts_codes: Areas of any level, "FRH0"; each stands for all that lies in it.
        communes: INSEE codes of communes to work in, or around.
        radius_km: How far around the communes; None is the communes alone.
        buyers: SIRETs or names.
        kinds: Kinds of notice that may bring a new procedure; empty means calls and their corrections.
        minimum_cents, maximum_cents: Of the lot or procedure, in EUR cents.
        pass_unknown: Whether a fact that the notice does not state passes.
        strictness: How clearly a notice must ask for one of the trades.
        qualifications: What the firm has of ``alerting.reference.demands``.
        fit_out: Demands that the firm cannot meet and does not want to hear of.
        working_days: How many the firm needs to answer; fewer left are said.
    """

    trades: tuple[str, ...] = ()
    cpv_codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    words_out: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    nuts_codes: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    radius_km: int | None = None
    buyers: tuple[str, ...] = ()
    kinds: tuple[NoticeKind, ...] = ()
    minimum_cents: int | None = None
    maximum_cents: int | None = None
    pass_unknown: bool = True
    strictness: Strictness = Strictness.NORMAL
    qualifications: tuple[str, ...] = ()
    fit_out: tuple[FitKind, ...] = ()
    working_days: int = WORKING_DAYS_TO_ANSWER


#: France is some thousand kilometres long: a circle of more is no place.
LARGEST_RADIUS_KM = 500
Phrase = tuple[str, ...]
_Part = TypeVar("_Part")
CPV_DIVISION_DIGITS = 2
DEFAULT_KINDS = frozenset({NoticeKind.CALL, NoticeKind.CORRECTION})


@dataclass(frozen=True, slots=True)
class Topic:
    """One way to say what a firm does beside its trades: the profile's own codes, or its own words.

    Args:
        criterion: "cpv" or "words"; goes into the reason.
        cpv_codes: Eight digits; each covers its subtree.
        phrases: Stems in a row, any of them.
        prefixes: What a code in one of the subtrees begins with.
    """

    criterion: str
    cpv_codes: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    prefixes: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Made once: every code of every lot is held against them.
        object.__setattr__(self, "prefixes", tuple(map(cpv_prefix, self.cpv_codes)))

    def covers(self, code: str) -> bool:
        """Tell whether a CPV code lies in one of the subtrees."""
        return code.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class TopicCriteria:
    """What a firm does.  ``trades`` and ``topics`` are alternatives: one of them is enough.

    Args:
        trades: Trade ids.
        points_needed: How clearly a trade must be asked for.
        topics: The profile's own codes and words.
        phrases_out: Must not stand in the notice, nor in a lot that is to fit.
        asks: Whether anything is asked of the topic.
        needs_codes: Whether only a notice's CPV codes can say that its topic is the profile's.  Where words
            may say it too, a text without them is a statement; without codes nothing is stated.
    """

    trades: tuple[str, ...] = ()
    points_needed: float = POINTS_NEEDED[Strictness.NORMAL]
    topics: tuple[Topic, ...] = ()
    phrases_out: tuple[Phrase, ...] = ()
    asks: bool = False
    needs_codes: bool = False


@dataclass(frozen=True, slots=True)
class ValueCriteria:
    """What a firm can take on, in EUR cents."""

    minimum_cents: int | None = None
    maximum_cents: int | None = None

    @property
    def asks(self) -> bool:
        """Tell whether anything is asked of the value."""
        return self.minimum_cents is not None or self.maximum_cents is not None

    def covers(self, cents: int) -> bool:
        """Tell whether an amount lies within."""
        return (self.minimum_cents or 0) <= cents and (
            self.maximum_cents is None or cents <= self.maximum_cents
        )


@dataclass(frozen=True, slots=True)
class BuyerCriteria:
    """For whom a firm works: SIRETs, or phrases of the name.

    Args:
        sirets, phrases: Any of them is enough.
        names_nobody: Whether buyers are asked for of whom none can be looked for: nobody is met.
    """

    sirets: frozenset[str] = frozenset()
    phrases: tuple[Phrase, ...] = ()
    names_nobody: bool = False

    @property
    def asks(self) -> bool:
        """Tell whether anything is asked of the buyer."""
        return bool(self.sirets or self.phrases) or self.names_nobody


@dataclass(frozen=True, slots=True)
class FrameCriteria:
    """What must hold beside the topic."""

    place: PlaceCriteria = field(default_factory=PlaceCriteria)
    value: ValueCriteria = ValueCriteria()
    buyer: BuyerCriteria = BuyerCriteria()
    fit: FitCriteria = field(default_factory=FitCriteria)
    kinds: frozenset[NoticeKind] = DEFAULT_KINDS
    pass_unknown: bool = True


@dataclass(frozen=True, slots=True)
class CompiledCriteria:
    """Criteria whose words have become stems and whose trades are known ones; both parts must hold."""

    topic: TopicCriteria = TopicCriteria()
    frame: FrameCriteria = FrameCriteria()


@dataclass(frozen=True, slots=True)
class AnalysedText:
    """A text as published with its stems in order and the range of characters of each."""

    text: str
    stems: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    positions: Mapping[str, tuple[int, ...]]

    def find(self, phrase: Phrase) -> str | None:
        """Return the words as published where *phrase* first stands, or None."""
        for start in self.positions.get(phrase[0], ()) if phrase else ():
            end = start + len(phrase)
            if self.stems[start:end] == phrase:
                return self.text[self.spans[start][0] : self.spans[end - 1][1]]
        return None


@dataclass(frozen=True, slots=True)
class AnalysedNotice:
    """A notice with its texts analysed once: its own, its buyer's name, each lot's.

    Args:
        notice: As it stands.
        texts: Title and description, what there is of them.
        buyer_name: None where it is not stated.
        lot_texts: The same of each lot, in the notice's order.
        stems: All that stand in ``texts`` and ``lot_texts``.
        findings: What is said of each trade that is spoken of, by trade id.
        located: Where the work is done, and where the buyer sits.
        demands: What is asked of whoever answers.
    """

    notice: Notice
    texts: tuple[AnalysedText, ...]
    buyer_name: AnalysedText | None
    lot_texts: tuple[tuple[AnalysedText, ...], ...]
    stems: frozenset[str]
    findings: Mapping[str, tuple[TradeFinding, ...]]
    located: LocatedNotice
    demands: tuple[Demand, ...]


def cpv_covers(code: str, other: str) -> bool:
    """Tell whether *other* lies in the subtree of *code*; both have eight digits.

    >>> cpv_covers("45330000", "45332200"), cpv_covers("30000000", "31000000")
    (True, False)
    """
    return other.startswith(cpv_prefix(code))


def cpv_prefix(code: str) -> str:
    """Return what every code in the subtree of one of eight digits begins with.

    >>> cpv_prefix("45330000"), cpv_prefix("30000000")
    ('4533', '30')
    """
    return code[: max(CPV_DIVISION_DIGITS, len(code.rstrip("0")))]


def euros(value: Money | None) -> int | None:
    """Return an amount in EUR cents; None when it is not stated, or in another currency."""
    return value.amount_cents if value is not None and value.currency == "EUR" else None


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


def standing_part(topic: TopicCriteria, analysed: AnalysedNotice) -> TopicCriteria:
    """Return a topic with its ``standing_phrases`` alone."""
    if not topic.topics and not topic.phrases_out:
        return topic
    topics, phrases_out = standing_phrases(topic, analysed)
    return replace(topic, topics=topics, phrases_out=phrases_out)


def judge_topic(topic: TopicCriteria, place: PlaceCriteria, analysed: AnalysedNotice) -> TopicOutcome:
    """Return what a notice says of a topic; *place* counts only where lots have places of their own."""
    if unwanted := _unwanted(topic, analysed):
        return TopicOutcome(refusal=_refused("words_out", unwanted))
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
        return _refused("kind", (notice.kind.value,))
    if outcome.refusal is not None and not (outcome.may_be_unknown and frame.pass_unknown):
        return outcome.refusal
    lot_ids, reasons = _lots_in_range(frame.value, notice, outcome.lot_ids, outcome.reasons)
    lot_ids, reasons = _lots_not_ruled_out(frame.fit, analysed, lot_ids, reasons)
    if unfit := _ruled_out(frame.fit, analysed, lot_ids):
        return _refused("fit", tuple(dict.fromkeys(demand.words for demand in unfit)))
    for reason in (
        # Where no lot has a place of its own, which of them fit makes no difference.
        _once(known, _place, frame.place, analysed, lot_ids if any(analysed.located.lots) else ()),
        _once(known, _value, frame.value, analysed, lot_ids),
        judge_buyer(frame.buyer, analysed),
    ):
        if reason is None:
            continue
        if reason.verdict == REFUSED or (reason.verdict == UNKNOWN and not frame.pass_unknown):
            return _refused(reason.criterion, reason.facts)
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


def stated_codes(notice: Notice) -> frozenset[str]:
    """Return every CPV code that a notice states, of itself and of its lots."""
    own = () if notice.cpv_main is None else (notice.cpv_main,)
    of_lots = (code for lot in notice.lots for code in lot.cpv_codes)
    return frozenset((*own, *notice.cpv_additional, *of_lots))


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


def _refused(criterion: str, facts: tuple[str, ...]) -> Decision:
    return Decision(accepted=False, reasons=(Reason(criterion, REFUSED, facts=facts),))


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
    return _refused("topic", ())


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
