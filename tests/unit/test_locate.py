"""Where a notice's work is done: from codes, names and free text to spots."""

from __future__ import annotations

import pytest

from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.domain.place import LocatedNotice, Point, Spot
from alerting.matching.locate import find_spots, locate_notice
from alerting.matching.place_text import read_place_text
from alerting.reference.communes import communes_named, communes_of_postcode
from alerting.reference.nuts import departements_of_nuts


FRANCE = " ".join(("FR", *departements_of_nuts("FR")))
REDON = Spot("Redon", ("35",), points=(Point(47.656, -2.079),))


@pytest.mark.parametrize(
    ("place", "home", "expected"),
    [
        pytest.param(
            Place(commune="CS 64208, 35042 RENNES CEDEX"), None, ["Rennes 35"], id="a box that is no postcode"
        ),
        pytest.param(Place(commune="FR-35"), None, ["35 35"], id="a département by ISO 3166-2"),
        pytest.param(
            Place(departement="49", commune="Fougeré"),
            None,
            ["Fougeré 49"],
            id="one that merged, beside a namesake",
        ),
        pytest.param(
            Place(postcode="59160", commune="LOMME"),
            None,
            ["Lomme 59"],
            id="one that merged, by its postcode",
        ),
        pytest.param(
            Place(commune="Mairie de Jallais"), "49", ["Jallais 49"], id="one that merged, near the buyer"
        ),
        pytest.param(Place(commune="Cellule"), "63", [], id="one that merged and bears a noun's name"),
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
            Place(None, "86", "Vienne"), None, ["86 86"], id="a département, and a town of its name elsewhere"
        ),
        pytest.param(Place("FRY40", None, "La Réunion"), None, ["974 974"], id="an island, and a village"),
        pytest.param(
            Place(None, "38", "Vienne"),
            None,
            ["Vienne 38"],
            id="a town, and a département of its name elsewhere",
        ),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TRAVAUX HORS SOL A REDON (35600)", ["Redon"]),
        ("TRAVAUX DE VOIRIE HORS ENROBES - REDON", ["Redon"]),
        ("RENNES HORS TVA, REDON", ["Rennes", "Redon"]),
        ("Redon, tous les jours sauf Samedi et Dimanche. Rennes", ["Redon", "Rennes"]),
        ("Rennes sauf Quartier de Villejean, Redon", ["Rennes", "Redon"]),
    ],
)
def test_what_is_left_out_and_is_no_place_takes_none_with_it(text, expected):
    """
    In capitals any word looks like a name: the places behind it were lost.
    """
    assert [spot.name for spot in find_spots(Place(commune=text), "35")] == expected


