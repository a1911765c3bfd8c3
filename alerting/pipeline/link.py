"""Link: put notices into procedures, by the ladder and by hand.

Whatever moves a notice brings both procedures up to date in the same transaction.  Facts that
change so are corrections to the firms that were told the old ones; nothing else is told: a
notice that joins a procedure is no second purchase.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import structlog

from alerting.domain.notice import Notice
from alerting.domain.procedure import LinkStep, Procedure
from alerting.errors import UnknownIdError
from alerting.notices.link import Link
from alerting.notices.proofs import proves_by_number
from alerting.notices.view import (
    find_changes,
    find_state,
    find_turn,
    find_turn_of_state,
    find_untold,
    merge,
    sum_up,
)
from alerting.pipeline.compose import COMPOSE_LOCK
from alerting.pipeline.reason import need_reason
from alerting.store import feedback, matches, notices, procedures, tellings
from alerting.store.database import Connection, Database, lock
from alerting.store.notices import StoredNotice
from alerting.store.procedures import Unread


log = structlog.get_logger()

Row = dict[str, Any]

_LOCK = "alerting: link notices"


def lock_links(connection: Connection) -> None:
    """Let one worker at a time link: two at once would each make a procedure of the same purchase."""
    lock(connection, _LOCK)


def notices_by_number(connection: Connection, notice: Notice, *, unread: Unread) -> list[StoredNotice]:
    """Return all notices of the procedures that a buyer's number may name: what ended them, too.

    Those of a procedure of which one cannot be read are left out, and it is put into *unread*.
    """
    if notice.buyer is None or notice.internal_reference is None:
        return []
    numbered = notices.notices_by_internal_reference(connection, notice.internal_reference, unread=unread)
    named = {
        stored.procedure_id for stored in numbered if proves_by_number(notice, stored.notice) is not None
    }
    found = [
        stored
        for procedure_id in sorted(named)
        for stored in notices.notices_of_procedure(connection, procedure_id, unread=unread)
    ]
    return [stored for stored in found if stored.procedure_id not in unread]


def standing(members: Sequence[StoredNotice]) -> list[Notice]:
    """Return what notices of a procedure state, without what was read otherwise since."""
    return [each.notice for each in members if not each.is_replaced] or [each.notice for each in members]


def remerge(connection: Connection, procedure_id: int, notice_id: int, *, is_news: bool = True) -> bool:
    """Merge a procedure again after *notice_id* joined or left it; tell whether its revision grew.

    What is no news (a document that is read better than before) is merged, and told to nobody who was told.
    """
    before = procedures.lock_procedure(connection, procedure_id)
    members = standing(notices.notices_of_procedure(connection, procedure_id))
    view, state = merge(members), find_state(members)
    changes = (*find_changes(before.view, view), *find_turn(before.state, state, members))
    is_changed = bool(changes) or state is not before.state
    if view == before.view and not is_changed:
        return False
    has_grown = is_changed and is_news
    revision = procedures.change_procedure(
        connection, procedure_id, view=view, state=state, changes=changes if has_grown else None
    )
    if has_grown:
        procedures.add_revision(
            connection, procedure_id, revision=revision, state=state, changes=changes, notice_id=notice_id
        )
    return has_grown


def absorb(
    connection: Connection, procedure_id: int, other_id: int, *, link: Link, notice_id: int, now: datetime
) -> None:
    """Put the notices of *other_id* into *procedure_id*, which *notice_id* proves to be the same purchase."""
    for stored in notices.notices_of_procedure(connection, other_id):
        step = link.step if stored.step is LinkStep.FIRST else stored.step
        evidence = link.evidence if stored.step is LinkStep.FIRST else stored.evidence
        notices.move_notice(connection, stored.notice_id, procedure_id, step=step, evidence=evidence)
    remerge(connection, procedure_id, notice_id)
    _close(connection, other_id, procedure_id, now=now)
    log.info("procedures_merged", procedure_id=procedure_id, other_id=other_id, step=link.step.value)


def split_notice(database: Database, notice_id: int, *, why: str) -> dict[str, Any]:
    """Take a notice out of its procedure into one of its own, with its other versions; later ones follow it.

    What was told by the name of this notice counts as told of it; the procedure that it leaves is news then,
    unless that was told by a name of its own.

    Raises:
        ChoiceError: No reason is given.
        UnknownIdError: No such notice, or it is alone already.
    """
    need_reason(f"notice {notice_id}", why)
    with database.begin() as connection:
        lock_links(connection)
        stored = _get(connection, notice_id)
        members = notices.notices_of_procedure(connection, stored.procedure_id)
        if len(members) == 1:
            raise UnknownIdError(f"notice {notice_id}: is alone in procedure {stored.procedure_id}")
        versions = _versions(stored, members)
        leaving = versions if len(versions) < len(members) else [stored]
        lock(connection, COMPOSE_LOCK)
        before = procedures.lock_procedure(connection, stored.procedure_id)
        stated = standing(leaving)
        view, state = merge(stated), find_state(stated)
        new_id = procedures.add_procedure(connection, view=view, state=state)
        for each in leaving:
            notices.move_notice(connection, each.notice_id, new_id, step=LinkStep.BY_HAND, evidence=why)
        procedures.add_revision(connection, new_id, revision=1, state=state, changes=(), notice_id=notice_id)
        remerge(connection, stored.procedure_id, notice_id)
        _move_shown(connection, stored.notice, new_id, left=before)
        for other in notices.notices_of_procedure(connection, before.procedure_id):
            _move_shown(connection, other.notice, before.procedure_id)
        return _report(connection, notice_id, new_id, stored.procedure_id)


def join_notice(
    database: Database, notice_id: int, procedure_id: int, *, why: str, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Put a notice into a procedure, with its other versions; later ones follow it.

    A procedure that is left without notices is closed; what firms were told of it counts as told.

    Raises:
        ChoiceError: No reason is given.
        UnknownIdError: No such notice or procedure, or it is there already.
    """
    need_reason(f"notice {notice_id}", why)
    with database.begin() as connection:
        lock_links(connection)
        stored = _get(connection, notice_id)
        if stored.procedure_id == procedure_id:
            raise UnknownIdError(f"notice {notice_id}: is in procedure {procedure_id} already")
        _open(connection, procedure_id)
        for each in _versions(stored, notices.notices_of_procedure(connection, stored.procedure_id)):
            notices.move_notice(connection, each.notice_id, procedure_id, step=LinkStep.BY_HAND, evidence=why)
        remerge(connection, procedure_id, notice_id)
        if notices.notices_of_procedure(connection, stored.procedure_id):
            remerge(connection, stored.procedure_id, notice_id)
        else:
            _close(connection, stored.procedure_id, procedure_id, now=now())
        return _report(connection, notice_id, procedure_id, stored.procedure_id)


