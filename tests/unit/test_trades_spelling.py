"""Slips of the pen in the words of crafts, and words that are none."""

from __future__ import annotations

import pytest

from alerting.matching.analyse import analyse_text
from alerting.matching.trades.spelling import as_meant, meant_form


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        pytest.param("Ravallement", "ravalement", id="a letter doubled"),
        pytest.param("CARELLAGES", "carrelage", id="one doubled, one not"),
        pytest.param("voieries", "voirie", id="a slip that is listed"),
        pytest.param("poisons", "poison", id="a word that is near to a shorter one, fish"),
        pytest.param("croisant", "croisant", id="a word that means itself, and no pastry"),
        pytest.param("tranche", "tranche", id="a vowel is no letter that slips"),
        pytest.param("impresión", "impresion", id="a word of Spanish"),
        pytest.param("Villepreux", "villepreu", id="a name"),
    ],
)
def test_a_word_is_taken_for_the_one_that_is_meant(word, meant):
    """
    But for double letters, where no lexicon knows the word as it stands.
    """
    assert meant == meant_form(word)


def test_a_text_is_found_by_what_is_meant_and_stays_as_published():
    """
    Reasons quote the buyer's own spelling.
    """
    text = analyse_text("Ravallement des façades")

    meant = as_meant(text)

    assert ("Ravallement des façades", analyse_text("Ravalement des façades").stems) == (
        meant.text,
        meant.stems,
    )


def test_a_text_without_slips_is_the_same():
    """
    Nothing is made anew for the most of texts.
    """
    text = analyse_text("Ravalement des façades")

    assert text is as_meant(text)
