"""Readers: the profiles for which a run composes a digest, and whether one waits for its first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from alerting.domain.cadence import Cadence, Rhythm
from alerting.store.firms import standing
from alerting.store.suppressions import stands_against
from alerting.store.tables import digests, firms, profiles, recipients, suppressions


# A profile is new for so long; then its first digest waits for its hour, as all others do.
_NEW = timedelta(days=1)
_RHYTHM = (profiles.c.cadence, profiles.c.hour, profiles.c.weekdays)
_READER = (
    profiles.c.profile_id,
    profiles.c.name,
    firms.c.firm_id,
    firms.c.name,
    profiles.c.item_limit,
    profiles.c.reminder_days,
    *_RHYTHM,
)


@dataclass(frozen=True, slots=True)
class Reader:
    """A profile that a run composes for; its fields are those of ``Profile`` and ``Firm``."""

    profile_id: str
    profile_name: str
    firm_id: str
    firm_name: str
    item_limit: int
    reminder_days: int
    rhythm: Rhythm


def find_last_reader(connection: Connection, firm_id: str) -> Reader | None:
    """Return the standing profile of a firm that had a digest last and that somebody who may be mailed reads.

    None when there is none.  Nobody erases the firm before this transaction ends.
    """
    asked = (
        select(*_READER)
        .join(firms, firms.c.firm_id == profiles.c.firm_id)
        .join(digests, digests.c.profile_id == profiles.c.profile_id)
        .where(
            firms.c.firm_id == firm_id,
            firms.c.ended_at.is_(None),
            firms.c.unconfirmed_since.is_(None),
            profiles.c.ended_at.is_(None),
            _has_reader(),
        )
        .order_by(digests.c.digest_id.desc())
        .limit(1)
        .with_for_update(read=True, of=firms)
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else _reader(row)


def rhythms(connection: Connection) -> list[Rhythm]:
    """Return the different rhythms of standing profiles, immediate ones left out."""
    asked = select(*_RHYTHM).where(*standing(), profiles.c.cadence != Cadence.IMMEDIATE.value)
    return [_rhythm(*row) for row in connection.execute(asked.distinct())]


def immediate_readers(connection: Connection, *, with_first: bool, now: datetime) -> list[Reader]:
    """Return the profiles of immediate digests; with new ones that never had one, whatever their rhythm.

    New is what was matched for the first time, or after a change, within the last day.

    Args:
        connection: The transaction.
        with_first: Whether first digests may be composed now: one of a half-loaded feed would be half.
        now: Profiles that are paused until later are left out.
    """
    asked = profiles.c.cadence == Cadence.IMMEDIATE.value
    waits = waits_for_first(now)
    return _readers(connection, or_(asked, waits) if with_first else and_(asked, ~waits), now)


def readers_of(
    connection: Connection,
    rhythms_due: Collection[Rhythm],
    *,
    window_end: datetime,
    now: datetime,
    among: Collection[str] | None = None,
) -> list[Reader]:
    """Return the profiles of some rhythms that had no digest since the end of their window.

    One that is new has its first digest at once, not here.

    Args:
        connection: The transaction.
        rhythms_due: Whose window ends then.
        window_end: Aware UTC.
        now: Profiles that are paused until later are left out.
        among: Only these profiles; None: whichever.
    """
    is_due = and_(_has_rhythm(rhythms_due, among), ~waits_for_first(now))
    return _readers(connection, and_(is_due, ~_has_digest(since=window_end)), now)


def standing_readers(connection: Connection, profile_ids: Collection[str], *, now: datetime) -> list[Reader]:
    """Return those of some readers that still stand, as they are now."""
    return _readers(connection, profiles.c.profile_id.in_(profile_ids), now)


def unmatched_of(
    connection: Connection, rhythms_due: Collection[Rhythm], *, among: Collection[str] | None = None
) -> set[str]:
    """Return the standing profiles of some rhythms that have changed and are not matched since.

    Args:
        connection: The transaction.
        rhythms_due: Theirs.
        among: Only these profiles; None: whichever.
    """
    asked = select(profiles.c.profile_id).where(
        _has_rhythm(rhythms_due, among), *standing(), profiles.c.matched_at.is_(None)
    )
    return set(connection.scalars(asked))


def _has_rhythm(rhythms_due: Collection[Rhythm], among: Collection[str] | None) -> ColumnElement[bool]:
    is_due = or_(
        *(
            and_(
                profiles.c.cadence == rhythm.cadence.value,
                profiles.c.hour.is_not_distinct_from(rhythm.hour),
                profiles.c.weekdays == list(rhythm.weekdays),
            )
            for rhythm in rhythms_due
        )
    )
    return is_due if among is None else and_(is_due, profiles.c.profile_id.in_(among))


def _readers(connection: Connection, asked: ColumnElement[bool], now: datetime) -> list[Reader]:
    asked_for = (
        select(*_READER)
        .join(firms, firms.c.firm_id == profiles.c.firm_id)
        .where(
            asked,
            profiles.c.ended_at.is_(None),
            # What an edited profile asked for before is nothing to tell: it is matched first.
            profiles.c.matched_at.is_not(None),
            firms.c.ended_at.is_(None),
            firms.c.unconfirmed_since.is_(None),
            or_(profiles.c.paused_until.is_(None), profiles.c.paused_until <= now),
            # What nobody of the firm would get is not told: it waits for who can be mailed again.
            _has_reader(),
        )
        .order_by(profiles.c.profile_id)
    )
    return [_reader(row) for row in connection.execute(asked_for)]


def _has_reader() -> ColumnElement[bool]:
    """Return what holds of a profile that somebody of its firm may be mailed about."""
    is_suppressed = (
        select(suppressions.c.suppression_id)
        .where(stands_against(func.lower(recipients.c.email), profiles.c.profile_id))
        # Of this very profile: by itself the innermost question would ask of any.
        .correlate(recipients, profiles)
        .exists()
    )
    return (
        select(recipients.c.recipient_id)
        .where(recipients.c.firm_id == profiles.c.firm_id, recipients.c.ended_at.is_(None), ~is_suppressed)
        .correlate(profiles)
        .exists()
    )


def _reader(row: Any) -> Reader:
    profile_id, profile_name, firm_id, firm_name, item_limit, reminder_days, *rhythm = row
    return Reader(profile_id, profile_name, firm_id, firm_name, item_limit, reminder_days, _rhythm(*rhythm))


def _rhythm(cadence: str, hour: int | None, weekdays: Sequence[int]) -> Rhythm:
    return Rhythm(Cadence(cadence), hour, tuple(weekdays))


def _has_digest(*, since: datetime | None = None) -> ColumnElement[bool]:
    # A notice about a colleague's address has no items, and is no digest of the profile's rhythm.
    has_items = func.jsonb_array_length(digests.c.content["items"]) > 0
    mine = select(digests.c.digest_id).where(digests.c.profile_id == profiles.c.profile_id, has_items)
    if since is not None:
        mine = mine.where(digests.c.created_at >= since)
    # Of one profile at a time: EXISTS is answered from all digests that there are, each unpacked, where a
    # planner takes the profiles for many.
    return mine.limit(1).scalar_subquery().is_not(None)


def waits_for_first(now: datetime) -> ColumnElement[bool]:
    """Return what holds of a profile whose first digest comes at once: it is new, and had none."""
    # Asked in this order: few are new.
    return and_(_is_new(now), ~_has_digest())


def _is_new(now: datetime) -> ColumnElement[bool]:
    return profiles.c.matched_at > now - _NEW
