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
from collections.abc import Iterator, Mapping

from alerting.domain.feed import ParsedFeed
from alerting.domain.notice import NoticeKind, RawChange, RawLot, RawMoney, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.awarded import Award, paid_for_lot
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.kinds import kind_of_cancelled, taken_back
from alerting.feeds.formats.plan import Marked, Plan, Record, Text, Wanted, Whole, Within
from alerting.feeds.formats.xml import Element, local_name, read_xml


ROOTS = frozenset(
    {
        "ContractNotice",
        "PriorInformationNotice",
        "ContractAwardNotice",
        "BusinessRegistrationInformationNotice",
    }
)
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
# BT-02, whose code list each value belongs to: what it is where BT-03, the list's name, is left out.
FORMS = {
    "planning": ("pin-buyer", "pin-only", "pin-rtl", "pin-tran"),
    "competition": (
        "cn-standard", "cn-social", "cn-desg", "pin-cfc-standard", "pin-cfc-social", "qu-sy", "subco"
    ),
    "consultation": ("pmc",),
    "result": ("can-standard", "can-social", "can-desg", "can-tran"),
    "dir-awa-pre": ("veat",),
    "cont-modif": ("can-modif",),
    "completion": ("compl",),
}  # fmt: skip
FORM_OF_TYPE = {code: form for form, codes in FORMS.items() for code in codes}
CANCELLED = "cancel"
# Reasons that say what may become of a purchase that lives on, in the code list's own French.
ANNOUNCED = {"cancel-intent": "Intention d’annuler"}
# A notice has lots, or parts of a plan; a group says how lots may be bid for together, and is none.
LOT_SCHEMES = ("Lot", "Part")
# The periods of _PROCESS that end the chance to take part.
DEADLINES = ("offers", "requests", "interests")
# BT-142: no winner, and the competition is over, or goes on.
NO_WINNER = "clos-nw"
STILL_OPEN = "open-nw"
# BT-71 (codes of reserved-procurement) and BT-751, which only these lists tell from other requirements.
RESERVED, RESERVED_CODES = "reserved-procurement", {"res-ws": True, "res-pub-ser": True, "none": False}
GUARANTEE, INDICATORS = "tender-guarantee-required", {"true": True, "false": False}
FRENCH = "FRA"
NUMBER = re.compile(r"0*(\d+)-(\d{4})")
NOTICE_PAGE = "https://ted.europa.eu/fr/notice/-/detail/"


def _extension(wanted: Mapping[str, Wanted]) -> Mapping[str, Wanted]:
    """Return a plan for what lies in an eForms extension."""
    return {"UBLExtension": {"ExtensionContent": {"EformsExtension": wanted}}}


