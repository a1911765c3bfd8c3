"""The words of trades and acts, as they are looked up in texts.

In:   ``alerting.reference``: trades with their words and codes, and words of acts.
Out:  entries by their stems, made once a process.

A phrase is its stems without the words that link them ("pompe à chaleur" is "pompe chaleur"), and the forms
that confirm them: "bâtir" and "bâtiment" share a stem, and mean two things.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import product

from alerting.domain.analysed import Phrase
from alerting.domain.cpv import CPV_DIVISION_DIGITS, cpv_covers, cpv_prefix
from alerting.domain.trade import Act
from alerting.reference.acts import (
    acts_always,
    names_of_crafts,
    words_between,
    words_of_acts,
    words_of_no_act,
    words_of_trading,
)
from alerting.reference.trades import Trade, trades
from alerting.text.analysis import analyse, folded, stems


WORD_POINTS = 3.0
HINT_POINTS = 1.0
CACHED_WORDS = 200_000
# Words between which a phrase may stand: "pompe à chaleur" is "pompe chaleur".  Titles in capitals leave the
# apostrophe out: "REQUALIFICATION DE L AVENUE", "OUVRAGE D ART".
LINKING_WORDS = frozenset({
    "de", "du", "des", "la", "le", "les", "et", "a", "au", "aux", "en", "un", "une", "pour", "par", "sur",
    "dans", "avec", "ou", "d", "l",
})  # fmt: skip
LINKING = frozenset(stems(" ".join(sorted(LINKING_WORDS))))
_WORD = re.compile(r"[^\W_]+")
_AND = re.compile(r"\b(?:et|ou)\b", re.IGNORECASE)
ACTS = tuple(Act)
NO_ACT = -1


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase of the lexicon: of which trade, and what it is worth there; 0 for one that stands apart.

    Stems find it, and the forms confirm it: "bâtir" and "bâtiment" share a stem, and mean two things.
    An object says its trade only together with a deed of the trade: "entretien des deux véhicules".
    """

    phrase: Phrase
    forms: tuple[str, ...]
    trade: int
    points: float
    has_and: bool
    has_link: bool
    is_object: bool = False


# Entries by their first stem, then by their second, None where they have one alone.
Index = Mapping[str, Mapping[str | None, Sequence[Entry]]]


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """All trades' phrases by their first stem, and their codes by prefix."""

    trades: tuple[Trade, ...]
    by_first: Index
    by_prefix: Mapping[str, tuple[int, ...]]
    out: tuple[Index, ...]
    words_out: tuple[frozenset[str], ...]
    deeds: tuple[frozenset[str], ...]
    between: tuple[frozenset[str], ...]
    deeds_apart: tuple[frozenset[str], ...]
    beside: tuple[Mapping[int, frozenset[Phrase]], ...]
    neutral: frozenset[str]
    telling: frozenset[str]
    of_goods: frozenset[str]
    of_trading: frozenset[str]

    def trades_of_code(self, code: str) -> list[int]:
        """Return the numbers of the trades that a code is of."""
        prefixes = (code[:digits] for digits in range(CPV_DIVISION_DIGITS, len(code) + 1))
        found = dict.fromkeys(number for prefix in prefixes for number in self.by_prefix.get(prefix, ()))
        return [
            number
            for number in found
            if not any(cpv_covers(out, code) for out in self.trades[number].cpv_codes_out)
        ]


@cache
def trade_lexicon() -> _Lexicon:
    """Return the words and codes of all trades."""
    known = trades()
    by_prefix: defaultdict[str, list[int]] = defaultdict(list)
    for number, trade in enumerate(known):
        for code in trade.cpv_codes:
            by_prefix[cpv_prefix(code)].append(number)
    return _Lexicon(
        trades=known,
        by_first=_index(entry for number, trade in enumerate(known) for entry in _entries(number, trade)),
        by_prefix={prefix: tuple(numbers) for prefix, numbers in by_prefix.items()},
        out=tuple(
            _index(entry for text in trade.words_out for entry in _entry(text, number, 0.0))
            for number, trade in enumerate(known)
        ),
        words_out=tuple(_word_forms(filter(_is_one_word, trade.words_out)) for trade in known),
        deeds=tuple(_word_forms(trade.deeds) for trade in known),
        between=tuple(
            _word_forms(
                (
                    *words_between(),
                    *trade.deeds,
                    *trade.objects,
                    *(text for text in (*trade.words, *trade.hints) if _is_one_word(text)),
                )
            )
            for trade in known
        ),
        deeds_apart=tuple(_word_forms(trade.deeds_apart) for trade in known),
        beside=tuple(_phrases_beside(trade, known) for trade in known),
        neutral=_word_forms(words_between()),
        telling=_telling(known),
        of_goods=_word_forms(
            text for act in (Act.SUPPLY, Act.RENTAL) for text in words_of_acts()[act] if _is_one_word(text)
        ),
        of_trading=_word_forms(words_of_trading()),
    )


