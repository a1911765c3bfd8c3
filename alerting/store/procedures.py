"""Procedures, their revisions, and the marks of the steps that come after loading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    any_,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.json import changes_from_json, notice_from_json, to_json
from alerting.domain.notice import Change, Notice
from alerting.domain.procedure import Procedure, ProcedureState, Revision
from alerting.store.tables import procedures, revisions


_COLUMNS = (
    procedures.c.procedure_id,
    procedures.c.revision,
    procedures.c.state,
    procedures.c.view,
    procedures.c.changes,
)
_published_at = func.coalesce(procedures.c.published_at, procedures.c.created_at)
# How many procedures with their texts are held at a time.
_STREAMED = 200
# Procedures that our code cannot read, by number, with what it raised.
Unread = dict[int, Exception]
# What the index copies, in short: a mark is set only on the content that was read.
_FINGERPRINT = func.md5(cast(procedures.c.view, String) + procedures.c.state)

# PostgreSQL keeps with each row which transaction wrote it.
_VERSION = literal_column("CAST(CAST(procedures.xmin AS text) AS bigint)", BigInteger)


def add_procedure(
    connection: Connection, *, view: Notice, state: ProcedureState, now: datetime | None = None
) -> int:
    """Store a new procedure at revision 1, first seen now, and return its number."""
    seen = {} if now is None else {"created_at": now}
    statement = insert(procedures).values(revision=1, **_facts(view, state), **seen)
    number: int = connection.execute(statement.returning(procedures.c.procedure_id)).scalar_one()
    return number


def change_procedure(
    connection: Connection,
    procedure_id: int,
    *,
    view: Notice,
    state: ProcedureState,
    changes: Sequence[Change] | None,
) -> int:
    """Store a procedure's new view, empty its marks, and return its revision.

    The revision grows when ``changes`` is not None.
    """
    facts = _facts(view, state) | {"indexed_at": None, "matched_at": None}
    if changes is not None:
        facts |= {"revision": procedures.c.revision + 1, "changes": to_json(tuple(changes))}
    statement = update(procedures).where(procedures.c.procedure_id == procedure_id).values(facts)
    revision: int = connection.execute(statement.returning(procedures.c.revision)).scalar_one()
    return revision


def set_merged(connection: Connection, procedure_id: int) -> None:
    """Mark a procedure as one whose notices were found to speak of another."""
    facts = {"state": ProcedureState.MERGED.value, "indexed_at": None}
    connection.execute(update(procedures).where(procedures.c.procedure_id == procedure_id).values(facts))


def add_revision(
    connection: Connection,
    procedure_id: int,
    *,
    revision: int,
    state: ProcedureState,
    changes: Sequence[Change],
    notice_id: int,
) -> None:
    """Keep one revision in the procedure's history."""
    connection.execute(
        insert(revisions).values(
            procedure_id=procedure_id,
            revision=revision,
            state=state.value,
            changes=to_json(tuple(changes)),
            notice_id=notice_id,
        )
    )


def revisions_of(connection: Connection, procedure_ids: Iterable[int]) -> dict[int, list[Revision]]:
    """Return the history of each procedure, oldest first."""
    asked = select(revisions).where(revisions.c.procedure_id.in_(list(procedure_ids)))
    found: dict[int, list[Revision]] = {}
    for row in connection.execute(asked.order_by(revisions.c.procedure_id, revisions.c.revision)):
        changes = changes_from_json(row.changes)
        found.setdefault(row.procedure_id, []).append(
            Revision(row.revision, ProcedureState(row.state), changes)
        )
    return found


def get_procedures(connection: Connection, procedure_ids: Iterable[int]) -> list[Procedure]:
    """Return procedures by number; those that do not exist are left out."""
    asked = select(*_COLUMNS).where(_is_one_of(procedure_ids))
    rows = connection.execute(asked.order_by(procedures.c.procedure_id))
    return [_procedure(row) for row in rows]


def versions_of(connection: Connection, procedure_ids: Iterable[int]) -> dict[int, int]:
    """Return of each of these procedures a number that is another one when its row was written since."""
    asked = select(procedures.c.procedure_id, _VERSION.label("version")).where(_is_one_of(procedure_ids))
    return {row.procedure_id: row.version for row in connection.execute(asked)}


def get_with_fingerprints(
    connection: Connection, procedure_ids: Iterable[int]
) -> list[tuple[Procedure, str]]:
    """Return the same, each with the fingerprint of its content."""
    asked = select(*_COLUMNS, _FINGERPRINT.label("fingerprint")).where(_is_one_of(procedure_ids))
    rows = connection.execute(asked.order_by(procedures.c.procedure_id))
    return [(_procedure(row), row.fingerprint) for row in rows]


