"""Where the words that were asked for stand in a procedure's texts.

In:   texts as published, stems.
Out:  excerpts, each with the ranges of characters of those words in it; offsets are of our own analysis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, takewhile
from typing import Any

from alerting.text.analysis import StemFinder, Token


_WIDTH = 160
_BEFORE = 40
_MOST = 5
_SPACE = re.compile(r"\s")


def highlights(view: Mapping[str, Any], wanted: StemFinder) -> list[dict[str, Any]]:
    """Return an excerpt of each text of a stored view in which a wanted stem stands, five at most.

    Args:
        view: As it was stored.
        wanted: The same for all views of a page.

    Returns:
        "field", "lot_id" (None beside lots), "text", and "spans": half-open ranges of characters of "text".
    """
    return list(islice(_excerpts(view, wanted), _MOST))


def _excerpts(view: Mapping[str, Any], wanted: StemFinder) -> Iterator[dict[str, Any]]:
    for field, lot_id, text in _texts(view):
        tokens = wanted.find(text)
        if (first := next(tokens, None)) is not None:
            yield {"field": field, "lot_id": lot_id, **_excerpt(text, first, tokens)}


def word_of(view: Mapping[str, Any], stem: str) -> str | None:
    """Return a stem as it is written in the first text of a view that has it."""
    wanted = StemFinder(frozenset({stem}))
    for _, _, text in _texts(view):
        for token in wanted.find(text):
            return text[token.start : token.end].lower()
    return None


def _texts(view: Mapping[str, Any]) -> Iterable[tuple[str, str | None, str]]:
    buyer = view["buyer"] or {}
    parts = [("title", None, view["title"])]
    for lot in view["lots"] or ():
        parts += [("lot", lot["lot_id"], lot["title"]), ("lot", lot["lot_id"], lot["description"])]
    parts += [("description", None, view["description"]), ("buyer", None, buyer.get("name"))]
    return [part for part in parts if part[2]]


def _excerpt(text: str, first: Token, others: Iterator[Token]) -> dict[str, Any]:
    """Return an excerpt from just before the first token on; others are made as far as it shows them."""
    start = _start_of_word(text, first.start - _BEFORE, latest=first.start)
    end = min(len(text), start + max(_WIDTH, first.end - start))
    shown = (first, *takewhile(lambda token: token.end <= end, others))
    return {
        "text": text[start:end],
        "spans": [[token.start - start, token.end - start] for token in shown],
    }


def _start_of_word(text: str, position: int, *, latest: int) -> int:
    """Return where the first whole word from a position on begins; the latest, where none does before it."""
    if position <= 0:
        return 0
    space = _SPACE.search(text, position - 1, latest)
    return latest if space is None else space.end()
