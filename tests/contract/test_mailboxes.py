"""One suite over every mailbox of returned mails: a folder, and a real IMAP server on loopback."""

from __future__ import annotations

import imaplib
import os
from contextlib import contextmanager
from uuid import uuid4

import pytest

from alerting.delivery.imap import ImapMailbox
from alerting.delivery.mailboxes import MAXIMUM_BYTES, Mailbox, Shelf
from alerting.delivery.maildir_box import MaildirMailbox


class FolderBox:
    """A maildir, and a mail server that puts mails into it."""

    def __init__(self, folder) -> None:
        self.folder = folder
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True)
        self.mailbox: Mailbox = MaildirMailbox(folder)
        self.count = 0

    def arrive(self, content: bytes) -> None:
        self.count += 1
        part = "cur" if self.count % 2 else "new"
        name = f"177243480{self.count}.M{self.count}P1.mail.example"
        (self.folder / part / (f"{name}:2,S" if part == "cur" else name)).write_bytes(content)

    def on_shelf(self, shelf: Shelf) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.folder / f".{shelf}" / "cur").glob("*"))]


class ServerBox:
    """A user of a real server, and another client that puts mails into the mailbox."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.user = f"bounces-{uuid4().hex}"
        self.mailbox: Mailbox = ImapMailbox(f"imap+plain://{self.user}:secret@{host}:{port}/INBOX")

    @contextmanager
    def client(self):
        client = imaplib.IMAP4(self.host, self.port)
        client.login(self.user, "secret")
        yield client
        client.logout()

    def arrive(self, content: bytes) -> None:
        with self.client() as client:
            assert client.append("INBOX", r"(\Seen)", None, content)[0] == "OK"

    def on_shelf(self, shelf: Shelf) -> list[bytes]:
        with self.client() as client:
            if client.select(f"INBOX.{shelf}")[0] != "OK":
                return []
            [found, *_] = client.uid("SEARCH", "ALL")[1]
            fetched = [client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1] for uid in found.split()]
            return [answer[0][1] for answer in fetched]


@pytest.fixture(params=["maildir", "imap", "imap without MOVE"])
def box(request, tmp_path):
    """Each mailbox in turn, empty."""
    if request.param == "maildir":
        return FolderBox(tmp_path / "maildir")
    host = "127.0.0.1" if request.param == "imap" else "127.0.0.2"
    return ServerBox(host, request.getfixturevalue("dovecot").port)


MAILS = [f"Subject: mail {number}\r\n\r\nBounced.\r\n".encode() for number in range(3)]


def test_what_waits_is_read_in_order_and_put_away(box):
    """
    Also what a person has opened already; what is put away waits no more, and is kept whole.
    """
    for mail in MAILS:
        box.arrive(mail)

    with box.mailbox.opened() as opened:
        keys = opened.waiting()
        read = [opened.read(key) for key in keys]
        again = [opened.read(key) for key in keys]
        opened.put_away(keys[0], Shelf.HANDLED)
        opened.put_away(keys[1], Shelf.OTHER)
    with box.mailbox.opened() as opened:
        left = [opened.read(key) for key in opened.waiting()]

    assert read == again == MAILS
    assert left == [MAILS[2]]
    assert box.on_shelf(Shelf.HANDLED) == [MAILS[0]]
    assert box.on_shelf(Shelf.OTHER) == [MAILS[1]]


def test_an_empty_mailbox_has_nothing(box):
    """
    No mail, no key.
    """
    with box.mailbox.opened() as opened:
        assert opened.waiting() == []


def test_what_another_worker_took_is_no_error(box):
    """
    A mail that is gone reads as None, and is put away by whoever was first.
    """
    box.arrive(MAILS[0])

    with box.mailbox.opened() as first, box.mailbox.opened() as second:
        [key] = first.waiting()
        assert second.waiting() == [key]
        first.put_away(key, Shelf.HANDLED)
        gone = second.read(key)
        second.put_away(key, Shelf.HANDLED)

    assert gone is None
    assert box.on_shelf(Shelf.HANDLED) == [MAILS[0]]


def test_of_a_huge_mail_the_start_is_read(box):
    """
    The same start at each call; the mail is put away whole.
    """
    huge = b"Subject: huge\r\n\r\n" + os.urandom(MAXIMUM_BYTES // 2).hex().encode() + b"\r\nend\r\n"
    box.arrive(huge)

    with box.mailbox.opened() as opened:
        [key] = opened.waiting()
        read = [opened.read(key), opened.read(key)]
        opened.put_away(key, Shelf.OTHER)

    assert read == [huge[:MAXIMUM_BYTES]] * 2
    assert box.on_shelf(Shelf.OTHER) == [huge]
