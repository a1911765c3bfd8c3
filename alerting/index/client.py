"""The one way to Elasticsearch: its errors as ours, in one line that says what to do.

In:   calls of its client.
Out:  SearchUnavailableError where it is away, slow, overloaded or out of disk; SearchError where it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from elasticsearch import ApiError, ConnectionTimeout, TransportError

from alerting.errors import SearchError, SearchUnavailableError


TOO_MANY = 429
TOO_LARGE = 413
NOT_FOUND = 404
BUSY = frozenset({TOO_MANY, 502, 503, 504})
# The document's own fault; with any other answer it is the server's, and the document waits.
DOCUMENT_IS_AT_FAULT = frozenset({400, TOO_LARGE})
_BLOCKED = "cluster_block_exception"
_FULL = "it lets nothing be written, as when its disk is full: free space, then it goes on by itself"


@contextmanager
def index_errors(alias: str) -> Iterator[None]:
    """Raise what Elasticsearch says as errors of ours that name the index."""
    try:
        yield
    except ApiError as error:
        raise refusal_of(alias, error.status_code, error.body) from error
    except ConnectionTimeout as error:
        raise SearchUnavailableError(f"search index {alias!r}: no answer in time") from error
    except TransportError as error:
        raise SearchUnavailableError(f"search index {alias!r}: no answer ({type(error).__name__})") from error


def refusal_of(alias: str, status: int, body: Any) -> SearchError | SearchUnavailableError:
    """Return the error that an answer means."""
    problem = body.get("error", body) if isinstance(body, dict) else body
    is_blocked = isinstance(problem, dict) and problem.get("type") == _BLOCKED
    line = f"search index {alias!r}: status {status} ({_FULL if is_blocked else reason_of(problem)})"
    return SearchUnavailableError(line) if is_blocked or status in BUSY else SearchError(line)


def reason_of(problem: Any) -> str:
    """Return what Elasticsearch gives as its reason, on one line."""
    reason = problem.get("reason", problem) if isinstance(problem, dict) else problem
    return " ".join(str(reason).split())[:300]
