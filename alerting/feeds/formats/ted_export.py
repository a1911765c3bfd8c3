"""Parse TED_EXPORT, the schema of TED until 2024: standard forms F01 to F25, MOVE, and the defence forms.

In:   the bytes of one notice, R2.0.8 or R2.0.9.
Out:  one RawNotice.

A notice holds its form once for each language: the French one is read, else the original.  What
the form does not say, or says elsewhere (defence), is taken from the coded data beside it.  Times
are taken for the wall clock of Paris: those of other countries may be an hour or two off.  A
corrigendum (F14) names the notice it changes and gives old and new values; what it cancels it says
in prose only.

Source: Publications Office, TED XML schema R2.0.9; read off published notices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from alerting.domain.feed import ParsedFeed
from alerting.domain.notice import (
    Clock,
    NoticeKind,
    RawChange,
    RawLot,
    RawMoney,
    RawNotice,
    RawPlace,
    RawTime,
)
from alerting.errors import FeedFormatError
from alerting.feeds.formats.awarded import Award, paid_for_all, paid_for_lot
from alerting.feeds.formats.eforms import NOTICE_PAGE
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.kinds import OF_A_LOT
from alerting.feeds.formats.xml import (
    Element,
    attribute,
    children,
    descendants,
    find,
    find_all,
    local_name,
    read_xml,
    text_of,
    texts_of,
)
from alerting.reference.nuts import without_boxes
from alerting.text.accents import compile_french
from alerting.text.lot_words import find_lots


ROOT = "TED_EXPORT"
FRENCH = "FR"
# TD_DOCUMENT_TYPE: what the notice announces, whatever its form.
KINDS = {
    "0": NoticeKind.PLANNING,
    "2": NoticeKind.CORRECTION,
    "3": NoticeKind.CALL,
    "7": NoticeKind.AWARD,
    "A": NoticeKind.CALL,
    "C": NoticeKind.CALL,
    "D": NoticeKind.CALL,
    "G": NoticeKind.CALL,
    "H": NoticeKind.CALL,
    "J": NoticeKind.AWARD,
    "M": NoticeKind.CALL,
    "O": NoticeKind.CALL,
    "P": NoticeKind.PLANNING,
    "Q": NoticeKind.CALL,
    "R": NoticeKind.AWARD,
    "V": NoticeKind.AWARD,
    "Y": NoticeKind.CALL,
}
# Section of the form that states the deadline: the one change that moves it.
DEADLINE_SECTION = "IV.2.2"
# Words by which a corrigendum ends a purchase; "annulé" alone may be of a visit or a lot.
ENDS = compile_french(
    r"\b(déclar\w+|class\w+) sans suite\b|\bannulation de (la|cette) (procédure|consultation)\b"
    r"|\b(procédure|consultation)( de passation)? est (annulée|abandonnée)\b"
)
ABOUT_A_LOT = re.compile(OF_A_LOT, re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.;])\s+|\n")
NUMBER = re.compile(r"(\d{4})/S \d{1,3}-0*(\d+)|0*(\d+)-(\d{4})")
DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?: (\d{2}:\d{2}))?")
# A notice states that it is reserved (III.1.5, or article 77 for some services), never that it is not.
RESERVED = (
    "RESTRICTED_SHELTERED_WORKSHOP",
    "RESTRICTED_SHELTERED_PROGRAM",
    "RESERVED_ORGANISATIONS_SERVICE_MISSION",
)
POSTCODE = re.compile(r"\b\d{5}\b")
LONGEST_COMMUNE = 60
# The defence forms and old ones have other names for the same things.
TITLES = ("TITLE", "TITLE_CONTRACT", "TITLE_DESIGN_CONTEST")
DESCRIPTIONS = ("SHORT_DESCR", "SHORT_CONTRACT_DESCRIPTION", "DESCRIPTION")


def recognises(head: Head) -> bool:
    """Tell whether a document is a TED_EXPORT notice."""
    return head.root == ROOT


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one notice.

    Raises:
        FeedFormatError: It is no TED_EXPORT, or lacks its number, its form or its title.
    """
    root = read_xml(document, feed_id=feed_id)
    if local_name(root) != ROOT:
        raise FeedFormatError(feed_id, "top level", f"expected a {ROOT!r} (got {local_name(root)!r})")
    number = read_number(attribute(root, "DOC_ID") or text_of(root, f"{_DATA}/NO_DOC_OJS") or "")
    if number is None:
        raise FeedFormatError(feed_id, "DOC_ID", "expected a publication number (got none)")
    form = _form(root)
    if form is None:
        raise FeedFormatError(feed_id, "FORM_SECTION", "expected a form (got none)")
    return ParsedFeed((_notice(root, form, number, feed_id),))


