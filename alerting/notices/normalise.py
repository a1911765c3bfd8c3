"""Normalise: from a raw notice, as published, to a notice whose fields mean one thing.

In:   a ``RawNotice``: strings.
Out:  a ``Notice``; what could not be made sense of is None, and every value that cleaning
      changed is recorded with the rule that changed it.

It never raises: whether a notice can be told at all was the parser's question.  Whatever a source
writes, the work is bounded, and what comes out can be stored: no NUL, no half of a sign, no year 9999.
Sources: Regulation (EC) 213/2008 (CPV); NUTS 2024; the Luhn check of INSEE's SIRET.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256

from alerting.domain.deadlines import LAST_MINUTE, PARIS
from alerting.domain.money import LARGEST_AMOUNT, Money
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
from alerting.domain.siret import read_siret
from alerting.reference.countries import find_country, find_overseas
from alerting.reference.cpv import is_cpv
from alerting.reference.nuts import (
    FRANCE,
    current_nuts,
    departement_of_nuts,
    departement_of_postcode,
    find_departement,
    without_boxes,
)
from alerting.text.markup import is_marked_up, open_text


# No more of a text is read.
LONGEST_PROSE = 100_000
DATE_AND_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?"
)
# ISO 8601 lets a day end so.
END_OF_DAY = re.compile(r"24:00(?::00)?")
# What lies outside is a mark for "none", or a slip.
YEARS = range(1990, 2201)
NUTS = re.compile(r"[A-Z]{2}[A-Z0-9]{0,3}")
CPV = re.compile(r"(\d{8})(?:-\d)?")
SHORT_CPV = re.compile(r"[0-9]{2,7}")
CPV_DIGITS = 8
THOUSANDS = (
    re.compile(r"(?P<whole>\d{1,3}(?:\.\d{3})+),(?P<cents>\d{1,2})"),
    re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+)\.(?P<cents>\d{1,2})"),
    re.compile(r"(?P<whole>\d{1,3}(?:\.\d{3}){2,}|\d{1,3}(?:,\d{3}){2,})(?P<cents>)"),
)
PLAIN_AMOUNT = re.compile(r"\d+(?:\.\d+)?")
AMBIGUOUS = re.compile(r"[1-9]\d{0,2},\d{3}")
# What people write beside an amount, spaces left out: its currency, before or behind it, and its tax.
UNITS = re.compile(
    r"(?P<before>(?:€|eur(?:os?)?)?)(?P<amount>[\d.,]+?)(?P<cents>,--?|\.-)?"
    r"(?P<behind>(?:€|eur(?:os?)?)?(?:\(?(?:h\.?t\.?|t\.?t\.?c\.?|hors(?:taxes?|tva))\)?)?)",
    re.IGNORECASE,
)
EUROS = frozenset({"€", "EURO", "EUROS"})
# "12.000 €" is twelve thousand to most who write so, and a number with three decimals to a machine.
AMBIGUOUS_IN_WORDS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
# "NE27 0QJ", "MD 2005": of another country, whether that is stated or not.
FOREIGN_POSTCODE = re.compile(r"[A-Z].*[0-9].*", re.IGNORECASE)
POSTCODE = re.compile(r"\b[0-9]{5}\b")
# Mayotte's number until 2011, those of both parts of the Rhône and of Corse as some forms have them; and 99,
# by which forms that know French numbers alone mean another country.
CORSE, NUMBER_OF_CORSE = "FRM", "20"
OLD_DEPARTEMENTS = {"985": "976", "69D": "69", "69M": "69", "20A": "2A", "20B": "2B", "99": "99"}
NOWHERE = Place()
# TED writes so where no place is stated.
NO_NUTS = "00"
# Rules by which nothing that was stated is lost: it was nothing, or nothing that is known of abroad.
_HTML, _ESCAPES = "HTML reduced to text", "double escapes opened"
_WINDOWS = "signs of Windows-1252"
_NO_NUTS, _ABROAD = "00 is no place", "known of France alone"
_LOSES_NOTHING = frozenset({_HTML, _ESCAPES, _WINDOWS, _NO_NUTS, _ABROAD})
# Texts of Windows that were read as ISO 8859-1 hold controls for "œ", "’" and "–": "maîtrise d\x92\x9cuvre".
# Browsers read them so (WHATWG HTML, section 13.2.5.80); U+0085 ends a line, and five stand for nothing.
_WINDOWS_SIGNS = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x85, 0x8D, 0x8F, 0x90, 0x9D}
}
_WINDOWS_SIGN = re.compile(f"[{''.join(map(chr, _WINDOWS_SIGNS))}]")
# What notices and purchases are called is compared and indexed; nobody's number is longer.
LONGEST_NAME = 300
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
    "fourniture": Nature.SUPPLIES,
    "services": Nature.SERVICES,
    "service": Nature.SERVICES,
}


def normalise(raw: RawNotice) -> Notice:
    """Return the notice that *raw* states."""
    log: list[Normalisation] = []
    description = _prose(raw.description, is_html=raw.description_is_html, field="description", log=log)
    deadline_at, places, lots = _whole_and_lots(raw, log)
    return Notice(
        feed_id=raw.feed_id,
        source_id=clean_name(raw.source_id) or "",
        version=clean_name(raw.version),
        kind=raw.kind,
        title=_prose(raw.title, is_html=False, field="title", log=log) or _plain(raw.title),
        published_at=_time(raw.published, "published_at", log),
        languages=tuple(dict.fromkeys(map(_language, raw.languages))),
        buyer=_buyer(raw, log),
        description=description,
        nature=_nature(raw.nature, log),
        cpv_main=_cpv(raw.cpv_main, "cpv_main", log),
        cpv_additional=_cpvs(raw.cpv_additional, "cpv_additional", log),
        places=places,
        lots=lots,
        value=_money(raw.value, "value", log),
        deadline_at=deadline_at,
        question_deadline_at=_time(raw.question_deadline, "question_deadline_at", log),
        visit_at=_time(raw.visit, "visit_at", log),
        document_url=_url(raw.document_url, "document_url", log),
        submission_url=_url(raw.submission_url, "submission_url", log),
        notice_url=_url(raw.notice_url, "notice_url", log),
        procedure_key=(clean_name(raw.procedure_key) or "").lower() or None,
        internal_reference=clean_name(raw.internal_reference),
        refers_to=_names(raw.refers_to),
        changes=tuple(_change(change, log) for change in raw.changes),
        normalisations=tuple(dict.fromkeys(log)),
        is_reserved=raw.is_reserved,
        asks_deposit=raw.asks_deposit,
    )


def _whole_and_lots(
    raw: RawNotice, log: list[Normalisation]
) -> tuple[datetime | None, tuple[Place, ...], tuple[Lot, ...]]:
    """Return when and where all of it is, and the lots, each with what it states beside that."""
    dates = [_first(lot.deadlines, log) for lot in raw.lots]
    deadline_at, dates = _deadlines(_first(raw.deadlines, log), dates)
    # Lots mostly lie where all of it does: what is stated again is read once.
    stated = dict.fromkeys([raw.places, *[lot.places for lot in raw.lots]])
    places = {each: _places(each, log) for each in stated}
    lots = [_lot(lot, date, places[lot.places], log) for lot, date in zip(raw.lots, dates, strict=True)]
    return deadline_at, places[raw.places], tuple(lots)


def _names(stated: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of notices, cleaned, each once."""
    return tuple(dict.fromkeys(name for each in stated if (name := clean_name(each)) is not None))


