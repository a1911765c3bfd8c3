"""What the text of an item states: labels of platforms and town halls, and the last day for offers."""

from __future__ import annotations

import json
from html import escape

import pytest

from alerting.domain.notice import NoticeKind, RawPlace, RawTime
from alerting.feeds.formats import parse
from alerting.feeds.formats.item_text import ItemText, read_item_text
from alerting.notices.normalise import normalise


PUBLISHED = RawTime("2026-08-01T08:00:00+02:00")
NOON, DAY = "2026-09-15T12:00", "2026-09-15"


def read(text: str, *, title: str = "Toiture de l'école", kind: NoticeKind = NoticeKind.CALL) -> ItemText:
    return read_item_text(title, text, kind=kind, published=PUBLISHED)


def last_day(text: str, **options) -> str | None:
    deadlines = read(text, **options).deadlines
    return deadlines[0].text if deadlines else None


STATED = [
    ("Date limite de remise des offres : 15/09/2026 à 12h00", NOON),
    ("Date limite de remise des plis : 15/09/2026 12:00", NOON),
    ("Date limite de réponse : mardi 15 septembre 2026 à 12 heures", NOON),
    ("Date limite : 15/09/2026", DAY),
    ("Date de clôture : 15/09/2026 à 12h00", NOON),
    ("Clôture le 15/09/2026 à 12h00", NOON),
    ("Clôture de la consultation : 15/09/2026 - 12:00", NOON),
    ("Échéance : 15/09/2026 12:00", NOON),
    ("Fin de consultation : 15/09/2026 à 12h", NOON),
    ("Limite de dépôt : 15/09/2026 à 12h", NOON),
    ("Date limite pour répondre : 15/09/2026 à 12h", NOON),
    ("Remise des offres avant le 15/09/2026 à 12h00", NOON),
    ("Les offres doivent être déposées avant le 15/09/2026 à 12h sur la plateforme", NOON),
    ("Publié le 01/08/2026 | Date limite : 15/09/2026 12:00", NOON),
    ("Date d'envoi : 01/08/2026. Date limite de remise des offres : 15/09/2026 à 12h00", NOON),
    ("Travaux du 01/11/2026 au 30/12/2026. DLRO : 15/09/2026 à 12h. Ouverture des plis le 16/09/2026.", NOON),
    ("Questions jusqu'au 05/09/2026. Date limite de remise des offres : 15/09/2026 à 12h00", NOON),
    ("Visite obligatoire le 02/09/2026 à 9h. Date limite de remise des offres : 15/09/2026 à 12h00", NOON),
    ("Date limite de remise des offres :\nmardi 15 septembre 2026 à 12h00", NOON),
    ("La date limite du 01/09/2026 est reportée au 15/09/2026 à 12h", NOON),
    ("Date limite de remise des offres : 2026-09-15T12:00:00+02:00", "2026-09-15T12:00:00+02:00"),
    ("Date limite de remise des offres : 15/09/2026\nHeure limite : 12h00", NOON),
    ("Date limite de remise des offres : 15/09/2026\nà 12h00", NOON),
]


