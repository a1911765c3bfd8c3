"""Find what a notice asks of whoever answers, in its texts and in those of its lots.

In:   the analysed texts of a notice and of each lot.
Out:  demands, each once a lot; what is denied beside its word, in the same sentence, is none.
"""

from __future__ import annotations

import re
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
_STOP = re.compile(r"[;!?]")
_FULL_STOP = re.compile(r"\.\s")
_ABBREVIATED = frozenset({"art", "al", "cf", "env", "ex", "max", "min", "no", "ref", "réf", "tel", "tél"})
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
            if not _is_denied(text, start, stop):
                return text.text[text.spans[start][0] : text.spans[stop - 1][1]]
    return None


def _is_denied(text: AnalysedText, start: int, stop: int) -> bool:
    """Tell whether a denial stands within words or beside them, in one sentence with them."""
    first, last = start, stop
    while first > max(0, start - DENIED_BEFORE) and not _ends_between(text, first - 1):
        first -= 1
    while last < min(len(text.stems), stop + DENIED_AFTER) and not _ends_between(text, last - 1):
        last += 1
    return not _DENIALS.isdisjoint(text.stems[first:last])


def _ends_between(text: AnalysedText, place: int) -> bool:
    """Tell whether a sentence ends between the word at a place and the next.

    A line that goes on in small letters is one that was broken, and what a colon ends is answered below it.
    """
    (start, end), (after, _) = text.spans[place : place + 2]
    word, between, following = text.text[start:end], text.text[end:after], text.text[after]
    if _STOP.search(between) is not None:
        return True
    if "\n" in between and not following.islower():
        return not between.rstrip().endswith(":")
    if len(word) == 1 or word.casefold() in _ABBREVIATED:
        return False
    is_joined = between == "." and word[-1].islower() and following.isupper()
    return is_joined or _FULL_STOP.search(between) is not None


def _ends(text: AnalysedText, start: int, tail: Phrase) -> Iterator[int]:
    """Yield where a pattern may end: behind its tail, which stands a few words on in the same sentence."""
    if not tail:
        yield start
        return
    for at in range(start, min(start + WORDS_BETWEEN, len(text.stems) - len(tail)) + 1):
        if _ends_between(text, at - 1):
            return
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
