"""Facts in French words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerting.digests import words
from alerting.digests.languages import NO_BREAK, find_language
from alerting.domain.match import Reason
from alerting.domain.notice import Place


FRENCH = find_language("fr")
NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def plain(text: str) -> str:
    """Return a text with ordinary spaces."""
    return text.replace(NO_BREAK, " ")


@pytest.mark.parametrize(
    ("deadline_at", "said"),
    [
        pytest.param(NOW - timedelta(minutes=1), "délai passé", id="passed"),
        pytest.param(NOW + timedelta(hours=3), "c’est aujourd’hui", id="today"),
        pytest.param(NOW + timedelta(days=1), "encore 1 jour ouvré", id="tomorrow"),
        pytest.param(NOW + timedelta(days=8), "encore 6 jours ouvrés", id="next week"),
    ],
)
def test_how_long_there_is(deadline_at, said):
    """
    In working days, and in words where a number would mislead.
    """
    assert plain(words.time_left(deadline_at, FRENCH, now=NOW)) == said


def test_a_deadline_on_sunday_leaves_no_working_day():
    """
    On Friday a Sunday's deadline is close, though it is not today.
    """
    friday = datetime(2026, 3, 6, 8, 0, tzinfo=UTC)

    assert words.time_left(friday + timedelta(days=2), FRENCH, now=friday) == "plus aucun jour ouvré d’ici là"


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
        "Redon, Ille-et-Vilaine (35) ; 56000 ; Bretagne"
    )
    assert words.places(()) is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("FR", "France"),
        ("FR1", "Île-de-France"),
        ("FR10", "Île-de-France"),
        ("FRH03", "Ille-et-Vilaine"),
        ("FR72", "Auvergne"),
        ("FRY", "Outre-mer"),
        ("AT312", "AT312"),
    ],
)
def test_an_area_is_called_by_its_name(code, said):
    """
    Of any level, old or new; abroad there are no names here.
    """
    assert words.places((Place(nuts_code=code),)) == said


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
        Reason("place", "met", facts=("Redon, 12 km",)),
        Reason("area", "met", facts=("56", "FRH0", "FR1", "FRZ")),
        Reason("country", "unknown"),
        Reason("namesake", "unknown", facts=("Savigneux",)),
        Reason("buyer_place", "met", facts=("Redon",)),
        Reason("kind", "met", facts=("call",)),
        Reason("value", "met", facts=("1850000",)),
        Reason("value", "unknown"),
    )

    assert [plain(reason) for reason in words.reasons(given, FRENCH)] == [
        "votre métier Plomberie : « chauffe-eau », CPV 99999999",
        "votre métier Chauffage",
        "vos mots : « chaudière », « radiateurs »",
        "votre secteur : Ille-et-Vilaine (35), Redon, 12 km",
        "votre secteur, seul le département ou la région étant précisé : Morbihan (56), Bretagne, Île-de-France, FRZ",
        "lieu : seule la France est précisée",
        "plusieurs communes portent le nom indiqué",
        "votre secteur, d’après l’adresse de l’acheteur : Redon",
        "type d’avis que vous suivez",
        "montant dans votre fourchette",
        "montant non précisé dans l’avis",
    ]


def test_many_facts_are_cut():
    """
    Five are enough to see why.
    """
    given = (Reason("words", "met", facts=tuple("abcdefg")),)

    assert [plain(reason) for reason in words.reasons(given, FRENCH)] == [
        "vos mots : « a », « b », « c », « d », « e », …"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("Toiture\r\nBcc: x", "Toiture Bcc: x", id="line ends"),
        pytest.param("a\u2028b\x85c\x0bd", "a b c d", id="other line ends"),
        pytest.param("\u202eexe.fdp\u2066\u200f", "exe.fdp", id="signs that turn the writing around"),
        pytest.param("mai\u200brie\ufeff\x00\x1b", "mairie", id="signs that nobody sees"),
        pytest.param("Œuvre d’art n° 3 – 12 € « déjà »", "Œuvre d’art n° 3 – 12 € « déjà »", id="French"),
        pytest.param("ⵣ मानक 🏗", "ⵣ मानक 🏗", id="any script"),
        pytest.param("\ud800", "", id="half a character"),
    ],
)
def test_a_text_of_others_is_one_honest_line(text, said):
    """
    Nothing hides in it, nothing turns around what stands beside it.
    """
    assert words.clean(text) == said


def test_matching_words_are_those_that_a_notice_has():
    """
    As published, the longest first; no trade's name, no code, nothing of a criterion that was not met.
    """
    given = (
        Reason("trade", "met", "1", ("Plomberie", "chauffage", "45330000")),
        Reason("words", "met", None, ("pompe à\nchaleur",)),
        Reason("words", "unknown", None, ("toiture",)),
        Reason("place", "met", facts=("35",)),
    )

    assert words.matching_words(given) == ("pompe à chaleur", "chauffage")
