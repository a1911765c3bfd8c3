"""The communes of France: by name, postcode or INSEE code; where they lie, and how many live in them.

In:   names and codes as people and notices write them.
Out:  communes; every one that is meant, so that who asks can see whether it is one.

Accents, capitals, hyphens and leading articles do not count, "St" is "Saint", CEDEX is left out.  "Paris 12"
is an arrondissement, "Paris" the whole, which lies wherever one of its arrondissements does; a commune
déléguée is known by its own name.  The table is read when first asked.  Names of intercommunal bodies are
not in it.

Sources: data/communes.csv.gz, from INSEE (code officiel géographique, populations légales) and La Poste (base
officielle des codes postaux), Licence Ouverte 2.0; data/former_communes.csv; see data/NOTICE.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from alerting.domain.place import Point
from alerting.reference.letters import plain


ARTICLES = frozenset({"l", "la", "le", "les"})
OVERSEAS = ("97", "98")
_WHOLE, _DELEGATED, _ARRONDISSEMENT = "W", "D", "A"
_SUR = re.compile(r"\bs\s*/\s*(?!s\b)|\bs/(?=\s|-)")
_SOUS = re.compile(r"\bs\s*/\s*s\b")
_WORD = re.compile(r"[^\W_]+")
_LONGER = {"st": "saint", "ste": "sainte"}
_CEDEX = re.compile(r"\bcedex\b\s*\d*")
_CITIES = ("paris", "lyon", "marseille")
_ARRONDISSEMENT_NAME = re.compile(
    r"(paris|lyon|marseille) (?:0*(\d{1,2})|([ivx]{1,5}))(?:er|e|eme|ieme)?(?: arrondissement)?"
)
_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_ROMAN = {numeral: number for number, numeral in enumerate(_NUMERALS.split(), start=1)}


@dataclass(frozen=True, slots=True)
class Commune:
    """One commune, arrondissement or commune déléguée; ``departement`` as in "35", "2A", "974"."""

    insee_code: str
    name: str
    kind: str
    departement: str
    postcodes: tuple[str, ...]
    middle: Point
    population: int


def communes_named(name: str, *, departement: str | None = None) -> tuple[Commune, ...]:
    """Return every commune of a name, those of one département alone where it is given.

    >>> [commune.insee_code for commune in communes_named("REDON CEDEX")]
    ['35236']
    >>> [commune.departement for commune in communes_named("st nicolas de redon")]
    ['44']
    """
    key = commune_key(name)
    found = communes_by_name().get(bare_key(key), ())
    if departement is not None:
        found = tuple(commune for commune in found if commune.departement == departement)
    exact = tuple(commune for commune in found if commune_key(commune.name) == key)
    return without_doubles(exact or found)


def former_communes_named(name: str, departements: Collection[str]) -> tuple[Commune, ...]:
    """Return the communes déléguées and associées of a name that lie in some départements.

    Each lies where the commune does that it is part of today, and has its code and postcodes.

    >>> [(one.name, one.insee_code) for one in former_communes_named("LOMME", {"59"})]
    [('Lomme', '59350')]
    """
    found = _former_by_name().get(bare_key(commune_key(name)), ())
    return without_doubles(tuple(one for one in found if one.departement in departements))


def communes_of_postcode(postcode: str) -> tuple[Commune, ...]:
    """Return the communes of a postcode: several share one in the country.

    >>> [commune.name for commune in communes_of_postcode("35600")]
    ['Bains-sur-Oust', 'Redon', 'Sainte-Marie']
    """
    return _by_postcode().get(postcode, ())


def commune_of_insee(code: str) -> Commune | None:
    """Return the commune of an INSEE code; of a code that was given up, the commune it is part of today.

    >>> commune_of_insee("35236").name, commune_of_insee("01205").name
    ('Redon', 'Valserhône')
    """
    known, own = communes_by_insee(), code.upper()
    return known.get(own) or known.get(_former_codes().get(own, own))


def commune_key(name: str) -> str:
    """Return a name as it is looked up: small letters, no accents, words parted by one space.

    >>> commune_key("CHALON S/ SAÔNE CEDEX 2"), commune_key("L'Haÿ-les-Roses"), commune_key("Paris 12ème")
    ('chalon sur saone', 'l hay les roses', 'paris 12')
    """
    letters = plain(name)
    if "/" in letters:
        letters = _SUR.sub("sur ", _SOUS.sub("sous", letters))
    key = " ".join(_LONGER.get(word, word) for word in _WORD.findall(_CEDEX.sub(" ", letters)))
    if not key.startswith(_CITIES):
        return key
    arrondissement = _ARRONDISSEMENT_NAME.fullmatch(key)
    if arrondissement is None:
        return key
    city, number, numeral = arrondissement.groups()
    return f"{city} {int(number) if number else _ROMAN.get(numeral, numeral)}"


def bare_key(key: str) -> str:
    """Return a key without the article it begins with, or ends with as in "gacilly la".

    >>> bare_key("les rousses"), bare_key("gacilly la")
    ('rousses', 'gacilly')
    """
    words = key.split()
    if len(words) > 1 and words[0] in ARTICLES:
        return " ".join(words[1:])
    return " ".join(words[:-1]) if len(words) > 1 and words[-1] in ARTICLES else key


def folded_words(text: str) -> list[str]:
    """Return the words of a text as ``commune_key`` writes them, one for each that stands in it."""
    return [_LONGER.get(word, word) for word in _WORD.findall(plain(text))]


def communes_of_key(key: str, *, departement: str) -> tuple[Commune, ...]:
    """Return the communes of a key, without leading article, that lie in a département."""
    return without_doubles(
        tuple(one for one in communes_by_name().get(key, ()) if one.departement == departement)
    )


@cache
def middles(commune: Commune) -> tuple[Point, ...]:
    """Return where a commune lies: at its middle, and a whole city at those of its arrondissements too.

    >>> len(middles(communes_named("Redon")[0])), len(middles(communes_named("Lyon")[0]))
    (1, 10)
    """
    return (commune.middle, *(one.middle for one in arrondissements(commune)))


@cache
def whole_cities() -> tuple[Commune, ...]:
    """Return Paris, Lyon and Marseille, each with all of its arrondissements."""
    return tuple(commune for commune in all_communes() if commune.kind == _WHOLE)


def arrondissements(commune: Commune) -> tuple[Commune, ...]:
    """Return the arrondissements of a whole city in their order; none of any other commune."""
    return _arrondissements().get(commune.name, ()) if commune.kind == _WHOLE else ()


def city_of_arrondissement(insee_code: str) -> str:
    """Return the INSEE code of the city of which one is an arrondissement; any other code as it is.

    >>> city_of_arrondissement("75113"), city_of_arrondissement("35236")
    ('75056', '35236')
    """
    cities = (
        city for city in whole_cities() for one in arrondissements(city) if one.insee_code == insee_code
    )
    return next((city.insee_code for city in cities), insee_code)


@cache
def city_of_departement(departement: str) -> Commune | None:
    """Return the city that a département is, with all that lies in it: Paris for "75", None for others."""
    parts = communes_by_departement().get(departement, ())
    return next((city for city in whole_cities() if arrondissements(city) == parts), None)


def without_doubles(found: tuple[Commune, ...]) -> tuple[Commune, ...]:
    """Return one commune a code: a commune nouvelle may keep the name of one of its parts."""
    return tuple({commune.insee_code: commune for commune in reversed(found)}.values())[::-1]


@cache
def all_communes() -> tuple[Commune, ...]:
    """Return every commune of the table, read when first asked."""
    packed = resources.files("alerting.reference").joinpath("data", "communes.csv.gz").read_bytes()
    rows = csv.reader(gzip.decompress(packed).decode().splitlines())
    next(rows)
    return tuple(
        Commune(
            insee_code=code,
            name=name,
            kind=kind,
            departement=code[:3] if code.startswith(OVERSEAS) else code[:2],
            postcodes=tuple(postcodes.split()),
            middle=Point(float(latitude), float(longitude)),
            population=int(population),
        )
        for code, name, kind, postcodes, latitude, longitude, population in rows
    )


@cache
def communes_by_name() -> Mapping[str, tuple[Commune, ...]]:
    """Return all communes by their ``bare_key``."""
    return _grouped((bare_key(commune_key(commune.name)), commune) for commune in all_communes())


@cache
def communes_by_first_word() -> Mapping[str, tuple[Commune, ...]]:
    """Return all communes but arrondissements by the first word of their ``commune_key``."""
    return _grouped(
        (commune_key(commune.name).partition(" ")[0], commune)
        for commune in all_communes()
        if commune.kind != _ARRONDISSEMENT
    )


@cache
def _by_postcode() -> Mapping[str, tuple[Commune, ...]]:
    return _grouped(
        (postcode, commune)
        for commune in all_communes()
        if commune.kind not in {_WHOLE, _DELEGATED}
        for postcode in commune.postcodes
    )


@cache
def communes_by_insee() -> Mapping[str, Commune]:
    """Return all communes of today by their INSEE codes."""
    # A commune nouvelle and its parts have one code.
    return {commune.insee_code: commune for commune in all_communes() if commune.kind != _DELEGATED}


@cache
def _former_codes() -> Mapping[str, str]:
    return {code: today for code, today, _ in _former_communes()}


@cache
def _former_by_name() -> Mapping[str, tuple[Commune, ...]]:
    named = ((name, communes_by_insee()[today]) for _, today, name in _former_communes() if name)
    return _grouped(
        (bare_key(commune_key(name)), replace(today, name=name, kind=_DELEGATED)) for name, today in named
    )


@cache
def _former_communes() -> tuple[tuple[str, str, str], ...]:
    """Return the code of each commune that merged, today's, and its name where that is known."""
    text = resources.files("alerting.reference").joinpath("data", "former_communes.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple((row["former_code"], row["insee_code"], row["name"]) for row in rows)


@cache
def communes_by_departement() -> Mapping[str, tuple[Commune, ...]]:
    """Return the communes of each département whose people make up its population, each once."""
    return _grouped(
        (commune.departement, commune)
        for commune in all_communes()
        if commune.kind not in {_WHOLE, _DELEGATED}
    )


@cache
def _arrondissements() -> Mapping[str, tuple[Commune, ...]]:
    """Return the arrondissements by the name of their city: "Paris 12e Arrondissement" is one of Paris."""
    return _grouped(
        (commune.name.split()[0], commune) for commune in all_communes() if commune.kind == _ARRONDISSEMENT
    )


def _grouped(pairs: Iterable[tuple[str, Commune]]) -> Mapping[str, tuple[Commune, ...]]:
    groups: defaultdict[str, list[Commune]] = defaultdict(list)
    for key, commune in pairs:
        groups[key].append(commune)
    return {key: tuple(communes) for key, communes in groups.items()}
