"""Speaking to a real IMAP server: what is refused, and what is only for later."""

from __future__ import annotations

import re
import ssl

import pytest

from alerting.delivery.imap import ImapMailbox, read_imap_url
from alerting.delivery.maildir_box import MaildirMailbox
from alerting.errors import MailboxRefusedError, MailboxUnavailableError, SettingError


EXPECTED = (
    "expected maildir:/folder, imaps://user:password@host/INBOX, imap:// (STARTTLS),"
    " imap+plain:// on loopback"
)


def open_once(mailbox) -> list[str]:
    """Open a mailbox and return what waits."""
    with mailbox.opened() as opened:
        return opened.waiting()


@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_a_mailbox_is_read_under_tls(dovecot, scheme):
    """
    From the first byte, or after STARTTLS, once the certificate is trusted.
    """
    port = dovecot.tls_port if scheme == "imaps" else dovecot.port
    trusting = ssl.create_default_context(cafile=dovecot.certificate)

    assert open_once(ImapMailbox(f"{scheme}://tls:secret@127.0.0.1:{port}", tls_context=trusting)) == []


@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_a_server_that_cannot_show_who_it_is_gets_no_password(dovecot, scheme):
    """
    Its certificate is none that we trust: the mailbox is away, in one line.
    """
    port = dovecot.tls_port if scheme == "imaps" else dovecot.port

    with pytest.raises(MailboxUnavailableError, match=rf"^mailbox 127\.0\.0\.1:{port}: .*certificate"):
        open_once(ImapMailbox(f"{scheme}://tls:secret@127.0.0.1:{port}"))


def test_a_wrong_password_is_for_a_person(dovecot):
    """
    No later try helps; the password is not in the line.
    """
    with pytest.raises(MailboxRefusedError) as caught:
        open_once(ImapMailbox(f"imap+plain://yann:wr%C3%B4ng@127.0.0.1:{dovecot.port}"))

    line = rf"mailbox 127\.0\.0\.1:{dovecot.port}: login refused: .*AUTHENTICATIONFAILED.*"
    assert re.fullmatch(line, str(caught.value))
    assert "wr" not in str(caught.value).replace("wrong", "")


def test_a_folder_that_is_not_there_is_for_a_person(dovecot):
    """
    One line names it.
    """
    with pytest.raises(MailboxRefusedError, match=r": folder 'Retours': .*Mailbox doesn't exist"):
        open_once(ImapMailbox(f"imap+plain://yann:secret@127.0.0.1:{dovecot.port}/Retours"))


def test_a_server_that_is_away_is_for_later():
    """
    Nobody listens there.
    """
    with pytest.raises(MailboxUnavailableError, match=r"^mailbox 127\.0\.0\.1:9: .*refused"):
        open_once(ImapMailbox("imap+plain://yann:secret@127.0.0.1:9"))


def test_a_folder_that_is_no_maildir_is_for_later(tmp_path):
    """
    It may not be mounted yet.
    """
    with pytest.raises(MailboxUnavailableError) as caught:
        open_once(MaildirMailbox(tmp_path))

    assert str(caught.value) == f"mailbox {tmp_path}: not a maildir (no folder new)"


@pytest.mark.parametrize(
    ("url", "got"),
    [
        pytest.param("imap+plain://a:b@mail.example/INBOX", "imap+plain://mail.example", id="no TLS"),
        pytest.param("imaps://mail.example/INBOX", "imaps://mail.example", id="no login"),
        pytest.param("pop3://a:b@mail.example", "pop3://mail.example", id="another protocol"),
        pytest.param("/var/mail/bounces", "://", id="a bare path"),
        pytest.param("imaps://a:b@mail.example:x/", "an unreadable address", id="no port"),
        pytest.param("imaps://a:b@mail.example/%C3%A9", "imaps://mail.example", id="a folder with accents"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(url, got):
    """
    One line names the setting and what is expected.
    """
    with pytest.raises(SettingError) as caught:
        read_imap_url(url)

    assert str(caught.value) == f"setting ALERTING_BOUNCE_MAILBOX: {EXPECTED} (got {got!r})"
