"""Read a place text: every commune, département and area that it names.

In:   a text as a notice states it, and what the notice states beside it.
Out:  all that it names, in its order; what cannot be told is left out.

A text falls into parts, at commas, brackets and dashes, and at "et" and "ou".  A part that is a name, perhaps
after "Ville de" or "communes de", is looked for in all of France; what stands in running text only in the
départements that are known, written as names are: with a capital, with its article, and not after a street.
A number is a département's after "départements", in brackets after a name, beside the name of a commune that
lies there, or where the text is numbers alone; "rue du 8 mai 45" and "Bâtiment 12" name none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise

from alerting.matching.place_names import Name, areas_within, communes_within, is_common, is_spelled
from alerting.matching.place_parts import (
    WORD,
    Part,
    find_area,
    find_area_in_doubt,
    is_city,
    read_lists,
    says_areas,
    split_text,
    words_without,
)
from alerting.reference.communes import (
    Commune,
    arrondissements,
    city_of_departement,
    folded_words,
    whole_cities,
)
from alerting.reference.letters import plain
from alerting.reference.nuts import (
    FRANCE,
    current_nuts,
    departement_of_postcode,
    departements_of_nuts,
    find_departement,
    without_boxes,
)
from alerting.reference.place_words import (
    OF_ALL_FRANCE,
    OF_AREAS,
    OF_COMMUNES,
    OF_FRANCE,
    OF_STREETS,
    SIDES,
)


# "FR-35" is a département by ISO 3166-2.
_ISO_3166 = re.compile(r"\bFR-(\d{2,3}|2[AB])\b", re.IGNORECASE)
_NUTS = re.compile(r"\bFR[A-Z0-9]{0,3}\b")
# Blanks that they took are never given back: a list could else be read in as many ways as it has blanks.
_SUFFIX = r"(?:er|ere|e|eme|ieme)(?![a-z])\s*+"
_JOIN = r"(?:,|et|a|&|/)\s*+"
_ORDINAL = rf"\d{{1,3}}\s*+{_SUFFIX}"
_NUMBER = rf"\d{{1,3}}\s*+(?:{_SUFFIX})?"
_NUMBERS = rf"{_NUMBER}(?:{_JOIN}{_NUMBER})*"
_ARRONDISSEMENTS = re.compile(
    rf"\b({_NUMBERS})arr(?:ondissements?)?\b|\barr(?:ondissements?)\s++({_NUMBERS})"
    rf"|\b(?:paris|lyon|marseille)\s*+[-–—(]?\s*+({_ORDINAL}(?:{_JOIN}{_ORDINAL})*)"
)
# A place that takes more words names none.
_READ_CHARACTERS = 1_000
# A dash between words, the end of a sentence, and what is joined to all before: "hors Rennes, et à Redon".
_ENDS_WHAT_IS_LEFT_OUT = (
    r"\s[-–—]\s|(?<=[^\W_]{3})\.(?:\s|$)|(?:,\s*|\s)(?i:et|ainsi\s+qu[e'’])\s*(?i:à|aux?|en|dans|sur)\s"
)
# What is left out is written as names are: "hors Rennes", and not "hors agglomération".
_LEFT_OUT = re.compile(
    r"[,;(\[]?\s*\b(?i:sauf|hors|hormis|except[ée]e?s?|[àa]\s+l['’ ]\s*ex(?:ception|clusion))\s+"
    r"(?P<out>(?:(?i:d[eu]s?|la|le|les|communes?|villes?|d[ée]partements?)\s+|[dlDL]['’]\s*)*"
    r"(?!(?i:agglom|taxe|service|voirie|gel|eau|air|site)\w*)(?:[A-ZÀ-Þ]|\d{2}|2[ABab]\b|outre)"
    rf"(?:(?!{_ENDS_WHAT_IS_LEFT_OUT})[^;()\[\]\n]|\([^()\n]*\))*)[)\]]?"
)
# What may stand before the name of what is left out: "hors centre ville de Rennes", "hors île de Groix".
_BEFORE_NAMES = (
    OF_COMMUNES
    | SIDES
    | frozenset(
        {"ile", "iles", "metropole", "agglomeration", "communaute", "pays", "canton", "cantons", "secteur"}
        | {"secteurs", "quartier", "quartiers", "zone", "zones", "perimetre"}
    )
)
_NUMBER_OR_TO = re.compile(r"\d+|\ba\b")


@dataclass(frozen=True, slots=True)
class NamedPlaces:
    """What a text names.

    Args:
        communes: Each once.
        postcodes: Those of no commune that is named.
        departements: By number or name; not that of a commune beside which it stands.
        areas: NUTS codes of régions and the like.
        namesakes: The communes of names that several bear, where no other is named.
        is_france: Whether it names France and no less.
        says_all: Whether it says "all of France".
    """

    communes: tuple[Commune, ...] = ()
    postcodes: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    namesakes: tuple[Commune, ...] = ()
    is_france: bool = False
    says_all: bool = False


def read_place_text(text: str, *, stated: str | None, postcode: str | None, home: str | None) -> NamedPlaces:
    """Return what a text names, without what it leaves out: "Bretagne hors Finistère".

    Args:
        text: As published; its first thousand characters count.
        stated: The département that the notice states beside it.
        postcode: The same.
        home: The buyer's département.
    """
    text = _ISO_3166.sub(r"\1", without_boxes(text[:_READ_CHARACTERS]))
    found = _LEFT_OUT.search(text)
    if found is None:
        return _read(text, stated=stated, postcode=postcode, home=home)
    named = _read(text[: found.start()] + text[found.end() :], stated=stated, postcode=postcode, home=home)
    within = _departements(named)
    read_out = partial(_read, stated=within[0] if len(within) == 1 else stated, postcode=None, home=home)
    # "Nord" and "Lot" are words of every day; left out of an area that holds them, they are départements.
    in_doubt = find_departement(" ".join(words_without(OF_AREAS, found["out"])))
    if not within and (meant := _area_around(text[: found.start()], read_out(found["out"]))):
        return NamedPlaces(areas=(meant,))
    if in_doubt in within:
        return _without(named, NamedPlaces(departements=(in_doubt,)))
    if not _begins_with_place(found["out"], read_out):
        apart = f"{text[: found.start()]}; {text[found.start('out') :]}"
        return _read(apart, stated=stated, postcode=postcode, home=home)
    return _without(named, read_out(found["out"]))


def _area_around(text: str, out: NamedPlaces) -> str | None:
    """Return the Nord or the Lot where a text names it, and a place of it is left out: "Nord hors Lille"."""
    parts = list(split_text(text))
    return find_area_in_doubt(parts[0], _departements(out), is_of_areas=False) if len(parts) == 1 else None


def _begins_with_place(text: str, read: Callable[[str], NamedPlaces]) -> bool:
    """Tell whether a text names a place by its first words: "HORS SOL A REDON" leaves out no place."""
    words = [word for word in WORD.finditer(text) if plain(word.group()) not in _BEFORE_NAMES]
    return not words or read(text) != read(text[words[0].end() :])


def _read(text: str, *, stated: str | None, postcode: str | None, home: str | None) -> NamedPlaces:
    parts = list(split_text(text))
    read_lists(parts)
    known = find_known(parts, stated, home)
    areas_said = [number for number, part in enumerate(parts) if find_area(part) or says_areas(part)]
    before = None
    for number, (part, after) in enumerate(zip(parts, [*parts[1:], None], strict=False)):
        if not part.is_list and not part.is_code:
            is_of_areas = says_areas(part) or any(other != number for other in areas_said)
            name = Name(stated, postcode, _hints(before, part, after), known, is_alone=len(parts) == 1)
            _read_part(part, before, name, is_of_areas=is_of_areas)
        before = part
    return _together(text, parts)


def _without(named: NamedPlaces, out: NamedPlaces) -> NamedPlaces:
    """Return what a text names without what it leaves out; what of that lies elsewhere is named beside it."""
    within = _departements(named)
    if named.is_france or not within:
        return named
    cities = [one.departement for one in out.communes if city_of_departement(one.departement) == one]
    gone = {*out.departements, *cities, *chain(*map(departements_of_nuts, out.areas))}
    beside = gone.difference(within)
    cut = [area for area in named.areas if not gone.isdisjoint(departements_of_nuts(area))]
    left = [one for area in cut for one in departements_of_nuts(area)]
    return replace(
        named,
        communes=(
            *(one for one in named.communes if one not in out.communes),
            *(one for one in out.communes if one.departement not in within),
        ),
        departements=tuple(
            one
            for one in dict.fromkeys((*named.departements, *left, *sorted(beside)))
            if one in beside or one not in gone
        ),
        areas=tuple(area for area in named.areas if area not in cut),
    )


def _departements(named: NamedPlaces) -> tuple[str, ...]:
    """Return the départements in which lies what is named."""
    of_postcodes = filter(None, map(departement_of_postcode, named.postcodes))
    of_areas = chain(*map(departements_of_nuts, named.areas))
    of_communes = (one.departement for one in named.communes)
    return tuple(dict.fromkeys((*of_communes, *of_postcodes, *named.departements, *of_areas)))


def find_known(parts: Sequence[Part], stated: str | None, home: str | None) -> tuple[str, ...]:
    """Return the départements in which names in running text are looked for."""
    own = [] if stated is None else [stated]
    own += [code for part in parts if part.is_list or part.in_brackets for code in part.codes]
    own += [
        code
        for part in parts
        for postcode in part.postcodes
        if (code := departement_of_postcode(postcode)) is not None
    ]
    own += [
        departement
        for part in parts
        if (area := find_area(part)) is not None and len(within := departements_of_nuts(area)) == 1
        for departement in within
    ]
    if home is not None and stated is None:
        own.append(home)
    return tuple(dict.fromkeys(own))


def _hints(before: Part | None, part: Part, after: Part | None) -> tuple[Part, ...]:
    """Return a part and the numbers beside it: what follows, or what goes before and is nobody's yet."""
    found = [part]
    if after is not None and after.is_code and not after.is_list:
        found.append(after)
    if (
        before is not None
        and before.is_code
        and not (before.is_list or before.in_brackets or before.is_claimed)
    ):
        found.append(before)
    return tuple(found)


