"""Parse OCDS 1.1: release packages, record packages, bare releases, and lists or JSON Lines of any of them.

In:   the bytes of one JSON document.
Out:  one RawNotice a release (of a record its compiled release), one Reject for each without
      ocid or title.

The ocid names the procedure.  What a release announces is in its tags; a tender that was
cancelled says so in its status, and keeps its old deadline.

Source: Open Contracting Data Standard 1.1, release schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

from alerting.domain.feed import ParsedFeed, Reject
from alerting.domain.notice import NoticeKind, RawChange, RawLot, RawMoney, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.awarded import Award, paid_for_all, paid_for_lot
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.json_values import (
    items_at,
    read_json,
    read_json_lines,
    text_at,
    texts_at,
    value_at,
)


CPV = "CPV"
ENDED = frozenset({"cancelled", "unsuccessful", "withdrawn"})
# An award of such a status is none, or none yet.
WITHOUT_AWARD = frozenset({"cancelled", "unsuccessful", "pending"})
DEADLINE = "tenderPeriod/endDate"
_NUTS = re.compile(r"[A-Z]{2}[A-Z0-9]{1,3}")
_WEB = ("http://", "https://")


def recognises(head: Head) -> bool:
    """Tell whether a document is of OCDS."""
    return "ocid" in head.names


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one package, or one release.

    Raises:
        FeedFormatError: It is no JSON, or holds neither releases nor records.
    """
    package, rejects = _read(document, feed_id)
    found = list(_releases(package))
    if not found:
        raise FeedFormatError(feed_id, "top level", "expected 'releases' or 'records' (got none)")
    notices: list[RawNotice] = []
    for where, release in found:
        missing = _missing(release)
        if missing is None:
            notices.append(_notice(release, feed_id))
        else:
            rejects.append(Reject(where, f"expected {missing} (got none)"))
    return ParsedFeed(tuple(notices), tuple(rejects))


def _read(document: bytes, feed_id: str) -> tuple[Any, list[Reject]]:
    """Return what a document holds, a value or those of its lines, and the lines that are none."""
    try:
        return read_json(document, feed_id=feed_id), []
    except FeedFormatError:
        lines = read_json_lines(document, feed_id=feed_id)
        if not lines:
            raise
    broken = [(number, each) for number, each in enumerate(lines, 1) if isinstance(each, FeedFormatError)]
    rejects = [Reject(f"line {number}", error.problem) for number, error in broken]
    return [each for each in lines if not isinstance(each, FeedFormatError)], rejects


def next_page(document: bytes, *, url: str) -> str | None:
    """Return the address of the package's next page."""
    link = text_at(read_json(document, feed_id=url), "links/next")
    return urljoin(url, link) if link is not None else None


def _releases(package: Any) -> Iterator[tuple[str, Any]]:
    """Yield every release of a document, with where it stands."""
    if isinstance(package, list):
        for number, each in enumerate(package):
            yield from ((f"[{number}].{where}", release) for where, release in _of_one(each))
    else:
        yield from _of_one(package)


def _of_one(package: Any) -> Iterator[tuple[str, Any]]:
    """Yield the releases of a package, a record, or a release by itself."""
    holds_others = any(value_at(package, name) is not None for name in ("releases", "compiledRelease"))
    if text_at(package, "ocid") is not None and not holds_others:
        yield "release", package
    yield from _of_record(package)
    for position, record in enumerate(items_at(package, "records")):
        yield from ((f"records[{position}].{where}", release) for where, release in _of_record(record))


def _of_record(record: Any) -> Iterator[tuple[str, Any]]:
    compiled = value_at(record, "compiledRelease")
    if compiled is not None:
        yield "compiledRelease", compiled
        return
    for position, release in enumerate(items_at(record, "releases")):
        yield f"releases[{position}]", release


def _missing(release: Any) -> str | None:
    """Return what a release lacks to be a notice; one that is only linked to has nothing but its address."""
    if text_at(release, "ocid") is None:
        return "an 'ocid'"
    return "a title" if _title(release) is None else None