def lock_procedure(connection: Connection, procedure_id: int) -> Procedure:
    """Return one procedure, held until the transaction ends; who stores a row that names it does not wait."""
    asked = select(*_COLUMNS).where(procedures.c.procedure_id == procedure_id)
    return _procedure(connection.execute(asked.with_for_update(key_share=True)).one())


def procedures_due_between(
    connection: Connection, first: datetime, last: datetime, *, siren: str | None, unread: Unread
) -> list[Procedure]:
    """Return procedures whose deadline lies from *first* up to before *last*.

    With a SIREN, buyers that have another one are left out.  One that cannot be read is put into *unread*.
    """
    asked = select(*_COLUMNS).where(
        procedures.c.deadline_at >= first,
        procedures.c.deadline_at < last,
        procedures.c.state != ProcedureState.MERGED.value,
    )
    if siren is not None:
        is_theirs = procedures.c.buyer_siret.startswith(siren, autoescape=True)
        asked = asked.where(or_(is_theirs, procedures.c.buyer_siret.is_(None)))
    rows = connection.execute(asked.order_by(procedures.c.procedure_id))
    return [procedure for _, procedure in _read_each(rows, unread)]


def feeds_of(connection: Connection, procedure_ids: Iterable[int]) -> dict[int, str]:
    """Return the feed that the view of each of these procedures names; views that name none are left out."""
    feed_id = procedures.c.view["feed_id"].astext.label("feed_id")
    asked = select(procedures.c.procedure_id, feed_id).where(_is_one_of(procedure_ids), feed_id.is_not(None))
    return {row.procedure_id: row.feed_id for row in connection.execute(asked)}


def claim_unmatched(connection: Connection, *, limit: int) -> list[int]:
    """Take procedures that wait for matching, for this transaction; return their numbers."""
    asked = select(procedures.c.procedure_id).where(procedures.c.matched_at.is_(None))
    ordered = asked.order_by(procedures.c.procedure_id).limit(limit)
    return list(connection.scalars(ordered.with_for_update(skip_locked=True)))


def open_procedures(connection: Connection, *, now: datetime) -> list[int]:
    """Return the numbers of the procedures that can still be answered."""
    asked = select(procedures.c.procedure_id).where(_is_open(now))
    return list(connection.scalars(asked.order_by(procedures.c.procedure_id)))


@dataclass(frozen=True, slots=True)
class Candidates:
    """Which procedures are read where others need not be.

    Args:
        numbers: Theirs.
        changed_since: Those that were not copied into the search index before this moment are read, too.
    """

    numbers: tuple[int, ...]
    changed_since: datetime


def procedures_since(
    connection: Connection,
    since: datetime,
    *,
    now: datetime,
    unread: Unread,
    among: Candidates | None = None,
) -> Iterator[tuple[Procedure, datetime]]:
    """Yield the procedures that were published since a moment, and those that can still be answered.

    They come a few hundred at a time, by number, each with its time of publication, else that when we saw it.
    One that cannot be read is put into *unread*.
    """
    asked = select(*_COLUMNS, _published_at.label("since_at")).where(_is_recent_or_open(since, now))
    if among is not None:
        indexed_at = procedures.c.indexed_at
        asked = asked.where(
            or_(_is_one_of(among.numbers), indexed_at.is_(None), indexed_at >= among.changed_since)
        )
    rows = connection.execution_options(yield_per=_STREAMED).execute(
        asked.order_by(procedures.c.procedure_id)
    )
    for row, procedure in _read_each(rows, unread):
        yield procedure, row.since_at


def let_match_again(connection: Connection, *, now: datetime) -> None:
    """Let the procedures that can still be answered wait for matching, as if they had just changed."""
    connection.execute(update(procedures).where(_is_open(now)).values(matched_at=None))


def count_since(connection: Connection, since: datetime, *, now: datetime) -> tuple[int, datetime | None]:
    """Return how many ``procedures_since`` goes over, and when the first one since then was published."""
    first_at = func.min(_published_at).filter(_published_at >= since)
    asked = select(func.count(), first_at).select_from(procedures).where(_is_recent_or_open(since, now))
    count, first = connection.execute(asked).one()
    return count, first


def first_published_at(connection: Connection) -> datetime | None:
    """Return when the first procedure was published that we know of; None where there is none."""
    return connection.scalar(select(func.min(_published_at)))


