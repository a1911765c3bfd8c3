"""Letters as names are looked up: small, without accents."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return a text in small letters without accents; every other sign stays.

    >>> plain("SAÔNE"), plain("Sacré-Cœur")
    ('saone', 'sacre-coeur')
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return letters.replace("œ", "oe").replace("æ", "ae")
