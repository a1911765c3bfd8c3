"""Whole documents, damaged as networks and people damage them: every parser says what it could not read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from alerting.domain.notice import RawNotice
from alerting.errors import FeedFormatError
from alerting.feeds.formats import FORMATS, next_page_of, parse
from alerting.feeds.formats.xml import HTML_START
from alerting.notices.normalise import normalise
from alerting.pipeline.check import check


RSS = (
    "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
    "<title>Avis</title><item><guid>1</guid><title>Réfection de la toiture</title><link>https://kerlann.example/1</link>"
    "<pubDate>Mon, 02 Mar 2026 06:00:00 GMT</pubDate><dc:location>22 - Kerlann</dc:location></item>"
    "<item><guid>2</guid><title>Menuiserie</title><description>Portes &amp; fenêtres</description></item></channel></rss>"
)
BOAMP = """<jo:ann xmlns:jo="http://boamp.journal-officiel.gouv.fr/XML/3.2.5"><DONNEES><MAPA><organisme><nomOfficiel>Ville
de Kerlann</nomOfficiel><cp>22350</cp></organisme><initial><description><objet>Toiture</objet></description><lots><lot>
<description>Ardoise</description></lot></lots><delais><receptionOffres>2026-12-18T12:00:00</receptionOffres></delais>
</initial></MAPA></DONNEES><GESTION><REFERENCE><IDWEB>26-70001</IDWEB><TYPE_AVIS><NATURE><APPEL_OFFRE/></NATURE></TYPE_AVIS>
</REFERENCE><INDEXATION><DATE_PUBLICATION>2026-11-20</DATE_PUBLICATION><RESUME_OBJET>Toiture</RESUME_OBJET></INDEXATION>
</GESTION></jo:ann>"""
EFORMS = """<ContractNotice xmlns="urn:oasis:names:specification:ubl:schema:xsd:ContractNotice-2"
xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID schemeName="notice-id">170f9daa-0000-4d4e-a60f-66d3f5c8da5a</cbc:ID><cbc:ContractFolderID>k-1</cbc:ContractFolderID>
<cbc:IssueDate>2026-01-15+01:00</cbc:IssueDate><cbc:IssueTime>16:27:00+01:00</cbc:IssueTime><cbc:VersionID>01</cbc:VersionID>
<cbc:NoticeTypeCode listName="competition">cn-standard</cbc:NoticeTypeCode><cbc:NoticeLanguageCode>FRA</cbc:NoticeLanguageCode>
<cac:ProcurementProject><cbc:Name languageID="FRA">Toiture</cbc:Name><cac:RequestedTenderTotal>
<cbc:EstimatedOverallContractAmount currencyID="EUR">1000</cbc:EstimatedOverallContractAmount></cac:RequestedTenderTotal>
</cac:ProcurementProject><cac:ProcurementProjectLot><cbc:ID schemeName="Lot">LOT-0001</cbc:ID></cac:ProcurementProjectLot>
</ContractNotice>"""
PAGE = "<html><title>Index of /</title><a href='a.xml'>a</a> <a href='b.xml?x'>b</a></html>"
CORPUS = Path(__file__).parents[1] / "corpus"
# One document that is whole of every format, by its name.
SEEDS = {
    "rss": RSS,
    "boamp": BOAMP,
    "eforms": EFORMS,
    "index-page": PAGE,
    **{
        name: (CORPUS / name / file).read_text(encoding="utf-8")
        for name, file in {
            "boamp-api": "page.json",
            "boamp-v230": "call-with-lots.xml",
            "decp": "contracts.json",
            "json-feed": "feed.json",
            "ocds": "package.json",
            "placsp": "feed.xml",
            "ted-api": "answer.json",
            "ted-export": "call-with-lots.xml",
        }.items()
    },
}
WHOLE = [text.encode() for text in SEEDS.values()]
ENCODINGS = ["utf-8", "windows-1252", "utf-16", "utf-16-le", "utf-32", "cp037"]


def damaged(document: bytes, *, cut: slice, paste: bytes, encoding: str) -> bytes:
    """Return a document in another encoding, with some of its bytes replaced by others."""
    encoded = document.decode().encode(encoding, "replace")
    return encoded[: cut.start] + paste + encoded[cut.stop :]


DAMAGED = st.builds(
    damaged,
    st.sampled_from(WHOLE),
    cut=st.tuples(st.integers(0, 8000), st.integers(0, 600)).map(lambda pair: slice(pair[0], sum(pair))),
    paste=st.binary(max_size=8)
    | st.text(max_size=4).map(str.encode)
    | st.sampled_from(
        [
            b"",
            b"&nbsp;",
            b"<",
            b"-->",
            b"<![CDATA[",
            b"\0",
            b"<![if x",
            b"<!x [",
            b"<?",
            b"<!--",
            b"&#x",
            b"&#99999999999;",
            b"</",
            b"9" * 5000,
            b"0001-01-01",
            b"1e999",
        ]
    ),
    encoding=st.sampled_from(ENCODINGS),
)


def test_every_format_has_a_document_that_is_damaged_here():
    """
    A new format comes with its seed, and each seed says something to its parser.
    """
    assert sorted(SEEDS) == sorted(FORMATS)
    for name, text in SEEDS.items():
        parsed = parse(text.encode(), feed_id="any", format=name)
        assert parsed.notices or parsed.links, name


@pytest.mark.parametrize("name", ["auto", *FORMATS])
@given(document=DAMAGED)
def test_no_damage_surprises_a_parser(name, document):
    """
    Notices that can be cleaned and rejects of one line, or a FeedFormatError of one line.
    """
    notices, problems = outcome_of(document, name)

    assert all(normalise(raw).title for raw in notices)
    assert [problem for problem in problems if len(problem.splitlines()) != 1] == []


ADDRESSES = st.sampled_from(
    [
        "https://kerlann.example/avis",
        "https://kerlann.example/records?limit=100&offset=9950&order_by=dateparution+desc",
        "https://kerlann.example/records?offset=" + "9" * 5000,
        "https://kerlann.example/records?offset=\u0663&offset=-1&q=%ff%00;&&=",
        "https://[kerlann/avis",
        "",
    ]
)
NEXT = [b'"next"', b'"next_url"', b"rel=", b"href=", b'"total_count"', b'"iterationNextToken"', b'"limit":']


@pytest.mark.parametrize("name", ["auto", *FORMATS])
@given(
    document=DAMAGED
    | st.binary(max_size=60)
    | st.lists(st.sampled_from(NEXT) | st.binary(max_size=4)).map(b"".join),
    url=ADDRESSES,
)
def test_no_damage_surprises_who_looks_for_the_next_page(name, document, url):
    """
    An address that is text, or none: whatever the bytes of the page, and whatever address it came from.
    """
    found = next_page_of(document, url=url, format=name)

    assert found is None or (isinstance(found, str) and found != "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("boamp-api", "https://kerlann.example/avis?offset=6"),
        ("json-feed", "https://kerlann.example/avis.json?page=2"),
        ("ocds", "https://kerlann.example/releases?page=2"),
        ("ted-api", "https://kerlann.example/avis?iterationNextToken=abc%2B%2F%3D"),
        ("placsp", "https://kerlann.example/feed_2.atom"),
    ],
)
def test_a_whole_page_leads_to_the_next(name, expected):
    """
    The property above is about parsers that do find an address.
    """
    assert next_page_of(SEEDS[name].encode(), url="https://kerlann.example/avis", format=name) == expected


def outcome_of(document: bytes, name: str) -> tuple[tuple[RawNotice, ...], list[str]]:
    """Return the notices that a parser found, and every problem that it stated."""
    try:
        parsed = parse(document, feed_id="any", format=name)
    except FeedFormatError as error:
        return (), [str(error)]
    return parsed.notices, [reject.problem for reject in parsed.rejects]


@given(document=DAMAGED | st.binary(max_size=60))
def test_no_damage_surprises_a_check(document):
    """
    A publisher gets an answer whatever the file is; what is not whole always says why.
    """
    report = check("avis.xml", document)

    assert report.outcome in {"read", "partly", "refused"}
    assert (report.outcome == "read") == (not report.rejects and not any(report.unreadable))


@pytest.mark.parametrize(
    "document", [pytest.param(text, id=str(number)) for number, text in enumerate(WHOLE[:3])]
)
def test_a_document_that_breaks_off_anywhere_says_so(document):
    """
    Wherever it is cut, something is rejected, and no half title is read for a whole one.
    """
    for size in range(len(document)):
        report = check("avis.xml", document[:size])

        assert report.rejects != (), document[:size]
        assert {notice.title for notice in report.notices} <= {"Réfection de la toiture", "Menuiserie"}


def test_a_feed_that_breaks_off_keeps_the_entries_before():
    """
    The entry where it breaks off is rejected by its number.
    """
    document = RSS.encode()

    report = check("avis.xml", document[: document.index(b"<description>") + 20])

    assert [notice.title for notice in report.notices] == ["Réfection de la toiture"]
    assert [(reject.where, reject.problem) for reject in report.rejects] == [
        ("entry 2", "cut short with its document; expected a whole entry")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16"])
def test_a_feed_in_another_encoding_than_it_says_is_read_all_the_same(encoding):
    """
    Feeds that lie about their encoding are many, and their words can still be told.
    """
    report = check("avis.xml", RSS.encode(encoding))

    assert (report.format, report.outcome) == ("rss", "read")
    assert [notice.title for notice in report.notices] == ["Réfection de la toiture", "Menuiserie"]


@pytest.mark.parametrize("name", ["\0utf-8", "\x80utf-8", "idna", "undefined", "zlib", "é", "utf-8 x"])
def test_an_encoding_that_is_none_is_one_line_or_read_all_the_same(name):
    """
    A name with a null in it, or of a codec that is no encoding, once ended the run.
    """
    document = RSS.replace("'UTF-8'", f"'{name}'", 1).encode("latin-1")

    report = check("avis.xml", document, format="rss")

    assert (report.outcome == "read", report.rejects == ()) in {(True, True), (False, False)}
    assert all(len(reject.problem.splitlines()) == 1 for reject in report.rejects)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_feed_that_defines_entities_is_refused(encoding):
    """
    Nothing of it is unfolded, in whatever encoding it hides them.
    """
    entities = "<!DOCTYPE rss [<!ENTITY a 'toiture'><!ENTITY b '&a;&a;&a;&a;'>]>"
    document = RSS.replace("<rss", entities + "<rss", 1).replace("Menuiserie", "&b;").encode(encoding)

    with pytest.raises(FeedFormatError, match=r"^feed 'f': document type: defines entities; expected none$"):
        parse(document, feed_id="f", format="rss")


def test_a_page_that_opens_with_very_many_comments_is_told_apart_at_once():
    """
    The pattern looks at each comment once; with backtracking this would take longer than the universe has.
    """
    assert HTML_START.match(b"<!-- -->" * 5000 + b"<html>") is not None
    assert HTML_START.match(b"<!-- -->" * 5000 + b"<rss>") is None
