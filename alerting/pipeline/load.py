"""Load: documents become notices of procedures, and rejects.

One transaction a document: its notices, their procedures, what could not be read and the mark.
The same content of the same notice is stored once.  Linking is one worker's at a time: two at
once would each make a procedure of the same purchase.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any

import structlog

from alerting.domain.deadlines import PARIS
from alerting.domain.feed import ParsedFeed, Reject
from alerting.domain.json import to_json
from alerting.domain.notice import Notice
from alerting.domain.procedure import LinkStep
from alerting.errors import FeedFormatError, UnknownIdError, UnstorableError
from alerting.feeds.archive import Archive
from alerting.feeds.formats import parse
from alerting.notices.likeness import siren_of
from alerting.notices.link import Candidate, find_link, find_others, names_of
from alerting.notices.normalise import normalise
from alerting.notices.view import find_state, merge
from alerting.pipeline.link import absorb, lock_links, notices_by_number, remerge
from alerting.store import documents, matches, notices, procedures, rejects
from alerting.store.database import Connection, Database, savepoint
from alerting.store.documents import WaitingDocument
from alerting.store.notices import StoredNotice


log = structlog.get_logger()

# A page that only points to documents: what it points to tells its own format.
_INDEX_FORMAT = "index-page"
_HASHED_OF_BUYER = ("name", "siret", "departement")


def load_documents(database: Database, archive: Archive, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Load every waiting document.

    Returns:
        documents, notices (new ones), same (stored before), procedures (new ones), merged (procedures found
        to be one with another), revisions (grown), rejects, refused (documents of which nothing could be
        read), absent (documents that the archive does not give back: they stay waiting); waiting.
    """
    counts: Counter[str] = Counter()
    absent: list[int] = []
    while _load_next(database, archive, now(), counts, absent):
        pass
    with database.begin() as connection:
        waiting = procedures.count_unmatched(connection) + procedures.count_unindexed(connection)
        # A first digest that was held while documents waited: who has loaded the last one wakes it.
        waiting += matches.count_held_first(connection, now=now())
    names = (
        "documents",
        "notices",
        "same",
        "procedures",
        "merged",
        "revisions",
        "rejects",
        "refused",
        "absent",
    )
    report = {name: counts[name] for name in names}
    log.info("documents_loaded", **report)
    return {**report, "waiting": waiting}


def _load_next(
    database: Database, archive: Archive, now: datetime, counts: Counter[str], absent: list[int]
) -> bool:
    """Load one document in one transaction; False when none waits but those that are absent."""
    with database.begin() as connection:
        document = documents.claim_document(connection, beside=absent)
        if document is None:
            return False
        found: Counter[str] = Counter(documents=1)
        try:
            body = archive.get(document.body_hash)
        except UnknownIdError as error:
            absent.append(document.document_id)
            counts["absent"] += 1
            _note_absence(connection, document, error)
            return True
        parsed = _parse(body, document)
        lock_links(connection)
        try:
            with savepoint(connection):
                _store_all(connection, parsed, document.document_id, found, now)
        except UnstorableError as error:
            found = Counter(documents=1)
            parsed = ParsedFeed((), rejects=(*parsed.rejects, Reject("document", str(error))))
        for reject in parsed.rejects:
            rejects.add_reject(
                connection,
                reject,
                feed_id=document.feed_id,
                stage="load",
                document_id=document.document_id,
            )
        found["rejects"] = len(parsed.rejects)
        outcome = _outcome(parsed)
        found["refused"] = int(outcome == "refused")
        documents.mark_loaded(
            connection,
            document.document_id,
            outcome=outcome,
            notice_count=len(parsed.notices),
            reject_count=len(parsed.rejects),
            now=now,
        )
    counts.update(found)
    return True


def _store_all(
    connection: Connection, parsed: ParsedFeed, document_id: int, found: Counter[str], now: datetime
) -> None:
    """Store the notices of a document that are news.

    One that says again what it said before the last time is news: its source took a change back.  Not so
    where one document holds it in several wordings.
    """
    stated = [normalise(raw) for raw in parsed.notices]
    names = Counter((notice.source_id, notice.version) for notice in stated)
    for notice in stated:
        is_once = names[notice.source_id, notice.version] == 1
        if notices.has_notice(
            connection, notice, hash_content(notice), newer_than=document_id if is_once else None
        ):
            found["same"] += 1
        else:
            is_news = not (is_once and notices.was_read_of(connection, notice, document_id))
            _store(connection, notice, document_id, found, now, is_news=is_news)


