"""Normalise: from a raw notice, as published, to a notice whose fields mean one thing.

In:   a ``RawNotice``: strings.
Out:  a ``Notice``; what could not be made sense of is None, and every value that cleaning
      changed is recorded with the rule that changed it.

It never raises: whether a notice can be told at all was the parser's question.
Sources: Regulation (EC) 213/2008 (CPV); NUTS 2024; the Luhn check of INSEE's SIRET.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256

import nh3

from alerting.domain.deadlines import LAST_MINUTE, PARIS
from alerting.domain.money import Money
from alerting.domain.notice import (
    Buyer,
    Change,
    Clock,
    Lot,
    Nature,
    Normalisation,
    Notice,
    Place,
    RawChange,
    RawLot,
    RawMoney,
    RawNotice,
    RawPlace,
    RawTime,
)
from alerting.reference.cpv import is_cpv
from alerting.reference.nuts import current_nuts, departement_of_nuts, departement_of_postcode


ESCAPE = re.compile(r"&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
DATE_AND_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
# TED writes "00" where no place is stated.
NUTS = re.compile(r"[A-Z]{2}[A-Z0-9]{0,3}")
CPV = re.compile(r"(\d{8})(?:-\d)?")
BLOCK_END = re.compile(r"</(p|div|li|tr|h\d)>|<br\s*/?>", re.IGNORECASE)
THOUSANDS = (
    re.compile(r"(?P<whole>\d{1,3}(?:\.\d{3})+),(?P<cents>\d{1,2})"),
    re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+)\.(?P<cents>\d{1,2})"),
    re.compile(r"(?P<whole>\d{1,3}(?:\.\d{3}){2,}|\d{1,3}(?:,\d{3}){2,})(?P<cents>)"),
)
PLAIN_AMOUNT = re.compile(r"\d+(?:\.\d+)?")
AMBIGUOUS = re.compile(r"[1-9]\d{0,2},\d{3}")
SIRET_DIGITS = 14
POSTCODE = re.compile(r"\b\d{5}\b")
DEPARTEMENT = re.compile(r"\d{1,3}|2[AB]")
NOWHERE = Place()
LARGEST_AMOUNT = 10**12
# What notices and purchases are called is compared and indexed; nobody's number is longer.
LONGEST_NAME = 300
LA_POSTE = "356000000"
# ISO 639-2 (both its codes where there are two) and 639-1: the Union's languages, and Breton.
LANGUAGES = {
    code: short
    for short, codes in {
        "bg": "BUL", "br": "BRE", "cs": "CES CZE", "da": "DAN", "de": "DEU GER", "el": "ELL GRE", "en": "ENG",
        "es": "SPA", "et": "EST", "fi": "FIN", "fr": "FRA FRE", "ga": "GLE", "hr": "HRV", "hu": "HUN",
        "it": "ITA", "lt": "LIT", "lv": "LAV", "mt": "MLT", "nl": "NLD DUT", "pl": "POL", "pt": "POR",
        "ro": "RON RUM", "sk": "SLK SLO", "sl": "SLV", "sv": "SWE",
    }.items()
    for code in codes.split()
}  # fmt: skip
LANGUAGE_CODE_LETTERS = 2
NATURES = {
    "works": Nature.WORKS,
    "travaux": Nature.WORKS,
    "supplies": Nature.SUPPLIES,
    "fournitures": Nature.SUPPLIES,
    "services": Nature.SERVICES,
    "service": Nature.SERVICES,
}


def normalise(raw: RawNotice) -> Notice:
    """Return the notice that *raw* states."""
    log: list[Normalisation] = []
    description = _prose(raw.description, is_html=raw.description_is_html, field="description", log=log)
    lots = tuple([_lot(lot, log) for lot in raw.lots])
    deadline_at, lots = _deadlines(_first(raw.deadlines, log), lots)
    return Notice(
        feed_id=raw.feed_id,
        source_id=_name(raw.source_id) or "",
        version=_name(raw.version),
        kind=raw.kind,
        title=_prose(raw.title, is_html=False, field="title", log=log) or _plain(raw.title),
        published_at=_time(raw.published, "published_at", log),
        languages=tuple(dict.fromkeys(map(_language, raw.languages))),
        buyer=_buyer(raw, log),
        description=description,
        nature=NATURES.get((raw.nature or "").strip().lower()),
        cpv_main=_cpv(raw.cpv_main, "cpv_main", log),
        cpv_additional=_cpvs(raw.cpv_additional, "cpv_additional", log),
        places=_places(raw.places, log),
        lots=lots,
        value=_money(raw.value, "value", log),
        deadline_at=deadline_at,
        question_deadline_at=_time(raw.question_deadline, "question_deadline_at", log),
        visit_at=_time(raw.visit, "visit_at", log),
        document_url=_url(raw.document_url),
        submission_url=_url(raw.submission_url),
        notice_url=_url(raw.notice_url),
        procedure_key=(_name(raw.procedure_key) or "").lower() or None,
        internal_reference=_name(raw.internal_reference),
        refers_to=tuple(dict.fromkeys(name for each in raw.refers_to if (name := _name(each)) is not None)),
        changes=tuple(_change(change, log) for change in raw.changes),
        normalisations=tuple(dict.fromkeys(log)),
    )


def clean_siret(text: str | None) -> str | None:
    """Return the 14 digits of a SIRET that passes the Luhn check, else None.

    La Poste's establishments alone sum to a multiple of five instead.

    >>> clean_siret(" 175 900 034 00026"), clean_siret("frh03")
    ('17590003400026', None)
    """
    digits = re.sub(r"[\s.\u00a0]", "", text or "")
    if len(digits) != SIRET_DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    doubled = (int(digit) * (2 - position % 2) for position, digit in enumerate(digits))
    passes = sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0  # noqa: PLR2004 - Luhn
    is_la_poste = digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0
    return digits if passes or is_la_poste else None


def _buyer(raw: RawNotice, log: list[Normalisation]) -> Buyer | None:
    name = _prose(raw.buyer_name, is_html=False, field="buyer.name", log=log)
    siret = clean_siret(raw.buyer_siret)
    if raw.buyer_siret and siret != raw.buyer_siret:
        log.append(Normalisation("buyer.siret", raw.buyer_siret, siret, "14 digits that pass the Luhn check"))
    place = _place(raw.buyer_place, log) if raw.buyer_place is not None else Place()
    buyer = Buyer(name, siret, place.departement, place.commune, place.postcode)
    return None if buyer == Buyer() else buyer


def _lot(raw: RawLot, log: list[Normalisation]) -> Lot:
    return Lot(
        lot_id=_name(raw.lot_id) or "",
        title=_prose(raw.title, is_html=False, field="lots.title", log=log),
        description=_prose(raw.description, is_html=False, field="lots.description", log=log),
        cpv_codes=_cpvs(raw.cpv_codes, "lots.cpv_codes", log),
        places=_places(raw.places, log),
        value=_money(raw.value, "lots.value", log),
        deadline_at=_first(raw.deadlines, log),
    )


def _deadlines(stated: datetime | None, lots: tuple[Lot, ...]) -> tuple[datetime | None, tuple[Lot, ...]]:
    """Return the last moment to answer anything, and the lots: with dates of their own where these differ."""
    dates = {lot.deadline_at for lot in lots if lot.deadline_at is not None}
    if not dates:
        return stated, lots
    if stated is not None and any(lot.deadline_at is None for lot in lots):
        dates.add(stated)
    return max(dates), lots if len(dates) > 1 else tuple(map(_without_deadline, lots))


def _without_deadline(lot: Lot) -> Lot:
    return Lot(lot.lot_id, lot.title, lot.description, lot.cpv_codes, lot.places, lot.value)


def _first(stated: tuple[RawTime, ...], log: list[Normalisation]) -> datetime | None:
    """Return the first of the times that end the chance to take part."""
    return min((time for raw in stated if (time := _time(raw, "deadline_at", log)) is not None), default=None)


def _places(raw: tuple[RawPlace, ...], log: list[Normalisation]) -> tuple[Place, ...]:
    places = [_place(place, log) for place in raw]
    return tuple(dict.fromkeys([place for place in places if place != NOWHERE]))


def _place(raw: RawPlace, log: list[Normalisation]) -> Place:
    published = (_text(raw.nuts_code) or "").upper()
    nuts_code = current_nuts(published) if NUTS.fullmatch(published) is not None else None
    if published and nuts_code != published:
        rule = "a NUTS code" if nuts_code is None else "old NUTS code to current"
        log.append(Normalisation("places.nuts_code", published, nuts_code, rule))
    found = POSTCODE.search(raw.postcode) if raw.postcode is not None else None
    postcode = found.group() if found is not None else None
    departement = (
        (_departement(raw.departement) if raw.departement is not None else None)
        or (departement_of_nuts(nuts_code) if nuts_code else None)
        or (departement_of_postcode(postcode) if postcode else None)
    )
    return Place(nuts_code, departement, _text(raw.commune), postcode)


def _departement(text: str) -> str | None:
    code = text.strip().upper()
    return code.zfill(2) if DEPARTEMENT.fullmatch(code) else None


def _cpvs(codes: tuple[str, ...], field: str, log: list[Normalisation]) -> tuple[str, ...]:
    cleaned = [_cpv(code, field, log) for code in codes]
    return tuple(dict.fromkeys([code for code in cleaned if code is not None]))


def _cpv(text: str | None, field: str, log: list[Normalisation]) -> str | None:
    if text is None or is_cpv(text):
        return text
    if not text.strip():
        return None
    found = CPV.fullmatch(re.sub(r"\s", "", text))
    code = found.group(1) if found is not None and is_cpv(found.group(1)) else None
    if code != text:
        log.append(Normalisation(field, text, code, "eight digits that CPV 2008 knows"))
    return code


def _money(raw: RawMoney | None, field: str, log: list[Normalisation]) -> Money | None:
    if raw is None:
        return None
    currency = (raw.currency or "EUR").strip().upper()
    try:
        amount = Decimal(_decimal(raw.amount))
        money = Money.of(amount, currency) if amount.is_finite() and 0 < amount < LARGEST_AMOUNT else None
    except ArithmeticError:
        money = None
    if money is None:
        log.append(Normalisation(field, raw.amount, None, "an amount above zero, below a thousand billion"))
    return money


def _decimal(text: str) -> str:
    """Return an amount without its thousands' signs; "1,234" may be either and stays what no amount is."""
    if PLAIN_AMOUNT.fullmatch(text) is not None:
        return text
    amount = re.sub(r"\s|['’]|(€|EUR|euros?)\s*$", "", text, flags=re.IGNORECASE)
    for pattern in THOUSANDS:
        if (found := pattern.fullmatch(amount)) is not None:
            whole, cents = re.sub(r"[.,]", "", found["whole"]), found["cents"]
            return f"{whole}.{cents}" if cents else whole
    return amount if AMBIGUOUS.fullmatch(amount) is not None else amount.replace(",", ".")


