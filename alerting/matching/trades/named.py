"""Which trades a text names.

In:   an analysed text.
Out:  hits by trade: words and hints, objects together with a deed that is done to them, and nothing that only
      looks like the trade's: words that stand apart, and what another does.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from alerting.domain.analysed import AnalysedText
from alerting.matching.trades.hits import (
    Hit,
    as_published,
    content_places,
    find_hits,
    gap_between,
    standing_hits,
    word_at,
)
from alerting.matching.trades.lexicon import WORD_POINTS, trade_lexicon
from alerting.text.accents import compile_french
from alerting.text.analysis import folded


MOST_OF_HINTS = 1.5
# What parts an object from the deed that is named behind it, and a word from what another does before it.
_SET_OFF = re.compile(r"[:;,(–—/•\n]|\s-\s|\b0\d\b")
# What joins two things, or two that are done to one.
_JOINED_TO = re.compile(r"\s*(?:,|&|\+|\bet\b|\bpuis\b)\s*", re.IGNORECASE)
# What joins a second thing that the same is done to: "des bâtiments et des réseaux".
_AND_OF = compile_french(r"\s+(?:et|ou|&)\s+(?:des?\s+|du\s+|d['’]\s*)(?:l[ae]s?\s+|l['’]\s*)?")
# "Objet : restauration de la charpente" has a heading, and no thing that is restored.
_HEADING = "objet"


def trade_hits(text: AnalysedText, said: Collection[str] = ()) -> Iterable[Hit]:
    """Return the words of trades in a text: objects with their deed, and apart what is done by another.

    Args:
        text: Any text.
        said: Words beside it that may be the deed, too.
    """
    lexicon = trade_lexicon()
    places = content_places(text)
    for hit in find_hits(text, lexicon.by_first, places):
        trade = hit.entry.trade
        if hit.entry.is_object:
            deed = _find_deed(text, places, hit)
            if deed is not None:
                first, last = min(deed, places[hit.start]), max(deed, places[hit.end - 1])
                yield replace(hit, words=as_published(text, first, last))
            elif not lexicon.deeds[trade].isdisjoint(said):
                yield hit
        elif hit.entry.points and lexicon.deeds_apart[trade] and _is_done_by_another(text, places, hit):
            yield replace(hit, entry=replace(hit.entry, points=0.0))
        else:
            yield hit


def _find_deed(text: AnalysedText, places: Sequence[int], hit: Hit) -> int | None:
    """Return where the deed stands that is done to an object: "réparation des deux petits bateaux".

    Between them may stand words that say nothing by themselves, other deeds or objects of the trade, and one
    word more where the object is joined to it: "réparation de la coque du bateau", not "crèche rue du Port".
    Behind its object a deed stands by itself: "bateaux : réparation".
    """
    deeds = trade_lexicon().deeds[hit.entry.trade]
    first = places[hit.start]
    is_joined = first > 0 and places[hit.start - 1 : hit.start] != [first - 1]
    between = trade_lexicon().between[hit.entry.trade]
    place = _governing(text, places[: hit.start], between, deeds, strange_count=int(is_joined))
    if place is None:
        place = _joined_deed(text, places[: hit.start], between, hit.entry.trade)
    if place is not None:
        return place
    behind = places[hit.end] if hit.end < len(places) else None
    if behind is None or word_at(text, behind) not in deeds or _is_heading(text, places[hit.end - 1]):
        return None
    gap = text.text[text.spans[places[hit.end - 1]][1] : text.spans[behind][0]]
    return behind if _SET_OFF.search(gap) else None


def _joined_deed(
    text: AnalysedText, before: Sequence[int], between: Collection[str], trade: int
) -> int | None:
    """Return where a deed stands that another's is joined to: "maintenance et nettoyage des luminaires"."""
    other = _governing(text, before, between, trade_lexicon().deeds_apart[trade])
    if other is None or not _is_done_beside(text, before, other, trade):
        return None
    return before[bisect_left(before, other) - 1]


