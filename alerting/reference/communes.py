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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources

from alerting.domain.place import Point, distance_km
from alerting.errors import ProfileError
from alerting.reference.areas_said import explain_area, find_departements
from alerting.reference.letters import plain
from alerting.reference.nuts import (
    COLLECTIVITIES,
    POSTCODES_OF_ISLANDS,
    area_name,
    departement_name,
    departement_of_nuts,
    departement_of_postcode,
    departements_of_nuts,
    find_area,
    find_departement,
)


ARTICLES = frozenset({"l", "la", "le", "les"})
OVERSEAS = ("97", "98")
# Share of a département's people who must live within a circle for a notice that names no more than the
# département: docs/adr/0007 says why.
SHARE_REACHED = 0.15
KM_OF_A_DEGREE = 111.0
NAMES_SHOWN = 4
# From so many people on a place is urban for INSEE: "Vienne" is the town, and "La Réunion" no village.
PEOPLE_OF_A_TOWN = 2_000

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
# "Ville de Rennes" and "F-35000 Rennes" are Rennes.
_BEFORE_NAME = re.compile(
    r"\s*(?:la\s+)?(?:ville|commune|mairie)\s+d(?:e\s|u\s|es\s|\s?['’])\s*", re.IGNORECASE
)
_OF_FRANCE = re.compile(r"\bF\s*-\s*(?=\d{5}\b)", re.IGNORECASE)
# A spreadsheet reads "01000" as a number, and leaves out what comes first.
_WITHOUT_ZERO = re.compile(r"(?<!\S)(?=\d{4}(?!\S))")
_CODE = re.compile(r"\b(\d{5}|2[ab]\d{3})\b", re.IGNORECASE)
# Where a département stands beside a name: in brackets, behind it or before it; by its name after a sign.
_BESIDE = (
    re.compile(r"\((?P<said>[^()]*)\)"),
    re.compile(r"[\s,]+(?P<said>\d{2}|9[78]\d|2[ab])\s*$", re.IGNORECASE),
    re.compile(r"^\s*(?P<said>\d{2}|9[78]\d|2[ab])(?:\s+|\s*-\s*)(?=[^\W\d])", re.IGNORECASE),
    re.compile(r"(?:,|\s-)\s*(?P<said>[^,]*[^\W\d][^,]*)$"),
)
_SEVERAL = re.compile(r"\s*[,;/+&]\s*|\s+et\s+")
# What people write beside the name of a commune when they mean what lies around it.
_AROUND = frozenset(
    {"autour", "alentours", "environs", "environ", "pays", "bassin", "secteur", "region", "pres", "proche"}
    | {"metropole", "agglomeration", "agglo", "communaute", "zone", "nord", "sud", "est", "ouest"}
    | {"de", "du", "des", "d", "et", "ses", "sa"}
)
_INSEE = re.compile(r"\s*insee\s*:?\s*", re.IGNORECASE)


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
    found = _by_name().get(bare_key(key), ())
    if departement is not None:
        found = tuple(commune for commune in found if commune.departement == departement)
    exact = tuple(commune for commune in found if commune_key(commune.name) == key)
    return _without_doubles(exact or found)


def former_communes_named(name: str, departements: Collection[str]) -> tuple[Commune, ...]:
    """Return the communes déléguées and associées of a name that lie in some départements.

    Each lies where the commune does that it is part of today, and has its code and postcodes.

    >>> [(one.name, one.insee_code) for one in former_communes_named("LOMME", {"59"})]
    [('Lomme', '59350')]
    """
    found = _former_by_name().get(bare_key(commune_key(name)), ())
    return _without_doubles(tuple(one for one in found if one.departement in departements))


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
    known, own = _by_insee(), code.upper()
    return known.get(own) or known.get(_former_codes().get(own, own))


