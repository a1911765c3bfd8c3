"""Text becomes tokens, here and nowhere else.

In:   any text of a notice, a profile or a search box.
Out:  tokens: a stem, and where in the text it stands.

Unicode NFKC, case fold, accents off, French elision, Snowball French.  Elasticsearch and the
engine receive these stems ready-made, so one word means one thing everywhere.

Source: https://snowballstem.org/algorithms/french/stemmer.html
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import Stemmer


CHUNK = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
PART = re.compile(r"[^\W_]+")
ELIDED = frozenset(
    ["c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "presqu", "quelqu"]
)
CACHED_CHUNKS = 200_000


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its stem, and the half-open range of characters where it stands."""

    stem: str
    start: int
    end: int


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of *text* in order.

    >>> stems("Réfection de l’étanchéité des toitures-terrasses")
    ('refect', 'de', 'etancheit', 'de', 'toitur', 'terr')
    """
    return tuple(stem for chunk in CHUNK.finditer(text) for stem, _, _ in _parts(chunk.group()))


def analyse(text: str) -> tuple[Token, ...]:
    """Return the tokens of *text* in order, with offsets into *text* as given."""
    return tuple(
        Token(stem, chunk.start() + start, chunk.start() + end)
        for chunk in CHUNK.finditer(text)
        for stem, start, end in _parts(chunk.group())
    )


@lru_cache(maxsize=CACHED_CHUNKS)
def _parts(chunk: str) -> tuple[tuple[str, int, int], ...]:
    words = list(PART.finditer(chunk))
    kept = [
        word
        for position, word in enumerate(words)
        if position == len(words) - 1 or _folded(word.group()) not in ELIDED
    ]
    return tuple((_stem(word.group()), word.start(), word.end()) for word in kept)


def _stem(word: str) -> str:
    # Accents come off first: half of all capital titles are written without them.
    stem: str = _stemmer().stemWord(_folded(word))
    return stem


def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return plain.replace("œ", "oe").replace("æ", "ae")


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("french")
