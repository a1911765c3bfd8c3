"""Locate the places that a notice states: from codes, names and free text to spots.

In:   the places of a notice, its lots and its buyer, as ``normalise`` left them.
Out:  a spot of each that can be told: the commune where it is named, else the communes of its postcode, else
      the département or NUTS area.

"AVIGNON 84914", "Rennes (35)" and "ensemble du territoire de Redon Agglomération" name communes; the last
only where the département is known, and never by the name of a street.  Of homonyms the one of the stated
département or postcode is meant, else the one of the buyer's département, else none.  Names of intercommunal
bodies are known by the commune that stands in them, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from alerting.domain.notice import Buyer, Notice, Place
from alerting.domain.place import LocatedNotice, Spot
from alerting.reference.communes import (
    ARTICLES,
    Commune,
    bare_key,
    city_of_departement,
    commune_key,
    communes_named,
    communes_of_key,
    communes_of_postcode,
    folded_words,
    middles,
)
from alerting.reference.nuts import (
    areas_by_name,
    areas_of,
    current_nuts,
    departement_name,
    departement_of_postcode,
    departements_of_nuts,
)


LONGEST_TEXT = 400
MOST_WORDS = 7
SHORTEST_NAME = 4
_FRENCH = "FR"
_MONACO, _POSTCODES_OF_MONACO = "MC", "980"
_POSTCODE = re.compile(r"(?<!\d)\d{5}(?!\d)|(?<!\d)\d{2} \d{3}(?!\d)")
_NUMBER = re.compile(r"\(\s*(\d{2}|9[78]\d|2[AB])\s*\)|(?:^|[\s,-])(\d{2}|9[78]\d|2[AB])\s*$", re.IGNORECASE)
_NUTS = re.compile(r"\bFR[A-Z0-9]{1,3}\b")
_SEGMENT = re.compile(r"[,;:()/\n•]|\s[-–]\s?|(?<=\w)[-–]\s")
_TRAILING_NUMBER = re.compile(r"\s\d+\s*$")
_WORD = re.compile(r"[^\W_]+")
_OF_AREAS = frozenset(
    {"departement", "departements", "region", "toute", "tout", "ensemble", "territoire", "dans", "sur", "en"}
    | {"de", "du", "des", "d", "l", "la", "le", "les"}
)
# A commune's name after one of these is a street's, or a building's.
_OF_STREETS = frozenset(
    {"rue", "avenue", "av", "boulevard", "bd", "place", "route", "quai", "chemin", "allee", "impasse"}
    | {"square", "cours", "porte", "faubourg", "lycee", "college", "ecole", "gare", "hopital", "pont"}
)
_OF_FRANCE = frozenset({"france", "france entiere", "france metropolitaine", "national", "nationale"})
_LINKS = frozenset(["de", "du", "des", "d", "la", "le", "les", "l"])


def locate_notice(notice: Notice) -> LocatedNotice:
    """Return where a notice's work is done, its lots', and where its buyer sits."""
    buyer = notice.buyer
    home = None if buyer is None else buyer.departement
    own = () if buyer is None else (Place(buyer.nuts_code, buyer.departement, buyer.commune, buyer.postcode),)
    seat = next((spot for spot in _spots(own, home) if not spot.is_somewhere), None)
    at_home = None if buyer is None or seat is None else _home(buyer, seat)
    return LocatedNotice(
        work=_known_first(_spots(notice.places, home), at_home),
        lots=tuple(_known_first(_spots(lot.places, home), at_home) for lot in notice.lots),
        buyer=seat,
    )


def _spots(places: Iterable[Place], home: str | None) -> tuple[Spot, ...]:
    return tuple(dict.fromkeys(spot for place in places for spot in find_spots(place, home)))


def _known_first(spots: tuple[Spot, ...], at_home: tuple[Spot, ...] | None) -> tuple[Spot, ...]:
    """Return the spots that are known; where none is, those of a local buyer's home, else all over France."""
    known = tuple(spot for spot in spots if not spot.is_somewhere)
    return known or (spots if at_home is None or not spots else at_home)