def get_communes(text: str) -> tuple[Commune, ...]:
    """Return the communes that a person means: one, or all of a postcode.

    Args:
        text: "Redon", "Redon (35)", "Redon (Ille-et-Vilaine)", "35600", "Redon 35600", "2A004", or
            "insee 35236": without that word five digits are a postcode; "1000" is
            01000, as a spreadsheet has it.  "Paris 75013" is that arrondissement; "Évry 91000" is
            Évry-Courcouronnes, which lies there, and not the Évry that lies elsewhere.

    Raises:
        ProfileError: There is no such commune, or several in different places, or it has another postcode; or
            it is the name of a département or région, as no one commune spells its own: "Loire" is not Loiré.
            Communes of the collectivities overseas are not known.

    >>> [commune.name for commune in get_communes("Redon (35)")]
    ['Redon']
    """
    if (prefix := _INSEE.match(text)) is not None:
        found = commune_of_insee(text[prefix.end() :].strip())
        return _found(text, () if found is None else (found,))
    text = _OF_FRANCE.sub("", text, count=1)
    if _CODE.search(text) is None:
        text = _WITHOUT_ZERO.sub("0", text, count=1)
    code = _CODE.search(text)
    if code is None:
        return _of_name(text)
    name = text[: code.start()] + text[code.end() :]
    return (
        _of_name_and_code(text, name, code.group())
        if commune_key(name)
        else _found(text, _of_code(text, code.group()))
    )


def find_communes(text: str) -> tuple[Commune, ...]:
    """Return the communes that ``get_communes`` does; every one where several are meant, none of an area."""
    try:
        return get_communes(text)
    except ProfileError:
        return _named(text)[0]


def _of_name(text: str) -> tuple[Commune, ...]:
    """Return the commune of a name, beside which its département may stand."""
    named, stated = _named(text)
    if not stated:
        _refuse_area(text, named)
    return _one(text, named)


def _of_name_and_code(text: str, name: str, code: str) -> tuple[Commune, ...]:
    """Return the commune of a name that has a postcode, or lies in its département.

    Of a commune that has merged it is the new one, which has both names.
    """
    named, stated = _named(name)
    # Some communes have the postcode of a neighbour in another département.
    if of_code := tuple(_with_postcode(named, code)):
        return _one(text, of_code)
    if stated:
        return _one(text, named)
    words = f" {commune_key(name)} "
    merged = [one for one in communes_of_postcode(code) if words in f" {commune_key(one.name)} "]
    if len(merged) == 1:
        return tuple(merged)
    there = communes_named(name, departement=departement_of_postcode(code))
    if not there:
        there = former_communes_named(name, {departement_of_postcode(code) or ""})
    if named and not there:
        raise ProfileError(_other_postcode(text, named, code))
    return _one(text, there)


def _named(text: str) -> tuple[tuple[Commune, ...], tuple[str, ...]]:
    """Return the communes of a name, and the numbers of the départements that are stated beside it.

    Where one is stated, a name that others there begin with is the one of them: "Évry (91)" is
    Évry-Courcouronnes, and "Cherbourg (50)" Cherbourg-en-Cotentin.  The name of one that merged is known
    there, and elsewhere where no other's name begins so.
    """
    if whole := communes_named(text):
        return whole, ()
    name, stated = _split_departement(_BEFORE_NAME.sub("", text, count=1))
    named = communes_named(name)
    if not stated:
        former = former_communes_named(name, _by_departement().keys())
        longer = {one.insee_code for one in _beginning(commune_key(name).split())}
        return named or (former if longer <= {one.insee_code for one in former} else ()), ()
    there = tuple(one for one in named if one.departement in stated)
    begun = [one for one in _beginning(commune_key(name).split()) if one.departement in stated]
    towns = tuple(one for one in begun if one.kind != _DELEGATED)
    return there or former_communes_named(name, stated) or (towns if len(towns) == 1 else ()), stated