def read_number(text: str) -> str | None:
    """Return a publication number as eForms' API writes it; None when it is none.

    >>> read_number("2021/S 025-057651"), read_number("057651-2021"), read_number("57651")
    ('57651-2021', '57651-2021', None)
    """
    found = NUMBER.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    year, number, other_number, other_year = found.groups()
    return f"{number}-{year}" if year is not None else f"{other_number}-{other_year}"


_DATA = "CODED_DATA_SECTION/NOTICE_DATA"
_CODES = "CODED_DATA_SECTION/CODIF_DATA"


def _form(root: Element) -> Element | None:
    section = find(root, "FORM_SECTION")
    forms = [form for form in section if local_name(form)] if section is not None else []
    forms.sort(
        key=lambda form: (attribute(form, "LG") != FRENCH, attribute(form, "CATEGORY") != "ORIGINAL"),
    )
    return forms[0] if forms else None


def _notice(root: Element, form: Element, number: str, feed_id: str) -> RawNotice:
    objects = children(form, "OBJECT_CONTRACT") or [form]
    described = objects[0]
    title = _first_prose(described, TITLES) or _translated_title(root)
    if title is None:
        raise FeedFormatError(feed_id, "OBJECT_CONTRACT/TITLE", "expected a title (got none)")
    changes = tuple(_changes(form))
    kind = _kind(root, form)
    awards = _awards(form) if kind is NoticeKind.AWARD else []
    whole, lots = _parts(objects, awards)
    codes = tuple(dict.fromkeys(_codes(root, objects[:1], whole)))
    body, buyer = find(form, "CONTRACTING_BODY"), _buyer(form)
    return RawNotice(
        feed_id=feed_id,
        source_id=number,
        title=title,
        kind=kind,
        published=_day(text_of(root, "CODED_DATA_SECTION/REF_OJS/DATE_PUB")),
        languages=(attribute(form, "LG") or text_of(root, f"{_DATA}/LG_ORIG") or "",),
        buyer_name=text_of(buyer, "OFFICIALNAME") or text_of(buyer, "ORGANISATION/OFFICIALNAME"),
        buyer_siret=text_of(buyer, "NATIONALID") or text_of(buyer, "ORGANISATION/NATIONALID"),
        buyer_place=_address(buyer),
        description=_description(described, whole, title),
        nature=_nature(form),
        cpv_main=next(iter(codes), None),
        cpv_additional=codes[1:],
        places=_places(whole) or (() if lots else _coded_places(root)),
        lots=tuple(lots),
        value=(_total(described, awards, lots) if kind is NoticeKind.AWARD else None)
        or _money(find(described, "VAL_ESTIMATED_TOTAL")),
        deadlines=_deadlines(root, form, changes),
        document_url=text_of(body, "URL_DOCUMENT"),
        submission_url=text_of(body, "URL_PARTICIPATION") or _anywhere(form, "URL_PARTICIPATE"),
        notice_url=f"{NOTICE_PAGE}{number}",
        internal_reference=text_of(described, "REFERENCE_NUMBER") or _anywhere(form, "FILE_REFERENCE_NUMBER"),
        refers_to=_references(root, form, number),
        changes=changes,
        is_reserved=any(descendants(form, name) for name in RESERVED) or None,
    )