_NAME = Marked("names", "languageID")
_DESCRIPTION = Marked("descriptions", "languageID")
_PERIOD: Mapping[str, Wanted] = {"EndDate": Text("day"), "EndTime": Text("time")}
_ADDRESS: Mapping[str, Wanted] = {
    "CountrySubentityCode": Text("nuts_code"),
    "CityName": Text("commune"),
    "PostalZone": Text("postcode"),
    "Country": {"IdentificationCode": Text("country")},
}
_PROJECT: Mapping[str, Wanted] = {
    "ID": Text("reference"),
    "Name": _NAME,
    "Description": _DESCRIPTION,
    "ProcurementTypeCode": Text("nature"),
    "MainCommodityClassification": {"ItemClassificationCode": Text("cpv_main")},
    "AdditionalCommodityClassification": {"ItemClassificationCode": Text("cpv_additional")},
    "RealizedLocation": {"Address": Within("places", _ADDRESS)},
    "RequestedTenderTotal": Within(
        "totals",
        {
            "EstimatedOverallContractAmount": Marked("estimates", "currencyID"),
            "UBLExtensions": _extension({"FrameworkMaximumAmount": Marked("maxima", "currencyID")}),
        },
    ),
}
_PROCESS: Mapping[str, Wanted] = {
    # BT-131, BT-1311 and BT-630: offers, requests to take part, expressions of interest; then BT-13.
    "TenderSubmissionDeadlinePeriod": Within("offers", _PERIOD),
    "ParticipationRequestReceptionPeriod": Within("requests", _PERIOD),
    "UBLExtensions": _extension({"InterestExpressionReceptionPeriod": Within("interests", _PERIOD)}),
    "AdditionalInformationRequestPeriod": Within("questions", _PERIOD),
}
_LOT: Mapping[str, Wanted] = {
    "ID": Marked("ids", "schemeName"),
    "ProcurementProject": Within("projects", _PROJECT),
    "TenderingProcess": Within("processes", _PROCESS),
    "TenderingTerms": {
        "TendererQualificationRequest": {
            "SpecificTendererRequirement": {"TendererRequirementTypeCode": Marked("codes", "listName")}
        },
        "RequiredFinancialGuarantee": {"GuaranteeTypeCode": Marked("codes", "listName")},
        # Mostly those of the first lot say it all, and the rest is long.
        "CallForTendersDocumentReference": Whole("documents"),
        "TenderRecipientParty": Whole("recipients"),
    },
}
_LOT_RESULT: Mapping[str, Wanted] = {"TenderLot": {"ID": Text("lots")}, "TenderResultCode": Text("code")}
_TENDER: Mapping[str, Wanted] = {
    "ID": Text("id"),
    "TenderLot": {"ID": Text("lots")},
    "LegalMonetaryTotal": {"PayableAmount": Marked("paid", "currencyID")},
}
_CHANGES: Mapping[str, Wanted] = {
    "ChangedNoticeIdentifier": Text("refers_to"),
    "ChangeReason": {
        "ReasonCode": Text("reason_codes"),
        "ReasonDescription": Marked("reasons", "languageID"),
    },
    "Change": Within("changes", {"ChangeDescription": _DESCRIPTION}),
}
_NOTICE = Plan(
    {
        "ID": Text("id"),
        "VersionID": Text("version"),
        "ContractFolderID": Text("procedure_key"),
        "IssueDate": Text("day"),
        "IssueTime": Text("time"),
        "NoticeTypeCode": Marked("types", "listName"),
        "NoticeLanguageCode": Text("language"),
        "AdditionalNoticeLanguage": {"ID": Text("additional_languages")},
        "ContractingParty": {"Party": {"PartyIdentification": {"ID": Text("buyer_id")}}},
        "SenderParty": {"PartyName": {"Name": Text("sender")}},
        "BusinessParty": {"PartyLegalEntity": {"RegistrationName": Text("business")}},
        "ProcurementProject": Within("projects", _PROJECT),
        "ProcurementProjectLot": Within("lots", _LOT),
        "TenderingProcess": {"NoticeDocumentReference": {"ID": Text("earlier")}},
        "UBLExtensions": _extension(
            {
                "Organizations": {"Organization": {"Company": Whole("companies")}},
                "Publication": {"NoticePublicationID": Text("number")},
                "Changes": Within("changes", _CHANGES),
                "NoticeResult": {
                    "TotalAmount": Marked("paid", "currencyID"),
                    "LotResult": Within("lot_results", _LOT_RESULT),
                    "LotTender": Within("tenders", _TENDER),
                    "SettledContract": {"LotTender": {"ID": Text("winners")}},
                },
            }
        ),
    }
)
_COMPANY_ID = Plan({"PartyIdentification": {"ID": Text("id")}})
_COMPANY = Plan(
    {
        "PartyName": {"Name": _NAME},
        "PartyLegalEntity": {"CompanyID": Text("siret")},
        "PostalAddress": Within("addresses", _ADDRESS),
    }
)
_DOCUMENT = Plan(
    {"DocumentType": Text("type"), "Attachment": {"ExternalReference": {"URI": Text("url")}}},
)
_RECIPIENT = Plan({"EndpointID": Text("url")})


_RESULTS = frozenset({NoticeKind.AWARD, NoticeKind.CANCELLATION})


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
    notice = _NOTICE.read(root)
    notice_id = source_id or notice.first("id")
    if notice_id is None:
        raise FeedFormatError(feed_id, "cbc:ID", "expected a notice id (got none)")
    language = notice.first("language")
    project = notice.record("projects")
    lots = _lots(notice)
    title = _title(notice, language)
    if title is None:
        raise FeedFormatError(feed_id, "cac:ProcurementProject/cbc:Name", "expected a title (got none)")
    company = _company(notice)
    number = notice.first("number")
    kind, is_cancelled = _kind(notice), _is_cancelled(notice)
    awards = _awards(notice) if kind is NoticeKind.AWARD else []
    return RawNotice(
        feed_id=feed_id,
        source_id=notice_id,
        title=title,
        kind=kind_of_cancelled(kind) if is_cancelled else kind,
        version=notice.first("version"),
        published=_moment(notice),
        languages=tuple(code for code in (language, *notice["additional_languages"]) if code),
        buyer_name=_in_french(company["names"], language),
        buyer_siret=company.first("siret"),
        buyer_place=_place(company.record("addresses")) if company else None,
        description=_in_french(project["descriptions"], language)
        or _first_in_lots(lots, "descriptions", language),
        nature=project.first("nature"),
        cpv_main=project.first("cpv_main"),
        cpv_additional=tuple(project["cpv_additional"]),
        places=_places(project),
        lots=tuple([_lot(lot, language, awards) for lot in lots]),
        value=(_paid(notice, lots) if kind is NoticeKind.AWARD else None) or _value(project),
        question_deadline=_question_deadline(lots),
        document_url=_document_url(lots),
        submission_url=_submission_url(lots),
        notice_url=notice_url or (f"{NOTICE_PAGE}{canonical_number(number)}" if number is not None else None),
        procedure_key=notice.first("procedure_key"),
        internal_reference=project.first("reference"),
        refers_to=_references(notice, kind),
        changes=(
            *(taken_back(kind) if is_cancelled else ()),
            *_changes(notice.record("changes"), language),
        ),
    )


