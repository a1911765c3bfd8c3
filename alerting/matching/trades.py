"""Find the trades that a notice asks for, lot by lot: once for every profile that will be held against it.

In:   a notice with its texts analysed.
Out:  for each trade that is spoken of, one finding a lot (or one of the whole), with points.

Titles say what is bought; descriptions also name what stands beside it.  So a craft's word in a
title counts three, in a description half of that, and less where the title names another
craft or the description names many: "réhabilitation de l'école, tous corps d'état" is no painter's lot.
What is bought must be the craft's to do: a title's first act decides between work, design,
training, supply and more (``reference.acts``).

Where the lots of a notice name trades, they alone speak; else what the notice says holds for all of them.

Source of the numbers: bench/relevance.py, on the labelled notices that are for tuning.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise, product

from alerting.domain.analysed import AnalysedText, Phrase
from alerting.domain.cpv import CPV_DIVISION_DIGITS, cpv_covers, cpv_prefix
from alerting.domain.notice import Lot, Nature, Notice
from alerting.domain.trade import Act, TradeFinding
from alerting.matching.elsewhere import bought_here
from alerting.reference.acts import (
    act_of_cpv,
    acts_always,
    joined_later,
    joined_to_design,
    joined_work,
    names_of_crafts,
    words_between,
    words_of_a_bundle,
    words_of_a_whole,
    words_of_acts,
    words_of_no_act,
    words_of_trading,
)
from alerting.reference.trades import Trade, is_foreign, trades
from alerting.text.accents import compile_french
from alerting.text.analysis import analyse, folded, stems


Findings = Mapping[str, tuple[TradeFinding, ...]]

WORD_POINTS = 3.0
HINT_POINTS = 1.0
CODE_POINTS = 3.0
FURTHER_CODE_POINTS = 1.5
IN_DESCRIPTION = 0.5
BESIDE_OTHERS = 0.25
OUTWEIGHED = 0.4
MOST_OF_BODY = 1.75
MOST_OF_CODE_ALONE = 1.75
SOLE_IN_BODY = 2.0
WORDS_OF_A_SOLE_TRADE = 2
EXACT_CODE_ALONE = 2.0
CPV_CLASS_DIGITS = 5
STEMS_OF_A_MUTE_TEXT = 8
TRADES_OF_A_MACRO_LOT = 6
TRADES_OF_A_BUNDLE = 2
TRADES_OF_A_PROJECT = 3
WORDS_OF_WHAT_IS_BUILT = 3
MANY_TRADES = 4
CACHED_WORDS = 200_000
# Words between which a phrase may stand: "pompe à chaleur" is "pompe chaleur".  Titles in capitals leave the
# apostrophe out: "REQUALIFICATION DE L AVENUE", "OUVRAGE D ART".
LINKING_WORDS = frozenset({
    "de", "du", "des", "la", "le", "les", "et", "a", "au", "aux", "en", "un", "une", "pour", "par", "sur",
    "dans", "avec", "ou", "d", "l",
})  # fmt: skip
LINKING = frozenset(stems(" ".join(sorted(LINKING_WORDS))))
JOINING = frozenset(stems("et la le les ou à en"))
# They join nothing by themselves: "vérification et de maintenance" does, "matériel de maintenance" does not.
OF = frozenset(stems("de du des"))
(_LOT,) = stems("lot")
_Y, _COMPRIS = stems("y compris")
_WORD = re.compile(r"[^\W_]+")
_LOT_NUMBER = re.compile(r"\blot\s*(?:n\s*[°ºo]?|num[ée]ro)?\s*\d+", re.IGNORECASE)
# Of several lots the numbers behind the first: "sur les lots 02 (gros œuvre), 06 (étanchéité)".
_LOTS_BY_NUMBER = re.compile(r"\blots\s*(?:n\s*[°ºo]?s?)?\s*\d+\s*\(", re.IGNORECASE)
_NEXT_LOT = re.compile(r"\)\s*(?:[,;]|et\b)?\s*(?:n\s*[°ºo])?\s*\d{1,2}\s*\(", re.IGNORECASE)
FEWEST_LISTED_LOTS = 2
# A list of lots without the word before each: "répartis en 3 lots : 01 - gros œuvre ; 02 - charpente".
_LOTS_FOLLOW = re.compile(r"\b(?:lots|alloti[es]*)\b[^.;:\n]{0,40}:", re.IGNORECASE)
_NEXT_ITEM = re.compile(r"[;\n•]|,\s*[-–—]|\s(?=\d{1,2}\s*[-–—:.)])")
_LIST_ENDS = re.compile(r"(?<=[^\W\d_]{2})\.(?=\s|$)")
# What parts words that would together mean something else.
_PARTED = re.compile(r"[,;:/]")
# A dash parts what a word must link: "bois – charpente" is no "bois de charpente".
_DASH = re.compile(r"\s[-–—]\s")
# What a description says before it says what is bought: "accord-cadre à bons de commande pour l'exécution".
_FORMULA = compile_french(
    r"\s*(?:l[ea]s?\s+|l['’]\s*)?(?:présente?s?\s+)?(?:accords?[- ]cadres?|marchés?|consultation|procédure)\b"
    r"[^.;:]{0,120}?(?:\bpour (?:l['’]exécution|la réalisation|objet)\b|\bportent? sur\b|\bconcernent?\b"
    r"|\brelati(?:f|ve)s? (?:à|aux?)\b)"
)
# What parts an object from the deed that is named behind it, and a word from what another does before it.
_SET_OFF = re.compile(r"[:;,(–—/]|\s-\s")
# What joins two things, or two that are done to one.
_JOINED_TO = re.compile(r"\s*(?:,|&|\+|\bet\b|\bpuis\b)\s*", re.IGNORECASE)
# "Objet : restauration de la charpente" has a heading, and no thing that is restored.
_HEADING = "objet"
# Where work is done and what it is done for, up to the next thing that is bought.
_OCCASION = compile_french(
    r"\b(?:autour|à proximité|au droit|aux abords|le long|au[- ]dessus|dans le cadre|en vue) d"
    r"|\by compris\b|\bdans l(?:es?\b|a\b|['’])|\bsituée?s?\b|\bsise?s?\b"
    r"|\b(?:en|sur|sur la|sur les) (?:toitures?|façades?)\b|\bsur l['’ ]ensemble d"
    r"|\bpour l(?:es?\b|a\b|['’])|\bafin d|\bnécessaires? (?:à|aux?)\b"
    r"|\b(?:après|avant|suite aux?|préalables? aux?) travaux\b|\b(?:des|dans les) ateliers\b|\bdu lot\b"
)
# What goods are for; "a pour objet" says what they are.
_PURPOSE = compile_french(
    r"\bpour\b(?! (?:objet|but)\b)|\bdestinée?s? (?:à|aux?)\b|\bnécessaires? (?:à|aux?)\b"
)
# What is left to others: "hors lot plomberie", "à l'exception de l'électricité".
_EXCEPT = compile_french(
    r"\b(?:hors|hormis|sauf|excepté|non compris|à l['’ ]ex(?:ception|clusion))\b"
    r"(?:\s+(?:de|du|des|le|la|les|lots?|travaux)\b)*"
)
_OCCASION_ENDS = compile_french(
    r"[,;:/+]|\s[-–—]\s"
    r"|\bet (?:travaux|pose|entretien|maintenance|nettoyage|réfection|rénovation|création)\b"
)
_OF = re.compile(r"\s+(?:de|d['’]|du|des|pour|à|au|aux)\s*(?:l[ae]s?\s+|l['’])?", re.IGNORECASE)
_OF_WHAT = re.compile(r"\s+(?:de\s+|d['’]\s*)", re.IGNORECASE)
_AND = re.compile(r"\b(?:et|ou)\b", re.IGNORECASE)
LEAD_STEMS = 25
SHORT_STEMS = 12
MOST_BESIDE = 1.5
MOST_OF_HINTS = 1.5


@dataclass(frozen=True, slots=True)
class _Entry:
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
_Index = Mapping[str, Mapping[str | None, Sequence[_Entry]]]


@dataclass(frozen=True, slots=True)
class _Hit:
    entry: _Entry
    start: int
    end: int
    words: str

    @property
    def is_parted(self) -> bool:
        """Tell whether its words are two things: "peinture, toile" and "peinture et toile" are no canvas."""
        return (
            _PARTED.search(self.words) is not None
            or (not self.entry.has_and and _has_and(self.words))
            or (self.entry.has_link and _DASH.search(self.words) is not None)
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """The texts of a notice or a lot by what they are for.

    Args:
        titles: Titles as they stand; they say the act.
        objects: What they say is bought: of one that ends in a lot, that lot.
        beginnings: First words of descriptions, where they stand in for titles.
        bodies: Descriptions.
    """

    titles: tuple[AnalysedText, ...]
    objects: tuple[AnalysedText, ...]
    beginnings: tuple[AnalysedText, ...]
    bodies: tuple[AnalysedText, ...]

    @property
    def leads(self) -> tuple[AnalysedText, ...]:
        return (*self.objects, *self.beginnings)

    def __add__(self, other: _Said) -> _Said:
        return _Said(
            (*self.titles, *other.titles),
            (*self.objects, *other.objects),
            (*self.beginnings, *other.beginnings),
            (*self.bodies, *other.bodies),
        )


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is judged as one: a lot, or a notice that is not divided.

    Args:
        stated_codes: The first codes, those of the notice where a lot has none: what is bought, to its buyer.
        deeds: Words of the notice's title, for a lot that names but an object: "Bateaux" of "Entretien".
        inherited: The same, for a lot that says nothing else is done: they take it out of trades, too.
    """

    lot_id: str | None
    leads: tuple[AnalysedText, ...]
    title_count: int
    bodies: tuple[AnalysedText, ...]
    cpv_codes: tuple[str, ...]
    further_codes: tuple[str, ...]
    stated_codes: tuple[str, ...]
    act: Act | None
    act_word: str | None
    deeds: frozenset[str] = frozenset()
    inherited: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Evidence:
    """What speaks for one trade in one unit."""

    lead: float = 0.0
    body: float = 0.0
    codes: float = 0.0
    words: tuple[str, ...] = ()
    cpv_codes: tuple[str, ...] = ()


