"""The dates of a digest as a calendar: read back by the library's parser, held to RFC 5545."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar

from alerting.domain.digest import TellingKind
from alerting.domain.notice import Change, Place
from tests.digest_cases import CANTEEN, GYM, HALL, LIBRARY, NOW, SCHOOL, digest, everything, item, rendered


DEADLINE = "procedure-1-deadline@alertes.exemple.example"
VISIT = "procedure-1-visit@alertes.exemple.example"
QUESTIONS = "procedure-1-question_deadline@alertes.exemple.example"


def events(*items, now=NOW):
    """Return a digest's events by their id, as a calendar reads them."""
    calendar = Calendar.from_ical(rendered(digest(*items), now=now).calendar.content)
    return {str(event["uid"]): event for event in calendar.events}


def test_a_calendar_says_what_it_is():
    """
    Published, not an invitation that asks for an answer.
    """
    calendar = Calendar.from_ical(rendered(everything()).calendar.content)

    assert (str(calendar["version"]), str(calendar["method"])) == ("2.0", "PUBLISH")
    assert calendar.errors == []
    assert [error for event in calendar.events for error in event.errors] == []


def test_every_date_of_a_notice_is_an_event():
    """
    Deadline, last day for questions and visit, at their moments, with buyer, place and where the documents are.
    """
    found = events(item(SCHOOL, revision=4))

    assert {uid: event["dtstart"].dt for uid, event in found.items()} == {
        DEADLINE: SCHOOL.deadline_at,
        QUESTIONS: SCHOOL.question_deadline_at,
        VISIT: SCHOOL.visit_at,
    }
    deadline = found[DEADLINE]
    assert str(deadline["summary"]).startswith("Date limite · Rénovation énergétique du groupe scolaire")
    assert str(deadline["description"]) == "Commune de Redon"
    assert str(deadline["location"]) == "Redon, Ille-et-Vilaine (35)"
    assert str(deadline["url"]) == SCHOOL.document_url
    assert (str(deadline["status"]), deadline["sequence"]) == ("CONFIRMED", 4)
    assert deadline["dtstamp"].dt == NOW


def test_a_day_without_an_hour_is_a_whole_day():
    """
    A deadline of which no hour was stated is an event of its day, in Paris.
    """
    assert CANTEEN.deadline_at == datetime(2026, 3, 4, 22, 59, tzinfo=UTC)

    assert events(item(CANTEEN))[DEADLINE]["dtstart"].dt == date(2026, 3, 4)


def test_a_later_revision_moves_the_same_event():
    """
    The id stays, the sequence grows: the calendar moves the event and makes no second one.
    """
    moved = replace(SCHOOL, deadline_at=SCHOOL.deadline_at + timedelta(days=7))

    first = events(item(SCHOOL))[DEADLINE]
    second = events(item(moved, kind=TellingKind.CORRECTED, revision=2))[DEADLINE]

    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert second["dtstart"].dt - first["dtstart"].dt == timedelta(days=7)


@pytest.mark.parametrize("kind", [TellingKind.CANCELLED, TellingKind.AWARDED])
def test_what_has_ended_is_struck_out(kind):
    """
    The dates of a cancelled or awarded procedure are cancelled where they stand.
    """
    found = events(item(HALL, kind=kind, revision=3))

    assert {uid: (str(event["status"]), event["sequence"]) for uid, event in found.items()} == {
        DEADLINE: ("CANCELLED", 3)
    }


def test_a_date_that_is_taken_back_is_struck_out():
    """
    A visit that a correction takes back is cancelled at the time where it stood.
    """
    visit = Change("visit_at", "2026-03-12T09:00:00+00:00", None)

    found = events(item(GYM, kind=TellingKind.CORRECTED, revision=2, changes=(visit,)))

    assert {uid: str(event["status"]) for uid, event in found.items()} == {
        DEADLINE: "CONFIRMED",
        VISIT: "CANCELLED",
    }
    assert found[VISIT]["dtstart"].dt == datetime(2026, 3, 12, 9, 0, tzinfo=UTC)


