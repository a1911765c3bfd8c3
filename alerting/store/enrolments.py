"""Enrolments: firms that somebody else entered, and whether they confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.criteria import Criteria
from alerting.domain.delivery import DeliveryState
from alerting.store.criteria import usable_criteria
from alerting.store.tables import confirmations, deliveries, firms, profiles, recipients


_NEVER_SENT = (DeliveryState.SUPPRESSED.value, DeliveryState.FAILED.value)
_TO_LEAVE = (DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value)
_CONFIRMED = "the firm has confirmed"


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
    """Return the firm of a SIRET: by its id, as stated of it or, erased, by its tag; None: there is none.

    Nobody changes or erases it before this transaction ends.
    """
    asked = (
        select(firms)
        .where((firms.c.firm_id == siret) | (firms.c.siret == siret) | (firms.c.siret_tag == siret_tag))
        .order_by(firms.c.firm_id != siret, firms.c.ended_at.is_not(None))
        .limit(1)
        .with_for_update(key_share=True)
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
        criteria=None if criteria is None else usable_criteria(criteria),
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
    """Return the recipients of a firm, by number, whom no mail has asked to confirm, and none is to ask."""
    is_asked = exists().where(
        confirmations.c.recipient_id == recipients.c.recipient_id,
        deliveries.c.recipient_id == recipients.c.recipient_id,
        deliveries.c.digest_id == confirmations.c.digest_id,
        deliveries.c.state.not_in(_NEVER_SENT),
    )
    asked = select(recipients.c.recipient_id).where(
        recipients.c.firm_id == firm_id, recipients.c.ended_at.is_(None), ~is_asked
    )
    return connection.scalars(asked.order_by(recipients.c.recipient_id)).all()


def add_asking(connection: Connection, recipient_id: int, *, digest_id: int) -> None:
    """Store by which digest a recipient is asked; an earlier one that never left counts no more."""
    statement = insert(confirmations).values(recipient_id=recipient_id, digest_id=digest_id)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["recipient_id"], set_={"digest_id": digest_id})
    )


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
    """Let a firm be told what its profiles match; False where no such firm was waiting for that.

    A mail that was to ask it and has not left is not sent any more.
    """
    confirmed = (
        update(firms)
        .where(firms.c.firm_id == firm_id, firms.c.ended_at.is_(None), firms.c.unconfirmed_since.is_not(None))
        .values(unconfirmed_since=None, confirmed_at=now, confirmed_by=by)
    )
    if connection.execute(confirmed).rowcount == 0:
        return False
    asking = (
        select(confirmations.c.digest_id)
        .join(recipients, recipients.c.recipient_id == confirmations.c.recipient_id)
        .where(recipients.c.firm_id == firm_id)
    )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.digest_id.in_(asking), deliveries.c.state.in_(_TO_LEAVE))
        .values(state=DeliveryState.SUPPRESSED.value, answer=_CONFIRMED)
    )
    return True
