"""Parse the answers of BOAMP's API v2.1: JSON that carries the notices' XML as JSON in strings.

In:   the bytes of one page of records, or of one export.
Out:  one RawNotice a record, one Reject for each that cannot be read.

``gestion`` and ``donnees`` are the elements of the XML flux written as JSON ("@" before an
attribute, "#text" beside it): they are made into elements again and read as the flux is.  A
record that was asked for without them is read from its flat fields, where the object is cut at
200 characters and the deadline's offset lies: until 2023 it was an hour off in summer, since
2024 it is the wall clock of Paris labelled as UTC; with a ``contractfolderid`` it is right.

An address that orders nothing is asked for the newest first, 100 a page.  One without a window of dates
is read as far as pages go, the 10,000 newest; an export of all years would be refused for its size.

Source: Opendatasoft Explore API 2.1; DILA, data set "boamp"; read off its records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree

from alerting.domain.feed import ParsedFeed, Question, Reject
from alerting.domain.notice import Clock, NoticeKind, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats import boamp, boamp_v230
from alerting.feeds.formats.boamp_common import NATURES, NOTICE_PAGE, Announced, in_state
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.json_values import items_at, read_json, text_at, texts_at, value_at
from alerting.feeds.formats.xml import Element, find


NEWEST_FIRST = "dateparution desc"
# A query that names one of these asks for a window of time, which an export can hold.
_DATES = ("dateparution", "datefindiffusion", "datelimitereponse")
# What the API hands out: so many records a page, so many by pages; beyond them whole exports only.
PAGE_RECORDS = 100
PAGED_RECORDS = 10_000
_LONGEST_OFFSET = 9
_NAME = re.compile(r"[A-Za-z_][\w.\-]*")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEEPEST = 60
# "35,22", "35 22"; a text with a name ("35 - Ille-et-Vilaine") is no list of numbers.
_BETWEEN = re.compile(r"\s*[,;/]\s*|\s+(?=\d[\dAB]\d?(?:\s|$))", re.IGNORECASE)
_LOST = re.compile(r"\?\w")
_LABELLED_PARIS_FROM = "2024"
_YEAR = re.compile(r"(?P<year>[0-9]{2})[-_]")
# A day alone has no hour that could be wrong.
_TIMED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]")


def recognises(head: Head) -> bool:
    """Tell whether a document is an answer of the API."""
    return "idweb" in head.names


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one answer.

    Raises:
        FeedFormatError: It is no JSON, or holds no list of records.
    """
    answer = read_json(document, feed_id=feed_id)
    records = answer if isinstance(answer, list) else value_at(answer, "results")
    if not isinstance(records, list):
        raise FeedFormatError(
            feed_id, "top level", "expected records, or an object with 'results' (got none)"
        )
    notices: list[RawNotice] = []
    rejects: list[Reject] = []
    for number, record in enumerate(records):
        try:
            notices.append(_notice(record, feed_id))
        except FeedFormatError as error:
            rejects.append(Reject(f"results[{number}]", f"{error.where}: {error.problem}"))
    return ParsedFeed(tuple(notices), tuple(rejects))


def question(url: str) -> Question:
    """Return what is asked of the API: an address of records, whole pages of them, the newest first.

    An order and a limit that the address states stand; an address of an export is left alone.
    """
    parts = urlsplit(url)
    if not parts.path.endswith("/records"):
        return Question(url)
    asked = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    defaults = {"limit": str(PAGE_RECORDS), "order_by": NEWEST_FIRST}
    added = urlencode({name: value for name, value in defaults.items() if name not in asked})
    query = "&".join(part for part in (parts.query, added) if part)
    return Question(urlunsplit(parts._replace(query=query)))