def _kind(root: Element, form: Element) -> NoticeKind:
    kind = KINDS.get(attribute(find(root, f"{_CODES}/TD_DOCUMENT_TYPE"), "CODE") or "", NoticeKind.OTHER)
    if kind is NoticeKind.CORRECTION:
        prose = (*_all_prose(form, "NEW_VALUE"), *_all_prose(form, "INFO_ADD"))
        return NoticeKind.CANCELLATION if any(map(_ends, prose)) else kind
    awards = children(form, "AWARD_CONTRACT")
    if awards and all(find(award, "NO_AWARDED_CONTRACT") is not None for award in awards):
        return NoticeKind.CANCELLATION
    return kind


def _ends(prose: str) -> bool:
    """Tell whether a sentence ends the purchase; one that speaks of a lot ends that lot alone."""
    sentences = (each for each in SENTENCE.split(prose) if ENDS.search(each) is not None)
    return any(ABOUT_A_LOT.search(each) is None for each in sentences)


def _all_prose(form: Element, name: str) -> Iterator[str]:
    return (text for element in descendants(form, name) if (text := _prose(element)) is not None)


def _buyer(form: Element) -> Element | None:
    """Return the buyer's address; in the defence forms it is the first one."""
    address = find(form, "CONTRACTING_BODY/ADDRESS_CONTRACTING_BODY")
    if address is not None:
        return address
    names = descendants(form, "OFFICIALNAME")
    organisation = names[0].getparent() if names else None
    return organisation.getparent() if organisation is not None else None


def _address(address: Element | None) -> RawPlace:
    return RawPlace(
        nuts_code=attribute(find(address, "NUTS"), "CODE"),
        commune=text_of(address, "TOWN"),
        postcode=text_of(address, "POSTAL_CODE"),
        country=attribute(find(address, "COUNTRY"), "VALUE"),
    )


def _nature(form: Element) -> str | None:
    for name in ("CTYPE", "VALUE"):
        for element in descendants(form, "TYPE_CONTRACT"):
            if attribute(element, name):
                return attribute(element, name)
    return next((each.get("CTYPE") for each in form.iter() if each.get("CTYPE")), None)


def _parts(objects: list[Element], awards: list[Award]) -> tuple[Element | None, list[RawLot]]:
    """Return the description of an undivided purchase, or the lots; a planned series has several objects."""
    described = [(each, part) for each in objects for part in children(each, "OBJECT_DESCR")]
    if not described:
        return objects[0] if len(objects) == 1 else None, _old_lots(objects[0])
    is_divided = any(find(each, "LOT_DIVISION") is not None for each in objects)
    if len(described) == 1 and not is_divided:
        return described[0][1], []
    return None, [_lot(each, part, number, awards) for number, (each, part) in enumerate(described, start=1)]


def _lot(purchase: Element, part: Element, number: int, awards: list[Award]) -> RawLot:
    lot_id = text_of(part, "LOT_NO") or str(number)
    return RawLot(
        lot_id=lot_id,
        title=_prose(find(part, "TITLE")) or _prose(find(purchase, "TITLE")),
        description=_prose(find(part, "SHORT_DESCR")),
        cpv_codes=_codes_in(part, "CPV_ADDITIONAL"),
        places=_places(part),
        value=paid_for_lot(awards, lot_id) or _money(find(part, "VAL_OBJECT")),
    )


def _old_lots(form: Element) -> list[RawLot]:
    """Read the lots of the defence forms, which stand in an annex."""
    return [
        RawLot(
            lot_id=_anywhere(lot, "LOT_NUMBER") or str(number),
            title=_first_prose(lot, ("LOT_TITLE",)),
            description=_first_prose(lot, ("LOT_DESCRIPTION", *DESCRIPTIONS)),
            cpv_codes=(*_codes_in(lot, "CPV_MAIN"), *_codes_in(lot, "CPV_ADDITIONAL")),
        )
        for number, lot in enumerate(_annexes(form), start=1)
    ]


def _annexes(form: Element) -> list[Element]:
    return [element for name in ("F16_ANNEX_B", "F17_ANNEX_B") for element in descendants(form, name)]


