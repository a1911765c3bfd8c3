"""Parse eForms notices (UBL 2.3): one notice a document.

In:   the bytes of one ContractNotice, PriorInformationNotice, ContractAwardNotice or
      BusinessRegistrationInformationNotice.
Out:  one RawNotice.  Elements are found by local name, since BOAMP carries the same content
      under namespaces of its own.

Of texts in several languages the French one is kept, else the notice's own.
Source: eForms SDK 1.15, fields.json (CC BY 4.0); numbers BT-... are its field numbers.
"""

from __future__ import annotations

import re

from alerting.domain.feed import ParsedFeed
from alerting.domain.notice import NoticeKind, RawChange, RawLot, RawMoney, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.kinds import kind_of_cancelled, taken_back
from alerting.feeds.formats.xml import (
    Element,
    attribute,
    children,
    find,
    find_all,
    local_name,
    read_xml,
    text_of,
    texts_of,
)


ROOTS = frozenset(
    {
        "ContractNotice",
        "PriorInformationNotice",
        "ContractAwardNotice",
        "BusinessRegistrationInformationNotice",
    }
)
EXTENSION = "UBLExtensions/UBLExtension/ExtensionContent/EformsExtension"
KINDS = {
    "competition": NoticeKind.CALL,
    "planning": NoticeKind.PLANNING,
    # A buyer asks the market before it plans a call (subtype E1): there is nothing to answer with an offer.
    "consultation": NoticeKind.PLANNING,
    "result": NoticeKind.AWARD,
    "dir-awa-pre": NoticeKind.AWARD,
    "cont-modif": NoticeKind.OTHER,
    "completion": NoticeKind.OTHER,
}
CANCELLED = "cancel"
# Reasons that say what may become of a purchase that lives on, in the code list's own French.
ANNOUNCED = {"cancel-intent": "Intention d’annuler"}
# A notice has lots, or parts of a plan; a group says how lots may be bid for together, and is none.
LOT_SCHEMES = ("Lot", "Part")
NO_WINNER = "clos-nw"
FRENCH = "FRA"
NUMBER = re.compile(r"0*(\d+)-(\d{4})")
NOTICE_PAGE = "https://ted.europa.eu/fr/notice/-/detail/"


