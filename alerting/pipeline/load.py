"""Load: documents become notices of procedures, and rejects.

One transaction a document: its notices, their procedures, what could not be read and the mark.
Whatever is wrong with a notice, or with us when we read it, is a reject; its neighbours are kept.  A
document that ends its worker (killed, out of time) again and again is set aside, as a reject.
The same content of the same notice is stored once.  Linking is one worker's at a time: two at
once would each make a procedure of the same purchase.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial
from hashlib import sha256
from itertools import product
from operator import itemgetter
from typing import Any

import structlog

from alerting.domain.address import one_line
from alerting.domain.deadlines import PARIS
from alerting.domain.feed import ParsedFeed, Reject
from alerting.domain.json import to_json
from alerting.domain.notice import Notice
from alerting.domain.procedure import LinkStep
from alerting.errors import (
    FeedFormatError,
    StoreOutdatedError,
    StoreUnavailableError,
    UnforeseenError,
    UnknownIdError,
    UnstorableError,
)
from alerting.feeds.archive import Archive
from alerting.feeds.formats import format_of_documents, parse
from alerting.notices.likeness import siren_of
from alerting.notices.link import Candidate, find_link, find_others, is_similar
from alerting.notices.normalise import normalise
from alerting.notices.proofs import is_telling_key, names_of
from alerting.notices.view import find_state, merge
from alerting.pipeline.apart import Read, attempt, read_document, refuse_procedures, reject_for, work_apart
from alerting.pipeline.link import absorb, lock_links, notices_by_number, remerge
from alerting.pipeline.reread import Rereader
from alerting.store import documents, matches, notices, procedures, rejects
from alerting.store.database import Connection, Database, Locks
from alerting.store.documents import WaitingDocument
from alerting.store.notices import Reading, StoredNotice
from alerting.store.procedures import Unread


log = structlog.get_logger()

_CONDITIONS = ("is_reserved", "asks_deposit")
_OF_NOTICES = ("notices", "same", "procedures", "merged", "revisions")
_COUNTED = ("documents", *_OF_NOTICES, "rejects", "refused", "absent")
_HASHED_OF_BUYER = ("name", "siret", "departement")
# Begun so often and never ended, a document is set aside.
_MOST_ATTEMPTS = 3

_Name = tuple[str, str | None]


@dataclass(slots=True)
class _Found:
    """What came of notices that were stored: counts, and the procedures that could not be read."""

    counts: Counter[str] = field(default_factory=Counter)
    unread: Unread = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What loading works with."""

    database: Database
    archive: Archive
    now: Callable[[], datetime]
    read: Read
    locks: Locks
    rereader: Rereader


@dataclass(frozen=True, slots=True)
class _Intake:
    """What the notices of one document are stored with; ``names`` counts how often it holds each."""

    connection: Connection
    rereader: Rereader
    document_id: int
    names: Mapping[_Name, int]
    now: datetime
    found: _Found


def load_documents(
    database: Database, archive: Archive, *, now: Callable[[], datetime], read: Read = parse
) -> dict[str, Any]:
    """Load every waiting document.

    Args:
        database: The store.
        archive: Where the bytes of documents are.
        now: The clock, aware UTC.
        read: Parses a document; raises FeedFormatError.

    Returns:
        documents, notices (new ones), same (stored before), procedures (new ones), merged (procedures found
        to be one with another), revisions (grown), rejects, refused (documents of which nothing could be
        read), absent (documents that the archive does not give back: they stay waiting); waiting.

    Raises:
        StoreUnavailableError: PostgreSQL is away; the document in work waits on.
    """
    counts: Counter[str] = Counter()
    absent: list[int] = []
    with database.lend_locks() as locks:
        desk = _Desk(database, archive, now, read, locks, Rereader(archive, read))
        while _load_next(desk, counts, absent):
            pass
    with database.begin() as connection:
        waiting = procedures.count_unmatched(connection) + procedures.count_unindexed(connection)
        # A first digest that was held while documents waited: who has loaded the last one wakes it.
        waiting += matches.count_held_first(connection, now=now())
    report = {name: counts[name] for name in _COUNTED}
    log.info("documents_loaded", **report)
    return {**report, "waiting": waiting}


