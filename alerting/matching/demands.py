"""Find what a notice asks of whoever answers, in its texts and in those of its lots.

In:   the analysed texts of a notice and of each lot.
Out:  demands, each once a lot; what is denied beside its word is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from alerting.domain.criteria import AnalysedText, Phrase
from alerting.domain.fit import Demand
from alerting.domain.notice import Notice
from alerting.reference.demands import demands
from alerting.text.analysis import stems


GAP = "…"
WORDS_BETWEEN = 5
DENIED_BEFORE = 2
DENIED_AFTER = 2
_DENIALS = frozenset(stems("non pas aucun aucune sans ni facultative facultatif néant"))


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A phrase, or two with a few words between; ``number`` is its place in the table."""

    number: int
    demand: Demand
    head: Phrase
    tail: Phrase


def find_demands(
    notice: Notice, texts: Sequence[AnalysedText], lot_texts: Sequence[Sequence[AnalysedText]]
) -> tuple[Demand, ...]:
    """Return what a notice asks, that of the whole first, then lot by lot."""
    lots = zip((lot.lot_id for lot in notice.lots), lot_texts, strict=True)
    by_unit = ((None, texts), *lots)
    return tuple(
        replace(demand, lot_id=lot_id, words=words)
        for lot_id, unit in by_unit
        for demand, words in _found(unit).items()
    )


def _found(texts: Sequence[AnalysedText]) -> dict[Demand, str]:
    """Return the demands of some texts, each with the words that first say so."""
    found: dict[Demand, str] = {}
    for text in texts:
        firsts = text.positions.keys() & _patterns().keys()
        patterns = sorted((pattern for first in firsts for pattern in _patterns()[first]), key=_number)
        for pattern in patterns:
            if pattern.demand not in found and (words := _words(text, pattern)) is not None:
                found[pattern.demand] = words
    return found


def _number(pattern: _Pattern) -> int:
    return pattern.number


def _words(text: AnalysedText, pattern: _Pattern) -> str | None:
    """Return the words where a pattern stands and is not denied."""
    for start in text.positions[pattern.head[0]]:
        end = start + len(pattern.head)
        if text.stems[start:end] != pattern.head:
            continue
        for stop in _ends(text, end, pattern.tail):
            around = text.stems[max(0, start - DENIED_BEFORE) : stop + DENIED_AFTER]
            if _DENIALS.isdisjoint(around):
                return text.text[text.spans[start][0] : text.spans[stop - 1][1]]
    return None


def _ends(text: AnalysedText, start: int, tail: Phrase) -> Iterator[int]:
    if not tail:
        yield start
        return
    for at in range(start, min(start + WORDS_BETWEEN, len(text.stems) - len(tail)) + 1):
        if text.stems[at : at + len(tail)] == tail:
            yield at + len(tail)


@cache
def _patterns() -> Mapping[str, Sequence[_Pattern]]:
    by_first: defaultdict[str, list[_Pattern]] = defaultdict(list)
    listed = (
        (Demand(one.kind, one.label, one.met_by, one.is_law), words)
        for one in demands()
        for words in one.words
    )
    for number, (demand, words) in enumerate(listed):
        head, _, tail = words.partition(GAP)
        pattern = _Pattern(number, demand, stems(head), stems(tail))
        by_first[pattern.head[0]].append(pattern)
    return dict(by_first)
