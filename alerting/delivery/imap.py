"""Read returned mails from a mailbox of an IMAP server.

In:   ``imaps://user:password@host/INBOX`` (TLS), ``imap://`` (STARTTLS), ``imap+plain://`` on loopback.
Out:  the mails of that folder that wait, by their UID; one that is dealt with is moved to a folder below it.

Nothing is marked as read or removed before it was dealt with, so a mail that a person opens still counts.
Refuses to speak without TLS to anything but loopback.

Sources: RFC 3501 (5.1 names, 6.4 commands); RFC 6851 (MOVE); RFC 4315 (UID EXPUNGE); RFC 5530 (codes).
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from alerting.delivery.mailboxes import MAXIMUM_BYTES, OpenMailbox, Shelf
from alerting.domain.address import is_loopback
from alerting.errors import MailboxRefusedError, MailboxUnavailableError, SettingError


_SETTING = "ALERTING_BOUNCE_MAILBOX"
_EXPECTED = "maildir:/folder, imaps://user:password@host/INBOX, imap:// (STARTTLS), imap+plain:// on loopback"
_DEFAULT_PORTS = {"imaps": 993, "imap": 143, "imap+plain": 143}
_TIMEOUT_SECONDS = 60
# '(\\HasNoChildren) "." INBOX': the sign between a folder's name and that of one below it.
_DELIMITER = re.compile(rb'\([^)]*\) (?:"(.)"|NIL)')
_WRONG_LOGIN = re.compile(r"\[(AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED|PRIVACYREQUIRED)\]")


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where a mailbox is and who we are there; made by ``read_imap_url``."""

    scheme: str
    host: str
    port: int
    username: str
    password: str
    folder: str


def read_imap_url(url: str) -> ImapServer:
    """Read the address of an IMAP mailbox.

    Raises:
        SettingError: Not such an address, one without a login, or without TLS and not on loopback.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingError(_SETTING, _EXPECTED, "an unreadable address") from error
    host = parts.hostname or ""
    folder = unquote(parts.path.strip("/")) or "INBOX"
    is_plain_elsewhere = parts.scheme == "imap+plain" and not is_loopback(host)
    is_usable = parts.scheme in _DEFAULT_PORTS and host and parts.username and folder.isascii()
    if not is_usable or is_plain_elsewhere:
        raise SettingError(_SETTING, _EXPECTED, f"{parts.scheme}://{host}")
    return ImapServer(
        scheme=parts.scheme,
        host=host,
        port=port or _DEFAULT_PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=folder,
    )


class ImapMailbox:
    """A folder of an IMAP server; each run has a connection of its own.

    Args:
        url: See ``read_imap_url``.
        tls_context: What certificates to trust; the system's when None.
    """

    def __init__(self, url: str, *, tls_context: ssl.SSLContext | None = None) -> None:
        self._server = read_imap_url(url)
        self._tls_context = tls_context or ssl.create_default_context()

    @contextmanager
    def opened(self) -> Iterator[OpenMailbox]:
        """Connect, secure, log in and select the folder; log out at the end."""
        name = f"mailbox {self._server.host}:{self._server.port}"
        with _errors(name):
            client = self._connect()
        try:
            with _errors(name):
                self._log_in(client, name)
                offers = _offers(client)
            yield _Folder(client, name, self._server.folder, offers)
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                client.logout()

    def _connect(self) -> imaplib.IMAP4:
        server = self._server
        if server.scheme == "imaps":
            return imaplib.IMAP4_SSL(
                server.host, server.port, ssl_context=self._tls_context, timeout=_TIMEOUT_SECONDS
            )
        client = imaplib.IMAP4(server.host, server.port, timeout=_TIMEOUT_SECONDS)
        if server.scheme == "imap":
            client.starttls(self._tls_context)
        return client

    def _log_in(self, client: imaplib.IMAP4, name: str) -> None:
        try:
            if "AUTH=PLAIN" in client.capabilities:
                # Unlike LOGIN it carries accents.
                plain = f"\0{self._server.username}\0{self._server.password}".encode()
                client.authenticate("PLAIN", lambda _: plain)
            else:
                client.login(self._server.username, self._server.password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if _WRONG_LOGIN.search(str(error)):
                raise MailboxRefusedError(f"{name}: login refused: {_first_line(error)}") from error
            raise
        status, answer = client.select(_quoted(self._server.folder))
        if status != "OK":
            raise MailboxRefusedError(f"{name}: folder {self._server.folder!r}: {_words(answer)}")


@dataclass(frozen=True, slots=True)
class _Folder:
    """A selected folder."""

    client: imaplib.IMAP4
    name: str
    folder: str
    offers: frozenset[str]

    def waiting(self) -> list[str]:
        """Return the UIDs of the mails that wait, the oldest first."""
        [found, *_] = self._uid("SEARCH", "UNDELETED")
        return [uid.decode("ascii") for uid in (found or b"").split()]

    def read(self, key: str) -> bytes | None:
        """Return the start of a mail; None when it is gone."""
        answer = self._uid("FETCH", key, f"(BODY.PEEK[]<0.{MAXIMUM_BYTES}>)")
        return next((part[1] for part in answer if isinstance(part, tuple)), None)

    def put_away(self, key: str, shelf: Shelf) -> None:
        """Move a mail to a folder below; harmless when it is gone."""
        place = _quoted(f"{self.folder}{self._delimiter()}{shelf.value}")
        with _errors(self.name):
            # There already: the server says NO, and says so again below if it is something else.
            self.client.create(place)
        if "MOVE" in self.offers:
            self._uid("MOVE", key, place)
            return
        self._uid("COPY", key, place)
        self._uid("STORE", key, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self.offers:
            self._uid("EXPUNGE", key)

    def _delimiter(self) -> str:
        with _errors(self.name):
            _, answer = self.client.list('""', _quoted(self.folder))
        found = _DELIMITER.match(answer[0]) if answer and isinstance(answer[0], bytes) else None
        return found[1].decode("ascii") if found and found[1] else "/"

    def _uid(self, command: str, *arguments: str) -> list[Any]:
        with _errors(self.name):
            status, answer = self.client.uid(command, *arguments)
        if status != "OK":
            raise MailboxUnavailableError(f"{self.name}: {command} answered {_words(answer)}")
        return answer


@contextmanager
def _errors(name: str) -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxUnavailableError(f"{name}: {_first_line(error)}") from error


def _offers(client: imaplib.IMAP4) -> frozenset[str]:
    """Return what the server can do; many say it only to who has logged in."""
    _, answer = client.capability()
    return frozenset(_words(answer).upper().split())


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _words(answer: list[Any]) -> str:
    return " ".join(part.decode("utf-8", "replace") for part in answer if isinstance(part, bytes))[:300]


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