def find_trades(
    notice: Notice, texts: Sequence[AnalysedText], lot_texts: Sequence[Sequence[AnalysedText]]
) -> Findings:
    """Return what a notice says of each trade that it speaks of, by trade id.

    Args:
        notice: The notice.
        texts: Its title and description, analysed; the second may be missing.
        lot_texts: The same of each lot, in the notice's order; both may be missing.
    """
    whole = _whole(notice, texts, lot_texts)
    deeds = _deeds_of(texts[0]) if whole.act in _MAY_BE_CORRECTED else frozenset()
    if len(notice.lots) > 1:
        lots = zip(notice.lots, lot_texts, strict=True)
        units = [_lot_unit(lot, analysed, whole, deeds) for lot, analysed in lots]
    else:
        units = [replace(lot, deeds=deeds) for lot in _listed_lots(whole)]
    weighed = [(unit, _weigh(unit)) for unit in units]
    speaking = [any(found.lead >= WORD_POINTS for found in by_trade.values()) for _, by_trade in weighed]
    if not any(speaking):
        return _by_trade([(whole, _weigh(whole)), *weighed])
    if all(speaking):
        return _by_trade(weighed)
    titled = replace(whole, leads=whole.leads[: whole.title_count], bodies=())
    named = {number: found for number, found in _weigh(titled).items() if found.lead >= WORD_POINTS}
    return _by_trade([(whole, named), *weighed])


def _whole(
    notice: Notice, texts: Sequence[AnalysedText], lot_texts: Sequence[Sequence[AnalysedText]]
) -> _Unit:
    said = _split(texts, has_title=True)
    only = notice.lots[0] if len(notice.lots) == 1 else None
    if only is not None:
        said += _split(lot_texts[0], has_title=only.title is not None)
    act, word = _act_of_whole(notice, said)
    titles = _bought(said.objects, act)
    codes = only.cpv_codes if only is not None else ()
    main = (notice.cpv_main,) if notice.cpv_main is not None else ()
    return _Unit(
        lot_id=only.lot_id if only is not None else None,
        leads=(*titles, *said.beginnings),
        title_count=len(titles),
        bodies=said.bodies,
        cpv_codes=(*codes[:1], *main),
        further_codes=(*notice.cpv_additional, *codes[1:]),
        stated_codes=(*codes[:1], *main),
        act=act,
        act_word=word,
    )


def _act_of_whole(notice: Notice, texts: _Said) -> tuple[Act | None, str | None]:
    """Return what the title says; whether a "construction" is to be drawn, built or taught, the code says.

    Goods that are named beside a trade's work make no supply of it: "serrurerie et quincaillerie".
    """
    said, coded = _act(texts), _act_of_codes(notice)
    is_supply = said is not None and said[0] is Act.SUPPLY
    if is_supply and notice.nature is not Nature.SUPPLIES and any(map(_adds_goods, texts.titles)):
        said = None
    if said is not None and coded is not None and coded[0] in _OUTWEIGH.get(said[0], ()):
        return coded
    return said or coded or (_act_of_nature(notice), None)


def _deeds_of(title: AnalysedText) -> frozenset[str]:
    return frozenset(_word_at(title, place) for place in _content_places(title))


def _lot_unit(lot: Lot, texts: Sequence[AnalysedText], whole: _Unit, deeds: frozenset[str]) -> _Unit:
    said = _split(texts, has_title=lot.title is not None)
    own = _act_of_lot(said, whole)
    act, word = own or (Act.WORK if whole.act is Act.BUILDING else whole.act, whole.act_word)
    titles = _bought(said.objects, act)
    return _Unit(
        lot_id=lot.lot_id,
        leads=(*titles, *said.beginnings),
        title_count=len(titles),
        bodies=said.bodies,
        cpv_codes=lot.cpv_codes[:1],
        further_codes=lot.cpv_codes[1:],
        stated_codes=lot.cpv_codes or whole.stated_codes,
        act=act,
        act_word=word,
        deeds=deeds if own is None else frozenset(),
        inherited=deeds if own is None or _form(own[1]) in deeds else frozenset(),
    )