def is_lost(entry: Normalisation) -> bool:
    """Tell whether a value was stated that could not be made sense of.

    >>> is_lost(Normalisation("deadline_at", "2026-02-30", None, "a day that the calendar has"))
    True
    >>> is_lost(Normalisation("description", "<p></p>", None, "HTML reduced to text"))
    False
    """
    return entry.after is None and entry.rule not in _LOSES_NOTHING


def _buyer(raw: RawNotice, log: list[Normalisation]) -> Buyer | None:
    name = _prose(raw.buyer_name, is_html=False, field="buyer.name", log=log)
    place = _place(raw.buyer_place, log, "buyer") if raw.buyer_place is not None else Place()
    siret = read_siret(raw.buyer_siret or "")
    if raw.buyer_siret and siret != raw.buyer_siret:
        is_abroad = place.nuts_code is not None and not place.nuts_code.startswith(FRANCE)
        rule = _ABROAD if is_abroad and siret is None else "14 digits that pass the Luhn check"
        _record(log, "buyer.siret", raw.buyer_siret, siret, rule)
    buyer = Buyer(name, siret, place.departement, place.commune, place.postcode, place.nuts_code)
    return None if buyer == Buyer() else buyer


def _lot(
    raw: RawLot, deadline_at: datetime | None, places: tuple[Place, ...], log: list[Normalisation]
) -> Lot:
    return Lot(
        lot_id=clean_name(raw.lot_id) or "",
        title=_prose(raw.title, is_html=False, field="lots.title", log=log),
        description=_prose(raw.description, is_html=False, field="lots.description", log=log),
        cpv_codes=_cpvs(raw.cpv_codes, "lots.cpv_codes", log),
        places=places,
        value=_money(raw.value, "lots.value", log),
        deadline_at=deadline_at,
        is_reserved=raw.is_reserved,
        asks_deposit=raw.asks_deposit,
    )


