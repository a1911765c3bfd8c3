"""Read a date as feeds write it: programs, mails, or people in French.

In:   "20260915", "2026/09/15 12h00", "Tue, 15 Sep 2026 12:00:00 +0200", "mardi 15 septembre 2026 à 12h".
Out:  ISO 8601, with the offset that is stated: "2026-09-15T12:00+02:00"; a day alone stays one.  Anything
      else comes out as it is, for whoever cleans it to say so.

Sources: RFC 3339; ISO 8601; RFC 5322, section 3.3, where -0000 is UTC.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from alerting.text.french_dates import find_only_date


_YEAR_FIRST = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})"
    r"|(?P<month_digits>[0-9]{2})(?P<day_digits>[0-9]{2}))"
    r"(?:(?:\s*[T,]|\s)?\s*(?:à\s*)?(?P<hour>[0-9]{1,2})(?:\s*[:h]\s*|(?=[0-9]{2}))"
    r"(?:(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?)?(?P<offset>\s*\S.*)?)?",
    re.IGNORECASE,
)
# Behind an hour: "+0200", "+04:00", "(UTC+4)", "GMT", "Z".
_OFFSET = re.compile(
    r"(?:(?:(?<=:\d\d)|\s)\s*+(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)"
    r"|\s*+\(?(?:Z|UTC|GMT)\s*+(?:(?P<utc_sign>[+-])(?P<utc_hours>\d{1,2})(?::?(?P<utc_minutes>\d\d))?)?\)?)$",
    re.IGNORECASE,
)
_UTC = re.compile(r"-0000\b")
_STATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T.*)?")


def as_iso(text: str) -> str:
    """Return a date as ISO 8601; what is none that is known, as it is.

    >>> as_iso("20260915"), as_iso("2026/9/15 12h"), as_iso("15.09.2026 12:00")
    ('2026-09-15', '2026-09-15T12:00', '2026-09-15T12:00')
    >>> as_iso("Tue, 15 Sep 2026"), as_iso("Tue, 15 Sep 2026 10:00 GMT"), as_iso("soon")
    ('2026-09-15', '2026-09-15T10:00:00+00:00', 'soon')
    """
    if text[:4].isdigit():
        return _year_first(text) or text
    return _mail_date(text) or _french_date(text) or text


def is_iso(text: str) -> bool:
    """Tell whether a text is what ``as_iso`` makes of a date."""
    return _STATED.fullmatch(text) is not None


def _year_first(text: str) -> str | None:
    found = _YEAR_FIRST.fullmatch(text)
    if found is None:
        return None
    month, day = found["month"] or found["month_digits"], found["day"] or found["day_digits"]
    date = f"{found['year']}-{month:0>2}-{day:0>2}"
    if found["hour"] is None:
        return date
    second = f":{found['second']}" if found["second"] is not None else ""
    offset = found["offset"] or ""
    stated = _offset(f":00{offset}") if offset else ""
    clock = f"{found['hour']:0>2}:{found['minute'] or '00'}{second}"
    return f"{date}T{clock}{stated}" if stated is not None else None


def _mail_date(text: str) -> str | None:
    """Return the date of a mail; one without an hour, which is none to mails, is a day."""
    is_day = ":" not in text
    try:
        moment = parsedate_to_datetime(f"{text} 00:00" if is_day else _UTC.sub("+0000", text))
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return moment.date().isoformat() if is_day else moment.isoformat()


def _french_date(text: str) -> str | None:
    """Return the one date of "15.09.2026 12:00" or "mardi 15 septembre 2026 à 12h", with its offset."""
    date = find_only_date(text)
    return f"{date}{_offset(text) or ''}" if date is not None and "T" in date else date


def _offset(text: str) -> str | None:
    """Return the offset that a text ends with, None where it ends otherwise."""
    found = _OFFSET.search(text)
    if found is None:
        return None
    sign = found["sign"] or found["utc_sign"] or "+"
    hours = found["hours"] or found["utc_hours"] or "0"
    return f"{sign}{hours:0>2}:{found['minutes'] or found['utc_minutes'] or '00'}"
