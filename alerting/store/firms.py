"""Firms, their recipients and their profiles."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from alerting.domain.cadence import Cadence
from alerting.domain.criteria import Criteria
from alerting.domain.json import profile_from_json, to_json
from alerting.domain.profile import Firm, Profile, Recipient
from alerting.domain.profile_entry import Followed, follow
from alerting.errors import ProfileError, ProfileTakenError, UnknownIdError
from alerting.store.criteria import read_criteria, usable_criteria
from alerting.store.feedback import accepted_of, end_change
from alerting.store.tables import (
    accepted_changes,
    deliveries,
    digests,
    feedback,
    firms,
    profiles,
    received_mails,
    recipients,
)


# How many rows one question asks for by their ids.
_ROWS = 5_000
#: Who writes many firms in one transaction holds it: two who meet the same firms in another order would each
#: wait for the other.  Its name is as old as lists of firms: a release before holds the same one.
IMPORT_LOCK = "alerting: enrol"
# Why a firm, its recipients and profiles have ended of which nothing personal is left.
ERASED = "erased"
# What a digest of an erased firm still says.
_NOTHING: dict[str, Any] = {
    "firm_name": "",
    "profile_name": "",
    "items": [],
    "unreachable": [],
    "confirmation": None,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a firm that was said anew.

    Args:
        ended: Its addresses and profiles that are no longer said.
        own: "profile: field, field" of what stays as the firm has it.
        overruled: Likewise, of what the firm had changed and is said otherwise now.
    """

    ended: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    overruled: tuple[str, ...] = ()


def put_firm(connection: Connection, firm: Firm, *, now: datetime) -> Outcome:
    """Add a firm, or let the stored one be as is said; what it has beside that ends.

    Raises:
        ProfileTakenError: A profile's id is another firm's.
    """
    outcome = add_to_firm(connection, firm, now=now)
    return replace(outcome, ended=tuple(_end_absent(connection, firm, now=now)))


def add_to_firm(connection: Connection, firm: Firm, *, now: datetime) -> Outcome:
    """Add a firm, or change what is given of the stored one; its other recipients and profiles stay.

    A profile is matched again only when its criteria changed or it had ended.

    Raises:
        ProfileTakenError: A profile's id is another firm's.
    """
    facts = {"name": firm.name, "siret": firm.siret, "ended_at": None, "ended_reason": None}
    statement = insert(firms).values(firm_id=firm.firm_id, **facts)
    connection.execute(statement.on_conflict_do_update(index_elements=["firm_id"], set_=facts))
    for recipient in firm.recipients:
        _put_recipient(connection, firm.firm_id, recipient)
    followed = [put_profile(connection, profile, now=now) for profile in firm.profiles]
    return Outcome(
        own=tuple(_said(one.profile, one.own) for one in followed if one.own),
        overruled=tuple(_said(one.profile, one.overruled) for one in followed if one.overruled),
    )


def put_profile(connection: Connection, profile: Profile, *, now: datetime) -> Followed:
    """Add a profile, or let the stored one of its id follow what is said of it, see ``follow``.

    Raises:
        ProfileTakenError: The id is another firm's.
    """
    refuse_taken(connection, profile.firm_id, profile.profile_id)
    said = profile_row(profile)
    statement = insert(profiles).values(said)
    added = statement.on_conflict_do_nothing().returning(profiles.c.profile_id)
    if connection.scalar(added) is not None:
        return Followed(profile)
    stored = profiles.c.profile_id == profile.profile_id
    row = connection.execute(select(profiles).where(stored).with_for_update()).one()
    last = None if row.entry is None else profile_from_json(row.entry)
    accepted = accepted_of(connection, profile.profile_id)
    followed = follow(profile, last, _read_profile(row), accepted)
    for key in followed.ended:
        end_change(connection, profile.profile_id, key, now=now)
    facts = _columns(followed.profile)
    is_matched_anew = row.criteria != facts["criteria"] or row.ended_at is not None
    matched = {"matched_at": None} if is_matched_anew else {}
    connection.execute(
        update(profiles)
        .where(stored)
        .values(ended_at=None, ended_reason=None, entry=said["entry"], **matched, **facts)
    )
    return followed


