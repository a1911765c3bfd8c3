"""What corrections say in French about the deadline: the new one, the old one beside it, or nothing."""

from __future__ import annotations

import pytest

from alerting.feeds.formats.prose import find_new_deadline


OLD, NEW = "2026-10-05", "2026-10-12"


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("La date limite de remise des offres est reportée au 12 octobre 2026 à midi.", None, f"{NEW}T12:00"),
        ("La date limite de remise des offres est reportée au 12 octobre 2026 à minuit.", None, NEW),
        ("La remise des plis est repoussée au lundi 12 octobre 2026, 12 heures 30.", None, f"{NEW}T12:30"),
        ("Remise des offres au plus tard le 12/10/26 à 17h.", None, f"{NEW}T17:00"),
        ("Le délai de réception des plis est prolongé jusqu'au 12.10.2026 (12h00).", None, f"{NEW}T12:00"),
        ("Nouvelle date limite de dépôt des offres : 2026-10-12 12:00", None, f"{NEW}T12:00"),
        ("La réception des offres est prorogée au 12 oct. 2026 à 16 h 00.", None, f"{NEW}T16:00"),
        ("Date limite de remise des plis : 12 - 10 - 2026, heure limite : 11h30", None, f"{NEW}T11:30"),
        ("La date limite de réception des offres du 5 octobre 2026 devient le 12 octobre", None, None),
        ("La remise des offres du 5 octobre 2026 est repoussée au 12/10 à 12h.", None, None),
        ("La date limite de réception des offres du 5 octobre 2026 est reportée sine die.", None, None),
        ("La date limite de réception des offres était fixée au 5 octobre 2026.", None, None),
        ("La date limite de remise des plis initialement prévue le 5 octobre 2026 est annulée.", None, None),
        ("La date limite de remise des offres est le 30 février 2026.", None, None),
        ("Date limite de remise des offres : 5/10/2026 ou 12/10/2026.", None, None),
        ("La date limite de remise des offres du lot n° 2 est reportée au 12 octobre 2026.", None, NEW),
        ("Visite obligatoire avant la remise des offres : 12 octobre 2026.", None, None),
        ("La date limite de validité des offres est portée au 12 octobre 2026.", None, None),
        ("Les questions sont reçues jusqu'au 12 octobre 2026.", None, None),
        ("Le CCTP est modifié en date du 12 octobre 2026.", None, None),
        ("La date limite de remise des plis du 5 octobre 2026 est remplacée par le 12 octobre 2026.", OLD, NEW),
        ("La date limite de remise des plis du 5 octobre 2026 est désormais fixée au 12 octobre 2026.", OLD, NEW),
        ("La date limite de dépôt des offres du 5/10/2026 est prorogée au 12/10/2026.", OLD, NEW),
        ("La date limite de dépôt des offres du 5/10/2026 passe au 12/10/2026.", OLD, NEW),
        ("La date limite de dépôt des plis, fixée au 5/10/26, est repoussée au 12/10/26.", OLD, NEW),
        ("La date limite de remise des offres est reportée du 5 octobre 2026 au 12 octobre 2026.", OLD, NEW),
        ("La date limite de remise des offres est décalée du 5 au 12 octobre 2026.", None, NEW),
        ("La remise des offres prévue le 5 octobre est reportée au 12 octobre 2026.", None, NEW),
        ("Date limite de réception des offres : au lieu du 5/10/2026, lire : 12/10/2026", OLD, NEW),
        ("Date limite de réception des offres : lire 12/10/2026 au lieu de 5/10/2026", OLD, NEW),
        ("Date limite de réception des offres : 12/10/2026 et non pas 5/10/2026", OLD, NEW),
        (
            "Au lieu de :\nDate limite de réception des offres : 05/10/2026 12:00\nLire :\n12/10/2026 12:00",
            f"{OLD}T12:00",
            f"{NEW}T12:00",
        ),
        (
            "Au lieu de : Date limite de réception des offres : 05/10/2026. Lire : 12/10/2026. Le reste est inchangé.",
            OLD,
            NEW,
        ),
        ("Date limite de réception des offres :\n12/10/2026 à 12h", None, f"{NEW}T12:00"),
        ("Date limite de remise des offres : 5/10/2026.\nElle est reportée au 12/10/2026.", OLD, NEW),
        ("Ancienne date limite de remise des plis : 5/10/2026\nNouvelle date : 12/10/2026", OLD, NEW),
        ("Nouvelle date limite de remise des plis : 12/10/2026 (la date initiale était le 5/10/2026)", OLD, NEW),
        ("Suite à l'avis publié le 3/9/2026, la remise des plis est reportée au 12/10/2026.", None, NEW),
        ("Date limite de remise des offres : 5/10/2026.\nUn report est accordé au 12/10/2026.", None, None),
        ("Date limite de remise des offres : 5/10/2026\nRéception des plis : 12/10/2026", None, None),
    ],
)  # fmt: skip
def test_a_deadline_in_prose_is_the_new_one_or_none(text, before, after):
    """
    What held until now is never told as what holds; a date that lacks its year is seen, and not guessed.
    """
    found = find_new_deadline(text)

    assert ((found.before, found.after) if found is not None else (None, None)) == (before, after)
