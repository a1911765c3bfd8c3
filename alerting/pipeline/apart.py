"""Work on many at once; where that fails, on parts of them, down to the one at which it fails.

In:   pieces of a batch, and what is to be done with some of them within a transaction.
Out:  what came of those at which nothing failed, and the others with what was raised: a bug of ours that one
      of them brings to light, or a value that PostgreSQL cannot hold, stops none of its neighbours.

What is wrong with all of them (a server is away, tables are not ours) is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from alerting.domain.feed import ParsedFeed, Reject
from alerting.errors import (
    FeedFormatError,
    SearchError,
    SearchUnavailableError,
    StoreOutdatedError,
    StoreUnavailableError,
    UnforeseenError,
    UnstorableError,
)
from alerting.store import procedures, rejects
from alerting.store.database import Connection, savepoint


log = structlog.get_logger()

Piece = TypeVar("Piece")
Result = TypeVar("Result")
Failed = tuple[Piece, Exception]
# Parses a document, as ``alerting.feeds.formats.parse`` does.
Read = Callable[..., ParsedFeed]

_WRONG_WITH_ALL = (StoreUnavailableError, StoreOutdatedError, SearchUnavailableError, SearchError)
# A profile is nobody's feed.
_NO_FEED = ""


def work_apart(
    connection: Connection, pieces: Sequence[Piece], work: Callable[[Sequence[Piece]], Result]
) -> tuple[list[Result], list[Failed[Piece]]]:
    """Work on pieces behind a savepoint: on all at once, and where that fails on each half of them.

    Args:
        connection: The transaction.
        pieces: What is to be worked on, in this order.
        work: Is given some of them; it may be given them again, once what it wrote is undone.

    Returns:
        What it returned of each part; the pieces at which it failed alone, and what it raised.
    """
    if not pieces:
        return [], []
    try:
        with savepoint(connection):
            return [work(pieces)], []
    except _WRONG_WITH_ALL:
        raise
    except Exception as error:  # noqa: BLE001 - one piece, whatever is wrong with it, never stops the others
        if len(pieces) == 1:
            return [], [(pieces[0], error)]
    half = len(pieces) // 2
    first, failed_of_first = work_apart(connection, pieces[:half], work)
    second, failed_of_second = work_apart(connection, pieces[half:], work)
    return first + second, failed_of_first + failed_of_second


def attempt(work: Callable[[], Result]) -> Result | Exception:
    """Return what comes of work on one piece, or what it raised: what is wrong with one stops no other."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the caller says of which piece, and what becomes of it
        return error


def read_document(read: Read, body: bytes, *, feed_id: str, format_name: str) -> ParsedFeed:
    """Read a document; whatever else its parser raises is a bug of ours that this document brought to light.

    Raises:
        FeedFormatError: It is no document of its format.
        UnforeseenError: Our code failed at it.
    """
    try:
        return read(body, feed_id=feed_id, format=format_name)
    except FeedFormatError:
        raise
    except Exception as error:
        raise UnforeseenError(feed_id, "document", error) from error


def refuse_procedures(connection: Connection, failed: Sequence[Failed[int]], *, stage: str) -> None:
    """Store why a step refused procedures, by number, each as a reject of its own; the log says it, too."""
    if not failed:
        return
    feeds = procedures.feeds_of(connection, [number for number, _ in failed])
    for number, error in failed:
        feed_id = feeds.get(number, _NO_FEED)
        reject = say_refused(number, error, stage=stage)
        rejects.add_reject(connection, reject, feed_id=feed_id, stage=stage)


def say_refused(number: int, error: Exception, *, stage: str) -> Reject:
    """Let the log say why a step refused a procedure; return its reject, which is not stored."""
    reject = reject_for(error, feed_id=_NO_FEED, where=f"procedure {number}")
    log.error("procedure_refused", procedure_id=number, stage=stage, problem=reject.problem)
    return reject


def refuse_profiles(connection: Connection, failed: Sequence[Failed[str]], *, stage: str) -> None:
    """Store why a step refused profiles, in the same way."""
    for profile_id, error in failed:
        reject = reject_for(error, feed_id=_NO_FEED, where=f"profile {profile_id}")
        log.error("profile_refused", profile_id=profile_id, stage=stage, problem=reject.problem)
        rejects.add_reject(connection, reject, feed_id=_NO_FEED, stage=stage)


def reject_for(error: Exception, *, feed_id: str, where: str) -> Reject:
    """Return the reject of a piece at which work failed: PostgreSQL's reason, or our bug and its place."""
    if isinstance(error, UnstorableError):
        return Reject(where, str(error))
    if isinstance(error, UnforeseenError):
        return Reject(where, error.problem)
    return Reject(where, UnforeseenError(feed_id, where, error).problem)