@pytest.mark.parametrize("spelling", [str, str.upper], ids=["as written", "in capitals"])
@pytest.mark.parametrize(("text", "expected"), STATED)
def test_the_last_day_for_offers_is_read_beside_other_dates(text, expected, spelling):
    assert last_day(spelling(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "Date limite des candidatures : 01/09/2026\nDate limite des offres : 15/10/2026", id="two stages"
        ),
        pytest.param(
            "Lot 1 : date limite 15/09/2026 12h. Lot 2 : date limite 20/09/2026 12h.", id="two lots"
        ),
        pytest.param("Date limite : 15/09/2026 à 12h. Remise des offres le 16/09/2026 à 12h.", id="two days"),
        pytest.param("Date limite de questions : 05/09/2026", id="questions"),
        pytest.param("Date limite de retrait des dossiers : 05/09/2026", id="documents"),
        pytest.param("Travaux du 15/09/2026 au 30/10/2026", id="works"),
        pytest.param("Clôture : travaux du 15/09/2026 au 30/09/2026", id="a fence"),
        pytest.param("Clôture du stade le 15/09/2026", id="a fence that is put up"),
        pytest.param("Date limite d'inscription : 15/09/2026", id="another thing"),
        pytest.param(
            "Date limite : 15/09/2026. Dépôt des plis en mairie avant 12h.", id="an hour told apart"
        ),
        pytest.param("Clôture : 15/09/2026\nHeure limite : 12h00", id="an hour below another label"),
        pytest.param("Échéance : 31/12/2027", id="the end of a contract, or a premium"),
        pytest.param("Clôture du marché : 31/12/2027", id="the end of a market"),
        pytest.param(
            "Date limite de remise des offres :\n01/01/2027 : début du marché", id="the next line's"
        ),
        pytest.param("Date limite : 31/02/2026", id="no day of the calendar"),
        pytest.param("Date limite : 15/07/2026", id="before it was published"),
        pytest.param("Date limite : 01/08/2026", id="the day it was published"),
        pytest.param(
            "Date limite de remise des offres : 15/09/2026 à 12h (heure de Nouméa)", id="another clock"
        ),
    ],
)
def test_a_date_that_may_be_another_one_is_not_read(text):
    assert last_day(text) is None


@pytest.mark.parametrize("kind", [NoticeKind.AWARD, NoticeKind.CANCELLATION])
def test_what_can_be_answered_no_more_has_no_last_day(kind):
    assert last_day("Date limite : 15/09/2026 à 12h", kind=kind) is None


def test_labels_say_buyer_place_number_code_and_nature():
    """
    As a platform writes them: blocks of HTML, labels in bold, in whatever case.
    """
    text = (
        "<p><b>Entité publique :</b> Commune de Kerlann</p><p><b>RÉFÉRENCE :</b> 2026-T04</p>"
        "<p>Lieu d&#39;exécution : (35) Kerlann</p><p>Catégorie principale : Travaux</p><p>Code CPV : 45261210-9</p>"
    )

    assert read(text) == ItemText(
        buyer_name="Commune de Kerlann",
        places=(RawPlace(departement="35", commune="Kerlann"),),
        reference="2026-T04",
        codes=("45261210",),
        nature="Travaux",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lieu d'exécution : Kerlann (29)", [RawPlace(departement="29", commune="Kerlann")]),
        ("Lieux d'exécution : Kerlann (29), Redon (35)", [RawPlace(departement="29", commune="Kerlann"), RawPlace(departement="35", commune="Redon")]),
        ("Lieu d'exécution : Finistère (29)", [RawPlace(departement="29", commune="Finistère")]),
        ("Lieux d'exécution : 29 - Kerlann", [RawPlace(departement="29", commune="Kerlann")]),
        ("Lieu de livraison : 29880 Kerlann", [RawPlace(commune="29880 Kerlann")]),
        ("Département(s) : 29, 56", [RawPlace(departement="29"), RawPlace(departement="56")]),
        ("Départements : Ille-et-Vilaine et Morbihan", [RawPlace(departement="Ille-et-Vilaine"), RawPlace(departement="Morbihan")]),
        ("Département : Indre et Loire", [RawPlace(departement="Indre et Loire")]),
        ("Départements : Mayenne et Maine et Loire", [RawPlace(departement="Mayenne et Maine et Loire")]),
        ("Lieu d'exécution : 22, 29", [RawPlace(departement="22"), RawPlace(departement="29")]),
        ("Lieu d'exécution : (35) Kerlann, (22) Plouvézel", [RawPlace(departement="35", commune="Kerlann"), RawPlace(departement="22", commune="Plouvézel")]),
        ("Lieu d'exécution : 12-14 rue de la Mairie", [RawPlace(commune="12-14 rue de la Mairie")]),
        ("Lieu d'exécution : 22 - 29 - 35", [RawPlace(commune="22 - 29 - 35")]),
        ("Lieu : Kerlann", []),
        ("Départements de publication : 29", []),
    ],
)  # fmt: skip
def test_places_are_told_as_they_are_labelled(text, expected):
    assert list(read(text).places) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Acheteur : Commune de Kerlann\nAcheteur : Commune de Plouvézel", id="two of them"),
        pytest.param("L'acheteur : voir le règlement", id="no line of its own"),
        pytest.param("Acheteur :", id="nothing behind it"),
        pytest.param("Acheteur : " + "très " * 60, id="a sentence"),
        pytest.param("Acheteurs de bois de chauffage : avis aux communes", id="another word"),
        pytest.param("Acheteur public : https://kerlann.example", id="an address"),
        pytest.param("Acheteur : marches@kerlann.example", id="an address of mail"),
        pytest.param("Organisme : Tous", id="the value of a form that asks"),
        pytest.param("Acheteur : voir ci-dessous", id="elsewhere"),
        pytest.param("Maître d'ouvrage : Kerlann. Maître d'œuvre : Plouvézel", id="two facts in one line"),
    ],
)
def test_what_is_no_label_with_one_value_says_nothing(text):
    assert read(text).buyer_name is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Référence de la consultation : 2026-T04", "2026-T04"),
        ("Numéro de marché : 2026/04", "2026/04"),
        ("N° de consultation : 26 S 012", "26 S 012"),
        ("Acheteur : Commune de Kerlann - Référence : 2026-T04 - Procédure : MAPA", "2026-T04"),
        ("Référence : à rappeler dans toute correspondance", None),
        ("Référence : https://kerlann.example/1", None),
        ("Référence :\nTravaux de toiture", None),
        ("Référence :\n15/09/2026", None),
        ("N° de téléphone : 02 99 00 00 00", None),
    ],
)
def test_a_purchase_is_called_by_a_number_with_a_digit(text, expected):
    assert read(text).reference == expected


