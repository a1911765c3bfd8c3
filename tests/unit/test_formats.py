"""Whatever bytes a feed serves, a parser gives a result or a FeedFormatError that says where."""

from __future__ import annotations

import gzip
import re
import tarfile
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, strategies as st

from alerting.digests.check_words import say_problem
from alerting.domain.notice import Clock, NoticeKind, RawChange, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats import FORMATS, next_page_of, parse
from alerting.feeds.formats.prose import find_new_deadlines
from alerting.notices.normalise import normalise


ANN = b'<jo:ann xmlns:jo="http://boamp.journal-officiel.gouv.fr/XML/3.2.5">'
FNSIMPLE = (
    ANN
    + """<DONNEES><FNSimple><organisme><nomOfficiel>Ville de Kerlann</nomOfficiel>
<codeIdentificationNational>175 900 034 00026</codeIdentificationNational><ville>Kerlann</ville><cp>35170</cp></organisme>
<initial><communication><urlDocConsul>https://achats.example.org/77</urlDocConsul></communication>
<procedure><dateReceptionOffres>2026-12-18T12:00:00+00:00</dateReceptionOffres></procedure>
<natureMarche><intitule>Toiture de l&amp;#039;école</intitule><codeCPV><objetPrincipal>
<classPrincipale>45261210</classPrincipale></objetPrincipal></codeCPV><natureMarche><travaux/></natureMarche>
<lieuExecution>KERLANN 35170</lieuExecution></natureMarche>
<lots><lot><description>Couverture ardoise</description></lot><lot><description>Zinguerie</description></lot></lots>
</initial></FNSimple></DONNEES><GESTION><REFERENCE><IDWEB>26-70001</IDWEB><TYPE_AVIS><NATURE><APPEL_OFFRE/></NATURE>
<STATUT><INITIAL/></STATUT></TYPE_AVIS></REFERENCE><INDEXATION><DATE_PUBLICATION>2026-11-20</DATE_PUBLICATION>
</INDEXATION></GESTION></jo:ann>""".encode()
)
PIECES = st.sampled_from(
    [
        b"<rss>",
        b"<feed>",
        b"<ann>",
        b"<ContractNotice>",
        b"</",
        b"<",
        b">",
        b"&",
        b"<item><title>x</title></item>",
    ]
    + [FNSIMPLE[start : start + 200] for start in range(0, len(FNSIMPLE), 200)]
)