def _deadlines(
    stated: datetime | None, of_lots: list[datetime | None]
) -> tuple[datetime | None, list[datetime | None]]:
    """Return the last moment to answer anything, and those of the lots: None each where all are one."""
    dates = {date for date in of_lots if date is not None}
    if not dates:
        return stated, of_lots
    if stated is not None and None in of_lots:
        dates.add(stated)
    return max(dates), of_lots if len(dates) > 1 else [None] * len(of_lots)


def _first(stated: tuple[RawTime, ...], log: list[Normalisation]) -> datetime | None:
    """Return the first of the times that end the chance to take part."""
    return min((time for raw in stated if (time := _time(raw, "deadline_at", log)) is not None), default=None)


def _places(raw: tuple[RawPlace, ...], log: list[Normalisation]) -> tuple[Place, ...]:
    places = [_place(place, log, "places") for place in raw]
    return tuple(dict.fromkeys([place for place in places if place != NOWHERE]))


def _place(raw: RawPlace, log: list[Normalisation], field: str) -> Place:
    nuts_code = _nuts(raw.nuts_code, f"{field}.nuts_code", log)
    country = nuts_code[:2] if nuts_code is not None else find_country(raw.country)
    is_abroad = country is not None and country != FRANCE
    postcode = _postcode(raw.postcode, f"{field}.postcode", log, is_abroad=is_abroad)
    stated = _departement(raw.departement, f"{field}.departement", log, is_abroad=is_abroad)
    if is_abroad:
        # Madrid's 28 is not Eure-et-Loir's; a country is the widest NUTS code there is.
        return Place(nuts_code or country, stated, _text(raw.commune), postcode)
    departement = (
        stated
        or (departement_of_nuts(nuts_code) if nuts_code else None)
        or (departement_of_postcode(postcode) if postcode else None)
        or find_overseas(raw.country)
    )
    if _text(raw.departement) == NUMBER_OF_CORSE:
        nuts_code = CORSE if departement is None and nuts_code in {None, FRANCE} else nuts_code
        _record(log, f"{field}.departement", NUMBER_OF_CORSE, departement or nuts_code, "what Corse became")
    return Place(nuts_code, departement, _text(raw.commune), postcode)


def _nuts(text: str | None, field: str, log: list[Normalisation]) -> str | None:
    published = (_text(text) or "").upper()
    nuts_code = current_nuts(published) if NUTS.fullmatch(published) is not None else None
    if published and nuts_code is None:
        _record(log, field, published, None, _NO_NUTS if published == NO_NUTS else "a NUTS code")
    elif nuts_code is not None and nuts_code != published:
        _record(log, field, published, nuts_code, "old NUTS code or country to current NUTS code")
    return nuts_code