def profile_row(profile: Profile) -> dict[str, Any]:
    """Return the columns of a profile as it is said."""
    return {"profile_id": profile.profile_id, "entry": to_json(profile), **_columns(profile)}


def refuse_taken(connection: Connection, firm_id: str, profile_id: str) -> None:
    """Refuse the id of a profile of another firm, ended or not.

    Raises:
        ProfileTakenError: It is another firm's.
    """
    owner = connection.scalar(select(profiles.c.firm_id).where(profiles.c.profile_id == profile_id))
    if owner not in {None, firm_id}:
        raise ProfileTakenError(profile_id, owner)


def _columns(profile: Profile) -> dict[str, Any]:
    return {
        "firm_id": profile.firm_id,
        "name": profile.name,
        "cadence": profile.cadence.value,
        "hour": profile.hour,
        "weekdays": list(profile.weekdays),
        "item_limit": profile.item_limit,
        "reminder_days": profile.reminder_days,
        "criteria": to_json(profile.criteria),
    }


def _said(profile: Profile, names: Iterable[str]) -> str:
    return f"{profile.profile_id}: {', '.join(names)}"


def pause_profile(
    connection: Connection, profile_id: str, *, until: datetime, catches_up: bool, now: datetime
) -> bool:
    """Compose nothing for a profile until a moment; False where there is no such profile.

    Args:
        connection: The transaction.
        profile_id: Whose.
        until: Aware UTC.
        catches_up: Whether what comes up in between is told then; what an earlier pause left out stays so.
        now: What is left out of a pause that ends later is not of an earlier one.
    """
    left_out_before = case((profiles.c.told_from <= now, profiles.c.told_from))
    return _change_pause(connection, profile_id, until, told_from=left_out_before if catches_up else until)


def resume_profile(connection: Connection, profile_id: str, *, catches_up: bool, now: datetime) -> bool:
    """End a profile's pause; False where there is no such profile.

    Args:
        connection: The transaction.
        profile_id: Whose.
        catches_up: Whether what a pause without catching up left out is told after all.
        now: When what it leaves out ends, at the latest.
    """
    left_out_until = case((profiles.c.told_from > now, now), else_=profiles.c.told_from)
    return _change_pause(connection, profile_id, None, told_from=None if catches_up else left_out_until)


def _change_pause(
    connection: Connection,
    profile_id: str,
    until: datetime | None,
    *,
    told_from: datetime | ColumnElement[datetime] | None,
) -> bool:
    paused = (
        update(profiles)
        .where(profiles.c.profile_id == profile_id, profiles.c.ended_at.is_(None))
        .values(paused_until=until, told_from=told_from)
    )
    return connection.execute(paused).rowcount > 0


def siret_of(connection: Connection, firm_id: str) -> str | None:
    """Return the SIRET that is stored of a firm."""
    return connection.scalar(select(firms.c.siret).where(firms.c.firm_id == firm_id))


def erase_firm(connection: Connection, firm_id: str, *, siret_tag: str | None, now: datetime) -> bool:
    """Take everything personal off a firm; numbers, times and ids of what it was told stay.

    Its recipients become addresses of nobody, its names and criteria empty, its digests lose their content,
    what servers answered is forgotten, and what was queued for it is not sent.  An order not to mail one of
    its addresses stands.

    Args:
        connection: The transaction.
        firm_id: Which.
        siret_tag: By which a list that has the SIRET again is known to mean this firm.
        now: When.

    Returns:
        False where there is no such firm.
    """
    ended = {"ended_at": now, "ended_reason": ERASED}
    stored = firms.c.firm_id == firm_id
    erased = update(firms).where(stored).values(name="", siret=None, siret_tag=siret_tag, **ended)
    if not connection.execute(erased).rowcount:
        return False
    nobody = func.concat("erased-", recipients.c.recipient_id, "@erased.invalid")
    connection.execute(
        update(recipients).where(recipients.c.firm_id == firm_id).values(email=nobody, name=None, **ended)
    )
    _erase_told(connection, firm_id)
    _erase_said(connection, firm_id, now=now)
    connection.execute(
        update(profiles)
        .where(profiles.c.firm_id == firm_id)
        .values(name="", criteria={}, entry=None, **ended)
    )
    return True