def _act_of_lot(said: _Said, whole: _Unit) -> tuple[Act, str] | None:
    """Return what a lot says by itself is bought; None where the notice's title says it for all of them.

    A lot of training is training whatever it teaches, and the name of a craft does not make work of goods
    or of a study: "fourniture de matériaux", lot 2 "peinture".
    """
    own = None if whole.act in _OF_ALL_LOTS else _act(said)
    if own is not None and own[0] in _MAY_STAND_BESIDE and whole.act in _MAY_BE_CORRECTED:
        return None if any(map(_adds_goods, said.titles)) else own
    if (
        own is not None
        and own[0] is Act.WORK
        and whole.act not in _MAY_BE_CORRECTED
        and whole.act is not None
    ):
        texts = (*reversed(said.titles), *said.beginnings, *filter(_is_short, said.bodies[:1]))
        acts = (
            _ACTS[hit.entry.trade]
            for text in texts
            for hit in _act_hits(text)
            if not _names_craft(hit) and not _is_attribute(text, hit)
        )
        return own if next(acts, None) is Act.WORK else None
    return own


def _adds_goods(title: AnalysedText) -> bool:
    """Tell whether a lot of works adds goods or a service to a trade's work: "espaces verts et mobilier"."""
    first = next(iter(_act_hits(title)), None)
    if first is None or not first.start or _form(first.words) in _lexicon().of_trading:
        return False
    return _names_trade(_slice(title, 0, _content_places(title)[first.start]))


def _names_craft(act: _Hit) -> bool:
    """Tell whether a word of work names a craft or what it makes, and not what is done: "peinture"."""
    return folded(act.words) in _names_of_crafts()


def _is_attribute(text: AnalysedText, act: _Hit) -> bool:
    """Tell whether a word of work says what goods or people are for: "robots de tonte"."""
    if act.start == 0:
        return False
    places = _content_places(text)
    first, before = places[act.start], places[act.start - 1]
    linked = text.text[text.spans[before][1] : text.spans[first][0]]
    is_of_act = any(hit.start <= act.start - 1 < hit.end for hit in _act_hits(text))
    return (
        _OF.fullmatch(linked) is not None
        and not is_of_act
        and _word_at(text, before) not in _lexicon().neutral
    )


def _bought(titles: Sequence[AnalysedText], act: Act | None) -> tuple[AnalysedText, ...]:
    """Return of titles what is bought: not what goods are for, nor where and for what else work is done."""
    if act is Act.SUPPLY:
        return tuple(map(_without_purpose, titles))
    kept = (part for title in titles for part in _without_exception(title))
    return tuple(part for title in kept for part in _without_occasion(title))


def _without_exception(title: AnalysedText) -> Iterable[AnalysedText]:
    """Yield a title without the trades that it leaves to others, up to the next comma: "hors électricité"."""
    starts = [start for start, _ in title.spans]
    for found in _EXCEPT.finditer(title.text):
        end = _OCCASION_ENDS.search(title.text, found.end())
        first = bisect_left(starts, found.start())
        excepted = bisect_left(starts, found.end())
        last = bisect_left(starts, end.start()) if end is not None else len(starts)
        hits = _trade_hits(_slice(title, excepted, last))
        if any(hit.start == 0 and hit.entry.points for hit in hits):
            rest = _slice(title, last, len(starts))
            return (_slice(title, 0, first), *(_without_exception(rest) if rest.stems else ()))
    return (title,)


def _without_occasion(title: AnalysedText) -> Iterable[AnalysedText]:
    """Yield a title without "autour du bassin" or "dans le cadre de ...", where a trade is named before."""
    found = _OCCASION.search(title.text)
    starts = [start for start, _ in title.spans]
    first = bisect_left(starts, found.start()) if found is not None else 0
    before = _slice(title, 0, first)
    if found is None or not _names_trade(before) or _is_amid_apart(title, first):
        return (title,)
    end = _OCCASION_ENDS.search(title.text, found.end())
    last = bisect_left(starts, end.start()) if end is not None else len(starts)
    return (before, _slice(title, last, len(starts))) if last < len(starts) else (before,)


def _without_purpose(title: AnalysedText) -> AnalysedText:
    """Return a title without what goods are for: "denrées pour la restauration scolaire" is no caterer's."""
    first = next(iter(_act_hits(title)), None)
    goods = _content_places(title)[first.start] if first is not None else 0
    place = _purpose(title, goods)
    return _slice(title, 0, place) if place and not _is_amid_apart(title, place) else title


def _purpose(title: AnalysedText, goods: int) -> int:
    """Return where a text begins to say what the goods at a place are for; its length where it does not."""
    purpose = _PURPOSE.search(title.text, title.spans[goods][0] if title.spans else 0)
    end = purpose.start() if purpose is not None else len(title.text)
    return sum(start < end for start, _ in title.spans)


def _is_amid_apart(title: AnalysedText, place: int) -> bool:
    """Tell whether a place lies within words that stand apart: "boissons pour distributeurs"."""
    before = sum(each < place for each in _content_places(title))
    return any(hit.start < before < hit.end for hit in _trade_hits(title) if not hit.entry.points)


def _listed_lots(whole: _Unit) -> list[_Unit]:
    """Return as units the lots that a description lists where the notice has none: "lot 1: maçonnerie"."""
    listed = [part for text in whole.bodies for part in _parts_of_lots(text)]
    if len(listed) < FEWEST_LISTED_LOTS and not any(map(_names_trade, whole.leads[: whole.title_count])):
        listed = [part for text in whole.bodies for part in _items_of_lots(text) if _names_trade(part)]
    if len(listed) < FEWEST_LISTED_LOTS:
        return []
    act = Act.WORK if whole.act is Act.BUILDING else whole.act
    return [
        replace(whole, leads=(part,), title_count=1, bodies=(), cpv_codes=(), further_codes=(), act=act)
        for part in listed
    ]


def _parts_of_lots(text: AnalysedText) -> list[AnalysedText]:
    count = len(text.positions.get(_LOT, ()))
    if not count or (count < FEWEST_LISTED_LOTS and not _LOTS_BY_NUMBER.search(text.text)):
        return []
    parts = _numbered_parts(text)
    return [_slice(part, 0, min(len(part.stems), SHORT_STEMS)) for part in parts]


def _items_of_lots(text: AnalysedText) -> list[AnalysedText]:
    """Return what a sentence lists that says that lots follow, an item each."""
    opening = _LOTS_FOLLOW.search(text.text)
    if opening is None:
        return []
    closing = _LIST_ENDS.search(text.text, opening.end())
    end = closing.start() if closing is not None else len(text.text)
    marks = (mark.end() for mark in _NEXT_ITEM.finditer(text.text, opening.end(), end))
    starts = [start for start, _ in text.spans]
    places = [bisect_left(starts, place) for place in (opening.end(), *marks, end)]
    return [
        _slice(text, first, min(last, first + SHORT_STEMS))
        for first, last in pairwise(places)
        if first < last
    ]


