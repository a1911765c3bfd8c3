"""Communes are found as people write them; what could be several is none."""

from __future__ import annotations

import pytest

from alerting.domain.place import Point, distance_km
from alerting.errors import ProfileError
from alerting.reference.communes import (
    city_of_departement,
    commune_of_insee,
    communes_named,
    communes_of_postcode,
    middles,
)
from alerting.reference.communes_said import get_communes
from alerting.reference.generate_communes import merge, wholes
from alerting.reference.generate_former_communes import former_codes
from alerting.reference.reach import departements_reached, departements_touched


REDON = Point(47.656, -2.079)


@pytest.mark.parametrize(
    ("text", "insee_code"),
    [
        pytest.param("Redon", "35236", id="a name"),
        pytest.param("  REDON CEDEX 2", "35236", id="capitals and a special delivery"),
        pytest.param("st nicolas de redon", "44185", id="St for Saint, no hyphens"),
        pytest.param("L’HAY LES ROSES", "94038", id="no accents, a typographic apostrophe"),
        pytest.param("CHALON S/ SAONE", "71076", id="S/ for sur"),
        pytest.param("Gacilly", "56061", id="without its article"),
        pytest.param("GACILLY (LA)", "56061", id="the article behind"),
        pytest.param("Le Mans", "72181", id="with its article"),
        pytest.param("Saint-Denis (974)", "97411", id="a homonym with its département"),
        pytest.param("Saint-Martin, 65", "65392", id="a homonym with a bare number"),
        pytest.param("Vienne", "38544", id="a town, and a département of its name elsewhere"),
        pytest.param("Corrèze", "19062", id="a village of the département of its name"),
        pytest.param("Paris (75)", "75056", id="a whole city, and no arrondissement of that number"),
        pytest.param("Lyon 69", "69123", id="another, without brackets"),
        pytest.param("35 Rennes", "35238", id="a département before the name"),
        pytest.param("35 - Rennes", "35238", id="a département and a dash before the name"),
        pytest.param("Saint-Denis (La Réunion)", "97411", id="a département's name in brackets"),
        pytest.param("Saint-Denis, Seine-Saint-Denis", "93066", id="a département's name behind a comma"),
        pytest.param("Mans (Le)", "72181", id="an article in brackets"),
        pytest.param("LAVEYRUNE 48250", "07136", id="a postcode of the neighbour's département"),
        pytest.param(
            "Évry 91000", "91228", id="a commune that has merged, and another of its name elsewhere"
        ),
        pytest.param("CHERBOURG 50100", "50129", id="a part of a name that one of the postcode has"),
        pytest.param("Sainte-Marie 35600", "35294", id="a homonym with its postcode"),
        pytest.param("44000 NANTES CEDEX 1", "44109", id="a postcode before the name"),
        pytest.param("35042 Rennes cedex", "35238", id="a postcode that only mail knows"),
        pytest.param("Paris", "75056", id="a city of arrondissements"),
        pytest.param("PARIS 75013", "75113", id="an arrondissement by its postcode"),
        pytest.param("Paris 75000", "75056", id="a city's own postcode"),
        pytest.param("Vienne", "38544", id="a town with the name of a département"),
        pytest.param("Loiré", "49178", id="a commune but for its accent a département"),
        pytest.param("PARIS 12", "75112", id="an arrondissement by number"),
        pytest.param("Lyon 3ème arrondissement", "69383", id="an arrondissement in words"),
        pytest.param("13001", "13201", id="an arrondissement by postcode"),
        pytest.param("Bellegarde-sur-Valserine", "01033", id="a commune déléguée"),
        pytest.param("2a004", "2A004", id="an INSEE code that is no number"),
        pytest.param("Bourg-en-Bresse 1000", "01053", id="a postcode whose zero a spreadsheet has eaten"),
        pytest.param("INSEE 35236", "35236", id="an INSEE code, named as one"),
        pytest.param("ville de Rennes", "35238", id="what is no part of a name"),
        pytest.param("Mairie du Mans", "72181", id="the same, with an article"),
        pytest.param("Ville du Bois", "91665", id="a name that begins so"),
        pytest.param("Évry (91)", "91228", id="a merged commune, beside a namesake elsewhere"),
        pytest.param("Cherbourg (50)", "50129", id="a merged commune, beside a part of it"),
        pytest.param("Lomme", "59350", id="one that merged"),
        pytest.param("BINIC", "22055", id="one whose name begins that of the commune it is part of"),
        pytest.param("Fougeré (49)", "49018", id="one that merged, where another of its name lies elsewhere"),
        pytest.param("Fougeré 49150", "49018", id="the same by its postcode"),
        pytest.param("Fougeré", "85093", id="the one that has not merged"),
        pytest.param("Rennes (Bretagne)", "35238", id="a région in brackets"),
        pytest.param("Saint-Denis, Île-de-France", "93066", id="a région that tells namesakes apart"),
        pytest.param("Paris XIIIe", "75113", id="an arrondissement in Roman numbers"),
        pytest.param("lyon iii", "69383", id="the same, in small letters"),
        pytest.param("F-35400 Saint-Malo", "35288", id="a postcode as letters from abroad have it"),
    ],
)
def test_a_commune_is_found_as_people_write_it(text, insee_code):
    """
    One commune, whatever the spelling.
    """
    assert [insee_code] == [commune.insee_code for commune in get_communes(text)]


