"""Sign the addresses that answers come back to, so that each says which delivery it answers.

In:   a secret, the number of a delivery.
Out:  ``bounce+<delivery>-<signature>@domain``, the envelope's sender (VERP), and ``leave+...``, where a
      mail to leave goes; back from an address, which delivery it speaks of and for what.

The signature says that the writer has held a mail of ours: a forged bounce changes nothing.  Mail
servers may fold the local part to one case, so it is of lower-case letters and digits alone, and is read
in any case; it has at most 50 characters of the 64 that every server takes.

Sources: RFC 5321, 4.5.3.1.1 (64 octets); RFC 3464, 2.1 (reports go to the envelope's sender); RFC 4648, 6.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from enum import StrEnum


# 80 bits: too many to guess by mail.
_SIGNATURE_BYTES = 10
_LARGEST_ID = 2**63 - 1
_LOCAL_PART = re.compile(r"(bounce|leave)\+([1-9]\d{0,18})-([a-z2-7]{16})", re.ASCII)

_ADDRESS = re.compile(r"\b(?:bounce|leave)\+\d{1,19}-[a-z2-7]{16}@", re.ASCII | re.IGNORECASE)


class ReturnPurpose(StrEnum):
    """What comes back to a signed address."""

    BOUNCE = "bounce"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """What a signed address says."""

    purpose: ReturnPurpose
    delivery_id: int


def sign_return_address(secret: str, purpose: ReturnPurpose, delivery_id: int, *, domain: str) -> str:
    """Return the address that answers to one delivery come back to.

    Args:
        secret: What links are signed with.
        purpose: What is to come back there.
        delivery_id: Ours, from 1.
        domain: In ASCII; its mail goes, with whatever local part, into the mailbox that we read.
    """
    signature = _sign(secret, purpose, delivery_id)
    return f"{purpose.value}+{delivery_id}-{signature}@{domain}"


def read_return_address(secret: str, address: str) -> ReturnAddress | None:
    """Return what an address says that we signed; None for every other one.  Its domain is not looked at."""
    local, _, _ = address.strip().lower().rpartition("@")
    found = _LOCAL_PART.fullmatch(local)
    if found is None or int(found[2]) > _LARGEST_ID:
        return None
    said = ReturnAddress(ReturnPurpose(found[1]), int(found[2]))
    expected = _sign(secret, said.purpose, said.delivery_id)
    return said if hmac.compare_digest(expected, found[3]) else None


def find_return_addresses(secret: str, text: str) -> list[ReturnAddress]:
    """Return what every address says that stands in a text and that we signed, in its order."""
    found = (read_return_address(secret, address[0]) for address in _ADDRESS.finditer(text))
    return [said for said in found if said is not None]


def _sign(secret: str, purpose: ReturnPurpose, delivery_id: int) -> str:
    said = f"return address:{purpose.value}:{delivery_id}"
    signature = hmac.digest(secret.encode(), said.encode(), "sha256")[:_SIGNATURE_BYTES]
    return b32encode(signature).decode("ascii").lower()
