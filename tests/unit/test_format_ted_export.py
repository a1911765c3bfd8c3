"""TED's notices until 2024: standard forms, corrigenda, defence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import Nature, NoticeKind
from alerting.errors import FeedFormatError
from alerting.feeds.formats import detect, parse
from alerting.notices.normalise import normalise


CORPUS = Path(__file__).parents[1] / "corpus" / "ted-export"
CALL, CORRIGENDUM, DEFENCE = (
    (CORPUS / name).read_text(encoding="utf-8")
    for name in ("call-with-lots.xml", "corrigendum.xml", "defence.xml")
)


def read(document: str):
    """Return the one notice of a document, cleaned."""
    (raw,) = parse(document.encode(), feed_id="f").notices
    return normalise(raw)


@pytest.mark.parametrize(
    ("form", "is_reserved"),
    [
        pytest.param("<RESTRICTED_SHELTERED_WORKSHOP/>", True, id="sheltered workshops"),
        pytest.param("<RESTRICTED_SHELTERED_PROGRAM/>", True, id="sheltered programmes"),
        pytest.param("<RESERVED_ORGANISATIONS_SERVICE_MISSION/>", True, id="bodies of a public mission"),
        pytest.param("<PERFORMANCE_STAFF_QUALIFICATION/>", None, id="nothing is stated"),
    ],
)
def test_a_form_says_that_a_contract_is_reserved(form, is_reserved):
    """
    III.1.5 is a box without a word, and there is none to say the contrary.
    """
    document = CALL.replace("<PROCEDURE>", f"<LEFTI>{form}</LEFTI><PROCEDURE>")

    assert read(document).is_reserved is is_reserved


def test_a_call_is_read_field_by_field():
    """
    The French form of two, marks within words kept, the form's deadline before the coded one.
    """
    notice = read(CALL)

    assert detect(CALL.encode(), feed_id="f") == "ted-export"
    assert (notice.source_id, notice.kind, notice.title) == (
        "70001-2021",
        NoticeKind.CALL,
        "Restauration de l’église — 1re tranche",
    )
    assert notice.description == "Couverture et charpente. Deux lots."
    assert (notice.buyer.name, notice.buyer.siret, notice.buyer.departement) == (
        "Commune de Kerlann",
        "17590003400026",
        "22",
    )
    assert (notice.nature, notice.cpv_main, notice.value) == (
        Nature.WORKS,
        "45454100",
        Money(18_200_050, "EUR"),
    )
    assert notice.deadline_at.isoformat() == "2021-03-04T08:30:00+00:00"
    assert (notice.document_url, notice.submission_url) == (
        "https://achats.kerlann.example/dce/12",
        "https://achats.kerlann.example/repondre",
    )
    assert (notice.internal_reference, notice.refers_to) == ("2021-EGL", ("60010-2020",))
    assert notice.notice_url == "https://ted.europa.eu/fr/notice/-/detail/70001-2021"


def test_lots_have_their_codes_places_and_values():
    """
    A lot without a title of its own has the purchase's; the postcode stands in the prose of the site.
    """
    first, second = read(CALL).lots

    assert (first.lot_id, first.title, first.description) == ("1", "Couverture", "Ardoise.")
    assert (first.cpv_codes, first.value) == (("45261210", "45261300"), Money(9_000_000, "EUR"))
    (place,) = first.places
    assert (place.nuts_code, place.departement, place.postcode) == ("FRH01", "22", "22350")
    assert (second.lot_id, second.title) == ("B", "Restauration de l’église — 1re tranche")


def test_an_undivided_purchase_has_no_lots():
    """
    What its one description says belongs to the notice.
    """
    start, end = CALL.index('<OBJECT_DESCR ITEM="2">'), CALL.index("</OBJECT_CONTRACT>\n      <PROCEDURE>")
    document = CALL[:start] + CALL[end:]

    notice = read(document.replace("<LOT_DIVISION><LOT_ALL/></LOT_DIVISION>", "<NO_LOT_DIVISION/>"))

    assert (notice.lots, notice.cpv_additional) == ((), ("45261210", "45261300"))
    assert [place.postcode for place in notice.places] == ["22350"]


def test_a_corrigendum_gives_the_deadline_before_and_after():
    """
    Only section IV.2.2 moves the deadline; a visit that is cancelled ends nothing.
    """
    notice = read(CORRIGENDUM)

    assert (notice.kind, notice.refers_to) == (NoticeKind.CORRECTION, ("70001-2021",))
    assert notice.deadline_at.isoformat() == "2021-03-18T11:00:00+00:00"
    deadline, visit, opening, code = notice.changes
    assert (deadline.field, deadline.before, deadline.after) == (
        "deadline_at",
        "2021-03-04T10:30:00+00:00",
        "2021-03-18T11:00:00+00:00",
    )
    assert deadline.evidence == "IV.2.2 Date limite de réception des offres"
    assert (visit.field, visit.before, visit.after) == ("text", None, "La visite du lot 1 est annulée.")
    assert (opening.before, opening.after) == ("2021-03-05", "2021-03-19")
    assert (code.before, code.after) == ("45000000", "45454100")


@pytest.mark.parametrize(
    ("named", "moved"),
    [
        pytest.param("2", ["2"], id="one lot"),
        pytest.param("Lots n° 1 et 3", ["1", "3"], id="several"),
        pytest.param("Tous les lots", [None], id="all of them"),
        pytest.param("couverture", [], id="one that nobody knows by number"),
    ],
)
def test_a_corrigendum_that_names_a_lot_moves_that_lot_alone(named, moved):
    """
    The coded data repeat the lot's date: it is not told as that of the purchase.
    """
    start = CORRIGENDUM.index("<SECTION>IV.2.2")
    end = CORRIGENDUM.index("</SECTION>", start) + len("</SECTION>")
    document = f"{CORRIGENDUM[:end]}<LOT_NO>{named}</LOT_NO>{CORRIGENDUM[end:]}"

    notice = read(document)

    dates = [change for change in notice.changes if change.field == "deadline_at"]
    assert [change.lot_id for change in dates] == moved
    assert {change.after for change in dates} <= {"2021-03-18T11:00:00+00:00"}
    assert (notice.deadline_at is not None) == (moved == [None])


@pytest.mark.parametrize(
    "prose",
    [
        "La consultation est déclarée sans suite.",
        "Le marché a été classé sans suite pour motif d'intérêt général.",
        "Annulation de la procédure.",
        "La procédure de passation est abandonnée.",
    ],
)
def test_a_corrigendum_that_ends_the_purchase_is_a_cancellation(prose):
    """
    The form has no field for it: only words say so.
    """
    assert read(CORRIGENDUM.replace("La visite du lot 1 est annulée.", prose)).kind is NoticeKind.CANCELLATION


@pytest.mark.parametrize(
    ("awards", "kind"),
    [
        ("<AWARD_CONTRACT><NO_AWARDED_CONTRACT/></AWARD_CONTRACT>", NoticeKind.CANCELLATION),
        (
            "<AWARD_CONTRACT><NO_AWARDED_CONTRACT/></AWARD_CONTRACT><AWARD_CONTRACT><AWARDED_CONTRACT/></AWARD_CONTRACT>",
            NoticeKind.AWARD,
        ),
    ],
)
def test_an_award_of_nothing_ends_the_purchase(awards, kind):
    """
    One lot without a result is still an award.
    """
    document = CALL.replace('TD_DOCUMENT_TYPE CODE="3"', 'TD_DOCUMENT_TYPE CODE="7"').replace(
        "</F02_2014>\n  </FORM_SECTION>", f"{awards}</F02_2014></FORM_SECTION>"
    )

    assert read(document).kind is kind


def test_a_defence_notice_is_read_though_its_form_is_another():
    """
    Buyer, title, place and lots stand elsewhere; the day without an hour ends in Paris.
    """
    notice = read(DEFENCE)

    assert (notice.title, notice.buyer.name, notice.buyer.departement) == (
        "Toitures des ateliers",
        "Base navale de Kerlann",
        "29",
    )
    assert (notice.description, notice.nature) == ("Ardoise et zinc.", Nature.WORKS)
    assert (notice.cpv_main, notice.deadline_at.isoformat()) == ("45261210", "2021-04-20T21:59:00+00:00")
    assert [(place.nuts_code, place.commune) for place in notice.places] == [("FRH02", "Kerlann")]
    assert [(lot.lot_id, lot.title, lot.cpv_codes) for lot in notice.lots] == [
        ("1", "Atelier A", ("45261210",))
    ]
    assert notice.submission_url == "https://achats.kerlann.example/base"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("<ann/>", "top level: expected a 'TED_EXPORT' (got 'ann')"),
        ("<TED_EXPORT/>", "DOC_ID: expected a publication number (got none)"),
        ("<TED_EXPORT DOC_ID='x'/>", "DOC_ID: expected a publication number (got none)"),
        ("<TED_EXPORT DOC_ID='1-2021'/>", "FORM_SECTION: expected a form (got none)"),
        (
            "<TED_EXPORT DOC_ID='1-2021'><FORM_SECTION><F02_2014/></FORM_SECTION></TED_EXPORT>",
            "OBJECT_CONTRACT/TITLE: expected a title (got none)",
        ),
    ],
)
def test_what_is_no_export_of_ted_is_refused_in_one_line(document, problem):
    """
    The operator reads what stands there and what was expected.
    """
    with pytest.raises(FeedFormatError) as caught:
        parse(document.encode(), feed_id="f", format="ted-export")

    assert str(caught.value) == f"feed 'f': {problem}"


def test_a_title_is_taken_from_the_translations_where_the_form_has_none():
    """
    Forms in languages that nobody here reads still have a French title beside them.
    """
    titles = (
        "<TRANSLATION_SECTION><ML_TITLES><ML_TI_DOC LG='DE'><TI_TEXT><P>Dach</P></TI_TEXT></ML_TI_DOC>"
        "<ML_TI_DOC LG='FR'><TI_TEXT><P>Toiture</P></TI_TEXT></ML_TI_DOC></ML_TITLES></TRANSLATION_SECTION>"
    )
    document = CORRIGENDUM.replace("<TITLE><P>Restauration de l’église</P></TITLE>", "").replace(
        "<FORM_SECTION>", titles + "<FORM_SECTION>"
    )

    assert read(document).title == "Toiture"


def test_a_place_that_is_not_stated_is_no_place():
    """
    TED writes the code "00" for it: kept as a place it would lie in nobody's area.
    """
    document = re.sub(r'(<n2016:NUTS|<NUTS|<n2021:NUTS) CODE="[^"]*"', r'\1 CODE="00"', CALL)

    notice = read(document)

    codes = {place.nuts_code for lot in notice.lots for place in lot.places}
    assert codes <= {None}
    assert "00 is no place" in {change.rule for change in notice.normalisations}


def test_the_number_of_a_box_in_a_main_site_is_no_postcode():
    """
    "CS 64208" stands before the postcode in most addresses of offices.
    """
    document = CALL.replace("Place de l'Église, 22350 Kerlann", "CS 64208, 22350 Kerlann")

    assert {place.postcode for lot in read(document).lots for place in lot.places} == {"22350"}