def _title(release: Any) -> str | None:
    paths = (
        "tender/title",
        "title",
        "tender/description",
        "description",
        "planning/project",
        "planning/rationale",
    )
    texts = (
        text_at(release, path) for path in (*paths, "planning/budget/project", "planning/budget/description")
    )
    awards = (
        text_at(award, name) for award in items_at(release, "awards") for name in ("title", "description")
    )
    return next((text for text in (*texts, *awards) if text is not None), None)


def _notice(release: Any, feed_id: str) -> RawNotice:
    ocid, version = text_at(release, "ocid") or "", text_at(release, "id") or text_at(release, "date")
    tender = value_at(release, "tender")
    title = _title(release) or ""
    lots = items_at(tender, "lots")
    shared = [item for item in items_at(tender, "items") if not lots or not texts_at(item, "relatedLot")]
    codes = tuple(dict.fromkeys((*_codes([tender]), *_codes(shared))))
    description = text_at(tender, "description") or text_at(release, "description")
    kind = _kind(release)
    awards = items_at(release, "awards") if kind is NoticeKind.AWARD else []
    return RawNotice(
        feed_id=feed_id,
        source_id=f"{ocid}/{version}" if version is not None else ocid,
        title=title,
        kind=kind,
        published=_time(text_at(release, "date")),
        languages=tuple(text[:2] for text in (text_at(release, "language"),) if text is not None),
        **_buyer(release),
        description=description if description != title else None,
        nature={"goods": "supplies"}.get(nature := text_at(tender, "mainProcurementCategory") or "", nature),
        cpv_main=next(iter(codes), None),
        cpv_additional=codes[1:],
        places=tuple(place for item in shared for place in _places(item)),
        lots=tuple(_lot(lot, number, tender, awards) for number, lot in enumerate(lots, start=1)),
        value=_paid(awards, lots) or _money(value_at(tender, "value")),
        deadlines=tuple(each for each in (_time(text_at(tender, DEADLINE)),) if each is not None),
        question_deadline=_time(text_at(tender, "enquiryPeriod/endDate")),
        document_url=_document(tender, ("biddingDocuments", "tenderNotice", "contractNotice")),
        submission_url=_web(text_at(tender, "submissionMethodDetails")),
        notice_url=_document(tender, ("tenderNotice", "contractNotice")) or _canonical(release),
        procedure_key=ocid,
        internal_reference=text_at(tender, "id"),
        changes=tuple(_changes(tender)) if kind is NoticeKind.CORRECTION else (),
    )


def _kind(release: Any) -> NoticeKind:
    tags = set(texts_at(release, "tag"))
    if text_at(release, "tender/status") in ENDED or "tenderCancellation" in tags:
        return NoticeKind.CANCELLATION
    if "tenderAmendment" in tags:
        return NoticeKind.CORRECTION
    awarded = {"award", "awardUpdate", "awardAmendment", "contract"} & tags
    if awarded or ("compiled" in tags and items_at(release, "awards")):
        return NoticeKind.AWARD
    if tags & {"awardCancellation", "contractUpdate", "contractAmendment", "contractTermination"} or any(
        tag.startswith("implementation") for tag in tags
    ):
        return NoticeKind.OTHER
    if tags & {"planning", "planningUpdate"} and "tender" not in tags:
        return NoticeKind.PLANNING
    return NoticeKind.CALL if value_at(release, "tender") is not None else NoticeKind.PLANNING


def _buyer(release: Any) -> dict[str, Any]:
    buyer = value_at(release, "buyer") or value_at(release, "tender/procuringEntity")
    buyer_id = text_at(buyer, "id")
    parties = items_at(release, "parties")
    party = next((each for each in parties if buyer_id is not None and text_at(each, "id") == buyer_id), None)
    for role in ("buyer", "procuringEntity"):
        party = party or next((each for each in parties if role in texts_at(each, "roles")), None)
    party = party or buyer
    identifiers = [value_at(party, "identifier"), *items_at(party, "additionalIdentifiers")]
    sirets = (
        text_at(each, "id") for each in identifiers if text_at(each, "scheme") in {"FR-RCS", "FR-SIRET"}
    )
    return {
        "buyer_name": text_at(buyer, "name") or text_at(party, "name"),
        "buyer_siret": next((text for text in sirets if text is not None), None),
        "buyer_place": _address(value_at(party, "address")),
    }


