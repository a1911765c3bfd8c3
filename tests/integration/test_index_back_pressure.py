"""Elasticsearch that has no room for a moment (429): the step pauses, goes on by itself, and puts nothing twice."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.domain.search import SearchRequest
from alerting.errors import SearchUnavailableError
from alerting.index.procedures import SearchIndex
from alerting.pipeline.index import index_procedures
from alerting.store import procedures, rejects


NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
NO_ROOM = {"type": "es_rejected_execution_exception", "reason": "no room in this test"}
# Those that describe one connection, not what travels over it (RFC 9110, section 7.6.1), and what is counted anew.
OF_A_CONNECTION = {"connection", "transfer-encoding", "content-length", "host"}


class Crowded(ThreadingHTTPServer):
    """A proxy before the real node that has no room for some of the bulk requests.

    Args:
        url: The node's.
    """

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = urlsplit(url).netloc
        #: What is done with the next bulk requests: "all" or "last" is refused; without an entry it passes.
        self.refusals: deque[str] = deque()
        #: The ids of each bulk request that came.
        self.asked: list[list[str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Crowded

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not urlsplit(self.path).path.endswith("/_bulk"):
            self.answer(*self.passed_on(body))
            return
        lines = body.splitlines()
        ids = [json.loads(line)["index"]["_id"] for line in lines[::2]]
        self.server.asked.append(ids)
        refused = self.server.refusals.popleft() if self.server.refusals else None
        if refused == "all":
            error = {"error": NO_ROOM, "status": 429}
            self.answer(429, {"Content-Type": "application/json"}, json.dumps(error).encode())
        elif refused == "last":
            status, headers, taken = self.passed_on(b"\n".join(lines[:-2]) + b"\n")
            told = json.loads(taken)
            told["errors"] = True
            told["items"].append({"index": {"_id": str(ids[-1]), "status": 429, "error": NO_ROOM}})
            self.answer(status, headers, json.dumps(told).encode())
        else:
            self.answer(*self.passed_on(body))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815 - http.server

    def passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(self.server.node, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_A_CONNECTION}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), read

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in OF_A_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def crowded(elasticsearch_url):
    """The proxy, listening."""
    with Crowded(elasticsearch_url) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def index(crowded, alias):
    """An index behind the proxy, that hardly pauses."""
    own = SearchIndex(crowded.url, alias, pause_seconds=0.01, patience_seconds=20)
    yield own
    for generation in own.generations():
        own.drop(generation)
    own.close()


def add(database, *titles):
    """Store open procedures; return their numbers."""
    views = [Notice("feed", title, None, NoticeKind.CALL, title) for title in titles]
    with database.begin() as connection:
        return [procedures.add_procedure(connection, view=view, state=ProcedureState.OPEN) for view in views]


def step(database, index):
    return index_procedures(database, index, now=lambda: NOW)


def versions(client, alias):
    """Return of each document how often it was written."""
    client.indices.refresh(index=alias)
    hits = client.search(index=alias, version=True, size=100)["hits"]["hits"]
    return {int(hit["_id"]): hit["_version"] for hit in hits}


def rejected(database):
    with database.begin() as connection:
        return rejects.list_rejects(connection)


def test_a_request_that_is_refused_twice_is_taken_in_the_same_step(database, index, crowded, client, alias):
    """
    Status 429 for the whole request, twice: it comes a third time as it was, and each procedure is written once.
    """
    numbers = add(database, "Toiture", "Peinture", "Sols")
    crowded.refusals.extend(["all", "all"])

    report = step(database, index)

    assert report == {"indexed": 3, "refused": 0, "waiting": 0}
    assert crowded.asked == [numbers, numbers, numbers]
    assert versions(client, alias) == dict.fromkeys(numbers, 1)
    assert rejected(database) == []
    assert index.search(SearchRequest(text="peinture"), now=NOW)["total"] == 1


def test_only_what_had_no_room_comes_again(database, index, crowded, client, alias):
    """
    Status 429 for one document of a request, twice: that one alone comes again, and is no reject.
    """
    *others, last = numbers = add(database, "Toiture", "Peinture", "Sols")
    crowded.refusals.extend(["last", "all"])

    report = step(database, index)

    assert report == {"indexed": 3, "refused": 0, "waiting": 0}
    assert crowded.asked == [[*others, last], [last], [last]]
    assert versions(client, alias) == dict.fromkeys(numbers, 1)
    assert rejected(database) == []


def test_a_step_that_gave_up_is_ended_by_the_next(database, index, crowded, client, alias):
    """
    Three pauses are all it takes: then it waits for the next run, which writes what was written once more in its
    place, and tells of nothing twice.
    """
    *others, last = numbers = add(database, "Toiture", "Peinture", "Sols")
    crowded.refusals.extend(["last", "all", "all", "all"])

    with pytest.raises(SearchUnavailableError, match="it is overloaded; it goes on by itself"):
        step(database, index)
    held = versions(client, alias)
    report = step(database, index)

    assert (held, report) == (dict.fromkeys(others, 1), {"indexed": 3, "refused": 0, "waiting": 0})
    assert versions(client, alias) == {**dict.fromkeys(others, 2), last: 1}
    assert len(crowded.asked) == 5
    assert rejected(database) == []
    assert sorted(numbers) == sorted(versions(client, alias))