def _postcode(text: str | None, field: str, log: list[Normalisation], *, is_abroad: bool) -> str | None:
    stated = _text(text)
    found = POSTCODE.search(without_boxes(stated)) if stated is not None else None
    postcode = found.group() if found is not None else None
    if stated is not None and postcode != stated:
        is_foreign = is_abroad or FOREIGN_POSTCODE.fullmatch(stated) is not None
        rule = _ABROAD if is_foreign and postcode is None else "five digits"
        _record(log, field, stated, postcode, rule)
    return postcode


def _departement(text: str | None, field: str, log: list[Normalisation], *, is_abroad: bool) -> str | None:
    """Return the number of the département stated by number or name.

    None of 20, which Corse had and is two: ``_place`` says what became of it.
    """
    stated = (_text(text) or "").upper()
    departement = OLD_DEPARTEMENTS.get(stated) or find_departement(stated)
    is_corse = stated == NUMBER_OF_CORSE and not is_abroad
    if stated and departement != stated and not is_corse:
        _record(log, field, stated, departement, _ABROAD if is_abroad else "the number of a département")
    return departement


def _nature(text: str | None, log: list[Normalisation]) -> Nature | None:
    stated = _text(text)
    nature = NATURES.get(stated.lower()) if stated is not None else None
    if stated is not None and nature is None:
        _record(log, "nature", stated, None, "works, supplies or services")
    return nature


def _cpvs(codes: tuple[str, ...], field: str, log: list[Normalisation]) -> tuple[str, ...]:
    cleaned = [_cpv(code, field, log) for code in codes]
    return tuple(dict.fromkeys([code for code in cleaned if code is not None]))


def _cpv(text: str | None, field: str, log: list[Normalisation]) -> str | None:
    if text is None or is_cpv(text):
        return text
    if not text.strip():
        return None
    digits = re.sub(r"\s", "", text)
    found = CPV.fullmatch(digits)
    code = found.group(1) if found is not None and is_cpv(found.group(1)) else _completed_cpv(digits)
    if code != text:
        _record(log, field, text, code, "eight digits that CPV 2008 knows")
    return code


def _completed_cpv(digits: str) -> str | None:
    """Return the code of which zeros were left out: at its end, or the first where a number was made of it.

    >>> _completed_cpv("45261"), _completed_cpv("3000000"), _completed_cpv("4500000")
    ('45261000', None, '45000000')
    """
    if SHORT_CPV.fullmatch(digits) is None:
        return None
    whole = {digits.ljust(CPV_DIGITS, "0")}
    if len(digits) == CPV_DIGITS - 1:
        whole.add(digits.zfill(CPV_DIGITS))
    known = [code for code in whole if is_cpv(code)]
    return known[0] if len(known) == 1 else None


def _money(raw: RawMoney | None, field: str, log: list[Normalisation]) -> Money | None:
    if raw is None:
        return None
    currency = (_text(raw.currency) or "EUR").upper()
    currency = "EUR" if currency in EUROS else currency
    try:
        amount = Decimal(_decimal(raw.amount))
        money = Money.of(amount, currency) if amount.is_finite() and 0 < amount < LARGEST_AMOUNT else None
    except ArithmeticError:
        money = None
    if money is None:
        _record(log, field, raw.amount, None, "an amount above zero, below a thousand billion")
    return money


def _decimal(text: str) -> str:
    """Return an amount without its unit and thousands' signs; what may be either stays what no amount is.

    >>> _decimal("12 000,50 € HT"), _decimal("1.234.567,89 EUR"), _decimal("1,234"), _decimal("12.000 €")
    ('12000.50', '1234567.89', '1,234', '12,000')
    """
    if PLAIN_AMOUNT.fullmatch(text) is not None:
        return text
    amount = re.sub(r"\s|['’]", "", text)
    if (found := UNITS.fullmatch(amount)) is not None:
        amount = found["amount"]
        if found["before"] + found["behind"] and AMBIGUOUS_IN_WORDS.fullmatch(amount) is not None:
            return amount.replace(".", ",")
    for pattern in THOUSANDS:
        if (found := pattern.fullmatch(amount)) is not None:
            whole, cents = re.sub(r"[.,]", "", found["whole"]), found["cents"]
            return f"{whole}.{cents}" if cents else whole
    return amount if AMBIGUOUS.fullmatch(amount) is not None else amount.replace(",", ".")