def _address(address: Any) -> RawPlace:
    region = text_at(address, "region") or ""
    return RawPlace(
        nuts_code=region if _NUTS.fullmatch(region) else None,
        commune=text_at(address, "locality"),
        postcode=text_at(address, "postalCode"),
        country=text_at(address, "countryName"),
    )


def _places(item: Any) -> Iterator[RawPlace]:
    addresses = [*items_at(item, "deliveryAddresses"), *items_at(item, "deliveryAddress")]
    yield from (place for place in map(_address, addresses) if place != RawPlace())


def _codes(parts: Iterable[Any]) -> tuple[str, ...]:
    """Return the CPV codes of a tender or of items, main ones first."""
    stated = list(parts)
    main = [value_at(part, "classification") for part in stated]
    other = [each for part in stated for each in items_at(part, "additionalClassifications")]
    codes = (
        text_at(each, "id") for each in (*main, *other) if (text_at(each, "scheme") or "").upper() == CPV
    )
    return tuple(code for code in codes if code is not None)


def _lot(lot: Any, number: int, tender: Any, awards: list[Any]) -> RawLot:
    lot_id = text_at(lot, "id") or str(number)
    holding = [_award(each) for each in awards if _holds(each)]
    items = [item for item in items_at(tender, "items") if lot_id in texts_at(item, "relatedLot")]
    return RawLot(
        lot_id=lot_id,
        title=text_at(lot, "title"),
        description=text_at(lot, "description"),
        cpv_codes=_codes(items),
        places=tuple(place for item in items for place in _places(item)),
        value=paid_for_lot(holding, lot_id) or _money(value_at(lot, "value")),
    )


def _paid(awards: list[Any], lots: list[Any]) -> RawMoney | None:
    """Return what the one award of a release comes to, where it holds and is of every lot."""
    lot_ids = [text_at(lot, "id") or str(number) for number, lot in enumerate(lots, start=1)]
    return paid_for_all([_award(each) for each in awards], lot_ids) if all(map(_holds, awards)) else None


def _award(award: Any) -> Award:
    of_items = (lot for item in items_at(award, "items") for lot in texts_at(item, "relatedLot"))
    return Award.of((*texts_at(award, "relatedLots"), *of_items), _money(value_at(award, "value")))


def _holds(award: Any) -> bool:
    return text_at(award, "status") not in WITHOUT_AWARD


def _money(value: Any) -> RawMoney | None:
    amount = text_at(value, "amount")
    return RawMoney(amount, text_at(value, "currency")) if amount is not None else None


def _time(text: str | None) -> RawTime | None:
    return RawTime(text) if text is not None else None


def _document(tender: Any, kinds: tuple[str, ...]) -> str | None:
    """Return the address of the first document of the first of several kinds."""
    documents = items_at(tender, "documents")
    addresses = (
        _web(text_at(each, "url"))
        for kind in kinds
        for each in documents
        if text_at(each, "documentType") == kind
    )
    return next((address for address in addresses if address is not None), None)


def _canonical(release: Any) -> str | None:
    links = [link for link in items_at(release, "links") if text_at(link, "rel") == "canonical"]
    return next((text for link in links if (text := text_at(link, "href")) is not None), None)


def _web(text: str | None) -> str | None:
    return text if text is not None and text.startswith(_WEB) else None


def _changes(tender: Any) -> Iterator[RawChange]:
    """Read what an amendment says it changes: its properties, else its reasons in words."""
    for amendment in (*items_at(tender, "amendments"), *items_at(tender, "amendment")):
        words = text_at(amendment, "description") or text_at(amendment, "rationale")
        properties = items_at(amendment, "changes")
        for change in properties:
            name = (text_at(change, "property") or "").replace(".", "/")
            former = text_at(change, "former_value")
            if name.endswith(DEADLINE):
                yield RawChange("deadline_at", _time(former), _time(text_at(tender, DEADLINE)), words or name)
        if words is not None and not properties:
            yield RawChange("text", after=words, evidence=words)
