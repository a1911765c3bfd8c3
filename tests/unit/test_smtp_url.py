"""Addresses of mail servers: TLS, or loopback."""

from __future__ import annotations

import pytest

from alerting.delivery.smtp import MailServer, read_smtp_url
from alerting.errors import SettingError


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer("smtp", "mail.example", 587)),
        ("smtps://mail.example", MailServer("smtps", "mail.example", 465)),
        (
            "smtp://anne:s%40cret@mail.example:2525",
            MailServer("smtp", "mail.example", 2525, "anne", "s@cret"),
        ),
        ("smtp+plain://127.0.0.1:1025", MailServer("smtp+plain", "127.0.0.1", 1025)),
        ("smtp+plain://localhost", MailServer("smtp+plain", "localhost", 25)),
        ("smtp+plain://[::1]:1025", MailServer("smtp+plain", "::1", 1025)),
    ],
)
def test_a_mail_servers_address_is_read(url, server):
    """
    Scheme, host, port or the scheme's own, and who logs in.
    """
    assert read_smtp_url(url) == server


@pytest.mark.parametrize(
    ("url", "got"),
    [
        pytest.param(
            "smtp+plain://anne:secret@mail.example", "smtp+plain://mail.example", id="plain, not loopback"
        ),
        pytest.param("smtp+plain://10.0.0.1", "smtp+plain://10.0.0.1", id="plain, private"),
        pytest.param("http://mail.example", "http://mail.example", id="another protocol"),
        pytest.param("smtp://", "smtp://", id="no host"),
        pytest.param("smtp://mail.example:port", "an unreadable address", id="no number"),
        pytest.param("smtp://[::1", "an unreadable address", id="broken"),
    ],
)
def test_an_address_that_will_not_do_is_refused(url, got):
    """
    One line that shows no password.
    """
    with pytest.raises(SettingError) as caught:
        read_smtp_url(url)

    assert str(caught.value) == (
        "setting SMTP_URL: expected smtp://host (STARTTLS), smtps://host (TLS), or smtp+plain:// on loopback "
        f"(got {got!r})"
    )