def _numbered_parts(text: AnalysedText) -> list[AnalysedText]:
    """Return what follows each number of a lot, up to the next."""
    marks = list(_LOT_NUMBER.finditer(text.text))
    if _LOTS_BY_NUMBER.search(text.text):
        marks += [*_LOTS_BY_NUMBER.finditer(text.text), *_NEXT_LOT.finditer(text.text)]
        marks.sort(key=re.Match.start)
    starts = [start for start, _ in text.spans]
    firsts = [bisect_left(starts, mark.end()) for mark in marks]
    lasts = [bisect_left(starts, mark.start()) for mark in marks] + [len(starts)]
    bounds = zip(firsts, lasts[1:], strict=True)
    return [_slice(text, first, last) for first, last in bounds if first < last]


def _split(texts: Sequence[AnalysedText], *, has_title: bool) -> _Said:
    """Part what says what is bought from the rest: a description leads where the title names no trade."""
    titles, bodies = tuple(texts[:has_title]), tuple(map(bought_here, texts[has_title:]))
    objects = tuple(map(_of_its_lot, titles))
    is_told = any(map(_holds_word, objects)) or any(map(_is_of_goods, titles))
    if bodies and _is_short(bodies[0]) and not is_told:
        return _Said(titles, objects, (_beginning(bodies[0]),), bodies[1:])
    if bodies and not is_told:
        return _Said(titles, objects, (_beginning(bodies[0]),), bodies)
    return _Said(titles, objects, (), bodies)


def _is_of_goods(title: AnalysedText) -> bool:
    """Tell whether a title says that goods are bought or rented, and perhaps installed."""
    first = next(iter(_act_hits(title)), None)
    return first is not None and (
        _ACTS[first.entry.trade] in _OF_GOODS
        or _word_at(title, _content_places(title)[first.start]) in _lexicon().of_goods
    )


def _is_short(body: AnalysedText) -> bool:
    return len(body.stems) <= SHORT_STEMS


def _of_its_lot(title: AnalysedText) -> AnalysedText:
    """Return of a title what it says after its lot's number, where that names a trade: "lot 5 marquage"."""
    if len(title.positions.get(_LOT, ())) != 1:
        return title
    parts = _numbered_parts(title)
    return parts[0] if parts and _names_trade(parts[0]) else title


def _names_trade(title: AnalysedText) -> bool:
    """Tell whether a title names a trade, and not only a number, a place, "travaux" or "rez-de-chaussée"."""
    return any(map(_has_word, _hits_by_trade([_trade_hits(title)]).values()))


def _holds_word(title: AnalysedText) -> bool:
    """Tell whether a title holds a trade's word, be it for something else: then its description leads not."""
    return _has_word(_trade_hits(title))


def _beginning(text: AnalysedText) -> AnalysedText:
    """Return a description's first words that say something, up to what is bought besides: "y compris"."""
    besides = (
        place for place in text.positions.get(_Y, ()) if text.stems[place + 1 : place + 2] == (_COMPRIS,)
    )
    end = min(_formula_length(text) + LEAD_STEMS, next(besides, len(text.stems)))
    return text if len(text.stems) <= end else _slice(text, 0, end)


def _formula_length(text: AnalysedText) -> int:
    """Return how many words a description spends before it says what is bought: "le marché a pour objet"."""
    formula = _FORMULA.match(text.text)
    return sum(start < formula.end() for start, _ in text.spans) if formula is not None else 0


def _slice(text: AnalysedText, first: int, last: int) -> AnalysedText:
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for place, stem in enumerate(text.stems[first:last]):
        positions[stem].append(place)
    return AnalysedText(
        text=text.text,
        stems=text.stems[first:last],
        spans=text.spans[first:last],
        positions={stem: tuple(places) for stem, places in positions.items()},
    )


def _by_trade(weighed: Iterable[tuple[_Unit, Mapping[int, _Evidence]]]) -> Findings:
    found: defaultdict[str, list[TradeFinding]] = defaultdict(list)
    for unit, by_trade in weighed:
        is_of_neighbour = _is_coded_as_named(unit, by_trade)
        for number, evidence in by_trade.items():
            trade = _lexicon().trades[number]
            act, word = _unsuited(unit, evidence, trade, is_of_neighbour=is_of_neighbour)
            found[trade.trade_id].append(
                TradeFinding(
                    lot_id=unit.lot_id,
                    label=trade.label,
                    points=evidence.lead + evidence.body + evidence.codes,
                    words=evidence.words,
                    cpv_codes=evidence.cpv_codes,
                    act=act,
                    act_word=word,
                )
            )
    return {trade_id: tuple(findings) for trade_id, findings in found.items()}


def _is_coded_as_named(unit: _Unit, by_trade: Mapping[int, _Evidence]) -> bool:
    """Tell whether the first code is of a trade that is named: it says nothing against another."""
    of_code = (number for code in unit.stated_codes[:1] for number in _lexicon().trades_of_code(code))
    return any(number in by_trade and by_trade[number].lead >= WORD_POINTS for number in of_code)


def _unsuited(
    unit: _Unit, evidence: _Evidence, trade: Trade, *, is_of_neighbour: bool
) -> tuple[Act | None, str | None]:
    """Return what is bought where that is not the trade's to do, and the word or code that says so.

    Args:
        unit: A lot or a notice.
        evidence: What speaks there for the trade.
        trade: The trade.
        is_of_neighbour: Whether its code is of a trade that it names: "repas et ménage" under meals.
    """
    if unit.act is not None and unit.act.value not in trade.acts and not _is_of_trade(unit, evidence):
        return unit.act, unit.act_word
    if is_of_neighbour and evidence.lead >= WORD_POINTS:
        return None, None
    if unit.stated_codes and all(is_foreign(code, trade) for code in unit.stated_codes):
        code = unit.stated_codes[0]
        return act_of_cpv(code) or Act.OTHER, code
    return None, None


def _is_of_trade(unit: _Unit, evidence: _Evidence) -> bool:
    """Tell whether the act's word is part of a phrase of the trade: "location et entretien de linge"."""
    word = unit.act_word
    return word is not None and any(word in words and word != words for words in evidence.words)


