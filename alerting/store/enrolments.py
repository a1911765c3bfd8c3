"""Enrolments: firms that somebody else entered, and whether they confirmed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.criteria import Criteria
from alerting.domain.delivery import DeliveryState
from alerting.domain.profile import Firm
from alerting.errors import UnstorableError
from alerting.store.criteria import usable_criteria
from alerting.store.database import savepoint
from alerting.store.firms import profile_row
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


def find_enrolled(connection: Connection, tags: Mapping[str, str]) -> dict[str, Enrolled]:
    """Return the firms of SIRETs by SIRET: by their id, as stated of them or, erased, by their tag.

    Nobody changes or erases them before this transaction ends.

    Args:
        connection: The transaction.
        tags: Of each SIRET the tag.
    """
    asked = (
        select(firms)
        .where(firms.c.firm_id.in_(tags) | firms.c.siret.in_(tags) | firms.c.siret_tag.in_([*tags.values()]))
        # Of two of one SIRET the one that has not ended is meant: it comes last, and stays.
        .order_by(firms.c.ended_at.is_(None), firms.c.firm_id)
        .with_for_update(key_share=True)
    )
    rows = connection.execute(asked).all()
    by_key = {key: row for row in rows for key in (row.siret_tag, row.siret)}
    by_id = {row.firm_id: row for row in rows}
    found = {
        siret: row
        for siret, tag in tags.items()
        if (row := by_id.get(siret) or _standing_first(by_key.get(siret), by_key.get(tag))) is not None
    }
    emails, criteria = _facts(connection, {row.firm_id for row in found.values()})
    return {
        siret: Enrolled(
            firm_id=row.firm_id,
            name=row.name,
            is_erased=row.ended_at is not None,
            is_unconfirmed=row.unconfirmed_since is not None,
            confirmed_at=row.confirmed_at,
            emails=tuple(emails.get(row.firm_id, ())),
            criteria=criteria.get(row.firm_id),
        )
        for siret, row in found.items()
    }


def add_resting(connection: Connection, added: Sequence[Firm], *, now: datetime) -> bool:
    """Add firms that are told nothing until they confirm, with what they have.

    Returns:
        False, and nothing is added, where one of them is stored, or the id of one of their profiles is.
    """
    rows = [
        {"firm_id": firm.firm_id, "name": firm.name, "siret": firm.siret, "unconfirmed_since": now}
        for firm in added
    ]
    people = [
        {"firm_id": firm.firm_id, "email": one.email, "name": one.name, "language": one.language}
        for firm in added
        for one in firm.recipients
    ]
    asked = [profile_row(profile) for firm in added for profile in firm.profiles]
    try:
        with savepoint(connection):
            for table, facts in ((firms, rows), (recipients, people), (profiles, asked)):
                if facts:
                    connection.execute(insert(table), facts)
    except UnstorableError:
        return False
    return True


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


def unasked_recipients(connection: Connection, firm_ids: Collection[str]) -> dict[str, list[int]]:
    """Return the recipients of firms, by number, whom no mail has asked to confirm, and none is to ask."""
    is_asked = exists().where(
        confirmations.c.recipient_id == recipients.c.recipient_id,
        deliveries.c.recipient_id == recipients.c.recipient_id,
        deliveries.c.digest_id == confirmations.c.digest_id,
        deliveries.c.state.not_in(_NEVER_SENT),
    )
    asked = select(recipients.c.firm_id, recipients.c.recipient_id).where(
        recipients.c.firm_id.in_(firm_ids), recipients.c.ended_at.is_(None), ~is_asked
    )
    return _grouped(connection.execute(asked.order_by(recipients.c.recipient_id)))


def add_askings(connection: Connection, asked: Mapping[int, int]) -> None:
    """Store by which digest each recipient is asked; an earlier one that never left counts no more."""
    if not asked:
        return
    statement = insert(confirmations)
    by_digest = statement.on_conflict_do_update(
        index_elements=["recipient_id"], set_={"digest_id": statement.excluded.digest_id}
    )
    rows = [{"recipient_id": recipient, "digest_id": digest} for recipient, digest in asked.items()]
    connection.execute(by_digest, rows)


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


def _standing_first(*rows: Row[Any] | None) -> Row[Any] | None:
    """Return the first of some rows that has not ended, else the first that is one."""
    found = [row for row in rows if row is not None]
    return next((row for row in found if row.ended_at is None), next(iter(found), None))


def _facts(
    connection: Connection, firm_ids: Collection[str]
) -> tuple[dict[str, list[str]], dict[str, Criteria]]:
    """Return the addresses and the first profile's criteria that stand of firms, by firm."""
    if not firm_ids:
        return {}, {}
    people = select(recipients.c.firm_id, recipients.c.email).where(
        recipients.c.firm_id.in_(firm_ids), recipients.c.ended_at.is_(None)
    )
    proposed = select(profiles.c.firm_id, profiles.c.criteria).where(
        profiles.c.firm_id.in_(firm_ids), profiles.c.ended_at.is_(None)
    )
    emails: dict[str, list[str]] = _grouped(connection.execute(people.order_by(recipients.c.email)))
    criteria = _grouped(connection.execute(proposed.order_by(profiles.c.profile_id)))
    return emails, {firm_id: usable_criteria(found[0]) for firm_id, found in criteria.items()}


def _grouped(pairs: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
