"""The laptop's inbox page: every mail as its reader sees it, and nothing that a mail could run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from email.message import EmailMessage
from mailbox import Maildir

import pytest

from alerting.local.inbox import read_mails
from alerting.local.ports import free_port, is_listening


LIMIT_SECONDS = 30


@pytest.fixture
def maildir(tmp_path):
    folder = tmp_path / "inbox"
    message = EmailMessage()
    message["X-Envelope-To"] = "yann@legoff.example"
    message["Subject"] = "2 marchés <pour vous>"
    message["Message-ID"] = "<1@demo.example>"
    message.set_content("Réfection de la toiture")
    message.add_alternative("<p>Réfection de la <b>toiture</b><script>alert(1)</script></p>", subtype="html")
    Maildir(folder, create=True).add(message)
    return folder


@pytest.fixture
def page(maildir):
    """The page's address, served by a process of its own."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "alerting.local.inbox", str(maildir), str(port)])
    until = time.monotonic() + LIMIT_SECONDS
    while not is_listening(port):
        assert time.monotonic() < until
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(LIMIT_SECONDS)


def read(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode(), answer.headers


def test_a_mail_is_listed_and_shown_as_html_and_as_text(page, maildir):
    (mail,) = read_mails(maildir)

    listed, _ = read(page)
    shown, headers = read(f"{page}/mails/{mail.key}/html")
    text, _ = read(f"{page}/mails/{mail.key}/text")

    assert "2 marchés &lt;pour vous&gt;" in listed
    assert "yann@legoff.example" in listed
    assert "<b>toiture</b>" in shown
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "allow-scripts" not in headers["Content-Security-Policy"] + listed
    assert "<base target=_blank>" in shown
    assert "script-src" not in headers["Content-Security-Policy"]
    assert text == "Réfection de la toiture\n"


def test_a_phone_is_shown_the_list_or_one_mail_with_the_way_back(page, maildir):
    (mail,) = read_mails(maildir)

    listed, _ = read(page)
    chosen, _ = read(f"{page}/mails/{mail.key}")

    assert "<body class=list>" in listed
    assert "<body class=one>" in chosen
    assert "<a class=back href='/'>" in chosen


def test_the_list_says_when_a_mail_arrived(page, maildir):
    """
    On Paris's clock, as the dates within the mail.
    """
    [file] = (maildir / "new").iterdir()
    arrived = datetime.fromisoformat("2026-11-27T21:57:32+00:00").timestamp()
    os.utime(file, (arrived, arrived))

    listed, _ = read(page)

    assert "<time datetime='2026-11-27T22:57:32+01:00'>27/11/2026 à 22:57:32</time>" in listed


def test_the_source_of_a_mail_is_as_it_was_delivered(page, maildir):
    (mail,) = read_mails(maildir)

    source, _ = read(f"{page}/mails/{mail.key}/source")

    assert source.encode() == (maildir / "new" / mail.key).read_bytes()


def test_an_unknown_mail_is_404(page):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        read(f"{page}/mails/nothing/html")


def test_another_host_name_is_refused(page):
    asked = urllib.request.Request(page, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(asked)
