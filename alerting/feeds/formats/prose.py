"""Read the new deadline out of a correction's French prose, or say nothing.

In:   the text of ``infosRectif``.
Out:  the old and the new wall-clock time with the sentence that says so; None when no
      sentence speaks of the deadline, or when two new dates compete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as calendar_day
from datetime import time

from alerting.domain.notice import Clock, RawChange, RawTime


MONTHS = {
    name: number
    for number, names in enumerate(
        ("janvier", "février fevrier", "mars", "avril", "mai", "juin", "juillet", "août aout", "septembre",
         "octobre", "novembre", "décembre decembre"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
DATE = re.compile(
    r"(?P<day>\d{1,2})(?:er)?\s*(?:(?P<month>"
    + "|".join(MONTHS)
    + r")\s+|[/.](?P<number>\d{1,2})[/.])(?P<year>\d{4})"
    r"(?:[\s,]*[-–]?\s*(?:à|avant|jusqu['’]à)?\s*(?P<hour>\d{1,2})\s*(?:h(?![a-zà-ÿ])|:|heures?)\s*(?P<minute>\d{2})?)?",
    re.IGNORECASE,
)
_BIDS = r"(des\s+)?(offres|plis|candidatures|propositions|dossiers)"
SPEAKS_OF_DEADLINE = re.compile(
    rf"(réception|remise|dépôt|envoi)\s+{_BIDS}|(date|heure|délai)s?\s+limites?\s+(?!de\s|d['’]|pour\s)"
    rf"|(date|heure|délai)s?\s+limites?\s+(de|pour)\s+(la\s+)?(réception|remise|dépôt|réponse|répondre)",
    re.IGNORECASE,
)
# What else has a date: a sentence that speaks of it says too little about which date is whose.
SPEAKS_OF_OTHERS = re.compile(
    r"questions?|renseignements?|visites?|validité|échantillons?|maquettes?|ouverture des|notification|"
    r"début des|démarrage|exécution|livraison|jury|auditions?",
    re.IGNORECASE,
)
OLD = re.compile(
    r"(prévue?s?|initialement|et non( pas)?|au lieu d[ue]|fixée initialement)[^.;]{0,30}$", re.IGNORECASE
)
# "la date du 3 mars est reportée": what is moved is the old date.
MOVED = re.compile(
    r"^[^.;]{0,20}?\b(est|sont|a été|ont été|était|sera)\s+"
    r"(reportée?s?|repoussée?s?|décalée?s?|modifiée?s?|annulée?s?|prorogée?s?|avancée?s?|remplacée?s?)",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"(?<=[.;])\s+(?=[A-ZÉÀ«])|\n")


@dataclass(frozen=True, slots=True)
class NewDeadline:
    """Wall-clock times in ISO 8601 without offset, and the sentence that states them."""

    before: str | None
    after: str
    evidence: str


def find_new_deadline(text: str) -> NewDeadline | None:
    """Return the one new deadline that *text* states.

    >>> find_new_deadline("La date limite est reportée au 22 septembre 2026 à 12h00.").after
    '2026-09-22T12:00'
    """
    found = [
        deadline for sentence in SENTENCE_END.split(text) if (deadline := _in_sentence(sentence)) is not None
    ]
    return found[0] if len({deadline.after for deadline in found}) == 1 else None


def read_changes(prose: Iterable[str]) -> tuple[RawChange, ...]:
    """Return what corrections written in prose change: the deadline where one is told, else words alone."""
    return tuple(_change(text) for text in prose)


def _change(text: str) -> RawChange:
    found = find_new_deadline(text)
    if found is None:
        return RawChange("text", after=text, evidence=text)
    before = RawTime(found.before, Clock.PARIS) if found.before is not None else None
    return RawChange("deadline_at", before, RawTime(found.after, Clock.PARIS), found.evidence)


def _in_sentence(sentence: str) -> NewDeadline | None:
    if SPEAKS_OF_DEADLINE.search(sentence) is None or SPEAKS_OF_OTHERS.search(sentence) is not None:
        return None
    old: list[str | None] = []
    new: list[str | None] = []
    for date in DATE.finditer(sentence):
        is_old = OLD.search(sentence[: date.start()]) or MOVED.search(sentence[date.end() :])
        (old if is_old else new).append(_iso(date))
    if len(set(new)) != 1 or len(set(old)) > 1 or None in {*new, *old[:1]}:
        return None
    return NewDeadline(old[0] if old else None, str(new[0]), " ".join(sentence.split()))


def _iso(date: re.Match[str]) -> str | None:
    """Return a date, or date and time, that the calendar has; else None."""
    month = int(date["number"]) if date["number"] else MONTHS[date["month"].lower()]
    try:
        day = calendar_day(int(date["year"]), month, int(date["day"])).isoformat()
        hour = time(int(date["hour"] or 0), int(date["minute"] or 0)).isoformat(timespec="minutes")
    except ValueError:
        return None
    return f"{day}T{hour}" if date["hour"] else day
