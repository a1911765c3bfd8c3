"""Find the trades that a notice asks for, lot by lot: once for every profile that will be held against it.

In:   a notice with its texts analysed.
Out:  for each trade that is spoken of, one finding a lot (or one of the whole), with points.

Titles say what is bought; descriptions also name what stands beside it.  So a craft's word in a
title counts three, in a description half of that, and less where the title names another
craft or the description names many: "réhabilitation de l'école, tous corps d'état" is no painter's lot.
What is bought must be the craft's to do: a title's first act decides between work, design,
training, supply and more (``reference.acts``).

Where the lots of a notice name trades, they alone speak; else what the notice says holds for all of them.

Source of the numbers: bench/relevance.py, on the labelled notices that are for tuning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from alerting.domain.analysed import AnalysedText
from alerting.domain.notice import Notice
from alerting.domain.trade import Act, TradeFinding
from alerting.matching.trades.lexicon import WORD_POINTS, trade_lexicon
from alerting.matching.trades.said import MAY_BE_CORRECTED
from alerting.matching.trades.spelling import as_meant
from alerting.matching.trades.units import Unit, deeds_of, listed_lots, lot_unit, whole_unit
from alerting.matching.trades.weigh import Evidence, weigh
from alerting.reference.acts import act_of_cpv
from alerting.reference.trades import Trade, is_foreign


Findings = Mapping[str, tuple[TradeFinding, ...]]


def find_trades(
    notice: Notice, texts: Sequence[AnalysedText], lot_texts: Sequence[Sequence[AnalysedText]]
) -> Findings:
    """Return what a notice says of each trade that it speaks of, by trade id.

    Args:
        notice: The notice.
        texts: Its title and description, analysed; the second may be missing.
        lot_texts: The same of each lot, in the notice's order; both may be missing.
    """
    texts = tuple(map(as_meant, texts))
    lot_texts = tuple(tuple(map(as_meant, of_lot)) for of_lot in lot_texts)
    whole = whole_unit(notice, texts, lot_texts)
    deeds = deeds_of(texts[0]) if whole.act in MAY_BE_CORRECTED else frozenset()
    if len(notice.lots) > 1:
        lots = zip(notice.lots, lot_texts, strict=True)
        units = [lot_unit(lot, analysed, whole, deeds) for lot, analysed in lots]
    else:
        units = [replace(lot, deeds=deeds) for lot in listed_lots(whole)]
    weighed = [(unit, weigh(unit)) for unit in units]
    speaking = [any(found.lead >= WORD_POINTS for found in by_trade.values()) for _, by_trade in weighed]
    if not any(speaking):
        return _by_trade([(whole, weigh(whole)), *weighed])
    if all(speaking):
        return _by_trade(weighed)
    titled = replace(whole, leads=whole.leads[: whole.title_count], bodies=())
    named = {number: found for number, found in weigh(titled).items() if found.lead >= WORD_POINTS}
    return _by_trade([(whole, named), *weighed])


def _by_trade(weighed: Iterable[tuple[Unit, Mapping[int, Evidence]]]) -> Findings:
    found: defaultdict[str, list[TradeFinding]] = defaultdict(list)
    for unit, by_trade in weighed:
        is_of_neighbour = _is_coded_as_named(unit, by_trade)
        for number, evidence in by_trade.items():
            trade = trade_lexicon().trades[number]
            act, word = _unsuited(unit, evidence, trade, is_of_neighbour=is_of_neighbour)
            found[trade.trade_id].append(
                TradeFinding(
                    lot_id=unit.lot_id,
                    label=trade.label,
                    points=evidence.lead + evidence.body + evidence.codes,
                    words=evidence.words,
                    cpv_codes=evidence.cpv_codes,
                    act=act,
                    act_word=word,
                )
            )
    return {trade_id: tuple(findings) for trade_id, findings in found.items()}


def _is_coded_as_named(unit: Unit, by_trade: Mapping[int, Evidence]) -> bool:
    """Tell whether the first code is of a trade that is named: it says nothing against another."""
    of_code = (number for code in unit.stated_codes[:1] for number in trade_lexicon().trades_of_code(code))
    return any(number in by_trade and by_trade[number].lead >= WORD_POINTS for number in of_code)


def _unsuited(
    unit: Unit, evidence: Evidence, trade: Trade, *, is_of_neighbour: bool
) -> tuple[Act | None, str | None]:
    """Return what is bought where that is not the trade's to do, and the word or code that says so.

    Args:
        unit: A lot or a notice.
        evidence: What speaks there for the trade.
        trade: The trade.
        is_of_neighbour: Whether its code is of a trade that it names: "repas et ménage" under meals.
    """
    if unit.act is not None and unit.act.value not in trade.acts and not _is_of_trade(unit, evidence):
        return unit.act, unit.act_word
    if is_of_neighbour and evidence.lead >= WORD_POINTS:
        return None, None
    if unit.stated_codes and all(is_foreign(code, trade) for code in unit.stated_codes):
        code = unit.stated_codes[0]
        return act_of_cpv(code) or Act.OTHER, code
    return None, None


def _is_of_trade(unit: Unit, evidence: Evidence) -> bool:
    """Tell whether the act's word is part of a phrase of the trade: "location et entretien de linge"."""
    word = unit.act_word
    return word is not None and any(word in words and word != words for words in evidence.words)
