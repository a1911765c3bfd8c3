"""Addresses in the words of mail servers: none is kept, however it is spelt."""

from __future__ import annotations

import pytest

from alerting.domain.address import hide_addresses


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <anne@lebras.example>: unknown", "550 5.1.1 <recipient>: unknown"),
        ("550 <Anne@LeBras.Example>: unknown", "550 <recipient>: unknown"),
        ("rfc822;ANNE@lebras.example", "rfc822;recipient"),
        ("no such user anne@lebras.example.", "no such user recipient."),
        ("write to info@lebras.example, or [paul@x.example]", "write to address, or [address]"),
        ("<hélène@métiers.example> moved", "<address> moved"),
        ("bounces+anne=lebras.example@list.example", "address"),
        ('unknown "anne le bras"@lebras.example', "unknown address"),
        ("anneanne@lebras.example", "address"),
        ("250 2.0.0 OK queued as 4711", "250 2.0.0 OK queued as 4711"),
        ("451 try @ noon", "451 try @ noon"),
    ],
)
def test_no_address_is_left_in_what_a_server_said(said, kept):
    """
    The recipient's own is named as such, in whatever letters; any other is an address.
    """
    assert hide_addresses(said, recipient="anne@lebras.example") == kept