def _erase_told(connection: Connection, firm_id: str) -> None:
    """Empty what a firm was told, and what servers answered of it."""
    mine = select(profiles.c.profile_id).where(profiles.c.firm_id == firm_id)
    connection.execute(
        update(digests)
        .where(digests.c.profile_id.in_(mine))
        .values(content=digests.c.content.op("||")(bindparam("nothing", _NOTHING, JSONB)))
    )
    to_it = (
        select(deliveries.c.delivery_id)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .where(recipients.c.firm_id == firm_id)
    )
    # What servers said of it: earlier releases kept addresses there that were spelt in another way.
    connection.execute(update(deliveries).where(deliveries.c.delivery_id.in_(to_it)).values(answer=None))
    connection.execute(
        update(received_mails).where(received_mails.c.delivery_id.in_(to_it)).values(diagnostic=None)
    )


def _erase_said(connection: Connection, firm_id: str, *, now: datetime) -> None:
    """End what a firm said of what it was told, and what its profiles learned of that; name nobody."""
    said = feedback.c.firm_id == firm_id
    connection.execute(update(feedback).where(said, feedback.c.ended_at.is_(None)).values(ended_at=now))
    connection.execute(update(feedback).where(said).values(recipient_id=None))
    mine = select(profiles.c.profile_id).where(profiles.c.firm_id == firm_id)
    accepted = update(accepted_changes).where(accepted_changes.c.profile_id.in_(mine))
    connection.execute(accepted.values(key="", changes=[], recipient_id=None, ended_at=now))


def change_criteria(connection: Connection, profile_id: str, criteria: Criteria) -> None:
    """Let a profile ask for something else from now on; it is matched anew."""
    connection.execute(
        update(profiles)
        .where(profiles.c.profile_id == profile_id, profiles.c.criteria != to_json(criteria))
        .values(criteria=to_json(criteria), matched_at=None)
    )


def change_cadence(connection: Connection, profile_id: str, cadence: Cadence) -> None:
    """Let the digests of a profile come more or less often.

    The weekdays that were chosen for another cadence end with it; the hour stays.
    """
    connection.execute(
        update(profiles)
        .where(profiles.c.profile_id == profile_id, profiles.c.cadence != cadence.value)
        .values(cadence=cadence.value, weekdays=[])
    )


def refuse_unknown(connection: Connection, firm_id: str | None) -> None:
    """Refuse a firm's id that was never known; None, and one that has ended, pass.

    Raises:
        UnknownIdError: There is none.
    """
    asked = select(firms.c.firm_id).where(firms.c.firm_id == firm_id)
    if firm_id is not None and connection.scalar(asked) is None:
        raise UnknownIdError(f"firm {firm_id!r}: no firm of that id")


def erased_among(connection: Connection, firm_ids: Collection[str]) -> list[str]:
    """Return which of some firms were erased, by id."""
    asked = select(firms.c.firm_id).where(firms.c.firm_id.in_(firm_ids), firms.c.ended_reason == ERASED)
    return list(connection.scalars(asked.order_by(firms.c.firm_id)))


def has_firm(connection: Connection, firm_id: str) -> bool:
    """Tell whether a firm of that id stands."""
    asked = select(firms.c.firm_id).where(firms.c.firm_id == firm_id, firms.c.ended_at.is_(None))
    return connection.scalar(asked) is not None