def _home(buyer: Buyer, seat: Spot) -> tuple[Spot, ...] | None:
    """Return the area for which a buyer buys that bears its name, none where that is where it sits.

    A buyer that bears the name of no place around it may buy for anywhere: None.
    """
    words = f" {' '.join(folded_words(buyer.name or ''))} "
    commune = commune_key(buyer.commune or seat.name)
    if f" {commune} " in words or _is_linked(words, bare_key(commune)):
        return ()
    for departement in seat.departements:
        for name, code in areas_of(departement).items():
            key = commune_key(name)
            # "Agence Rhône" is a firm's, "Département du Rhône" the département's.
            if f" {key} " in words and (" " in key or _is_linked(words, key)):
                return _code_spots(code)
    return None


def _is_linked(words: str, name: str) -> bool:
    return any(f" {link} {name} " in words for link in _LINKS)


def _code_spots(nuts_code: str) -> tuple[Spot, ...]:
    within = departements_of_nuts(nuts_code)
    return (_departement_spot(within[0]),) if len(within) == 1 else (_area(nuts_code),)


@lru_cache(maxsize=50_000)
def find_spots(place: Place, home: str | None) -> tuple[Spot, ...]:
    """Return the spots that one stated place names; *home* is the buyer's département."""
    nuts_code = None if place.nuts_code is None else current_nuts(place.nuts_code)
    if nuts_code is not None and not nuts_code.startswith(_FRENCH):
        return (_area(nuts_code),)
    text = (place.commune or "")[:LONGEST_TEXT]
    postcode = place.postcode or _postcode(text)
    stated = _departement(place, text, postcode)
    communes = tuple(dict.fromkeys(_communes(text, postcode, stated, home)))
    if communes:
        return tuple(_spot(commune) for commune in communes)
    of_code = communes_of_postcode(postcode) if postcode is not None else ()
    if of_code:
        name = of_code[0].name if len(of_code) == 1 else str(postcode)
        departements = tuple(sorted({commune.departement for commune in of_code}))
        return (Spot(name, departements, points=tuple(commune.middle for commune in of_code)),)
    if stated is not None:
        return (_departement_spot(stated),)
    is_monaco = postcode is not None and postcode.startswith(_POSTCODES_OF_MONACO)
    return (_area(_MONACO),) if is_monaco else _wide_spots(nuts_code, text)


def _wide_spots(nuts_code: str | None, text: str) -> tuple[Spot, ...]:
    """Return the area that is stated, else all of France where no more than that is said."""
    # "FRZ", outside the regions, says no more of the place than "FR" does.
    within = nuts_code if nuts_code != _FRENCH and departements_of_nuts(nuts_code or "") else None
    code = within or _nuts(text)
    if code is not None:
        return _code_spots(code)
    return _somewhere(text) if nuts_code is not None or _is_france(text) else ()


def _somewhere(text: str) -> tuple[Spot, ...]:
    """Return a name that several communes bear, else France."""
    named = tuple(one for segment in _SEGMENT.split(text) for one in communes_named(segment))
    if not named:
        return (_area(_FRENCH),)
    departements = tuple(sorted({one.departement for one in named}))
    points = tuple(dict.fromkeys(one.middle for one in named))
    return (Spot(named[0].name, departements, points=points, is_one_of=True),)


def _is_france(text: str) -> bool:
    return any(current_nuts(found.group()) == _FRENCH for found in _NUTS.finditer(text)) or any(
        " ".join(_without_area_words(segment)) in _OF_FRANCE for segment in _SEGMENT.split(text)
    )


def _postcode(text: str) -> str | None:
    found = _POSTCODE.search(text)
    return found.group().replace(" ", "") if found is not None else None


