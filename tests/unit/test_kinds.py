"""What a feed's words announce: the kind of the notice, never what is bought."""

from __future__ import annotations

import pytest

from alerting.domain.notice import NoticeKind
from alerting.feeds.formats.kinds import kind_in_words
from tests.capitals import in_capitals


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Réfection de la toiture", NoticeKind.CALL),
        ("Logiciel de gestion et d'attribution des logements sociaux", NoticeKind.CALL),
        ("Travaux d'annulation de branchements plomb", NoticeKind.CALL),
        ("Avis rectificatif : toiture", NoticeKind.CORRECTION),
        ("Toiture de l'école (rectificatif n° 2)", NoticeKind.CORRECTION),
        ("Avis d'attribution - Toiture de l'école", NoticeKind.AWARD),
        ("Attribution : toiture de l'école", NoticeKind.AWARD),
        ("Attribution de marché", NoticeKind.AWARD),
        ("Résultat de marché - Toiture", NoticeKind.AWARD),
        ("ANNULÉ - Toiture de l'école", NoticeKind.CANCELLATION),
        ("Annulation de la consultation : toiture", NoticeKind.CANCELLATION),
        ("Toiture de l'école, déclarée sans suite", NoticeKind.CANCELLATION),
        ("Avis d’annulation", NoticeKind.CANCELLATION),
        ("Déclaration sans suite : toiture", NoticeKind.CANCELLATION),
        ("Consultation annulée : toiture", NoticeKind.CANCELLATION),
        ("Marché attribué - toiture", NoticeKind.AWARD),
        ("Le présent avis annule et remplace l'avis n° 26-12345 : toiture", NoticeKind.CALL),
        ("Annule - remplace l'avis précédent : toiture", NoticeKind.CALL),
        ("Avis annulé et remplacé par le n° 26-2", NoticeKind.CANCELLATION),
        ("Toiture - relance après sans suite", NoticeKind.CALL),
        ("Toiture (suite à une déclaration sans suite)", NoticeKind.CALL),
    ],
)
def test_a_word_tells_the_kind_only_where_a_kind_stands(text, kind):
    """
    "Attribution" leads a title or stands behind "avis"; inside, it is what is bought.
    """
    assert kind_in_words([text]) is kind
    assert kind_in_words([in_capitals(text).replace("'", " ")]) is kind