def _phrases_beside(trade: Trade, known: Sequence[Trade]) -> Mapping[int, frozenset[Phrase]]:
    numbers = {each.trade_id: number for number, each in enumerate(known)}
    return {
        numbers[other]: frozenset(entry.phrase for text in words for entry in _entry(text, 0, WORD_POINTS))
        for other, words in trade.beside
    }


def _telling(known: Iterable[Trade]) -> frozenset[str]:
    """Return the words that by themselves name a trade or an act: what stands behind them is theirs."""
    of_trades = (text for trade in known for text in (*trade.words, *trade.hints))
    of_acts = (text for texts in words_of_acts().values() for text in texts)
    return _word_forms(text for text in (*of_trades, *of_acts) if _is_one_word(text))


def _entries(number: int, trade: Trade) -> Iterable[Entry]:
    worth = (
        *((text, HINT_POINTS) for text in trade.hints),
        *((text, WORD_POINTS) for text in trade.words),
        *((text, 0.0) for text in sorted(trade.apart, key=has_and)),
    )
    entries = (entry for text, points in worth for entry in _entry(text, number, points))
    objects = (entry for text in trade.objects for entry in _entry(text, number, WORD_POINTS))
    return (
        *{(entry.phrase, entry.forms): entry for entry in entries}.values(),
        *(replace(entry, is_object=True) for entry in objects),
    )


@cache
def known_forms() -> frozenset[str]:
    """Return every word that a trade or an act is told by, as it is looked up."""
    of_trades = (
        text
        for trade in trades()
        for texts in (trade.words, trade.hints, trade.deeds, trade.objects, trade.apart, trade.words_out)
        for text in texts
    )
    of_acts = (
        text for words in (words_of_acts(), acts_always()) for texts in words.values() for text in texts
    )
    return _word_forms((*of_trades, *of_acts, *words_of_no_act(), *words_between()))


@cache
def folded_names_of_crafts() -> frozenset[str]:
    """Return the names of crafts and of what they make, as they are compared."""
    return frozenset(map(folded, names_of_crafts()))


@cache
def act_entries() -> Index:
    """Return the words of all acts, and those that say none."""
    nothings = [entry for text in words_of_no_act() for entry in _entry(text, NO_ACT, 0.0)]
    return _index((*_entries_of_acts(words_of_acts()), *_entries_of_acts(acts_always()), *nothings))


@cache
def always_entries() -> Index:
    """Return the words that say their act wherever they stand."""
    return _index(_entries_of_acts(acts_always()))


@cache
def index_of(read: Callable[[], Iterable[str]]) -> Index:
    """Return the index of words that stand for nothing but their being there, read once a process."""
    return _index(entry for text in read() for entry in _entry(text, 0, 1.0))


def _entries_of_acts(words: Mapping[Act, Sequence[str]]) -> Iterable[Entry]:
    return (
        entry
        for act, texts in words.items()
        for text in texts
        for entry in _entry(text, ACTS.index(act), 1.0)
    )


def _entry(text: str, number: int, points: float) -> Iterable[Entry]:
    all_tokens = analyse(text)
    tokens = [token for token in all_tokens if not is_linking(token.stem, text[token.start : token.end])]
    words = [text[token.start : token.end] for token in tokens]
    for phrase in product(*map(_stems_of_both, words)) if words else ():
        yield Entry(
            phrase=phrase,
            forms=tuple(map(form_of, words)),
            trade=number,
            points=points,
            has_and=has_and(text),
            has_link=len(tokens) < len(all_tokens) and not has_and(text),
        )


def _stems_of_both(word: str) -> Sequence[str]:
    """Return the stem of a word, and of its plural or singular where that is another: "vélo", "vélos"."""
    other = word[:-1] if word.endswith("s") else word + "s"
    return tuple(dict.fromkeys((*stems(word), *stems(other))))


def _index(entries: Iterable[Entry]) -> Index:
    by_first: defaultdict[str, defaultdict[str | None, list[Entry]]]
    by_first = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        by_first[entry.phrase[0]][next(iter(entry.phrase[1:]), None)].append(entry)
    return by_first


def has_and(text: str) -> bool:
    """Tell whether a text joins its words by "et" or "ou"."""
    return _AND.search(text) is not None


def _is_one_word(text: str) -> bool:
    return len(_WORD.findall(text)) == 1


def _word_forms(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(form_of(word) for phrase in phrases for word in _WORD.findall(phrase))


@lru_cache(maxsize=CACHED_WORDS)
def is_linking(stem: str, word: str) -> bool:
    """Tell whether a word only links others: "par" does, the first of "pare-brise" shares its stem."""
    return stem in LINKING and folded(word) in LINKING_WORDS


@lru_cache(maxsize=CACHED_WORDS)
def form_of(word: str) -> str:
    """Return a word as it is looked up: small letters, no accents, no mark of the plural."""
    return folded(word).rstrip("sx")
