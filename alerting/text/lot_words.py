"""Read which lots a French text speaks of.

In:   a sentence, or the number of a lot as a form has it.
Out:  the lots' numbers as written ("2", "2A", "B"), or that it speaks of all, or that nobody can tell;
      and those that some words of it are said of.
"""

from __future__ import annotations

import re

from alerting.text.accents import compile_french


_NUMBER = (
    r"(?<!\w)(?:\d{1,3}[a-zA-Z]?|[A-Z])(?![\w'’])(?!\s*(?:[/.]\s*\d|:\s*\d\d(?!\s*(?:[/\d]|[a-zà-ÿ]{3}))|h\b|heures?\b|er\b"
    r"|janv|f[ée]vr|mars\b|avr|mai\b|juin|juil|ao[ûu]t|sept|oct|nov|d[ée]c))"
)
_SIGN = r"(?i:n[°ºo]s?\.?\s*|num[ée]ros?\s*)?"
_JOIN = r"(?i:,|et|ou|à|au|-|&)"
# In capitals without accents; a single lot "a 3 mois", has three months.
_A_OF_SEVERAL = (
    r"(?(several)(?i:a\b(?=\s*\d{1,3}\b(?!\s*(?:h\b|jours?|mois|ans?\b|km|m2?\b|%|semaines?|niveaux))))|(?!))"
)
_NAMED = re.compile(
    rf"\b(?i:lot(?P<several>s)?)\s*{_SIGN}(?P<numbers>{_NUMBER}"
    rf"(?:\s*(?:{_JOIN}|{_A_OF_SEVERAL})\s*(?i:(?:(?:le|les|du|des)\s+)?(?:lots?\s*)?){_SIGN}{_NUMBER})*)"
)
# Behind some words, what they are said of: "(lots 2 et 3)", "exigée pour le lot 2".
_POINTED = re.compile(
    rf"(?:\s+\w+){{0,3}}?\s*(?:[(:]|\b(?i:pour|sur|concernant)\b)\s*(?i:(?:le|les)\s+)?{_NAMED.pattern}"
)
_PART = re.compile(rf"\s*(?P<join>(?i:à|a(?=\s)|au|-))?\s*(?i:lots?\s*)?{_SIGN}(?P<number>{_NUMBER})")
_ALL = compile_french(
    r"\b(tous\s+les|toutes?\s+les|ensemble\s+des|totalité\s+des|chaque|chacun\s+des)\s+lots?\b|\blot\s+unique\b"
)
_ANY = re.compile(r"\blots?\b", re.IGNORECASE)
# So many lots make no longer list than anybody divides a purchase into.
_MOST = 200


def find_lots(text: str) -> tuple[str, ...] | None:
    """Return the lots that a text speaks of alone: none where it speaks of all, None where nobody can tell.

    >>> find_lots("le lot n° 2 et les lots 4 à 6"), find_lots("tous les lots"), find_lots("le lot couverture")
    (('2', '4', '5', '6'), (), None)
    """
    if _ALL.search(text) is not None:
        return ()
    found = dict.fromkeys(number for each in _NAMED.finditer(text) for number in _listed(each["numbers"]))
    return tuple(found) if found or _ANY.search(text) is None else None


def lots_beside(before: str, words: str, behind: str) -> tuple[str, ...]:
    """Return the lots that some words of a sentence are said of, as far as it names any.

    Args:
        before: What stands before the words in their sentence: the lots named last in it count.
        words: The words, which may name lots themselves.
        behind: What follows them: lots that they are said "for" come first, any others last.

    >>> lots_beside("Le lot 1 est ouvert et le lot 2 est ", "réservé aux ESAT", ", le lot 3 non")
    ('2',)
    >>> lots_beside("Le lot 1 n'a rien de cela, mais ", "visite", " exigée pour les lots 2 et 3")
    ('2', '3')
    """
    named = (
        _NAMED.search(words)
        or _POINTED.match(behind)
        or next(reversed(list(_NAMED.finditer(before))), None)
        or _NAMED.search(behind)
    )
    return tuple(dict.fromkeys(_listed(named["numbers"]))) if named is not None else ()


def _listed(numbers: str) -> list[str]:
    listed: list[str] = []
    for part in _PART.finditer(numbers):
        number = part["number"]
        if part["join"] and listed and listed[-1].isdigit() and number.isdigit():
            listed += [str(each) for each in range(int(listed[-1]) + 1, min(int(number), _MOST))]
        listed.append(number)
    return listed
