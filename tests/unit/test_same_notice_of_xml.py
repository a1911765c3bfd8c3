"""Metamorphic: the XML of one notice in other legitimate spellings, or as an API's JSON, is the same notice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from alerting.domain.notice import Notice, NoticeKind
from alerting.feeds.formats import parse
from alerting.notices.normalise import normalise


CORPUS = Path(__file__).parents[1] / "corpus"
OASIS = "urn:oasis:names:specification:ubl:schema:xsd:"
EFORMS = f"""<ContractNotice xmlns="{OASIS}ContractNotice-2" xmlns:cac="{OASIS}CommonAggregateComponents-2"
 xmlns:cbc="{OASIS}CommonBasicComponents-2" xmlns:ext="{OASIS}CommonExtensionComponents-2"
 xmlns:efac="http://data.europa.eu/p27/eforms-ubl-extension-aggregate-components/1"
 xmlns:efext="http://data.europa.eu/p27/eforms-ubl-extensions/1"><ext:UBLExtensions><ext:UBLExtension><ext:ExtensionContent>
<efext:EformsExtension><efac:Organizations><efac:Organization><efac:Company>
<cac:PartyIdentification><cbc:ID>ORG-1</cbc:ID></cac:PartyIdentification>
<cac:PartyName><cbc:Name languageID="ENG">Town of Kerlann</cbc:Name><cbc:Name languageID="FRA">Ville de Kerlann</cbc:Name></cac:PartyName>
<cac:PostalAddress><cbc:CityName>Kerlann</cbc:CityName><cbc:PostalZone>35170</cbc:PostalZone></cac:PostalAddress>
</efac:Company></efac:Organization></efac:Organizations></efext:EformsExtension></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>
<cbc:CustomizationID>eforms-sdk-1.13</cbc:CustomizationID><cbc:ID schemeName="notice-id">n-1</cbc:ID>
<cbc:ContractFolderID>k-1</cbc:ContractFolderID><cbc:IssueDate>2026-09-15+02:00</cbc:IssueDate><cbc:IssueTime>12:00:00+02:00</cbc:IssueTime>
<cbc:VersionID>01</cbc:VersionID><cbc:NoticeTypeCode listName="competition">cn-standard</cbc:NoticeTypeCode>
<cbc:NoticeLanguageCode listName="language">ENG</cbc:NoticeLanguageCode>
<cac:AdditionalNoticeLanguage><cbc:ID>FRA</cbc:ID></cac:AdditionalNoticeLanguage>
<cac:ContractingParty><cac:Party><cac:PartyIdentification><cbc:ID>ORG-1</cbc:ID></cac:PartyIdentification></cac:Party></cac:ContractingParty>
<cac:ProcurementProject><cbc:ID>2026-T04</cbc:ID><cbc:Name languageID="ENG">Roof</cbc:Name><cbc:Name languageID="FRA">Toiture de l’école</cbc:Name>
<cbc:ProcurementTypeCode>works</cbc:ProcurementTypeCode><cac:MainCommodityClassification>
<cbc:ItemClassificationCode listName="cpv">45261210</cbc:ItemClassificationCode></cac:MainCommodityClassification></cac:ProcurementProject>
<cac:ProcurementProjectLot><cbc:ID schemeName="Lot">LOT-0001</cbc:ID><cac:TenderingProcess><cac:TenderSubmissionDeadlinePeriod>
<cbc:EndDate>2026-10-12+02:00</cbc:EndDate><cbc:EndTime>12:00:00+02:00</cbc:EndTime></cac:TenderSubmissionDeadlinePeriod></cac:TenderingProcess>
<cac:ProcurementProject><cbc:Name languageID="FRA">Couverture</cbc:Name></cac:ProcurementProject></cac:ProcurementProjectLot>
</ContractNotice>"""  # fmt: skip
DOCUMENTS = {
    "eForms": EFORMS,
    "BOAMP 230": (CORPUS / "boamp-v230" / "call-with-lots.xml").read_text("iso-8859-1"),
    "TED": (CORPUS / "ted-export" / "call-with-lots.xml").read_text("utf-8"),
    "PLACSP": (CORPUS / "placsp" / "feed.xml").read_text("utf-8"),
}


def read(document: bytes) -> list[Notice]:
    """Return the notices of a document, cleaned."""
    return [normalise(raw) for raw in parse(document, feed_id="f").notices]


def bare(document: str) -> str:
    """Return a document without its declaration, which names the encoding."""
    return re.sub(r"^\s*<\?xml[^>]*\?>\s*", "", document)


def declared(document: str, encoding: str) -> bytes:
    """Write a document in an encoding, what that lacks as numbers."""
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n{bare(document)}'
    return text.encode(encoding, "xmlcharrefreplace")


def with_other_prefixes(document: str) -> bytes:
    """Call every namespace otherwise."""
    for prefix in set(re.findall(r"xmlns:([\w-]+)=", document)) - {"xsi", "xlink"}:
        document = re.sub(rf"(</?){prefix}:", rf"\1{prefix}7:", document)
        document = document.replace(f"xmlns:{prefix}=", f"xmlns:{prefix}7=")
    return bare(document).encode()


def on_lines_of_their_own(document: str) -> bytes:
    """Put texts of fields on lines of their own, as programs do that lay out what they write."""
    return re.sub(r">([^<>\s][^<>]*)</(?!P>|FT>)", r">\n    \1\n  </", bare(document)).encode()


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda document: bare(document).encode(),
    "a mark of UTF-8": lambda document: bare(document).encode("utf-8-sig"),
    "UTF-16": lambda document: declared(document, "utf-16"),
    "ISO-8859-1": lambda document: declared(document, "iso-8859-1"),
    "Windows-1252": lambda document: declared(document, "windows-1252"),
    "ASCII": lambda document: declared(document, "us-ascii"),
    "other prefixes": with_other_prefixes,
    "on lines of their own": on_lines_of_their_own,
    "single quotes": lambda document: re.sub(r'="([^"\']*)"', r"='\1'", bare(document)).encode(),
    "comments": lambda document: bare(document).replace("><", "><!-- - --><").encode(),
    "fractions of a second": lambda document: re.sub(r"(Time>\d\d:\d\d:\d\d)", r"\1.000", bare(document)).encode(),
    "no seconds": lambda document: re.sub(r"(Time>\d\d:\d\d):00", r"\1", bare(document)).encode(),
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_notice_in_xml_is_the_same_in_every_spelling(name, spelling):
    """
    XML has many ways to say one thing, and publishers' programs use them all.
    """
    document = DOCUMENTS[name]

    found = read(SPELLINGS[spelling](document))

    assert len(found) > 0
    assert found == read(bare(document).encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("eforms-sdk-1.13", "eforms-sdk-1.3", id="another version of the SDK"),
        pytest.param(' listName="competition"', "", id="the form without its name"),
        pytest.param("2026-10-12+02:00", "2026-10-12", id="a day without an offset"),
        pytest.param(">12:00:00+02:00</cbc:EndTime>", ">12:00:00</cbc:EndTime>", id="an hour without an offset"),
        pytest.param(">12:00:00+02:00</cbc:EndTime>", ">10:00:00Z</cbc:EndTime>", id="an hour of Greenwich"),
        pytest.param(
            '<cbc:Name languageID="ENG">Roof</cbc:Name><cbc:Name languageID="FRA">Toiture de l’école</cbc:Name>',
            '<cbc:Name languageID="FRA">Toiture de l’école</cbc:Name><cbc:Name languageID="ENG">Roof</cbc:Name>',
            id="French first",
        ),
        pytest.param(f'xmlns="{OASIS}ContractNotice-2"', "", id="BOAMP's root without a namespace"),
        pytest.param(OASIS, "urn:boamp:names:specification:ubl:schema:xsd:", id="BOAMP's namespaces"),
    ],
)  # fmt: skip
def test_an_eforms_notice_is_the_same_in_every_dialect(old, new):
    """
    Versions, languages and clocks differ from platform to platform.
    """
    assert old in EFORMS
    [expected] = read(EFORMS.encode())

    [notice] = read(EFORMS.replace(old, new).encode())

    assert notice == expected
    assert (notice.kind, notice.title, notice.buyer.name) == (
        NoticeKind.CALL,
        "Toiture de l’école",
        "Ville de Kerlann",
    )
    assert notice.deadline_at.isoformat() == "2026-10-12T10:00:00+00:00"


def as_json(element: etree._Element) -> object:
    """Write an element as BOAMP's API does: "@" before an attribute, "#text" beside it."""
    found: dict[str, object] = {f"@{name}": value for name, value in element.attrib.items()}
    text = (element.text or "").strip()
    if len(element) == 0:
        return {**found, "#text": text} if found and text else found or text or None
    for child in element:
        name, value = etree.QName(child).localname, as_json(child)
        known = found.get(name)
        several = known if isinstance(known, list) else [known]
        found[name] = [*several, value] if name in found else value
    return found


@pytest.mark.parametrize("is_opened", [True, False])
@pytest.mark.parametrize("name", ["call-with-lots", "award-of-nothing"])
def test_a_record_of_the_api_is_the_notice_of_the_flux(name, is_opened):
    """
    Mirrors hand out the strings of JSON opened.
    """
    document = (CORPUS / "boamp-v230" / f"{name}.xml").read_bytes()
    parser = etree.XMLParser(remove_comments=True)
    parts = {part.tag.lower(): as_json(part) for part in etree.fromstring(document, parser)}
    fields = parts if is_opened else {field: json.dumps(part) for field, part in parts.items()}

    assert read(json.dumps([{"idweb": "17-1", **fields}]).encode()) == read(document)
