"""Subscriptions: a reader leaves a profile, or all of them, and comes back; by link or by mail.

In:   a signed link, followed by a person or by a mail provider's one click (RFC 8058).
Out:  suppressions, and what a page shows of the recipient's subscription.

Doing a thing twice does it once.  Showing changes nothing.  A link of a recipient or a profile that is no
more is no error: nothing is mailed about it, which is what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog

from alerting.delivery.tokens import (
    LinkPurpose,
    ProfileLink,
    read_lift_link,
    read_profile_link,
    sign_profile_link,
    tag_profile,
)
from alerting.domain.cadence import Cadence
from alerting.domain.pause import end_pause_on, pause_days
from alerting.domain.suppression import UNREACHABLE, Suppression, SuppressionKind
from alerting.errors import ChoiceError
from alerting.store import firms, subscriptions, suppressions
from alerting.store.database import Connection, Database
from alerting.store.subscriptions import SubscribedProfile, Subscriber


log = structlog.get_logger()

_LEFT_BY_LINK = "left by a link of a mail"
_CAME_BACK = "came back by a link"
_LIFTED = "a colleague asked by a link for another try"


@dataclass(frozen=True, slots=True)
class _Subscription:
    """One recipient and one profile of the firm; None where they are no more."""

    subscriber: Subscriber
    profile: SubscribedProfile


def show_subscription(
    database: Database, secret: str, purpose: LinkPurpose, token: str, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Return what a page shows about a link: state, names, and links to what can be done.

    Returns:
        state: "subscribed", "paused" (the profile, for all its readers), "left" (this profile),
        "left all", "suppressed" (no mail, and not by the reader's choice) or "gone" (no such recipient or
        profile any more).  Unless gone: language, firm_name, profile_name, cadence, paused_until,
        catches_up, profile_count, first_day and last_day of a pause, links by purpose.

    Raises:
        TokenError: The token is not one of ours for that purpose.
    """
    link = read_profile_link(secret, purpose, token)
    with database.begin() as connection:
        return _report(connection, secret, _find(connection, secret, link), now())


def change_subscription(
    database: Database,
    secret: str,
    purpose: LinkPurpose,
    token: str,
    fields: Mapping[str, str],
    *,
    now: Callable[[], datetime],
) -> dict[str, Any]:
    """Do what a link is for; return what ``show_subscription`` then says.

    Raises:
        ChoiceError: The fields of the form say what it does not offer.
        TokenError: The token is not one of ours for that purpose.
    """
    link = read_profile_link(secret, purpose, token)
    with database.begin() as connection:
        found = _find(connection, secret, link)
        if found is not None:
            _CHANGES[purpose](connection, found, fields, now())
            log.info(
                "subscription_changed",
                change=purpose.value,
                recipient_id=found.subscriber.recipient_id,
                profile_id=found.profile.profile_id,
            )
            found = _find(connection, secret, link)
        return _report(connection, secret, found, now())


def show_unreachable(database: Database, secret: str, token: str) -> dict[str, Any]:
    """Return what a page shows about an address that mails did not reach.

    Returns:
        state: "suppressed", "lifted" or "gone"; unless gone: language (of who asks), email, kind, reason,
        until_at.

    Raises:
        TokenError: The token is not one of ours.
    """
    recipient_id, suppression_id = read_lift_link(secret, token)
    with database.begin() as connection:
        return _unreachable(connection, recipient_id, suppression_id)