def _split_departement(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a name without the département or région that stands beside it, and its numbers.

    >>> _split_departement("Redon (35)"), _split_departement("35 - Redon"), _split_departement("Mans (Le)")
    (('Redon ', ('35',)), ('Redon', ('35',)), ('Mans (Le)', ()))
    >>> _split_departement("Bastia, Corse")
    ('Bastia', ('2A', '2B'))
    """
    for pattern in _BESIDE:
        if (found := pattern.search(text)) is not None:
            number = find_departement(found["said"])
            within = departements_of_nuts(find_area(found["said"]) or "FRZ") if number is None else (number,)
            if within:
                return text[: found.start()] + text[found.end() :], within
    return text, ()


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
    return _without_doubles(tuple(one for one in _by_name().get(key, ()) if one.departement == departement))


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
    return tuple(commune for commune in _communes() if commune.kind == _WHOLE)


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
    parts = _by_departement().get(departement, ())
    return next((city for city in whole_cities() if arrondissements(city) == parts), None)


@lru_cache(maxsize=50_000)
def departements_reached(centres: tuple[Point, ...], radius_km: int) -> frozenset[str]:
    """Return the départements of which enough people live within circles, see ``SHARE_REACHED``.

    Args:
        centres: The ``middles`` of one commune: the circles count together.
        radius_km: How far around each.
    """
    return frozenset(
        departement
        for departement, communes in _by_departement().items()
        if share_within(communes, centres, radius_km) >= SHARE_REACHED
    )


@lru_cache(maxsize=50_000)
def departements_touched(centres: tuple[Point, ...], radius_km: int) -> frozenset[str]:
    """Return the départements in which a commune lies within one of some circles, in whole kilometres."""
    north = (radius_km + 1) / KM_OF_A_DEGREE
    return frozenset(
        commune.departement
        for commune in _communes()
        for centre in centres
        if abs(commune.middle.latitude - centre.latitude) <= north
        and round(distance_km(commune.middle, centre)) <= radius_km
    )


def share_within(communes: Sequence[Commune], centres: Sequence[Point], radius_km: int) -> float:
    """Return the share of some communes' people who live within one of some circles."""
    north = radius_km / KM_OF_A_DEGREE
    near = [
        commune
        for commune in communes
        if any(abs(commune.middle.latitude - centre.latitude) <= north for centre in centres)
    ]
    within = (
        commune.population
        for commune in near
        if any(distance_km(commune.middle, centre) <= radius_km for centre in centres)
    )
    return sum(within) / max(1, sum(commune.population for commune in communes)) if near else 0.0


def _of_code(text: str, code: str) -> tuple[Commune, ...]:
    """Return the communes of a postcode, or that of an INSEE code with a letter.

    Raises:
        ProfileError: Five digits that are no postcode: many a number of a CEDEX is the INSEE code of another
            commune ("35065" delivers to Rennes, and is La Chapelle-Thouarault's).
    """
    if (found := communes_of_postcode(code)) or code in POSTCODES_OF_ISLANDS:
        return found
    by_insee = _by_insee().get(code.upper())
    if by_insee is None or not code.isdigit():
        return () if by_insee is None else (by_insee,)
    raise ProfileError(
        f"commune {text!r} is no commune's postcode; expected a name, a postcode,"
        f" or 'insee {code}' for {by_insee.name} ({by_insee.departement})"
    )


def _with_postcode(named: Iterable[Commune], postcode: str) -> Iterator[Commune]:
    """Yield the communes of a postcode; of a whole city its arrondissement."""
    for commune in named:
        within = [one for one in arrondissements(commune) if postcode in one.postcodes]
        if within or postcode in commune.postcodes:
            yield from within or [commune]


def _refuse_area(text: str, named: Sequence[Commune]) -> None:
    """Refuse the name of an area, unless one commune alone bears it as it is spelled.

    Where both are spelled so, the commune is a town, or lies in the area.
    """
    area = find_area(text)
    if area is None or (area.isdigit() and len(named) > 1):
        # Many communes are called as two islands overseas are.
        return
    departement, name = departement_of_nuts(area), area_name(area) or ""
    spelled = [one for one in named if one.name.casefold() == text.strip().casefold()]
    is_both = any(one.name.casefold() == name.casefold() for one in spelled)
    is_meant = any(one.population >= PEOPLE_OF_A_TOWN or one.departement == departement for one in spelled)
    if len(spelled) == 1 and (is_meant or not is_both):
        return
    kind = f"area {area}" if departement is None else f"département {departement}"
    like = f" like '{named[0].name} ({named[0].departement})'" if named else ""
    raise ProfileError(f"commune {text!r} is the {kind} ({name}); expected a commune{like}")


def _one(text: str, found: tuple[Commune, ...]) -> tuple[Commune, ...]:
    if len(found) <= 1:
        return _found(text, found)
    raise ProfileError(f"commune {text!r}: expected one (got {len(found)}: {_names(found)})")


def _other_postcode(text: str, named: tuple[Commune, ...], postcode: str) -> str:
    by_size = sorted(named, key=lambda commune: (-commune.population, commune.insee_code))[:NAMES_SHOWN]
    theirs = ", ".join(f"{one.name} {min(one.postcodes)}" for one in by_size if one.postcodes)
    return f"commune {text!r} has another postcode; expected {theirs}, or a commune of {postcode}"


def _found(text: str, found: tuple[Commune, ...]) -> tuple[Commune, ...]:
    if not found:
        raise ProfileError(explain_area(text) or f"commune {text!r} {_unknown(text)}")
    return found


def _unknown(text: str) -> str:
    """Return what a text is that is no commune, and what may be meant by it."""
    code = _CODE.search(text)
    if code is not None and (overseas := departement_of_postcode(code.group())) in COLLECTIVITIES:
        return f"lies in {overseas} ({departement_name(overseas)}); expected the département {overseas!r}"
    departements = find_departements(text)
    if departements:
        names = ", ".join(f"{number} ({departement_name(number)})" for number in departements)
        kind = "the département" if len(departements) == 1 else "all of the départements"
        return f"is {kind} {names}; expected a commune"
    several = [piece for piece in _SEVERAL.split(text) if communes_named(piece)]
    if len(several) > 1:
        return f"is not one; expected each by itself: {', '.join(map(repr, several))}"
    words = commune_key(text).split()
    around = [word for word in words if word not in _AROUND]
    if len(around) < len(words) and (middle := communes_named(" ".join(around))):
        return f"is not known; expected {_names(middle)}, with radius_km for what lies around"
    named = [word for word in words if not word.isdigit()]
    nearest = communes_named(" ".join(named)) or _beginning(named)
    like = f" (nearest: {_names(nearest)})" if nearest else ""
    return f"is not known{like}; expected a name, a postcode or an INSEE code"


def _names(communes: Sequence[Commune]) -> str:
    """Return some communes by name and département, the largest first."""
    by_size = sorted(communes, key=lambda commune: (-commune.population, commune.insee_code))
    more = f" and {len(communes) - NAMES_SHOWN} more" if len(communes) > NAMES_SHOWN else ""
    return ", ".join(f"{commune.name} ({commune.departement})" for commune in by_size[:NAMES_SHOWN]) + more


def _beginning(words: Sequence[str]) -> tuple[Commune, ...]:
    """Return the communes whose names begin with some words: a merged one goes on with the other's."""
    begins = f"{' '.join(words)} "
    return tuple(
        one
        for one in _by_first_word().get(words[0] if words else "", ())
        if commune_key(one.name).startswith(begins)
    )


def _without_doubles(found: tuple[Commune, ...]) -> tuple[Commune, ...]:
    """Return one commune a code: a commune nouvelle may keep the name of one of its parts."""
    return tuple({commune.insee_code: commune for commune in reversed(found)}.values())[::-1]


@cache
def _communes() -> tuple[Commune, ...]:
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
def _by_name() -> Mapping[str, tuple[Commune, ...]]:
    return _grouped((bare_key(commune_key(commune.name)), commune) for commune in _communes())


@cache
def _by_first_word() -> Mapping[str, tuple[Commune, ...]]:
    return _grouped(
        (commune_key(commune.name).partition(" ")[0], commune)
        for commune in _communes()
        if commune.kind != _ARRONDISSEMENT
    )


@cache
def _by_postcode() -> Mapping[str, tuple[Commune, ...]]:
    return _grouped(
        (postcode, commune)
        for commune in _communes()
        if commune.kind not in {_WHOLE, _DELEGATED}
        for postcode in commune.postcodes
    )


@cache
def _by_insee() -> Mapping[str, Commune]:
    # A commune nouvelle and its parts have one code.
    return {commune.insee_code: commune for commune in _communes() if commune.kind != _DELEGATED}


@cache
def _former_codes() -> Mapping[str, str]:
    return {code: today for code, today, _ in _former_communes()}


@cache
def _former_by_name() -> Mapping[str, tuple[Commune, ...]]:
    named = ((name, _by_insee()[today]) for _, today, name in _former_communes() if name)
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
def _by_departement() -> Mapping[str, tuple[Commune, ...]]:
    """Return the communes of each département whose people make up its population, each once."""
    return _grouped(
        (commune.departement, commune) for commune in _communes() if commune.kind not in {_WHOLE, _DELEGATED}
    )


@cache
def _arrondissements() -> Mapping[str, tuple[Commune, ...]]:
    """Return the arrondissements by the name of their city: "Paris 12e Arrondissement" is one of Paris."""
    return _grouped(
        (commune.name.split()[0], commune) for commune in _communes() if commune.kind == _ARRONDISSEMENT
    )


def _grouped(pairs: Iterable[tuple[str, Commune]]) -> Mapping[str, tuple[Commune, ...]]:
    groups: defaultdict[str, list[Commune]] = defaultdict(list)
    for key, commune in pairs:
        groups[key].append(commune)
    return {key: tuple(communes) for key, communes in groups.items()}
