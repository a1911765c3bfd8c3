"""A digest on one sheet: what a workshop pins to its wall."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerting.digests.one_pager import render_one_pager
from alerting.domain.digest import TellingKind
from alerting.domain.notice import Change, Lot
from tests.digest_cases import NOW, SCHOOL, digest, everything, full, item


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ["Date limite", "encore 4 jours ouvrés", "Annulé"]),
        ("en", ["Deadline", "4 working days left", "Cancelled"]),
        ("br", ["Termen diwezhañ", "4 devezh labour a chom", "Nullet"]),
    ],
)
def test_a_sheet_has_each_contract_with_its_date_lot_and_reason(language, said):
    """
    In the language that is asked for; it loads nothing, and addresses stand in full, for paper has no links.
    """
    sheet = render_one_pager(everything(), language_code=language, now=NOW).replace("\N{NO-BREAK SPACE}", " ")

    assert f'<html lang="{language}">' in sheet
    assert sheet.count("<h2") == 6
    assert [words for words in said if words not in sheet] == []
    assert "<mark>chauffe-eau</mark>" in sheet
    assert "https://marches.bretagne-exemple.example/dossier/26-10001" in sheet
    assert "&lt;Jean-Exemple&gt;" in sheet
    assert [tag for tag in ("<img", "<link", "<script", "url(") if tag in sheet] == []


def test_a_sheet_has_what_a_mail_cuts_off():
    """
    All lots and changes of an item, the sentence of a correction, and the value.
    """
    lots = tuple(Lot(f"LOT-{number:04}", title=f"Lot de toiture {number}") for number in range(1, 8))
    changes = (Change("description", None, None, "La visite est annulée."),)
    whole = item(
        replace(SCHOOL, lots=lots),
        kind=TellingKind.CORRECTED,
        lot_ids=tuple(lot.lot_id for lot in lots),
        changes=changes,
    )
    sheet = render_one_pager(digest(whole), language_code="fr", now=NOW).replace("\N{NO-BREAK SPACE}", " ")

    assert sheet.count("de toiture") == 7
    assert "« La visite est annulée. »" in sheet
    assert "Valeur de l’ensemble : 1 240 000 €" in sheet.replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_a_sheet_also_has_what_a_mail_had_no_room_for():
    """
    Each in full, with its deadline, reasons and link, however many there are.
    """
    sheet = render_one_pager(replace(full(60), shown_count=2), language_code="fr", now=NOW)

    assert sheet.count("<h2") == 60
    assert sheet.count('<p class="soft"><a href="https://') == 60