def _is_heading(text: AnalysedText, place: int) -> bool:
    """Tell whether a word is the one thing that a title is said to be of; several are things themselves."""
    start, end = text.spans[place]
    return folded(text.text[start:end]) == _HEADING


def _is_done_by_another(text: AnalysedText, places: Sequence[int], hit: Hit) -> bool:
    """Tell whether another does what is done to a trade's word: "curage des réseaux", not "curage - VRD".

    "Dératisation des bâtiments et des réseaux" is done to both.
    """
    deeds_apart = trade_lexicon().deeds_apart[hit.entry.trade]
    before = places[: hit.start]
    is_second = bool(before) and _AND_OF.fullmatch(gap_between(text, before[-1], places[hit.start]))
    deed = _governing(text, before, trade_lexicon().neutral, deeds_apart, strange_count=int(bool(is_second)))
    if deed is None:
        return False
    gap = gap_between(text, deed, places[hit.start])
    if _SET_OFF.search(gap) is not None or _JOINED_TO.fullmatch(gap) is not None:
        return False
    return not _is_done_beside(text, places, deed, hit.entry.trade)


def _is_done_beside(text: AnalysedText, places: Sequence[int], deed: int, trade: int) -> bool:
    """Tell whether the trade does its own to the same thing: "entretien et nettoyage des chaudières"."""
    before = places[: bisect_left(places, deed)][-1:]
    return any(
        word_at(text, place) in trade_lexicon().deeds[trade]
        and _JOINED_TO.fullmatch(gap_between(text, place, deed))
        for place in before
    )


def _governing(
    text: AnalysedText,
    before: Sequence[int],
    between: Collection[str],
    deeds: Collection[str],
    *,
    strange_count: int = 0,
) -> int | None:
    """Return where the nearest deed before stands, if but words between and so many others lie there."""
    strangers = 0
    for place in reversed(before):
        word = word_at(text, place)
        if word in deeds:
            return None if strangers and word in trade_lexicon().of_goods else place
        if word not in between and not word.isdigit():
            strangers += 1
            if strangers > strange_count or word in trade_lexicon().telling:
                return None
    return None


def hits_by_trade(by_text: Iterable[Iterable[Hit]]) -> dict[int, list[Hit]]:
    """Return the hits of texts by trade, those that stand."""
    by_trade: dict[int, list[Hit]] = {}
    for hits_of_text in by_text:
        of_text: defaultdict[int, list[Hit]] = defaultdict(list)
        for hit in hits_of_text:
            if hit.entry.points or not hit.is_parted:
                of_text[hit.entry.trade].append(hit)
        for trade, hits in of_text.items():
            kept = standing_hits(hits)
            if kept:
                by_trade.setdefault(trade, []).extend(kept)
    return by_trade


def names_trade(title: AnalysedText) -> bool:
    """Tell whether a title names a trade, and not only a number, a place, "travaux" or "rez-de-chaussée"."""
    return any(map(has_word, hits_by_trade([trade_hits(title)]).values()))


def holds_word(title: AnalysedText) -> bool:
    """Tell whether a title holds a trade's word, be it for something else: then its description leads not."""
    return has_word(trade_hits(title))


def has_word(hits: Iterable[Hit]) -> bool:
    """Tell whether one of the hits is a word, and not only a hint."""
    return any(hit.entry.points >= WORD_POINTS for hit in hits)


def points_of(hits: Sequence[Hit]) -> float:
    """Return what hits are worth: hints alone, however many, do not make a trade."""
    points = {hit.entry.phrase: hit.entry.points for hit in hits}.values()
    return sum(points) if any(each >= WORD_POINTS for each in points) else min(MOST_OF_HINTS, sum(points))


def published_words(hits: Sequence[Hit]) -> tuple[str, ...]:
    """Return the words of hits, each once."""
    return tuple(dict.fromkeys(hit.words for hit in hits))
