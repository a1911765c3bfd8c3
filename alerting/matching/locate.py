"""Locate the places that a notice states: from codes, names and free text to spots.

In:   the places of a notice, its lots and its buyer, as ``normalise`` left them.
Out:  a spot of each that can be told: every commune, département and area that its text names, else the
      communes of its postcode, else its département or NUTS area, else France.

What is stated beside a text counts besides it only where the text names nothing there: a form is filled in
with the buyer's code, and the text says "Nanterre".  "AVIGNON 84914", "Rennes (35)" and "ensemble du
territoire de Redon Agglomération" name communes, see ``alerting.matching.place_text``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from alerting.domain.notice import Buyer, Notice, Place
from alerting.domain.place import LocatedNotice, Spot
from alerting.matching.place_text import NamedPlaces, read_place_text
from alerting.reference.communes import (
    Commune,
    bare_key,
    city_of_departement,
    commune_key,
    communes_of_postcode,
    folded_words,
    middles,
    whole_cities,
)
from alerting.reference.nuts import (
    FRANCE,
    POSTCODES_OF_ISLANDS,
    areas_of,
    current_nuts,
    departement_of_postcode,
    departements_of_nuts,
)
from alerting.reference.place_words import LINKS


LONGEST_TEXT = 400
_MONACO, _POSTCODES_OF_MONACO = "MC", "980"


def locate_notice(notice: Notice) -> LocatedNotice:
    """Return where a notice's work is done, its lots', and where its buyer sits."""
    buyer = notice.buyer
    home = None if buyer is None else buyer.departement
    seat = None if buyer is None else _seat(buyer)
    return LocatedNotice(
        work=_known_first(_spots(notice.places, home), buyer, seat),
        lots=tuple(_known_first(_spots(lot.places, home), buyer, seat) for lot in notice.lots),
        buyer=seat,
    )


def _seat(buyer: Buyer) -> Spot | None:
    """Return where a buyer sits; one that bears the name of Paris, Lyon or Marseille in all of the city."""
    own = Place(buyer.nuts_code, buyer.departement, buyer.commune, buyer.postcode)
    found = [spot for spot in find_spots(own, buyer.departement) if not spot.is_somewhere]
    at_home = [spot for spot in found if buyer.departement in spot.departements]
    seat = next(iter(at_home or found), None)
    if seat is None:
        return None
    for city in whole_cities():
        if seat.name.startswith(f"{city.name} ") and commune_key(city.name) in folded_words(buyer.name or ""):
            return _spot(city)
    return seat


def _spots(places: Iterable[Place], home: str | None) -> tuple[Spot, ...]:
    return tuple(dict.fromkeys(spot for place in places for spot in find_spots(place, home)))


def _known_first(spots: tuple[Spot, ...], buyer: Buyer | None, seat: Spot | None) -> tuple[Spot, ...]:
    """Return the spots that are known; where none is, those of a local buyer's home, else all over France."""
    known = tuple(spot for spot in spots if not spot.is_somewhere)
    if known or not spots or buyer is None or seat is None:
        return known or spots
    at_home = _home(buyer, seat)
    return spots if at_home is None else at_home


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
    return any(f" {link} {name} " in words for link in LINKS)


def _code_spots(nuts_code: str) -> tuple[Spot, ...]:
    within = departements_of_nuts(nuts_code)
    return (_departement_spot(within[0]),) if len(within) == 1 else (_area(nuts_code),)


@lru_cache(maxsize=50_000)
def find_spots(place: Place, home: str | None) -> tuple[Spot, ...]:
    """Return the spots that one stated place names; *home* is the buyer's département."""
    nuts_code = None if place.nuts_code is None else current_nuts(place.nuts_code)
    if nuts_code is not None and not nuts_code.startswith(FRANCE):
        return (_area(nuts_code),)
    stated = _departement(place)
    text = (place.commune or "")[:LONGEST_TEXT]
    named = read_place_text(text, stated=stated, postcode=place.postcode, home=home)
    spots = (_area(FRANCE),) if named.says_all else _named_spots(named)
    beside = _spots_beside(place, nuts_code, stated)
    if not spots:
        return beside or _wide_spots(nuts_code, named)
    departements = {departement for spot in spots for departement in spot.departements}
    return (*spots, *(spot for spot in beside if departements.isdisjoint(spot.departements)))


def _departement(place: Place) -> str | None:
    """Return the one département that a place states in its fields, in whatever way."""
    of_postcode = None if place.postcode is None else departement_of_postcode(place.postcode)
    within = departements_of_nuts(place.nuts_code or FRANCE)
    return of_postcode or place.departement or (within[0] if len(within) == 1 else None)


def _named_spots(named: NamedPlaces) -> tuple[Spot, ...]:
    """Return the spots of all that a text names."""
    spots = [
        *map(_spot, named.communes),
        *chain(*map(_postcode_spots, named.postcodes)),
        *map(_departement_spot, named.departements),
        *chain(*map(_code_spots, named.areas)),
    ]
    return tuple(dict.fromkeys(spots))


def _spots_beside(place: Place, nuts_code: str | None, stated: str | None) -> tuple[Spot, ...]:
    """Return what a place states beside its text, but for the country."""
    if place.postcode is not None and (spots := _postcode_spots(place.postcode)):
        # Beside the postcodes of these islands forms have the number of Guadeloupe, which may be meant, too.
        if place.postcode in POSTCODES_OF_ISLANDS and place.departement is not None:
            return tuple(dict.fromkeys((*spots, _departement_spot(place.departement))))
        return spots
    if stated is not None:
        return (_departement_spot(stated),)
    # "FRZ", outside the regions, says no more of the place than "FR" does.
    is_area = nuts_code is not None and nuts_code != FRANCE and bool(departements_of_nuts(nuts_code))
    return _code_spots(nuts_code) if nuts_code is not None and is_area else ()


def _wide_spots(nuts_code: str | None, named: NamedPlaces) -> tuple[Spot, ...]:
    """Return a name that several communes bear, else France, where no more than the country is stated."""
    if nuts_code is None and not named.is_france:
        return ()
    if not named.namesakes:
        return (_area(FRANCE),)
    departements = tuple(sorted({one.departement for one in named.namesakes}))
    points = tuple(dict.fromkeys(one.middle for one in named.namesakes))
    return (Spot(named.namesakes[0].name, departements, points=points, is_one_of=True),)


def _postcode_spots(postcode: str) -> tuple[Spot, ...]:
    """Return the spot of a postcode's communes, else that of its département."""
    communes = communes_of_postcode(postcode)
    if len(communes) == 1:
        return (_spot(communes[0]),)
    if communes:
        departements = tuple(sorted({commune.departement for commune in communes}))
        return (Spot(postcode, departements, points=tuple(commune.middle for commune in communes)),)
    if postcode.startswith(_POSTCODES_OF_MONACO):
        return (_area(_MONACO),)
    departement = departement_of_postcode(postcode)
    return () if departement is None else (_departement_spot(departement),)


def _spot(commune: Commune) -> Spot:
    return Spot(commune.name, (commune.departement,), points=middles(commune))


def _departement_spot(departement: str) -> Spot:
    city = city_of_departement(departement)
    return Spot(departement, (departement,)) if city is None else _spot(city)


def _area(nuts_code: str) -> Spot:
    return Spot(nuts_code, departements_of_nuts(nuts_code), nuts_code)
