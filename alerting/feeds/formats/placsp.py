"""Parse the Atom feeds of PLACSP, Spain's platform: entries with CODICE inside, and tombstones.

In:   the bytes of one feed document, or of one entry.
Out:  one RawNotice an entry and one a tombstone (RFC 6721), one Reject an entry without a title.

An entry keeps its id through its whole life: it is published again whenever its status changes.
A tombstone names the entry that was withdrawn, and nothing else.  The number of the file
(ContractFolderID) is the buyer's own, not one of all Spain.  Times are wall clock; Madrid's is that
of Paris.

Source: RFC 4287, RFC 5005, RFC 6721; CODICE 2; read off feeds made after PLACSP's.
"""

from __future__ import annotations

from urllib.parse import urljoin

from alerting.domain.feed import ParsedFeed, Reject
from alerting.domain.notice import Clock, NoticeKind, RawLot, RawMoney, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.head import Head
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


ROOTS = frozenset({"feed", "entry"})
MARKS = ("codice", "tombstones")
STATUSES = {
    "PRE": NoticeKind.PLANNING,
    "PUB": NoticeKind.CALL,
    # Offers are in and being judged: nobody can answer any more.
    "EV": NoticeKind.OTHER,
    "ADJ": NoticeKind.AWARD,
    "RES": NoticeKind.AWARD,
    "ANUL": NoticeKind.CANCELLATION,
}
# Why an entry was withdrawn; one that is put away for another reason ends no purchase.
ANNULLED = "ANULADA"
SPAIN = "ES"
NATURES = {"1": "supplies", "2": "services", "3": "works"}
AMOUNTS = ("EstimatedOverallContractAmount", "TaxExclusiveAmount", "TotalAmount")


def recognises(head: Head) -> bool:
    """Tell whether a document is an Atom feed with CODICE or tombstones."""
    return head.root in ROOTS and any(mark in name for name in head.namespaces for mark in MARKS)


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one feed document.

    Raises:
        FeedFormatError: It is no Atom feed and no entry.
    """
    root = read_xml(document, feed_id=feed_id)
    if local_name(root) not in ROOTS:
        raise FeedFormatError(feed_id, "top level", f"expected an Atom 'feed' (got {local_name(root)!r})")
    entries = [root] if local_name(root) == "entry" else children(root, "entry")
    notices: list[RawNotice] = []
    rejects: list[Reject] = []
    for number, entry in enumerate(entries, start=1):
        notice = _notice(entry, feed_id)
        if notice is None:
            rejects.append(Reject(f"entry {number}", "expected an id and a title (got none)"))
        else:
            notices.append(notice)
    for number, tombstone in enumerate(children(root, "deleted-entry"), start=1):
        if attribute(tombstone, "ref"):
            notices.append(_withdrawal(tombstone, feed_id))
        else:
            rejects.append(Reject(f"deleted-entry {number}", "expected a 'ref' (got none)"))
    return ParsedFeed(tuple(notices), tuple(rejects))


def next_page(document: bytes, *, url: str) -> str | None:
    """Return the address of the feed's older entries (RFC 5005)."""
    links = children(read_xml(document, feed_id=url), "link")
    found = (attribute(link, "href") for link in links if attribute(link, "rel") == "next")
    return next((urljoin(url, link) for link in found if link), None)


def _notice(entry: Element, feed_id: str) -> RawNotice | None:
    folder = find(entry, "ContractFolderStatus")
    project = find(folder, "ProcurementProject")
    source_id = text_of(entry, "id")
    title = text_of(project, "Name") or text_of(entry, "title")
    if source_id is None or title is None:
        return None
    updated = text_of(entry, "updated") or text_of(entry, "published")
    party = find(folder, "LocatedContractingParty/Party")
    links = (attribute(each, "href") for each in children(entry, "link"))
    codes = _codes(project)
    deadline = _deadline(find(folder, "TenderingProcess/TenderSubmissionDeadlinePeriod"))
    return RawNotice(
        feed_id=feed_id,
        source_id=source_id,
        title=title,
        kind=STATUSES.get(text_of(folder, "ContractFolderStatusCode") or "PUB", NoticeKind.OTHER),
        version=updated,
        published=RawTime(updated) if updated is not None else None,
        languages=("es",),
        buyer_name=text_of(party, "PartyName/Name"),
        buyer_place=_buyer_place(party),
        description=text_of(project, "Description") or text_of(entry, "summary"),
        nature=NATURES.get(text_of(project, "TypeCode") or ""),
        cpv_main=next(iter(codes), None),
        cpv_additional=codes[1:],
        places=_places(project),
        lots=tuple(
            _lot(lot, number) for number, lot in enumerate(children(folder, "ProcurementProjectLot"), 1)
        ),
        value=_value(project),
        deadlines=(deadline,) if deadline is not None else (),
        document_url=_document(folder),
        notice_url=next(filter(None, links), None),
        internal_reference=text_of(folder, "ContractFolderID"),
    )


def _buyer_place(party: Element | None) -> RawPlace:
    return RawPlace(
        commune=text_of(party, "PostalAddress/CityName"),
        postcode=text_of(party, "PostalAddress/PostalZone"),
        country=text_of(party, "PostalAddress/Country/IdentificationCode") or SPAIN,
    )


def _withdrawal(tombstone: Element, feed_id: str) -> RawNotice:
    ref, when = attribute(tombstone, "ref") or "", attribute(tombstone, "when")
    why = attribute(find(tombstone, "comment"), "type") or ANNULLED
    return RawNotice(
        feed_id=feed_id,
        source_id=ref,
        title=f"Anuncio retirado ({ref.rstrip('/').rpartition('/')[2]})",
        kind=NoticeKind.CANCELLATION if why == ANNULLED else NoticeKind.OTHER,
        version=when,
        published=RawTime(when) if when is not None else None,
        languages=("es",),
        refers_to=(ref,),
    )


def _lot(lot: Element, number: int) -> RawLot:
    project = find(lot, "ProcurementProject")
    return RawLot(
        lot_id=text_of(lot, "ID") or str(number),
        title=text_of(project, "Name"),
        description=text_of(project, "Description"),
        cpv_codes=_codes(project),
        places=_places(project),
        value=_value(project),
    )


def _codes(project: Element | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts_of(project, "RequiredCommodityClassification/ItemClassificationCode")))


def _places(project: Element | None) -> tuple[RawPlace, ...]:
    return tuple(
        RawPlace(
            nuts_code=text_of(location, "CountrySubentityCode"),
            commune=text_of(location, "Address/CityName") or text_of(location, "CountrySubentity"),
            postcode=text_of(location, "Address/PostalZone"),
            country=text_of(location, "Address/Country/IdentificationCode") or SPAIN,
        )
        for location in find_all(project, "RealizedLocation")
    )


def _value(project: Element | None) -> RawMoney | None:
    for name in AMOUNTS:
        amount = find(project, f"BudgetAmount/{name}")
        text = text_of(amount)
        if text is not None:
            return RawMoney(text, attribute(amount, "currencyID"))
    return None


def _deadline(period: Element | None) -> RawTime | None:
    day, clock = text_of(period, "EndDate"), text_of(period, "EndTime")
    if day is None:
        return None
    return RawTime(f"{day[:10]}T{clock}" if clock is not None else day[:10], Clock.PARIS)


def _document(folder: Element | None) -> str | None:
    paths = ("LegalDocumentReference", "TechnicalDocumentReference", "AdditionalDocumentReference")
    found = (text_of(folder, f"{path}/Attachment/ExternalReference/URI") for path in paths)
    return next((address for address in found if address is not None), None)