def _read_part(part: Part, before: Part | None, name: Name, *, is_of_areas: bool) -> None:
    """Note what a part names; what is the name of a commune and of an area is both."""
    text = without_codes(part, name.known)
    area = find_area(part) or find_area_in_doubt(part, name.known, is_of_areas=is_of_areas)
    is_of_street = part.is_joined and before is not None and ends_in_street(before)
    is_area = area is not None and is_of_areas and not is_city(area)
    commune = None if is_of_street or is_area else name.find(text)
    if commune is not None and (
        area is None or (is_spelled(commune, text) and not name.is_of_area(area, commune, text))
    ):
        part.communes.append(commune)
        name.claim(commune)
    part.namesakes = name.namesakes
    if area is not None and not (part.communes and name.is_told(area, part.communes[0])):
        part.areas.append(area)
        part.is_joined |= bool(part.communes)
    elif not part.communes:
        part.areas += areas_within(text)
        for departement in name.known:
            part.communes += communes_within(text, departement, starts_in_street=is_of_street)


def ends_in_street(part: Part) -> bool:
    """Tell whether a part names a street and no commune: what is joined to it is another street."""
    return not part.communes and not OF_STREETS.isdisjoint(folded_words(part.text))


def without_codes(part: Part, known: tuple[str, ...]) -> str:
    """Return a part's text without the NUTS codes in it, which are noted; FRANS and FRY are communes."""

    def noted(found: re.Match[str]) -> str:
        code = current_nuts(found.group())
        within = departements_of_nuts(code)
        is_commune = bool(known) and set(known).isdisjoint(within)
        if not within or is_commune or (code == FRANCE and found.group() not in {FRANCE, "FRA", "FRZ"}):
            return found.group()
        part.areas.append(code)
        return " "

    return _NUTS.sub(noted, part.text)