def show_notices(database: Database, name: str) -> list[Row]:
    """Return every notice of the procedure that a source id, key or number names, with its link.

    Raises:
        UnknownIdError: No notice or procedure of that name.
    """
    with database.begin() as connection:
        number = notices.find_procedure_id(connection, name)
        if number is None and notices.is_number(name):
            number = int(name)
        found = [] if number is None else notices.notices_of_procedure(connection, number)
    if not found:
        raise UnknownIdError(f"notice {name!r}: no notice or procedure of that id is stored")
    return [
        {
            "procedure_id": stored.procedure_id,
            "notice_id": stored.notice_id,
            "feed_id": stored.notice.feed_id,
            "source_id": stored.notice.source_id,
            "version": stored.notice.version,
            "kind": stored.notice.kind.value,
            "title": stored.notice.title,
            "step": stored.step.value,
            "evidence": stored.evidence,
        }
        for stored in found
    ]


def _close(connection: Connection, emptied_id: int, procedure_id: int, *, now: datetime) -> None:
    """Close a procedure without notices; who was told of it hears of what differs in the other, once."""
    # A telling of it that is being composed would else be stored when all others have moved.
    lock(connection, COMPOSE_LOCK)
    emptied = procedures.lock_procedure(connection, emptied_id)
    _move_told(connection, emptied, procedure_id)
    feedback.move_opinions(connection, emptied_id, procedure_id, now=now)
    matches.end_matches(connection, emptied_id, now=now)
    procedures.set_merged(connection, emptied_id)


def _move_shown(
    connection: Connection, notice: Notice, procedure_id: int, *, left: Procedure | None = None
) -> None:
    """Let what was told as new by the name of a notice count as told of its procedure.

    Args:
        connection: The transaction.
        notice: What it was told by.
        procedure_id: Where that belongs now.
        left: Where it belonged, as it stood; whoever was told of two that were then found to be one has
            what he was told of it still under the one that went.
    """
    shown = tellings.profiles_shown(
        connection,
        None if left is None else left.procedure_id,
        feed_id=notice.feed_id,
        source_id=notice.source_id,
    )
    for number, profile_ids in shown.items():
        if left is not None and number == left.procedure_id:
            source = left
        else:
            source = procedures.lock_procedure(connection, number)
        _move_told(connection, source, procedure_id, among=profile_ids)


def _move_told(
    connection: Connection, source: Procedure, procedure_id: int, *, among: Collection[str] | None = None
) -> None:
    """Let what was told of a procedure, as it stood, count as told of another, with what differs in that one.

    Args:
        connection: The transaction.
        source: What was told of, before it changed.
        procedure_id: The other.
        among: Only of these profiles; None: of all.
    """
    (kept,) = procedures.get_procedures(connection, [procedure_id])
    history = procedures.revisions_of(connection, [source.procedure_id]).get(source.procedure_id, [])
    known = [step for step in history if step.revision <= source.revision]
    told = tellings.told_last(connection, source.procedure_id)
    for (told_revision, carried), profile_ids in told.items():
        untold = find_untold(known, told_revision=told_revision, carried=carried)
        changes = (
            *find_turn_of_state(untold.state or source.state, kept.state),
            *sum_up([untold.changes, find_changes(source.view, kept.view)]),
        )
        tellings.move_tellings(
            connection,
            source.procedure_id,
            procedure_id,
            profile_ids=[each for each in profile_ids if among is None or each in among],
            told_revision=kept.revision - 1 if changes else kept.revision,
            carried=changes or None,
        )


def _get(connection: Connection, notice_id: int) -> StoredNotice:
    stored = notices.get_notice(connection, notice_id)
    if stored is None:
        raise UnknownIdError(f"notice {notice_id}: no notice of that number is stored")
    return stored


def _versions(stored: StoredNotice, members: Sequence[StoredNotice]) -> list[StoredNotice]:
    """Return all versions of a notice among others."""
    name = (stored.notice.feed_id, stored.notice.source_id)
    return [each for each in members if (each.notice.feed_id, each.notice.source_id) == name]


def _open(connection: Connection, procedure_id: int) -> None:
    if not notices.notices_of_procedure(connection, procedure_id):
        raise UnknownIdError(f"procedure {procedure_id}: no procedure of that number has notices")


def _report(connection: Connection, notice_id: int, procedure_id: int, former_id: int) -> dict[str, Any]:
    waiting = procedures.count_unmatched(connection) + procedures.count_unindexed(connection)
    log.info("notice_moved", notice_id=notice_id, procedure_id=procedure_id, former_id=former_id)
    return {
        "notice_id": notice_id,
        "procedure_id": procedure_id,
        "former_procedure_id": former_id,
        "waiting": waiting,
    }
