"""Where a notice's work is done: from codes, names and free text to spots."""

from __future__ import annotations

import pytest

from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.domain.place import LocatedNotice, Point, Spot
from alerting.matching.locate import find_spots, locate_notice
from alerting.reference.nuts import departements_of_nuts


FRANCE = " ".join(("FR", *departements_of_nuts("FR")))
REDON = Spot("Redon", ("35",), points=(Point(47.656, -2.079),))


@pytest.mark.parametrize(
    ("place", "home", "expected"),
    [
        pytest.param(
            Place(commune="AVIGNON 84914"), None, ["Avignon 84"], id="a name and a postcode of mail"
        ),
        pytest.param(Place(commune="Rennes (35)"), None, ["Rennes 35"], id="a name and its département"),
        pytest.param(Place(commune="35 - Redon"), None, ["Redon 35"], id="a département before the name"),
        pytest.param(Place(commune="Redon, Ille-et-Vilaine"), None, ["Redon 35"], id="a département's name"),
        pytest.param(Place("FRH03", "35", "Rennes Métropole"), None, ["Rennes 35"], id="a name in a body's"),
        pytest.param(
            Place(commune="ensemble du territoire de Redon Agglomération"), "35", ["Redon 35"], id="in prose"
        ),
        pytest.param(
            Place(commune="ensemble du territoire de Redon Agglomération"), None, [], id="in prose, nowhere"
        ),
        pytest.param(
            Place(commune="communes de Rennes, Vitré et Fougères"),
            "35",
            ["Rennes 35", "Vitré 35", "Fougères 35"],
            id="several, one of them in prose",
        ),
        pytest.param(
            Place(departement="35", commune="avenue de Rennes à Vitré"),
            None,
            ["Vitré 35"],
            id="a street's name",
        ),
        pytest.param(
            Place(commune="12 rue de Paris, 35600 Redon"),
            None,
            ["Redon 35"],
            id="an address with its postcode",
        ),
        pytest.param(Place(commune="PARIS CEDEX 12"), None, ["Paris 75"], id="an office is no département"),
        pytest.param(
            Place(commune="PARIS 12"), None, ["Paris 12e Arrondissement 75"], id="an arrondissement"
        ),
        pytest.param(Place(commune="REDON 2"), None, ["Redon 35"], id="an office that is not called one"),
        pytest.param(
            Place(commune="FRANS", postcode="01480"),
            None,
            ["Frans 01"],
            id="a commune that reads like a NUTS code",
        ),
        pytest.param(Place(commune="FRISE", departement="80"), None, ["Frise 80"], id="another one"),
        pytest.param(
            Place(commune="FRY", departement="76"), None, ["Fry 76"], id="one that is a NUTS code elsewhere"
        ),
        pytest.param(Place(commune="FRY"), "76", ["Fry 76"], id="the same, of a buyer there"),
        pytest.param(
            Place(commune="FRY"), None, ["FRY 971 972 973 974 976"], id="the code, where nothing says else"
        ),
        pytest.param(Place("DE"), None, ["DE"], id="a country abroad"),
        pytest.param(
            Place(commune="Nouméa", postcode="98800"), None, ["988 988"], id="a collectivity overseas"
        ),
        pytest.param(Place(commune="Saint-Pierre (975)"), None, ["975 975"], id="one by its number"),
        pytest.param(Place(commune="Monaco", postcode="98000"), None, ["MC"], id="abroad by a postcode"),
        pytest.param(Place(commune="Saint-Martin"), "65", ["Saint-Martin 65"], id="the buyer's homonym"),
        pytest.param(Place(commune="Saint-Martin"), "35", [], id="no homonym of the buyer's"),
        pytest.param(
            Place(commune="SAINTE MARIE", postcode="35600"), None, ["Sainte-Marie 35"], id="by postcode"
        ),
        pytest.param(Place(postcode="35600"), None, ["35600 35"], id="a postcode of three communes"),
        pytest.param(
            Place(commune="École du centre", postcode="56200"), None, ["56200 56"], id="no name known"
        ),
        pytest.param(
            Place(departement="35", commune="Siège de l'acheteur"), None, ["35 35"], id="no more said"
        ),
        pytest.param(
            Place(commune="Département d'Ille-et-Vilaine"), None, ["35 35"], id="a département in words"
        ),
        pytest.param(Place("FRH03"), None, ["35 35"], id="a département by its area"),
        pytest.param(Place("FRH0"), None, ["FRH0 22 29 35 56"], id="a region by its code"),
        pytest.param(
            Place(commune="toute la Région Bretagne"), "35", ["FRH 22 29 35 56"], id="a region in words"
        ),
        pytest.param(Place("FR264"), None, ["89 89"], id="a département by its area until 2016"),
        pytest.param(Place("FR72"), None, ["FR72 03 15 43 63"], id="a region of old"),
        pytest.param(Place("FR4"), None, ["FR4 25 39 54 55 57 67 68 70 88 90"], id="three regions of old"),
        *(
            pytest.param(place, None, [FRANCE], id=f"the whole country: {place}")
            for place in (
                Place("FR"),
                Place("FRZ"),
                Place("FRA"),
                Place(commune="FRA"),
                Place(commune="France entière."),
                Place("FR", commune="Toute la France"),
                Place("FR", commune="Dans les locaux du titulaire"),
            )
        ),
        pytest.param(
            Place("FR", commune="Île-de-France."),
            None,
            ["FR1 75 77 78 91 92 93 94 95"],
            id="no: a region in words",
        ),
        pytest.param(Place("FR", commune="Guadeloupe."), "75", ["971 971"], id="no: a département in words"),
        pytest.param(Place("FR101"), None, ["Paris 75"], id="a département that is a city"),
        pytest.param(
            Place(commune="Région Bretagne, FRA"),
            None,
            ["FRH 22 29 35 56"],
            id="a region, then the country",
        ),
        pytest.param(Place("FRA10"), None, ["971 971"], id="an area overseas until 2016"),
        pytest.param(Place("AT312", None, "Redon"), None, ["AT312"], id="a place abroad"),
    ],
)
def test_a_place_is_located_as_precisely_as_it_is_stated(place, home, expected):
    """
    A commune where one is named, else those of the postcode, else the area.
    """
    assert expected == [" ".join((spot.name, *spot.departements)) for spot in find_spots(place, home)]


def test_a_notice_is_located_with_its_lots_and_its_buyer():
    """
    Each by itself; what is stated twice is one spot.
    """
    notice = Notice(
        "any",
        "1",
        None,
        NoticeKind.CALL,
        "Toiture",
        buyer=Buyer("Commune de Redon", departement="35", commune="REDON", postcode="35600"),
        places=(Place(departement="35"), Place("FRH03", "35")),
        lots=(Lot("1"), Lot("2", places=(Place(commune="Redon"),))),
    )

    assert locate_notice(notice) == LocatedNotice(
        work=(Spot("35", ("35",)),), lots=((), (REDON,)), buyer=REDON
    )
    assert locate_notice(Notice("any", "1", None, NoticeKind.CALL, "Toiture")) == LocatedNotice()
