"""Subscriptions: what one recipient gets of the profiles of a firm, as a link names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, false, func, select

from alerting.store.firms import ERASED
from alerting.store.matches import is_made_up_for
from alerting.store.tables import deliveries, digests, firms, matches, profiles, recipients


@dataclass(frozen=True, slots=True)
class SubscribedProfile:
    """One standing profile of a recipient's firm; a pause that is over may still be named.

    ``catches_up``: whether what comes up in the pause is told when it is over.
    """

    profile_id: str
    name: str
    cadence: str
    paused_until: datetime | None
    catches_up: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """What may keep a profile from being told of a procedure.

    Args:
        is_unconfirmed: Whether its firm has not confirmed.
        paused_until: When its pause ends, or ended.
        is_left_out: Whether the procedure came up in a pause without catching up.
        emails: Addresses of its firm's readers.
    """

    is_unconfirmed: bool
    paused_until: datetime | None
    is_left_out: bool
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A recipient who is one of a firm still, with the firm's standing profiles by name."""

    recipient_id: int
    email: str
    firm_id: str
    firm_name: str
    profiles: tuple[SubscribedProfile, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """Whom a delivery was for, and of which profile it told; erased, his address is nobody's."""

    delivery_id: int
    email: str
    profile_id: str
    is_erased: bool


def find_subscriber(connection: Connection, recipient_id: int) -> Subscriber | None:
    """Return a recipient; None when there is none of that number, or he is one of the firm no longer."""
    asked = (
        select(recipients.c.email, recipients.c.language, firms.c.firm_id, firms.c.name)
        .join(firms, firms.c.firm_id == recipients.c.firm_id)
        .where(
            recipients.c.recipient_id == recipient_id,
            recipients.c.ended_at.is_(None),
            firms.c.ended_at.is_(None),
        )
    )
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    profiles_of = _profiles(connection, row.firm_id)
    return Subscriber(recipient_id, row.email, row.firm_id, row.name, profiles_of, row.language)


def find_delivered(connection: Connection, delivery_id: int) -> Delivered | None:
    """Return whom a delivery was for; None when there is none of that number."""
    asked = (
        select(
            recipients.c.email,
            digests.c.profile_id,
            func.coalesce(recipients.c.ended_reason == ERASED, false()),
        )
        .select_from(deliveries)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .join(digests, digests.c.digest_id == deliveries.c.digest_id)
        .where(deliveries.c.delivery_id == delivery_id)
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else Delivered(delivery_id, *row)


def find_reader(connection: Connection, delivery_id: int) -> tuple[int, str] | None:
    """Return the digest_id of a delivery, and its reader's language; None where he is no recipient now."""
    asked = (
        select(deliveries.c.digest_id, recipients.c.language)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .join(firms, firms.c.firm_id == recipients.c.firm_id)
        .where(
            deliveries.c.delivery_id == delivery_id,
            recipients.c.ended_at.is_(None),
            firms.c.ended_at.is_(None),
        )
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else (row.digest_id, row.language)


def get_holding(connection: Connection, profile_id: str, procedure_id: int) -> Holding:
    """Return what may keep a standing profile from being told of a procedure."""
    # What is not matched yet is found as what is open now.
    is_left_out = exists().where(
        matches.c.profile_id == profiles.c.profile_id,
        matches.c.procedure_id == procedure_id,
        ~is_made_up_for(),
    )
    asked = (
        select(firms.c.firm_id, firms.c.unconfirmed_since, profiles.c.paused_until, is_left_out)
        .join(firms, firms.c.firm_id == profiles.c.firm_id)
        .where(profiles.c.profile_id == profile_id)
    )
    firm_id, unconfirmed_since, paused_until, is_before = connection.execute(asked).one()
    readers = select(recipients.c.email).where(
        recipients.c.firm_id == firm_id, recipients.c.ended_at.is_(None)
    )
    emails = connection.scalars(readers.order_by(recipients.c.email)).all()
    return Holding(unconfirmed_since is not None, paused_until, is_before, tuple(emails))


def leaves_out() -> ColumnElement[bool]:
    """Tell of a profile that is paused whether what comes up in the pause is never told."""
    return func.coalesce(profiles.c.told_from >= profiles.c.paused_until, false())


def _profiles(connection: Connection, firm_id: str) -> tuple[SubscribedProfile, ...]:
    asked = select(
        profiles.c.profile_id, profiles.c.name, profiles.c.cadence, profiles.c.paused_until, ~leaves_out()
    ).where(profiles.c.firm_id == firm_id, profiles.c.ended_at.is_(None))
    rows = connection.execute(asked.order_by(profiles.c.name, profiles.c.profile_id))
    return tuple(SubscribedProfile(*row) for row in rows)
