"""Of what real notices state, how much is read: a table of fields found against what the raw file holds.

What a file holds is counted here by searches of its own, that know nothing of the parsers.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from alerting.pipeline.check import check


ROOT = Path(__file__).parents[2]
CORPUS = (ROOT / os.environ.get("ALERTING_CORPUS", "../shared/data")).resolve()
GOAL = 0.99
NOT_BLANK = re.compile(r"\S")
# What a file of a format holds, as XPath over local names; a field is stated where one of them finds something.
EFORMS = {
    "buyer": ["/*/*[local-name()='ContractingParty']//*[local-name()='PartyIdentification']/*[local-name()='ID']"],
    "title": ["/*/*[local-name()='ProcurementProject']/*[local-name()='Name']"],
    "cpv": ["//*[local-name()='ItemClassificationCode'][@listName='cpv' or string-length(normalize-space())=8]"],
    "deadline": [
        "//*[local-name()='TenderSubmissionDeadlinePeriod']/*[local-name()='EndDate']",
        "//*[local-name()='ParticipationRequestReceptionPeriod']/*[local-name()='EndDate']",
        "//*[local-name()='InterestExpressionReceptionPeriod']/*[local-name()='EndDate']",
    ],
    "place": [
        "//*[local-name()='RealizedLocation']//*[local-name()='CountrySubentityCode']",
        "//*[local-name()='RealizedLocation']//*[local-name()='CityName' or local-name()='PostalZone']",
    ],
    "lots": ["/*/*[local-name()='ProcurementProjectLot']/*[local-name()='ID'][@schemeName='Lot' or @schemeName='Part']"],
    "document_url": [
        "//*[local-name()='CallForTendersDocumentReference']//*[local-name()='ExternalReference']/*[local-name()='URI']"
    ],
    "submission_url": ["//*[local-name()='TenderRecipientParty']/*[local-name()='EndpointID']"],
    "reserved": ["/*/*[local-name()='ProcurementProjectLot']//*[@listName='reserved-procurement'][starts-with(., 'res-')]"],
    "deposit": ["/*/*[local-name()='ProcurementProjectLot']//*[@listName='tender-guarantee-required'][.='true']"],
}  # fmt: skip
LOT = "[*[local-name()='LOT_NO']]/*[local-name()='SHORT_DESCR']"
FORM = "//*[local-name()='FORM_SECTION']"
TED_EXPORT = {
    "buyer": [f"{FORM}//*[local-name()='OFFICIALNAME']"],
    "title": [f"{FORM}//*[local-name()='TITLE' or local-name()='TITLE_CONTRACT']"],
    "cpv": [f"{FORM}//*[local-name()='CPV_CODE']/@CODE", "//*[local-name()='ORIGINAL_CPV']/@CODE"],
    "deadline": [
        f"{FORM}//*[local-name()='DATE_RECEIPT_TENDERS']",
        "//*[local-name()='DT_DATE_FOR_SUBMISSION']",
    ],
    "place": [
        f"{FORM}//*[local-name()='OBJECT_DESCR' or local-name()='LOCATION_NUTS']/*[local-name()='NUTS']/@CODE",
        "//*[local-name()='PERFORMANCE_NUTS']/@CODE",
    ],
    # Of one language: a notice in two holds its form twice.
    "lots": [f"{FORM}/*[@LG='FR' or last()=1]//*[local-name()='LOT_DIVISION']/../*[local-name()='OBJECT_DESCR']{LOT}"],
    "document_url": [f"{FORM}//*[local-name()='URL_DOCUMENT']"],
    "submission_url": [f"{FORM}//*[local-name()='URL_PARTICIPATION' or local-name()='URL_PARTICIPATE']"],
    # Boxes without a text: their name is what a file holds.
    "reserved": [f"name({FORM}//*[contains(local-name(), '_SHELTERED_') or contains(local-name(), 'RESERVED_ORG')])"],
}  # fmt: skip
FORMATS = {"eforms": EFORMS, "ted-legacy/fr": TED_EXPORT}


def stated(document: bytes, paths: list[str]) -> list[str]:
    """Return the texts that a file holds at some paths, without blanks."""
    root = etree.fromstring(document)
    answers = [root.xpath(path) for path in paths]
    found = [each for answer in answers for each in ([answer] if isinstance(answer, str) else answer)]
    texts = [str(each) if isinstance(each, str) else "".join(each.itertext()) for each in found]
    return [text for text in texts if NOT_BLANK.search(text)]


def read(notice) -> dict[str, object]:
    """Return what was read, under the table's names."""
    return {
        "buyer": notice.buyer and notice.buyer.name,
        "title": notice.title,
        "cpv": notice.cpv_main or any(lot.cpv_codes for lot in notice.lots),
        "deadline": notice.deadline_at,
        "place": notice.places or any(lot.places for lot in notice.lots),
        "lots": notice.lots,
        "document_url": notice.document_url,
        "submission_url": notice.submission_url,
        "reserved": notice.is_reserved or any(lot.is_reserved for lot in notice.lots),
        "deposit": notice.asks_deposit or any(lot.asks_deposit for lot in notice.lots),
    }


@pytest.mark.parametrize("folder", list(FORMATS))
def test_what_notices_state_is_found(folder):
    """
    Of every field at least 99 of 100 notices that state it; of lots, all of them.
    """
    files = sorted((CORPUS / folder).rglob("*.xml"))
    assert files != [], f"no XML below {CORPUS / folder}; name another folder with: make corpus CORPUS=..."
    present, found, missed = Counter(), Counter(), []
    for path in files:
        document = path.read_bytes()
        report = check(path.name, document)
        for notice in report.notices:
            values = read(notice)
            for field, paths in FORMATS[folder].items():
                texts = stated(document, paths)
                expected = len(texts) if field == "lots" else bool(texts)
                got = len(values[field]) if field == "lots" else bool(values[field])
                present[field] += bool(expected)
                found[field] += bool(expected) and got >= expected
                if expected and got < expected:
                    missed.append(f"{path.name}: {field} ({got} of {expected}; {texts[0][:60].strip()!r})")

    table = "".join(f"  {field:15} {found[field]:4} of {present[field]:4}\n" for field in present)
    sys.stdout.write(
        f"{folder}: {len(files)} files\n{table}" + "".join(f"  missed {line}\n" for line in missed)
    )
    low = [field for field in present if found[field] < GOAL * present[field]]
    assert low == [], missed
