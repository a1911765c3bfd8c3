"""Read days and hours out of French prose that was made plain.

In:   a text as :func:`alerting.text.phrases.plain` returns it; ``find_only_date`` makes one plain itself.
Out:  where its dates stand (``DATE``), and each as a wall-clock time in ISO 8601 without offset, or None.

A day whose hour cannot be read is none: the day alone would be later than the truth.
"""

from __future__ import annotations

import re
from datetime import date as calendar_day, time

from alerting.text.phrases import compile_spelt, lines, plain


# Of an ISO 8601 time, so many signs are the day.
DAY_LENGTH = 10
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("janvier janv", "fevrier fevr", "mars", "avril avr", "mai", "juin", "juillet juil",
         "aout", "septembre sept", "octobre oct", "novembre nov", "decembre dec"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_CENTURY = 2000

_SAYS_HOUR = lines(
    r"""
    (?P<said>(?:
    (?:au plus tard|dernier délai|délai de rigueur|heure(?: limite)?|à|avant|pour|jusqu'à)
    [\s:,]*){1,3})
    """
)
# "16.30" is an hour only behind a word that says so.
_HOUR = lines(
    r"""
    (?P<hour>\d{1,2})\s*(?:h(?![a-zà-ÿ])|:(?=\s*\d{2})|heures?|(?(said)\.(?=\d{2}(?!\.?\d))|(?!)))
    \s*(?P<minute>\d{2}(?!\d))?
    |(?P<noon>midi)|(?P<midnight>minuit)
    """
)
# Without its year a date is none that may be told, but it must be seen: it may be the new one.
_DAY = lines(
    rf"""
    (?P<iso_year>\d{{4}})-(?P<iso_month>\d{{2}})-(?P<iso_day>\d{{2}})(?!\d)
    |(?P<day>\d{{1,2}})(?:er)?\s*(?:
    (?P<month>{_MONTH})\b\.?(?: (?P<year>\d{{4}}))?
    |[/.-]\s*(?P<number>\d{{1,2}})\s*[/.-]\s*(?P<number_year>\d{{4}}|\d{{2}})(?!\d)
    |/\d{{2}}(?![\d/]))
    """
)
DATE = compile_spelt(
    rf"(?<![\d/.-])(?:{_DAY})"
    rf"(?:[\s,]*[-–(]?\s*(?:{_SAYS_HOUR}|(?P<since>de|entre) )?(?:{_HOUR})\)?)?"
)
# What looks like an hour and was not read as one, so near behind a day.
_NEAR = 40
_HOUR_LIKE = compile_spelt(
    r"""
    \d\s*h(?:rs?)?(?![a-zà-ÿ])|\d\s*:\s*\d{2}|\d\.\d{2}(?!\.?\d)
    |\b(?:heures?|midi|minuit|matin|matinée|soir|soirée|horaires?)\b
    """
)
# Overseas it is another clock than that of Paris, mostly an earlier end.
_CLOCK_ELSEWHERE = lines(
    r"""
    [,(–-]?\s*(?:heures? )?locales?\b(?!\s*[,(:]?\s*(?:de |à )?(?:paris|france|métropole)\b)
    |(?:[,(–-]?\s*heures? |\(\s*)(?:
    guadeloup|martini|guyan|(?:la )?réunion|mayott|mahor|antill
    |polyn|calédon|cayenne|nouméa|tahiti|saint)
    |[,(–-]?\s*heures? (?:d'|d(?:e|u|es)\s)
    (?!\s*(?:(?:la|le) |l'\s*)?(?:paris|france|metropol|hexagone|envoi|remise|réception|dépôt))
    """
)
# What makes another hour of the one that was read.
_HOUR_GOES_ON = compile_spelt(
    rf"""
    ^\s*(?:
    (?:et|ou) (?:à )?\d{{1,2}}\s*(?:h|:)
    |(?:et )?(?:demie?|quart|quinze|trente|quarante|moins|cinq|dix|vingt)\b
    |(?:de l'|du )(?:après|soir)
    |[ap]m\b
    |{_CLOCK_ELSEWHERE})
    """
)
_UNTIL_HOUR = compile_spelt(r"^\s*(?:[-–]|à|et)\s*(?:\d{1,2}\s*(?:h|:)|midi)")
# What leads to a day that is a limit, or to none at all; and what makes it one from behind.
_NO_DAY = compile_spelt(
    r"""
    \b(?:avant|jusqu'au|au plus tard|à (?:partir|compter) du|dès|depuis|entre|du)\s*(?:le )?(?:\w+di )?$
    |\b(?:fins?|clos\w*|clôtur\w*|termin\w*|arrêt\w*|derniers?|limites?|débuts?|après
    |annul\w*|supprim\w*|suspen\w*|impossibles?|sauf|aucune?s?|pas|plus)\b
    """
)
_NO_DAY_BEHIND = compile_spelt(
    r"""
    ^[\s,:()–-]*(?:au plus tard|dernier délai|délai de rigueur|inclus|maximum|exclu|fin\b|clôture)
    """
)
# Nobody speaks of one day at such length.
_LONGEST = 20_000


def find_only_date(text: str, *, unless: re.Pattern[str] | None = None) -> str | None:
    """Return the one date of a text as ISO 8601 without offset; of hours "de 11h à 12h" the first.

    Of several dates none is the one; a limit ("avant le", "au plus tard") is no day on which something is.

    Args:
        text: As people write.
        unless: Another thing whose date it is, where this stands before it.

    >>> find_only_date("Le mercredi 16/09/2026 à 14h."), find_only_date("Avant le 16/09/2026.")
    ('2026-09-16T14:00', None)
    """
    folded = plain(" ".join(text.split()))
    if len(folded) > _LONGEST:
        return None
    dates = list(DATE.finditer(folded))
    if len(dates) != 1:
        return None
    before, after = folded[: dates[0].start()], folded[dates[0].end() :]
    if _NO_DAY.search(before) or _NO_DAY_BEHIND.search(after):
        return None
    if unless is not None and unless.search(before):
        return None
    return read_date(dates[0], after)


def has_hour(date: re.Match[str]) -> bool:
    """Tell whether an hour stands behind the day of what ``DATE`` found."""
    return bool(date["hour"] or date["noon"] or date["midnight"])


def is_stretch(date: re.Match[str], after: str) -> bool:
    """Tell whether a date has two hours, from one until the other.

    Args:
        date: What ``DATE`` found.
        after: What stands behind it, up to the next date.
    """
    return date["since"] is not None or (has_hour(date) and _UNTIL_HOUR.search(after) is not None)


def read_date(date: re.Match[str], after: str) -> str | None:
    """Return a date, or date and time, that the calendar has; None also where its hour cannot be read.

    Midnight is the end of its day, which is what the day alone says; a stretch of hours is its beginning.

    Args:
        date: What ``DATE`` found.
        after: What stands behind it, up to the next date.
    """
    unread = _HOUR_GOES_ON.search(after) if has_hour(date) else _HOUR_LIKE.search(after[:_NEAR])
    year = date["iso_year"] or date["year"] or date["number_year"]
    if year is None or unread is not None:
        return None
    month = int(date["iso_month"] or date["number"] or _MONTHS.get((date["month"] or "").lower(), 0))
    try:
        day = calendar_day(
            int(year) + (_CENTURY if len(year) == 2 else 0),  # noqa: PLR2004 - "26"
            month,
            int(date["iso_day"] or date["day"]),
        ).isoformat()
        hour = time(12 if date["noon"] else int(date["hour"] or 0), int(date["minute"] or 0))
    except ValueError:
        return None
    return f"{day}T{hour.isoformat(timespec='minutes')}" if date["hour"] or date["noon"] else day
