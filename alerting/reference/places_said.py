"""Départements as firms say them, told from communes and postcodes, which are asked elsewhere.

In:   what a firm writes where départements are asked of it.
Out:  their numbers; or one line that says what a text is instead, and where to write that.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from alerting.errors import ProfileError
from alerting.reference.areas_said import explain_area, find_departements
from alerting.reference.communes_said import find_communes, get_communes
from alerting.reference.nuts import COLLECTIVITIES, departement_of_postcode


NUMBERS_SHOWN = 4

_EXPECTED = "expected the number of a département like '35' or '2A', or the name of one or of a région"
_CODE = re.compile(r"(?<!\d)\d{5}(?!\d)")


def get_departements(text: str | int) -> tuple[str, ...]:
    """Return the numbers of the départements that people write: one, several, or all of a région.

    Raises:
        ProfileError: None of it, or not all, is understood.

    >>> get_departements(1), get_departements("le 35"), get_departements("Corse")
    (('01',), ('35',), ('2A', '2B'))
    """
    said = str(text)
    found = find_departements(said)
    if not found:
        raise ProfileError(explain_area(said) or _other_place(said) or f"{_EXPECTED} (got {said!r})")
    return found


def _other_place(text: str) -> str | None:
    """Return what to say instead of a postcode or a commune; None of any other text."""
    communes = find_communes(text) or find_communes(f"insee {text}")
    within = {one.departement for one in communes}
    code = _CODE.search(text)
    if not within and code is not None:
        within.update(filter(None, [departement_of_postcode(code.group())]))
    if not 0 < len(within) <= NUMBERS_SHOWN:
        return None
    numbers = " or ".join(map(repr, sorted(within)))
    # Communes of the collectivities overseas are not known.
    for_it = "" if COLLECTIVITIES.issuperset(within) else f", or {_field_of(text)} for that place alone"
    kind = _kind_of(code, {one.insee_code for one in communes})
    return f"expected a département like {numbers}{for_it} (got {text!r}, which is {kind})"


def _field_of(text: str) -> str:
    """Return the field that takes a place, with it where it is understood there, by itself or as a code."""
    for said in (text, f"insee {text}"):
        try:
            get_communes(said)
        except ProfileError:
            continue
        return f"communes = [{said!r}]"
    return "communes"


def _kind_of(code: re.Match[str] | None, insee_codes: Collection[str]) -> str:
    if code is None:
        return "a commune"
    return "an INSEE code" if code.group() in insee_codes else "a postcode"