def recognises(head: Head) -> bool:
    """Tell whether a document is an eForms notice."""
    return head.root in ROOTS


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one notice.

    Raises:
        FeedFormatError: It is no eForms notice, or has no id or no title.
    """
    root = read_xml(document, feed_id=feed_id)
    if local_name(root) not in ROOTS:
        raise FeedFormatError(feed_id, "top level", f"expected an eForms notice (got {local_name(root)!r})")
    return ParsedFeed((read_notice(root, feed_id=feed_id),))


def read_notice(
    root: Element, *, feed_id: str, source_id: str | None = None, notice_url: str | None = None
) -> RawNotice:
    """Read a notice's root element; *source_id* and *notice_url* are a carrier's own, if it has some.

    Raises:
        FeedFormatError: The notice has no id or no title.
    """
    notice_id = source_id or text_of(root, "ID")
    if notice_id is None:
        raise FeedFormatError(feed_id, "cbc:ID", "expected a notice id (got none)")
    language = text_of(root, "NoticeLanguageCode")
    project = find(root, "ProcurementProject")
    lots = _lot_elements(root)
    title = (
        _in_french(project, "Name", language) or _first_in_lots(lots, "Name", language) or _buyer_type(root)
    )
    if title is None:
        raise FeedFormatError(feed_id, "cac:ProcurementProject/cbc:Name", "expected a title (got none)")
    company = _company(root, text_of(root, "ContractingParty/Party/PartyIdentification/ID"))
    number = text_of(root, f"{EXTENSION}/Publication/NoticePublicationID")
    kind, is_cancelled = _kind(root), _is_cancelled(root)
    return RawNotice(
        feed_id=feed_id,
        source_id=notice_id,
        title=title,
        kind=kind_of_cancelled(kind) if is_cancelled else kind,
        version=text_of(root, "VersionID"),
        published=_moment(root, "IssueDate", "IssueTime"),
        languages=tuple(code for code in (language, *texts_of(root, "AdditionalNoticeLanguage/ID")) if code),
        buyer_name=_in_french(company, "PartyName/Name", language),
        buyer_siret=text_of(company, "PartyLegalEntity/CompanyID"),
        buyer_place=_address(find(company, "PostalAddress")) if company is not None else None,
        description=_in_french(project, "Description", language)
        or _first_in_lots(lots, "Description", language),
        nature=text_of(project, "ProcurementTypeCode"),
        cpv_main=text_of(project, "MainCommodityClassification/ItemClassificationCode"),
        cpv_additional=texts_of(project, "AdditionalCommodityClassification/ItemClassificationCode"),
        places=_places(project),
        lots=tuple(_lot(lot, language) for lot in lots),
        value=_value(project),
        question_deadline=_first_moment(lots, "TenderingProcess/AdditionalInformationRequestPeriod"),
        document_url=_document_url(lots),
        submission_url=_first_text(lots, "TenderingTerms/TenderRecipientParty/EndpointID"),
        notice_url=notice_url or (f"{NOTICE_PAGE}{canonical_number(number)}" if number is not None else None),
        procedure_key=text_of(root, "ContractFolderID"),
        internal_reference=text_of(project, "ID"),
        refers_to=tuple(
            map(canonical_number, texts_of(root, f"{EXTENSION}/Changes/ChangedNoticeIdentifier"))
        ),
        changes=(*(taken_back(kind) if is_cancelled else ()), *_changes(root, language)),
    )


def canonical_number(text: str) -> str:
    """Return a publication number without leading zeros; anything else, a UUID with version, as it is.

    >>> canonical_number("00032045-2024")
    '32045-2024'
    """
    found = NUMBER.fullmatch(text.strip())
    return f"{found.group(1)}-{found.group(2)}" if found is not None else text.strip()


def _kind(root: Element) -> NoticeKind:
    """Return what a notice announces; a corrected award or plan is still one.

    An intention to cancel (BT-140) is a correction: until it is cancelled, a purchase can be answered.
    """
    own = KINDS.get(attribute(find(root, "NoticeTypeCode"), "listName") or "", NoticeKind.OTHER)
    if own is NoticeKind.CALL and find(root, f"{EXTENSION}/Changes") is not None:
        return NoticeKind.CORRECTION
    results = set(texts_of(root, f"{EXTENSION}/NoticeResult/LotResult/TenderResultCode"))
    return NoticeKind.CANCELLATION if own is NoticeKind.AWARD and results == {NO_WINNER} else own


def _is_cancelled(root: Element) -> bool:
    return CANCELLED in texts_of(root, f"{EXTENSION}/Changes/ChangeReason/ReasonCode")


def _changes(root: Element, language: str | None) -> tuple[RawChange, ...]:
    """Read BT-140, BT-762 and BT-141(a): why the notice changed, and what, in words."""
    changes = find(root, f"{EXTENSION}/Changes")
    codes = texts_of(changes, "ChangeReason/ReasonCode")
    reasons = [ANNOUNCED[code] for code in codes if code in ANNOUNCED]
    reasons = [
        " : ".join(
            text
            for text in (*reasons, _in_french(changes, "ChangeReason/ReasonDescription", language))
            if text
        )
    ]
    descriptions = [
        _in_french(each, "ChangeDescription", language)
        for each in (children(changes, "Change") if changes is not None else [])
    ]
    texts = dict.fromkeys(text for text in (*reasons, *descriptions) if text)
    return tuple(RawChange("text", after=text, evidence=text) for text in texts)


def _company(root: Element, organisation_id: str | None) -> Element | None:
    """Return the company that the notice names as buyer: the first one is not always it."""
    companies = find_all(root, f"{EXTENSION}/Organizations/Organization/Company")
    return next(
        (company for company in companies if text_of(company, "PartyIdentification/ID") == organisation_id),
        None,
    )


def _buyer_type(root: Element) -> str | None:
    """A registration of a business has no project: its own name is what it announces."""
    return text_of(root, "SenderParty/PartyName/Name") or text_of(
        root, "BusinessParty/PartyLegalEntity/RegistrationName"
    )


def _lot_elements(root: Element) -> list[Element]:
    lots = children(root, "ProcurementProjectLot")
    for scheme in LOT_SCHEMES:
        if found := [lot for lot in lots if attribute(find(lot, "ID"), "schemeName") == scheme]:
            return found
    return []


def _lot(lot: Element, language: str | None) -> RawLot:
    project = find(lot, "ProcurementProject")
    return RawLot(
        lot_id=text_of(lot, "ID") or "",
        title=_in_french(project, "Name", language),
        description=_in_french(project, "Description", language),
        cpv_codes=texts_of(project, "MainCommodityClassification/ItemClassificationCode")
        + texts_of(project, "AdditionalCommodityClassification/ItemClassificationCode"),
        places=_places(project),
        value=_value(project),
        deadlines=_deadlines(lot),
    )


def _places(project: Element | None) -> tuple[RawPlace, ...]:
    return tuple(_address(address) for address in find_all(project, "RealizedLocation/Address"))


def _address(address: Element | None) -> RawPlace:
    return RawPlace(
        nuts_code=text_of(address, "CountrySubentityCode"),
        commune=text_of(address, "CityName"),
        postcode=text_of(address, "PostalZone"),
    )


def _value(project: Element | None) -> RawMoney | None:
    total = find(project, "RequestedTenderTotal")
    amount = find(total, "EstimatedOverallContractAmount")
    if amount is None:
        amount = find(total, f"{EXTENSION}/FrameworkMaximumAmount")
    text = text_of(amount)
    return RawMoney(text, attribute(amount, "currencyID")) if text is not None else None


def _deadlines(lot: Element) -> tuple[RawTime, ...]:
    """Read BT-131, BT-1311 and BT-630: offers, requests to take part, expressions of interest."""
    process = find(lot, "TenderingProcess")
    periods = (
        find(process, "TenderSubmissionDeadlinePeriod"),
        find(process, "ParticipationRequestReceptionPeriod"),
        find(process, f"{EXTENSION}/InterestExpressionReceptionPeriod"),
    )
    moments = (_moment(period, "EndDate", "EndTime") for period in periods)
    return tuple(moment for moment in moments if moment is not None)


def _first_moment(lots: list[Element], path: str) -> RawTime | None:
    moments = (_moment(find(lot, path), "EndDate", "EndTime") for lot in lots)
    return next((moment for moment in moments if moment is not None), None)


def _moment(element: Element | None, day_name: str, time_name: str) -> RawTime | None:
    """Join a date and a time, which eForms keeps in two elements, each with the offset."""
    day, clock_time = text_of(element, day_name), text_of(element, time_name)
    if day is None:
        return None
    return RawTime(f"{day[:10]}T{clock_time}" if clock_time is not None else day)


def _document_url(lots: list[Element]) -> str | None:
    references = [
        found for lot in lots for found in find_all(lot, "TenderingTerms/CallForTendersDocumentReference")
    ]
    references.sort(key=lambda reference: text_of(reference, "DocumentType") == "restricted-document")
    return _first_text(references, "Attachment/ExternalReference/URI")


def _first_text(elements: list[Element], path: str) -> str | None:
    return next((text for element in elements if (text := text_of(element, path)) is not None), None)


def _first_in_lots(lots: list[Element], name: str, language: str | None) -> str | None:
    texts = (_in_french(find(lot, "ProcurementProject"), name, language) for lot in lots)
    return next((text for text in texts if text is not None), None)


def _in_french(element: Element | None, path: str, language: str | None) -> str | None:
    """Return the French text at a path, else that in the notice's own language, else the first."""
    found = [each for each in find_all(element, path) if text_of(each) is not None]
    found.sort(
        key=lambda each: (attribute(each, "languageID") != FRENCH, attribute(each, "languageID") != language)
    )
    return text_of(found[0]) if found else None