def _load_next(desk: _Desk, counts: Counter[str], absent: list[int]) -> bool:
    """Load one document in one transaction; False when none waits but those that are absent or held.

    That it was begun is committed before: a document that ends its worker is known by it.  The lock lasts
    from the one to the other, and ends with its worker: nobody begins what another has begun.
    """
    with desk.database.begin() as connection:
        number = documents.begin_attempt(
            connection, hold=lambda number: desk.locks.try_hold(_lock_of(number)), beside=absent
        )
    if number is None:
        return False
    try:
        counts.update(_load_begun(desk, number, absent))
    finally:
        desk.locks.let_go(_lock_of(number))
    return True


def _lock_of(document_id: int) -> str:
    return f"alerting: document {document_id}"


def _load_begun(desk: _Desk, number: int, absent: list[int]) -> Counter[str]:
    """Load a document whose attempt was counted; a server that is away or outdated is not its fault."""
    try:
        with desk.database.begin() as connection:
            document = documents.claim_document(connection, number)
            return Counter() if document is None else _load(connection, desk, document, absent)
    except (StoreUnavailableError, StoreOutdatedError):
        with suppress(StoreUnavailableError), desk.database.begin() as connection:
            documents.forget_attempt(connection, number)
        raise


def _load(connection: Connection, desk: _Desk, document: WaitingDocument, absent: list[int]) -> Counter[str]:
    """Load a document; return what came of it."""
    try:
        body = desk.archive.get(document.body_hash)
    except UnknownIdError as error:
        absent.append(document.document_id)
        documents.forget_attempt(connection, document.document_id)
        _note_absence(connection, document, error)
        return Counter(absent=1)
    parsed = _parse(body, document, desk.read)
    stated, refused = _clean_all(parsed, document)
    lock_links(connection)
    found, unstored = _store_all(connection, desk, stated, document)
    refused += unstored
    for reject in (*parsed.rejects, *refused):
        rejects.add_reject(
            connection, reject, feed_id=document.feed_id, stage="load", document_id=document.document_id
        )
    notice_count, reject_count = len(parsed.notices) - len(refused), len(parsed.rejects) + len(refused)
    outcome = "read" if not reject_count else "partly" if notice_count else "refused"
    documents.mark_loaded(
        connection,
        document.document_id,
        outcome=outcome,
        notice_count=notice_count,
        reject_count=reject_count,
        now=desk.now(),
        format=parsed.format,
    )
    return found + Counter(documents=1, rejects=reject_count, refused=int(outcome == "refused"))


def _clean_all(parsed: ParsedFeed, document: WaitingDocument) -> tuple[list[Notice], list[Reject]]:
    """Return the notices of a document, cleaned, and those at which cleaning failed."""
    stated, refused = list[Notice](), list[Reject]()
    for raw in parsed.notices:
        cleaned = attempt(partial(normalise, raw))
        if isinstance(cleaned, Exception):
            refused.append(_refuse(document, _place(raw.source_id), cleaned))
        else:
            stated.append(cleaned)
    return stated, refused


def _store_all(
    connection: Connection, desk: _Desk, stated: Sequence[Notice], document: WaitingDocument
) -> tuple[Counter[str], list[Reject]]:
    """Store the notices of a document that are news; return what came of them, and those refused.

    One that cannot be stored leaves nothing but its reject.  A stored procedure that cannot be read is a
    reject, too: none of them is joined to it.
    """
    names = Counter((notice.source_id, notice.version) for notice in stated)
    # What is known last, and by its document: each that is read again for that is read once.
    read_in = notices.last_documents(connection, document.feed_id, {source_id for source_id, _ in names})
    in_order = sorted(stated, key=lambda notice: read_in.get((notice.source_id, notice.version), 0))

    now = desk.now()

    def store(some: Sequence[Notice]) -> _Found:
        intake = _Intake(connection, desk.rereader, document.document_id, names, now, _Found())
        for notice in some:
            _store_news(intake, notice)
        return intake.found

    stored, failed = work_apart(connection, in_order, store)
    refused = [_refuse(document, _place(notice.source_id), error) for notice, error in failed]
    unread = {number: error for found in stored for number, error in found.unread.items()}
    refuse_procedures(connection, sorted(unread.items(), key=itemgetter(0)), stage="load")
    return sum((found.counts for found in stored), Counter(rejects=len(unread))), refused


