"""BOAMP of 2015 to 2021: what a notice of schema 230 states, field by field."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import NoticeKind, RawChange
from alerting.errors import FeedFormatError
from alerting.feeds.formats import parse
from alerting.notices.normalise import normalise


CORPUS = Path(__file__).parents[1] / "corpus" / "boamp-v230"


def read(name: str):
    """Return the one notice of a document, raw and cleaned."""
    (raw,) = parse((CORPUS / name).read_bytes(), feed_id="f").notices
    return raw, normalise(raw)


def test_a_call_with_lots_is_read_field_by_field():
    """
    The wall clock is Paris though July is labelled +01:00; a repeated CPV is one.
    """
    raw, notice = read("call-with-lots.xml")

    assert (notice.source_id, notice.kind, notice.title) == (
        "17-70100",
        NoticeKind.CALL,
        "Restauration du presbytère de Kerlann",
    )
    assert notice.deadline_at.isoformat() == "2017-07-20T10:00:00+00:00"
    assert (notice.buyer.siret, notice.buyer.departement) == ("17590003400026", "22")
    assert (notice.cpv_main, notice.cpv_additional) == ("45454100", ("45261000",))
    assert (notice.value, notice.internal_reference) == (Money(18_200_050, "EUR"), "2017-PRESB")
    assert (notice.document_url, notice.submission_url) == (
        "https://achats.kerlann.example/dce/12",
        "https://achats.kerlann.example/repondre",
    )
    assert raw.description == "Couverture, charpente et menuiseries."


def test_its_lots_keep_their_numbers_codes_places_and_values():
    """
    A lot without a number gets its position.
    """
    _, notice = read("call-with-lots.xml")

    first, second = notice.lots
    assert (first.lot_id, first.title, first.cpv_codes) == ("1", "Couverture ardoise", ("45261210",))
    assert (first.places[0].nuts_code, first.places[0].departement) == ("FRH01", "22")
    assert first.value == Money(9_000_000, "EUR")
    assert (second.lot_id, second.title, second.places) == ("2", "Menuiseries", ())


def test_an_award_of_nothing_ends_the_purchase_and_names_the_call_on_both_journals():
    """
    "Infructueux" is published as an award; a single lot without a number is the purchase itself.
    """
    _, notice = read("award-of-nothing.xml")

    assert notice.kind is NoticeKind.CANCELLATION
    assert notice.refers_to == ("17-70100", "25270-2017")
    assert (notice.lots, notice.cpv_main, notice.description) == ((), "77310000", "Tonte et taille")
    assert [place.departement for place in notice.places] == ["22"]


def test_a_correction_gives_its_new_deadline_with_the_sentence():
    """
    Whatever the element is called, prose of a correction is read like that of the newer schemas.
    """
    text = (CORPUS / "call-with-lots.xml").read_text(encoding="utf-8")
    document = text.replace("<STATUT><INITIAL/>", "<STATUT><RECTIFICATIF/>").replace(
        "<PROCEDURE>",
        "<RECTIF><INFOS>La date limite est reportée au 27 juillet 2017 à 12h00.</INFOS></RECTIF><PROCEDURE>",
    )

    (raw,) = parse(document.encode(), feed_id="f").notices

    assert raw.kind is NoticeKind.CORRECTION
    assert [(change.field, change.after.text) for change in raw.changes] == [
        ("deadline_at", "2017-07-27T12:00")
    ]
    assert all(isinstance(change, RawChange) and change.evidence for change in raw.changes)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"<ann/>", "top level: expected a BOAMP 'ANNONCE' (got 'ann')"),
        (b"<ANNONCE/>", "GESTION: expected an IDWEB and an object (got none)"),
    ],
)
def test_what_is_no_announcement_of_schema_230_is_refused_in_one_line(document, problem):
    """
    The operator reads what stands there and what was expected.
    """
    with pytest.raises(FeedFormatError) as caught:
        parse(document, feed_id="f", format="boamp-v230")

    assert str(caught.value) == f"feed 'f': {problem}"


def test_a_purchase_that_says_it_is_not_divided_has_no_lots():
    """
    A concession was written as two LOTs without numbers: firms were told of two lots, each named by a page of text.
    """
    lots = "".join(
        f"<LOT><DESCRIPTION>{text}</DESCRIPTION><CPV><PRINCIPAL>{code}</PRINCIPAL></CPV><CODE_NUTS>FRH01</CODE_NUTS>"
        f"<VALEUR DEVISE='EUR'>5000</VALEUR></LOT>"
        for text, code in (("Eau potable", "65100000"), ("Eau potable, bis", "65110000"))
    )
    document = (
        "<ANNONCE><GESTION><REFERENCE><IDWEB>17-70990</IDWEB></REFERENCE></GESTION><DONNEES><OBJET>"
        "<TITRE_MARCHE>Concession</TITRE_MARCHE><CPV><PRINCIPAL>65100000</PRINCIPAL></CPV>"
        f"<DIV_EN_LOTS><NON/></DIV_EN_LOTS><LOTS>{lots}</LOTS></OBJET></DONNEES></ANNONCE>"
    )

    (raw,) = parse(document.encode(), feed_id="f").notices
    notice = normalise(raw)

    assert notice.lots == ()
    assert (notice.cpv_main, notice.cpv_additional) == ("65100000", ("65110000",))
    assert (notice.description, notice.value) == ("Eau potable Eau potable, bis", Money(500_000, "EUR"))
    assert [place.nuts_code for place in notice.places] == ["FRH01"]