def _note_absence(connection: Connection, document: WaitingDocument, error: UnknownIdError) -> None:
    """Say which document the archive does not give back; it waits on, for an archive that does."""
    log.error(
        "document_absent", feed_id=document.feed_id, document_id=document.document_id, problem=str(error)
    )
    reject = Reject("archive", str(error))
    rejects.add_reject(
        connection, reject, feed_id=document.feed_id, stage="load", document_id=document.document_id
    )


def _parse(body: bytes, document: WaitingDocument) -> ParsedFeed:
    """Read a document; one that cannot be read at all is a single reject."""
    wanted = "auto" if document.format == _INDEX_FORMAT else document.format
    try:
        return parse(body, feed_id=document.feed_id, format=wanted)
    except FeedFormatError as error:
        return ParsedFeed(notices=(), rejects=(Reject(error.where, error.problem),))


def _outcome(parsed: ParsedFeed) -> str:
    if not parsed.rejects:
        return "read"
    return "partly" if parsed.notices else "refused"


def _store(
    connection: Connection,
    notice: Notice,
    document_id: int,
    found: Counter[str],
    now: datetime,
    *,
    is_news: bool,
) -> None:
    """Store one notice, and bring its procedure up to date."""
    found["notices"] += 1
    candidates = _candidates(connection, notice)
    link = find_link(notice, candidates)
    if link is None:
        procedure_id = procedures.add_procedure(
            connection, view=merge([notice]), state=find_state([notice]), now=now
        )
        found["procedures"] += 1
    else:
        procedure_id = link.procedure_id
    notice_id = notices.add_notice(
        connection,
        notice,
        content_hash=hash_content(notice),
        document_id=document_id,
        procedure_id=procedure_id,
        link_step=LinkStep.FIRST if link is None else link.step,
        link_evidence=None if link is None else link.evidence,
    )
    if link is None:
        state = find_state([notice])
        procedures.add_revision(
            connection, procedure_id, revision=1, state=state, changes=(), notice_id=notice_id
        )
    else:
        found["revisions"] += remerge(connection, link.procedure_id, notice_id, is_news=is_news)
        for other_id in find_others(notice, link, candidates):
            absorb(connection, link.procedure_id, other_id, link=link, notice_id=notice_id, now=now)
            found["merged"] += 1


def hash_content(notice: Notice) -> str:
    """Return the hash (sha256, hex) of everything that a notice states.

    Left out are how it was cleaned, and what earlier ones were hashed without: the buyer's address, and
    dates of lots where there are none.
    """
    stated = to_json(replace(notice, normalisations=()))
    for part, name in ((stated["lots"], "deadline_at"), (stated["changes"], "lot_id")):
        for each in part:
            if each[name] is None:
                del each[name]
    if stated["buyer"] is not None:
        hashed = {name: stated["buyer"][name] for name in _HASHED_OF_BUYER}
        stated["buyer"] = hashed if any(hashed.values()) else None
    content = json.dumps(stated, sort_keys=True, ensure_ascii=False)
    return sha256(content.encode()).hexdigest()


def _candidates(connection: Connection, notice: Notice) -> list[Candidate]:
    """Return what the store has that may speak of the same purchase, step by step of the ladder."""
    found: list[StoredNotice] = notices.notices_by_reference(connection, notice, names_of(notice))
    if notice.procedure_key is not None:
        found += notices.notices_by_key(connection, notice.procedure_key)
    found += notices_by_number(connection, notice)
    candidates = [
        Candidate(stored.procedure_id, stored.notice, is_by_hand=stored.step is LinkStep.BY_HAND)
        for stored in found
    ]
    return candidates + _candidates_by_day(connection, notice)


def _candidates_by_day(connection: Connection, notice: Notice) -> list[Candidate]:
    if notice.deadline_at is None or notice.buyer is None:
        return []
    day = notice.deadline_at.astimezone(PARIS).date()
    first = datetime.combine(day, time(), tzinfo=PARIS)
    last = datetime.combine(day + timedelta(days=1), time(), tzinfo=PARIS)
    siren = siren_of(notice)
    stated = notices.notices_due_between(connection, first, last, siren=siren)
    due = procedures.procedures_due_between(connection, first, last, siren=siren)
    return [
        *(Candidate(stored.procedure_id, stored.notice) for stored in stated),
        *(Candidate(procedure.procedure_id, procedure.view) for procedure in due),
    ]
