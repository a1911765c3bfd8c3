"""The notice to a firm that mails do not reach one of its addresses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerting.digests.unreachable import render_unreachable
from alerting.domain.digest import Digest, RenderedDigest, Unreachable
from alerting.domain.profile import Recipient
from alerting.domain.suppression import SuppressionKind


UNTIL = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)


def notice(
    *unreachable: Unreachable, firm_name: str = "Couverture Le Goff", language: str = "fr"
) -> RenderedDigest:
    """Return the notice to the office of a firm about some addresses."""
    digest = Digest("toits", "Toits", "le-goff", firm_name, UNTIL, (), unreachable)
    return render_unreachable(
        digest,
        recipient=Recipient("bureau@legoff.example", language=language),
        unsubscribe_url="https://alertes.example/unsubscribe/x",
        lift_urls={7: "https://alertes.example/try-again/y"},
        sender_name="Alerte marchés",
        contact="alertes@alertes.example",
    )


def yann(kind: SuppressionKind, *, number: int = 7, until_at: datetime | None = None) -> Unreachable:
    """Return Yann's address."""
    return Unreachable(number, "yann@legoff.example", kind, until_at)


def test_a_notice_says_which_address_why_and_what_to_do():
    """
    Both parts name it, say until when, and carry the links; every link stands whole on a line of the text.
    """
    written = notice(yann(SuppressionKind.SOFT_BOUNCES, until_at=UNTIL))

    assert written.subject == "Une adresse ne reçoit plus nos messages · Couverture Le Goff"
    for part in (str(written.text), str(written.html)):
        words = " ".join(part.split())
        assert "yann@legoff.example" in words
        assert "boîte pleine ou en panne" in words
        assert "jusqu’au" in words
        assert "9 mars" in words.replace("\N{NO-BREAK SPACE}", " ")
        assert "https://alertes.example/try-again/y" in part
        assert "https://alertes.example/unsubscribe/x" in part
    assert "\nhttps://alertes.example/try-again/y\n" in str(written.text)


@pytest.mark.parametrize(
    ("language", "title", "until"),
    [
        ("en", "An address does not get our mails any more", "until Monday 9 March 2026"),
        ("br", "Ur chomlec’h ne resev ket mui hor c’hemennadoù", "betek Lun 9 a viz Meurzh 2026"),
    ],
)
def test_a_notice_speaks_its_readers_language(language, title, until):
    """
    The subject, both parts and what a screen reader is told; nothing of it stays French.
    """
    written = notice(yann(SuppressionKind.SOFT_BOUNCES, until_at=UNTIL), language=language)

    assert written.subject.startswith(title)
    assert f'<html lang="{language}"' in str(written.html)
    for part in (str(written.text), str(written.html)):
        words = " ".join(part.replace("\N{NO-BREAK SPACE}", " ").split())
        assert until in words
        assert not {"Nous", "Vous", "Ne plus recevoir", "Les autres"} & set(words.split())


@pytest.mark.parametrize("kind", [SuppressionKind.HARD_BOUNCE, SuppressionKind.COMPLAINT])
def test_without_a_link_to_lift_there_is_no_button(kind):
    """
    What nobody but an operator lifts shows no way to lift it; the same order with a link shows it in both parts.
    """
    without, beside = notice(yann(kind, number=8)), notice(yann(kind))

    shown = [[str(part).count("try-again") > 0 for part in (one.text, one.html)] for one in (without, beside)]
    assert shown == [[False, False], [True, True]]


def test_what_a_firm_is_called_is_escaped_and_the_subject_stays_short():
    """
    Names come from files that people write.
    """
    written = notice(
        yann(SuppressionKind.HARD_BOUNCE), firm_name="<b>Kerléo</b> & fils, couverture et zinguerie"
    )

    assert "<b>Kerléo" not in str(written.html)
    assert "&lt;b&gt;Kerléo" in str(written.html)
    assert len(written.subject) < 70


def test_several_addresses_are_one_notice():
    """
    The subject says so.
    """
    written = notice(yann(SuppressionKind.HARD_BOUNCE), yann(SuppressionKind.HARD_BOUNCE, number=8))

    assert written.subject.startswith("Des adresses ne reçoivent plus nos messages")
    assert str(written.text).count("\nyann@legoff.example\n") == 2
