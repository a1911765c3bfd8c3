"""Communes as people write them: "Redon (35)", "F-35000 Rennes", "Paris 12", "insee 35236".

In:   one text of a profile, a search or a list.
Out:  the communes that are meant; what could be several, or an area, is refused with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from alerting.errors import ProfileError
from alerting.reference.areas_said import explain_area, find_departements
from alerting.reference.communes import (
    _DELEGATED,
    Commune,
    arrondissements,
    commune_key,
    commune_of_insee,
    communes_by_departement,
    communes_by_first_word,
    communes_by_insee,
    communes_named,
    communes_of_postcode,
    former_communes_named,
)
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


NAMES_SHOWN = 4
# From so many people on a place is urban for INSEE: "Vienne" is the town, and "La Réunion" no village.
PEOPLE_OF_A_TOWN = 2_000
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
        former = former_communes_named(name, communes_by_departement().keys())
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


def _of_code(text: str, code: str) -> tuple[Commune, ...]:
    """Return the communes of a postcode, or that of an INSEE code with a letter.

    Raises:
        ProfileError: Five digits that are no postcode: many a number of a CEDEX is the INSEE code of another
            commune ("35065" delivers to Rennes, and is La Chapelle-Thouarault's).
    """
    if (found := communes_of_postcode(code)) or code in POSTCODES_OF_ISLANDS:
        return found
    by_insee = communes_by_insee().get(code.upper())
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
        for one in communes_by_first_word().get(words[0] if words else "", ())
        if commune_key(one.name).startswith(begins)
    )