def _codes(root: Element, objects: Iterable[Element], whole: Element | None) -> Iterator[str]:
    """Yield the codes of the purchase, the main one first."""
    main = [code for each in objects for code in _codes_in(each, "CPV_MAIN")]
    coded = [
        code
        for each in find_all(root, f"{_DATA}/ORIGINAL_CPV")
        if (code := attribute(each, "CODE")) is not None
    ]
    yield from main or coded[:1]
    yield from _codes_in(whole, "CPV_ADDITIONAL")


def _codes_in(part: Element | None, name: str) -> tuple[str, ...]:
    groups = [] if part is None else descendants(part, name)
    codes = (attribute(code, "CODE") for group in groups for code in find_all(group, "CPV_CODE"))
    return tuple(code for code in codes if code is not None)


def _places(part: Element | None) -> tuple[RawPlace, ...]:
    """Read where a part is done: NUTS codes, and a main site in prose that may hold a postcode."""
    if part is None:
        return ()
    location = find(part, "LOCATION_NUTS") if local_name(part) != "OBJECT_DESCR" else part
    if location is None:
        location = next(iter(descendants(part, "LOCATION_NUTS")), None)
    site = _prose(find(location, "MAIN_SITE")) or _prose(find(location, "LOCATION"))
    codes = [code for each in children(location, "NUTS") if (code := attribute(each, "CODE")) is not None]
    found = POSTCODE.search(without_boxes(site or ""))
    commune = site if site is not None and len(site) <= LONGEST_COMMUNE and "\n" not in site else None
    if len(codes) == 1 or (not codes and (commune or found)):
        return (RawPlace(next(iter(codes), None), None, commune, found.group() if found else None),)
    return tuple(RawPlace(code) for code in codes)


def _coded_places(root: Element) -> tuple[RawPlace, ...]:
    codes = (attribute(each, "CODE") for each in find_all(root, f"{_DATA}/PERFORMANCE_NUTS"))
    return tuple(RawPlace(code) for code in codes if code is not None)


def _deadlines(root: Element, form: Element, changes: tuple[RawChange, ...]) -> tuple[RawTime, ...]:
    moved = tuple(
        change.after for change in changes if isinstance(change.after, RawTime) and change.lot_id is None
    )
    if not moved and any(_lots_of(change) != () for change in _deadline_changes(form)):
        return ()  # A lot's date alone: what the coded data repeat of it is not the purchase's.
    stated = _moment(find(form, "PROCEDURE"), "DATE_RECEIPT_TENDERS", "TIME_RECEIPT_TENDERS")
    coded = _day(text_of(root, f"{_CODES}/DT_DATE_FOR_SUBMISSION"))
    return moved or tuple(found for found in (stated or coded,) if found is not None)


def _moment(part: Element | None, day_name: str, time_name: str) -> RawTime | None:
    day, clock = text_of(part, day_name), text_of(part, time_name)
    if day is None:
        return None
    return RawTime(f"{day}T{clock.zfill(5)}" if clock is not None else day, Clock.PARIS)


def _day(text: str | None) -> RawTime | None:
    """Return a time of the coded data: "20210517 16:30"."""
    found = DAY.fullmatch(text or "")
    if found is None:
        return None
    year, month, day, clock = found.groups()
    return RawTime(f"{year}-{month}-{day}" + (f"T{clock}" if clock else ""), Clock.PARIS)


def _references(root: Element, form: Element, number: str) -> tuple[str, ...]:
    stated = [text_of(each) for each in descendants(form, "NOTICE_NUMBER_OJ")]
    stated += texts_of(root, f"{_DATA}/REF_NOTICE/NO_DOC_OJS")
    numbers = (read_number(text) for text in stated if text is not None)
    return tuple(dict.fromkeys(each for each in numbers if each is not None and each != number))


def _changes(form: Element) -> Iterator[RawChange]:
    for change in find_all(form, "CHANGES/CHANGE"):
        old, new = find(change, "OLD_VALUE"), find(change, "NEW_VALUE")
        label = " ".join(text for text in (_section(change), text_of(change, "WHERE/LABEL")) if text)
        after, lots = _moment(new, "DATE", "TIME"), _lots_of(change)
        if change in _deadline_changes(form) and after is not None and lots is not None:
            before = _moment(old, "DATE", "TIME")
            for lot_id in lots or (None,):
                yield RawChange("deadline_at", before, after, label or None, lot_id)
        else:
            yield RawChange("text", _value_text(old), _value_text(new), label or None)