def _weigh(unit: _Unit) -> dict[int, _Evidence]:
    hits_of_leads = [list(_trade_hits(text, unit.deeds)) for text in unit.leads]
    lead_hits = _hits_by_trade(hits_of_leads)
    body_hits = _hits_by_trade(map(_trade_hits, unit.bodies))
    in_lead = _named(lead_hits)
    sides = _sides(lead_hits, in_lead)
    in_lead -= sides
    in_body = _named(body_hits)
    evidence: defaultdict[int, _Evidence] = defaultdict(_Evidence)
    is_part = _is_part_of_house(unit)
    for trade, hits in lead_hits.items():
        evidence[trade].lead = min(_points(hits), MOST_OF_BODY if is_part or trade in sides else float("inf"))
        evidence[trade].words = _words(hits)
    silenced = _silenced(hits_of_leads, lead_hits)
    is_list = len(in_body) >= MANY_TRADES
    for trade, hits in body_hits.items():
        found = evidence[trade]
        is_beside = trade in silenced or (bool(in_lead) and trade not in in_lead) or is_list
        points = _points(hits)
        found.body = min(MOST_BESIDE, points * BESIDE_OTHERS) if is_beside else points * IN_DESCRIPTION
        found.words = tuple(dict.fromkeys((*found.words, *_words(hits))))
    for trade, found in evidence.items():
        is_hinted = found.lead < WORD_POINTS and (trade in silenced or bool(in_lead) or is_list)
        of_trade = (*lead_hits.get(trade, ()), *body_hits.get(trade, ()))
        if is_hinted or not found.lead or not _has_word(of_trade):
            found.body = max(0.0, min(found.body, MOST_OF_BODY - found.lead))
    if not in_lead and len(in_body) == 1:
        _weigh_sole(evidence, body_hits, in_body.difference(silenced))
    _weigh_codes(unit, evidence, named=in_lead or in_body, silenced=silenced)
    _spread(evidence, in_lead)
    for trade in [number for number in evidence if _is_out(number, unit)]:
        del evidence[trade]
    if _is_macro(unit, in_lead=len(in_lead), in_body=len(in_body)):
        return {trade: _halved(found) for trade, found in evidence.items()}
    return dict(evidence)


def _named(hits_by_trade: Mapping[int, Sequence[_Hit]]) -> set[int]:
    return {trade for trade, hits in hits_by_trade.items() if _points(hits) >= WORD_POINTS}


def _sides(lead_hits: Mapping[int, Sequence[_Hit]], in_lead: Collection[int]) -> set[int]:
    """Return the trades whose every word is a side of what another does that is named: shutters."""
    return {
        trade
        for trade in in_lead
        for other, phrases in _lexicon().beside[trade].items()
        if other in in_lead
        and _words_of(lead_hits[trade]) <= phrases
        and not _words_of(lead_hits[other]) <= phrases
    }


def _words_of(hits: Iterable[_Hit]) -> set[Phrase]:
    return {hit.entry.phrase for hit in hits if hit.entry.points >= WORD_POINTS}


def _weigh_sole(
    evidence: Mapping[int, _Evidence], body_hits: Mapping[int, Sequence[_Hit]], sole: Collection[int]
) -> None:
    """Let a description that speaks of one trade alone tell it, where it does so by two of its words."""
    for trade in sole:
        words = {hit.entry.phrase for hit in body_hits[trade] if hit.entry.points >= WORD_POINTS}
        if len(words) >= WORDS_OF_A_SOLE_TRADE:
            evidence[trade].body = max(evidence[trade].body, SOLE_IN_BODY - evidence[trade].lead)


def _spread(evidence: Mapping[int, _Evidence], in_lead: Collection[int]) -> None:
    """Let codes of many trades tell only those that the title names: a whole house is bought."""
    coded = {frozenset(found.cpv_codes) for found in evidence.values() if found.codes}
    if len(coded) < MANY_TRADES:
        return
    for trade, found in evidence.items():
        if trade not in in_lead:
            found.codes = max(0.0, min(found.codes, MOST_OF_CODE_ALONE - found.lead - found.body))


def _lists_lots(leads: Sequence[AnalysedText]) -> bool:
    """Tell whether a text names lots that the notice does not divide: "lot 1 gros œuvre, lot 2 charpente".

    "Macro-lot C - lots techniques" is one.
    """
    return any(
        len(text.positions.get(_LOT, ())) > 1 and not any(True for _ in _hits(text, _bundle_entries()))
        for text in leads
    )


def _is_macro(unit: _Unit, *, in_lead: int, in_body: int) -> bool:
    """Tell whether a whole house is bought as one: by the word for it, or by many trades."""
    if _lists_lots(unit.leads):
        return False
    if in_lead >= TRADES_OF_A_MACRO_LOT:
        return True
    titles = unit.leads[: unit.title_count]
    if max(in_lead, in_body) >= TRADES_OF_A_BUNDLE and any(map(_is_bundle, titles)):
        return True
    if in_lead >= TRADES_OF_A_PROJECT and not any(map(_names_trade, titles)):
        return not any(map(_is_short, unit.leads[unit.title_count :]))
    if any(True for title in titles for _ in _hits(title, _whole_entries())):
        return not (in_lead and any(_LOT in title.positions for title in titles))
    return in_body >= TRADES_OF_A_MACRO_LOT and not any(map(_names_trade, titles))


def _is_part_of_house(unit: _Unit) -> bool:
    """Tell whether crafts are named but where a description builds a house: "un lycée avec son internat".

    Where the description says what a title that names a house does not ("désamiantage"), that is bought.
    """
    titles, beginnings = unit.leads[: unit.title_count], unit.leads[unit.title_count :]
    if unit.lot_id is not None or any(map(_names_trade, titles)) or _lists_lots(unit.leads):
        return False
    return any(not _is_short(text) and _builds_house(text) for text in beginnings)


def _builds_house(text: AnalysedText) -> bool:
    """Tell whether a text builds a house, and not what a craft makes: "extension du réseau"."""
    starts = [hit.start for hit in _trade_hits(text) if hit.entry.points]
    ends = (hit.end for hit in _act_hits(text) if _ACTS[hit.entry.trade] is Act.BUILDING)
    return any(not any(end <= start < end + WORDS_OF_WHAT_IS_BUILT for start in starts) for end in ends)


def _is_bundle(title: AnalysedText) -> bool:
    """Tell whether a lot's title is a word for several crafts and names none: "second œuvre", "fluides"."""
    bundles = [range(hit.start, hit.end) for hit in _hits(title, _bundle_entries())]
    named = (hit for hit in _trade_hits(title) if hit.entry.points >= WORD_POINTS)
    return bool(bundles) and all(any(hit.start in each for each in bundles) for hit in named)


def _halved(found: _Evidence) -> _Evidence:
    """Return what one craft has of a lot that asks for a whole house: enough for who wants to hear of all."""
    return replace(found, lead=min(found.lead / 2, MOST_OF_BODY), body=0.0, codes=0.0)


