"""Weigh what speaks for each trade in one unit.

In:   a unit.
Out:  for each trade that is spoken of, its evidence in points: of the leads, the bodies and the codes.

Source of the numbers: bench/relevance.py, on the labelled notices that are for tuning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from alerting.domain.analysed import Phrase
from alerting.matching.trades.hits import Hit, find_hits
from alerting.matching.trades.house import is_macro, is_named_bundle, is_part_of_house
from alerting.matching.trades.lexicon import WORD_POINTS, trade_lexicon
from alerting.matching.trades.named import has_word, hits_by_trade, points_of, published_words, trade_hits
from alerting.matching.trades.units import Unit


CODE_POINTS = 3.0
FURTHER_CODE_POINTS = 1.5
IN_DESCRIPTION = 0.5
BESIDE_OTHERS = 0.25
OUTWEIGHED = 0.4
MOST_OF_BODY = 1.75
MOST_OF_CODE_ALONE = 1.75
SOLE_IN_BODY = 2.0
WORDS_OF_A_SOLE_TRADE = 2
EXACT_CODE_ALONE = 2.0
CPV_CLASS_DIGITS = 5
STEMS_OF_A_MUTE_TEXT = 8
MANY_TRADES = 4
MOST_BESIDE = 1.5


@dataclass(slots=True)
class Evidence:
    """What speaks for one trade in one unit."""

    lead: float = 0.0
    body: float = 0.0
    codes: float = 0.0
    words: tuple[str, ...] = ()
    cpv_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What the texts of a unit speak of, by the trades' numbers.

    Args:
        leads, bodies: The hits that stand there.
        in_lead: Trades that the leads name, without the sides.
        sides: Trades that they name as a side of what another does.
        in_body: Trades that the bodies name.
        silenced: Trades of which the leads hold a word that means something else.
    """

    leads: Mapping[int, Sequence[Hit]]
    bodies: Mapping[int, Sequence[Hit]]
    in_lead: Collection[int]
    sides: Collection[int]
    in_body: Collection[int]
    silenced: Collection[int]

    @property
    def is_list(self) -> bool:
        return len(self.in_body) >= MANY_TRADES


def weigh(unit: Unit) -> dict[int, Evidence]:
    """Return what speaks in a unit for each trade that it speaks of, by the trade's number."""
    spoken = _spoken(unit)
    evidence: defaultdict[int, Evidence] = defaultdict(Evidence)
    _weigh_leads(evidence, spoken, is_part=is_part_of_house(unit))
    _weigh_bodies(evidence, spoken)
    if not spoken.in_lead and len(spoken.in_body) == 1:
        _weigh_sole(evidence, spoken)
    _weigh_codes(unit, evidence, named=spoken.in_lead or spoken.in_body, silenced=spoken.silenced)
    _spread(evidence, spoken.in_lead)
    for trade in [number for number in evidence if _is_out(number, unit)]:
        del evidence[trade]
    if is_macro(unit, in_lead=len(spoken.in_lead), in_body=len(spoken.in_body)):
        return {trade: _halved(found) for trade, found in evidence.items()}
    return dict(evidence)


def _spoken(unit: Unit) -> _Spoken:
    hits_of_leads = [list(trade_hits(text, unit.deeds)) for text in unit.leads]
    leads = hits_by_trade(hits_of_leads)
    bodies = hits_by_trade(map(trade_hits, unit.bodies))
    in_lead = _named(leads)
    sides = _sides(leads, in_lead)
    return _Spoken(leads, bodies, in_lead - sides, sides, _named(bodies), _silenced(hits_of_leads, leads))


def _weigh_leads(evidence: defaultdict[int, Evidence], spoken: _Spoken, *, is_part: bool) -> None:
    for trade, hits in spoken.leads.items():
        most = MOST_OF_BODY if is_part or trade in spoken.sides else float("inf")
        evidence[trade].lead = min(points_of(hits), most)
        evidence[trade].words = published_words(hits)


def _weigh_bodies(evidence: defaultdict[int, Evidence], spoken: _Spoken) -> None:
    """Add what descriptions say: less where the leads name other trades, or a description names many."""
    for trade, hits in spoken.bodies.items():
        found = evidence[trade]
        is_beside = trade in spoken.silenced or (bool(spoken.in_lead) and trade not in spoken.in_lead)
        points = points_of(hits)
        if is_beside or spoken.is_list:
            found.body = min(MOST_BESIDE, points * BESIDE_OTHERS)
        else:
            found.body = points * IN_DESCRIPTION
        found.words = tuple(dict.fromkeys((*found.words, *published_words(hits))))
    for trade, found in evidence.items():
        is_beside = trade in spoken.silenced or bool(spoken.in_lead) or spoken.is_list
        of_trade = (*spoken.leads.get(trade, ()), *spoken.bodies.get(trade, ()))
        if (is_beside and found.lead < WORD_POINTS) or not found.lead or not has_word(of_trade):
            found.body = max(0.0, min(found.body, MOST_OF_BODY - found.lead))


