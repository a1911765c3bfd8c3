"""What notices say in French of a site visit: its one day, or nothing."""

from __future__ import annotations

import pytest

from alerting.feeds.formats.visits import find_visit


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Visite obligatoire le mercredi 16 septembre 2026 à 14h00, sur rendez-vous.", "2026-09-16T14:00"),
        ("Visite le 16/09/2026 14h", "2026-09-16T14:00"),
        ("Visite obligatoire aux dates suivantes : le 16/09/2026 14h, le 18/09/2026 10h", None),
        ("Une visite est possible jusqu'au vendredi 16 septembre 2026.", None),
        ("Les visites ont lieu du 16 septembre 2026 au vendredi.", None),
        ("Visite le 16 septembre à 14h.", None),
        ("Fin des visites le 16/09/2026.", None),
        ("Visites suspendues le 16/09/2026.", None),
        ("Visites closes le 16/09/2026 à 12h.", None),
        ("Visite obligatoire. Attestation à remettre le 16/09/2026.", None),
        ("Visites possibles après le 16/09/2026.", None),
        ("Visite : inscription le 16/09/2026.", None),
        ("Visite le 16/09/2026 au plus tard.", None),
        ("Visite le 16/09/2026 à dix heures.", None),
        ("Visite le 16/09/2026 à 10h ou 14h.", None),
        ("Une visite du site est organisée le 16/09/2026 de 11h00 à 12h30.", "2026-09-16T11:00"),
        ("Rendez-vous sur place le 16 septembre 2026 à 9 h, devant la mairie.", "2026-09-16T09:00"),
        ("Sur rendez-vous.", None),
        ("", None),
    ],
)
def test_a_visit_in_prose_has_one_date_or_none(text, date):
    """
    Of two dates a firm may choose one; a limit is no visit.
    """
    assert find_visit(text) == date


def test_a_long_text_about_visits_is_looked_at_once():
    """
    With backtracking this would take days; what nobody writes into a notice is not read.
    """
    blanks = " " * 100_000

    assert find_visit(f"Visite le 12/10/2026{blanks}à 14h.") == "2026-10-12T14:00"
    assert find_visit(f"Visite le 12/10/2026{blanks}x") == "2026-10-12"
    assert find_visit("Visite le 12/10/2026. " + "Le CCTP est complet. " * 1_000) is None