def _weigh_codes(
    unit: _Unit, evidence: defaultdict[int, _Evidence], *, named: Collection[int], silenced: Collection[int]
) -> None:
    """Add what the codes say: less where the text names other trades, or means something else by the word."""
    is_mute = sum(len(text.stems) for text in unit.leads) <= STEMS_OF_A_MUTE_TEXT
    # Of a lot named for several crafts a code says the first; of a whole purchase it says what it is.
    is_bundle = unit.lot_id is not None and any(map(_is_bundle, unit.leads[: unit.title_count]))
    for codes, points in ((unit.cpv_codes, CODE_POINTS), (unit.further_codes, FURTHER_CODE_POINTS)):
        for code in codes:
            for number in _lexicon().trades_of_code(code):
                found = evidence[number]
                worth = points
                rest = max(0.0, MOST_OF_CODE_ALONE - found.lead - found.body)
                if number in silenced or ((named or is_bundle) and number not in named):
                    worth = min(points * OUTWEIGHED, rest)
                elif points == FURTHER_CODE_POINTS and found.lead < WORD_POINTS:
                    worth = min(points, rest)
                elif not is_mute and not found.words:
                    worth = EXACT_CODE_ALONE if _is_exact(code) else MOST_OF_CODE_ALONE
                found.codes = max(found.codes, worth)
                found.cpv_codes = tuple(dict.fromkeys((*found.cpv_codes, code)))


def _is_exact(code: str) -> bool:
    """Tell whether a code says a class of work, and not a branch at large."""
    return code[CPV_CLASS_DIGITS - 1] != "0"


def _silenced(by_text: Iterable[Iterable[_Hit]], standing: Collection[int]) -> set[int]:
    """Return the trades of which the titles hold a word that means something else, and none that stands."""
    hits = [hit for hits in by_text for hit in hits if not hit.entry.points and not hit.is_parted]
    return {hit.entry.trade for hit in hits}.difference(standing)


def _hits_by_trade(by_text: Iterable[Iterable[_Hit]]) -> dict[int, list[_Hit]]:
    by_trade: dict[int, list[_Hit]] = {}
    for hits_of_text in by_text:
        of_text: defaultdict[int, list[_Hit]] = defaultdict(list)
        for hit in hits_of_text:
            if hit.entry.points or not hit.is_parted:
                of_text[hit.entry.trade].append(hit)
        for trade, hits in of_text.items():
            kept = _standing(hits)
            if kept:
                by_trade.setdefault(trade, []).extend(kept)
    return by_trade


def _trade_hits(text: AnalysedText, said: Collection[str] = ()) -> Iterable[_Hit]:
    """Return the words of trades in a text: objects with their deed, and apart what is done by another.

    Args:
        text: Any text.
        said: Words beside it that may be the deed, too.
    """
    lexicon = _lexicon()
    places = _content_places(text)
    for hit in _hits(text, lexicon.by_first, places):
        trade = hit.entry.trade
        if hit.entry.is_object:
            deed = _find_deed(text, places, hit)
            if deed is not None:
                first, last = min(deed, places[hit.start]), max(deed, places[hit.end - 1])
                yield replace(hit, words=_between(text, first, last))
            elif not lexicon.deeds[trade].isdisjoint(said):
                yield hit
        elif hit.entry.points and lexicon.deeds_apart[trade] and _is_done_by_another(text, places, hit):
            yield replace(hit, entry=replace(hit.entry, points=0.0))
        else:
            yield hit


def _find_deed(text: AnalysedText, places: Sequence[int], hit: _Hit) -> int | None:
    """Return where the deed stands that is done to an object: "réparation des deux petits bateaux".

    Between them may stand words that say nothing by themselves, other deeds or objects of the trade, and one
    word more where the object is joined to it: "réparation de la coque du bateau", not "crèche rue du Port".
    Behind its object a deed stands by itself: "bateaux : réparation".
    """
    deeds = _lexicon().deeds[hit.entry.trade]
    first = places[hit.start]
    is_joined = first > 0 and places[hit.start - 1 : hit.start] != [first - 1]
    place = _governing(
        text, places[: hit.start], _lexicon().between[hit.entry.trade], deeds, strange_count=int(is_joined)
    )
    if place is not None:
        return place
    behind = places[hit.end] if hit.end < len(places) else None
    if behind is None or _word_at(text, behind) not in deeds or _is_heading(text, places[hit.end - 1]):
        return None
    gap = text.text[text.spans[places[hit.end - 1]][1] : text.spans[behind][0]]
    return behind if _SET_OFF.search(gap) else None


def _is_done_by_another(text: AnalysedText, places: Sequence[int], hit: _Hit) -> bool:
    """Tell whether another does what is done to a trade's word: "curage des réseaux", not "curage - VRD"."""
    deeds_apart = _lexicon().deeds_apart[hit.entry.trade]
    deed = _governing(text, places[: hit.start], _lexicon().neutral, deeds_apart)
    if deed is None:
        return False
    gap = _gap(text, deed, places[hit.start])
    if _SET_OFF.search(gap) is not None or _JOINED_TO.fullmatch(gap) is not None:
        return False
    return not _is_done_beside(text, places, deed, hit.entry.trade)


def _is_done_beside(text: AnalysedText, places: Sequence[int], deed: int, trade: int) -> bool:
    """Tell whether the trade does its own to the same thing: "entretien et nettoyage des chaudières"."""
    before = places[: bisect_left(places, deed)][-1:]
    return any(
        _word_at(text, place) in _lexicon().deeds[trade] and _JOINED_TO.fullmatch(_gap(text, place, deed))
        for place in before
    )


def _gap(text: AnalysedText, first: int, second: int) -> str:
    """Return what stands between two words."""
    return text.text[text.spans[first][1] : text.spans[second][0]]


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
        word = _word_at(text, place)
        if word in deeds:
            return None if strangers and word in _lexicon().of_goods else place
        if word not in between and not word.isdigit():
            strangers += 1
            if strangers > strange_count or word in _lexicon().telling:
                return None
    return None


def _hits(text: AnalysedText, index: _Index, places: Sequence[int] | None = None) -> Iterable[_Hit]:
    if places is None:
        places = _content_places(text)
    content = tuple(text.stems[place] for place in places)
    for start, stem in enumerate(content):
        by_second = index.get(stem)
        if by_second is None:
            continue
        for second in (None, *content[start + 1 : start + 2]):
            for entry in by_second.get(second, ()):
                end = start + len(entry.phrase)
                if content[start:end] == entry.phrase and _has_forms(text, places[start:end], entry.forms):
                    yield _Hit(entry, start, end, _between(text, places[start], places[end - 1]))


def _between(text: AnalysedText, first: int, last: int) -> str:
    return text.text[text.spans[first][0] : text.spans[last][1]]


def _word_at(text: AnalysedText, place: int) -> str:
    start, end = text.spans[place]
    return _form(text.text[start:end])


def _is_heading(text: AnalysedText, place: int) -> bool:
    """Tell whether a word is the one thing that a title is said to be of; several are things themselves."""
    start, end = text.spans[place]
    return folded(text.text[start:end]) == _HEADING


def _content_places(text: AnalysedText) -> list[int]:
    spans = text.spans
    return [
        place
        for place, stem in enumerate(text.stems)
        if not _is_linking(stem, text.text[spans[place][0] : spans[place][1]])
    ]


@lru_cache(maxsize=CACHED_WORDS)
def _is_linking(stem: str, word: str) -> bool:
    """Tell whether a word only links others: "par" does, the first of "pare-brise" shares its stem."""
    return stem in LINKING and folded(word) in LINKING_WORDS


