"""Départements as firms write them."""

from __future__ import annotations

import pytest

from alerting.errors import ProfileError
from alerting.reference.places_said import get_departements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D35", ("35",)),
        ("dép. n° 35", ("35",)),
        ("FR-35", ("35",)),
        ("FRH03", ("35",)),
        ("frh0", ("22", "29", "35", "56")),
        ("20", ("2A", "2B")),
        ("Région Centre", ("18", "28", "36", "37", "41", "45")),
        ("Antilles", ("971", "972", "977", "978")),
        ("Paris et petite couronne", ("75", "92", "93", "94")),
        ("les deux Savoie", ("73", "74")),
        ("DROM", ("971", "972", "973", "974", "976")),
        ("DOM-TOM", ("971", "972", "973", "974", "976", "975", "977", "978", "984", "986", "987", "988")),
    ],
)
def test_what_people_call_an_area_is_its_departements(text, expected):
    """
    Each was refused as nobody's number and nobody's name.
    """
    assert expected == get_departements(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "Rennes",
            "expected a département like '35', or communes = ['Rennes'] for that place alone"
            " (got 'Rennes', which is a commune)",
            id="a commune",
        ),
        pytest.param(
            "Saint-Denis",
            "expected a département like '11' or '30' or '93' or '974', or communes for that place alone"
            " (got 'Saint-Denis', which is a commune)",
            id="several communes of one name",
        ),
        pytest.param(
            "35000",
            "expected a département like '35', or communes = ['35000'] for that place alone"
            " (got '35000', which is a postcode)",
            id="a postcode",
        ),
        pytest.param(
            "35238",
            "expected a département like '35', or communes = ['insee 35238'] for that place alone"
            " (got '35238', which is an INSEE code)",
            id="an INSEE code",
        ),
        pytest.param(
            "98800 Nouméa",
            "expected a département like '988' (got '98800 Nouméa', which is a postcode)",
            id="a postcode overseas",
        ),
        pytest.param(
            "FR",
            "no place at all asks for all of France; expected an area of it, or nothing (got 'FR')",
            id="all of France by its letters",
        ),
        pytest.param(
            "35 et départements limitrophes",
            "neighbours are not known by that word; expected '35' and the number of each neighbour,"
            " or communes with radius_km (got '35 et départements limitrophes')",
            id="neighbours",
        ),
        pytest.param(
            "Sainte-Colombe",
            "expected the number of a département like '35' or '2A', or the name of one or of a région"
            " (got 'Sainte-Colombe')",
            id="a name that stands everywhere",
        ),
    ],
)
def test_what_is_no_departement_is_said_with_what_to_write(text, message):
    """
    The line names the département that is meant, where one is.
    """
    with pytest.raises(ProfileError) as caught:
        get_departements(text)

    assert message == str(caught.value)
