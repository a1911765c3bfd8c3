"""Suppressions: standing orders not to mail an address; one an address and profile stands at a time.

What an order held back although it was queued before, and what nobody else of the firm had, is queued again
when the order ends, by whatever way: it counts as told.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.suppression import Suppression, SuppressionKind
from alerting.store.database import lock
from alerting.store.tables import recipients, suppression_tellings, suppressions


_HELD_BACK_FROM = text("""
    SELECT DISTINCT recipients.email FROM deliveries JOIN recipients USING (recipient_id)
    WHERE deliveries.digest_id = ANY(:digest_ids) AND deliveries.state = 'suppressed'
""")
_HOLD_DIGESTS = text("""
    SELECT digest_id FROM digests WHERE digest_id = ANY(:digest_ids) ORDER BY digest_id FOR NO KEY UPDATE
""")
# An order's reason is the answer of what it held back.  Dates of digests are in UTC, in one form.
_QUEUE_HELD_BACK = """
    UPDATE deliveries SET state = 'queued', first_attempt_at = NULL,
        answer = 'queued again: the order that held it back stands no more'
    FROM recipients, digests, profiles
    WHERE deliveries.state = 'suppressed'
        AND recipients.recipient_id = deliveries.recipient_id
        AND digests.digest_id = deliveries.digest_id
        AND profiles.profile_id = digests.profile_id
        AND {which}
        AND recipients.ended_at IS NULL AND profiles.ended_at IS NULL
        AND EXISTS (
            SELECT FROM suppressions WHERE suppressions.email = lower(recipients.email)
                AND suppressions.reason = deliveries.answer AND suppressions.ended_at IS NOT NULL
        )
        AND NOT EXISTS (
            SELECT FROM suppressions WHERE suppressions.email = lower(recipients.email)
                AND suppressions.ended_at IS NULL
                AND (suppressions.profile_id IS NULL OR suppressions.profile_id = digests.profile_id)
        )
        AND NOT EXISTS (
            SELECT FROM deliveries AS others WHERE others.digest_id = deliveries.digest_id
                AND others.state NOT IN ('suppressed', 'failed')
        )
        AND (
            digests.content -> 'items' = '[]' OR EXISTS (
                SELECT FROM jsonb_array_elements(digests.content -> 'items') AS item
                WHERE item ->> 'telling_kind' IN ('cancelled', 'awarded')
                    OR coalesce(item -> 'notice' ->> 'deadline_at' > :now, true)
            )
        )
"""
_QUEUE_BY_ADDRESS = text(_QUEUE_HELD_BACK.format(which="lower(recipients.email) = ANY(:emails)"))
_QUEUE_BY_DIGEST = text(_QUEUE_HELD_BACK.format(which="deliveries.digest_id = ANY(:digest_ids)"))


@dataclass(frozen=True, slots=True)
class UntoldAddress:
    """An order about one recipient of a firm that his colleagues do not know of."""

    firm_id: str
    order: Suppression


def hold(connection: Connection, emails: Collection[str], *, digest_ids: Collection[int] = ()) -> list[str]:
    """Let nobody else give or end orders about addresses; return them, in small letters and sorted.

    Who works on several of them holds them all at once: in one order, so that no two wait for each other.

    Args:
        connection: The transaction; it holds them until its end.
        emails: Which.
        digest_ids: And those from which orders held these digests back.
    """
    held_back = connection.scalars(_HELD_BACK_FROM, {"digest_ids": list(digest_ids)}) if digest_ids else ()
    small = sorted({email.lower() for email in (*emails, *held_back)})
    for email in small:
        lock(connection, f"alerting: suppressions of {email}")
    return small


def add_suppression(
    connection: Connection,
    email: str,
    *,
    kind: SuppressionKind,
    reason: str,
    now: datetime,
    profile_id: str | None = None,
    until_at: datetime | None = None,
) -> int | None:
    """Order not to mail an address any more, about one profile or at all.

    A stronger reason takes the place of a weaker one.

    Returns:
        The order's number; None when one as strong stands already.
    """
    hold(connection, {email})
    standing = _find_standing(connection, email, profile_id)
    if standing is not None and not kind.outranks(standing.kind):
        return None
    if standing is not None:
        end_suppression(connection, standing.suppression_id, why=f"a stronger one: {kind.value}", now=now)
    statement = insert(suppressions).values(
        email=email.lower(),
        profile_id=profile_id,
        kind=kind.value,
        reason=reason,
        created_at=now,
        until_at=until_at,
    )
    number: int = connection.execute(statement.returning(suppressions.c.suppression_id)).scalar_one()
    return number


def stands_against(
    email: str | ColumnElement[str], profile_id: str | ColumnElement[str]
) -> ColumnElement[bool]:
    """Return what holds of an order that keeps a profile's mails from an address in small letters."""
    return and_(
        suppressions.c.email == email,
        suppressions.c.ended_at.is_(None),
        or_(suppressions.c.profile_id.is_(None), suppressions.c.profile_id == profile_id),
    )


def find_suppression(connection: Connection, email: str, profile_id: str) -> str | None:
    """Return the reason why an address gets nothing of a profile, None when it may be mailed."""
    asked = select(suppressions.c.reason).where(stands_against(email.lower(), profile_id))
    return connection.scalar(asked.order_by(suppressions.c.suppression_id).limit(1))


def reasons_by_address(connection: Connection, emails: Collection[str]) -> dict[tuple[str, str | None], str]:
    """Return why addresses get nothing: by address, in small letters, and profile, None for all of them."""
    if not emails:
        return {}
    asked = select(suppressions.c.email, suppressions.c.profile_id, suppressions.c.reason).where(
        suppressions.c.email.in_(emails), suppressions.c.ended_at.is_(None)
    )
    return {(row.email, row.profile_id): row.reason for row in connection.execute(asked)}