def _change(raw: RawChange, log: list[Normalisation]) -> Change:
    before, after = _side(raw.before, log), _side(raw.after, log)
    return Change(raw.field, before, after, _text(raw.evidence), _name(raw.lot_id))


def _side(side: RawTime | str | None, log: list[Normalisation]) -> str | None:
    if isinstance(side, RawTime):
        found = _time(side, "changes", log)
        return found.isoformat() if found is not None else None
    return _text(side)


def _time(raw: RawTime | None, field: str, log: list[Normalisation]) -> datetime | None:
    """Return the moment stated; a date alone ends with its day, in Paris."""
    if raw is None:
        return None
    moment, problem = _moment(raw.text, raw.clock)
    if problem is not None:
        log.append(Normalisation(field, raw.text, None, problem))
    return moment


# The lots of a notice mostly end together.
@lru_cache(maxsize=512)
def _moment(text: str, clock: Clock) -> tuple[datetime | None, str | None]:
    """Return the moment stated, or the rule that the text breaks."""
    found = DATE_AND_TIME.fullmatch(text.strip())
    if found is None:
        return None, "ISO 8601 date, or date and time"
    day, clock_time, offset = found.groups()
    try:
        wall = datetime.combine(
            datetime.fromisoformat(day).date(), time.fromisoformat(clock_time) if clock_time else LAST_MINUTE
        )
        zone = _zone(clock, offset if clock_time else None)
        return wall.replace(tzinfo=zone).astimezone(UTC), None
    except (ValueError, OverflowError):
        return None, "a day that the calendar has"


