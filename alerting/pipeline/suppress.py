"""Suppress: an operator sees, gives and lifts the orders not to mail an address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from alerting.domain.address import read_address
from alerting.domain.suppression import SuppressionKind
from alerting.errors import ProfileError, UnknownIdError
from alerting.pipeline.reason import need_reason
from alerting.store import deliveries, firms, suppressions
from alerting.store.database import Database


log = structlog.get_logger()


def list_suppressions(database: Database, *, with_ended: bool, limit: int | None) -> list[dict[str, Any]]:
    """Return orders, the newest first, times as ISO 8601."""
    with database.begin() as connection:
        rows = suppressions.list_suppressions(connection, with_ended=with_ended, limit=limit)
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in rows
    ]


def add_suppression(
    database: Database, email: str, *, why: str, profile_id: str | None, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Order not to mail an address; harmless when one as strong stands.

    Raises:
        ProfileError: It is no address.
        ChoiceError: No reason is given.
        UnknownIdError: No profile of that id stands.
    """
    need_reason("suppression", why)
    if read_address(email) is None:
        raise ProfileError(f"suppression: expected a bare address name@domain (got {email!r})")
    with database.begin() as connection:
        if profile_id is not None and firms.find_profile(connection, profile_id) is None:
            raise UnknownIdError(f"profile {profile_id!r}: no profile of that id")
        number = suppressions.add_suppression(
            connection,
            email,
            kind=SuppressionKind.OPERATOR,
            reason=why,
            profile_id=profile_id,
            now=now(),
        )
    log.info("suppression_added", suppression_id=number, kind=SuppressionKind.OPERATOR.value)
    return {"suppression_id": number, "waiting": 0}


def lift_suppression(
    database: Database, email: str, *, why: str, profile_id: str | None, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Lift the order that stands about an address, in general or about one profile; "waiting": mails to send.

    Raises:
        ChoiceError: No reason is given.
        UnknownIdError: None stands.
    """
    need_reason("suppression", why)
    with database.begin() as connection:
        standing = [
            order
            for order in suppressions.standing_suppressions(connection, email)
            if order.profile_id == profile_id
        ]
        if not standing:
            about = "in general" if profile_id is None else f"about profile {profile_id!r}"
            raise UnknownIdError(f"address {email!r}: no suppression {about} stands")
        [order] = standing
        suppressions.end_suppression(connection, order.suppression_id, why=why, now=now())
        waiting = deliveries.count_to_send(connection, now=now())
    log.info("suppression_lifted", suppression_id=order.suppression_id, kind=order.kind.value)
    return {"suppression_id": order.suppression_id, "kind": order.kind.value, "waiting": waiting}


def end_expired(database: Database, *, now: Callable[[], datetime]) -> int:
    """End the orders whose time is over; return how many."""
    with database.begin() as connection:
        return suppressions.end_expired(connection, now=now())