def _change(raw: RawChange, log: list[Normalisation]) -> Change:
    before, after = _side(raw.before, log), _side(raw.after, log)
    return Change(raw.field, before, after, _text(raw.evidence), clean_name(raw.lot_id))


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
        _record(log, field, raw.text, None, problem)
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
        wall = datetime.combine(datetime.fromisoformat(day).date(), _clock_time(clock_time))
        zone = _zone(clock, offset if clock_time else None)
    except ValueError:
        return None, "a day that the calendar has"
    if wall.year not in YEARS:
        return None, f"a year from {YEARS[0]} to {YEARS[-1]}"
    return wall.replace(tzinfo=zone).astimezone(UTC), None


def _clock_time(text: str | None) -> time:
    """Return the time of day; of a day that is stated alone, or to its end, the last minute."""
    if text is None or END_OF_DAY.fullmatch(text) is not None:
        return LAST_MINUTE
    return time.fromisoformat(text if text[1] != ":" else f"0{text}")


def _zone(clock: Clock, offset: str | None) -> tzinfo:
    if offset is None or clock is Clock.PARIS:
        return PARIS
    if offset == "Z":
        return UTC
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
    return zone if zone is not None else PARIS


def _language(code: str) -> str:
    code = (_text(code) or "").upper()
    return LANGUAGES.get(code, code[:LANGUAGE_CODE_LETTERS].lower())


def _prose(text: str | None, *, is_html: bool, field: str, log: list[Normalisation]) -> str | None:
    if text is None:
        return None
    is_html = is_html or is_marked_up(text)
    if not is_html and "&" not in text and len(text) <= LONGEST_PROSE and _is_folded(text):
        return text
    opened = open_text(_plain(text[:LONGEST_PROSE]), is_html=is_html)
    folded = " ".join(_plain(opened).split()) or None
    if len(text) > LONGEST_PROSE:
        _record(log, field, text[:LONGEST_NAME], folded, f"no more than the first {LONGEST_PROSE} signs")
    elif folded != " ".join(text.split()):
        _record(log, field, text, folded, _HTML if is_html else _rule_of_text(text))
    return folded


def _rule_of_text(text: str) -> str:
    return _WINDOWS if _WINDOWS_SIGN.search(text) is not None else _ESCAPES


def _text(text: str | None) -> str | None:
    if text is None or _is_folded(text):
        return text
    return " ".join(_plain(text).split()) or None


def _is_folded(text: str) -> bool:
    """Tell whether nothing of a text would be folded or left out; no space but " " is printable."""
    return text.isprintable() and "  " not in text and text != "" and text[0] != " " and text[-1] != " "


def clean_name(text: str | None) -> str | None:
    """Return what something is called (an id, a version), as it is stored.

    Of a name that is too long it is the beginning, and a hash of all.
    """
    name = _text(text)
    if name is None or len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}…{sha256(name.encode()).hexdigest()[:16]}"


def _plain(text: str) -> str:
    """Return a text without NUL and halves of signs (surrogates), and with what Windows means by controls."""
    if text.isprintable():
        return text
    return text.replace("\x00", "").encode("utf-8", "ignore").decode().translate(_WINDOWS_SIGNS)


def _url(text: str | None, field: str, log: list[Normalisation]) -> str | None:
    stated = _text(text)
    if stated is None:
        return None
    address = f"https://{stated}" if stated.lower().startswith("www.") else stated
    if " " in address or not address.lower().startswith(("http://", "https://")):
        _record(log, field, stated, None, "an http or https address")
        return None
    if address != stated:
        _record(log, field, stated, address, "an http or https address")
    return address


def _record(log: list[Normalisation], field: str, before: str, after: str | None, rule: str) -> None:
    """Note a value that cleaning changed, as far as a database can hold what it was."""
    log.append(Normalisation(field, _plain(before), after, rule))