def _place(source_id: str) -> str:
    return f"notice {one_line(source_id)}"


def _refuse(document: WaitingDocument, where: str, error: Exception) -> Reject:
    """Return why a document, or a part of it, is refused; what nobody foresaw the log says, too."""
    reject = reject_for(error, feed_id=document.feed_id, where=where)
    if not isinstance(error, UnstorableError):
        log.error(
            "document_surprised",
            feed_id=document.feed_id,
            document_id=document.document_id,
            where=where,
            problem=reject.problem,
        )
    return reject


def _store_news(intake: _Intake, notice: Notice) -> None:
    """Store a notice if it differs from what is stored of it; it is news if its source says something else.

    What only we read otherwise than before is none: in this document, or in the one that stated it last.
    """
    content_hash = hash_content(notice)
    readings = notices.readings_of(intake.connection, notice)
    is_once = intake.names[notice.source_id, notice.version] == 1
    if _is_known(readings, content_hash, intake.document_id, is_once=is_once):
        intake.found.counts["same"] += 1
        return
    was_read = is_once and any(each.document_id == intake.document_id for each in readings)
    if is_once and readings and not was_read:
        last_hash = _bring_up_to_date(intake, notice, readings[-1])
        if last_hash == content_hash:
            return
    _store(intake, notice, content_hash, intake.document_id, is_news=not was_read)


def _is_known(readings: Sequence[Reading], content_hash: str, document_id: int, *, is_once: bool) -> bool:
    """Tell whether a document says nothing of a notice that is not stored.

    One that says again what it said before the last time does: its source took a change back.  Not so where
    one document holds it in several wordings.  What a later document has replaced says nothing any more.
    """
    if not readings:
        return False
    last = readings[-1]
    if last.document_id > document_id or last.content_hash == content_hash:
        return True
    has_been = any(each.content_hash == content_hash for each in readings)
    return has_been and (last.document_id == document_id or not is_once)


def _bring_up_to_date(intake: _Intake, notice: Notice, last: Reading) -> str:
    """Store as no news what today's code reads in the document that stated a notice last; return its hash."""
    again = intake.rereader.find(intake.connection, notice, last.document_id)
    if again is None:
        return last.content_hash
    content_hash = hash_content(again)
    if content_hash != last.content_hash:
        _store(intake, again, content_hash, last.document_id, is_news=False)
    return content_hash


def _note_absence(connection: Connection, document: WaitingDocument, error: UnknownIdError) -> None:
    """Say which document the archive does not give back; it waits on, for an archive that does."""
    log.error(
        "document_absent", feed_id=document.feed_id, document_id=document.document_id, problem=str(error)
    )
    reject = Reject("archive", str(error))
    rejects.add_reject(
        connection, reject, feed_id=document.feed_id, stage="load", document_id=document.document_id
    )


def _parse(body: bytes, document: WaitingDocument, read: Read) -> ParsedFeed:
    """Read a document; one that cannot be read at all is a single reject."""
    if document.attempt_count > _MOST_ATTEMPTS:
        problem = f"ended its worker {_MOST_ATTEMPTS} times (killed, or out of time); expected to be loaded"
        log.error("document_set_aside", feed_id=document.feed_id, document_id=document.document_id)
        return ParsedFeed(notices=(), rejects=(Reject("document", problem),))
    try:
        return read_document(
            read, body, feed_id=document.feed_id, format_name=format_of_documents(document.format)
        )
    except FeedFormatError as error:
        return ParsedFeed(notices=(), rejects=(Reject(error.where, error.problem),))
    except UnforeseenError as error:
        return ParsedFeed(notices=(), rejects=(_refuse(document, "document", error),))


