"""Notices and their lots: what each source published, with the step that linked it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from alerting.domain.json import notice_from_json, to_json
from alerting.domain.notice import Lot, Notice, NoticeKind
from alerting.domain.procedure import LinkStep
from alerting.store.procedures import Unread
from alerting.store.tables import folded_reference, lots, notices


# A bigint of so many digits is one for sure.
_DIGITS = 18
_TIMES = frozenset({"published_at", "deadline_at", "question_deadline_at", "visit_at"})
_LISTS = frozenset({"languages", "cpv_additional", "refers_to"})
_FIELDS = tuple(name for name in Notice.__dataclass_fields__ if name != "lots")
_LINK_FIELDS = ("notice_id", "procedure_id", "link_step", "link_evidence", "replaced_at")
_LOT_FIELDS = (
    "lot_id",
    "title",
    "description",
    "cpv_codes",
    "places",
    "value",
    "deadline_at",
    "is_reserved",
    "asks_deposit",
)


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice with its number and its procedure's, and the step that put it there on what evidence.

    What ``is_replaced`` states counts no longer: it was read otherwise since, from the same document.
    """

    notice_id: int
    procedure_id: int
    notice: Notice
    step: LinkStep
    evidence: str | None
    is_replaced: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a notice was once stored with: the document it was read from, and the hash of what it stated."""

    document_id: int
    content_hash: str


def readings_of(connection: Connection, notice: Notice) -> list[Reading]:
    """Return what was stored of a notice of this feed, id and version, oldest first."""
    asked = (
        select(notices.c.document_id, notices.c.content_hash)
        .where(
            notices.c.feed_id == notice.feed_id,
            notices.c.source_id == notice.source_id,
            notices.c.version.is_not_distinct_from(notice.version),
        )
        .order_by(notices.c.notice_id)
    )
    return [Reading(*row) for row in connection.execute(asked)]


def replace_readings(connection: Connection, notice: Notice, document_id: int, *, now: datetime) -> None:
    """Mark what was read of a notice in a document until now: it is to be stored as it is read today."""
    connection.execute(
        update(notices)
        .where(
            notices.c.document_id == document_id,
            notices.c.feed_id == notice.feed_id,
            notices.c.source_id == notice.source_id,
            notices.c.version.is_not_distinct_from(notice.version),
            notices.c.replaced_at.is_(None),
        )
        .values(replaced_at=now)
    )


def last_documents(
    connection: Connection, feed_id: str, source_ids: Collection[str]
) -> dict[tuple[str, str | None], int]:
    """Return the latest document of which each notice of a feed is stored, by id and version."""
    asked = (
        select(notices.c.source_id, notices.c.version, func.max(notices.c.document_id))
        .where(
            notices.c.feed_id == feed_id,
            notices.c.source_id == func.any(cast(sorted(source_ids), ARRAY(Text))),
        )
        .group_by(notices.c.source_id, notices.c.version)
    )
    return {(source_id, version): number for source_id, version, number in connection.execute(asked)}


def are_known(connection: Connection, feed_id: str, versions: Collection[tuple[str, str | None]]) -> bool:
    """Tell whether a notice of a feed is stored under every one of these ids, each in that version."""
    asked = select(notices.c.source_id, notices.c.version).where(
        notices.c.feed_id == feed_id, notices.c.source_id.in_({source_id for source_id, _ in versions})
    )
    return set(versions) <= {(row.source_id, row.version) for row in connection.execute(asked)}


def add_notice(
    connection: Connection,
    notice: Notice,
    *,
    content_hash: str,
    document_id: int,
    procedure_id: int,
    link_step: LinkStep,
    link_evidence: str | None,
) -> int:
    """Store a notice with its lots and return its number."""
    statement = insert(notices).values(
        content_hash=content_hash,
        document_id=document_id,
        procedure_id=procedure_id,
        link_step=link_step.value,
        link_evidence=link_evidence,
        **{name: _column_value(notice, name) for name in _FIELDS},
    )
    notice_id: int = connection.execute(statement.returning(notices.c.notice_id)).scalar_one()
    rows = [
        {"notice_id": notice_id, "position": position, **_lot_values(lot)}
        for position, lot in enumerate(notice.lots)
    ]
    if rows:
        connection.execute(insert(lots), rows)
    return notice_id


def notices_of_procedure(
    connection: Connection, procedure_id: int, *, unread: Unread | None = None
) -> list[StoredNotice]:
    """Return a procedure's notices in the order of publication; of one moment, calls before what follows.

    With *unread*, the procedure is put there where one of them cannot be read; else that is an error.
    """
    published_at = func.coalesce(notices.c.published_at, notices.c.created_at)
    is_called = notices.c.kind.in_([NoticeKind.CALL.value, NoticeKind.PLANNING.value])
    order = (published_at, is_called.desc(), notices.c.notice_id)
    return _read(connection, notices.c.procedure_id == procedure_id, order=order, unread=unread)


def notices_by_key(connection: Connection, procedure_key: str) -> list[StoredNotice]:
    """Return the notices that carry a procedure key."""
    return _read(connection, notices.c.procedure_key == procedure_key)


def notices_by_reference(connection: Connection, notice: Notice, names: Iterable[str]) -> list[StoredNotice]:
    """Return the notices that this one refers to, that refer to it, or that are earlier versions of it.

    Args:
        connection: The transaction.
        notice: The notice to link.
        names: How other notices may call it.
    """
    same = (notices.c.feed_id == notice.feed_id) & (notices.c.source_id == notice.source_id)
    conditions: list[ColumnElement[bool]] = [same]
    own_names = sorted(set(names))
    if own_names:
        conditions.append(notices.c.refers_to.overlap(cast(own_names, ARRAY(Text))))
    if notice.refers_to:
        conditions.append(notices.c.source_id.in_(notice.refers_to))
        conditions.append((notices.c.source_id + "-" + notices.c.version).in_(notice.refers_to))
    return _read(connection, or_(*conditions))


def notices_by_internal_reference(
    connection: Connection, reference: str, *, unread: Unread
) -> list[StoredNotice]:
    """Return the notices that carry a buyer's number, in whatever case and marks, whoever the buyer is.

    The procedure of one that cannot be read is put into *unread*.
    """
    is_called_so = folded_reference(notices.c.internal_reference) == folded_reference(reference)
    return _read(connection, is_called_so, unread=unread)


def notices_due_between(
    connection: Connection, first: datetime, last: datetime, *, siren: str | None, unread: Unread
) -> list[StoredNotice]:
    """Return notices that state a deadline from *first* up to before *last*, moved since or not.

    With a SIREN, buyers that have another one are left out.  The procedure of one that cannot be read is put
    into *unread*.
    """
    conditions = [notices.c.deadline_at >= first, notices.c.deadline_at < last]
    if siren is not None:
        siret = notices.c.buyer["siret"].astext
        conditions.append(or_(siret.startswith(siren, autoescape=True), siret.is_(None)))
    return _read(connection, *conditions, unread=unread)


def get_notice(connection: Connection, notice_id: int) -> StoredNotice | None:
    """Return one notice by its number."""
    return next(iter(_read(connection, notices.c.notice_id == notice_id)), None)


def move_notice(
    connection: Connection, notice_id: int, procedure_id: int, *, step: LinkStep, evidence: str | None
) -> None:
    """Put a notice into another procedure."""
    facts = {"procedure_id": procedure_id, "link_step": step.value, "link_evidence": evidence}
    connection.execute(update(notices).where(notices.c.notice_id == notice_id).values(facts))


def is_number(name: str) -> bool:
    """Tell whether a name is a number that a row may have."""
    return name.isascii() and name.isdigit() and len(name) <= _DIGITS


def find_procedure_id(connection: Connection, name: str) -> int | None:
    """Return the procedure of a notice that is called by source id or procedure key."""
    asked = select(func.min(notices.c.procedure_id)).where(
        or_(notices.c.source_id == name, notices.c.procedure_key == name.lower())
    )
    number: int | None = connection.scalar(asked)
    return number


def _read(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: Sequence[Any] = (notices.c.notice_id,),
    unread: Unread | None = None,
) -> list[StoredNotice]:
    """Return the notices that meet all conditions; without *unread*, one that cannot be read is an error."""
    columns = [notices.c[name] for name in (*_LINK_FIELDS, *_FIELDS)]
    rows = list(connection.execute(select(*columns).where(*conditions).order_by(*order)).mappings())
    lots_of = _lots_of(connection, [row["notice_id"] for row in rows])
    found = []
    for row in rows:
        try:
            found.append(_stored(row, lots_of[row["notice_id"]]))
        except Exception as error:
            if unread is None:
                raise
            unread[row["procedure_id"]] = error
    return found


def _stored(row: Any, lot_rows: list[dict[str, Any]]) -> StoredNotice:
    return StoredNotice(
        row["notice_id"],
        row["procedure_id"],
        _notice(row, lot_rows),
        LinkStep(row["link_step"]),
        row["link_evidence"],
        is_replaced=row["replaced_at"] is not None,
    )


def _lots_of(connection: Connection, notice_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if notice_ids:
        asked = select(lots).where(lots.c.notice_id.in_(notice_ids))
        for row in connection.execute(asked.order_by(lots.c.notice_id, lots.c.position)).mappings():
            found[row["notice_id"]].append({name: _json_value(row[name]) for name in _LOT_FIELDS})
    return found


def _notice(row: Any, lot_rows: list[dict[str, Any]]) -> Notice:
    data = {name: _json_value(row[name]) for name in _FIELDS}
    return notice_from_json({**data, "lots": lot_rows})


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _column_value(notice: Notice, name: str) -> Any:
    value = getattr(notice, name)
    if name in _TIMES:
        return value
    if name in _LISTS:
        return list(value)
    return to_json(value)


def _lot_values(lot: Lot) -> dict[str, Any]:
    return {**{name: to_json(getattr(lot, name)) for name in _LOT_FIELDS}, "deadline_at": lot.deadline_at}