def _title(notice: Record, language: str | None) -> str | None:
    return (
        _in_french(notice.record("projects")["names"], language)
        or _first_in_lots(_lots(notice), "names", language)
        or notice.first("sender")
        # A registration of a business has no project: its own name is what it announces.
        or notice.first("business")
    )


def canonical_number(text: str) -> str:
    """Return a publication number without leading zeros; anything else, a UUID with version, as it is.

    >>> canonical_number("00032045-2024")
    '32045-2024'
    """
    found = NUMBER.fullmatch(text.strip())
    return f"{found.group(1)}-{found.group(2)}" if found is not None else text.strip()


def _references(notice: Record, kind: NoticeKind) -> tuple[str, ...]:
    """Return the notices that it corrects, and of a result the earlier one of its procedure (OPP-090).

    A call names there the plan that it came from, which many calls may have in common.
    """
    stated = [each for changes in notice["changes"] for each in changes["refers_to"]]
    if kind in _RESULTS:
        stated += notice["earlier"]
    return tuple(dict.fromkeys(map(canonical_number, stated)))


def _kind(notice: Record) -> NoticeKind:
    """Return what a notice announces; a corrected award or plan is still one.

    An intention to cancel (BT-140) is a correction: until it is cancelled, a purchase can be answered.
    """
    code, name = notice.first("types") or ("", None)
    own = KINDS.get(name or FORM_OF_TYPE.get(code, ""), NoticeKind.OTHER)
    if own is NoticeKind.CALL and notice["changes"]:
        return NoticeKind.CORRECTION
    results = {result.first("code") for result in notice["lot_results"]} - {None}
    if own is not NoticeKind.AWARD or not results or not results <= {NO_WINNER, STILL_OPEN}:
        return own
    return NoticeKind.OTHER if STILL_OPEN in results else NoticeKind.CANCELLATION


def _is_cancelled(notice: Record) -> bool:
    return any(CANCELLED in changes["reason_codes"] for changes in notice["changes"])


def _changes(changes: Record, language: str | None) -> tuple[RawChange, ...]:
    """Read BT-140, BT-762 and BT-141(a): why the notice changed, and what, in words."""
    reason = _in_french(changes["reasons"], language)
    reasons = [ANNOUNCED[code] for code in changes["reason_codes"] if code in ANNOUNCED]
    descriptions = [_in_french(each["descriptions"], language) for each in changes["changes"]]
    why = " : ".join([*reasons, reason] if reason else reasons)
    texts = dict.fromkeys(text for text in (why, *descriptions) if text)
    return tuple(RawChange("text", after=text, evidence=text) for text in texts)


def _company(notice: Record) -> Record:
    """Return the company that the notice names as buyer: the first one is not always it."""
    buyer_id = notice.first("buyer_id")
    for company in notice["companies"]:
        if _COMPANY_ID.read(company).first("id") == buyer_id:
            return _COMPANY.read(company)
    return Record()


def _lots(notice: Record) -> list[Record]:
    lots = [(lot, lot.first("ids")) for lot in notice["lots"]]
    for scheme in LOT_SCHEMES:
        if found := [lot for lot, number in lots if number is not None and number[1] == scheme]:
            return found
    return []


