"""The page that tells a publisher what came of its documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerting.digests.check_page import MISSING, CheckedDocument, CheckedNotice, render_check_page
from alerting.digests.check_words import FIELDS, show_unreadable
from alerting.domain.feed import Reject
from alerting.domain.notice import (
    Buyer,
    Change,
    Lot,
    Normalisation,
    Notice,
    NoticeKind,
    RawChange,
    RawLot,
    RawMoney,
    RawNotice,
    RawPlace,
    RawTime,
)
from alerting.notices.normalise import is_lost, normalise
from alerting.pipeline.check import WANTED, WANTED_OF_ANOTHER, check


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
    html = page(notices=(CheckedNotice(NOTICE, ("cpv_main", "places")),))
    assert "Ville de Kerlann" in html
    assert "lundi 16\N{NO-BREAK SPACE}mars 2026" in html
    assert "encore 10\N{NO-BREAK SPACE}jours ouvrés" in html
    assert "le code CPV" in html
    assert "Tout ce qu’une entreprise cherche y est" not in html


def test_what_a_notice_says_is_text_and_its_links_are_checked():
    html = page(notices=(CheckedNotice(NOTICE),))
    assert "<b>" not in html
    assert "javascript:" not in html
    assert "Tout ce qu’une entreprise cherche y est" in html


def test_what_was_refused_is_shown_with_its_place():
    html = page(outcome="refused", rejects=(Reject("line 3", "not XML (the tag <item> is not closed)"),))
    # No line ends before a sign that belongs to the word before.
    quoted = "«\N{NO-BREAK SPACE}the tag &lt;item&gt; is not closed\N{NO-BREAK SPACE}»"
    assert f"<code>ligne 3</code> : ce n’est pas du XML ({quoted})" in html
    assert "non lu" in html


def test_every_wanted_fact_has_words_for_its_absence():
    assert {*WANTED, *WANTED_OF_ANOTHER} == set(MISSING)


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
        pytest.param(
            "RECTIFICATIF", "26-70000", {"changes"}, id="a correction leaves to its call what stays"
        ),
        pytest.param(
            "RECTIFICATIF", None, {*WANTED, *WANTED_OF_ANOTHER}, id="a correction of nobody knows what"
        ),
        pytest.param(
            "ANNULATION", None, WITHOUT_ANSWER | {"refers_to"}, id="a cancellation of nobody knows what"
        ),
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


BOAMP = """<ann><DONNEES><MAPA><initial><delais><receptionOffres>{day}</receptionOffres></delais></initial></MAPA>
</DONNEES><GESTION><REFERENCE><IDWEB>26-70001</IDWEB><TYPE_AVIS><NATURE><APPEL_OFFRE/></NATURE></TYPE_AVIS></REFERENCE>
<INDEXATION><RESUME_OBJET>Toiture</RESUME_OBJET><DATE_LIMITE_REPONSE>{day}</DATE_LIMITE_REPONSE></INDEXATION></GESTION></ann>"""
NO_DAY, NO_DATE = "a day that the calendar has", "ISO 8601 date, or date and time"


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        ("2026-02-30", NO_DAY),
        ("2026-10-12T25:00:00", NO_DAY),
        ("12/10/2026", NO_DATE),
        ("20261012", NO_DATE),
        ("2026-10-12 à midi", NO_DATE),
    ],
)
def test_a_deadline_that_cannot_be_read_is_not_one_that_is_not_stated(day, rule):
    """
    It was told as missing, in a document that was read as a whole: nobody would have looked for the slip.
    """
    report = check("avis.xml", BOAMP.format(day=day).encode(), format="boamp")

    assert report.unreadable == ((Normalisation("deadline_at", day, None, rule),),)
    assert (report.outcome, "deadline_at" in report.missing[0]) == ("partly", False)


def test_a_date_and_a_time_in_elements_of_their_own_are_shown_together():
    """
    So eForms and PLACSP state it.
    """
    document = (Path(__file__).parents[1] / "corpus/placsp/feed.xml").read_text()

    report = check(
        "feed.xml", document.replace("<cbc:EndDate>2026-04-01", "<cbc:EndDate>2026-02-30").encode()
    )

    [lost] = [entry for entries in report.unreadable for entry in entries]
    assert lost == Normalisation("deadline_at", "2026-02-30T14:00:00", None, NO_DAY)


def test_the_page_says_which_value_cannot_be_read_and_what_should_stand_there():
    lost = Normalisation("deadline_at", "2026-02-30", None, NO_DAY)

    html = page(outcome="partly", notices=(CheckedNotice(NOTICE, unreadable=(lost,)),))

    assert (
        "<strong>la date limite «&nbsp;2026-02-30&nbsp;»</strong> ne se lit pas : il fallait un jour et une heure qui existent."
    ) in html
    assert "lu en partie" in html
    assert "ne dit pas" not in html
    assert "Tout ce qu’une entreprise cherche y est" not in html


def test_the_page_does_not_deny_what_only_a_text_says():
    """
    A date in words that nobody foresaw is not read: the page cannot say that it is nowhere.
    """
    feed = "<rss version='2.0'><channel><item><title>Toiture</title><description>{}</description></item></channel></rss>"
    said = check("f", feed.format("Réponse attendue la veille de Noël 2026").encode())

    html = page(notices=tuple(map(CheckedNotice, said.notices, said.missing)))

    assert "<strong>la date limite</strong>" in html
    assert "Cet avis ne dit pas, ou seulement dans son texte :" in html


def test_every_value_that_can_be_lost_has_its_french_words():
    """
    What the field is called, and what was expected: of a notice in which nothing can be read.
    """
    bad = "pas lisible"
    place = RawPlace("FRÉ", bad, None, bad)
    years = RawTime("9999-12-31")
    raw = RawNotice(
        "f", "1", "T", published=years, nature=bad, cpv_main=bad, cpv_additional=(bad,), places=(place,),
        buyer_siret=bad, buyer_place=place, value=RawMoney(bad), deadlines=(RawTime(bad),),
        question_deadline=RawTime("2026-02-30"), visit=RawTime(bad), document_url=bad, submission_url=bad,
        notice_url=bad, lots=(RawLot("1", cpv_codes=(bad,), value=RawMoney(bad)),),
        changes=(RawChange("deadline_at", RawTime(bad), RawTime(bad)),),
    )  # fmt: skip

    lost = [entry for entry in normalise(raw).normalisations if is_lost(entry)]

    assert {entry.field for entry in lost} == set(FIELDS)
    assert [show_unreadable(entry) for entry in lost if "«" in show_unreadable(entry)[2]] == []


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(RawNotice("f", "1", "T", description="<p></p>", description_is_html=True), id="no text"),
        pytest.param(RawNotice("f", "1", "T", places=(RawPlace("00"),)), id="no place"),
        pytest.param(
            RawNotice("f", "1", "T", places=(RawPlace("UKM", postcode="NE27"),)), id="a place abroad"
        ),
        pytest.param(
            RawNotice("f", "1", "T", places=(RawPlace(postcode="NE27 0QJ"),)), id="a foreign postcode"
        ),
        pytest.param(
            RawNotice("f", "1", "T", buyer_siret="BE 0203.430", buyer_place=RawPlace(country="BEL")),
            id="a buyer abroad",
        ),
    ],
)
def test_what_states_nothing_or_is_not_of_france_is_no_value_that_was_lost(raw):
    notice = normalise(raw)

    assert [entry.after for entry in notice.normalisations] == [None]
    assert not any(map(is_lost, notice.normalisations))


def test_a_guid_that_is_a_mere_name_is_no_address_that_cannot_be_read():
    """
    RSS takes a guid for a link, and many write a number there.
    """
    feed = "<rss version='2.0'><channel><item><guid>{}</guid><title>Toiture</title></item></channel></rss>"

    named, linked = (check("f", feed.format(guid).encode()) for guid in ("urn:x:7", "https://x.example/7"))

    assert (named.outcome, named.unreadable, named.notices[0].source_id) == ("read", ((),), "urn:x:7")
    assert linked.notices[0].document_url == "https://x.example/7"


def test_the_page_of_a_correction_shows_what_it_changes_and_which_notice_it_corrects():
    """
    It said only that all that a firm looks for stands there.
    """
    correction = Notice(
        "boamp", "26-88085", None, NoticeKind.CORRECTION, "École", refers_to=("26-72398",),
        changes=(Change("deadline_at", "2026-09-15T10:00:00+00:00", "2026-09-22T10:00:00+00:00", "est reportée"),),
    )  # fmt: skip

    html = page(notices=(CheckedNotice(correction),)).replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")

    assert "<dt>Corrige</dt><dd>l’avis 26-72398</dd>" in html
    assert (
        "<strong>Date limite</strong> <dl> <dt>avant</dt><dd><del>mardi 15 septembre à 12 h</del></dd>"
        " <dt>après</dt><dd><ins>mardi 22 septembre à 12 h</ins></dd> </dl>"
        ' <p class="soft">«&nbsp;est reportée&nbsp;»</p>'
    ) in html
    assert "L’avis corrigé est nommé, et ce qui change se lit." in html
    assert "Tout ce qu’une entreprise cherche y est" not in html


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param({}, "aucun avis nommé ; nous ne savons pas lequel", id="nobody knows which"),
        pytest.param({"procedure_key": "p-1"}, "aucun avis nommé ; la procédure p-1", id="a procedure"),
        pytest.param(
            {"internal_reference": "MAPA 7"},
            "aucun avis nommé ; le numéro MAPA 7 de l’acheteur",
            id="a number",
        ),
        pytest.param({"refers_to": ("26-1", "26-2")}, "l’avis 26-1, 26-2", id="two numbers of one"),
    ],
)
def test_the_page_says_of_which_notice_another_speaks_or_that_nobody_can_tell(facts, said):
    cancellation = Notice("boamp", "26-8", None, NoticeKind.CANCELLATION, "École", **facts)

    html = page(notices=(CheckedNotice(cancellation),))

    assert f"<dt>Annule</dt><dd>{said}</dd>" in html
    assert "<dt>État</dt><dd>abandonné ou sans suite</dd>" in html


def test_the_page_says_which_lots_are_awarded_and_what_is_taken_back():
    lots = tuple(Lot(str(number)) for number in range(1, 23))
    award = Notice("boamp", "26-8", None, NoticeKind.AWARD, "École", lots=lots[:2])
    many = replace(award, lots=lots)
    back = replace(award, kind=NoticeKind.OTHER, lots=(), changes=(Change("kind", before="award"),))

    html = page(notices=tuple(map(CheckedNotice, (award, many, back))))

    assert "<dt>État</dt><dd>attribué : lot\N{NO-BREAK SPACE}1, lot\N{NO-BREAK SPACE}2</dd>" in html
    assert "lot\N{NO-BREAK SPACE}20, et 2\N{NO-BREAK SPACE}autres</dd>" in html
    assert "<dt>État</dt><dd>ne vaut plus : avis d’attribution</dd>" in html


def test_a_buyer_that_only_a_number_names_is_shown_and_its_name_is_missing():
    """
    It was neither shown nor missed.
    """
    document = b"""{"marches": [{"id": "1", "uid": "1", "objet": "Toiture", "acheteur": {"id": "21500222100012"}}]}"""

    report = check("decp.json", document)
    html = page(notices=tuple(map(CheckedNotice, report.notices, report.missing)))

    assert "buyer" in report.missing[0]
    assert "<dt>Acheteur</dt><dd>SIRET\N{NO-BREAK SPACE}21500222100012</dd>" in html
    assert "<strong>le nom de l’acheteur</strong>" in html


def test_a_document_that_was_read_and_in_which_something_is_missing_is_both():
    """
    "Read as a whole" stood alone, in green, above a list of what is missing.
    """
    html = page(notices=(CheckedNotice(NOTICE, ("cpv_main", "places")), CheckedNotice(NOTICE)))

    assert '<span class="badge read">lu en entier</span>' in html
    assert '<span class="badge partly">2\N{NO-BREAK SPACE}informations manquent</span>' in html
    assert "Dans 1\N{NO-BREAK SPACE}avis, il manque quelque chose." in html
    assert "manque" not in page(notices=(CheckedNotice(NOTICE),))


def test_no_text_of_a_document_fills_the_page():
    """
    A title of two million letters was printed as it is.
    """
    endless = "Toiture " * 250_000
    lots = tuple(Lot(str(number), title=endless) for number in range(30))
    lost = tuple(Normalisation("value", f"{number} {endless}", None, "x") for number in range(50))
    change = Change("text", endless, endless, endless)
    notice = replace(NOTICE, title=endless, buyer=Buyer(endless), lots=lots, changes=(change,) * 50)

    html = page(
        path=endless,
        notices=(CheckedNotice(notice, unreadable=lost),),
        rejects=(Reject(endless, endless),),
    )

    assert len(html) < 40_000
    assert "et 30 de plus." in html
    assert "et 10\N{NO-BREAK SPACE}autres" in html
