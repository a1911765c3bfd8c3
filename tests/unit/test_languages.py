"""What each language says, and that none is missing a sentence."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from alerting.digests.languages import CODES, find_accepted, find_language
from alerting.domain.money import Money


ROOT = Path(__file__).parents[2]
CATALOGS = ROOT / "alerting" / "digests" / "catalogs"
FACT = re.compile(r"%\(\w+\)s")


def plain(text: str | None) -> str | None:
    """Return a text with ordinary spaces."""
    return None if text is None else re.sub(r"\s", " ", text)


def messages() -> set[str | tuple[str, str]]:
    """Return every message that the code and the templates say."""
    found = extract_from_dir(
        ROOT,
        method_map=[
            ("alerting/digests/**.py", "python"),
            ("alerting/web/**.py", "python"),
            ("templates/email/*.j2", "jinja2"),
            ("templates/web/*.j2", "jinja2"),
        ],
        keywords={"say": None, "note": None, "count": (1, 2), "_": None, "ngettext": (1, 2)},
    )
    return {message if isinstance(message, str) else message[:2] for _, _, message, _, _ in found}


def catalog(code: str):
    """Return the catalog of a language."""
    return read_po(BytesIO((CATALOGS / f"{code}.po").read_bytes()), locale=code)


@pytest.mark.parametrize("code", ["fr", "br"])
def test_every_sentence_is_translated_and_no_other(code):
    """
    What is said somewhere is in the catalog, with every plural; what is in the catalog is said somewhere.
    """
    assert len(messages()) > 60
    translated = {message.id for message in catalog(code) if message.id}

    assert {tuple(each) if isinstance(each, list) else each for each in translated} == messages()
    assert [
        message.id
        for message in catalog(code)
        if message.fuzzy or not all(message.string if message.pluralizable else [message.string])
    ] == ([] if not catalog(code).fuzzy else [""])


@pytest.mark.parametrize("code", ["fr", "br"])
def test_a_translation_keeps_the_facts(code):
    """
    Each place for a fact stands in the translation, in every plural.
    """
    wrong = []
    for message in catalog(code):
        ids = message.id if message.pluralizable else [message.id]
        strings = message.string if message.pluralizable else [message.string]
        wanted = set(FACT.findall(ids[-1]))
        wrong += [string for string in strings if set(FACT.findall(string)) != wanted]

    assert wrong == []


@pytest.mark.parametrize("code", ["fr", "br"])
def test_plurals_are_those_of_the_language(code):
    """
    As many forms as CLDR counts, chosen by its rule.
    """
    rule = get_plural(code)

    assert catalog(code).num_plurals == rule.num_plurals
    assert catalog(code).plural_expr == rule.plural_expr


@pytest.mark.parametrize(
    ("code", "number", "said"),
    [
        ("fr", 0, "0 nouveau marché"),
        ("fr", 1, "1 nouveau marché"),
        ("fr", 2, "2 nouveaux marchés"),
        ("fr", 1200, "1 200 nouveaux marchés"),
        ("en", 0, "0 new contracts"),
        ("en", 1, "1 new contract"),
        ("en", 1200, "1,200 new contracts"),
        ("br", 1, "1 marc’had nevez"),
        ("br", 2, "2 varc’had nevez"),
        ("br", 3, "3 marc’had nevez"),
        ("br", 12, "12 marc’had nevez"),
        ("br", 22, "22 varc’had nevez"),
    ],
)
def test_things_are_counted_as_each_language_does(code, number, said):
    """
    Breton leaves the noun in the singular, and softens it after two.
    """
    language = find_language(code)

    assert plain(language.count("%(number)s new contract", "%(number)s new contracts", number)) == said


@pytest.mark.parametrize(
    ("code", "moment", "said"),
    [
        ("fr", "2026-03-01T11:00:00+00:00", "dimanche 1er mars 2026 à 12 h"),
        ("fr", "2026-08-14T15:05:00+00:00", "vendredi 14 août 2026 à 17 h 05"),
        ("fr", "2026-12-31T23:30:00+00:00", "vendredi 1er janvier 2027 à 0 h 30"),
        ("fr", "2026-03-04T22:59:00+00:00", "mercredi 4 mars 2026"),
        ("en", "2026-03-01T11:00:00+00:00", "Sunday 1 March 2026 at 12:00"),
        ("en", "2026-08-14T07:05:00+00:00", "Friday 14 August 2026 at 9:05"),
        ("br", "2026-03-01T11:00:00+00:00", "Sul 1añ a viz Meurzh 2026 da 12e"),
        ("br", "2026-08-14T15:05:00+00:00", "Gwener 14 a viz Eost 2026 da 17e05"),
    ],
)
def test_times_are_said_as_in_paris(code, moment, said):
    """
    Weekday, day, month, year and hour; summer and winter; the day alone where no hour was stated.
    """
    assert plain(find_language(code).day_and_time(datetime.fromisoformat(moment))) == said


@pytest.mark.parametrize(
    ("code", "said"),
    [("fr", "dimanche 1er mars"), ("en", "Sunday 1 March"), ("br", "Sul 1añ a viz Meurzh")],
)
def test_the_year_is_left_out_for_who_reads_in_it(code, said):
    """
    What is this year needs no year; what is next year does.
    """
    moment = datetime.fromisoformat("2026-03-01T11:00:00+00:00")
    language = find_language(code)

    assert plain(language.day(moment, read_at=moment)) == said
    assert plain(language.day(moment, read_at=datetime.fromisoformat("2025-12-31T11:00:00+00:00"))) == (
        f"{said} 2026"
    )


@pytest.mark.parametrize(
    ("code", "value", "said"),
    [
        ("fr", None, None),
        ("fr", Money(0, "EUR"), "0 €"),
        ("fr", Money(12_000_000, "EUR"), "120 000 €"),
        ("fr", Money(4_950_050, "EUR"), "49 500,50 €"),
        ("fr", Money(100, "CHF"), "1 CHF"),
        ("en", Money(4_950_050, "EUR"), "€49,500.50"),
        ("en", Money(12_000_000, "EUR"), "€120,000"),
        ("br", Money(12_000_000, "EUR"), "120 000 €"),
    ],
)
def test_money_is_said_as_each_language_does(code, value, said):
    """
    Cents only where there are some; unknown stays unknown.
    """
    assert plain(find_language(code).money(value)) == said


@pytest.mark.parametrize(
    ("asked", "code"),
    [("fr", "fr"), ("BR", "br"), ("en-GB", "en"), ("en_US", "en"), ("de", "fr"), ("", "fr")],
)
def test_a_language_is_found_by_its_code(asked, code):
    """
    Any spelling of ours; French for all others.
    """
    assert find_language(asked).code == code


def test_there_are_three_languages():
    """
    French first.
    """
    assert CODES == ("fr", "en", "br")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param("", "fr", id="nothing said"),
        pytest.param("br", "br", id="one"),
        pytest.param("en-GB,en;q=0.9", "en", id="a region"),
        pytest.param("de, nl;q=0.9", "fr", id="none that we speak"),
        pytest.param("fr;q=0.5, en ; q=0.7, br;q=0.1", "en", id="by weight"),
        pytest.param("de, br;q=0.8, en;q=0.8", "br", id="the first of two alike"),
        pytest.param("en;q=0, br;q=0.001", "br", id="one that is not wanted"),
        pytest.param("*", "fr", id="anything"),
        pytest.param(f"{'x' * 9000},;;q=,en;q=9,\x00", "fr", id="nonsense"),
    ],
)
def test_a_browser_is_answered_in_the_language_that_it_wants_most(header, code):
    """
    Of those that we speak; French where it wants none of them.
    """
    assert find_accepted(header) == code
