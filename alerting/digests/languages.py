"""The languages that a digest speaks: sentences from catalogs, dates, amounts and plurals by CLDR.

In:   a recipient's language code.
Out:  a ``Language``; French for a code that we do not speak.

Messages are written in English where they are used; catalogs/*.po hold the others, and a test holds
that none is missing.  Times are said in Paris time, because deadlines are local.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from alerting.domain.deadlines import in_paris, is_day_alone
from alerting.domain.money import Money


_ACCEPTED = re.compile(r"([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*(?:\s*;\s*q=([01](?:\.[0-9]{0,3})?))?")
NO_BREAK = "\N{NO-BREAK SPACE}"
DEFAULT = "fr"
_KEPT = 4096


def note(message: str) -> str:
    """Return a message that is said elsewhere: here the catalogs see it."""
    return message


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a language writes what CLDR leaves open.

    Args:
        locale: CLDR's name.
        day: Pattern of a day in full.
        first: What the first day of a month is called; None: its number.
        hour, minute: Patterns of a full hour, and of any other time.
    """

    locale: str
    day: str
    first: str | None
    hour: str
    minute: str


_MANNERS = {
    "fr": _Manner("fr", "EEEE d'\xa0'MMMM y", "1er", "H'\xa0h'", "H'\xa0h\xa0'mm"),
    "en": _Manner("en_GB", "EEEE d'\xa0'MMMM y", None, "H:mm", "H:mm"),
    "br": _Manner("br", "EEEE d'\xa0a viz\xa0'MMMM y", "1añ", "H'e'", "H'e'mm"),
}
CODES = tuple(_MANNERS)


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language; made by ``find_language``."""

    code: str
    locale: Locale
    catalog: NullTranslations
    manner: _Manner

    def say(self, message: str, **facts: object) -> str:
        """Return a message in this language, with facts in the place of ``%(name)s``."""
        return self.catalog.gettext(message) % facts

    def count(self, one: str, many: str, number: int) -> str:
        """Return "3 new contracts", in the plural that the language asks for."""
        return _count(self, one, many, number)

    def day(self, moment: datetime, *, read_at: datetime | None = None) -> str:
        """Return "Sunday 1 March 2026", in Paris; without the year for who reads it in the same one."""
        local = in_paris(moment)
        with_year = read_at is None or in_paris(read_at).year != local.year
        return _day(self, local.date(), with_year)

    def time(self, moment: datetime) -> str:
        """Return "12:00", in Paris."""
        return _time(self, in_paris(moment).time())

    def day_and_time(self, moment: datetime, *, read_at: datetime | None = None) -> str:
        """Return "Tuesday 3 March 2026 at 12:00"; the day alone where no hour was stated."""
        day = self.day(moment, read_at=read_at)
        return (
            day if is_day_alone(moment) else self.say("%(day)s at %(time)s", day=day, time=self.time(moment))
        )

    def day_of_month(self, moment: datetime) -> tuple[str, str, str]:
        """Return a day as a leaf of a calendar: "Tue", "3", "March"."""
        local = in_paris(moment)
        weekday, number, month = format_date(local, "EEE|d|MMM", self.locale).split("|")
        return weekday, number, month

    def money(self, value: Money | None) -> str | None:
        """Return "120 000 €", "£99.50"; cents only where there are some; None stays None."""
        if value is None:
            return None
        pattern = str(self.locale.currency_formats["standard"].pattern)
        if value.amount_cents % 100 == 0:
            pattern = pattern.replace(".00", "")
        amount = Decimal(value.amount_cents) / 100
        return format_currency(amount, value.currency, pattern, self.locale, currency_digits=False)


# Most mails of a day name the same days and counts.
@lru_cache(_KEPT)
def _day(language: Language, day: date, with_year: bool) -> str:  # noqa: FBT001 - lru_cache takes it so
    pattern = language.manner.day if with_year else language.manner.day.removesuffix(" y")
    if day.day == 1 and language.manner.first is not None:
        pattern = pattern.replace("d'", f"'{language.manner.first}", 1)
    return format_date(day, pattern, language.locale)


@lru_cache(_KEPT)
def _time(language: Language, moment: time) -> str:
    return format_time(
        moment, language.manner.minute if moment.minute else language.manner.hour, locale=language.locale
    )


@lru_cache(_KEPT)
def _count(language: Language, one: str, many: str, number: int) -> str:
    said = f"{format_decimal(number, locale=language.locale)}{NO_BREAK}"
    return language.catalog.ngettext(one, many, number).replace("%(number)s ", said)


@cache
def find_language(code: str) -> Language:
    """Return the language of a code ("fr", "br", "en-GB"), French for one that we do not speak."""
    wanted = code.lower().replace("_", "-").partition("-")[0]
    return _language(wanted if wanted in _MANNERS else DEFAULT)


def find_accepted(header: str) -> str:
    """Return the code of the language that a browser wants most of those that we speak, else of French.

    Source: RFC 9110, 12.5.4 (Accept-Language).

    >>> find_accepted("de, en-GB;q=0.8, br;q=0.9")
    'br'
    """
    wanted = [
        (float(found[2] or 1), found[1].lower())
        for entry in header.split(",")
        if (found := _ACCEPTED.fullmatch(entry.strip())) is not None
    ]
    # Of two that are wanted alike the first.
    liked = sorted((one for one in wanted if one[0] > 0 and one[1] in _MANNERS), key=lambda one: -one[0])
    return liked[0][1] if liked else DEFAULT


@cache
def _language(code: str) -> Language:
    manner = _MANNERS[code]
    return Language(code, Locale.parse(manner.locale), _catalog(code), manner)


def _catalog(code: str) -> NullTranslations:
    """Return the sentences of a language; English needs none."""
    file = resources.files("alerting.digests").joinpath("catalogs", f"{code}.po")
    if not file.is_file():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=code))
    compiled.seek(0)
    return GNUTranslations(compiled)