@pytest.mark.parametrize(
    ("text", "home", "expected"),
    [
        ("Départements 22, 29, 35 et 56", None, ["22", "29", "35", "56"]),
        ("Départements : 22 - 29", None, ["22", "29"]),
        ("Départements 22-29-56", None, ["22", "29", "56"]),
        ("22-29", None, ["22", "29"]),
        ("Départements 91 à 93 et 2A", None, ["91", "93", "92", "2A"]),
        ("dépt. 44 et 85", None, ["44", "85"]),
        ("22, 29", None, ["22", "29"]),
        ("Loire-Atlantique, Vendée", None, ["44", "85"]),
        ("Ille-et-Vilaine, Morbihan et Loire-Atlantique", None, ["35", "56", "44"]),
        ("départements de la Seine-et-Marne et du Val d'Oise", None, ["77", "95"]),
        ("Nord et Pas-de-Calais", None, ["59", "62"]),
        ("Bretagne et le 44", None, ["44", "FRH"]),
        ("Bretagne, 35", None, ["FRH"]),
        ("Hauts-de-France ; Normandie", None, ["FRE", "FRD"]),
        ("Bretagne et Pays de la Loire", None, ["FRH", "FRG"]),
        ("Bretagne et Pays de la Loire", "36", ["FRH", "FRG"]),
        ("Paris et Île-de-France", "75", ["Paris", "FR1"]),
        ("Paris (75) et Île-de-France", "75", ["Paris", "FR1"]),
        ("Rennes (Ille-et-Vilaine) et Nantes (Loire-Atlantique)", None, ["Rennes", "Nantes"]),
        ("Redon, en France", None, ["Redon"]),
        ("France métropolitaine et Corse", None, ["FR"]),
        ("Rennes, Ille-et-Vilaine et Morbihan", None, ["Rennes", "35", "56"]),
        ("Rennes et Nantes, départements 35 et 44", None, ["Rennes", "Nantes"]),
        ("Rennes et les départements 22 et 56", None, ["Rennes", "22", "56"]),
        ("Nantes (44), Rennes (35)", None, ["Nantes", "Rennes"]),
        ("35600 Redon, 44460 Saint-Nicolas-de-Redon", None, ["Redon", "Saint-Nicolas-de-Redon"]),
        ("Saint-Martin (65) et Saint-Pierre (67)", None, ["Saint-Martin", "Saint-Pierre"]),
        ("nantes et La Chapelle-Sur-Erdre", "44", ["Nantes", "La Chapelle-sur-Erdre"]),
        ("Arc-et-Senans et Besançon", None, ["Arc-et-Senans", "Besançon"]),
        ("35000, 44000", None, ["Rennes", "Nantes"]),
        ("Mayenne", "53", ["Mayenne", "53"]),
        ("Mayenne, Sarthe", "53", ["53", "72"]),
        ("Laval, Mayenne", None, ["Laval"]),
        ("départements de la Corrèze, de la Creuse et de la Vienne", "33", ["19", "23", "86"]),
        ("poste source du Pecq (78)", None, ["Le Pecq"]),
        (
            "18ème arrondissement de Paris et les départements 93 et 95",
            "75",
            ["Paris 18e Arrondissement", "93", "95"],
        ),
        (
            "Paris 15ème et Issy-les-Moulineaux (92).",
            "75",
            ["Paris 15e Arrondissement", "Issy-les-Moulineaux"],
        ),
        (
            "Arrondissements 8 à 10 de Paris.",
            None,
            ["Paris 8e Arrondissement", "Paris 9e Arrondissement", "Paris 10e Arrondissement"],
        ),
        ("Lyon 1er, 2ème arrondissement", None, ["Lyon 1er Arrondissement", "Lyon 2e Arrondissement"]),
        ("Paris, Lyon et Marseille", None, ["Paris", "Lyon", "Marseille"]),
        ("Quai des Fleurs, 75004 Paris", None, ["Paris 4e Arrondissement"]),
        ("Région PACA", None, ["FRL"]),
        ("tout le 35", None, ["35"]),
        ("Finistère Sud", None, ["29"]),
        ("Bretagne Sud", None, ["FRH"]),
        ("Sud Loire", "44", []),
        ("Paris Est", None, []),
        ("Nouvelle-Calédonie", None, ["988"]),
        ("Polynésie française et Wallis-et-Futuna", None, ["987", "986"]),
        ("Saint-Pierre et Miquelon", None, ["975"]),
        ("Collectivité de Saint-Martin", None, ["978"]),
        ("Saint-Barthélemy 97133", None, ["977"]),
        ("Belfort", None, ["Belfort"]),
        ("Département du Territoire de Belfort", None, ["90"]),
    ],
)
def test_all_that_a_text_names_is_located(text, home, expected):
    """
    Every commune, département and région; what only tells where a commune lies is none of its own.
    """
    assert [spot.name for spot in find_spots(Place(commune=text), home)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bretagne sauf Finistère", ["22", "35", "56"]),
        ("Bretagne, à l'exception du Finistère et du Morbihan", ["22", "35"]),
        ("Pays de la Loire (hors Vendée), Bretagne", ["44", "49", "53", "72", "FRH"]),
        ("Bretagne, hors Finistère, Vendée", ["22", "35", "56", "85"]),
        ("Départements 22, 29 et 35 hormis le 29", ["22", "35"]),
        ("35 hors Rennes", ["35"]),
        ("Ille-et-Vilaine (hors Rennes Métropole)", ["35"]),
        ("Ile-de-France sauf Paris (75)", ["77", "78", "91", "92", "93", "94", "95"]),
        ("Redon et Rennes, excepté Rennes", ["Redon"]),
        ("ensemble du territoire national hors outre-mer", ["FR"]),
        ("Hors Rennes", []),
        ("Voirie HORS AGGLOMERATION à Redon (35)", ["Redon"]),
        ("Redon, hors agglomération", ["Redon"]),
        ("Morbihan (hors Ile de Groix)", ["56"]),
        ("Ille-et-Vilaine hors Centre ville de Rennes", ["35"]),
        ("35 sauf Rennes - 56", ["35", "56"]),
        ("Hauts-de-France hors Nord", ["02", "60", "62", "80"]),
        ("Nord (hors Lille)", ["59"]),
        ("Lot hors Cahors", ["46"]),
        ("France hors 2A et 2B", ["FR"]),
        ("Corse hors 2A", ["2B"]),
        ("Bretagne hors 22, 29 et sur le 44", ["44", "35", "56"]),
        ("Hauts-de-France hors Nord et Aisne", ["60", "62", "80"]),
        (
            "Nouvelle-Aquitaine et Occitanie (hors Lot)",
            [
                "09",
                "11",
                "12",
                "30",
                "31",
                "32",
                "34",
                "48",
                "65",
                "66",
                "81",
                "82",
                "FRI",
            ],
        ),
        ("Ille-et-Vilaine hors Nord", ["35"]),
        ("Rennes hors Saint-Malo, et à Redon", ["Rennes", "Redon"]),
        ("Bretagne hors Finistère et en Vendée", ["22", "35", "56", "85"]),
    ],
)
def test_what_a_text_leaves_out_is_no_place_of_it(text, expected):
    """
    "Ille-et-Vilaine (hors Rennes Métropole)" was Rennes, "Occitanie hors Lot" the Lot; what lies elsewhere is named
    beside what is left out.
    """
    assert [spot.name for spot in find_spots(Place(commune=text), None)] == expected


