"""Where the phrases of a lexicon stand in a text, and the words around them.

In:   an analysed text and entries by their stems.
Out:  a ``Hit`` for each phrase that stands there, by places among the words that do not only link others.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerting.domain.analysed import AnalysedText
from alerting.matching.trades.lexicon import Entry, Index, has_and, is_linking
from alerting.matching.trades.spelling import meant_form


# What parts words that would together mean something else.
_PARTED = re.compile(r"[,;:/]")
# A dash parts what a word must link: "bois – charpente" is no "bois de charpente".
_DASH = re.compile(r"\s[-–—]\s")


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that stands in a text, by places among its ``content_places``, and its words as published."""

    entry: Entry
    start: int
    end: int
    words: str

    @property
    def is_parted(self) -> bool:
        """Tell whether its words are two things: "peinture, toile" and "peinture et toile" are no canvas."""
        return (
            _PARTED.search(self.words) is not None
            or (not self.entry.has_and and has_and(self.words))
            or (self.entry.has_link and _DASH.search(self.words) is not None)
        )


def find_hits(text: AnalysedText, index: Index, places: Sequence[int] | None = None) -> Iterable[Hit]:
    """Yield the phrases of an index that stand in a text, by their stems and forms."""
    if places is None:
        places = content_places(text)
    content = tuple(text.stems[place] for place in places)
    for start, stem in enumerate(content):
        by_second = index.get(stem)
        if by_second is None:
            continue
        for second in (None, *content[start + 1 : start + 2]):
            for entry in by_second.get(second, ()):
                end = start + len(entry.phrase)
                if content[start:end] == entry.phrase and _has_forms(text, places[start:end], entry.forms):
                    yield Hit(entry, start, end, as_published(text, places[start], places[end - 1]))


def content_places(text: AnalysedText) -> list[int]:
    """Return the places of the words that do not only link others."""
    spans = text.spans
    return [
        place
        for place, stem in enumerate(text.stems)
        if not is_linking(stem, text.text[spans[place][0] : spans[place][1]])
    ]


def word_at(text: AnalysedText, place: int) -> str:
    """Return the word at a place, as it is looked up."""
    start, end = text.spans[place]
    return meant_form(text.text[start:end])


def as_published(text: AnalysedText, first: int, last: int) -> str:
    """Return a text as published from one word to another."""
    return text.text[text.spans[first][0] : text.spans[last][1]]


def gap_between(text: AnalysedText, first: int, second: int) -> str:
    """Return what stands between two words."""
    return text.text[text.spans[first][1] : text.spans[second][0]]


def slice_text(text: AnalysedText, first: int, last: int) -> AnalysedText:
    """Return a part of an analysed text, from a place up to another."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for place, stem in enumerate(text.stems[first:last]):
        positions[stem].append(place)
    return AnalysedText(
        text=text.text,
        stems=text.stems[first:last],
        spans=text.spans[first:last],
        positions={stem: tuple(places) for stem, places in positions.items()},
    )


def standing_hits(hits: Sequence[Hit]) -> list[Hit]:
    """Return one trade's hits without those inside a longer one, or inside words that stand apart."""
    kept: list[Hit] = []
    taken: set[int] = set()
    for hit in sorted(hits, key=_precedence):
        places = range(hit.start, hit.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(hit)
    return sorted((hit for hit in kept if hit.entry.points), key=lambda hit: hit.start)


def _precedence(hit: Hit) -> tuple[int, bool, float, int]:
    """Order the longest first; of two, what stands apart, then what is worth more."""
    return hit.start - hit.end, hit.entry.points > 0, -hit.entry.points, hit.start


def _has_forms(text: AnalysedText, places: Sequence[int], forms: Sequence[str]) -> bool:
    return all(word_at(text, place) == form for place, form in zip(places, forms, strict=True))
