"""Sign mails (DKIM), where the mail server does not.

In:   a domain, a selector, a file with an RSA key of 2048 bits or more, or an Ed25519 key.
Out:  messages with a DKIM-Signature in front, over all that a reader's provider acts upon: List-Unsubscribe
      and List-Unsubscribe-Post are in its h=, without which one click counts for nothing.

Sources: RFC 6376 (3.5, 5.4); RFC 8301 (key length); RFC 8463 (Ed25519); RFC 8058, 4 (one click).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

import dkim
from dkim.crypto import UnparsableKeyError, parse_pem_private_key

from alerting.domain.dkim_key import DkimKey
from alerting.errors import SettingError


_RELAXED = (b"relaxed", b"relaxed")
# From twice: none may be added.
_SIGNED = (
    b"from", b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe",
    b"list-unsubscribe-post", b"auto-submitted", b"mime-version", b"content-type",
)  # fmt: skip
_SHORTEST_RSA = 2048
_SEED_BYTES = 32
# RFC 8410, 7: an Ed25519 key in PKCS 8, up to its 32 bytes.
_ED25519_HEAD = bytes.fromhex("302e020100300506032b657004220420")
_PEM = re.compile(rb"-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)-----END PRIVATE KEY-----")
_EXPECTED = "a file with an RSA key of 2048 bits or more, or an Ed25519 key, in PEM"


class Signer:
    """Signs messages; called with one, returns it signed.

    Raises:
        SettingError: The file cannot be read, or holds no such key.  Nothing of the key is in the message.
    """

    def __init__(self, where: DkimKey) -> None:
        self._domain = where.domain.encode()
        self._selector = where.selector.encode()
        try:
            self._key, self._algorithm = _read_key(where.path.read_bytes())
        except (OSError, ValueError, UnparsableKeyError) as error:
            raise SettingError("ALERTING_DKIM_KEY", _EXPECTED, str(where.path)) from error

    def __call__(self, message: bytes) -> bytes:
        """Return a message with its signature in front."""
        signature = dkim.DKIM(message).sign(
            self._selector,
            self._domain,
            self._key,
            signature_algorithm=self._algorithm,
            canonicalize=_RELAXED,
            include_headers=_SIGNED,
        )
        return bytes(signature) + message


def _read_key(content: bytes) -> tuple[bytes, bytes]:
    """Return a key as dkimpy wants it, and its algorithm.

    Raises:
        ValueError, UnparsableKeyError: It is none.
    """
    seed = _ed25519_seed(content)
    if seed is not None:
        return b64encode(seed), b"ed25519-sha256"
    if parse_pem_private_key(content)["modulus"].bit_length() < _SHORTEST_RSA:
        raise ValueError("too short")
    return content, b"rsa-sha256"


def _ed25519_seed(content: bytes) -> bytes | None:
    found = _PEM.search(content)
    try:
        # Without PEM: the 32 bytes in base64, as dkimpy's own tool writes them.
        raw = b64decode(found[1] if found else content.strip(), validate=found is None)
    except Base64Error:
        return None
    if found is None:
        return raw if len(raw) == _SEED_BYTES else None
    return raw.removeprefix(_ED25519_HEAD) if raw.startswith(_ED25519_HEAD) else None