def mark_matched(connection: Connection, procedure_ids: Iterable[int], *, now: datetime) -> None:
    """Mark procedures, held by this transaction, as matched."""
    wanted = procedures.c.procedure_id.in_(list(procedure_ids))
    connection.execute(update(procedures).where(wanted).values(matched_at=now))


def unindexed_fingerprints(connection: Connection, *, after: int = 0, limit: int = 500) -> dict[int, str]:
    """Return the fingerprint of the content of procedures that wait for indexing, by number, ascending."""
    return _fingerprints(connection, procedures.c.indexed_at.is_(None), after=after, limit=limit)


def fingerprints(connection: Connection, *, after: int = 0, limit: int = 500) -> dict[int, str]:
    """Return the fingerprint of procedures whether indexed or not, by number, ascending."""
    return _fingerprints(connection, true(), after=after, limit=limit)


def unmark_indexed(connection: Connection) -> None:
    """Let every procedure wait for indexing."""
    connection.execute(update(procedures).where(procedures.c.indexed_at.is_not(None)).values(indexed_at=None))


def mark_indexed(connection: Connection, read: Mapping[int, str], *, now: datetime) -> None:
    """Mark procedures as indexed, but those whose content has changed since they were read.

    Args:
        connection: Of a transaction.
        read: The fingerprint that each had.
        now: The time.
    """
    is_as_read = tuple_(procedures.c.procedure_id, _FINGERPRINT).in_(list(read.items()))
    # Said beside, so that PostgreSQL works out no other one's fingerprint.
    wanted = procedures.c.procedure_id.in_(list(read))
    connection.execute(update(procedures).where(wanted, is_as_read).values(indexed_at=now))


def count_unmatched(connection: Connection, *, since: datetime | None = None) -> int:
    """Return how many procedures wait for matching, all of them or those that are new since."""
    waits = procedures.c.matched_at.is_(None)
    return _count(connection, waits if since is None else and_(waits, procedures.c.created_at > since))


def count_unindexed(connection: Connection) -> int:
    """Return how many procedures wait for indexing."""
    return _count(connection, procedures.c.indexed_at.is_(None))


def _is_one_of(procedure_ids: Iterable[int]) -> ColumnElement[bool]:
    """Return the condition of a number of many: of values apart a statement holds some ten thousand."""
    return procedures.c.procedure_id == any_(cast(list(procedure_ids), ARRAY(BigInteger)))


def _is_recent_or_open(since: datetime, now: datetime) -> ColumnElement[bool]:
    stands = procedures.c.state != ProcedureState.MERGED.value
    return and_(stands, or_(_published_at >= since, _is_open(now)))


def _is_open(now: datetime) -> ColumnElement[bool]:
    stands = procedures.c.state.in_([ProcedureState.OPEN.value, ProcedureState.PLANNED.value])
    return and_(stands, or_(procedures.c.deadline_at.is_(None), procedures.c.deadline_at > now))


def _fingerprints(connection: Connection, condition: Any, *, after: int, limit: int) -> dict[int, str]:
    asked = select(procedures.c.procedure_id, _FINGERPRINT.label("fingerprint")).where(
        condition, procedures.c.procedure_id > after
    )
    rows = connection.execute(asked.order_by(procedures.c.procedure_id).limit(limit))
    return {row.procedure_id: row.fingerprint for row in rows}


def _count(connection: Connection, condition: Any) -> int:
    return connection.scalar(select(func.count()).select_from(procedures).where(condition)) or 0


def _facts(view: Notice, state: ProcedureState) -> dict[str, Any]:
    buyer = view.buyer
    places = {place.departement for place in view.places if place.departement}
    of_lots = {place.departement for lot in view.lots for place in lot.places if place.departement}
    own = {buyer.departement} if buyer is not None and buyer.departement else set()
    return {
        "state": state.value,
        "title": view.title,
        "buyer_siret": None if buyer is None else buyer.siret,
        "departements": sorted(places | of_lots or own),
        "published_at": view.published_at,
        "deadline_at": view.deadline_at,
        "view": to_json(view),
    }


def _read_each(rows: Iterable[Any], unread: Unread) -> Iterator[tuple[Any, Procedure]]:
    """Yield rows with their procedures, and put those that cannot be read into *unread*."""
    for row in rows:
        try:
            procedure = _procedure(row)
        except Exception as error:  # noqa: BLE001 - one row, whatever is wrong with it, never hides the others
            unread[row.procedure_id] = error
        else:
            yield row, procedure


def _procedure(row: Any) -> Procedure:
    return Procedure(
        procedure_id=row.procedure_id,
        revision=row.revision,
        state=ProcedureState(row.state),
        view=notice_from_json(row.view),
        changes=changes_from_json(row.changes),
    )
