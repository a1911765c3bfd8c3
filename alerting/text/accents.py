"""Patterns of French words that find them as they are spelt, and typed without accents.

In:   a regular expression in French spelling.
Out:  a pattern in which each accented letter stands for the bare one, too, whatever the case.

Half of all titles in capitals are typed so, and some forms lose accents on the way.
"""

from __future__ import annotations

import re


_LETTERS = str.maketrans(
    {letter: f"[{letter}{bare}]" for letter, bare in zip("àâéèêëîïôùûüç", "aaeeeeiiouuuc", strict=True)}
    | {"œ": "(?:œ|oe)"}
)
_ACCENTED = re.compile(r"[àâäéèêëîïôöùûüç]", re.IGNORECASE)


def has_accents(text: str) -> bool:
    """Tell whether a text has an accent; one of more than a few words that has none was typed without."""
    return _ACCENTED.search(text) is not None


def compile_french(pattern: str) -> re.Pattern[str]:
    """Return a pattern that finds French words in any case, with their accents and without.

    Args:
        pattern: A regular expression; no set of letters ("[ée]") in it has an accented one.

    >>> bool(compile_french("à l'école").fullmatch("A L'ECOLE"))
    True
    """
    return re.compile(pattern.translate(_LETTERS), re.IGNORECASE)
