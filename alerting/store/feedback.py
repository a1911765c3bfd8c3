"""What firms said of what they were told; an opinion that is taken back or changed ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.feedback import Opinion
from alerting.domain.json import profile_changes_from_json, to_json
from alerting.domain.profile_change import ProfileChange
from alerting.store.tables import accepted_changes, feedback, matches, procedures, profiles, tellings


def put_opinion(
    connection: Connection,
    opinion: Opinion,
    *,
    profile_id: str,
    procedure_id: int,
    recipient_id: int | None,
    now: datetime,
) -> bool:
    """Keep what a firm says of a procedure; another opinion of it ends.  False where it stands already.

    Args:
        connection: The transaction.
        opinion: What it says.
        profile_id: The profile that was told of it.
        procedure_id: Of what.
        recipient_id: Who said so by a link; None: an operator.
        now: When.
    """
    firm_id = connection.execute(
        select(profiles.c.firm_id).where(profiles.c.profile_id == profile_id)
    ).scalar_one()
    other = (*_standing(firm_id, procedure_id), feedback.c.opinion != opinion.value)
    connection.execute(update(feedback).where(*other).values(ended_at=now))
    statement = insert(feedback).values(
        firm_id=firm_id,
        profile_id=profile_id,
        procedure_id=procedure_id,
        recipient_id=recipient_id,
        opinion=opinion.value,
        created_at=now,
    )
    added = statement.on_conflict_do_nothing().returning(feedback.c.feedback_id)
    return connection.scalar(added) is not None


def end_opinion(connection: Connection, firm_id: str, procedure_id: int, *, now: datetime) -> bool:
    """Take back what a firm says of a procedure; False where it says nothing."""
    ended = update(feedback).where(*_standing(firm_id, procedure_id)).values(ended_at=now)
    return connection.execute(ended).rowcount > 0


def find_opinion(connection: Connection, firm_id: str, procedure_id: int) -> Opinion | None:
    """Return what a firm says of a procedure."""
    found = connection.scalar(select(feedback.c.opinion).where(*_standing(firm_id, procedure_id)))
    return None if found is None else Opinion(found)


def opinions_of(connection: Connection, firm_id: str) -> dict[int, Opinion]:
    """Return all that a firm says, by procedure."""
    asked = select(feedback.c.procedure_id, feedback.c.opinion).where(
        feedback.c.firm_id == firm_id, feedback.c.ended_at.is_(None)
    )
    return {row.procedure_id: Opinion(row.opinion) for row in connection.execute(asked)}


def list_opinions(
    connection: Connection, firm_id: str | None, *, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return what firms, or one, say, the newest first."""
    asked = (
        select(
            feedback.c.firm_id,
            feedback.c.profile_id,
            feedback.c.procedure_id,
            procedures.c.title,
            feedback.c.opinion,
            feedback.c.recipient_id,
            feedback.c.created_at,
        )
        .join(procedures, procedures.c.procedure_id == feedback.c.procedure_id)
        .where(feedback.c.ended_at.is_(None))
        .order_by(feedback.c.created_at.desc(), feedback.c.feedback_id.desc())
        .limit(limit)
    )
    if firm_id is not None:
        asked = asked.where(feedback.c.firm_id == firm_id)
    return [dict(row) for row in connection.execute(asked).mappings()]


def add_change(
    connection: Connection,
    profile_id: str,
    key: str,
    changes: Sequence[ProfileChange],
    *,
    recipient_id: int | None,
    now: datetime,
) -> None:
    """Keep that a proposal was accepted; once while it stands."""
    statement = insert(accepted_changes).values(
        profile_id=profile_id,
        key=key,
        changes=to_json(tuple(changes)),
        recipient_id=recipient_id,
        created_at=now,
    )
    connection.execute(statement.on_conflict_do_nothing())


def end_change(connection: Connection, profile_id: str, key: str, *, now: datetime) -> None:
    """End a change that was accepted, where one of that key stands."""
    standing = (
        accepted_changes.c.profile_id == profile_id,
        accepted_changes.c.key == key,
        accepted_changes.c.ended_at.is_(None),
    )
    connection.execute(update(accepted_changes).where(*standing).values(ended_at=now))


def accepted_of(connection: Connection, profile_id: str) -> list[tuple[str, tuple[ProfileChange, ...]]]:
    """Return what stands of what was accepted for a profile, the newest first: key and changes."""
    asked = select(accepted_changes.c.key, accepted_changes.c.changes).where(
        accepted_changes.c.profile_id == profile_id, accepted_changes.c.ended_at.is_(None)
    )
    rows = connection.execute(asked.order_by(accepted_changes.c.change_id.desc()))
    return [(row.key, profile_changes_from_json(row.changes)) for row in rows]


def profiles_concerned(connection: Connection, firm_id: str, procedure_id: int) -> list[str]:
    """Return a firm's standing profiles that were told of a procedure or match it, those told first."""
    told = exists().where(
        tellings.c.profile_id == profiles.c.profile_id, tellings.c.procedure_id == procedure_id
    )
    matched = exists().where(
        matches.c.profile_id == profiles.c.profile_id,
        matches.c.procedure_id == procedure_id,
        matches.c.ended_at.is_(None),
    )
    asked = select(profiles.c.profile_id).where(
        profiles.c.firm_id == firm_id, profiles.c.ended_at.is_(None), or_(told, matched)
    )
    return list(connection.scalars(asked.order_by(told.desc(), profiles.c.profile_id)))


def told_procedures(connection: Connection, profile_id: str, *, since: datetime) -> list[int]:
    """Return what a profile was told since a moment, and what its firm has an opinion of, by number."""
    said = exists().where(
        feedback.c.profile_id == profile_id,
        feedback.c.procedure_id == procedures.c.procedure_id,
        feedback.c.ended_at.is_(None),
    )
    told = exists().where(
        tellings.c.profile_id == profile_id,
        tellings.c.procedure_id == procedures.c.procedure_id,
        tellings.c.created_at >= since,
    )
    asked = select(procedures.c.procedure_id).where(or_(said, told)).order_by(procedures.c.procedure_id)
    return list(connection.scalars(asked))


def move_opinions(connection: Connection, procedure_id: int, other_id: int, *, now: datetime) -> None:
    """Count what firms say of one procedure as said of another, unless they say something of that, too."""
    said = feedback.alias("said")
    is_said = exists().where(
        and_(
            said.c.firm_id == feedback.c.firm_id,
            said.c.procedure_id == other_id,
            said.c.ended_at.is_(None),
        )
    )
    here = (feedback.c.procedure_id == procedure_id, feedback.c.ended_at.is_(None))
    connection.execute(update(feedback).where(*here, is_said).values(ended_at=now))
    connection.execute(update(feedback).where(*here).values(procedure_id=other_id))


def _standing(firm_id: str, procedure_id: int) -> tuple[Any, ...]:
    return (
        feedback.c.firm_id == firm_id,
        feedback.c.procedure_id == procedure_id,
        feedback.c.ended_at.is_(None),
    )
