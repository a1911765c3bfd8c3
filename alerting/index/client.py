"""The one way to Elasticsearch: its errors as ours, in one line that says what to do.

In:   calls of its client.
Out:  SearchUnavailableError where it is away, slow, overloaded or out of disk; SearchError where it refuses.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from elastic_transport import Serializer, TlsError
from elasticsearch import ApiError, ConnectionTimeout, Elasticsearch, TransportError

from alerting.errors import SearchError, SearchUnavailableError, SettingError
from alerting.index.serializers import SERIALIZERS


TOO_MANY = 429
TOO_LARGE = 413
NOT_FOUND = 404
BUSY = frozenset({TOO_MANY, 502, 503, 504})
# The document's own fault; with any other answer it is the server's, and the document waits.
DOCUMENT_IS_AT_FAULT = frozenset({400, TOO_LARGE})
_REASON_LENGTH = 150
_BLOCKED = "cluster_block_exception"
_CLOSED = "index_closed_exception"
_SHARD_IS_AWAY = (
    "a shard of it is away (GET /_cluster/allocation/explain says why); back, it goes on by itself"
)
_OVERLOADED = "it is overloaded; it goes on by itself, if it lasts give it more memory"
_HINTS = {
    (_BLOCKED, TOO_MANY): "its disk is full: free space, then it goes on by itself",
    (_BLOCKED, 403): "it was made read-only: set its index.blocks to null, then it goes on by itself",
    (_BLOCKED, 503): "it has not started yet; it goes on by itself",
    (_CLOSED, 400): "open it (POST /INDEX/_open), then run: alerting run index",
    ("unavailable_shards_exception", 503): _SHARD_IS_AWAY,
    ("no_shard_available_action_exception", 503): _SHARD_IS_AWAY,
    ("search_phase_execution_exception", 503): _SHARD_IS_AWAY,
    ("es_rejected_execution_exception", TOO_MANY): _OVERLOADED,
    ("circuit_breaking_exception", TOO_MANY): _OVERLOADED,
}
_HINTS_BY_STATUS = {
    401: "it does not know our login; see ELASTICSEARCH_LOGIN",
    403: "our user needs the privileges monitor (cluster) and all (this alias and its generations)",
    TOO_LARGE: "one document is larger than a request may be: raise http.max_content_length",
    TOO_MANY: _OVERLOADED,
}


@dataclass(frozen=True, slots=True)
class Access:
    """How a server that guards itself is spoken to.

    Args:
        ca_file: Certificates (PEM) of the authority that signed its own; None: one that this system trusts.
        authorization: The header's value: "Basic ..." or "ApiKey ..."; None: it asks for no login.
    """

    ca_file: Path | None = None
    authorization: str | None = field(default=None, repr=False)


UNGUARDED = Access()


def connect(
    url: str,
    access: Access,
    *,
    patience_seconds: float,
    serializers: Mapping[str, Serializer] = SERIALIZERS,
) -> Elasticsearch:
    """Return a client; nothing is connected yet.

    Raises:
        SettingError: The authority's file cannot be read.
    """
    own = {} if access.authorization is None else {"authorization": access.authorization}
    trusted = _trusted(access.ca_file) if url.startswith("https:") else None
    return Elasticsearch(
        url,
        headers=own,
        ssl_context=trusted,
        request_timeout=patience_seconds,
        max_retries=0,
        serializers=serializers,
    )


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise SettingError("ELASTICSEARCH_CA", "a file of certificates (PEM)", str(ca_file)) from error


@contextmanager
def index_errors(alias: str) -> Iterator[None]:
    """Raise what Elasticsearch says as errors of ours that name the index."""
    try:
        yield
    except ApiError as error:
        raise refusal_of(alias, error.status_code, error.body) from error
    except ConnectionTimeout as error:
        raise SearchUnavailableError(f"search index {alias!r}: no answer in time") from error
    except TlsError as error:
        cause = str(error.message).partition("\n")[0][:_REASON_LENGTH]
        problem = f"no TLS that we trust ({cause}); see ELASTICSEARCH_CA"
        raise SearchError(f"search index {alias!r}: {problem}") from error
    except TransportError as error:
        problem = "no answer; start it, or see ELASTICSEARCH_URL"
        raise SearchUnavailableError(f"search index {alias!r}: {problem}") from error


def refusal_of(alias: str, status: int, body: Any) -> SearchError | SearchUnavailableError:
    """Return the error that an answer means."""
    problem = body.get("error", body) if isinstance(body, dict) else None
    kind = problem.get("type") if isinstance(problem, dict) else None
    # What a proxy says is a page; its status says enough.
    reason = HTTPStatus(status).phrase if problem is None else reason_of(problem)
    hint = _HINTS.get((str(kind), status)) or _HINTS_BY_STATUS.get(status)
    line = f"search index {alias!r}: status {status} ({reason})" + (f"; {hint}" if hint else "")
    return SearchUnavailableError(line) if kind == _BLOCKED or status in BUSY else SearchError(line)


def is_document_at_fault(status: int, problem: Any) -> bool:
    """Tell whether an item's error is of its document, so that another document would be taken."""
    kind = problem.get("type") if isinstance(problem, dict) else None
    return status in DOCUMENT_IS_AT_FAULT and kind != _CLOSED


def reason_of(problem: Any) -> str:
    """Return what Elasticsearch gives as its reason, and as the cause of that, on one line."""
    reasons = []
    while isinstance(problem, dict):
        reasons.append(" ".join(str(problem.get("reason")).split())[:_REASON_LENGTH])
        problem = problem.get("caused_by")
    return ": ".join(reasons[:1] + reasons[1:][-1:])