def _lot(lot: Record, language: str | None, awards: list[Award]) -> RawLot:
    project, lot_id = lot.record("projects"), _lot_id(lot)
    return RawLot(
        lot_id=lot_id,
        title=_in_french(project["names"], language),
        description=_in_french(project["descriptions"], language),
        cpv_codes=(*project["cpv_main"], *project["cpv_additional"]),
        places=_places(project),
        value=(paid_for_lot(awards, lot_id) if awards else None) or _value(project),
        deadlines=_deadlines(lot.record("processes")),
        **_conditions(lot),
    )


def _lot_id(lot: Record) -> str:
    return next((number for number, _ in lot["ids"] if number), "")


def _conditions(lot: Record) -> dict[str, bool | None]:
    """Read who alone may answer, and whether an offer needs a guarantee."""
    return {
        "is_reserved": _any_of(RESERVED_CODES, RESERVED, lot["codes"]),
        "asks_deposit": _any_of(INDICATORS, GUARANTEE, lot["codes"]),
    }


def _any_of(meanings: Mapping[str, bool], name: str, codes: list[tuple[str, str | None]]) -> bool | None:
    """Return whether any code of a list says yes; None where none says anything."""
    said = [meanings[code] for code, list_name in codes if list_name == name and code in meanings]
    return any(said) if said else None


def _places(project: Record) -> tuple[RawPlace, ...]:
    return tuple([_place(address) for address in project["places"]])


def _place(address: Record) -> RawPlace:
    return RawPlace(
        nuts_code=address.first("nuts_code"),
        commune=address.first("commune"),
        postcode=address.first("postcode"),
        country=address.first("country"),
    )


def _value(project: Record) -> RawMoney | None:
    total = project.record("totals")
    amount, currency = total.first("estimates") or total.first("maxima") or ("", None)
    return RawMoney(amount, currency) if amount else None


def _paid(notice: Record, lots: list[Record]) -> RawMoney | None:
    """Read BT-161, what all contracts of a result are worth: not the purchase where lots are still open."""
    amount, currency = notice.first("paid") or ("", None)
    paid = RawMoney(amount, currency)
    decided = {
        lot for each in notice["lot_results"] if each.first("code") != STILL_OPEN for lot in each["lots"]
    }
    is_part = bool(notice["lot_results"]) and len(lots) > 1 and not decided.issuperset(map(_lot_id, lots))
    return None if is_part or paid.is_nothing() else paid


def _awards(notice: Record) -> list[Award]:
    """Read BT-720, what each lot was sold for: of the tenders that a contract was made of."""
    winners = set(notice["winners"])
    won = (tender for tender in notice["tenders"] if tender.first("id") in winners)
    return [Award.of(tender["lots"], RawMoney(*(tender.first("paid") or ("", None)))) for tender in won]


def _deadlines(process: Record) -> tuple[RawTime, ...]:
    moments = [_moment(process.record(name)) for name in DEADLINES if name in process]
    return tuple([moment for moment in moments if moment is not None])


def _question_deadline(lots: list[Record]) -> RawTime | None:
    moments = (_moment(lot.record("processes").record("questions")) for lot in lots)
    return next((moment for moment in moments if moment is not None), None)


def _moment(stated: Record) -> RawTime | None:
    """Join a date and a time, which eForms keeps in two elements, each with the offset."""
    day, clock_time = stated.first("day"), stated.first("time")
    if day is None:
        return None
    return RawTime(f"{day[:10]}T{clock_time}" if clock_time is not None else day)


def _document_url(lots: list[Record]) -> str | None:
    """Read BT-15; an address for those who were let in only where there is no other one."""
    restricted: str | None = None
    for document in (_DOCUMENT.read(each) for lot in lots for each in lot["documents"]):
        if document.first("type") == "restricted-document":
            restricted = restricted or document.first("url")
        elif document["url"]:
            return str(document.first("url"))
    return restricted


def _submission_url(lots: list[Record]) -> str | None:
    urls: Iterator[str | None] = (
        _RECIPIENT.read(each).first("url") for lot in lots for each in lot["recipients"]
    )
    return next((url for url in urls if url is not None), None)


def _first_in_lots(lots: list[Record], name: str, language: str | None) -> str | None:
    for lot in lots:
        if (text := _in_french(lot.record("projects")[name], language)) is not None:
            return text
    return None


def _in_french(texts: list[tuple[str, str | None]], language: str | None) -> str | None:
    """Return the French text, else that in the notice's own language, else the first that is not blank."""
    if len(texts) == 1:
        return texts[0][0] or None
    for wanted in (FRENCH, language):
        for text, code in texts:
            if text and code == wanted:
                return text
    return next((text for text, _ in texts if text), None)