def _settle_doubles(parts: Sequence[Part]) -> None:
    """Let what may be a commune or an area be none where it tells where another lies: "Laval, Mayenne"."""
    for part in parts:
        around = {one for area in part.areas for one in departements_of_nuts(area)}
        others = {one.departement for other in parts if other is not part for one in other.communes}
        if part.communes and not around.isdisjoint(others):
            part.communes.clear()
            part.is_joined = False


def _together(text: str, parts: Sequence[Part]) -> NamedPlaces:
    _settle_doubles(parts)
    named = tuple(dict.fromkeys(one for part in parts for one in part.communes))
    communes = tuple(dict.fromkeys(_by_arrondissement(text, named)))
    within = {one.departement for one in communes}
    listed = [
        code for part in parts if part.is_list for code in part.codes if part.is_joined or code not in within
    ]
    within.update(listed)
    listed += [code for code in _in_brackets(parts) if code not in within]
    areas_named = list(dict.fromkeys(_standing(parts, within)))
    postcodes = [
        code
        for part in parts
        for code in part.postcodes
        if not part.is_claimed and departement_of_postcode(code) not in within
    ]
    of_france = [part for part in parts if " ".join(words_without(OF_AREAS, part.text)) in OF_FRANCE]
    is_named = bool(communes or listed or postcodes or set(areas_named) - {FRANCE})
    return NamedPlaces(
        communes=communes,
        postcodes=tuple(dict.fromkeys(postcodes)),
        departements=tuple(dict.fromkeys(listed)),
        areas=tuple(area for area in areas_named if area != FRANCE),
        namesakes=() if is_named else tuple(one for part in parts for one in part.namesakes),
        is_france=not is_named and (bool(of_france) or FRANCE in areas_named),
        says_all=not communes
        and any(not OF_ALL_FRANCE.isdisjoint(folded_words(part.text)) for part in of_france),
    )


