"""Excerpts show the words that were asked for, and little else."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from alerting.index.highlight import highlights
from alerting.text.analysis import StemFinder, stems


def shown(text, *wanted):
    """Return the excerpts of a description."""
    view = {"title": "", "lots": (), "description": text, "buyer": None}
    return highlights(view, StemFinder(frozenset(wanted)))


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        pytest.param(
            "Travaux divers\n" * 300 + "www.exemple.fr/" + "a" * 40 + "/zinc", "zinc", id="an address"
        ),
        pytest.param("Travaux\u00a0divers " * 300 + "-" * 50 + "zinc", "zinc", id="a line"),
        pytest.param("a" * 50 + "\nb\u00a0c zinc", "b\u00a0c zinc", id="words parted by a new line"),
        pytest.param("a" * 50 + "\u00a0b c zinc", "b c zinc", id="words parted by a hard space"),
    ],
)
def test_an_excerpt_begins_with_a_whole_word_just_before_or_with_the_word_itself(text, excerpt):
    """
    Where no word begins just before it, nothing before it is shown: not the whole text up to it.
    """
    assert [excerpt] == [one["text"] for one in shown(text, "zinc")]


AROUND = st.text(alphabet="zincé -/'\n\u00a0\u0301a", max_size=200)


@given(before=AROUND, word=st.sampled_from(["zinc", "Inc", "ZINC"]), behind=AROUND)
def test_an_excerpt_of_any_text_is_short_and_marks_wanted_words_alone(before, word, behind):
    """
    Of the text as it is given, a word and its surroundings long; each range cuts out a word that was asked for.
    """
    text = f"{before} {word} {behind}"

    excerpts = shown(text, "zinc", "inc")

    assert excerpts
    for one in excerpts:
        words = [one["text"][start:end] for start, end in one["spans"]]
        assert one["text"] in text
        assert len(one["text"]) <= max(160, 40 + len(words[0]))
        assert words
        assert {stem for word in words for stem in stems(word)} <= {"zinc", "inc"}
