"""Cleaning leaves alone what is clean, and says what it changed."""

from __future__ import annotations

import sys

from alerting.domain.notice import RawLot, RawNotice, RawPlace
from alerting.notices.normalise import normalise


def test_every_sign_is_folded_or_kept_as_in_any_other_text():
    """
    Whatever sign stands between two words, the name is that of its words with one space, without NUL and halves of
    signs: texts that need no cleaning are told from the others by a quick look, and it misses none.
    """
    signs = [chr(code) for code in (*range(0x3100), 0xD800, 0xDFFF, 0xFEFF, 0x1F600, sys.maxunicode)]
    communes = [f"a{sign}b {sign}c" for sign in signs]
    expected = [
        " ".join(each.replace("\x00", "").encode("utf-8", "ignore").decode().split()) for each in communes
    ]

    kept = normalise(RawNotice("feed", "1", "Toiture", lots=tuple(map(_lot, communes)))).lots

    assert expected == [lot.places[0].commune for lot in kept]


def test_a_name_of_spaces_alone_is_none():
    """
    Leading, trailing and doubled spaces go; when nothing is left, nothing was stated.
    """
    communes = ("", " ", "  ", " Redon", "Redon ", "Saint  Malo")

    kept = normalise(RawNotice("feed", "1", "Toiture", lots=tuple(map(_lot, communes)))).lots

    assert [lot.places[0].commune for lot in kept] == [None, None, None, "Redon", "Redon", "Saint Malo"]


def _lot(commune: str) -> RawLot:
    return RawLot("1", places=(RawPlace(postcode="35600", commune=commune),))
