"""Text becomes tokens: one word means one thing, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from alerting.text.analysis import StemFinder, analyse, stems


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("toiture", "toitures", id="plural in -s"),
        pytest.param("bureau", "bureaux", id="plural in -x"),
        pytest.param("local", "locaux", id="plural in -aux"),
        pytest.param("vitrail", "vitraux", id="plural of -ail"),
        pytest.param("tuyau", "tuyaux", id="plural of -au"),
        pytest.param("Saint-Malo", "ST MALO", id="a saint shortened"),
        pytest.param("école Sainte-Anne", "école Ste Anne", id="a female saint shortened"),
        pytest.param("pneu", "pneus", id="plural of -eu"),
        pytest.param("municipal", "municipales", id="feminine plural"),
        pytest.param("ÉLECTRICITÉ", "électricité", id="capitals"),
        pytest.param("ELECTRICITE", "électricité", id="capitals without accents"),
        pytest.param("maçonnerie", "maconnerie", id="cedilla"),
        pytest.param("gros œuvre", "GROS OEUVRE", id="ligature"),
        pytest.param("l'étanchéité", "étanchéité", id="elision"),
        pytest.param("l’étanchéité", "étanchéité", id="elision with a typographic apostrophe"),
        pytest.param("jusqu'au toit", "au toit", id="elision of a longer word"),
        pytest.param("\ufb01nition", "finition", id="a ligature of print"),
        pytest.param("re\u0301novation", "r\u00e9novation", id="accent written as a character of its own"),
        pytest.param("réno\u00advation", "rénovation", id="soft hyphen"),
        pytest.param("réno\u200bvation", "rénovation", id="space of no width"),
        pytest.param("chauffe-eau", "chauffe eau", id="hyphen"),
        pytest.param("faux\u2011plafonds", "faux plafond", id="hyphen that does not break"),
        pytest.param("1\u00a0200\u202fm²", "1 200 m2", id="numbers with thin spaces, superscript"),
    ],
)
def test_two_ways_to_write_one_thing(first, second):
    """
    What a firm writes finds what a buyer wrote.
    """
    assert stems(first) == stems(second) != ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("menuiserie", "menuisier", id="craft and craftsman"),
        pytest.param("peinture", "peint", id="noun and verb"),
        pytest.param("travaux", "travail", id="works and labour"),
        pytest.param("m2", "m3", id="units"),
        pytest.param("lot 1", "lot 10", id="numbers"),
    ],
)
def test_different_things_stay_apart(first, second):
    """
    A stemmer that put these together would mail the wrong notices.
    """
    assert stems(first) != stems(second)


def test_offsets_cut_the_words_out_of_the_text_as_it_was_given():
    """
    Elided articles are left out; accents, apostrophes and signs before a word move nothing.
    """
    text = "(1°) L’ÉTANCHÉITÉ d'une toiture-terrasse, re\u0301nove\u0301e : 25 m²"

    words = [text[token.start : token.end] for token in analyse(text)]

    assert words == [
        "1", "ÉTANCHÉITÉ", "une", "toiture", "terrasse", "re\u0301nove\u0301e", "25", "m²",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "...", "_", "'", "’ -", "\u00ad", "\u0301"])
def test_a_text_without_words_has_no_stems(text):
    """
    Signs alone ask for nothing and find nothing.
    """
    assert stems(text) == ()


@given(st.text(max_size=60))
def test_any_text_gives_ordered_tokens_of_letters_and_digits(text):
    """
    Tokens lie in the text one after the other, and a stem holds no space that would part it again.
    """
    tokens = analyse(text)

    edges = [edge for token in tokens for edge in (token.start, token.end)]
    assert edges == sorted(edges)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(token.stem.isalnum() for token in tokens)
    assert stems(text) == tuple(token.stem for token in tokens)


@given(
    st.lists(st.text(alphabet="abÉlL'’-_ \t\xa0\u0301\u200b2", max_size=30), max_size=4),
    st.frozensets(st.sampled_from("abel2") | st.just("ab")),
)
def test_stems_that_are_wanted_are_found_where_they_stand(texts, wanted):
    """
    The same tokens as of the whole analysis, in their order, and no others; whatever texts came before.
    """
    finder = StemFinder(wanted)

    found = [list(finder.find(text)) for text in texts]

    assert [[token for token in analyse(text) if token.stem in wanted] for text in texts] == found


@given(st.text(alphabet="aeiouytnslrmqpxAEY", min_size=1, max_size=12))
def test_a_stem_begins_as_its_word_does(word):
    """
    Words that begin otherwise are passed over where stems are looked for; the stemmer changes endings alone.
    """
    assert word[0].lower() == stems(word)[0][0]


@given(st.text(alphabet="abcéèàçœ'’- \u0301\u00ad12LD", max_size=30))
def test_capitals_never_matter(text):
    """
    A title that shouts is the same title.
    """
    assert stems(text.upper()) == stems(text)
