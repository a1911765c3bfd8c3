"""The page that tells a publisher what came of its documents."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerting.digests.check_page import MISSING, CheckedDocument, render_check_page
from alerting.domain.feed import Reject
from alerting.domain.notice import Buyer, Notice, NoticeKind
from alerting.pipeline.check import WANTED, check


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
    html = page(outcome="refused", rejects=(Reject("line 3", "not XML (the tag <item> is not closed)"),))
    assert "<code>ligne 3</code> : ce n’est pas du XML (« the tag &lt;item&gt; is not closed »)" in html
    assert "non lu" in html


def test_every_wanted_fact_has_words_for_its_absence():
    assert set(WANTED) == set(MISSING)


def test_what_was_refused_is_said_in_french():
    html = page(outcome="refused", rejects=(Reject("line 1", "an HTML page instead of a feed"),))

    assert "<code>ligne 1</code> : une page web au lieu d’un flux" in html
    assert "HTML page" not in html


WITHOUT_ANSWER = {"buyer", "description", "cpv_main", "places"}


@pytest.mark.parametrize(
    ("kind", "refers_to", "expected"),
    [
        pytest.param("APPEL_OFFRE", None, set(WANTED), id="a call"),
        pytest.param("ATTRIBUTION", None, WITHOUT_ANSWER, id="an award has nothing to answer to"),
        pytest.param("RECTIFICATIF", "26-70000", set(), id="a correction leaves to its call what stays"),
        pytest.param("RECTIFICATIF", None, set(WANTED), id="a correction of nobody knows what"),
        pytest.param("ANNULATION", None, WITHOUT_ANSWER, id="a cancellation of nobody knows what"),
    ],
)
def test_what_is_missing_depends_on_what_a_notice_announces(kind, refers_to, expected):
    """
    Nobody is blamed for leaving out what nobody looks for in such a notice.
    """
    earlier = f"<ANNONCE_ANTERIEUR><IDWEB>{refers_to}</IDWEB></ANNONCE_ANTERIEUR>" if refers_to else ""
    document = f"""<ann><DONNEES><MAPA><initial/></MAPA></DONNEES><GESTION><REFERENCE><IDWEB>26-70001</IDWEB>{earlier}
    <TYPE_AVIS><NATURE><{kind}/></NATURE></TYPE_AVIS></REFERENCE><INDEXATION><RESUME_OBJET>Toiture</RESUME_OBJET>
    </INDEXATION></GESTION></ann>"""

    report = check("avis.xml", document.encode(), format="boamp")

    assert [set(missing) for missing in report.missing] == [expected]
