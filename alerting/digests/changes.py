"""What has changed of a notice, as it is shown: before, after, and the words that say so.

In:   changes, the language to say them in, the moment.
Out:  a ``ChangeView`` for each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from alerting.digests import words
from alerting.digests.facts import clipped, name_lot, read_moment
from alerting.digests.languages import Language
from alerting.domain.money import Money
from alerting.domain.notice import Change


_EVIDENCE_CHARACTERS = 240
_AMOUNT = re.compile(r"(\d+)\.(\d\d) ([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change; both sides are None when only a sentence says what changed."""

    field: str
    before: str | None
    after: str | None
    evidence: str | None


def view_change(change: Change, language: Language, now: datetime) -> ChangeView:
    """Return a change as it is shown: what changes, before and after, and the words that say so."""
    name = _field(change.field, language)
    said = change.evidence or (change.after if name is None else None)
    of_lot = "" if change.lot_id is None else f" ({name_lot(change.lot_id, language)})"
    return ChangeView(
        field=(name or language.say("Text of the notice")) + of_lot,
        before=None if name is None else _side(change.field, change.before, language, now),
        after=None if name is None else _side(change.field, change.after, language, now),
        evidence=clipped(words.clean(said), _EVIDENCE_CHARACTERS) if said else None,
    )


def _field(field: str, language: Language) -> str | None:
    """Return what a field is called, None for prose and for what has no name here."""
    return {
        "title": language.say("Title"),
        "description": language.say("Description"),
        "deadline_at": language.say("Deadline"),
        "question_deadline_at": language.say("Questions until"),
        "visit_at": language.say("Visit"),
        "value": language.say("Amount"),
        "places": language.say("Place"),
        "lots": language.say("Lots"),
        "cpv_main": language.say("CPV code"),
        "document_url": language.say("Address of the documents"),
        "submission_url": language.say("Address for answers"),
    }.get(field)


def _side(field: str, value: str | None, language: Language, now: datetime) -> str | None:
    if value is None:
        return None
    if field == "value" and (amount := _AMOUNT.fullmatch(value)):
        return language.money(Money(int(amount[1] + amount[2]), amount[3]))
    if field.endswith("_at") and (moment := read_moment(value)) is not None:
        return language.day_and_time(moment, read_at=now)
    is_prose = not field.endswith(("_at", "_url"))
    return clipped(words.readable(value) if is_prose else words.clean(value), _EVIDENCE_CHARACTERS)