def count_recipients(connection: Connection, firm_id: str) -> int:
    """Return how many recipients a firm has."""
    standing_ones = (recipients.c.firm_id == firm_id) & recipients.c.ended_at.is_(None)
    return connection.scalar(select(func.count()).select_from(recipients).where(standing_ones)) or 0


def find_profile(connection: Connection, profile_id: str, *, to_change: bool = False) -> Profile | None:
    """Return a standing profile, that of a firm that has not confirmed included.

    Args:
        connection: The transaction.
        profile_id: Which.
        to_change: Nobody else changes it before this transaction ends.

    Raises:
        ProfileError: Its criteria cannot be read as they are stored.
    """
    asked = select(profiles).where(profiles.c.profile_id == profile_id, profiles.c.ended_at.is_(None))
    row = connection.execute(asked.with_for_update() if to_change else asked).one_or_none()
    return None if row is None else _read_profile(row)


def problem_of(connection: Connection, profile_id: str) -> str | None:
    """Return why a standing profile cannot be read, in words; None where it can."""
    try:
        find_profile(connection, profile_id)
    except ProfileError as error:
        return str(error)
    return None


def _read_profile(row: Row[Any]) -> Profile:
    return Profile(
        profile_id=row.profile_id,
        firm_id=row.firm_id,
        name=row.name,
        criteria=read_criteria(row.criteria, profile_id=row.profile_id),
        cadence=Cadence(row.cadence),
        hour=row.hour,
        weekdays=tuple(row.weekdays),
        item_limit=row.item_limit,
        reminder_days=row.reminder_days,
    )


def active_profiles(connection: Connection) -> list[tuple[str, Criteria]]:
    """Return every standing profile's id and criteria, by id; those of firms that did not confirm rest.

    Here and below, ``UNREADABLE`` stands for criteria that cannot be read.
    """
    asked = select(profiles.c.profile_id, profiles.c.criteria).where(*standing())
    rows = connection.execute(asked.order_by(profiles.c.profile_id))
    return [(row.profile_id, usable_criteria(row.criteria)) for row in rows]


def standing_profiles(connection: Connection) -> list[tuple[str, str, Criteria]]:
    """Return the same with each profile's firm: profile, firm, criteria."""
    asked = select(profiles.c.profile_id, profiles.c.firm_id, profiles.c.criteria).where(*standing())
    rows = connection.execute(asked.order_by(profiles.c.profile_id))
    return [(row.profile_id, row.firm_id, usable_criteria(row.criteria)) for row in rows]


def claim_unmatched_profiles(connection: Connection, *, limit: int) -> list[tuple[str, Criteria]]:
    """Take standing profiles that wait for matching, for this transaction."""
    asked = select(profiles.c.profile_id, profiles.c.criteria).where(*_unmatched())
    rows = connection.execute(
        asked.order_by(profiles.c.profile_id).limit(limit).with_for_update(skip_locked=True)
    )
    return [(row.profile_id, usable_criteria(row.criteria)) for row in rows]


def mark_profiles_matched(connection: Connection, profile_ids: Iterable[str], *, now: datetime) -> None:
    """Mark profiles, held by this transaction, as matched."""
    wanted = profiles.c.profile_id.in_(list(profile_ids))
    connection.execute(update(profiles).where(wanted).values(matched_at=now))


def count_unmatched_profiles(connection: Connection) -> int:
    """Return how many profiles wait for matching."""
    return connection.scalar(select(func.count()).select_from(profiles).where(*_unmatched())) or 0


