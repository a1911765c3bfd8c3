"""Cut a place text into parts: names, numbers and lists of départements.

In:   a text as a notice states it.
Out:  its parts in their order, each with the numbers in it; and what area a part names with all its words.

A text is cut at commas, brackets and dashes, and at "et" and "ou" but where they stand in a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from alerting.reference.communes import (
    Commune,
    city_of_departement,
    commune_key,
    communes_named,
    folded_words,
)
from alerting.reference.nuts import areas_by_name, departement_name, departements_of_nuts
from alerting.reference.place_words import (
    ANNOUNCING_DEPARTEMENTS,
    ANNOUNCING_REGIONS,
    AREAS_IN_DOUBT,
    AREAS_WITHOUT_SIDES,
    OF_AREAS,
    SIDES,
)


_WORDS_AROUND = 4
_TERRITOIRE = "territoire"
# "44000", "44 000"; an amount has its unit: "28 000 m2", "15 000 EUR".
_POSTCODE = re.compile(
    r"(?<!\d)(?<!\d )\d{2} ?\d{3}(?![\d]|\s*(?:m2|m²|m3|eur|euros?|€|hab|habitants|ha|km|kg|t|h)(?!\w))",
    re.IGNORECASE,
)
_CUT = re.compile(r"([,;:()\[\]/\n•]|\s[-–—]\s?|(?<=\w)[-–—]\s|(?<=[^\W_]{3})\.(?=\s|$))")
_AND = re.compile(r"\s+(?:et|ou|ainsi que|puis|&|\+)\s+", re.IGNORECASE)
_CODE = r"(?:\d{2}|9[78]\d|2[AB])"
_CODES = re.compile(rf"(?<![\w.]){_CODE}(?![\w.]*\w)", re.IGNORECASE)
# A dash parts the numbers of a list: "22-29-56" are three, and "22-29" not all between.
_RANGE = re.compile(r"(?<!\d)(\d{2})\s*(?:[àÀaA]|au)\s*(\d{2})(?!\d)")
WORD = re.compile(r"[^\W_]+")
OF_NUMBERS = frozenset(["tout", "dans", "sur", "en", "le"])
OF_WIDE_AREAS = ANNOUNCING_DEPARTEMENTS | ANNOUNCING_REGIONS


@dataclass(slots=True)
class Part:
    """One part of a text, and what was found of it.

    Args:
        text: As published, without postcodes.
        is_joined: Whether "et" stands before it.
        in_brackets: Whether a bracket does.
        codes, postcodes: The numbers in it that may be départements', and those of five digits.
        is_list: Whether its numbers are départements by themselves.
        is_claimed: Whether they belong to a commune that is named.
        communes, namesakes, areas: What it names; areas by NUTS code.
    """

    text: str
    is_joined: bool = False
    in_brackets: bool = False
    codes: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    is_list: bool = False
    is_claimed: bool = False
    communes: list[Commune] = field(default_factory=list)
    namesakes: tuple[Commune, ...] = ()
    areas: list[str] = field(default_factory=list)

    @property
    def is_code(self) -> bool:
        """Tell whether it is a number or a postcode and nothing else: "35", "tout le 35"."""
        return bool(self.codes or self.postcodes) and not words_without(
            OF_NUMBERS, _CODES.sub(" ", self.text)
        )


def split_text(text: str) -> Iterator[Part]:
    """Yield the parts of a text, none of them empty."""
    pieces = _CUT.split(text)
    for number in range(0, len(pieces), 2):
        in_brackets = number > 0 and pieces[number - 1].strip() in {"(", "["}
        for at, one in enumerate(_joined(pieces[number])):
            if one.strip():
                yield _part(one, is_joined=at > 0, in_brackets=in_brackets)


def _joined(piece: str) -> Iterator[str]:
    """Yield what an "et" joins, but for names that have one: "Arc-et-Senans", "Ille et Vilaine"."""
    start = 0
    for found in _AND.finditer(piece):
        if not _is_in_name(piece[start : found.start()], piece[found.end() :]):
            yield piece[start : found.start()]
            start = found.end()
    yield piece[start:]


def _is_in_name(before: str, after: str) -> bool:
    """Tell whether an "et" between two texts is part of a commune's or an area's name."""
    left, right = folded_words(before)[-_WORDS_AROUND:], folded_words(after)[:_WORDS_AROUND]
    names = (
        " ".join([*left[start:], "et", *right[:stop]])
        for start in range(len(left))
        for stop in range(1, len(right) + 1)
    )
    return any(name in areas_by_key() or communes_named(name) for name in names)


def _part(text: str, *, is_joined: bool, in_brackets: bool) -> Part:
    postcodes = tuple(found.replace(" ", "") for found in _POSTCODE.findall(text))
    rest = _POSTCODE.sub(" ", text)
    codes = tuple(
        code for found in _CODES.findall(rest) if departement_name(code := found.upper()) is not None
    )
    return Part(rest, is_joined, in_brackets, codes, postcodes)


def read_lists(parts: Sequence[Part]) -> None:
    """Mark what is a list of départements: numbers after that word or beside areas, and numbers alone."""
    is_all = all(part.is_code and not part.postcodes for part in parts)
    within = _within_areas(parts)
    in_list = is_joined = False
    for part in parts:
        words = folded_words(part.text)
        announced = next((at for at, word in enumerate(words) if word in ANNOUNCING_DEPARTEMENTS), None)
        if announced is not None:
            after = [word for word in words[announced + 1 :] if word not in OF_AREAS]
            in_list = not after or after[0].upper() in part.codes
            part.is_list = in_list and bool(after)
            is_joined = part.is_joined
        else:
            is_beside = bool(within) and not part.in_brackets and within.isdisjoint(part.codes)
            in_list = (in_list or is_all or is_beside) and part.is_code and not part.postcodes
            part.is_list = in_list
            # "Rennes et les départements 22, 56": both; "Rennes, départements 35 et 44": one tells the other.
            part.is_joined = is_joined if in_list else part.is_joined
        if part.is_list:
            part.codes = tuple(dict.fromkeys((*part.codes, *_ranges(part.text))))


def _within_areas(parts: Sequence[Part]) -> frozenset[str]:
    """Return the départements of a text of areas and numbers alone: "Bretagne et le 44"; none of another."""
    areas = [find_area(part) for part in parts if not part.is_code]
    if None in areas:
        return frozenset()
    return frozenset(one for area in areas if area is not None for one in departements_of_nuts(area))


def _ranges(text: str) -> Iterator[str]:
    for first, last in _RANGE.findall(text):
        yield from (
            code
            for number in range(int(first), int(last) + 1)
            if departement_name(code := f"{number:02}") is not None
        )


def says_areas(part: Part) -> bool:
    """Tell whether a part says that départements or régions are named."""
    return not OF_WIDE_AREAS.isdisjoint(folded_words(part.text))


def find_area(part: Part) -> str | None:
    """Return the code of the area that a part names with all its words, or a side of which it names."""
    words = folded_words(part.text)
    name = _area_name(words)
    if name is None:
        return None
    code = _areas()[name]
    numbers = [word for word in words if word.isdigit()]
    if name in AREAS_IN_DOUBT and not says_areas(part) and not numbers:
        return None
    return code if not numbers or numbers == [*departements_of_nuts(code)] else None


def _area_name(words: Sequence[str]) -> str | None:
    """Return the name in ``_areas`` that some words are; "Finistère Sud" names Finistère."""
    bare = [word for word in words if word not in OF_AREAS and not word.isdigit()]
    # The Territoire de Belfort keeps the word without which it is a town.
    kept = [word for word in words if word in bare or word == _TERRITOIRE] if _TERRITOIRE in words else bare
    for said in (kept, bare):
        if (name := " ".join(said)) in _areas():
            return name
    if SIDES.isdisjoint(bare):
        return None
    whole = " ".join(word for word in bare if word not in SIDES)
    is_side = whole in _areas() and whole not in AREAS_IN_DOUBT | AREAS_WITHOUT_SIDES
    return whole if is_side and not is_city(_areas()[whole]) else None


def find_area_in_doubt(part: Part, known: tuple[str, ...], *, is_of_areas: bool) -> str | None:
    """Return the code of the Nord or the Lot where other areas are named, or they are known to be meant."""
    name = " ".join(word for word in folded_words(part.text) if word not in OF_AREAS)
    code = _areas().get(name) if name in AREAS_IN_DOUBT else None
    is_meant = code is not None and (is_of_areas or not {*known}.isdisjoint(departements_of_nuts(code)))
    return code if is_meant else None


def is_city(area: str) -> bool:
    """Tell whether an area is one city: Paris is its département."""
    return any(city_of_departement(one) is not None for one in departements_of_nuts(area)[:1])


@cache
def _areas() -> dict[str, str]:
    """Return the NUTS codes of régions and départements by the words of their names."""
    links = OF_AREAS - {_TERRITOIRE}
    return {" ".join(words_without(links, name)): code for name, code in areas_by_name().items()}


@cache
def areas_by_key() -> dict[str, str]:
    """Return the NUTS codes of régions and départements by their names, as ``commune_key`` writes them."""
    return {commune_key(name): code for name, code in areas_by_name().items()}


def words_without(words: Collection[str], text: str) -> list[str]:
    """Return the words of a text, small and without accents, but for some, and for numbers."""
    return [word for word in folded_words(text) if word not in words and not word.isdigit()]
