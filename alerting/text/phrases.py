"""Patterns spelt as French is, held against texts that many type without accents, in capitals above all.

In:   a text; a pattern in words.
Out:  the text of the same length without accents but for "à"; a regular expression for such texts.

Where a text has no accent at all "a" is "à" if it is seldom "has": before a number, a weekday, an article,
behind "sont".
"""

from __future__ import annotations

import re

from alerting.text.accents import has_accents


WEEKDAY = "(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"

_ACCENTED, _BARE = "àâäéèêëîïôöùûüçÀÂÄÉÈÊËÎÏÔÖÙÛÜÇ", "àaaeeeeiioouuucÀAAEEEEIIOOUUUC"
_FOLDED = str.maketrans(_ACCENTED, _BARE)
# Every quotation mark is one of French typography.
_CLOSED = str.maketrans(_ACCENTED + '"“”', _BARE + "»»»")
_OPENING = re.compile(r"[\"“](?=\w)")


def lines(pattern: str) -> str:
    """Return a pattern, or a part of one, that is written on several lines: their ends and indentation go."""
    return "".join(line.lstrip() for line in pattern.splitlines())


def spelt(pattern: str) -> str:
    r"""Return a regular expression for plain texts, from one that people can read.

    A blank stands for any blanks, an apostrophe for either kind, an accented letter for the bare one; the end
    of a line and the next one's indentation for nothing.

    Args:
        pattern: A regular expression; no set of characters in it has a blank, an apostrophe or an accent.

    >>> spelt("l'échéance de remise")
    "l['’]echeance\\s+de\\s+remise"
    """
    return lines(pattern).translate(_FOLDED).replace("'", "['’]").replace(" ", r"\s+")


def compile_spelt(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern of :func:`spelt`, for any case."""
    return re.compile(spelt(pattern), re.IGNORECASE)


_A_OF_PLACE = compile_spelt(
    rf"""
    \ba(?=\s*\d| (?:midi|minuit|partir|compter|nouveau|la|cette|{WEEKDAY})\b| l')
    |(?<=\bsuite\s)a\b|(?<=\bsont\s)a\b|(?<=\bseront\s)a\b
    """
)
# "L OUVERTURE", "S IL", "QU A": the apostrophe left out.
_ELIDED = re.compile(
    r"(?<=\b[cdjlmnst]) (?=[aeiouyh]\w)|(?<=\bqu) (?=[aeiouyh])|(?<=\bjusqu) (?=[aeiouyh])", re.IGNORECASE
)


def plain(text: str) -> str:
    """Return a text of the same length as patterns read it: its accents, quotation marks, "à" and elisions.

    >>> plain("“Date” reportée à midi"), plain("L OUVERTURE A MIDI")
    ('«Date» reportee à midi', "L'OUVERTURE à MIDI")
    """
    bare = _OPENING.sub("«", text).translate(_CLOSED)
    return bare if has_accents(text) else _A_OF_PLACE.sub("à", _ELIDED.sub("'", bare))