@pytest.mark.parametrize(
    ("text", "home", "expected"),
    [
        ("Ville de Strasbourg", "67", ["Strasbourg"]),
        ("VILLE DE BEAUVAIS", "60", ["Beauvais"]),
        ("Villé", "67", ["Villé"]),
        ("Hôpital de Sarreguemines", "57", ["Sarreguemines"]),
        ("HOPITAL DE SARREGUEMINES", "57", ["Sarreguemines"]),
        ("L'Hôpital", "57", ["L'Hôpital"]),
        ("Palais des sports, Vannes", "56", ["Vannes"]),
        ("Le Palais des congrès de Vannes", "56", ["Vannes"]),
        ("Mairie du Palais", "56", ["Le Palais"]),
        ("Parc des expositions, Saint-Lô", "50", ["Saint-Lô"]),
        ("Halles de Lyon", "69", ["Lyon"]),
        ("Crèche Les Lutins, Niort", "79", ["Niort"]),
        ("La Crèche", "79", ["La Crèche"]),
        ("Quartier Saint-Jean, Clermont-Ferrand", "63", ["Clermont-Ferrand"]),
        ("Centre Bourg, Figeac", "46", ["Figeac"]),
        ("Mairie des Pavillons-sous-Bois", "93", ["Les Pavillons-sous-Bois"]),
        ("Ville du Raincy", None, ["Le Raincy"]),
        ("Collège Pavillons-sous-Bois", "93", []),
        ("Commune de Port", "01", ["Port"]),
        ("Port, Lyon", "01", ["Lyon"]),
        ("Gare de Redon", "35", ["Redon"]),
        ("Lycée Redon, Vannes", "56", ["Vannes"]),
        ("rue de Brest et de Redon, Rennes", "35", ["Rennes"]),
        ("Bâtiment 12", None, []),
        ("Bâtiment 12, Rennes", "35", ["Rennes"]),
        ("rue du 8 mai 45", None, []),
        ("Redon 35", None, ["Redon"]),
        ("Plérin-sur-Mer (22)", None, ["Plérin"]),
        ("Kerlann (56)", None, ["56"]),
        ("Lot 12, Redon", "35", ["Redon"]),
        ("Lot 1 - Nord", "35", []),
        ("Loire", None, ["42"]),
        ("28 000 m2 à Rennes, 15 000 EUR", "35", ["Rennes"]),
        ("Savignac les Églises", "33", ["Savignac-les-Églises"]),
        ("Mairie de Savignac les Églises en travaux", "33", []),
    ],
)
def test_a_common_word_is_no_commune_and_a_number_no_departement(text, home, expected):
    """
    A name has its article and its spelling; a number stands with a name, a postcode or the word.
    """
    assert [spot.name for spot in find_spots(Place(commune=text), home)] == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place("FR101", "75", "Nanterre"), ["Nanterre", "Paris"]),
        (Place("FR103", "78", "Cergy, Achères"), ["Cergy", "Achères"]),
        (Place("FRH03", "35", "Région Bretagne"), ["FRH"]),
        (Place("FR101", "75", "Toute la France"), ["FR"]),
        (Place("FRH03", "35", "Rennes, France"), ["Rennes"]),
        (Place("FRH03", "35", "France"), ["35"]),
        (Place(None, "17", "Landes"), ["Landes"]),
        (Place(None, "69", "Tremplin - Allier"), ["Allier", "03", "69"]),
        (Place(None, "92", "Poste source du Pecq (78)"), ["Le Pecq", "92"]),
        (Place(None, "01", "Port", "01460"), ["Port"]),
        (Place(None, "971", "Marigot", "97150"), ["978", "971"]),
        (Place(None, "971", "97150 Marigot", "97150"), ["978", "971"]),
        (Place(None, "978", "Marigot", "97150"), ["978"]),
        (Place("FR104", "91", "Évry Cedex", "91012"), ["91"]),
    ],
)
def test_what_is_stated_beside_a_text_counts_where_the_text_names_nothing_there(place, expected):
    """
    A buyer's own code in the form says no more than the text; where they contradict, both count.
    """
    assert [spot.name for spot in find_spots(place, None)] == expected