def test_communes_share_a_postcode():
    """
    A postcode stands for all of its communes.
    """
    expected = ["Bains-sur-Oust", "Redon", "Sainte-Marie"]
    assert expected == [commune.name for commune in communes_of_postcode("35600")]
    assert expected == [commune.name for commune in get_communes("35600")]
    assert communes_of_postcode("00000") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "Saint-Denis",
            "commune 'Saint-Denis': expected one (got 4: Saint-Denis (974), Saint-Denis (93), Saint-Denis (11),"
            " Saint-Denis (30))",
            id="four of one name",
        ),
        pytest.param(
            "Kerlann",
            "commune 'Kerlann' is not known; expected a name, a postcode or an INSEE code",
            id="no such name",
        ),
        pytest.param(
            "Redon (56)",
            "commune 'Redon (56)' is not known (nearest: Redon (35)); expected a name, a postcode or an INSEE code",
            id="another département",
        ),
        pytest.param(
            "Milly",
            "commune 'Milly' is not known (nearest: Milly-la-Forêt (91), Milly-sur-Thérain (60), Milly-Lamartine (71),"
            " Milly-sur-Bradon (55)); expected a name, a postcode or an INSEE code",
            id="one that merged, and more that are called so for short",
        ),
        pytest.param(
            "35065 CEDEX",
            "commune '35065 CEDEX' is no commune's postcode; expected a name, a postcode, or 'insee 35065' for"
            " La Chapelle-Thouarault (35)",
            id="a number of a CEDEX that is another commune's INSEE code",
        ),
        pytest.param(
            "insee 99999",
            "commune 'insee 99999' is not known; expected a name, a postcode or an INSEE code",
            id="no such code",
        ),
        pytest.param(
            "Quimper 35000",
            "commune 'Quimper 35000' has another postcode; expected Quimper 29000, or a commune of 35000",
            id="a postcode of elsewhere",
        ),
        pytest.param(
            "Loire",
            "commune 'Loire' is the département 42 (Loire); expected a commune like 'Loiré (49)'",
            id="a département, and a commune but for its accent",
        ),
        pytest.param(
            "Réunion",
            "commune 'Réunion' is the département 974 (La Réunion); expected a commune like 'La Réunion (47)'",
            id="a département, and a commune but for its article",
        ),
        pytest.param(
            "La Réunion",
            "commune 'La Réunion' is the département 974 (La Réunion); expected a commune like 'La Réunion (47)'",
            id="a département, and a village of its name elsewhere",
        ),
        pytest.param(
            "Ille et Vilaine",
            "commune 'Ille et Vilaine' is the département 35 (Ille-et-Vilaine); expected a commune",
            id="a département",
        ),
        pytest.param(
            "bretagne",
            "commune 'bretagne' is the area FRH (Bretagne); expected a commune like 'Bretagne (36)'",
            id="a région, and two communes",
        ),
        pytest.param(
            "35 hors Rennes",
            "a profile leaves no place out; expected départements, or communes with radius_km, that do without"
            " (got '35 hors Rennes')",
            id="a place that is left out",
        ),
        pytest.param(
            "autour de Rennes",
            "commune 'autour de Rennes' is not known; expected Rennes (35), with radius_km for what lies around",
            id="what lies around",
        ),
        pytest.param(
            "Redon et Rennes",
            "commune 'Redon et Rennes' is not one; expected each by itself: 'Redon', 'Rennes'",
            id="two communes",
        ),
        pytest.param(
            "tout le 35",
            "commune 'tout le 35' is the département 35 (Ille-et-Vilaine); expected a commune",
            id="a département's number",
        ),
        pytest.param(
            "toute la Corse",
            "commune 'toute la Corse' is all of the départements 2A (Corse-du-Sud), 2B (Haute-Corse); expected a commune",
            id="all of a région",
        ),
        pytest.param(
            "97133",
            "commune '97133' lies in 977 (Saint-Barthélemy); expected the département '977'",
            id="the postcode of Saint-Barthélemy, and the INSEE code of another island's commune",
        ),
        pytest.param(
            "98800 Nouméa",
            "commune '98800 Nouméa' lies in 988 (Nouvelle-Calédonie); expected the département '988'",
            id="a commune overseas, of which none is known",
        ),
        pytest.param(
            "Châlons (51)",
            "commune 'Châlons (51)' is not known (nearest: Châlons-en-Champagne (51), Châlons-du-Maine (53),"
            " Châlons-sur-Vesle (51)); expected a name, a postcode or an INSEE code",
            id="a name with which two of one département begin",
        ),
        pytest.param(
            "Cherbourg",
            "commune 'Cherbourg' is not known (nearest: Cherbourg-Octeville (50), Cherbourg-en-Cotentin (50));"
            " expected a name, a postcode or an INSEE code",
            id="a name with which others begin",
        ),
        pytest.param(
            "", "commune '' is not known; expected a name, a postcode or an INSEE code", id="nothing at all"
        ),
    ],
)
def test_what_is_no_commune_or_several_is_said(text, message):
    """
    The line names what could be meant, the largest first.
    """
    with pytest.raises(ProfileError) as caught:
        get_communes(text)

    assert message == str(caught.value)


