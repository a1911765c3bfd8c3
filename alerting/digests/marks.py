"""Texts in pieces, those marked for which a notice was chosen.

In:   a text, and words as published.
Out:  the same text, its pieces marked or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; marked where it is why the notice was chosen."""

    text: str
    is_marked: bool = False


Marked = tuple[Piece, ...]


def mark_words(text: str, wanted: Sequence[str]) -> Marked:
    """Return a text in pieces, each place where one of the words stands marked.

    >>> [piece.text for piece in mark_words("Lot chauffage", ("Chauffage",)) if piece.is_marked]
    ['chauffage']
    """
    return make_marker(wanted)(text)


def make_marker(wanted: Sequence[str]) -> Callable[[str], Marked]:
    """Return what marks the same words in many texts."""
    if not wanted:
        return lambda text: (Piece(text),)
    # The spaces of a title that was cleaned need not be those of the words as published.
    ways = "|".join(re.escape(words_).replace(r"\ ", r"\s+") for words_ in wanted)
    # Words that stand side by side are marked as one.
    pattern = re.compile(rf"(?<!\w)((?:{ways})(?:[\s\-]+(?:{ways}))*)(?!\w)", re.IGNORECASE)

    def mark(text: str) -> Marked:
        pieces = pattern.split(text)
        return tuple(Piece(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece)

    return mark
