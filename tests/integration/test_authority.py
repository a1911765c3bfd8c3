"""The demo's authorities, asked over loopback: news is seen at once, no path leads out of the folder."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest

from alerting.local.demo.publish import FEED_FILE, publish_all, publish_late


TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the authorities publish, with files beside and between it that nobody is to see."""
    outside = tmp_path_factory.mktemp("outside")
    published = outside / "published"
    publish_all(published, today=TODAY)
    (outside / "secret.xml").write_text("<secret/>")
    (published / "secret.xml").write_text("<secret/>")
    (published / "journal" / ".hidden.xml").write_text("<secret/>")
    (published / "journal" / "notes.txt").write_text("secret")
    (published / "journal" / "link.xml").symlink_to(outside / "secret.xml")
    return published


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server as the demo starts it; yield its process and its port."""
    command = [sys.executable, "-m", "alerting.local.authority", str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines = iter(process.stderr.readline, "")
        found = (re.search(r"http://127\.0\.0\.1:(\d+)", line) for line in lines)
        yield process, next(int(match[1]) for match in found if match is not None)
        process.terminate()
        process.communicate()


def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask for a path exactly as it is spelt; return status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): text for name, text in answer.getheaders()}, body


@pytest.fixture(scope="module")
def ask(folder):
    """How to ask the server: a path as it is to stand in the request, and headers."""
    with running(folder) as (_, port):
        yield partial(get, port)


def links_of(page: bytes) -> list[str]:
    """Return the addresses that an index page links to, in order."""
    return re.findall(r'href="([^"]+)"', page.decode())


def test_an_index_lists_every_document_and_each_can_be_had(ask, folder):
    """
    Hidden files, links and what is no XML are not listed; a document's bytes are those of the file.
    """
    status, headers, page = ask("/journal/")
    listed = links_of(page)
    bodies = {name: ask(f"/journal/{name}")[2] for name in listed}

    expected = {
        path.name: path.read_bytes()
        for path in (folder / "journal").iterdir()
        if path.suffix == ".xml" and not path.name.startswith(".") and not path.is_symlink()
    }
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(expected) > 5
    assert bodies == expected


@pytest.mark.parametrize("path", ["/journal/", "/journal/26-900100.xml", f"/bretagne/{FEED_FILE}"])
def test_who_knows_the_etag_gets_no_body(ask, path):
    """
    The ETag is strong; If-None-Match with it, alone or among others, is answered with 304.
    """
    status, headers, body = ask(path)

    alone = ask(path, If_None_Match=headers["etag"])
    among = ask(path, If_None_Match=f'"other", {headers["etag"]}')
    other = ask(path, If_None_Match='"other"')

    assert status == 200
    assert body
    assert re.fullmatch(r'"[0-9a-f]+"', headers["etag"])
    assert headers["last-modified"].endswith(" GMT")
    assert [(answer[0], answer[2]) for answer in (alone, among, other)] == [
        (304, b""),
        (304, b""),
        (200, body),
    ]
    assert alone[1]["etag"] == headers["etag"]


def test_what_is_published_late_is_listed_last_and_changes_the_etag(ask, folder):
    """
    The page of the authority changes, those of the others do not.
    """
    before = {path: ask(path) for path in ("/journal/", "/europe/")}

    number = publish_late(folder, now=NOW, number=3)

    journal = ask("/journal/", If_None_Match=before["/journal/"][1]["etag"])
    europe = ask("/europe/", If_None_Match=before["/europe/"][1]["etag"])
    assert (journal[0], europe[0]) == (200, 304)
    assert links_of(journal[2])[-1] == f"{number}.xml"
    assert links_of(journal[2])[:-1] == links_of(before["/journal/"][2])
    assert journal[1]["last-modified"] == "Wed, 04 Mar 2026 08:30:00 GMT"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.xml",
        "/journal/../../secret.xml",
        "/%2e%2e/secret.xml",
        "/..%2fsecret.xml",
        "/journal/..%2f..%2fsecret.xml",
        "/journal/%2e%2e%2fsecret.xml",
        "/journal/..%5c..%5csecret.xml",
        "/journal//etc/passwd",
        "/journal/%00",
        "/./secret.xml",
        "/journal/.hidden.xml",
        "/journal/notes.txt",
        "/journal/link.xml",
        "/journal/",
        "/nobody/",
    ],
)
def test_nothing_outside_what_is_listed_is_served(ask, path):
    """
    However a path is spelt, the secret beside the folder stays where it is.
    """
    status, _, body = ask(path)

    assert b"secret" not in body
    assert b"root:" not in body
    assert (status == 200) == (path == "/journal/")


def test_sigterm_ends_it_with_exit_code_0(folder):
    """
    On its standard output there is one line a request and nothing else.
    """
    with running(folder) as (process, port):
        get(port, "/journal/")

        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate()

    assert process.returncode == 0
    assert len(output.splitlines()) == 1
    assert '"GET /journal/ HTTP/1.1" 200' in output
