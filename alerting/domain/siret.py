"""SIRET: the number of an establishment, 14 digits of which the last is a key.

Source: INSEE; the key is Luhn's, but for La Poste's establishments, whose digits sum to a multiple of five.
"""

from __future__ import annotations

import re


_DIGITS = re.compile(r"[0-9]{14}")
_MARKS = re.compile(r"[\s.]")
_LA_POSTE = "356000000"
_NOBODY = "0" * 14


def read_siret(text: str) -> str | None:
    """Return the 14 digits of a SIRET as people write it, None where it is none or its key is wrong.

    >>> read_siret(" 175 900 034 00026"), read_siret("356 000 000 00048"), read_siret("73282932000075")
    ('17590003400026', '35600000000048', None)
    """
    digits = _MARKS.sub("", text)
    if not _DIGITS.fullmatch(digits) or digits == _NOBODY:
        return None
    if digits.startswith(_LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return digits
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return digits if sum(number // 10 + number % 10 for number in doubled) % 10 == 0 else None