def test_dates_that_have_passed_are_left_out():
    """
    Three dates at first; later only those that lie ahead; without any there is no calendar.
    """
    later = datetime(2026, 3, 12, 8, 0, tzinfo=UTC)

    assert set(events(item(SCHOOL))) == {DEADLINE, QUESTIONS, VISIT}
    assert set(events(item(SCHOOL), now=later)) == {DEADLINE, QUESTIONS}
    assert rendered(digest(item(LIBRARY, kind=TellingKind.AWARDED))).calendar is None


def test_a_calendar_is_written_as_the_standard_says():
    """
    CRLF, lines folded at 75 octets without a cut character, whatever a title holds.
    """
    title = "é" * 120 + "\r\nATTENDEE:x;y,z\\n"

    content = rendered(digest(item(replace(SCHOOL, title=title)))).calendar.content

    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert max(len(line) for line in lines) <= 75
    assert [line for line in lines if b"\n" in line or b"\r" in line] == []
    assert [line.decode() for line in lines] != []
    assert [line for line in lines if line.startswith(b"ATTENDEE")] == []
    [event, *_] = Calendar.from_ical(content).events
    assert "ATTENDEE:x;y,z\\n" in str(event["summary"])


@pytest.mark.parametrize(("language", "said"), [("en", "Deadline · "), ("br", "Termen diwezhañ · ")])
def test_events_are_called_in_the_readers_language(language, said):
    """
    The calendar speaks as the mail does.
    """
    content = rendered(digest(item(HALL)), language).calendar.content

    assert [str(event["summary"])[: len(said)] for event in Calendar.from_ical(content).events] == [said]


def test_lots_that_end_on_other_days_have_events_of_their_own():
    """
    The first date is the procedure's; each other lot that fits and is still open is named, beside it.
    """
    week = timedelta(days=7)
    lots = tuple(
        replace(lot, deadline_at=SCHOOL.deadline_at + days)
        for lot, days in zip(SCHOOL.lots, (-9 * week, 0 * week, week), strict=True)
    )
    school = replace(SCHOOL, lots=lots)

    found = events(item(school, lot_ids=("LOT-0001", "LOT-0004", "LOT-0005")))
    alone = events(item(school, lot_ids=("LOT-0004",)))

    later = "procedure-1-deadline-lot-LOT-0005@alertes.exemple.example"
    assert set(found) == {DEADLINE, later, QUESTIONS, VISIT}
    assert found[later]["dtstart"].dt == SCHOOL.deadline_at + week
    assert str(found[later]["summary"]).startswith("Date limite (Lot\N{NO-BREAK SPACE}5) · ")
    assert set(alone) == {DEADLINE, QUESTIONS, VISIT}


def test_a_date_lies_where_the_mail_says():
    """
    All dates, the visit's too, lie where the lots that fit do; a lot's own date where that lot does.  Firms
    of other lots of one purchase have other places.
    """
    communes = ("Redon", "Allaire", "Rieux")
    later = SCHOOL.deadline_at + timedelta(days=7)
    lots = [
        replace(lot, places=(Place(departement="56", commune=commune),))
        for lot, commune in zip(SCHOOL.lots, communes, strict=True)
    ]
    school = replace(SCHOOL, lots=(*lots[:2], replace(lots[2], deadline_at=later)))
    of_lot = "procedure-1-deadline-lot-LOT-0005@alertes.exemple.example"

    both = events(item(school, lot_ids=("LOT-0004", "LOT-0005")))
    one = events(item(school, lot_ids=("LOT-0001",)))
    mail = rendered(digest(item(school, lot_ids=("LOT-0001",)))).text.content.decode()

    assert {uid: str(event["location"]) for uid, event in both.items()} == {
        DEADLINE: "Allaire, Morbihan (56) ; Rieux, Morbihan (56)",
        QUESTIONS: "Allaire, Morbihan (56) ; Rieux, Morbihan (56)",
        VISIT: "Allaire, Morbihan (56) ; Rieux, Morbihan (56)",
        of_lot: "Rieux, Morbihan (56)",
    }
    assert {str(event["location"]) for event in one.values()} == {"Redon, Morbihan (56)"}
    assert "Redon, Morbihan (56)" in mail


def test_a_date_without_a_place_lies_where_the_buyer_is():
    """
    As the mail says it, in its words.
    """
    assert str(events(item(GYM))[DEADLINE]["location"]) == "Loire-Atlantique (44), département de l’acheteur"
