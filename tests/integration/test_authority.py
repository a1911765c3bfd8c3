"""The demo's authorities, asked over loopback: news is seen at once, no path leads out of the folder."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from alerting.local.demo.publish import FEED_FILE, publish_all, publish_late


TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    """What the authorities publish, with a file beside it that they do not."""
    published = tmp_path / "published"
    publish_all(published, today=TODAY)
    (tmp_path / "secret.xml").write_text("<secret/>")
    (published / "secret.xml").write_text("<secret/>")
    (published / "journal" / ".hidden.xml").write_text("<secret/>")
    (published / "journal" / "notes.txt").write_text("secret")
    (published / "journal" / "link.xml").symlink_to(tmp_path / "secret.xml")
    return published


@pytest.fixture
def server(folder):
    """A running server, as the demo starts it."""
    command = [sys.executable, "-m", "alerting.local.authority", str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()
        process.communicate()


@pytest.fixture
def ask(server):
    """How to ask the server: a path as it is to stand in the request, and headers."""
    lines = iter(server.stderr.readline, "")
    port = next(int(found[1]) for line in lines if (found := re.search(r"http://127\.0\.0\.1:(\d+)", line)))

    def ask(path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request(
            "GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {name.lower(): text for name, text in answer.getheaders()}, body

    return ask


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


def test_sigterm_ends_it_with_exit_code_0(server, ask):
    """
    On its standard output there is one line a request and nothing else.
    """
    ask("/journal/")

    server.send_signal(signal.SIGTERM)
    output, _ = server.communicate()

    assert server.returncode == 0
    assert len(output.splitlines()) == 1
    assert '"GET /journal/ HTTP/1.1" 200' in output
