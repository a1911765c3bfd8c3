"""Enrolments: firms that somebody else entered, and whether they confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.criteria import Criteria
from alerting.domain.json import criteria_from_json
from alerting.store.tables import confirmations, firms, profiles, recipients


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A stored firm as an import compares it; ``emails`` are those of its recipients who stand."""

    firm_id: str
    name: str
    is_erased: bool
    is_unconfirmed: bool
    confirmed_at: datetime | None
    emails: tuple[str, ...]
    criteria: Criteria | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a link asks to confirm, for which firm."""

    firm_id: str
    firm_name: str
    email: str
    language: str
    is_unconfirmed: bool
    confirmed_at: datetime | None


def find_enrolled(connection: Connection, siret: str, *, siret_tag: str) -> Enrolled | None:
    """Return the firm of a SIRET: by its id, as stated of it or, erased, by its tag; None: there is none."""
    asked = (
        select(firms)
        .where((firms.c.firm_id == siret) | (firms.c.siret == siret) | (firms.c.siret_tag == siret_tag))
        .order_by(firms.c.firm_id != siret, firms.c.ended_at.is_not(None))
        .limit(1)
    )
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    mine = select(recipients.c.email).where(
        recipients.c.firm_id == row.firm_id, recipients.c.ended_at.is_(None)
    )
    proposed = select(profiles.c.criteria).where(
        profiles.c.firm_id == row.firm_id, profiles.c.ended_at.is_(None)
    )
    criteria = connection.scalars(proposed.order_by(profiles.c.profile_id)).first()
    return Enrolled(
        firm_id=row.firm_id,
        name=row.name,
        is_erased=row.ended_at is not None,
        is_unconfirmed=row.unconfirmed_since is not None,
        confirmed_at=row.confirmed_at,
        emails=tuple(connection.scalars(mine.order_by(recipients.c.email))),
        criteria=None if criteria is None else criteria_from_json(criteria),
    )


def let_rest(connection: Connection, firm_id: str, *, now: datetime) -> None:
    """Let a firm be told nothing until it confirms; one that rests already goes on resting."""
    connection.execute(
        update(firms)
        .where(firms.c.firm_id == firm_id, firms.c.unconfirmed_since.is_(None))
        .values(unconfirmed_since=now)
    )


def rename(connection: Connection, firm_id: str, name: str) -> None:
    """Give a firm another name."""
    connection.execute(update(firms).where(firms.c.firm_id == firm_id).values(name=name))


def unasked_recipients(connection: Connection, firm_id: str) -> Sequence[int]:
    """Return the recipients of a firm, by number, who were never asked to confirm."""
    asked = (
        select(recipients.c.recipient_id)
        .outerjoin(confirmations, confirmations.c.recipient_id == recipients.c.recipient_id)
        .where(
            recipients.c.firm_id == firm_id,
            recipients.c.ended_at.is_(None),
            confirmations.c.recipient_id.is_(None),
        )
    )
    return connection.scalars(asked.order_by(recipients.c.recipient_id)).all()


def add_asking(connection: Connection, recipient_id: int, *, digest_id: int) -> None:
    """Store that a recipient is asked."""
    connection.execute(insert(confirmations).values(recipient_id=recipient_id, digest_id=digest_id))


def find_asked(connection: Connection, recipient_id: int) -> Asked | None:
    """Return whom a link asks; None where he or the firm is no more."""
    found = (
        select(
            firms.c.firm_id,
            firms.c.name,
            recipients.c.email,
            recipients.c.language,
            firms.c.unconfirmed_since,
            firms.c.confirmed_at,
        )
        .join(firms, firms.c.firm_id == recipients.c.firm_id)
        .where(
            recipients.c.recipient_id == recipient_id,
            recipients.c.ended_at.is_(None),
            firms.c.ended_at.is_(None),
        )
    )
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    return Asked(
        firm_id=row.firm_id,
        firm_name=row.name,
        email=row.email,
        language=row.language,
        is_unconfirmed=row.unconfirmed_since is not None,
        confirmed_at=row.confirmed_at,
    )


def confirm(connection: Connection, firm_id: str, *, by: str, now: datetime) -> bool:
    """Let a firm be told what its profiles match; False where no such firm was waiting for that."""
    confirmed = (
        update(firms)
        .where(firms.c.firm_id == firm_id, firms.c.ended_at.is_(None), firms.c.unconfirmed_since.is_not(None))
        .values(unconfirmed_since=None, confirmed_at=now, confirmed_by=by)
    )
    return connection.execute(confirmed).rowcount == 1
