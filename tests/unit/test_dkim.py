"""DKIM: what a receiver verifies, and keys that will not do."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from alerting.delivery.dkim import Signer
from alerting.delivery.message import build_message
from alerting.domain.delivery import Envelope
from alerting.domain.dkim_key import DkimKey
from alerting.domain.mail_text import MailText
from alerting.errors import SettingError


RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
MESSAGE = build_message(
    Envelope(
        delivery_id=7,
        message_id="<delivery-7@alertes.example>",
        sender="Alerte marchés <alertes@alertes.example>",
        recipient="anne@lebras.example",
        subject="3 nouveaux marchés · Couverture Redon",
        text=MailText.of("Trois marchés.\n"),
        html=MailText.of("<p>Trois marchés.</p>\n"),
        unsubscribe_url="https://alertes.example/leave/" + "abc" * 60,
    ),
    sent_at=datetime(2026, 3, 2, 7, tzinfo=UTC),
)


def pem(key, form=PrivateFormat.PKCS8) -> bytes:
    """Return a private key in PEM."""
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def record(key) -> bytes:
    """Return the TXT record of a key's public half."""
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + b64encode(public)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + b64encode(public)


def signer(folder, content: bytes) -> Signer:
    """Return a signer with a key of that content."""
    path = folder / "dkim.pem"
    path.write_bytes(content)
    return Signer(DkimKey("alertes.example", "mars2026", path))


def is_verified(message: bytes, key) -> bool:
    """Verify as a receiver does, with a DNS that knows one name."""
    names = {b"mars2026._domainkey.alertes.example.": record(key)}

    def ask(name, timeout=5):  # noqa: ARG001 - dkimpy's name
        return names.get(name if isinstance(name, bytes) else name.encode())

    return dkim.verify(message, dnsfunc=ask)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        pytest.param(pem(RSA), RSA, id="RSA, PKCS 8"),
        pytest.param(pem(RSA, PrivateFormat.TraditionalOpenSSL), RSA, id="RSA, as of old"),
        pytest.param(pem(ED25519), ED25519, id="Ed25519"),
        pytest.param(
            b64encode(ED25519.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())) + b"\n",
            ED25519,
            id="Ed25519, bare",
        ),
    ],
)
def test_a_receiver_verifies_the_signature(tmp_path, content, key):
    """
    The message is as it was, behind a signature that covers the links to leave.
    """
    signed = signer(tmp_path, content)(MESSAGE)

    header, _, rest = signed.partition(b"\r\nFrom: ")
    covered = b"".join(header.partition(b"h=")[2].partition(b";")[0].split()).split(b":")
    assert b"From: " + rest == MESSAGE
    assert is_verified(signed, key)
    assert {b"from", b"subject", b"list-unsubscribe", b"list-unsubscribe-post"} <= set(covered)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"/leave/abc", b"/leave/xyz", id="another link to leave"),
        pytest.param(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"", id="no one click"),
        pytest.param(b"\r\nTo: ", b"\r\nFrom: else@alertes.example\r\nTo: ", id="a second From"),
        pytest.param(b"Trois march=C3=A9s.\r\n", b"Deux march=C3=A9s.\r\n", id="other words"),
    ],
)
def test_what_is_changed_on_the_way_is_seen(tmp_path, before, after):
    """
    A signed mail with one change is not verified.
    """
    signed = signer(tmp_path, pem(ED25519))(MESSAGE)
    changed = signed.replace(before, after, 1)

    assert changed != signed
    assert not is_verified(changed, ED25519)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no key", id="no key"),
        pytest.param(pem(rsa.generate_private_key(65537, 1024)), id="RSA of 1024 bits"),
        pytest.param(b64encode(b"short"), id="too few bytes"),
        pytest.param(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", id="damaged"),
    ],
)
def test_a_key_that_will_not_do_is_one_line(tmp_path, content):
    """
    It names the file, and nothing of what is in it.
    """
    with pytest.raises(SettingError) as caught:
        signer(tmp_path, content)

    assert str(caught.value) == (
        "setting ALERTING_DKIM_KEY: expected a file with an RSA key of 2048 bits or more, or an Ed25519 key, in PEM "
        f"(got {str(tmp_path / 'dkim.pem')!r})"
    )


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    """
    So is a file that cannot be read.
    """
    with pytest.raises(SettingError, match=r"^setting ALERTING_DKIM_KEY: expected a file with an RSA key"):
        Signer(DkimKey("alertes.example", "mars2026", tmp_path / "nothing.pem"))