def _store(intake: _Intake, notice: Notice, content_hash: str, document_id: int, *, is_news: bool) -> None:
    """Store one notice, and bring its procedure up to date.

    What is no news replaces what was read of it in the same document.
    """
    connection, counts = intake.connection, intake.found.counts
    counts["notices"] += 1
    candidates = _candidates(connection, notice, intake.found.unread)
    if not is_news:
        notices.replace_readings(connection, notice, document_id, now=intake.now)
    link = find_link(notice, candidates)
    state = find_state([notice])
    if link is None:
        procedure_id = procedures.add_procedure(connection, view=merge([notice]), state=state, now=intake.now)
        counts["procedures"] += 1
    else:
        procedure_id = link.procedure_id
    notice_id = notices.add_notice(
        connection,
        notice,
        content_hash=content_hash,
        document_id=document_id,
        procedure_id=procedure_id,
        link_step=LinkStep.FIRST if link is None else link.step,
        link_evidence=None if link is None else link.evidence,
    )
    if link is None:
        procedures.add_revision(
            connection, procedure_id, revision=1, state=state, changes=(), notice_id=notice_id
        )
        return
    counts["revisions"] += remerge(connection, procedure_id, notice_id, is_news=is_news)
    for other_id in find_others(notice, link, candidates):
        absorb(connection, procedure_id, other_id, link=link, notice_id=notice_id, now=intake.now)
        counts["merged"] += 1


def hash_content(notice: Notice) -> str:
    """Return the hash (sha256, hex) of everything that a notice states.

    Left out are how it was cleaned, and what earlier ones were hashed without: the buyer's address, and
    dates and conditions where there are none.
    """
    stated = to_json(replace(notice, normalisations=()))
    later = (
        ([stated], _CONDITIONS),
        (stated["lots"], ("deadline_at", *_CONDITIONS)),
        (stated["changes"], ("lot_id",)),
    )
    for parts, names in later:
        for each, name in product(parts, names):
            if each[name] is None:
                del each[name]
    if stated["buyer"] is not None:
        hashed = {name: stated["buyer"][name] for name in _HASHED_OF_BUYER}
        stated["buyer"] = hashed if any(hashed.values()) else None
    content = json.dumps(stated, sort_keys=True, ensure_ascii=False)
    return sha256(content.encode()).hexdigest()


def _candidates(connection: Connection, notice: Notice, unread: Unread) -> list[Candidate]:
    """Return what the store has that may speak of the same purchase, step by step of the ladder."""
    found: list[StoredNotice] = notices.notices_by_reference(connection, notice, names_of(notice))
    if notice.procedure_key is not None and is_telling_key(notice.procedure_key):
        found += notices.notices_by_key(connection, notice.procedure_key)
    found += notices_by_number(connection, notice, unread=unread)
    candidates = [
        Candidate(stored.procedure_id, stored.notice, is_by_hand=stored.step is LinkStep.BY_HAND)
        for stored in found
        if not stored.is_replaced
    ]
    return candidates + _candidates_by_day(connection, notice, unread)


def _candidates_by_day(connection: Connection, notice: Notice, unread: Unread) -> list[Candidate]:
    """Return what is due on a notice's day, but for procedures of which anything cannot be read."""
    if notice.deadline_at is None or notice.buyer is None:
        return []
    day = notice.deadline_at.astimezone(PARIS).date()
    first = datetime.combine(day, time(), tzinfo=PARIS)
    last = datetime.combine(day + timedelta(days=1), time(), tzinfo=PARIS)
    siren = siren_of(notice)
    stated = notices.notices_due_between(connection, first, last, siren=siren, unread=unread)
    due = procedures.procedures_due_between(connection, first, last, siren=siren, unread=unread)
    candidates = [
        *(Candidate(stored.procedure_id, stored.notice) for stored in stated if not stored.is_replaced),
        *(Candidate(procedure.procedure_id, procedure.view, is_view=True) for procedure in due),
    ]
    # What any notice of a similar procedure says may speak against it, whatever day it states.
    similar = {each.procedure_id for each in candidates if is_similar(notice, each.notice)}
    candidates += [
        Candidate(number, stored.notice)
        for number in sorted(similar)
        for stored in notices.notices_of_procedure(connection, number, unread=unread)
        if not stored.is_replaced
    ]
    return [each for each in candidates if each.procedure_id not in unread]
