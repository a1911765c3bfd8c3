"""Text becomes tokens, here and nowhere else.

In:   any text of a notice, a profile or a search box.
Out:  tokens: a stem, and where in the text it stands.

Unicode NFKC, case fold, accents off, French elision, Snowball French.  Elasticsearch and the
engine receive these stems ready-made, so one word means one thing everywhere.

A stem is letters and digits only.  Hyphens part words ("chauffe-eau" is "chauffe eau"); accents written
as characters of their own, soft hyphens and joiners of no width belong to their word.  "St" is "saint".

Source: https://snowballstem.org/algorithms/french/stemmer.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_letters

import Stemmer


# Combining accents, the soft hyphen, and the spaces and joiners of no width.
_WITHIN = "\u0300-\u036f\u00ad\u200b-\u200d\u2060"
_WORD = rf"[^\W_]+(?:[{_WITHIN}]+[^\W_]*)*"
CHUNK = re.compile(rf"{_WORD}(?:['’ʼ]{_WORD})*")
PART = re.compile(_WORD)
ELIDED = frozenset(
    ["c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "presqu", "quelqu"]
)
# Plurals that Snowball's rule "-aux: -al" takes for other words, of crafts and of sites.
_PLURALS = {
    "boyaux": "boyau",
    "coraux": "corail",
    "emaux": "email",
    "joyaux": "joyau",
    "noyaux": "noyau",
    "pneus": "pneu",
    "soupiraux": "soupirail",
    "tuyaux": "tuyau",
    "vitraux": "vitrail",
}
# In the names of places and schools.
_SHORTENED = {"st": "saint", "ste": "sainte"}
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


class StemFinder:
    """Finds where some stems stand in texts, without making the tokens of the other words.

    Texts that are looked at one after the other share most of their words: one that is none of those wanted
    is told from them once.

    Args:
        wanted: The stems.

    >>> list(StemFinder(frozenset({"ecol"})).find("Toiture de l'école"))
    [Token(stem='ecol', start=13, end=18)]
    """

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        # Stemming leaves the first letter of a word as it is.
        self._others = frozenset(ascii_letters).difference(
            letter for stem in wanted for letter in (stem[:1], stem[:1].upper())
        )
        # Runs of characters between spaces that hold none of them; no word has a space in it.
        self._silent: set[str] = set()

    def find(self, text: str) -> Iterator[Token]:
        """Yield what ``analyse`` returns of the wanted stems alone."""
        runs = text.split()
        telling = self._telling(runs)
        start = 0
        for run in runs if telling else ():
            start = text.index(run, start)
            if run in telling:
                for token in _analysed(run)[1]:
                    if token.stem in self._wanted:
                        yield Token(token.stem, start + token.start, start + token.end)
            start += len(run)

    def _telling(self, runs: Sequence[str]) -> set[str]:
        """Return the runs that hold a wanted stem; most plain words do not even begin like one."""
        wanted, others = self._wanted, self._others
        unknown = set(runs).difference(self._silent)
        telling = {
            run
            for run in unknown
            if not (run[0] in others and run.isalpha() and run.isascii())
            and not wanted.isdisjoint(_analysed(run)[0])
        }
        self._silent |= unknown - telling
        return telling


@lru_cache(maxsize=CACHED_CHUNKS)
def _analysed(run: str) -> tuple[frozenset[str], tuple[Token, ...]]:
    tokens = analyse(run)
    return frozenset(token.stem for token in tokens), tokens


@lru_cache(maxsize=CACHED_CHUNKS)
def _parts(chunk: str) -> tuple[tuple[str, int, int], ...]:
    words = list(PART.finditer(chunk))
    kept = [
        word
        for position, word in enumerate(words)
        if position == len(words) - 1 or folded(word.group()) not in ELIDED
    ]
    stemmed = ((_stem(word.group()), word.start(), word.end()) for word in kept)
    return tuple(found for found in stemmed if found[0])


def _stem(word: str) -> str:
    # Accents come off first: half of all capital titles are written without them.
    plain = folded(word)
    # "Sté" is a company.
    written_out = _PLURALS.get(plain) or (_SHORTENED.get(plain) if word.isascii() else None)
    stem: str = _stemmer().stemWord(written_out or plain)
    return stem


def folded(word: str) -> str:
    """Return a word in small letters, without accents and signs.

    >>> folded("Œuvres"), folded("CHAUFFE")
    ('oeuvres', 'chauffe')
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    letters = "".join(letter for letter in decomposed if letter.isalnum())
    return letters.replace("œ", "oe").replace("æ", "ae")


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("french")