def _in_brackets(parts: Sequence[Part]) -> Iterator[str]:
    """Yield the numbers in brackets that follow a name which is not known."""
    for before, part in pairwise(parts):
        words = WORD.findall(before.text)
        is_name = bool(words) and words[-1][0].isupper() and not is_common(before.text)
        if part.in_brackets and part.is_code and not part.is_list and is_name:
            yield from part.codes


def _standing(parts: Sequence[Part], within: set[str]) -> Iterator[str]:
    """Yield the areas that are places of their own: joined by "et", or nothing that is named lies in them."""
    named = set(within)
    for part in parts:
        for area in part.areas:
            if len(found := departements_of_nuts(area)) == 1:
                named.update(found)
    for part, after in zip(parts, [*parts[1:], None], strict=False):
        is_joined = part.is_joined or (after is not None and after.is_joined and not part.in_brackets)
        for area in part.areas:
            found = departements_of_nuts(area)
            others = within if len(found) == 1 else named
            if is_joined or others.isdisjoint(found):
                yield area


def _by_arrondissement(text: str, communes: tuple[Commune, ...]) -> Iterator[Commune]:
    """Yield the arrondissements in place of their city where a text names some of one city."""
    folded = plain(text)
    numbers = {
        number
        for found in _ARRONDISSEMENTS.finditer(folded)
        for number in _counted(" ".join(filter(None, found.groups())))
    }
    cities = [city for city in whole_cities() if re.search(rf"\b{city.name.casefold()}\b", folded)]
    within = arrondissements(cities[0]) if len(cities) == 1 else ()
    told = [one for number, one in enumerate(within, start=1) if number in numbers]
    if len(told) < len(numbers) or not told:
        yield from communes
        return
    yield from told
    yield from (one for one in communes if one != cities[0])


def _counted(text: str) -> Iterator[int]:
    """Yield the numbers that a text counts: "1er, 3e et 8 a 10"."""
    last, is_range = 0, False
    for word in _NUMBER_OR_TO.findall(text):
        if word == "a":
            is_range = True
        else:
            yield from range(last + 1 if is_range else int(word), int(word) + 1)
            last, is_range = int(word), False