def _deadline_changes(form: Element) -> list[Element]:
    return [each for each in find_all(form, "CHANGES/CHANGE") if _section(each).startswith(DEADLINE_SECTION)]


def _section(change: Element) -> str:
    return text_of(change, "WHERE/SECTION") or ""


def _lots_of(change: Element) -> tuple[str, ...] | None:
    """Return the lots that a change is of alone; None where it names one by no number."""
    named = text_of(change, "WHERE/LOT_NO")
    return find_lots(f"lot {named}") if named is not None else ()


def _value_text(value: Element | None) -> str | None:
    day = _moment(value, "DATE", "TIME")
    codes = " ".join((*_codes_in(value, "CPV_MAIN"), *_codes_in(value, "CPV_ADDITIONAL")))
    return _prose(find(value, "TEXT")) or (day.text if day is not None else None) or codes or None


def _description(described: Element, whole: Element | None, title: str) -> str | None:
    stated = (_first_prose(described, DESCRIPTIONS), _prose(find(whole, "SHORT_DESCR")))
    texts = dict.fromkeys(text for text in stated if text is not None and text != title)
    return "\n".join(texts) or None


def _awards(form: Element) -> list[Award]:
    """Return the awards of a result; where nothing is divided none is a lot's, whatever it names."""
    is_whole = find(form, "OBJECT_CONTRACT/NO_LOT_DIVISION") is not None
    return [_award(each, is_whole=is_whole) for each in children(form, "AWARD_CONTRACT")]


def _award(award: Element, *, is_whole: bool) -> Award:
    named = text_of(award, "LOT_NO")
    lots = (find_lots(f"lot {named}") or (named,)) if named is not None and not is_whole else ()
    contract = find(award, "AWARDED_CONTRACT")
    paths = ("VALUES/VAL_TOTAL", "VALUE/VAL_TOTAL", "VAL_TOTAL")
    stated = (_money(find(contract, path)) for path in paths)
    return Award.of(lots, next((each for each in stated if each is not None and not each.is_nothing()), None))


def _total(described: Element, awards: list[Award], lots: list[RawLot]) -> RawMoney | None:
    """Return what all of an award comes to: its total, or that of one contract of everything.

    The only lot of a divided purchase is not everything: its neighbours are told elsewhere.
    """
    total = _money(find(described, "VAL_TOTAL"))
    if total is not None and not total.is_nothing():
        return total
    return paid_for_all(awards, [lot.lot_id for lot in lots]) if len(lots) != 1 else None


def _money(amount: Element | None) -> RawMoney | None:
    text = text_of(amount)
    return RawMoney(text, attribute(amount, "CURRENCY")) if text is not None else None


def _translated_title(root: Element) -> str | None:
    titles = find_all(root, "TRANSLATION_SECTION/ML_TITLES/ML_TI_DOC")
    titles.sort(key=lambda title: attribute(title, "LG") != FRENCH)
    return next((text for title in titles if (text := _prose(find(title, "TI_TEXT"))) is not None), None)


def _anywhere(part: Element, name: str) -> str | None:
    return next((text for each in descendants(part, name) if (text := text_of(each)) is not None), None)


def _first_prose(part: Element, names: tuple[str, ...]) -> str | None:
    """Return the text of the first of several names: of a child, else of any element within."""
    for name in names:
        text = _prose(find(part, name))
        if text is not None:
            return text
    if local_name(part) == "OBJECT_CONTRACT":
        return None
    found = (_prose(each) for name in names for each in descendants(part, name))
    return next((text for text in found if text is not None), None)


def _prose(element: Element | None) -> str | None:
    """Return a text of paragraphs, a line each."""
    paragraphs = children(element, "P") or ([element] if element is not None else [])
    lines = (" ".join("".join(map(str, each.itertext())).split()) for each in paragraphs)
    return "\n".join(line for line in lines if line) or None
