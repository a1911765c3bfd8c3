"""Find what a notice asks of whoever answers, in its texts and those of its lots, and in their fields.

In:   a notice, the analysed texts of it and of each lot.
Out:  demands, each once a lot; what is denied beside its word, in the same sentence, is none.

What the notice's own text says of a lot by its number is that lot's ("le lot 2 est réservé").
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from alerting.domain.analysed import AnalysedText, Phrase
from alerting.domain.fit import Demand
from alerting.domain.lots import lot_key
from alerting.domain.notice import Lot, Notice
from alerting.reference.demands import DemandWords, demands
from alerting.text.analysis import stems
from alerting.text.lot_words import lots_beside


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
    """Return what a notice asks, each with the words that first say so."""
    found: dict[Demand, str] = {}
    for text, pattern, start, stop in _places(texts):
        for lot_id in _lots_meant(text, start, stop, notice):
            found.setdefault(replace(pattern.demand, lot_id=lot_id), _said(text, start, stop))
    for lot, unit in zip(notice.lots, lot_texts, strict=True):
        for text, pattern, start, stop in _places(unit):
            found.setdefault(replace(pattern.demand, lot_id=lot.lot_id), _said(text, start, stop))
        for demand in _stated(lot):
            found.setdefault(replace(demand, lot_id=lot.lot_id), demand.label)
    of_lots = {replace(demand, lot_id=None) for demand in found if demand.lot_id is not None}
    for demand in _stated(notice):
        if demand not in of_lots:  # Where lots are named, the form's one field for all speaks of them.
            found.setdefault(demand, demand.label)
    return tuple(replace(demand, words=words) for demand, words in found.items())


def _stated(part: Notice | Lot) -> Iterator[Demand]:
    """Yield what a notice or a lot states in fields of its own."""
    return (demand for fact, demand in _facts() if getattr(part, fact) is True)


def _said(text: AnalysedText, start: int, stop: int) -> str:
    return text.text[text.spans[start][0] : text.spans[stop - 1][1]]


def _places(texts: Sequence[AnalysedText]) -> Iterator[tuple[AnalysedText, _Pattern, int, int]]:
    """Yield where patterns stand and are not denied, by the order of their table in each text."""
    for text in texts:
        firsts = text.positions.keys() & _patterns().keys()
        patterns = sorted((pattern for first in firsts for pattern in _patterns()[first]), key=_number)
        for pattern in patterns:
            for start in text.positions[pattern.head[0]]:
                end = start + len(pattern.head)
                if text.stems[start:end] != pattern.head:
                    continue
                stops = (at for at in _ends(text, end, pattern.tail) if not _is_denied(text, start, at))
                if (stop := next(stops, None)) is not None:
                    yield text, pattern, start, stop


def _number(pattern: _Pattern) -> int:
    return pattern.number


def _lots_meant(text: AnalysedText, start: int, stop: int, notice: Notice) -> Sequence[str | None]:
    """Return the lots that the sentence names for some words of it; None for the notice as a whole."""
    first, last = start, stop
    while first > 0 and not _ends_between(text, first - 1):
        first -= 1
    while last < len(text.stems) and not _ends_between(text, last - 1):
        last += 1
    before = text.text[text.spans[first][0] : text.spans[start][0]]
    behind = text.text[text.spans[stop - 1][1] : text.spans[last - 1][1]]
    numbers = lots_beside(before, _said(text, start, stop), behind)
    ids = {lot_key(lot.lot_id): lot.lot_id for lot in notice.lots} if numbers else {}
    return [ids.get(lot_key(number), number) for number in numbers] or [None]


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
def _facts() -> Sequence[tuple[str, Demand]]:
    """Return the facts that state a demand, by their names in ``Notice`` and ``Lot``."""
    return [(one.fact, _demand(one)) for one in demands() if one.fact is not None]


def _demand(one: DemandWords) -> Demand:
    return Demand(one.kind, one.label, one.met_by, one.is_law)


@cache
def _patterns() -> Mapping[str, Sequence[_Pattern]]:
    by_first: defaultdict[str, list[_Pattern]] = defaultdict(list)
    listed = ((_demand(one), words) for one in demands() for words in one.words)
    for number, (demand, words) in enumerate(listed):
        head, _, tail = words.partition(GAP)
        pattern = _Pattern(number, demand, stems(head), stems(tail))
        by_first[pattern.head[0]].append(pattern)
    return dict(by_first)