def test_a_place_text_without_end_is_read_as_far_as_a_place_goes():
    """
    What stands first counts; twenty thousand numbers and commas behind it are not looked at.
    """
    named = read_place_text("Redon (35) " + "1 , " * 5_000, stated=None, postcode=None, home=None)

    assert [commune.name for commune in named.communes] == ["Redon"]
    assert named == read_place_text("Redon (35) " + "1 , " * 500, stated=None, postcode=None, home=None)


def test_a_town_is_found_by_its_name_wherever_it_is():
    """
    A commune of every twentieth postcode, alone and after "Commune de", in capitals too.
    """
    postcodes = [f"{number:05}" for number in range(1000, 96000, 20)]
    communes = [found[0] for code in postcodes if (found := communes_of_postcode(code))]
    plain_names = [
        one
        for one in communes
        if one.name.isalpha() and communes_named(one.name, departement=one.departement) == (one,)
    ]

    assert len(plain_names) > 300
    for one in plain_names:
        for text in (
            f"Commune de {one.name}",
            f"COMMUNE DE {one.name.upper()}",
            f"Mairie de {one.name}, Redon",
        ):
            found = find_spots(Place(None, one.departement, text), None)
            assert one.name in [spot.name for spot in found], text


@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        (Buyer("EDF SA", departement="75", commune="Paris", postcode="75008"), "Paris 8e Arrondissement"),
        (Buyer("Ville de Paris", departement="75", commune="Paris", postcode="75004"), "Paris"),
        (Buyer("Ville de Lyon", departement="69", commune="Lyon", postcode="69001"), "Lyon"),
        (Buyer("Commune de Bron", departement="69", commune="Bron", postcode="69500"), "Bron"),
        (Buyer("Université d'Évry", departement="91", commune="Évry"), "91"),
    ],
)
def test_a_buyer_sits_where_its_address_is(buyer, expected):
    """
    In the arrondissement of its postcode, unless it is the city's own; never in another département than stated.
    """
    notice = Notice("any", "1", None, NoticeKind.CALL, "Toiture", buyer=buyer)

    assert locate_notice(notice).buyer.name == expected


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