def test_a_name_is_exact_where_it_can_be():
    """
    A stated article keeps out the name without it, and the other way round.
    """
    names = {name: {commune.name for commune in communes_named(name)} for name in ("Le Pin", "Pin")}

    assert names == {"Le Pin": {"Le Pin"}, "Pin": {"Pin"}}


def test_a_commune_has_a_middle_and_people():
    """
    Coordinates to a hundred metres; Paris counts the people of its arrondissements.
    """
    redon, paris = commune_of_insee("35236"), commune_of_insee("75056")

    assert (redon.name, redon.departement, redon.postcodes, redon.middle) == (
        "Redon", "35", ("35600",), REDON,
    )  # fmt: skip
    assert redon.population == 9312
    assert 2_000_000 < paris.population < 2_300_000
    assert commune_of_insee("00000") is None


def test_distances_are_those_of_a_map():
    """
    Redon to Rennes, and once around a quarter of the earth.
    """
    assert round(distance_km(REDON, commune_of_insee("35238").middle)) == 59
    assert round(distance_km(Point(0, 0), Point(0, 90))) == 10008
    assert distance_km(REDON, REDON) == 0


def test_a_circle_touches_more_than_it_holds_enough_of():
    """
    40 km around Redon lie in three départements, with a good part of the people of one alone.
    """
    assert (departements_touched((REDON,), 40), departements_reached((REDON,), 40)) == (
        {"35", "44", "56"},
        {"56"},
    )
    assert (departements_touched((REDON,), 0), departements_reached((REDON,), 0)) == ({"35"}, set())
    assert departements_reached((REDON,), 60) == {"35", "44", "56"}


