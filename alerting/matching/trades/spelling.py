"""Slips of the pen in the words of crafts: "ravallement", "carellage", "voierie".

In:   an analysed text.
Out:  the same text with the stems of the words that were meant.  The text itself stays as published.

What slips most are double letters, so a long word that no lexicon knows is taken for the one that it is but
for these; the other slips are a list, ``slips`` of data/acts.toml.  A word that is known is left alone:
"poison" is no "poisson".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache

from alerting.domain.analysed import AnalysedText
from alerting.matching.trades.lexicon import CACHED_WORDS, form_of, known_forms
from alerting.reference.acts import slips_of_the_pen
from alerting.text.analysis import stems


# Shorter words are too near to others: "case", "casse".
FEWEST_LETTERS = 8
# "Tranche" and "tranchée" differ by more.
_DOUBLE = re.compile(r"([b-df-hj-np-tv-z])\1+")

# Of Spanish and its neighbours: "impresión".
_FOREIGN = re.compile(r"[áíóúñã]", re.IGNORECASE)


def as_meant(text: AnalysedText) -> AnalysedText:
    """Return a text with the stems of the words that were meant, where some of its own are slips."""
    words = (text.text[start:end] for start, end in text.spans)
    meant = tuple(meant_stem(stem, word) for stem, word in zip(text.stems, words, strict=True))
    return text if meant == text.stems else replace(text, stems=meant)


@lru_cache(maxsize=CACHED_WORDS)
def meant_form(word: str) -> str:
    """Return the word that was meant, as it is looked up."""
    form = form_of(word)
    if form in known_forms() or _FOREIGN.search(word) is not None:
        return form
    meant = _alike().get(_plain(form), form) if len(form) >= FEWEST_LETTERS else form
    return _listed().get(form, meant)


@lru_cache(maxsize=CACHED_WORDS)
def meant_stem(stem: str, word: str) -> str:
    """Return the stem of the word that was meant."""
    form = meant_form(word)
    return stem if form == form_of(word) else stems(form)[0]


@cache
def _alike() -> Mapping[str, str]:
    """Return the long words that are known, by what is left of them without double letters."""
    known = [form for form in known_forms() if len(form) >= FEWEST_LETTERS]
    count = Counter(map(_plain, known))
    return {plain: form for form in known if count[plain := _plain(form)] == 1}


@cache
def _listed() -> Mapping[str, str]:
    return {form_of(slip): form_of(word) for slip, word in slips_of_the_pen().items()}


def _plain(form: str) -> str:
    return _DOUBLE.sub(r"\1", form)