def _has_forms(text: AnalysedText, places: Sequence[int], forms: Sequence[str]) -> bool:
    return all(_word_at(text, place) == form for place, form in zip(places, forms, strict=True))


@lru_cache(maxsize=CACHED_WORDS)
def _form(word: str) -> str:
    """Return a word as it is looked up: small letters, no accents, no mark of the plural."""
    return folded(word).rstrip("sx")


def _standing(hits: Sequence[_Hit]) -> list[_Hit]:
    """Return one trade's hits without those inside a longer one, or inside words that stand apart."""
    kept: list[_Hit] = []
    taken: set[int] = set()
    for hit in sorted(hits, key=_precedence):
        places = range(hit.start, hit.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(hit)
    return sorted((hit for hit in kept if hit.entry.points), key=lambda hit: hit.start)


def _precedence(hit: _Hit) -> tuple[int, bool, float, int]:
    """Order the longest first; of two, what stands apart, then what is worth more."""
    return hit.start - hit.end, hit.entry.points > 0, -hit.entry.points, hit.start


def _has_word(hits: Iterable[_Hit]) -> bool:
    return any(hit.entry.points >= WORD_POINTS for hit in hits)


def _points(hits: Sequence[_Hit]) -> float:
    """Return what hits are worth: hints alone, however many, do not make a trade."""
    points = {hit.entry.phrase: hit.entry.points for hit in hits}.values()
    return sum(points) if any(each >= WORD_POINTS for each in points) else min(MOST_OF_HINTS, sum(points))


def _words(hits: Sequence[_Hit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.words for hit in hits))


def _is_out(trade: int, unit: _Unit) -> bool:
    """Tell whether a word takes it out of a trade: its title's, or for a lot the deed of its notice's."""
    out = _lexicon().out[trade]
    if not out:
        return False
    return not _lexicon().words_out[trade].isdisjoint(unit.inherited) or any(
        True for text in unit.leads for _ in _hits(text, out)
    )


def _act(said: _Said) -> tuple[Act, str] | None:
    """Return what the last title that says it asks for; where they are mute, what a description begins with.

    "Construction d'une école" may be followed by "mission de maîtrise d'œuvre": what makes a title another
    act wherever it stands does so there, too.
    """
    of_titles = _act_of_titles(said)
    if of_titles is not None and of_titles[0] not in _MAY_BE_CORRECTED:
        return of_titles
    conceded = _begins_with_concession(said)
    if conceded is not None:
        return conceded
    of_beginnings = _last_act(said.beginnings or tuple(body for body in said.bodies[:1] if _is_short(body)))
    if of_titles is None:
        return of_beginnings or _concession(said)
    is_sure = any(map(_always_hits, said.beginnings))
    return of_beginnings if is_sure and of_beginnings is not None else of_titles


def _act_of_titles(said: _Said) -> tuple[Act, str] | None:
    """Return what titles ask for; the lot that one ends in refines it: "travaux - lot 3 nettoyage"."""
    of_titles = _last_act(said.titles)
    if of_titles is not None and of_titles[0] not in _MAY_BE_CORRECTED:
        return of_titles
    of_objects = _last_act(said.objects)
    if of_objects is None and of_titles is not None and said.objects != said.titles:
        return Act.WORK, of_titles[1]
    return of_objects or of_titles


def _concession(said: _Said) -> tuple[Act, str] | None:
    """Return that a service is conceded: its title names the service alone ("distribution d'électricité")."""
    of_body = _last_act(tuple(map(_beginning, said.bodies[:1])))
    return of_body if of_body is not None and of_body[0] is Act.CONCESSION else None


def _begins_with_concession(said: _Said) -> tuple[Act, str] | None:
    """Return that a description begins with a concession, whatever its title names."""
    hits = (hit for body in (*said.beginnings, *said.bodies)[:1] for hit in _always_hits(body))
    first = next((hit for hit in hits if hit.start == 0), None)
    return (Act.CONCESSION, first.words) if first and _ACTS[first.entry.trade] is Act.CONCESSION else None


def _last_act(texts: Sequence[AnalysedText]) -> tuple[Act, str] | None:
    for text in reversed(texts):
        hits = _act_hits(text)
        if hits:
            return _first_act(text, hits)
    return None


def _act_hits(text: AnalysedText) -> list[_Hit]:
    """Return the acts that a text names, the first before the others, the longer before those within it."""
    hits = sorted(_hits(text, _act_entries()), key=lambda hit: (hit.start, hit.start - hit.end))
    return _without_nothings(hits, hits)


def _always_hits(text: AnalysedText) -> list[_Hit]:
    """Return the acts that a text names by words that say them wherever they stand."""
    hits = list(_hits(text, _always_entries()))
    return _without_nothings(hits, list(_hits(text, _act_entries()))) if hits else hits


def _without_nothings(hits: Sequence[_Hit], of_acts: Sequence[_Hit]) -> list[_Hit]:
    """Return hits without those within words that say no act: "agence pour les chèques-vacances"."""
    nothings = [hit for hit in of_acts if hit.entry.trade == _NO_ACT]
    return [
        hit
        for hit in hits
        if hit.entry.trade != _NO_ACT
        and not any(hit.start < other.end and other.start < hit.end for other in nothings)
    ]


def _first_act(text: AnalysedText, hits: Sequence[_Hit]) -> tuple[Act, str]:
    first = hits[0]
    always = min(_always_hits(text), key=lambda hit: hit.start, default=None)
    if always is not None and not _is_joined_by_work(text, always):
        return _ACTS[always.entry.trade], always.words
    act = _ACTS[first.entry.trade]
    if act is Act.SUPPLY and _is_of_doing(text, first):
        return _first_act(text, hits[1:]) if hits[1:] else (Act.WORK, first.words)
    if act in _MAY_BE_JOINED and _is_joined_by_work(text, first):
        return Act.WORK, first.words
    if act is Act.SUPPLY and _is_followed_by_work(text, first):
        return Act.WORK, first.words
    return act, first.words


def _is_of_doing(text: AnalysedText, supply: _Hit) -> bool:
    """Tell whether what is supplied is something that is done: "achat de petits travaux"."""
    places = _content_places(text)
    following = places[supply.end :]
    end = text.spans[places[supply.end - 1]][1]
    if not following or not _OF_WHAT.fullmatch(text.text[end : text.spans[following[0]][0]]):
        return False
    words = (_word_at(text, place) for place in following)
    return next((word in _DOING for word in words if word in _DOING or word not in _lexicon().neutral), False)


def _is_joined_by_work(text: AnalysedText, first: _Hit) -> bool:
    """Tell whether work is joined to an act: "études, fourniture et pose"; a study needs more than a dash."""
    places = _content_places(text)
    acts = {hit.start: hit for hit in _act_hits(text)}
    joined = {hit.start for hit in _hits(text, _joined_entries())}
    to_design = {hit.start for hit in _hits(text, _joined_to_design_entries())}
    last = first
    while last.end < len(places):
        act = _ACTS[last.entry.trade]
        if not _is_joint(text, places[last.end - 1], places[last.end], act=act):
            return False
        if act is Act.DESIGN and last.end in to_design:
            return not _is_of_design(acts.get(last.end + 1))
        if act is not Act.DESIGN and last.end in joined:
            return True
        following = acts.get(last.end)
        if following is None or _ACTS[following.entry.trade] not in _MAY_BE_JOINED:
            return False
        last = following
    return False


def _is_of_design(act: _Hit | None) -> bool:
    """Tell whether what is carried out beside a study is one, too: "exécution de contrôles"."""
    return act is not None and _ACTS[act.entry.trade] is Act.DESIGN


def _is_followed_by_work(text: AnalysedText, supply: _Hit) -> bool:
    """Tell whether work is joined to what is supplied: "fourniture de pneumatiques et réparation"."""
    places = _content_places(text)
    purpose = _purpose(text, places[supply.start])
    later = [hit.start for hit in _hits(text, _joined_later_entries()) if hit.start > supply.end]
    return any(
        places[start] < purpose and _is_joint(text, places[start - 1], places[start], act=Act.DESIGN)
        for start in later
    )


def _is_joint(text: AnalysedText, before: int, after: int, *, act: Act) -> bool:
    gap = set(text.stems[before + 1 : after])
    if not gap <= JOINING | OF:
        return False
    between = text.text[text.spans[before][1] : text.spans[after][0]]
    return (act not in _JOINED_BY_A_WORD and gap <= JOINING) or _JOINT.search(between) is not None


def _act_of_codes(notice: Notice) -> tuple[Act, str] | None:
    if notice.cpv_main is None:
        return None
    act = act_of_cpv(notice.cpv_main)
    return None if act is None else (act, notice.cpv_main)


def _act_of_nature(notice: Notice) -> Act | None:
    return {Nature.WORKS: Act.WORK, Nature.SUPPLIES: Act.SUPPLY}.get(notice.nature) if notice.nature else None


_ACTS = tuple(Act)
_NO_ACT = -1
_MAY_BE_CORRECTED = frozenset({Act.WORK, Act.BUILDING})
# Acts of a code that say better what is bought than the word of a title: no works bear a code of training.
_OUTWEIGH = {
    Act.BUILDING: frozenset({Act.DESIGN, Act.TRAINING, Act.INSURANCE, Act.SOFTWARE}),
    Act.WORK: frozenset({Act.TRAINING, Act.INSURANCE}),
}
# Words for what is done, as they are looked up.
_DOING = frozenset({"travau", "prestation", "service"})
_OF_GOODS = frozenset({Act.SUPPLY, Act.RENTAL})
# What a lot of works may ask for beside a trade's work: "courants faibles et téléphonie".
_MAY_STAND_BESIDE = frozenset({Act.SUPPLY, Act.OTHER})
# Acts that no lot of a notice unsays.
_OF_ALL_LOTS = frozenset({Act.TRAINING, Act.INSURANCE, Act.VOUCHER})
_MAY_BE_JOINED = frozenset({Act.SUPPLY, Act.RENTAL, Act.DESIGN, Act.OTHER})
# A dash or a colon joins nothing to them: "études - entretien", "aide à domicile : entretien du logement".
_JOINED_BY_A_WORD = frozenset({Act.DESIGN, Act.OTHER})
_JOINT = re.compile(r"[,/+&]|\b(?:et|ou)\b", re.IGNORECASE)


@cache
def _names_of_crafts() -> frozenset[str]:
    return frozenset(map(folded, names_of_crafts()))


@cache
def _act_entries() -> _Index:
    nothings = [entry for text in words_of_no_act() for entry in _entry(text, _NO_ACT, 0.0)]
    return _index((*_entries_of_acts(words_of_acts()), *_entries_of_acts(acts_always()), *nothings))


@cache
def _always_entries() -> _Index:
    return _index(_entries_of_acts(acts_always()))


@cache
def _whole_entries() -> _Index:
    return _index(entry for text in words_of_a_whole() for entry in _entry(text, 0, 1.0))


@cache
def _bundle_entries() -> _Index:
    return _index(entry for text in words_of_a_bundle() for entry in _entry(text, 0, 1.0))


@cache
def _joined_entries() -> _Index:
    return _index(entry for text in joined_work() for entry in _entry(text, 0, 1.0))


@cache
def _joined_later_entries() -> _Index:
    return _index(entry for text in joined_later() for entry in _entry(text, 0, 1.0))


@cache
def _joined_to_design_entries() -> _Index:
    return _index(entry for text in joined_to_design() for entry in _entry(text, 0, 1.0))


def _entries_of_acts(words: Mapping[Act, Sequence[str]]) -> Iterable[_Entry]:
    return (
        entry
        for act, texts in words.items()
        for text in texts
        for entry in _entry(text, _ACTS.index(act), 1.0)
    )


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """All trades' phrases by their first stem, and their codes by prefix."""

    trades: tuple[Trade, ...]
    by_first: _Index
    by_prefix: Mapping[str, tuple[int, ...]]
    out: tuple[_Index, ...]
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
def _lexicon() -> _Lexicon:
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


def _is_one_word(text: str) -> bool:
    return len(_WORD.findall(text)) == 1


def _word_forms(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(_form(word) for phrase in phrases for word in _WORD.findall(phrase))


def _entries(number: int, trade: Trade) -> Iterable[_Entry]:
    worth = (
        *((text, HINT_POINTS) for text in trade.hints),
        *((text, WORD_POINTS) for text in trade.words),
        *((text, 0.0) for text in sorted(trade.apart, key=_has_and)),
    )
    entries = (entry for text, points in worth for entry in _entry(text, number, points))
    objects = (entry for text in trade.objects for entry in _entry(text, number, WORD_POINTS))
    return (
        *{(entry.phrase, entry.forms): entry for entry in entries}.values(),
        *(replace(entry, is_object=True) for entry in objects),
    )


def _has_and(text: str) -> bool:
    return _AND.search(text) is not None


def _entry(text: str, number: int, points: float) -> Iterable[_Entry]:
    all_tokens = analyse(text)
    tokens = [token for token in all_tokens if not _is_linking(token.stem, text[token.start : token.end])]
    words = [text[token.start : token.end] for token in tokens]
    for phrase in product(*map(_stems_of_both, words)) if words else ():
        yield _Entry(
            phrase=phrase,
            forms=tuple(map(_form, words)),
            trade=number,
            points=points,
            has_and=_has_and(text),
            has_link=len(tokens) < len(all_tokens) and not _has_and(text),
        )


def _stems_of_both(word: str) -> Sequence[str]:
    """Return the stem of a word, and of its plural or singular where that is another: "vélo", "vélos"."""
    other = word[:-1] if word.endswith("s") else word + "s"
    return tuple(dict.fromkeys((*stems(word), *stems(other))))


def _index(entries: Iterable[_Entry]) -> _Index:
    by_first: defaultdict[str, defaultdict[str | None, list[_Entry]]]
    by_first = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        by_first[entry.phrase[0]][next(iter(entry.phrase[1:]), None)].append(entry)
    return by_first
