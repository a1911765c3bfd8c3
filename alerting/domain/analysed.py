"""A notice as it is judged: its texts as stems, and what they say of trades, places and demands.

Made once for every profile that will be held against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerting.domain.fit import Demand
from alerting.domain.notice import Notice
from alerting.domain.place import LocatedNotice
from alerting.domain.trade import TradeFinding


Phrase = tuple[str, ...]


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


def stated_codes(notice: Notice) -> frozenset[str]:
    """Return every CPV code that a notice states, of itself and of its lots."""
    own = () if notice.cpv_main is None else (notice.cpv_main,)
    of_lots = (code for lot in notice.lots for code in lot.cpv_codes)
    return frozenset((*own, *notice.cpv_additional, *of_lots))
