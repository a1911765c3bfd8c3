"""Lots that a text numbers or lists without the notice dividing them.

In:   an analysed text.
Out:  its parts, one for each lot: "lot 1 : maçonnerie ; lot 2 : charpente".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise

from alerting.domain.analysed import AnalysedText
from alerting.matching.trades.hits import slice_text
from alerting.text.analysis import stems


(LOT,) = stems("lot")
_LOT_NUMBER = re.compile(r"\blot\s*(?:n\s*[°ºo]?|num[ée]ro)?\s*\d+", re.IGNORECASE)
# Of several lots the numbers behind the first: "sur les lots 02 (gros œuvre), 06 (étanchéité)".
_LOTS_BY_NUMBER = re.compile(r"\blots\s*(?:n\s*[°ºo]?s?)?\s*\d+\s*\(", re.IGNORECASE)
_NEXT_LOT = re.compile(r"\)\s*(?:[,;]|et\b)?\s*(?:n\s*[°ºo])?\s*\d{1,2}\s*\(", re.IGNORECASE)
FEWEST_LISTED_LOTS = 2
# A list of lots without the word before each: "répartis en 3 lots : 01 - gros œuvre ; 02 - charpente".
_LOTS_FOLLOW = re.compile(r"\b(?:lots|alloti[es]*)\b[^.;:\n]{0,40}:", re.IGNORECASE)
_NEXT_ITEM = re.compile(r"[;\n•]|,\s*[-–—]|\s(?=\d{1,2}\s*[-–—:.)])")
# Where such a list numbers nothing: "3 lots : pain, viande et fromage".
_COMMA = re.compile(r",|\bet\b(?=[^,]*$)", re.IGNORECASE)
_LIST_ENDS = re.compile(r"(?<=[^\W\d_]{2})\.(?=\s|$)")
SHORT_STEMS = 12


def parts_of_lots(text: AnalysedText) -> list[AnalysedText]:
    """Return what a text says of each lot that it numbers."""
    count = len(text.positions.get(LOT, ()))
    if not count or (count < FEWEST_LISTED_LOTS and not _LOTS_BY_NUMBER.search(text.text)):
        return []
    parts = numbered_parts(text)
    return [slice_text(part, 0, min(len(part.stems), SHORT_STEMS)) for part in parts]


def items_of_lots(text: AnalysedText) -> list[AnalysedText]:
    """Return what a sentence lists that says that lots follow, an item each."""
    opening = _LOTS_FOLLOW.search(text.text)
    if opening is None:
        return []
    closing = _LIST_ENDS.search(text.text, opening.end())
    end = closing.start() if closing is not None else len(text.text)
    parted = (pattern.finditer(text.text, opening.end(), end) for pattern in (_NEXT_ITEM, _COMMA))
    marks = next(filter(None, ([mark.end() for mark in marks] for marks in parted)), [])
    starts = [start for start, _ in text.spans]
    places = [bisect_left(starts, place) for place in (opening.end(), *marks, end)]
    return [
        slice_text(text, first, min(last, first + SHORT_STEMS))
        for first, last in pairwise(places)
        if first < last
    ]


def numbered_parts(text: AnalysedText) -> list[AnalysedText]:
    """Return what follows each number of a lot, up to the next."""
    marks = list(_LOT_NUMBER.finditer(text.text))
    if _LOTS_BY_NUMBER.search(text.text):
        marks += [*_LOTS_BY_NUMBER.finditer(text.text), *_NEXT_LOT.finditer(text.text)]
        marks.sort(key=re.Match.start)
    starts = [start for start, _ in text.spans]
    firsts = [bisect_left(starts, mark.end()) for mark in marks]
    lasts = [bisect_left(starts, mark.start()) for mark in marks] + [len(starts)]
    bounds = zip(firsts, lasts[1:], strict=True)
    return [slice_text(text, first, last) for first, last in bounds if first < last]
