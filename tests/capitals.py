"""Texts as many authorities type them."""

from __future__ import annotations

import unicodedata


def in_capitals(text: str) -> str:
    """Return a text in capitals without accents.

    >>> in_capitals("Réfection de l'école")
    "REFECTION DE L'ECOLE"
    """
    letters = unicodedata.normalize("NFD", text.upper())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