def list_firms(
    connection: Connection, *, like: str | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return standing firms with their recipients' count and their profiles' ids, by id.

    Args:
        connection: The transaction.
        like: Only those with this text in id, name, SIRET or an address, in whatever case; None: all.
        limit: At most so many.
    """
    ids = func.array_agg(profiles.c.profile_id.distinct()).filter(profiles.c.ended_at.is_(None))
    count = func.count(recipients.c.recipient_id.distinct()).filter(recipients.c.ended_at.is_(None))
    facts = (firms.c.firm_id, firms.c.name, firms.c.unconfirmed_since)
    is_asked = true() if like is None else _is_like(like)
    asked = (
        select(*facts, count.label("recipient_count"), ids.label("profiles"))
        .outerjoin(recipients, recipients.c.firm_id == firms.c.firm_id)
        .outerjoin(profiles, profiles.c.firm_id == firms.c.firm_id)
        .where(firms.c.ended_at.is_(None), is_asked)
        .group_by(firms.c.firm_id)
        .order_by(firms.c.firm_id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(asked).mappings()]


def _is_like(text: str) -> ColumnElement[bool]:
    """Return what holds of a firm that has a text somewhere a person would look."""
    has_address = (
        select(recipients.c.recipient_id)
        .where(
            recipients.c.firm_id == firms.c.firm_id,
            recipients.c.ended_at.is_(None),
            recipients.c.email.icontains(text, autoescape=True),
        )
        .correlate(firms)
        .exists()
    )
    stated = [one.icontains(text, autoescape=True) for one in (firms.c.firm_id, firms.c.name, firms.c.siret)]
    number = "".join(text.split())
    if number.isdecimal():
        # A SIRET is printed in groups; the firm of a list has it as its id, too.
        stated += [one.contains(number, autoescape=True) for one in (firms.c.firm_id, firms.c.siret)]
    return or_(*stated, has_address)


def profiles_of(connection: Connection, firm_id: str) -> list[tuple[str, Criteria]]:
    """Return a firm's standing profiles; empty when there is no such firm."""
    asked = select(profiles.c.profile_id, profiles.c.criteria).where(
        profiles.c.firm_id == firm_id, profiles.c.ended_at.is_(None)
    )
    rows = connection.execute(asked.order_by(profiles.c.profile_id))
    return [(row.profile_id, usable_criteria(row.criteria)) for row in rows]


def _unmatched() -> tuple[Any, ...]:
    return (profiles.c.matched_at.is_(None), *standing())


def standing() -> tuple[Any, ...]:
    """Return what holds of a profile that is matched: it has not ended, and its firm has confirmed."""
    resting = exists().where(firms.c.firm_id == profiles.c.firm_id, firms.c.unconfirmed_since.is_not(None))
    return (profiles.c.ended_at.is_(None), ~resting)


def _put_recipient(connection: Connection, firm_id: str, recipient: Recipient) -> None:
    facts = {
        "name": recipient.name,
        "language": recipient.language,
        "ended_at": None,
        "ended_reason": None,
    }
    asked = select(recipients.c.email).where(
        recipients.c.firm_id == firm_id, func.lower(recipients.c.email) == recipient.email.lower()
    )
    # One mailbox, however an address is spelt.
    email = connection.scalar(asked) or recipient.email
    statement = insert(recipients).values(firm_id=firm_id, email=email, **facts)
    connection.execute(statement.on_conflict_do_update(index_elements=["firm_id", "email"], set_=facts))


def _end_absent(connection: Connection, firm: Firm, *, now: datetime) -> list[str]:
    ended = {"ended_at": now, "ended_reason": "no longer in the firm's file"}
    emails = [recipient.email.lower() for recipient in firm.recipients]
    ids = [profile.profile_id for profile in firm.profiles]
    gone: list[str] = []
    for table, name, key, kept in [
        (recipients, recipients.c.email, func.lower(recipients.c.email), emails),
        (profiles, profiles.c.profile_id, profiles.c.profile_id, ids),
    ]:
        absent = (table.c.firm_id == firm.firm_id) & table.c.ended_at.is_(None) & ~key.in_(kept)
        gone += connection.scalars(update(table).where(absent).values(ended).returning(name))
    return gone
