"""Whether a whole house is bought as one: then no craft hears of its part.

In:   a unit.
Out:  yes or no: by the word for a whole or for a bundle of crafts, or by how many trades are named.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerting.domain.analysed import AnalysedText
from alerting.domain.trade import Act
from alerting.matching.trades.acts import act_hits
from alerting.matching.trades.hits import find_hits
from alerting.matching.trades.lexicon import ACTS, WORD_POINTS, index_of
from alerting.matching.trades.lots import LOT
from alerting.matching.trades.named import names_trade, trade_hits
from alerting.matching.trades.said import is_short
from alerting.matching.trades.units import Unit
from alerting.reference.acts import words_of_a_bundle, words_of_a_whole


TRADES_OF_A_MACRO_LOT = 6
TRADES_OF_A_BUNDLE = 2
TRADES_OF_A_PROJECT = 3
WORDS_OF_WHAT_IS_BUILT = 3


def is_macro(unit: Unit, *, in_lead: int, in_body: int) -> bool:
    """Tell whether a whole house is bought as one: by the word for it, or by many trades."""
    if _lists_lots(unit.leads):
        return False
    if in_lead >= TRADES_OF_A_MACRO_LOT:
        return True
    titles = unit.leads[: unit.title_count]
    if max(in_lead, in_body) >= TRADES_OF_A_BUNDLE and any(map(is_named_bundle, titles)):
        return True
    if in_lead >= TRADES_OF_A_PROJECT and not any(map(names_trade, titles)):
        return not any(map(is_short, unit.leads[unit.title_count :]))
    if any(True for title in titles for _ in find_hits(title, index_of(words_of_a_whole))):
        return not (in_lead and any(LOT in title.positions for title in titles))
    return in_body >= TRADES_OF_A_MACRO_LOT and not any(map(names_trade, titles))


def is_part_of_house(unit: Unit) -> bool:
    """Tell whether crafts are named but where a description builds a house: "un lycée avec son internat".

    Where the description says what a title that names a house does not ("désamiantage"), that is bought.
    """
    titles, beginnings = unit.leads[: unit.title_count], unit.leads[unit.title_count :]
    if unit.lot_id is not None or any(map(names_trade, titles)) or _lists_lots(unit.leads):
        return False
    return any(not is_short(text) and _builds_house(text) for text in beginnings)


def is_named_bundle(title: AnalysedText) -> bool:
    """Tell whether a lot's title is a word for several crafts and names none: "second œuvre", "fluides"."""
    bundles = [range(hit.start, hit.end) for hit in find_hits(title, index_of(words_of_a_bundle))]
    named = (hit for hit in trade_hits(title) if hit.entry.points >= WORD_POINTS)
    return bool(bundles) and all(any(hit.start in each for each in bundles) for hit in named)


def _lists_lots(leads: Sequence[AnalysedText]) -> bool:
    """Tell whether a text names lots that the notice does not divide: "lot 1 gros œuvre, lot 2 charpente".

    "Macro-lot C - lots techniques" is one.
    """
    bundles = index_of(words_of_a_bundle)
    return any(
        len(text.positions.get(LOT, ())) > 1 and not any(True for _ in find_hits(text, bundles))
        for text in leads
    )


def _builds_house(text: AnalysedText) -> bool:
    """Tell whether a text builds a house, and not what a craft makes: "extension du réseau"."""
    starts = [hit.start for hit in trade_hits(text) if hit.entry.points]
    ends = (hit.end for hit in act_hits(text) if ACTS[hit.entry.trade] is Act.BUILDING)
    return any(not any(end <= start < end + WORDS_OF_WHAT_IS_BUILT for start in starts) for end in ends)