def _named(by_trade: Mapping[int, Sequence[Hit]]) -> set[int]:
    return {trade for trade, hits in by_trade.items() if points_of(hits) >= WORD_POINTS}


def _sides(lead_hits: Mapping[int, Sequence[Hit]], in_lead: Collection[int]) -> set[int]:
    """Return the trades whose every word is a side of what another does that is named: shutters."""
    return {
        trade
        for trade in in_lead
        for other, phrases in trade_lexicon().beside[trade].items()
        if other in in_lead
        and _words_of(lead_hits[trade]) <= phrases
        and not _words_of(lead_hits[other]) <= phrases
    }


def _words_of(hits: Iterable[Hit]) -> set[Phrase]:
    return {hit.entry.phrase for hit in hits if hit.entry.points >= WORD_POINTS}


def _weigh_sole(evidence: Mapping[int, Evidence], spoken: _Spoken) -> None:
    """Let a description that speaks of one trade alone tell it, where it does so by two of its words."""
    for trade in set(spoken.in_body) - set(spoken.silenced):
        if len(_words_of(spoken.bodies[trade])) >= WORDS_OF_A_SOLE_TRADE:
            evidence[trade].body = max(evidence[trade].body, SOLE_IN_BODY - evidence[trade].lead)


def _weigh_codes(
    unit: Unit, evidence: defaultdict[int, Evidence], *, named: Collection[int], silenced: Collection[int]
) -> None:
    """Add what the codes say: less where the text names other trades, or means something else by the word."""
    is_mute = sum(len(text.stems) for text in unit.leads) <= STEMS_OF_A_MUTE_TEXT
    # Of a lot named for several crafts a code says the first; of a whole purchase it says what it is.
    is_bundle = unit.lot_id is not None and any(map(is_named_bundle, unit.leads[: unit.title_count]))
    for codes, points in ((unit.cpv_codes, CODE_POINTS), (unit.further_codes, FURTHER_CODE_POINTS)):
        for code in codes:
            for number in trade_lexicon().trades_of_code(code):
                found = evidence[number]
                worth = points
                rest = max(0.0, MOST_OF_CODE_ALONE - found.lead - found.body)
                if number in silenced or ((named or is_bundle) and number not in named):
                    worth = min(points * OUTWEIGHED, rest)
                elif points == FURTHER_CODE_POINTS and found.lead < WORD_POINTS:
                    worth = min(points, rest)
                elif not is_mute and not found.words:
                    worth = EXACT_CODE_ALONE if _is_exact(code) else MOST_OF_CODE_ALONE
                found.codes = max(found.codes, worth)
                found.cpv_codes = tuple(dict.fromkeys((*found.cpv_codes, code)))


def _is_exact(code: str) -> bool:
    """Tell whether a code says a class of work, and not a branch at large."""
    return code[CPV_CLASS_DIGITS - 1] != "0"


def _spread(evidence: Mapping[int, Evidence], in_lead: Collection[int]) -> None:
    """Let codes of many trades tell only those that the title names: a whole house is bought."""
    coded = {frozenset(found.cpv_codes) for found in evidence.values() if found.codes}
    if len(coded) < MANY_TRADES:
        return
    for trade, found in evidence.items():
        if trade not in in_lead:
            found.codes = max(0.0, min(found.codes, MOST_OF_CODE_ALONE - found.lead - found.body))


def _silenced(by_text: Iterable[Iterable[Hit]], standing: Collection[int]) -> set[int]:
    """Return the trades of which the titles hold a word that means something else, and none that stands."""
    hits = [hit for hits in by_text for hit in hits if not hit.entry.points and not hit.is_parted]
    return {hit.entry.trade for hit in hits}.difference(standing)


def _is_out(trade: int, unit: Unit) -> bool:
    """Tell whether a word takes it out of a trade: its title's, or for a lot the deed of its notice's."""
    out = trade_lexicon().out[trade]
    if not out:
        return False
    return not trade_lexicon().words_out[trade].isdisjoint(unit.inherited) or any(
        True for text in unit.leads for _ in find_hits(text, out)
    )


def _halved(found: Evidence) -> Evidence:
    """Return what one craft has of a lot that asks for a whole house: enough for who wants to hear of all."""
    return replace(found, lead=min(found.lead / 2, MOST_OF_BODY), body=0.0, codes=0.0)