def next_page(document: bytes, *, url: str) -> str | None:
    """Return the address of the records after this page; beyond 10,000 the export of a window of dates.

    None after the last page, after an export, and after 10,000 where no window is asked for.
    """
    answer = read_json(document, feed_id=url)
    total = value_at(answer, "total_count")
    parts = urlsplit(url)
    asked = parse_qsl(parts.query)
    kept = [(name, value) for name, value in asked if name != "offset"]
    offset = next((value for name, value in asked if name == "offset"), "")
    count = len(items_at(answer, "results"))
    end = (int(offset) if offset.isdecimal() and len(offset) <= _LONGEST_OFFSET else 0) + count
    if not isinstance(total, int) or not count or end >= total:
        return None
    if end + PAGE_RECORDS <= PAGED_RECORDS:
        return urlunsplit(parts._replace(query=urlencode([*kept, ("offset", str(end))])))
    if not any(date in value for name, value in kept if name in {"where", "refine"} for date in _DATES):
        return None
    kept = [(name, value) for name, value in kept if name != "limit"]
    path = parts.path.removesuffix("/records") + "/exports/json"
    return urlunsplit(parts._replace(path=path, query=urlencode(kept)))


def _notice(record: Any, feed_id: str) -> RawNotice:
    if text_at(record, "donnees") is None and not isinstance(value_at(record, "donnees"), dict):
        return _flat_notice(record, feed_id)
    root = etree.Element("ann")
    for name in ("gestion", "donnees"):
        value = _opened(value_at(record, name), name, feed_id)
        _append(root, name.upper(), _indexed(record) if value is None and name == "gestion" else value)
    read: Callable[..., RawNotice] = _read_v230 if find(root, "DONNEES/IDENTITE") is not None else _read_325
    return _completed(read(root, feed_id=feed_id), record)


def _indexed(record: Any) -> dict[str, Any]:
    """Return what a record that was asked for without its ``gestion`` says of it in its flat fields."""
    described = {
        "NATURE": {text_at(record, "nature") or "APPEL_OFFRE": ""},
        "STATUT": {text_at(record, "etat") or "INITIAL": ""},
    }
    index = {
        "DATE_PUBLICATION": text_at(record, "dateparution"),
        "NOMORGANISME": text_at(record, "nomacheteur"),
        "DEP_PRESTATION": list(_departements(record)),
        "RESUME_OBJET": text_at(record, "objet"),
    }
    return {"REFERENCE": {"IDWEB": text_at(record, "idweb"), "TYPE_AVIS": described}, "INDEXATION": index}


def _read_v230(root: Element, *, feed_id: str) -> RawNotice:
    return boamp_v230.read_announcement(root, feed_id=feed_id)


def _read_325(root: Element, *, feed_id: str) -> RawNotice:
    return boamp.read_announcement(root, feed_id=feed_id).notices[0]


def _opened(value: Any, name: str, feed_id: str) -> Any:
    """Return the JSON that a string holds; some mirrors hand it out already opened."""
    if not isinstance(value, str):
        return value
    try:
        return read_json(value.encode(), feed_id=feed_id)
    except FeedFormatError as error:
        raise FeedFormatError(feed_id, name, error.problem) from error


def _append(parent: Element, name: str, value: Any, depth: int = 0) -> None:
    """Write a value of JSON as the element, or the elements, that it was made from."""
    local = name.rpartition(":")[2]
    if not _NAME.fullmatch(local) or depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            _append(parent, name, item, depth + 1)
        return
    element = etree.SubElement(parent, local)
    if not isinstance(value, dict):
        element.text = _clean(text_at(value))
        return
    for key, item in value.items():
        if key == "#text":
            element.text = _clean(text_at(item))
        elif key.startswith("@"):
            _set(element, key[1:].rpartition(":")[2], text_at(item))
        else:
            _append(element, key, item, depth + 1)


def _set(element: Element, name: str, text: str | None) -> None:
    if text is not None and _NAME.fullmatch(name):
        element.set(name, _clean(text) or "")


def _clean(text: str | None) -> str | None:
    return _UNPRINTABLE.sub(" ", text) if text is not None else None


