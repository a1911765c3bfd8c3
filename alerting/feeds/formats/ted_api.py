"""Parse the answers of TED's search API v3: one JSON object a notice, with the fields that were asked for.

In:   the bytes of one answer.
Out:  one RawNotice a notice, one Reject for each without number or title.

The API is asked by POST.  A feed of it is registered as an address whose query holds what is
asked: ``https://api.ted.europa.eu/v3/notices/search?query=buyer-country+IN+(FRA)``; the address of
the next page is the same with the token that the answer gives.

Texts come in several languages: French is kept, else the notice's own.  Titles are led by country
and CPV label, which are left out.  Deadlines are days without an hour.  The notice itself, with its
lots and addresses, is the eForms document that ``links`` names.

Source: docs.ted.europa.eu/reuse/search-api.html; read off answers.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from alerting.domain.feed import ParsedFeed, Question, Reject
from alerting.domain.notice import NoticeKind, RawMoney, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.eforms import NOTICE_PAGE, canonical_number
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.json_values import items_at, read_json, text_at, texts_at, value_at


# As many notices as the API gives a page.
LIMIT = 250
FIELDS = (
    "publication-number",
    "publication-date",
    "notice-type",
    "notice-title",
    "official-language",
    "procedure-identifier",
    "buyer-name",
    "description-proc",
    "contract-nature",
    "classification-cpv",
    "place-of-performance",
    "estimated-value-proc",
    "estimated-value-cur-proc",
    "deadline-receipt-tender-date-lot",
    "deadline-receipt-request-date-lot",
    "links",
)
DEADLINES = ("deadline-receipt-tender-date-lot", "deadline-receipt-request-date-lot", "deadline-date-lot")
TOKEN = "iterationNextToken"  # noqa: S105 - where to read on, no secret
_KINDS = (
    (("pin-cfc", "cn-", "qu-sy", "subco", "cei"), NoticeKind.CALL),
    (("pin-",), NoticeKind.PLANNING),
    (("can-modif", "compl"), NoticeKind.OTHER),
    (("can-", "veat"), NoticeKind.AWARD),
    (("corr",), NoticeKind.CORRECTION),
)
_NUTS = re.compile(r"[A-Z]{2}[A-Z0-9]{0,3}")
_LED_BY = 2  # Parts before the title: country and CPV label.


def recognises(head: Head) -> bool:
    """Tell whether a document is an answer of the API."""
    return "publication-number" in head.names or TOKEN in head.names


def question(url: str) -> Question:
    """Return how the API is asked what an address's query says."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    body = {
        "query": asked.get("query", ""),
        "fields": asked["fields"].split(",") if "fields" in asked else list(FIELDS),
        "limit": min(int(text), LIMIT) if (text := asked.get("limit", "")).isdecimal() else LIMIT,
        "scope": asked.get("scope", "ACTIVE"),
        "checkQuerySyntax": False,
        "paginationMode": "ITERATION",
    }
    if TOKEN in asked:
        body[TOKEN] = asked[TOKEN]
    return Question(urlunsplit(parts._replace(query="", fragment="")), json.dumps(body).encode())


def next_page(document: bytes, *, url: str) -> str | None:
    """Return the address of the next page; None when this one has no notices or gives no token."""
    answer = read_json(document, feed_id=url)
    token = text_at(answer, TOKEN)
    if token is None or not items_at(answer, "notices"):
        return None
    parts = urlsplit(url)
    asked = {**dict(parse_qsl(parts.query)), TOKEN: token}
    return urlunsplit(parts._replace(query=urlencode(asked)))


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one answer.

    Raises:
        FeedFormatError: It is no JSON, or holds no list of notices.
    """
    answer = read_json(document, feed_id=feed_id)
    found = value_at(answer, "notices")
    if not isinstance(found, list):
        raise FeedFormatError(feed_id, "top level", "expected an object with 'notices' (got none)")
    notices: list[RawNotice] = []
    rejects: list[Reject] = []
    for position, item in enumerate(found):
        notice = _notice(item, feed_id)
        if notice is None:
            problem = "expected 'publication-number' and 'notice-title' (got none)"
            rejects.append(Reject(f"notices[{position}]", problem))
        else:
            notices.append(notice)
    if value_at(answer, "timedOut") is True:
        rejects.append(Reject("timedOut", "the search was cut short by its server; expected a whole answer"))
    return ParsedFeed(tuple(notices), tuple(rejects))


def _notice(item: Any, feed_id: str) -> RawNotice | None:
    languages = texts_at(item, "official-language")
    number = text_at(item, "publication-number")
    title = _text(value_at(item, "notice-title"), languages)
    if number is None or title is None:
        return None
    number = canonical_number(number)
    codes = tuple(dict.fromkeys(texts_at(item, "classification-cpv")))
    published = next(iter(texts_at(item, "publication-date")), None)
    return RawNotice(
        feed_id=feed_id,
        source_id=number,
        title=_without_lead(title),
        kind=_kind(next(iter(texts_at(item, "notice-type")), "")),
        published=RawTime(published) if published is not None else None,
        languages=languages,
        buyer_name=_text(value_at(item, "buyer-name"), languages),
        description=_text(value_at(item, "description-proc"), languages),
        nature=next(iter(texts_at(item, "contract-nature")), None),
        cpv_main=next(iter(codes), None),
        cpv_additional=codes[1:],
        places=_places(item),
        value=_value(item),
        deadlines=_deadlines(item),
        notice_url=text_at(item, "links/html/FRA") or f"{NOTICE_PAGE}{number}",
        procedure_key=next(iter(texts_at(item, "procedure-identifier")), None),
    )


def _deadlines(item: Any) -> tuple[RawTime, ...]:
    """Read the days, which name no lots: of each kind the last one, until which some lot is open."""
    last = (max(texts_at(item, name), default=None) for name in DEADLINES)
    return tuple(RawTime(day) for day in last if day is not None)


def _text(value: Any, languages: tuple[str, ...]) -> str | None:
    """Return a text that is given by language, each as a text or a list of texts."""
    if not isinstance(value, dict):
        return next(iter(texts_at(value)), None)
    for language in ("fra", *(code.lower() for code in languages), *value):
        found = next(iter(texts_at(value.get(language))), None)
        if found is not None:
            return found
    return None


def _without_lead(title: str) -> str:
    """Drop "Pologne – Matériel informatique divers – "; a title of fewer parts is left whole."""
    parts = title.split(" – ", _LED_BY)
    return parts[_LED_BY].strip() or title if len(parts) > _LED_BY else title


def _kind(code: str) -> NoticeKind:
    return next((kind for starts, kind in _KINDS if code.startswith(starts)), NoticeKind.OTHER)


def _places(item: Any) -> tuple[RawPlace, ...]:
    """Read the places: NUTS codes, among them countries of three letters, which say nothing of a place."""
    codes = dict.fromkeys(texts_at(item, "place-of-performance"))
    return tuple(
        RawPlace(nuts_code=code) for code in codes if _NUTS.fullmatch(code) and not _is_country(code)
    )


def _is_country(code: str) -> bool:
    return len(code) <= 3 and code.isalpha()  # noqa: PLR2004 - ISO 3166


def _value(item: Any) -> RawMoney | None:
    amount = next(iter(texts_at(item, "estimated-value-proc")), None)
    currency = next(iter(texts_at(item, "estimated-value-cur-proc")), None)
    return RawMoney(amount, currency) if amount is not None else None
