"""What reading an eForms notice costs, beside libxml2's parse of the same bytes.

In:   nothing: eForms documents of several sizes, made here with invented texts; or a folder of real ones.
Out:  what was measured, in lines; with --json the last line is one object.

Like with like: both begin with the bytes in hand.  Ours: the format told by how the document begins, parsed,
read field by field and cleaned into a notice.  Peer: libxml2 alone, through lxml with the same settings, in turns
with ours, document by document.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from time import process_time

from lxml import etree

from alerting.feeds.formats import parse
from alerting.notices.normalise import normalise


GOAL = 0.625
"""Libxml2's time to ours: to take no more than 1.6 times as long."""
LOTS = (1, 4, 12, 40)
TEXT = "Réfection de la toiture en ardoise naturelle, zinguerie et évacuation des eaux pluviales du bâtiment communal. "
NAMESPACES = (
    'xmlns="urn:oasis:names:specification:ubl:schema:xsd:ContractNotice-2" '
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" '
    'xmlns:ext="urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2" '
    'xmlns:efac="http://data.europa.eu/p27/eforms-ubl-extension-aggregate-components/1" '
    'xmlns:efbc="http://data.europa.eu/p27/eforms-ubl-extension-basic-components/1" '
    'xmlns:efext="http://data.europa.eu/p27/eforms-ubl-extensions/1"'
)


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    documents = real(asked.corpus) if asked.corpus is not None else [make_notice(lots) for lots in LOTS]
    size = sum(map(len, documents)) / len(documents) / 1000
    say(f"eForms, {len(documents)} documents of {size:.0f} kB on average; {asked.rounds} turns, medians")
    ours, peer = measure(documents, asked.rounds)
    answer = {
        "name": "eforms",
        "ours": round(ours, 3),
        "peer": round(peer, 3),
        "unit": "ms a document",
        "ratio": round(peer / ours, 3),
        "goal": GOAL,
        "holds": round(peer / ours, 3) >= GOAL,
    }
    lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
    sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


def measure(documents: list[bytes], rounds: int) -> tuple[float, float]:
    """Return the mean over documents of the median ms of a turn: ours, and libxml2's."""
    ours, peers = [], []
    for document in documents:
        taken = [(in_ms(read, document), in_ms(parse_alone, document)) for _ in range(rounds)]
        ours.append(statistics.median(each for each, _ in taken))
        peers.append(statistics.median(each for _, each in taken))
        say(f"{len(document) / 1000:6.0f} kB: ours {ours[-1]:.3f} ms, libxml2 {peers[-1]:.3f} ms")
    return statistics.mean(ours), statistics.mean(peers)


def read(document: bytes) -> None:
    """Read a document as a feed's is read."""
    for raw in parse(document, feed_id="bench").notices:
        normalise(raw)


def parse_alone(document: bytes) -> None:
    """Parse a document with the settings that a notice is parsed with, and look at nothing."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    etree.fromstring(document, parser)


def in_ms(act: Callable[[bytes], None], document: bytes) -> float:
    """Return the ms of processor time that an act takes with a document, without the collector in between."""
    gc.disable()
    started = process_time()
    act(document)
    taken = (process_time() - started) * 1000
    gc.enable()
    return taken


def real(folder: Path) -> list[bytes]:
    """Return the real notices of a folder."""
    return [
        path.read_bytes() for path in sorted(folder.rglob("*.xml")) if not path.name.startswith("INVALID")
    ]


def make_notice(lots: int) -> bytes:
    """Return a competition notice of so many lots, with all that real ones carry beside what is read."""
    organisations = "".join(_organisation(number) for number in range(1, 5))
    parts = "".join(_lot(number) for number in range(1, lots + 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ContractNotice {NAMESPACES}><ext:UBLExtensions><ext:UBLExtension><ext:ExtensionContent><efext:EformsExtension>
<efac:NoticeSubType><cbc:SubTypeCode listName="notice-subtype">16</cbc:SubTypeCode></efac:NoticeSubType>
<efac:Organizations>{organisations}</efac:Organizations><efac:Publication><efbc:NoticePublicationID
schemeName="ojs-notice-id">00123456-2026</efbc:NoticePublicationID></efac:Publication>
</efext:EformsExtension></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>
<cbc:UBLVersionID>2.3</cbc:UBLVersionID><cbc:CustomizationID>eforms-sdk-1.13</cbc:CustomizationID>
<cbc:ID schemeName="notice-id">170f9daa-0000-4d4e-a60f-66d3f5c8da5a</cbc:ID>
<cbc:ContractFolderID>faa4bf39-0000-4832-a00f-43d787e1f5cd</cbc:ContractFolderID><cbc:IssueDate>2026-01-15+01:00</cbc:IssueDate>
<cbc:IssueTime>16:27:00+01:00</cbc:IssueTime><cbc:VersionID>01</cbc:VersionID><cbc:NoticeTypeCode
listName="competition">cn-standard</cbc:NoticeTypeCode><cbc:NoticeLanguageCode listName="language">FRA</cbc:NoticeLanguageCode>
<cac:ContractingParty><cac:Party><cac:PartyIdentification><cbc:ID>ORG-0002</cbc:ID></cac:PartyIdentification></cac:Party>
</cac:ContractingParty>{_project("Réfection des toitures", 0)}{parts}</ContractNotice>""".encode()


