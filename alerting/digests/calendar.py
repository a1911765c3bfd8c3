"""Write the dates of a digest as a calendar file: deadlines, last days for questions, visits.

In:   a digest, the language of its reader, the moment.
Out:  one iCalendar object, METHOD:PUBLISH, times in UTC; None where there is no date to keep.

An event is known by procedure and date, and by its lot where that is to be answered at another time than the
first one that fits, whatever the digest: a later revision (SEQUENCE) moves it where it
stands, and one that is cancelled or taken back is struck out (STATUS:CANCELLED).

Source: RFC 5545.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from urllib.parse import quote

from icalendar import Calendar, Event, vUri

from alerting.digests import words
from alerting.digests.facts import name_lot, read_moment, say_place, title_of
from alerting.digests.languages import Language
from alerting.digests.links import safe_link
from alerting.digests.shelf import Shelf
from alerting.domain.deadlines import PARIS, has_passed, is_day_alone
from alerting.domain.digest import Digest, DigestItem, TellingKind
from alerting.domain.mail_text import MailText
from alerting.domain.notice import Lot, Notice


_DATES = ("deadline_at", "question_deadline_at", "visit_at")
_ENDS = frozenset({TellingKind.CANCELLED, TellingKind.AWARDED})
_PRODUCT = "-//Alerting//Digest//FR"
_ITEMS_KEPT = 4096


def write_calendar(digest: Digest, language: Language, *, domain: str, now: datetime) -> MailText | None:
    """Return the calendar of a digest; dates that have passed are left out.

    Args:
        digest: Whose dates.
        language: Of who reads it.
        domain: Ours; it makes the events' ids unique in the world, and must stay the same.
        now: Decides what has passed.
    """
    written = _Writing(language, domain, digest.composed_at, now)
    events = [event for item in digest.items if (event := written.find(item)) is not None]
    if not events:
        return None
    opening, closing = _around(language)
    return MailText.joined([opening, *events, closing])


@dataclass(frozen=True, slots=True)
class _Writing:
    """One calendar being written."""

    language: Language
    domain: str
    composed_at: datetime
    now: datetime

    def find(self, item: DigestItem) -> MailText | None:
        """Return the events of an item, None when it has none."""
        notice = item.notice
        dates = (notice.deadline_at, notice.question_deadline_at, notice.visit_at)
        passed = tuple([moment is not None and moment <= self.now for moment in dates])
        key = (
            self.language.code, self.domain, self.composed_at, item.telling_kind in _ENDS,
            item.procedure_id, item.revision, passed, notice.deadline_at, item.lot_ids,
        )  # fmt: skip
        return _EVENTS.find(key, item, lambda: self._write(item))

    def _write(self, item: DigestItem) -> MailText | None:
        events = [
            self._event(item, name, moment).to_ical().decode()
            for name in _DATES
            if (moment := getattr(item.notice, name) or _taken_back(item, name)) is not None
            and not has_passed(moment, now=self.now)
        ]
        events += [
            self._event(item, "deadline_at", lot.deadline_at, lot=lot).to_ical().decode()
            for lot in item.notice.lots
            if lot.lot_id in item.lot_ids
            and lot.deadline_at not in {None, item.notice.deadline_at}
            and not has_passed(lot.deadline_at, now=self.now)
        ]
        return MailText.of("".join(events)) if events else None

    def _event(self, item: DigestItem, date_name: str, moment: datetime, *, lot: Lot | None = None) -> Event:
        notice = item.notice
        is_cancelled = getattr(notice, date_name) is None or item.telling_kind in _ENDS
        event = Event()
        of_lot = "" if lot is None else f"-lot-{quote(lot.lot_id, safe='')}"
        date = date_name.removesuffix("_at")
        event.add("uid", f"procedure-{item.procedure_id}-{date}{of_lot}@{self.domain}")
        event.add("sequence", item.revision)
        event.add("dtstamp", self.composed_at.astimezone(UTC))
        event.add("dtstart", _start(moment))
        name = _name(date_name, self.language)
        of_what = name if lot is None else f"{name} ({name_lot(lot.lot_id, self.language)})"
        event.add("summary", f"{of_what} · {title_of(notice)}")
        event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
        event.add("transp", "OPAQUE" if date_name == "visit_at" else "TRANSPARENT")
        if notice.buyer is not None and notice.buyer.name:
            event.add("description", words.readable_name(notice.buyer.name))
        # A mail's place, or that of the lot alone that has a date of its own.
        lot_ids = item.lot_ids if lot is None else (lot.lot_id,)
        if place := say_place(notice, lot_ids, self.language):
            event.add("location", place)
        if url := _url(notice):
            event.add("url", vUri(url))
        return event


_EVENTS: Shelf[MailText | None] = Shelf(_ITEMS_KEPT)


def _taken_back(item: DigestItem, date_name: str) -> datetime | None:
    """Return the date that a correction took back, None when it took back none."""
    taken = [change.before for change in item.changes if change.field == date_name and change.after is None]
    return next((read_moment(before) for before in taken if before is not None), None)


def _url(notice: Notice) -> str | None:
    links = (safe_link(url) for url in (notice.document_url, notice.submission_url, notice.notice_url))
    return next((link.href for link in links if link is not None), None)


def _start(moment: datetime) -> object:
    """Return the moment in UTC, or the day in Paris where no hour was stated."""
    return moment.astimezone(PARIS).date() if is_day_alone(moment) else moment.astimezone(UTC)


def _name(date_name: str, language: Language) -> str:
    return {
        "deadline_at": language.say("Deadline"),
        "question_deadline_at": language.say("Last day for questions"),
        "visit_at": language.say("Visit"),
    }[date_name]


@cache
def _around(language: Language) -> tuple[MailText, MailText]:
    """Return what stands before and after the events."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", language.say("Public contracts"))
    written = calendar.to_ical().decode()
    seam = written.index("END:VCALENDAR")
    return MailText.of(written[:seam]), MailText.of(written[seam:])