def standing_suppressions(connection: Connection, email: str) -> list[Suppression]:
    """Return the orders that stand about an address, the general one first."""
    asked = _asked().where(suppressions.c.email == email.lower(), suppressions.c.ended_at.is_(None))
    rows = connection.execute(asked.order_by(suppressions.c.profile_id.nulls_first()))
    return [_suppression(row) for row in rows]


def get_suppression(connection: Connection, suppression_id: int) -> tuple[Suppression, bool] | None:
    """Return an order and whether it stands; None when there is none of that number."""
    asked = (
        _asked().add_columns(suppressions.c.ended_at).where(suppressions.c.suppression_id == suppression_id)
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else (_suppression(row), row.ended_at is None)


def end_suppression(connection: Connection, suppression_id: int, *, why: str, now: datetime) -> bool:
    """Lift one order; False when it did not stand."""
    return _end(connection, suppressions.c.suppression_id == suppression_id, why=why, now=now) == 1


def end_expired(connection: Connection, *, now: datetime) -> int:
    """End the orders whose time is over; return how many."""
    return _end(connection, suppressions.c.until_at <= now, why="its time was over", now=now)


def queue_held_back(connection: Connection, digest_ids: Collection[int], *, now: datetime) -> int:
    """Queue again what orders held back of digests, where they stand no more; return how many mails.

    Asked by who has recorded that a mail of theirs did not leave, and holds the addresses: an order may have
    ended since it was read, and the colleague who was to have the digest did not get it after all.  Only of
    what nobody of the firm had, and where something can be answered still.
    """
    asked = {"digest_ids": list(digest_ids)}
    # Two workers that record mails of one digest see each other's.
    connection.execute(_HOLD_DIGESTS, asked)
    return connection.execute(_QUEUE_BY_DIGEST, {**asked, "now": now.isoformat()}).rowcount


def list_suppressions(
    connection: Connection, *, with_ended: bool, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return orders, the newest first; by default those that stand."""
    names = ("suppression_id", "email", "profile_id", "kind", "reason", "created_at", "until_at")
    columns = [suppressions.c[name] for name in (*names, "ended_at", "ended_reason")]
    asked = select(*columns).order_by(suppressions.c.suppression_id.desc()).limit(limit)
    if not with_ended:
        asked = asked.where(suppressions.c.ended_at.is_(None))
    return [dict(row) for row in connection.execute(asked).mappings()]


def last_soft_pause(connection: Connection, email: str) -> tuple[int, datetime | None]:
    """Return how many times soft bounces suppressed an address, and when the last of these ended."""
    asked = select(func.count(), func.max(suppressions.c.ended_at)).where(
        suppressions.c.email == email.lower(), suppressions.c.kind == SuppressionKind.SOFT_BOUNCES.value
    )
    count, ended_at = connection.execute(asked).one()
    return count, ended_at


def untold_addresses(connection: Connection, kinds: Collection[SuppressionKind]) -> list[UntoldAddress]:
    """Return the orders of some kinds that a firm's other recipients were not told of, by firm and number."""
    standing = (suppressions.c.profile_id.is_(None)) & suppressions.c.ended_at.is_(None)
    told = (
        select(suppression_tellings.c.suppression_id)
        .where(
            suppression_tellings.c.suppression_id == suppressions.c.suppression_id,
            suppression_tellings.c.firm_id == recipients.c.firm_id,
        )
        .exists()
    )
    asked = (
        _asked()
        .add_columns(recipients.c.firm_id)
        .join(recipients, func.lower(recipients.c.email) == suppressions.c.email)
        .where(standing, recipients.c.ended_at.is_(None), ~told)
        .where(suppressions.c.kind.in_([kind.value for kind in kinds]))
        .order_by(recipients.c.firm_id, suppressions.c.suppression_id)
    )
    return [UntoldAddress(row.firm_id, _suppression(row)) for row in connection.execute(asked)]


def add_telling(connection: Connection, suppression_id: int, *, firm_id: str, digest_id: int) -> None:
    """Store that a firm is told of an order."""
    statement = insert(suppression_tellings).values(
        suppression_id=suppression_id, firm_id=firm_id, digest_id=digest_id
    )
    connection.execute(statement)


def _find_standing(connection: Connection, email: str, profile_id: str | None) -> Suppression | None:
    found = standing_suppressions(connection, email)
    return next((one for one in found if one.profile_id == profile_id), None)


def _end(connection: Connection, which: ColumnElement[bool], *, why: str, now: datetime) -> int:
    """End orders, and queue again what they held back; return how many orders."""
    standing = (which, suppressions.c.ended_at.is_(None))
    emails = connection.scalars(select(suppressions.c.email).where(*standing)).all()
    held = hold(connection, emails)
    ended = update(suppressions).where(*standing).values(ended_at=now, ended_reason=why)
    count = connection.execute(ended).rowcount
    if count:
        connection.execute(_QUEUE_BY_ADDRESS, {"emails": held, "now": now.isoformat()})
    return count


def _asked() -> Any:
    names = ("suppression_id", "email", "profile_id", "kind", "reason", "until_at")
    return select(*(suppressions.c[name] for name in names))


def _suppression(row: Any) -> Suppression:
    return Suppression(
        suppression_id=row.suppression_id,
        email=row.email,
        profile_id=row.profile_id,
        kind=SuppressionKind(row.kind),
        reason=row.reason,
        until_at=row.until_at,
    )