def test_a_city_is_where_its_arrondissements_are():
    """
    Paris is all of its département, Lyon a good part of its own; an arrondissement alone is neither.
    """
    paris, lyon, third = (commune_of_insee(code) for code in ("75056", "69123", "69383"))

    assert [len(middles(city)) for city in (paris, lyon, third)] == [21, 10, 1]
    assert third.middle in middles(lyon)
    assert [departements_reached(middles(city), 0) for city in (paris, lyon, third)] == [
        {"75"},
        {"69"},
        set(),
    ]
    assert [city_of_departement(code) for code in ("75", "69", "35")] == [paris, None, None]


def test_the_table_is_made_of_one_row_a_commune():
    """
    Rows of several postcodes become one; what has no coordinates cannot be placed and is left out.
    """
    row = {"insee_code": "13201", "name": "Marseille 1er Arrondissement", "kind": "ARM", "postcodes": "13001"}
    place = {"latitude": "43.30018", "longitude": "5.38276", "population": "30"}
    second = {
        **row,
        **place,
        "insee_code": "13202",
        "postcodes": "13002",
        "latitude": "43.4",
        "population": "10",
    }
    nowhere = {**row, "latitude": "", "longitude": "", "population": "9", "insee_code": "13203"}

    communes = merge([{**row, **place}, {**row, **place, "postcodes": "13000"}, second, nowhere])

    first = ("13201", "Marseille 1er Arrondissement", "A", "13000 13001", "43.300", "5.383", "30")
    other = ("13202", "Marseille 1er Arrondissement", "A", "13002", "43.400", "5.383", "10")
    assert communes == [first, other]
    assert ("13055", "Marseille", "W", "13000 13001 13002", "43.325", "5.383", "40") in list(
        wholes([*communes, *parts_of_paris_and_lyon()])
    )


def parts_of_paris_and_lyon():
    """Return one arrondissement of each."""
    return [
        ("69381", "Lyon 1er Arrondissement", "A", "69001", "45.7", "4.8", "1"),
        ("75101", "Paris 1er Arrondissement", "A", "75001", "48.8", "2.3", "1"),
    ]


def test_a_code_that_was_given_up_is_todays_commune():
    """
    Lancrans is a part of Valserhône, and Octeville of Cherbourg-en-Cotentin: DECP still give their old codes.
    """
    found = {code: commune_of_insee(code) for code in ("01205", "50383", "50129", "35999")}

    assert {code: one and one.insee_code for code, one in found.items()} == {
        "01205": "01033", "50383": "50129", "50129": "50129", "35999": None,
    }  # fmt: skip
    assert [one.name for one in get_communes("insee 01205")] == ["Valserhône"]


def test_digits_alone_are_no_code_that_was_given_up():
    """
    They may as well be a postcode that is none, of a CEDEX.
    """
    with pytest.raises(ProfileError, match="commune '01205' is not known"):
        get_communes("01205")


def test_former_codes_are_those_of_parts_and_those_that_were_left():
    """
    A part may keep its code, or that of the whole.
    """
    entries = [
        {"code": "01033", "type": "commune-actuelle", "anciensCodes": ["01091", "01205"]},
        {"code": "01033", "type": "commune-deleguee", "chefLieu": "01033"},
        {"code": "01120", "type": "commune-associee", "chefLieu": "01262"},
    ]

    assert former_codes(entries) == {"01091": "01033", "01205": "01033", "01120": "01262"}
