"""Where the words that were asked for stand in a procedure's texts.

In:   texts as published, stems.
Out:  excerpts, each with the ranges of characters of those words in it; offsets are of our own analysis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from alerting.text.analysis import Token, find_stems


_WIDTH = 160
_BEFORE = 40
_MOST = 5


def highlights(view: Mapping[str, Any], wanted: frozenset[str]) -> list[dict[str, Any]]:
    """Return an excerpt of each text of a stored view in which a wanted stem stands, five at most.

    Returns:
        "field", "lot_id" (None beside lots), "text", and "spans": half-open ranges of characters of "text".
    """
    return list(islice(_excerpts(view, wanted), _MOST))


def _excerpts(view: Mapping[str, Any], wanted: frozenset[str]) -> Iterator[dict[str, Any]]:
    for field, lot_id, text in _texts(view):
        if wanted and (tokens := find_stems(text, wanted)):
            yield {"field": field, "lot_id": lot_id, **_excerpt(text, tokens)}


def word_of(view: Mapping[str, Any], stem: str) -> str | None:
    """Return a stem as it is written in the first text of a view that has it."""
    for _, _, text in _texts(view):
        for token in find_stems(text, frozenset({stem})):
            return text[token.start : token.end].lower()
    return None


def _texts(view: Mapping[str, Any]) -> Iterable[tuple[str, str | None, str]]:
    buyer = view["buyer"] or {}
    parts = [("title", None, view["title"])]
    for lot in view["lots"] or ():
        parts += [("lot", lot["lot_id"], lot["title"]), ("lot", lot["lot_id"], lot["description"])]
    parts += [("description", None, view["description"]), ("buyer", None, buyer.get("name"))]
    return [part for part in parts if part[2]]


def _excerpt(text: str, tokens: Sequence[Token]) -> dict[str, Any]:
    start = min(tokens[0].start, _start_of_word(text, tokens[0].start - _BEFORE))
    end = min(len(text), start + max(_WIDTH, tokens[0].end - start))
    spans = [[token.start - start, token.end - start] for token in tokens if token.end <= end]
    return {"text": text[start:end], "spans": spans}


def _start_of_word(text: str, position: int) -> int:
    return text.find(" ", position - 1) + 1 if position > 0 else 0