def test_labels_in_a_row_each_have_their_own_value():
    found = read("Acheteur : Commune de Kerlann - Référence : 2026-T04 - CPV : 45261210-9, 45262522-6")

    assert (found.buyer_name, found.codes) == ("Commune de Kerlann", ("45261210", "45262522"))


def test_a_value_may_stand_on_the_line_below_its_label():
    text = "<dl><dt>Organisme :</dt><dd>Commune de Kerlann</dd><dt>Date limite :</dt><dd>15/09/2026 12:00</dd></dl>"

    assert (read(text).buyer_name, last_day(text)) == ("Commune de Kerlann", NOON)


TEXT = "<p>Acheteur : Commune de Kerlann</p><p>Département : 29</p><p>Date limite : 15/09/2026 à 12h</p>"


def test_rss_and_json_feed_state_the_same_by_their_text():
    rss = f"<rss version='2.0'><channel><item><guid>1</guid><title>Toiture</title><description>{escape(TEXT)}</description></item></channel></rss>"
    item = {"id": "1", "title": "Toiture", "content_html": TEXT}
    feed = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Avis", "items": [item]})

    notices = [normalise(*parse(body.encode(), feed_id="f").notices) for body in (rss, feed)]

    assert [(one.buyer.name, one.places[0].departement, one.deadline_at.isoformat()) for one in notices] == [
        ("Commune de Kerlann", "29", "2026-09-15T10:00:00+00:00")
    ] * 2


def test_what_dublin_core_states_stands_before_the_text():
    """
    A field is what its platform means; the text may be of another year.
    """
    fields = (
        "<dc:dateAccepted>2026-09-20T12:00:00+02:00</dc:dateAccepted><dc:Location>22 - Kerlann</dc:Location>"
    )
    item = (
        f"<item><guid>1</guid><title>Toiture</title><description>{escape(TEXT)}</description>{fields}</item>"
    )
    head = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"

    notice = normalise(*parse(f"{head}{item}</channel></rss>".encode(), feed_id="f").notices)

    assert notice.deadline_at.isoformat() == "2026-09-20T10:00:00+00:00"
    assert [place.departement for place in notice.places] == ["22"]