def _organisation(number: int) -> str:
    return f"""<efac:Organization><efac:Company><cbc:WebsiteURI>https://kerlann{number}.example</cbc:WebsiteURI>
<cac:PartyIdentification><cbc:ID schemeName="organization">ORG-{number:04}</cbc:ID></cac:PartyIdentification>
<cac:PartyName><cbc:Name languageID="FRA">Commune de Kerlann {number}</cbc:Name></cac:PartyName>
<cac:PostalAddress><cbc:CityName>Kerlann</cbc:CityName><cbc:PostalZone>22350</cbc:PostalZone>
<cbc:CountrySubentityCode listName="nuts">FRH01</cbc:CountrySubentityCode><cac:Country><cbc:IdentificationCode
listName="country">FRA</cbc:IdentificationCode></cac:Country></cac:PostalAddress><cac:PartyLegalEntity>
<cbc:CompanyID>17590003400026</cbc:CompanyID></cac:PartyLegalEntity><cac:Contact><cbc:Telephone>+33 200000000</cbc:Telephone>
<cbc:ElectronicMail>mairie@kerlann{number}.example</cbc:ElectronicMail></cac:Contact></efac:Company></efac:Organization>"""


def _project(name: str, number: int) -> str:
    return f"""<cac:ProcurementProject><cbc:ID schemeName="InternalID">K-{number}</cbc:ID><cbc:Name
languageID="FRA">{escape(name)}</cbc:Name><cbc:Description languageID="FRA">{TEXT * 6}</cbc:Description>
<cbc:ProcurementTypeCode listName="contract-nature">works</cbc:ProcurementTypeCode><cac:RequestedTenderTotal>
<cbc:EstimatedOverallContractAmount currencyID="EUR">90000</cbc:EstimatedOverallContractAmount></cac:RequestedTenderTotal>
<cac:MainCommodityClassification><cbc:ItemClassificationCode listName="cpv">45261210</cbc:ItemClassificationCode>
</cac:MainCommodityClassification><cac:AdditionalCommodityClassification><cbc:ItemClassificationCode
listName="cpv">45261300</cbc:ItemClassificationCode></cac:AdditionalCommodityClassification><cac:RealizedLocation><cac:Address>
<cbc:CityName>Kerlann</cbc:CityName><cbc:PostalZone>22350</cbc:PostalZone><cbc:CountrySubentityCode
listName="nuts">FRH01</cbc:CountrySubentityCode></cac:Address></cac:RealizedLocation></cac:ProcurementProject>"""


def _lot(number: int) -> str:
    criteria = "".join(
        f"""<cac:SubordinateAwardingCriterion><cbc:AwardingCriterionTypeCode listName="award-criterion-type">quality
</cbc:AwardingCriterionTypeCode><cbc:Description languageID="FRA">{TEXT} {each}</cbc:Description>
</cac:SubordinateAwardingCriterion>"""
        for each in range(4)
    )
    return f"""<cac:ProcurementProjectLot><cbc:ID schemeName="Lot">LOT-{number:04}</cbc:ID><cac:TenderingTerms>
<cac:CallForTendersDocumentReference><cbc:ID>D</cbc:ID><cac:Attachment><cac:ExternalReference>
<cbc:URI>https://kerlann.example/dce</cbc:URI></cac:ExternalReference></cac:Attachment></cac:CallForTendersDocumentReference>
<cac:AwardingTerms><cac:AwardingCriterion>{criteria}</cac:AwardingCriterion></cac:AwardingTerms><cac:TenderRecipientParty>
<cbc:EndpointID>https://kerlann.example/repondre</cbc:EndpointID></cac:TenderRecipientParty></cac:TenderingTerms>
<cac:TenderingProcess><cac:TenderSubmissionDeadlinePeriod><cbc:EndDate>2026-04-01+02:00</cbc:EndDate>
<cbc:EndTime>12:00:00+02:00</cbc:EndTime></cac:TenderSubmissionDeadlinePeriod></cac:TenderingProcess>
{_project(f"Couverture, bâtiment {number}", number)}</cac:ProcurementProjectLot>"""


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reading an eForms notice, beside libxml2's parse.")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--rounds", type=int, default=60, help="turns a document")
    parser.add_argument("--corpus", type=Path, default=None, help="a folder of real notices instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
