"""Areas as firms say them: "35", "tout le 35", "PACA", "Morbihan et Finistère".

In:   what a firm writes where départements or areas are asked of it.
Out:  numbers of départements; or one line that says what was not understood, and how else to say it.

A profile cannot leave a place out of another: who says "Bretagne sauf Finistère" is told what is left of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from alerting.errors import ProfileError
from alerting.reference.letters import plain
from alerting.reference.nuts import departements_of_nuts, find_area, find_departement


_EXPECTED = "expected the number of a département like '35' or '2A', or the name of one or of a région"
# What leads to a number or a name; all of these on letters as ``plain`` writes them.
_LEADS = re.compile(
    r"(?:\b(?:dans|en|sur|tout|toute|departements?|depts?|dpts?|deps?|region|le|la|les|du|de|des)\b[\s.:]*"
    r"|\b[ld]['’]\s*)*"
)
_MARKS = re.compile(r"\s*(?:[,;/+&|\n]|(?<=\d)\s*[-–—]\s*(?=\d)|(?<=\d\d)\s+(?=\d\d))\s*")
_AND = re.compile(r"\s+(?:et|ou)\s+")
_SIDES = re.compile(r"\b(?:nord|sud|est|ouest|centre)\b[\s-]*")
# Not "sans" nor "moins": they stand before much that is no place.
_LEFT_OUT = re.compile(
    r"\b(?:sauf|hors|hormis|except(?:e|es|ee|ees)|a l['’ ]?\s*ex(?:ception|clusion))\b"
    r"(?:\s*d(?:e|es|u)\b|\s*d['’])?"
)
_OF_FRANCE = re.compile(r"(?:toute? )?(?:la )?france(?: entiere| metropolitaine)?")


def get_departements(text: str | int) -> tuple[str, ...]:
    """Return the numbers of the départements that people write: one, several, or all of a région.

    Raises:
        ProfileError: None of it, or not all, is understood.

    >>> get_departements(" 2a"), get_departements(1), get_departements("le 35"), get_departements("Corse")
    (('2A',), ('01',), ('35',), ('2A', '2B'))
    >>> get_departements("Ille et Vilaine et Morbihan"), get_departements("22-29"), get_departements("22 35")
    (('35', '56'), ('22', '29'), ('22', '35'))
    """
    said = str(text)
    found = find_departements(said)
    if not found:
        raise ProfileError(explain_area(said) or f"{_EXPECTED} (got {said!r})")
    return found


def find_departements(text: str) -> tuple[str, ...]:
    """Return what ``get_departements`` does, nothing where not all of a text is understood."""
    if found := _one(text):
        return found
    pieces = _MARKS.split(plain(text).strip(" .,;\n"))
    each = [_joined(_AND.split(piece)) for piece in pieces]
    return tuple(dict.fromkeys(chain(*each))) if all(each) else ()


def explain_area(text: str) -> str | None:
    """Return what to say instead of a text that leaves a place out, names a part of an area, or France.

    None of any other text.

    >>> explain_area("Bretagne sauf Finistère")
    "a profile leaves no place out; expected '22', '35', '56' (got 'Bretagne sauf Finistère')"
    """
    letters = plain(text).strip(" .")
    if (out := _LEFT_OUT.search(letters)) is not None:
        expected = _what_is_left(letters[: out.start()], letters[out.end() :])
        return f"a profile leaves no place out; expected {expected} (got {text!r})"
    if _OF_FRANCE.fullmatch(letters) is not None:
        return f"no place at all asks for all of France; expected an area of it, or nothing (got {text!r})"
    whole = find_departements(_SIDES.sub("", letters).strip(" -"))
    if whole and _SIDES.search(letters) is not None:
        expected = f"{_listed(whole)}, or communes with radius_km"
        return f"no part of a département or région can be asked for; expected {expected} (got {text!r})"
    return None


def _what_is_left(of: str, without: str) -> str:
    """Return the départements that are left of an area, in words."""
    within, out = find_departements(of.strip(" ,(")), find_departements(without.strip(" ,)"))
    left = tuple(one for one in within if one not in out)
    if not left or left == within:
        return "départements, or communes with radius_km, that do without"
    return _listed(left)


def _joined(pieces: Sequence[str]) -> tuple[str, ...]:
    """Return the départements that an "et" joins: "Ille et Vilaine et Morbihan" are two."""
    for stop in range(len(pieces), 0, -1):
        first = _one(" et ".join(pieces[:stop]))
        if not first:
            continue
        rest = _joined(pieces[stop:])
        return (*first, *rest) if rest or stop == len(pieces) else ()
    return ()


def _one(text: str) -> tuple[str, ...]:
    """Return the département of a number or a name, or those of a région."""
    for said in (text, _LEADS.sub("", plain(text).strip(" ."), count=1)):
        if (number := find_departement(said)) is not None:
            return (number,)
        if (area := find_area(said)) is not None:
            return departements_of_nuts(area)
    return ()


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(map(repr, numbers))
