"""A notice: one announcement as one source published it, in one version.

Two shapes of the same thing.  ``RawNotice`` is what a parser found, as strings, nothing
cleaned.  ``Notice`` is what ``alerting.notices.normalise`` makes of it.  A fact that the
notice does not state is None (or an empty tuple), never "", 0 or 1970.

The names of ``Notice``'s fields are the names in SQL, in Elasticsearch and in ``--json``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerting.domain.money import Money


class NoticeKind(StrEnum):
    """What a notice announces."""

    CALL = "call"
    CORRECTION = "correction"
    CANCELLATION = "cancellation"
    AWARD = "award"
    PLANNING = "planning"
    OTHER = "other"


class Nature(StrEnum):
    """What is bought."""

    WORKS = "works"
    SUPPLIES = "supplies"
    SERVICES = "services"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys.

    Args:
        name: As published, spaces folded.
        siret: 14 digits that pass the Luhn check, else None.
        departement: "22", "2A", "974"; None when it cannot be told.
        commune, postcode, nuts_code: Of its address, as of a ``Place``.
    """

    name: str | None = None
    siret: str | None = None
    departement: str | None = None
    commune: str | None = None
    postcode: str | None = None
    nuts_code: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the work is done.

    Args:
        nuts_code: Current NUTS (2024), any level: "FRH0", "FRH03"; abroad at least the country, "ES".
        departement: "35"; derived, in France, from NUTS-3 or postcode where the notice does not say it.
        commune: As published, spaces folded.
        postcode: Five digits.
    """

    nuts_code: str | None = None
    departement: str | None = None
    commune: str | None = None
    postcode: str | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """A separately awardable part of a procedure; ``lot_id`` as the source numbers it.

    ``deadline_at`` is its last moment to answer where lots differ in that, else None; ``is_reserved`` and
    ``asks_deposit`` are as of a ``Notice``.
    """

    lot_id: str
    title: str | None = None
    description: str | None = None
    cpv_codes: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    value: Money | None = None
    deadline_at: datetime | None = None
    is_reserved: bool | None = None
    asks_deposit: bool | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that a correction changes.

    Args:
        field: A field name of ``Notice`` ("deadline_at"), or "text" for prose alone.
        before: The old value: ISO 8601 for times, else as published.  None when not stated.
        after: The new value, likewise.
        evidence: The sentence or element that says so.
        lot_id: The lot of which alone it is said.
    """

    field: str
    before: str | None = None
    after: str | None = None
    evidence: str | None = None
    lot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Normalisation:
    """One value that cleaning changed: ``field``, what the source wrote, what we keep, by which rule."""

    field: str
    before: str
    after: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One announcement as one source published it, in one version, cleaned.

    Args:
        feed_id: The feed that brought it.
        source_id: Its id at the source ("26-88092", a UUID, a feed entry's id).
        version: Its version at the source ("01"), None where the source has none.
        kind: What it announces.
        published_at: When the source published it; aware UTC.
        languages: ISO 639-1 codes, lower case, the notice's own language first.
        cpv_main: Eight digits without check digit, None when not given or not a CPV code.
        cpv_additional: Likewise, without repeats, in the source's order; lots' codes are on the lots.
        deadline_at: Last moment to answer; where lots have their own, the last of those.
        procedure_key: eForms BT-04 / BOAMP contractfolderid, lower case; None where there is none.
        internal_reference: The buyer's own number of the procedure.
        refers_to: Source ids or canonical publication numbers of the notices it corrects or follows.
        changes: What a correction says it changes.
        is_reserved: Whether only sheltered or inclusive employers, or bodies of a public mission, may
            answer, as a field of the source states (eForms BT-71); None where none does, whatever prose says.
        asks_deposit: Whether an offer needs a guarantee, likewise (eForms BT-751).
    """

    feed_id: str
    source_id: str
    version: str | None
    kind: NoticeKind
    title: str
    published_at: datetime | None = None
    languages: tuple[str, ...] = ()
    buyer: Buyer | None = None
    description: str | None = None
    nature: Nature | None = None
    cpv_main: str | None = None
    cpv_additional: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    lots: tuple[Lot, ...] = ()
    value: Money | None = None
    deadline_at: datetime | None = None
    question_deadline_at: datetime | None = None
    visit_at: datetime | None = None
    document_url: str | None = None
    submission_url: str | None = None
    notice_url: str | None = None
    procedure_key: str | None = None
    internal_reference: str | None = None
    refers_to: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    normalisations: tuple[Normalisation, ...] = ()
    is_reserved: bool | None = None
    asks_deposit: bool | None = None


class Clock(StrEnum):
    """How a published date and time is to be read (domain rule: some sources' offsets lie)."""

    OFFSET = "offset"
    PARIS = "paris"


@dataclass(frozen=True, slots=True)
class RawTime:
    """A date, or date and time, as published; ``clock`` PARIS: drop the offset, keep the wall clock."""

    text: str
    clock: Clock = Clock.OFFSET


@dataclass(frozen=True, slots=True)
class RawPlace:
    """A place as published; every part may be dirty or missing.  ``country``: "FRA", "ES", "France"."""

    nuts_code: str | None = None
    departement: str | None = None
    commune: str | None = None
    postcode: str | None = None
    country: str | None = None


# Nothing, a cent or a euro: "0,00", "0.01", "1.00".
_NOTHING = re.compile(r"[0 ]*1?(?:[.,]0*1?)?")


@dataclass(frozen=True, slots=True)
class RawMoney:
    """An amount as published: "43798333.30", "EUR"."""

    amount: str
    currency: str | None = None

    def is_nothing(self) -> bool:
        """Tell whether it is written as nothing, or a euro, as by a form that asks for an amount nobody has.

        >>> RawMoney("0.00").is_nothing(), RawMoney("1,00").is_nothing(), RawMoney("10").is_nothing()
        (True, True, False)
        """
        return _NOTHING.fullmatch(self.amount.strip()) is not None


@dataclass(frozen=True, slots=True)
class RawLot:
    """A lot as published."""

    lot_id: str
    title: str | None = None
    description: str | None = None
    cpv_codes: tuple[str, ...] = ()
    places: tuple[RawPlace, ...] = ()
    value: RawMoney | None = None
    deadlines: tuple[RawTime, ...] = ()
    is_reserved: bool | None = None
    asks_deposit: bool | None = None


@dataclass(frozen=True, slots=True)
class RawChange:
    """A change as published; times still as text."""

    field: str
    before: RawTime | str | None = None
    after: RawTime | str | None = None
    evidence: str | None = None
    lot_id: str | None = None


@dataclass(frozen=True, slots=True)
class RawNotice:
    """What a parser found in one announcement: strings as published, nothing cleaned.

    The fields are those of ``Notice``; ``title`` is the only text that must be there, because a
    notice that cannot be named cannot be told.  ``deadlines``, here and of a lot, holds every stated
    time that ends the chance to take part (eForms BT-131, BT-1311, BT-630): the first one does.
    """

    feed_id: str
    source_id: str
    title: str
    kind: NoticeKind = NoticeKind.CALL
    version: str | None = None
    published: RawTime | None = None
    languages: tuple[str, ...] = ()
    buyer_name: str | None = None
    buyer_siret: str | None = None
    buyer_place: RawPlace | None = None
    description: str | None = None
    description_is_html: bool = False
    nature: str | None = None
    cpv_main: str | None = None
    cpv_additional: tuple[str, ...] = ()
    places: tuple[RawPlace, ...] = ()
    lots: tuple[RawLot, ...] = ()
    value: RawMoney | None = None
    deadlines: tuple[RawTime, ...] = ()
    question_deadline: RawTime | None = None
    visit: RawTime | None = None
    document_url: str | None = None
    submission_url: str | None = None
    notice_url: str | None = None
    procedure_key: str | None = None
    internal_reference: str | None = None
    refers_to: tuple[str, ...] = ()
    changes: tuple[RawChange, ...] = ()
    is_reserved: bool | None = None
    asks_deposit: bool | None = None
