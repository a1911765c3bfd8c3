"""Facts in French words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerting.digests import words
from alerting.domain.match import Reason
from alerting.domain.money import Money
from alerting.domain.notice import Place


NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def plain(text: str) -> str:
    """Return a text with ordinary spaces."""
    return text.replace(words.NO_BREAK, " ")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-03-01T11:00:00+00:00", "dimanche 1er mars 2026 à 12 h"),
        ("2026-08-14T15:05:00+00:00", "vendredi 14 août 2026 à 17 h 05"),
        ("2026-12-31T23:30:00+00:00", "vendredi 1er janvier 2027 à 0 h 30"),
    ],
)
def test_times_are_said_as_in_paris(moment, said):
    """
    Weekday, day, month, year and hour; summer and winter.
    """
    assert plain(words.day_and_time(datetime.fromisoformat(moment))) == said


@pytest.mark.parametrize(
    ("deadline_at", "said"),
    [
        pytest.param(NOW - timedelta(minutes=1), "délai passé", id="passed"),
        pytest.param(NOW + timedelta(hours=3), "c'est aujourd'hui", id="today"),
        pytest.param(NOW + timedelta(days=1), "encore 1 jour ouvré", id="tomorrow"),
        pytest.param(NOW + timedelta(days=8), "encore 6 jours ouvrés", id="next week"),
    ],
)
def test_how_long_there_is(deadline_at, said):
    """
    In working days, and in words where a number would mislead.
    """
    assert plain(words.time_left(deadline_at, now=NOW)) == said


def test_a_deadline_on_sunday_leaves_no_working_day():
    """
    On Friday a Sunday's deadline is close, though it is not today.
    """
    friday = datetime(2026, 3, 6, 8, 0, tzinfo=UTC)

    assert words.time_left(friday + timedelta(days=2), now=friday) == "plus aucun jour ouvré d'ici là"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, None),
        (Money(0, "EUR"), "0 €"),
        (Money(12_000_000, "EUR"), "120 000 €"),
        (Money(4_950_050, "EUR"), "49 500,50 €"),
        (Money(100, "CHF"), "1 CHF"),
    ],
)
def test_money_is_said_as_in_france(value, said):
    """
    Spaces between thousands, a comma before cents, the sign after; unknown stays unknown.
    """
    assert (None if value is None else plain(words.money(value) or "")) == said


@pytest.mark.parametrize(
    ("title", "said"),
    [
        pytest.param("TRAVAUX DE TOITURE À REDON", "Travaux de toiture à Redon", id="shouting"),
        pytest.param(
            "RÉNOVATION DE L'EHPAD - LOT N°3 CVC", "Rénovation de l'EHPAD - lot n°3 CVC", id="acronyms"
        ),
        pytest.param("RÉFECTION DU PRÉAU, PHASE II", "Réfection du préau, phase II", id="Roman numbers"),
        pytest.param("REMPLACEMENT DE LA T2A ET DU R32", "Remplacement de la T2A et du R32", id="digits"),
        pytest.param("AIRE D’ACCUEIL DE BAINS-SUR-OUST", "Aire d’accueil de Bains-sur-Oust", id="apostrophe"),
        pytest.param("Travaux  au\nCHU", "Travaux au CHU", id="not shouting"),
        pytest.param("VRD", "VRD", id="short"),
        pytest.param("", "", id="empty"),
        pytest.param("2026/014", "2026/014", id="no letters"),
    ],
)
def test_a_title_that_shouts_is_calmed(title, said):
    """
    Capitals become small; acronyms, numbers and known names keep theirs; other titles are as written.
    """
    assert words.readable(title, names=("Redon", "Bains-sur-Oust", None, "OPH")) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("REDON", "Redon"),
        ("SAINT-NICOLAS-DE-REDON", "Saint-Nicolas-de-Redon"),
        ("L'HERMITAGE", "L'Hermitage"),
        ("VAL D'ANAST", "Val d'Anast"),
        ("CCAS DE RENNES", "CCAS de Rennes"),
        ("CHU", "CHU"),
        ("La Gacilly", "La Gacilly"),
    ],
)
def test_a_name_in_capitals_is_written_as_a_name(name, said):
    """
    Communes and buyers, with their small words.
    """
    assert words.readable_name(name) == said


def test_places_are_named_once():
    """
    Commune and département; repeats and empty places are left out.
    """
    redon = Place(commune="REDON", departement="35")

    assert words.places((redon, Place(), redon, Place(postcode="56000"), Place(nuts_code="FRH0"))) == (
        "Redon, Ille-et-Vilaine (35) ; 56000 ; FRH0"
    )
    assert words.places(()) is None


def test_reasons_say_each_criterion_once():
    """
    Facts of several lots are put together; what the notice does not state is said.
    """
    given = (
        Reason("trade", "met", "1", ("Plomberie", "CHAUFFE-EAU")),
        Reason("trade", "met", "2", ("Plomberie", "chauffe-eau", "99999999")),
        Reason("trade", "met", "2", ("Chauffage",)),
        Reason("words", "met", "1", ("chaudière",)),
        Reason("words", "met", "2", ("Chaudière", "radiateurs")),
        Reason("place", "met", facts=("35",)),
        Reason("kind", "met", facts=("call",)),
        Reason("value", "met", facts=("1850000",)),
        Reason("value", "unknown"),
    )

    assert [plain(reason) for reason in words.reasons(given)] == [
        "votre métier Plomberie : « chauffe-eau », CPV 99999999",
        "votre métier Chauffage",
        "vos mots : « chaudière », « radiateurs »",
        "votre secteur : Ille-et-Vilaine (35)",
        "type d'avis que vous suivez",
        "montant dans votre fourchette",
        "montant non précisé dans l'avis",
    ]


def test_many_facts_are_cut():
    """
    Five are enough to see why.
    """
    given = (Reason("words", "met", facts=tuple("abcdefg")),)

    assert [plain(reason) for reason in words.reasons(given)] == [
        "vos mots : « a », « b », « c », « d », « e », …"
    ]