def _zone(clock: Clock, offset: str | None) -> tzinfo:
    if offset is None or clock is Clock.PARIS:
        return PARIS
    if offset == "Z":
        return UTC
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
    return zone if zone is not None else PARIS


def _language(code: str) -> str:
    code = code.strip().upper()
    return LANGUAGES.get(code, code[:LANGUAGE_CODE_LETTERS].lower())


def _prose(text: str | None, *, is_html: bool, field: str, log: list[Normalisation]) -> str | None:
    if text is None:
        return None
    if not is_html and "&" not in text and _is_folded(text):
        return text
    cleaned = nh3.clean(BLOCK_END.sub("\n", text), tags=set()) if is_html else text
    while ESCAPE.search(cleaned) and (opened := html.unescape(cleaned)) != cleaned:
        cleaned = opened
    folded = " ".join(_plain(cleaned).split()) or None
    if folded != " ".join(text.split()):
        rule = "HTML reduced to text" if is_html else "double escapes opened"
        log.append(Normalisation(field, text, folded, rule))
    return folded


def _text(text: str | None) -> str | None:
    if text is None or _is_folded(text):
        return text
    return " ".join(_plain(text).split()) or None


def _is_folded(text: str) -> bool:
    """Tell whether nothing of a text would be folded or left out; no space but " " is printable."""
    return text.isprintable() and "  " not in text and text != "" and text[0] != " " and text[-1] != " "


def _name(text: str | None) -> str | None:
    """Return what something is called; of a name that is too long the beginning, and a hash of all."""
    name = _text(text)
    if name is None or len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}…{sha256(name.encode()).hexdigest()[:16]}"


def _plain(text: str) -> str:
    """Return a text without what no text is: NUL, and halves of signs (surrogates)."""
    return text if text.isprintable() else text.replace("\x00", "").encode("utf-8", "ignore").decode()


def _url(text: str | None) -> str | None:
    cleaned = _text(text)
    if cleaned is None or " " in cleaned:
        return None
    if cleaned.lower().startswith("www."):
        return f"https://{cleaned}"
    return cleaned if cleaned.lower().startswith(("http://", "https://")) else None