def _completed(notice: RawNotice, record: Mapping[str, Any]) -> RawNotice:
    """Add what only the record says: the key, the notices it is linked to, a deadline, and lost letters.

    A notice's own title may have lost its ligatures ("maîtrise d'?uvre") where the record has them.
    """
    values = {name: getattr(notice, name) for name in RawNotice.__dataclass_fields__}
    values["procedure_key"] = notice.procedure_key or text_at(record, "contractfolderid")
    summary = text_at(record, "objet")
    if _LOST.search(notice.title) is not None and summary is not None and _LOST.search(summary) is None:
        values["title"] = summary
    values["deadlines"] = notice.deadlines or _missing_deadline(notice, record)
    values["refers_to"] = tuple(dict.fromkeys(notice.refers_to + _linked(record)))
    return RawNotice(**values)


def _missing_deadline(notice: RawNotice, record: Any) -> tuple[RawTime, ...]:
    """Return the flat deadline of a call that states none itself, of all of it or of a lot."""
    if notice.kind is not NoticeKind.CALL or any(lot.deadlines for lot in notice.lots):
        return ()
    published = text_at(record, "dateparution") or _year_of_number(notice.source_id)
    deadline = _flat_deadline(record, published)
    return (deadline,) if deadline is not None else ()


def _linked(record: Any) -> tuple[str, ...]:
    return texts_at(record, "annonce_lie") + texts_at(record, "annonces_anterieures")


def _flat_notice(record: Any, feed_id: str) -> RawNotice:
    source_id, title = text_at(record, "idweb"), text_at(record, "objet")
    if source_id is None or title is None:
        raise FeedFormatError(feed_id, "record", "expected 'idweb' and 'objet' (got none)")
    published = text_at(record, "dateparution")
    deadline = _flat_deadline(record, published or _year_of_number(source_id))
    said = _flat_announced(record)
    return RawNotice(
        feed_id=feed_id,
        source_id=source_id,
        title=title,
        kind=said.kind,
        published=RawTime(published, Clock.PARIS) if published is not None else None,
        languages=("fr",),
        buyer_name=text_at(record, "nomacheteur"),
        nature=next(iter(texts_at(record, "type_marche")), None),
        places=tuple(RawPlace(departement=code) for code in _departements(record)),
        deadlines=(deadline,) if deadline is not None else (),
        notice_url=text_at(record, "url_avis") or f"{NOTICE_PAGE}{source_id}",
        procedure_key=text_at(record, "contractfolderid"),
        refers_to=tuple(dict.fromkeys(_linked(record))),
        changes=said.changes,
    )


def _departements(record: Any) -> tuple[str, ...]:
    """Return where the work is done: numbers in a list, or in one text with signs between."""
    texts = texts_at(record, "code_departement_prestation")
    return tuple(code for text in texts for code in _BETWEEN.split(text) if code)


def _flat_announced(record: Any) -> Announced:
    nature = text_at(record, "nature")
    own = NATURES.get(nature.upper()) if nature is not None else NoticeKind.CALL
    return in_state(own, text_at(record, "etat"))


def _flat_deadline(record: Any, published: str) -> RawTime | None:
    text = text_at(record, "datelimitereponse")
    if text is None or text_at(record, "contractfolderid") is not None:
        return RawTime(text) if text is not None else None
    if published[:4] < _LABELLED_PARIS_FROM and _TIMED.match(text) is not None:
        return RawTime(_an_hour_later(text), Clock.PARIS)
    return RawTime(text, Clock.PARIS)


def _year_of_number(source_id: str) -> str:
    """Return the year that a number begins with: "2026" of "26-88092"."""
    found = _YEAR.match(source_id)
    return f"20{found['year']}" if found is not None else _LABELLED_PARIS_FROM


def _an_hour_later(text: str) -> str:
    """Undo the constant offset of an hour by which Paris was written as UTC."""
    try:
        moment = datetime.fromisoformat(text[:19])
        return (moment + timedelta(hours=1)).isoformat()
    except (ValueError, OverflowError):
        return text
