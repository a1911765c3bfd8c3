"""NUTS codes and French départements: one from the other, and old codes to current ones.

In:   codes and postcodes as notices give them, without spaces.
Out:  current codes; None for what is not French or not known.

Sources: NUTS 2024 (Commission Delegated Regulation (EU) 2023/674); the code officiel géographique of INSEE;
data/departements.csv, data/regions.csv and data/nuts_old.csv are tables of these facts; data/area_names.csv
has what people call some areas besides.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources

from alerting.reference.countries import find_country
from alerting.reference.letters import plain


# Until 2016 the regions had other codes; NUTS-3 codes of old are in data/nuts_old.csv.
OLD_REGIONS = {"FR52": "FRH0", "FR51": "FRG0", "FR24": "FRB0", "FR25": "FRD1", "FR23": "FRD2"}
FRANCE = "FR"
FRANCE_NAME = "France"
OVERSEAS = ("97", "98")
# Collectivities overseas; the table of communes has none of theirs.
COLLECTIVITIES = frozenset(["975", "977", "978", "986", "987", "988"])
# Two of them have postcodes of the département they were part of.
POSTCODES_OF_ISLANDS = {"97133": "977", "97150": "978"}
POSTCODE_DIGITS = 5
COUNTRY_LETTERS = 3
CORSICA_NORTH_FROM = 20200
# "Course spéciale", "boîte postale", "tri service arrivée".
_BOX = re.compile(r"\b(?:c\.?\s?s|b\.?\s?p|t\.?\s?s\.?\s?a)\b\.?\s*(?:n\s*°\s*)?\d{1,5}\b", re.IGNORECASE)
_FRENCH_AREA = re.compile(r"FR[A-Z0-9]{1,3}|9[78]\d")
_NUMBER = re.compile(r"\b(?:\d{1,3}|2[ABab])\b")


def current_nuts(code: str) -> str:
    """Return the current code for an old French one; any other code as it is.

    The three letters of a country are that country: FRA was overseas until 2016, and is written for France.

    >>> current_nuts("FR523"), current_nuts("FRH03"), current_nuts("AT312")
    ('FRH03', 'FRH03', 'AT312')
    >>> current_nuts("FRA"), current_nuts("AUT"), current_nuts("FRA10")
    ('FR', 'AT', 'FRY10')
    """
    if len(code) == COUNTRY_LETTERS and code.isalpha() and (country := find_country(code)) is not None:
        return country
    return _old_codes().get(code) or OLD_REGIONS.get(code, code)


def departement_of_nuts(code: str) -> str | None:
    """Return the département of a NUTS-3 code, old or current; None for wider areas.

    >>> departement_of_nuts("FRH01"), departement_of_nuts("FRH0")
    ('22', None)
    """
    return _departement_by_nuts().get(current_nuts(code))


def nuts_of_departement(departement: str) -> str | None:
    """Return the NUTS-3 code of a département; collectivities overseas have none."""
    row = _departements().get(departement)
    return row[1] or None if row is not None else None


@cache
def departements_of_nuts(code: str) -> tuple[str, ...]:
    """Return every département of an area of any level, old or current; none for what is not French.

    An old region is what its old départements were: FR7 is Rhône-Alpes and Auvergne.  The number of a
    collectivity overseas, which has no code, is that collectivity.

    >>> departements_of_nuts("FRH0"), departements_of_nuts("FRH01"), departements_of_nuts("AT312")
    (('22', '29', '35', '56'), ('22',), ())
    >>> departements_of_nuts("FR72"), departements_of_nuts("FRZ")
    (('03', '15', '43', '63'), ())
    >>> departements_of_nuts("988")
    ('988',)
    """
    current = current_nuts(code)
    within = [
        departement
        for departement, (_, nuts_code) in _departements().items()
        if nuts_code.startswith(current) or current == (nuts_code or departement)
    ]
    if not within and code.startswith(FRANCE):
        old = [nuts_code for old_code, nuts_code in _old_codes().items() if old_code.startswith(code)]
        within = sorted({_departement_by_nuts()[nuts_code] for nuts_code in old})
    return tuple(within)


def departement_of_postcode(postcode: str) -> str | None:
    """Return the département of a French postcode of five digits.

    A few communes carry their neighbour's postcode; the postal département is returned.  A collectivity
    overseas is a département here: "988" is New Caledonia.

    >>> departement_of_postcode("35600"), departement_of_postcode("20200"), departement_of_postcode("97400")
    ('35', '2B', '974')
    """
    if len(postcode) != POSTCODE_DIGITS or not (postcode.isascii() and postcode.isdigit()):
        return None
    if postcode in POSTCODES_OF_ISLANDS:
        return POSTCODES_OF_ISLANDS[postcode]
    if postcode.startswith("20"):
        return "2B" if int(postcode) >= CORSICA_NORTH_FROM else "2A"
    departement = postcode[:3] if postcode.startswith(OVERSEAS) else postcode[:2]
    return departement if departement in _departements() else None


def without_boxes(text: str) -> str:
    """Return an address without the numbers of its boxes, which are no postcodes.

    >>> without_boxes("CS 64208, 35042 Rennes"), without_boxes("B.P. n° 12")
    (', 35042 Rennes', '')
    """
    return _BOX.sub("", text)


def departement_name(departement: str) -> str | None:
    """Return the name of a département: "Ille-et-Vilaine" for "35"."""
    row = _departements().get(departement)
    return row[0] if row is not None else None


def departements() -> tuple[str, ...]:
    """Return the number of every département, in the order of the file."""
    return tuple(_departements())


@lru_cache(maxsize=5_000)
def find_departement(text: str) -> str | None:
    """Return the number of the département that people write in any of these ways, None where there is none.

    >>> [find_departement(text) for text in ("1", "2a", "Ille et Vilaine", "35 - Ille-et-Vilaine", "Rennes")]
    ['01', '2A', '35', '35', None]
    """
    numbers = [number.upper().zfill(2) for number in _NUMBER.findall(text)]
    letters = _letters(_NUMBER.sub("", text))
    named = _departement_by_letters().get(letters)
    if not numbers:
        return named
    is_one = len(numbers) == 1 and numbers[0] in _departements()
    return numbers[0] if is_one and (not letters or named == numbers[0]) else None


def find_area(text: str) -> str | None:
    """Return the NUTS code of the région or département of a name, however it is spelled.

    A collectivity overseas has none: its own number stands for it.  None of what is no such name, and of one
    with a number beside it.

    >>> find_area("BRETAGNE"), find_area("Pays-de-la-Loire"), find_area("Réunion"), find_area("Redon")
    ('FRH', 'FRG', 'FRY40', None)
    >>> find_area("PACA"), find_area("Nouvelle-Calédonie")
    ('FRL', '988')
    """
    return None if any(letter.isdigit() for letter in text) else _area_by_letters().get(_letters(text))


@cache
def areas_by_name() -> Mapping[str, str]:
    """Return the NUTS codes of every région and département by name; what is both is the département.

    What people call them is among the names, see data/area_names.csv; of a collectivity overseas, which has
    no code, it is its number.
    """
    by_name = {name: nuts_code or number for number, (name, nuts_code) in _departements().items()}
    said = {row["said"]: row["nuts_code"] for row in _rows("area_names.csv")}
    return {**said, **{row["name"]: row["nuts_code"] for row in _rows("regions.csv")}, **by_name}


@cache
def areas_of(departement: str) -> Mapping[str, str]:
    """Return the NUTS codes of a département and of the régions around it by name, the narrowest first."""
    around = {
        name: code for name, code in areas_by_name().items() if departement in departements_of_nuts(code)
    }
    return dict(sorted(around.items(), key=lambda area: (len(departements_of_nuts(area[1])), area)))


def area_name(nuts_code: str) -> str | None:
    """Return the name of a French area of any level, old or new; None of what has none, and abroad.

    An area without a name of its own has that of the région or département that is the same.

    >>> [area_name(code) for code in ("FRH0", "FRH", "FRH03", "FR72", "FR", "FRZ")]
    ['Bretagne', 'Bretagne', 'Ille-et-Vilaine', 'Auvergne', 'France', None]
    """
    if nuts_code == FRANCE:
        return FRANCE_NAME
    if _FRENCH_AREA.fullmatch(nuts_code) is None:
        return None
    within = departements_of_nuts(nuts_code)
    if len(within) == 1:
        return departement_name(within[0])
    return _region_by_departements().get(within)


@cache
def _departements() -> Mapping[str, tuple[str, str]]:
    return {row["departement"]: (row["name"], row["nuts_code"]) for row in _rows("departements.csv")}


@cache
def _departement_by_letters() -> Mapping[str, str]:
    return {
        _letters(said): departement
        for departement, (name, _) in _departements().items()
        for said in (name, name.removeprefix("La "), name.removeprefix("Territoire de "))
    }


@cache
def _area_by_letters() -> Mapping[str, str]:
    """Return the NUTS codes of régions and départements by their letters, with and without "La"."""
    return {
        _letters(said): code
        for name, code in areas_by_name().items()
        for said in (name, name.removeprefix("La "))
    }


@cache
def _region_by_departements() -> Mapping[tuple[str, ...], str]:
    return {departements_of_nuts(row["nuts_code"]): row["name"] for row in _rows("regions.csv")}


def _letters(text: str) -> str:
    return "".join(letter for letter in plain(text) if letter.isalpha())


@cache
def _departement_by_nuts() -> Mapping[str, str]:
    return {nuts_code or departement: departement for departement, (_, nuts_code) in _departements().items()}


@cache
def _old_codes() -> Mapping[str, str]:
    return {row["old_code"]: row["nuts_code"] for row in _rows("nuts_old.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("alerting.reference").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