def _departement(place: Place, text: str, postcode: str | None) -> str | None:
    """Return the one département that a place states, in whatever way."""
    if postcode is not None and (of_code := departement_of_postcode(postcode)) is not None:
        return of_code
    if place.departement is not None:
        return place.departement
    # "Paris 12" is an arrondissement, and what follows CEDEX an office.
    number = None if len(communes_named(text)) == 1 else _NUMBER.search(text)
    if number is not None and departement_name(code := (number[1] or number[2]).upper()) is not None:
        return code
    within = departements_of_nuts(place.nuts_code or _nuts(text) or _FRENCH)
    return within[0] if len(within) == 1 else None


def _nuts(text: str) -> str | None:
    """Return the code of the area that a text names by code or by name."""
    for found in _NUTS.finditer(text):
        area = current_nuts(found.group())
        if area != _FRENCH and departements_of_nuts(area):
            return area
    names = (" ".join(_without_area_words(segment)) for segment in _SEGMENT.split(text))
    return next((code for name in names if (code := areas().get(name)) is not None), None)


@cache
def areas() -> dict[str, str]:
    """Return the NUTS codes of régions and départements by the words of their names."""
    return {" ".join(_without_area_words(name)): code for name, code in areas_by_name().items()}


def _without_area_words(text: str) -> list[str]:
    return [word for word in folded_words(text) if word not in _OF_AREAS and not word.isdigit()]


def _communes(text: str, postcode: str | None, stated: str | None, home: str | None) -> Iterator[Commune]:
    """Yield the communes that a text names: segments that are names, else what stands in them."""
    known = stated or home
    without_codes = _NUTS.sub(lambda found: _unless_code(found.group(), known), _POSTCODE.sub(" ", text))
    for segment in _SEGMENT.split(without_codes):
        # "Paris 12" is an arrondissement, "Redon 2" an office.
        named = (
            _named(form, postcode, stated, home) for form in (segment, _TRAILING_NUMBER.sub(" ", segment))
        )
        commune = next((one for one in named if one is not None), None)
        if commune is not None:
            yield commune
        elif known is not None:
            yield from _within(segment, known)


def _unless_code(word: str, departement: str | None) -> str:
    """Return what reads like a NUTS code where it is none: FRANS and FRY are communes."""
    within = departements_of_nuts(word)
    return " " if within and (departement is None or departement in within) else word


def _named(segment: str, postcode: str | None, stated: str | None, home: str | None) -> Commune | None:
    if not commune_key(segment):
        return None
    named = communes_named(segment, departement=stated)
    for narrower in (
        [one for one in named if postcode is not None and postcode in one.postcodes],
        named,
        [one for one in named if one.departement == home],
    ):
        if len(narrower) == 1:
            return narrower[0]
    return None


def _within(text: str, departement: str) -> Iterator[Commune]:
    """Yield the communes of a département that stand in running text, written as names are."""
    published = _WORD.findall(text)
    words = folded_words(text)
    if len(published) != len(words):
        return
    end = 0
    for start, word in enumerate(published):
        if start < end or not word[0].isupper() or words[start] in ARTICLES or _is_street(words, start):
            continue
        for stop in range(min(len(words), start + MOST_WORDS), start, -1):
            key = " ".join(words[start:stop])
            named = communes_of_key(key, departement=departement) if len(key) >= SHORTEST_NAME else ()
            if len(named) == 1:
                end = stop
                yield named[0]
                break


def _is_street(words: list[str], start: int) -> bool:
    before = start - 1
    while before >= 0 and words[before] in _LINKS:
        before -= 1
    return before >= 0 and words[before] in _OF_STREETS


def _spot(commune: Commune) -> Spot:
    return Spot(commune.name, (commune.departement,), points=middles(commune))


def _departement_spot(departement: str) -> Spot:
    city = city_of_departement(departement)
    return Spot(departement, (departement,)) if city is None else _spot(city)


def _area(nuts_code: str) -> Spot:
    return Spot(nuts_code, departements_of_nuts(nuts_code), nuts_code)
