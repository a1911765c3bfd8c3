"""Areas as firms say them: "35", "tout le 35", "PACA", "Morbihan et Finistère".

In:   what a firm writes where départements or areas are asked of it.
Out:  numbers of départements; or one line that says how else to say what cannot be asked for.

A profile cannot leave a place out of another: who says "Bretagne sauf Finistère" is told what is left of it.
"Antilles" and the like, which are no région, are the départements that people mean by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from alerting.reference.letters import plain
from alerting.reference.nuts import (
    FRANCE,
    OVERSEAS,
    departements,
    departements_of_nuts,
    find_area,
    find_departement,
)


# What leads to a number or a name; all of these on letters as ``plain`` writes them.
_LEADS = re.compile(
    r"(?:\b(?:dans|en|sur|tout|toute|departements?|depts?|dpts?|deps?|region|le|la|les|du|de|des)\b[\s.:]*"
    r"|\b[ld]['’]\s*|\bn\s*°\s*)*"
    # "D35", and "FR-35", which is ISO 3166-2.
    r"(?:\b(?:d|fr-)(?=\d))?"
)
_MARKS = re.compile(r"\s*(?:[,;/+&|\n]|(?<=\d)\s*[-–—]\s*(?=\d)|(?<=\d\d)\s+(?=\d\d))\s*")
_AND = re.compile(r"\s+(?:et|ou)\s+")
_SIDES = re.compile(r"\b(?:nord|sud|est|ouest|centre)\b[\s-]*")
# Not "sans" nor "moins": they stand before much that is no place.
_LEFT_OUT = re.compile(
    r"\b(?:sauf|hors|hormis|except(?:e|es|ee|ees)|a l['’ ]?\s*ex(?:ception|clusion))\b"
    r"(?:\s*d(?:e|es|u)\b|\s*d['’])?"
)
# What stands beside all that is said before: "Bretagne hors 22 et sur le 44".
_BESIDE = re.compile(r"[\s,]+(?:et|ainsi que)\s+(?=(?:sur|dans|en|tout|toute)\b)")
# Whoever asks for neighbours asks for what only they know.
_NEIGHBOURS = re.compile(
    r"[\s(,]*(?:\bet\b|\bavec\b|\bainsi que\b)?\s*(?:\b(?:les|ses|leurs|des|departements?)\b\s*)*"
    r"\b(?:limitrophes?|voisins?|avoisinants?|alentours?|environs|frontaliers?)\b.*"
)
_WORD = re.compile(r"[^\W_]+")
_NUTS = re.compile(r"FR[A-Z0-9]{0,3}", re.IGNORECASE)
_SEVERAL = {
    "20": ("2A", "2B"),
    "antilles": ("971", "972", "977", "978"),
    "antilles francaises": ("971", "972", "977", "978"),
    "antilles guyane": ("971", "972", "973", "977", "978"),
    "centre": ("18", "28", "36", "37", "41", "45"),
    "petite couronne": ("92", "93", "94"),
    "grande couronne": ("77", "78", "91", "95"),
    "deux savoie": ("73", "74"),
    "savoies": ("73", "74"),
    "pays de savoie": ("73", "74"),
    "drom": ("971", "972", "973", "974", "976"),
}
_ALL_OVERSEAS = frozenset(["dom tom", "dom com", "drom com"])
_OF_FRANCE = re.compile(r"(?:toute? )?(?:la )?france(?: entiere| metropolitaine)?")


def find_departements(text: str) -> tuple[str, ...]:
    """Return the numbers of the départements that people write: one, several, or all of a région.

    Nothing where not all of a text is understood.

    >>> [find_departements(text) for text in (" 2a", "le 35", "D35", "FRH03", "Corse", "20")]
    [('2A',), ('35',), ('35',), ('35',), ('2A', '2B'), ('2A', '2B')]
    >>> [find_departements(text) for text in ("Ille et Vilaine et Morbihan", "22-29", "22 35", "Rennes")]
    [('35', '56'), ('22', '29'), ('22', '35'), ()]
    >>> find_departements("Antilles"), find_departements("Paris et petite couronne")
    (('971', '972', '977', '978'), ('75', '92', '93', '94'))
    """
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
    if _OF_FRANCE.fullmatch(letters) is not None or letters.upper() == FRANCE:
        return f"no place at all asks for all of France; expected an area of it, or nothing (got {text!r})"
    if (around := _NEIGHBOURS.search(letters)) is not None and (
        within := find_departements(letters[: around.start()])
    ):
        expected = f"{_listed(within)} and the number of each neighbour, or communes with radius_km"
        return f"neighbours are not known by that word; expected {expected} (got {text!r})"
    whole = find_departements(_SIDES.sub("", letters).strip(" -"))
    if whole and _SIDES.search(letters) is not None:
        expected = f"{_listed(whole)}, or communes with radius_km"
        return f"no part of a département or région can be asked for; expected {expected} (got {text!r})"
    return None


def _what_is_left(of: str, without: str) -> str:
    """Return the départements that are left of an area, and those named beside it, in words."""
    within, (taken, *added) = find_departements(of.strip(" ,(")), _BESIDE.split(without, maxsplit=1)
    out, beside = find_departements(taken.strip(" ,)")), find_departements(" ".join(added).strip(" ,)"))
    left = tuple(dict.fromkeys((*(one for one in within if one not in out), *beside)))
    if not out or not left or left == within:
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
    """Return the département of a number or a name, or those of a région or of an area without a number."""
    if _NUTS.fullmatch(code := text.strip()) is not None and code.upper() != FRANCE:
        return departements_of_nuts(code.upper())
    for said in (text, _LEADS.sub("", plain(text).strip(" ."), count=1)):
        if (number := find_departement(said)) is not None:
            return (number,)
        if (area := find_area(said)) is not None:
            return departements_of_nuts(area)
        if several := _several(said):
            return several
    return ()


def _several(text: str) -> tuple[str, ...]:
    """Return the départements of an area that is no région: "Antilles", "petite couronne", "DOM-TOM"."""
    words = " ".join(_WORD.findall(plain(text)))
    if words in _ALL_OVERSEAS:
        return tuple(number for number in departements() if number.startswith(OVERSEAS))
    return _SEVERAL.get(words, ())


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(map(repr, numbers))
