"""The demo's notices as facts, and what becomes of them on a day.

In:   notices.toml, written by hand: who buys what, how many days ago and for how long.
Out:  announcements: facts with dates, numbers and the earlier announcement that they speak of.

Days that nobody works on are avoided as authorities avoid them: a publication moves back to a
working day, a deadline moves on to one.
"""

from __future__ import annotations

import tomllib
import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from alerting.domain.deadlines import PARIS, is_working_day
from alerting.reference.nuts import departement_of_postcode, nuts_of_departement


Form = Literal["fnsimple", "mapa", "dsp", "boamp-eforms", "eforms", "rss"]
Kind = Literal["call", "correction", "cancellation", "award"]

# Above what any authority gives out in a year, so that no number names a real notice.
_FIRST_NUMBER = 900_100
_FIRST_LATE_NUMBER = 980_000
_NUMBER_STEP = 7
_UUID_SPACE = uuid.UUID("6f1d3c02-7c1b-5b7e-9a55-0d2f1b6a4e10")
_PUBLISHED_AT = time(9, 0)
_DAY = timedelta(days=1)


class BuyerFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who buys; the SIRET is invented and passes the Luhn check."""

    id: str
    name: str
    siret: str
    street: str
    postcode: str
    commune: str


class LotFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lot; *value_euros* is only written where the form has a place for it."""

    title: str
    cpv: str | None = None
    value_euros: int | None = None
    commune: str | None = None
    postcode: str | None = None


class NoticeFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One notice.

    Args:
        id: Its name in notices.toml and expected.toml.
        authority: Who publishes it: "journal", "europe" or "bretagne".
        form: In which form.
        buyer: A buyer's id.
        title, description: What is bought, in French.
        published_days_ago: Before the day of the demo.
        kind: What it announces.
        about: The notice that it corrects, cancels or awards.
        same_as: The notice of another authority that announces the same purchase.
        deadline_in_days: After the day of the demo; negative when it has passed.
        hour: Of the deadline, "12:00", Paris.
        question_in_days: The last day for questions; eForms only.
        prose: What a correction says; "{before}" and "{after}" stand for the deadlines.
        commune, postcode: Where the work is done; the buyer's when not stated.
        has_place: Whether the notice says where the work is done.
        value_euros: Of the whole procedure; eForms only.
        reference: The buyer's own number.
        visit: What the notice says about a visit of the site.
        months: How long the contract lasts.
        is_late: Not published at first, but while the demo runs.
    """

    id: str
    authority: Literal["journal", "europe", "bretagne"]
    form: Form
    buyer: str
    title: str
    published_days_ago: int
    kind: Kind = "call"
    about: str | None = None
    same_as: str | None = None
    description: str | None = None
    nature: Literal["works", "services", "supplies"] = "works"
    cpv: str | None = None
    cpv_more: tuple[str, ...] = ()
    lots: tuple[LotFact, ...] = ()
    deadline_in_days: int | None = None
    hour: str = "12:00"
    question_in_days: int | None = None
    prose: str | None = None
    commune: str | None = None
    postcode: str | None = None
    has_place: bool = True
    value_euros: int | None = None
    reference: str | None = None
    visit: str | None = None
    months: int | None = None
    is_late: bool = False


class BadFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One document that cannot be read, and the line that says why."""

    id: str
    authority: Literal["journal", "europe", "bretagne"]
    damage: Literal["half", "error-page", "unknown-format", "no-words"]
    published_days_ago: int
    problem: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    buyer: tuple[BuyerFact, ...]
    notice: tuple[NoticeFact, ...]
    bad: tuple[BadFact, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place of work as forms write it: "Brest", "29200", "29", "FRH02"."""

    commune: str
    postcode: str
    departement: str
    nuts_code: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """A fact on a day, ready to be written.

    Args:
        fact: What it says.
        buyer: Who buys.
        number: The authority's running number, of that year.
        notice_uuid: The notice's own UUID.
        procedure_uuid: The procedure's UUID, the same for all that speak of one purchase.
        published_at, deadline_at, question_at: Aware, Paris.
        earlier: What it corrects, cancels or awards.
    """

    fact: NoticeFact
    buyer: BuyerFact
    number: int
    notice_uuid: str
    procedure_uuid: str
    published_at: datetime
    deadline_at: datetime | None
    question_at: datetime | None
    earlier: Announcement | None

    @property
    def boamp_id(self) -> str:
        """The number as BOAMP writes it: "26-900100"."""
        return f"{self.published_at:%y}-{self.number}"

    @property
    def ojs_number(self) -> str:
        """The number as the Official Journal writes it: "00900100-2026"."""
        return f"{self.number:08}-{self.published_at:%Y}"

    @property
    def guid(self) -> str:
        """The number as the buyer profile writes it; what follows a call keeps the call's."""
        first = self if self.earlier is None else self.earlier
        return f"consultation-{first.number}"

    @property
    def source_id(self) -> str:
        """The id by which our parsers know it."""
        return {"journal": self.boamp_id, "europe": self.notice_uuid, "bretagne": self.guid}[
            self.fact.authority
        ]

    @property
    def place(self) -> Place | None:
        """Where the work is done, if the notice says so."""
        if not self.fact.has_place:
            return None
        return find_place(self.fact.commune or self.buyer.commune, self.fact.postcode or self.buyer.postcode)

    @property
    def documents_url(self) -> str:
        """Where the documents are, on a host that does not exist."""
        return f"https://achats.bretagne.example/consultations/{self.procedure_uuid[:8]}"


def announcements(today: date) -> tuple[Announcement, ...]:
    """Return every notice as it is announced when the demo runs on *today*, the oldest first."""
    made: dict[str, Announcement] = {}
    for position, fact in enumerate(_read().notice):
        made[fact.id] = announce(
            fact, today=today, number=_FIRST_NUMBER + _NUMBER_STEP * position, known=made
        )
    return tuple(sorted(made.values(), key=lambda one: (one.published_at, one.number)))


def announce(
    fact: NoticeFact, *, today: date, number: int, known: dict[str, Announcement] | None = None
) -> Announcement:
    """Return one notice with its dates and numbers; *known* has what it speaks of."""
    earlier = known[fact.about] if known is not None and fact.about is not None else None
    published_on = _back_to_work(today - timedelta(days=fact.published_days_ago))
    return Announcement(
        fact=fact,
        buyer=buyers()[fact.buyer],
        number=number,
        notice_uuid=_uuid("notice", fact.id),
        procedure_uuid=_uuid("procedure", root_of(fact)),
        published_at=datetime.combine(published_on, _PUBLISHED_AT, tzinfo=PARIS),
        deadline_at=_moment(today, fact.deadline_in_days, fact.hour),
        question_at=_moment(today, fact.question_in_days, fact.hour),
        earlier=earlier,
    )


def late_call(number: int, *, now: datetime) -> Announcement:
    """Return the *number*-th call that comes while the demo runs; each is a purchase of its own."""
    [template] = [one for one in _read().notice if one.is_late and one.kind == "call"]
    fact = msgspec.structs.replace(
        template,
        id=f"{template.id}-{number}",
        title=template.title.format(number=number),
        reference=f"{template.reference}-{number:02}",
    )
    made = announce(fact, today=_day_of(now), number=_FIRST_LATE_NUMBER + number)
    return replace(made, published_at=now.astimezone(PARIS))


def late_correction(*, now: datetime) -> Announcement:
    """Return the correction that comes while the demo runs."""
    [made] = [
        one for one in announcements(_day_of(now)) if one.fact.is_late and one.fact.kind == "correction"
    ]
    return replace(made, published_at=now.astimezone(PARIS))


def notice_facts() -> tuple[NoticeFact, ...]:
    """Return every notice as it stands in the file."""
    return _read().notice


def bad_documents() -> tuple[BadFact, ...]:
    """Return the documents that cannot be read."""
    return _read().bad


@cache
def buyers() -> dict[str, BuyerFact]:
    """Return the buyers by id."""
    return {buyer.id: buyer for buyer in _read().buyer}


def root_of(fact: NoticeFact) -> str:
    """Return the id of the notice that first spoke of the purchase."""
    by_id = {one.id: one for one in _read().notice}
    while (before := fact.about or fact.same_as) is not None:
        fact = by_id[before]
    return fact.id


def find_place(commune: str, postcode: str) -> Place:
    """Return a place with the codes that its postcode stands for."""
    departement = departement_of_postcode(postcode) or ""
    return Place(commune, postcode, departement, nuts_of_departement(departement) or "")


@cache
def _read() -> _File:
    text = resources.files("alerting.local.demo").joinpath("notices.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File)


def _uuid(what: str, name: str) -> str:
    return str(uuid.uuid5(_UUID_SPACE, f"{what} {name}"))


def _day_of(now: datetime) -> date:
    return now.astimezone(PARIS).date()


def _back_to_work(day: date) -> date:
    while not is_working_day(day):
        day -= _DAY
    return day


def _moment(today: date, days: int | None, hour: str) -> datetime | None:
    """Return a moment some days after today, moved on to the next working day."""
    if days is None:
        return None
    day = today + timedelta(days=days)
    while not is_working_day(day):
        day += _DAY
    return datetime.combine(day, time.fromisoformat(hour), tzinfo=PARIS)