def zipped(*entries: str) -> bytes:
    """Return a ZIP archive with one entry of a name, and of a content; without a name with none."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        if entries:
            archive.writestr(entries[0], "".join(entries[1:]))
    return packed.getvalue()


def tarred(name: str) -> bytes:
    """Return a tar of one empty file."""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return packed.getvalue()


@pytest.mark.parametrize("name", ["auto", *FORMATS])
@given(document=st.binary(max_size=200) | st.lists(PIECES, max_size=12).map(b"".join))
def test_no_document_surprises_a_parser(name, document):
    """
    Any bytes into any parser: notices that can be cleaned, or a FeedFormatError.
    """
    try:
        parsed = parse(document, feed_id="any", format=name)
    except FeedFormatError:
        return

    assert all(normalise(raw).title for raw in parsed.notices)


def test_a_boamp_notice_is_read_field_by_field():
    """
    The wall clock is Paris whatever the offset says, escapes are opened twice, the SIRET is closed up.
    """
    (raw,) = parse(FNSIMPLE, feed_id="boamp").notices
    notice = normalise(raw)

    assert (notice.source_id, notice.kind, notice.title) == (
        "26-70001",
        NoticeKind.CALL,
        "Toiture de l'école",
    )
    assert (notice.buyer.name, notice.buyer.siret, notice.buyer.departement) == (
        "Ville de Kerlann",
        "17590003400026",
        "35",
    )
    assert notice.deadline_at.isoformat() == "2026-12-18T11:00:00+00:00"
    assert [(lot.lot_id, lot.title) for lot in notice.lots] == [
        ("1", "Couverture ardoise"),
        ("2", "Zinguerie"),
    ]
    assert [(place.commune, place.departement) for place in notice.places] == [("KERLANN", "35")]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(b"", "feed 'f': document: empty; expected a feed", id="an empty body"),
        pytest.param(
            b"<!DOCTYPE html><html><body>Maintenance</body></html>",
            "feed 'f': line 1: an HTML page instead of a feed",
            id="an HTML error page served with status 200",
        ),
        pytest.param(
            b"<annuaire/>",
            f"feed 'f': top level: unknown format (got 'annuaire'); expected {', '.join(FORMATS)}",
            id="an unknown format",
        ),
        pytest.param(
            b'<!DOCTYPE ann [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><ann>&b;</ann>',
            "feed 'f': document type: defines entities; expected none",
            id="an entity bomb",
        ),
    ],
)
def test_a_document_that_cannot_be_read_says_where_and_why(document, message):
    """
    The whole error message is the contract: it is what the operator reads at night.
    """
    with pytest.raises(FeedFormatError) as caught:
        parse(document, feed_id="f")

    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["auto", *FORMATS])
@pytest.mark.parametrize(
    ("document", "kind"),
    [
        pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF document", id="PDF"),
        pytest.param(b"objet;acheteur\nToiture;Commune de Kerlann\n", "plain text", id="a table"),
        pytest.param(zipped("avis.xml"), "a ZIP archive", id="ZIP"),
        pytest.param(zipped(), "a ZIP archive", id="an empty ZIP"),
        pytest.param(zipped("[Content_Types].xml"), "an office document", id="Word, Excel"),
        pytest.param(
            zipped("mimetype", "application/vnd.oasis.opendocument.text"),
            "an office document",
            id="LibreOffice",
        ),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "an office document", id="Word of old"),
        pytest.param(b"{\\rtf1\\ansi Avis}", "an office document", id="RTF, which begins as JSON does"),
        pytest.param(gzip.compress(FNSIMPLE)[:-9], "a gzip archive", id="gzip, cut short"),
        pytest.param(b"\x1f\x8b\x08 no more", "a gzip archive", id="gzip, broken"),
        pytest.param(gzip.compress(tarred("1.xml")), "a gzip archive", id="a TED package"),
        pytest.param(gzip.compress(FNSIMPLE) * 2, "a gzip archive", id="gzip, two files"),
        pytest.param(gzip.compress(b" " * 50_000_001, 1), "a gzip archive", id="gzip, too much"),
        pytest.param(b"7z\xbc\xaf\x27\x1c\0\4", "an archive", id="7z"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "a picture", id="PNG"),
    ],
)
def test_what_is_no_feed_at_all_is_called_by_its_name(name, document, kind):
    """
    Whoever put a PDF where the feed should be reads so, whatever format was expected.
    """
    with pytest.raises(FeedFormatError) as caught:
        parse(document, feed_id="f", format=name)

    assert str(caught.value) == f"feed 'f': document: {kind}; expected a feed in XML or JSON"
    assert say_problem(caught.value.problem).endswith(" ; il fallait un flux, en XML ou en JSON")
    assert kind not in say_problem(caught.value.problem)


def test_a_document_that_is_packed_by_gzip_is_opened():
    """
    Some servers keep "avis.xml.gz" and hand it out as it lies there.
    """
    packed = gzip.compress(FNSIMPLE)
    page = b'{"releases": [{"ocid": "o"}], "links": {"next": "?page=2"}}'

    assert parse(packed, feed_id="f") == parse(FNSIMPLE, feed_id="f")
    assert next_page_of(gzip.compress(page), url="https://o.example/1") == "https://o.example/1?page=2"


@pytest.mark.parametrize("name", ["boamp-api", "decp", "json-feed", "ocds", "ted-api"])
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"[" * 100_000, id="lists without an end"),
        pytest.param(b'{"records":' * 5_000 + b"1" + b"}" * 5_000, id="objects"),
    ],
)
def test_json_that_is_nested_too_deeply_is_refused_in_our_words(name, document):
    """
    Nothing is said of Python's recursion, which nobody who publishes has heard of.
    """
    with pytest.raises(FeedFormatError) as caught:
        parse(document, feed_id="f", format=name)

    assert str(caught.value) == "feed 'f': document: nested too deeply; expected JSON of fewer levels"


def test_half_a_document_is_refused_by_line():
    """
    A transfer that broke off is one line with the place where the XML ends.
    """
    with pytest.raises(FeedFormatError) as caught:
        parse(FNSIMPLE[:700], feed_id="f")

    assert str(caught.value).startswith("feed 'f': line ")


def test_an_entry_without_title_does_not_lose_its_neighbours():
    """
    The entry that cannot be named is rejected by its position; the others are kept in order.
    """
    items = b"<item><guid>1</guid><title>Peinture</title></item><item><guid>2</guid></item><item><title>Sols</title></item>"

    parsed = parse(b'<rss version="2.0"><channel>' + items + b"</channel></rss>", feed_id="f")

    assert [raw.title for raw in parsed.notices] == ["Peinture", "Sols"]
    assert [(reject.where, reject.problem) for reject in parsed.rejects] == [
        ("entry 2", "expected a title (got none)")
    ]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("La date limite de remise des offres est reportée au 3 décembre 2026 à 17h.", "2026-12-03T17:00"),
        (
            "Date limite : lundi 5 octobre 2026 - 12 h 00 et non au jeudi 1er octobre 2026 - 12 h 00.",
            "2026-10-05T12:00",
        ),
        ("La date limite est le 3 décembre 2026 ou le 4 décembre 2026.", None),
        ("La visite aura lieu le 3 décembre 2026.", None),
        ("La date limite de remise des questions est fixée au 5 mars 2026 à 12h00.", None),
        ("Visite obligatoire avant la remise des offres, le 5 mars 2026 à 10h00.", None),
        ("La date limite de validité des offres est le 30 septembre 2026.", None),
        (
            "La date limite de réception des offres est reportée au 22/09/2026 pour le lot 2 : couverture.",
            "2026-09-22",
        ),
        ("La date limite de remise des offres du 3 mars 2026 est reportée à une date ultérieure.", None),
        (
            "La date limite de remise des offres, du 3 mars 2026, est reportée au 10 mars 2026 à 16 h 30.",
            "2026-03-10T16:30",
        ),
        ("La date limite de remise des plis est reportée au 31/02/2026 à 12h.", None),
        ("Date limite de réception des candidatures : 12/10/2026 à 14:00", "2026-10-12T14:00"),
        ("Date limite de réception des offres : 12/10/2026 à 14h00, heure de Paris", "2026-10-12T14:00"),
        (
            "Date limite de réception des offres : 12/10/2026 à 14h00 (heure de la métropole)",
            "2026-10-12T14:00",
        ),
        ("Date limite de réception des offres : 12/10/2026 à 14h00, heure de Cayenne", None),
        ("Date limite de réception des offres : 12/10/2026 à 14h00 (heure de La Réunion)", None),
        ("Date limite de réception des offres : 12/10/2026 à 14 heures locales (12h00 à Paris)", None),
        ("Date limite de réception des offres : 12/10/2026 à 14h00 heure locale", None),
        ("Date limite de réception des offres : 12/10/2026 à 14h00 (heure Guadeloupe)", None),
        ("La remise des offres est reportée du 05/10/2026 à 14h au 12/10/2026 à 14h.", "2026-10-12T14:00"),
    ],
)
def test_a_new_deadline_is_read_from_prose_or_not_at_all(text, after):
    """
    One new date in a sentence about the deadline is read; two that compete are not guessed at.
    """
    found = next(iter(find_new_deadlines(text)), None)

    assert (found.after if found is not None else None) == after


OFFERS = "<rubDelais>ReceptionOffres</rubDelais><auLieuDeDate>2026-10-05T12:00:00</auLieuDeDate>"
READ_ANEW = RawChange(
    "deadline_at",
    before=RawTime("2026-10-05T12:00", Clock.PARIS),
    after=RawTime("2026-10-12T12:00", Clock.PARIS),
    evidence="Date limite de réception des offres : au lieu du 05/10/2026 à 12h00, lire 12/10/2026 à 12h00.",
)


@pytest.mark.parametrize(
    ("corrections", "expected"),
    [
        pytest.param(f"{OFFERS}<lireDate>2026-10-12T12:00:00</lireDate>", READ_ANEW, id="bare"),
        pytest.param(
            f"<delai>{OFFERS}<lireDate>2026-10-12T12:00:00.000+02:00</lireDate></delai>"
            "<ajouter>Une annexe est jointe au dossier.</ajouter>",
            READ_ANEW,
            id="beside words, with an offset of BOAMP's",
        ),
        pytest.param(
            f"<delai>{OFFERS}<lireDate>2026-10-12T12:00:00</lireDate></delai>"
            "<delai><rubDelais>DateVisite</rubDelais><lireDate>2026-09-30T09:00:00</lireDate></delai>",
            READ_ANEW,
            id="beside another date",
        ),
        pytest.param(f"{OFFERS}<lireDate>2026-10-12T12:00:00</lireDate>{OFFERS}<lireDate>2026-10-13T12:00:00</lireDate>", None, id="two that compete"),
        pytest.param(
            f"<delai>{OFFERS}<lireDate>2026-10-12T12:00:00</lireDate></delai>"
            "<ajouter>La date limite de réception des offres est reportée au 15/10/2026 à 12h.</ajouter>",
            None,
            id="against the words beside it",
        ),
        pytest.param(
            f"<ajouter>Ne concerne que le lot 2.</ajouter><delai>{OFFERS}<lireDate>2026-10-12T12:00:00</lireDate></delai>",
            None,
            id="of one lot",
        ),
        pytest.param("<rubDelais>DateVisite</rubDelais><lireDate>2026-10-12T12:00:00</lireDate>", None, id="of a visit"),
        pytest.param("<rubDelais>Inconnu</rubDelais><lireDate>2026-10-12T12:00:00</lireDate>", None, id="of who knows what"),
        pytest.param(OFFERS, None, id="nothing to read instead"),
    ],
)  # fmt: skip
def test_a_correction_made_of_fields_tells_its_deadline_or_its_words(corrections, expected):
    """
    BOAMP writes "instead of" and "read" as two dates under a heading, as well as in prose; both sides of
    the same rules, so a rival, a lot or another heading leaves the words alone.
    """
    document = f"""<ann><DONNEES><MAPA><rectificatif><description><objet>Toiture</objet></description>
    <infosRectif>{corrections}</infosRectif></rectificatif></MAPA></DONNEES><GESTION><REFERENCE><IDWEB>26-2</IDWEB>
    <TYPE_AVIS><NATURE><RECTIFICATIF/></NATURE></TYPE_AVIS></REFERENCE></GESTION></ann>"""

    (notice,) = parse(document.encode(), feed_id="boamp").notices

    (change,) = notice.changes
    assert (change if change.field == "deadline_at" else None) == expected


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        pytest.param("result", ("629134-2023",), id="a result names its call"),
        pytest.param("competition", (), id="a call names a plan, which others may have in common"),
    ],
)
def test_an_eforms_result_names_the_earlier_notice_of_its_procedure(listed, expected):
    """
    OPP-090: the call of 2023 was published in the format before eForms, without the procedure's key (BT-04).
    """
    document = f"""<ContractAwardNotice><ID>1</ID><NoticeTypeCode listName="{listed}">x</NoticeTypeCode>
    <TenderingProcess><NoticeDocumentReference><ID schemeName="notice-id-ref">00629134-2023</ID></NoticeDocumentReference>
    </TenderingProcess><ProcurementProject><Name>Toiture</Name></ProcurementProject></ContractAwardNotice>"""

    (notice,) = parse(document.encode(), feed_id="ted").notices

    assert notice.refers_to == expected


def test_what_mapa_says_beside_its_object_is_read():
    """
    The object is the title; characteristics and complements are the description, silence is none.
    """
    mapa = ANN.decode() + (
        "<DONNEES><MAPA><organisme><acheteurPublic>Ville de Kerlann</acheteurPublic></organisme><initial>"
        "<description><objet>Mur de l'école</objet></description>"
        "<caracteristiques><principales>Moellons hourdés à la chaux</principales><variantes><non/></variantes></caracteristiques>"
        "<renseignements><idMarche>K-7</idMarche><rensgComplt>Visite le matin</rensgComplt></renseignements>"
        "</initial></MAPA></DONNEES><GESTION><REFERENCE><IDWEB>26-70002</IDWEB></REFERENCE></GESTION></jo:ann>"
    )
    bare = re.sub("<caracteristiques>.*</renseignements>", "", mapa)

    read, alone = (parse(text.encode(), feed_id="boamp").notices[0] for text in (mapa, bare))

    assert (read.title, read.internal_reference) == ("Mur de l'école", "K-7")
    assert read.description == "Moellons hourdés à la chaux\nVisite le matin"
    assert (alone.description, alone.internal_reference) == (None, None)


def test_a_visit_that_fnsimple_tells_in_words_is_read():
    """
    Its words are part of the description, its date a date; of several dates only the words are told.
    """
    visit = "<informComplementaire><oui><visiteDetail>Visite obligatoire le 1/12/2026 à 9h.</visiteDetail></oui></informComplementaire>"
    document = FNSIMPLE.decode().replace("</initial>", f"{visit}</initial>")
    several = document.replace("à 9h.", "à 9h ou le 2/12/2026.")

    one, two = (normalise(parse(text.encode(), feed_id="f").notices[0]) for text in (document, several))

    assert (one.description, one.visit_at.isoformat()) == (
        "Visite obligatoire le 1/12/2026 à 9h.",
        "2026-12-01T08:00:00+00:00",
    )
    assert (two.description, two.visit_at) == ("Visite obligatoire le 1/12/2026 à 9h ou le 2/12/2026.", None)


def boamp_kind(nature: str, status: str, results: str = "") -> NoticeKind:
    """Return the kind of a MAPA of a nature and status, with the results of its lots."""
    document = f"""<ann><DONNEES><MAPA><organisme><acheteurPublic>Ville</acheteurPublic></organisme><attribution><description>
    <objet>Toiture</objet></description><attribution>{results}</attribution></attribution></MAPA></DONNEES><GESTION><REFERENCE>
    <IDWEB>26-1</IDWEB><TYPE_AVIS><NATURE><{nature}/></NATURE><STATUT><{status}/></STATUT></TYPE_AVIS></REFERENCE></GESTION></ann>"""
    (raw,) = parse(document.encode(), feed_id="boamp").notices
    return raw.kind


def test_a_corrected_award_is_an_award():
    """
    Else a purchase that is over would be told as an open one.
    """
    assert boamp_kind("ATTRIBUTION", "RECTIFICATIF") is NoticeKind.AWARD
    assert boamp_kind("APPEL_OFFRE", "RECTIFICATIF") is NoticeKind.CORRECTION
    assert boamp_kind("MODIFICATION", "RECTIFICATIF") is NoticeKind.OTHER


def test_a_purchase_is_over_when_no_lot_found_a_firm():
    """
    One lot "sans suite" beside an awarded one is an award; all of them end it.
    """
    awarded, ended = "<resultat><titulaire/></resultat>", "<resultat><sansSuite/></resultat>"

    assert boamp_kind("ATTRIBUTION", "INITIAL", awarded + ended) is NoticeKind.AWARD
    assert boamp_kind("ATTRIBUTION", "INITIAL", ended + ended) is NoticeKind.CANCELLATION


@pytest.mark.parametrize(
    ("answer", "is_reserved"), [("<oui/>", True), ("<non/>", False), ("<peut-etre/>", None), ("", None)]
)
def test_boamp_says_whether_a_contract_is_reserved(answer, is_reserved):
    """
    By the name of an element, as it says everything of that kind.
    """
    stated = f"<reservationMarche>{answer}</reservationMarche></natureMarche>\n<lots>".encode()
    (raw,) = parse(FNSIMPLE.replace(b"</natureMarche>\n<lots>", stated), feed_id="boamp").notices

    assert normalise(raw).is_reserved is is_reserved


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        pytest.param([("reserved-procurement", "none")], (False, None), id="not reserved"),
        pytest.param([("reserved-procurement", "res-ws")], (True, None), id="to sheltered workshops"),
        pytest.param(
            [("reserved-procurement", "res-pub-ser")], (True, None), id="to bodies of a public mission"
        ),
        pytest.param([("reserved-procurement", "")], (None, None), id="blank"),
        pytest.param([("missing-info-submission", "none")], (None, None), id="another list's none"),
        pytest.param([("tender-guarantee-required", "true")], (None, True), id="a guarantee"),
        pytest.param([("tender-guarantee-required", "false")], (None, False), id="no guarantee"),
    ],
)
def test_an_eforms_lot_says_who_alone_may_answer_and_what_an_offer_needs(terms, expected):
    """
    BT-71 and BT-751, each told by the name of its list; of another lot nothing is said.
    """
    stated = "".join(
        f"""<TendererQualificationRequest><SpecificTendererRequirement><TendererRequirementTypeCode listName="{name}">
        {code}</TendererRequirementTypeCode></SpecificTendererRequirement></TendererQualificationRequest>
        <RequiredFinancialGuarantee><GuaranteeTypeCode listName="{name}">{code}</GuaranteeTypeCode>
        </RequiredFinancialGuarantee>"""
        for name, code in terms
    )
    document = f"""<ContractNotice><ID>1</ID><ProcurementProject><Name>Toiture</Name></ProcurementProject>
    <ProcurementProjectLot><ID schemeName="Lot">LOT-0001</ID><TenderingTerms>{stated}</TenderingTerms>
    </ProcurementProjectLot><ProcurementProjectLot><ID schemeName="Lot">LOT-0002</ID></ProcurementProjectLot>
    </ContractNotice>"""
    (raw,) = parse(document.encode(), feed_id="ted").notices

    lots = [(lot.is_reserved, lot.asks_deposit) for lot in normalise(raw).lots]
    assert lots == [expected, (None, None)]


def eforms_kind(listed: str, extension: str) -> NoticeKind:
    """Return the kind of an eForms notice with an extension."""
    document = f"""<ContractAwardNotice><UBLExtensions><UBLExtension><ExtensionContent><EformsExtension>{extension}
    </EformsExtension></ExtensionContent></UBLExtension></UBLExtensions><ID>1</ID><NoticeTypeCode listName="{listed}">x
    </NoticeTypeCode><ProcurementProject><Name>Toiture</Name></ProcurementProject></ContractAwardNotice>"""
    (raw,) = parse(document.encode(), feed_id="ted").notices
    return raw.kind


def test_an_eforms_result_stays_one_when_it_is_changed_and_ends_when_nobody_won():
    """
    BT-758 on a result; BT-142 of every lot.
    """
    changed = "<Changes><ChangedNoticeIdentifier>1</ChangedNoticeIdentifier></Changes>"
    won, lost = (
        f"<LotResult><TenderResultCode>{code}</TenderResultCode></LotResult>"
        for code in ("selec-w", "clos-nw")
    )

    assert eforms_kind("result", changed) is NoticeKind.AWARD
    assert eforms_kind("competition", changed) is NoticeKind.CORRECTION
    assert eforms_kind("result", f"<NoticeResult>{won}{lost}</NoticeResult>") is NoticeKind.AWARD
    assert eforms_kind("result", f"<NoticeResult>{lost}{lost}</NoticeResult>") is NoticeKind.CANCELLATION


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("json-feed", '{"version": "https://jsonfeed.org/version/1.1", "items": [], "next_url": "http://["}'),
        ("ocds", '{"releases": [], "links": {"next": "http://["}}'),
        ("placsp", '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="http://[/x"/></feed>'),
    ],
)
def test_a_next_page_without_an_address_is_the_end(name, document):
    """
    One feed's broken link once stopped the fetching of all.
    """
    assert next_page_of(document.encode(), url="https://a.example/feed", format=name) is None
