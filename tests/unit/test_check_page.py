"""The page that tells a publisher what came of its documents."""

from __future__ import annotations

from datetime import UTC, datetime

from alerting.digests.check_page import MISSING, CheckedDocument, render_check_page
from alerting.domain.feed import Reject
from alerting.domain.notice import Buyer, Notice, NoticeKind
from alerting.pipeline.check import WANTED


NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NOTICE = Notice(
    feed_id="kerlann",
    source_id="7",
    version="1",
    kind=NoticeKind.CALL,
    title="RÉFECTION DE LA TOITURE <b>DE L'ÉCOLE</b>",
    buyer=Buyer(name="Ville de Kerlann"),
    deadline_at=datetime(2026, 3, 16, 11, 0, tzinfo=UTC),
    document_url="javascript:alert(1)",
)


def page(**facts):
    document = {"path": "avis.xml", "format": "rss", "outcome": "read", "notices": (), "rejects": ()}
    return render_check_page([CheckedDocument(**document | facts)], now=NOW)


def test_the_page_says_what_was_read_and_what_is_missing():
    html = page(notices=((NOTICE, ("cpv_main", "places")),))
    assert "Ville de Kerlann" in html
    assert "lundi 16\N{NO-BREAK SPACE}mars 2026" in html
    assert "encore 10\N{NO-BREAK SPACE}jours ouvrés" in html
    assert "le code CPV" in html
    assert "Tout ce qu’une entreprise cherche y est" not in html


def test_what_a_notice_says_is_text_and_its_links_are_checked():
    html = page(notices=((NOTICE, ()),))
    assert "<b>" not in html
    assert "javascript:" not in html
    assert "Tout ce qu’une entreprise cherche y est" in html


def test_what_was_refused_is_shown_with_its_place():
    html = page(outcome="refused", rejects=(Reject("line 3", "the tag <item> is not closed"),))
    assert "<code>line 3</code> : the tag &lt;item&gt; is not closed" in html
    assert "non lu" in html


def test_every_wanted_fact_has_words_for_its_absence():
    assert set(WANTED) == set(MISSING)