def lift_unreachable(
    database: Database, secret: str, token: str, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Let an address be tried again, as a colleague asks; return what ``show_unreachable`` then says.

    Raises:
        TokenError: The token is not one of ours.
    """
    recipient_id, suppression_id = read_lift_link(secret, token)
    with database.begin() as connection:
        if _unreachable(connection, recipient_id, suppression_id)["state"] == "suppressed":
            suppressions.end_suppression(connection, suppression_id, why=_LIFTED, now=now())
            log.info("suppression_lifted", suppression_id=suppression_id, recipient_id=recipient_id)
        return _unreachable(connection, recipient_id, suppression_id)


def leave_profile(connection: Connection, email: str, profile_id: str, *, reason: str, now: datetime) -> None:
    """Let an address get nothing more of one profile."""
    suppressions.add_suppression(
        connection,
        email,
        kind=SuppressionKind.UNSUBSCRIBED,
        reason=reason,
        profile_id=profile_id,
        now=now,
    )


def _find(connection: Connection, secret: str, link: ProfileLink) -> _Subscription | None:
    subscriber = subscriptions.find_subscriber(connection, link.recipient_id)
    if subscriber is None:
        return None
    found = (one for one in subscriber.profiles if tag_profile(secret, one.profile_id) == link.profile_tag)
    profile = next(found, None)
    return None if profile is None else _Subscription(subscriber, profile)


def _report(
    connection: Connection, secret: str, found: _Subscription | None, now: datetime
) -> dict[str, Any]:
    if found is None:
        return {"state": "gone"}
    subscriber, profile = found.subscriber, found.profile
    standing = suppressions.standing_suppressions(connection, subscriber.email)
    first_day, last_day = pause_days(now=now)
    return {
        "state": _state(standing, profile, now),
        "language": subscriber.language,
        "firm_name": subscriber.firm_name,
        "profile_name": profile.name,
        "cadence": profile.cadence,
        "paused_until": profile.paused_until,
        "catches_up": profile.catches_up,
        "first_day": first_day,
        "last_day": last_day,
        "profile_count": len(subscriber.profiles),
        "links": {
            purpose.value: sign_profile_link(secret, purpose, subscriber.recipient_id, profile.profile_id)
            for purpose in _CHANGES
        },
    }


def _state(standing: list[Suppression], profile: SubscribedProfile, now: datetime) -> str:
    kinds = {order.profile_id: order.kind for order in standing}
    general = kinds.get(None)
    if general is SuppressionKind.UNSUBSCRIBED:
        return "left all"
    if general is not None:
        return "suppressed"
    if profile.profile_id in kinds:
        return "left"
    is_paused = profile.paused_until is not None and profile.paused_until > now
    return "paused" if is_paused else "subscribed"


def _leave(connection: Connection, found: _Subscription, fields: Mapping[str, str], now: datetime) -> None:
    del fields
    leave_profile(connection, found.subscriber.email, found.profile.profile_id, reason=_LEFT_BY_LINK, now=now)


def _leave_all(
    connection: Connection, found: _Subscription, fields: Mapping[str, str], now: datetime
) -> None:
    del fields
    suppressions.add_suppression(
        connection,
        found.subscriber.email,
        kind=SuppressionKind.UNSUBSCRIBED,
        reason=_LEFT_BY_LINK,
        now=now,
    )


def _come_back(
    connection: Connection, found: _Subscription, fields: Mapping[str, str], now: datetime
) -> None:
    """Undo what the reader asked for; what a server or an operator said stands."""
    del fields
    for order in suppressions.standing_suppressions(connection, found.subscriber.email):
        is_about_this = order.profile_id in {None, found.profile.profile_id}
        if is_about_this and order.kind is SuppressionKind.UNSUBSCRIBED:
            suppressions.end_suppression(connection, order.suppression_id, why=_CAME_BACK, now=now)


def _change_rhythm(
    connection: Connection, found: _Subscription, fields: Mapping[str, str], now: datetime
) -> None:
    """Let the profile's digests come as often as the form says: for all who read it."""
    del now
    try:
        cadence = Cadence(fields.get("rhythm", ""))
    except ValueError as error:
        expected = ", ".join(cadence.value for cadence in Cadence)
        raise ChoiceError(f"rhythm: expected {expected} (got {fields.get('rhythm', '')[:40]!r})") from error
    firms.change_cadence(connection, found.profile.profile_id, cadence)


def _pause(connection: Connection, found: _Subscription, fields: Mapping[str, str], now: datetime) -> None:
    """Let nothing be composed for the profile until a day begins in Paris: for all who read it."""
    text = fields.get("until", "")
    try:
        until = date.fromisoformat(text)
    except ValueError:
        until = None
    moment = end_pause_on(until, now=now, got=text[:40])
    catches_up = fields.get("catch_up") == "yes"
    firms.pause_profile(connection, found.profile.profile_id, until=moment, catches_up=catches_up, now=now)


def _resume(connection: Connection, found: _Subscription, fields: Mapping[str, str], now: datetime) -> None:
    del fields
    firms.resume_profile(connection, found.profile.profile_id, catches_up=False, now=now)


_CHANGES: dict[LinkPurpose, Callable[[Connection, _Subscription, Mapping[str, str], datetime], None]] = {
    LinkPurpose.LEAVE: _leave,
    LinkPurpose.LEAVE_ALL: _leave_all,
    LinkPurpose.COME_BACK: _come_back,
    LinkPurpose.RHYTHM: _change_rhythm,
    LinkPurpose.PAUSE: _pause,
    LinkPurpose.RESUME: _resume,
}


LINKS = tuple(_CHANGES)


def _unreachable(connection: Connection, recipient_id: int, suppression_id: int) -> dict[str, Any]:
    asker = subscriptions.find_subscriber(connection, recipient_id)
    found = suppressions.get_suppression(connection, suppression_id)
    if asker is None or found is None or found[0].kind not in UNREACHABLE:
        return {"state": "gone"}
    order, stands = found
    return {
        "state": "suppressed" if stands else "lifted",
        "language": asker.language,
        "email": order.email,
        "kind": order.kind.value,
        "reason": order.reason,
        "until_at": order.until_at,
    }
