"""An address of Internet mail, as SMTP can carry it.

Source: RFC 5321, 4.1.2 (without quoted local parts and address literals); RFC 3490 (domains in ASCII);
RFC 6531, 3.3 (local parts that are not in ASCII, which a server must offer to carry).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# A domain without a dot is nobody's on the Internet; on a laptop there is one.
_ADDRESS = re.compile(
    r"[^\s\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+@(?:localhost|[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)"
)
_FORBIDDEN_IN_LOCAL = re.compile(r"[()<>,;:\\\"@\[\]]")


# As a server quotes one, in brackets or among words; a local part in quotes may hold a space.
_SAID = re.compile(r"""(?:"[^"\s]+(?:\s[^"\s]+)*"|[^\s<>()\[\],;:"@]+)@[\w\-]+(?:\.[\w\-]+)*""")


@dataclass(frozen=True, slots=True)
class MailAddress:
    """One address: the name beside it ("" for none), what stands before the sign, the domain in ASCII."""

    name: str
    local: str
    domain: str

    @property
    def bare(self) -> str:
        """What stands in the envelope: without the name."""
        return f"{self.local}@{self.domain}"


def read_address(text: str) -> MailAddress | None:
    """Return the address of "Name <address>" or of a bare address; None when there is none to write to.

    >>> read_address("Alerte <avis@métiers.example>")
    MailAddress(name='Alerte', local='avis', domain='xn--mtiers-bva.example')
    """
    name, address = _name_and_address(text)
    local, _, domain = address.rpartition("@")
    domain = to_ascii(domain) or ""
    if not _ADDRESS.fullmatch(f"{local}@{domain}") or _FORBIDDEN_IN_LOCAL.search(local):
        return None
    return MailAddress(name, local, domain)


def to_ascii(domain: str) -> str | None:
    """Return a domain as it stands in DNS; None where it cannot stand there.

    >>> to_ascii("métiers.example")
    'xn--mtiers-bva.example'
    """
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or number leads nowhere but to this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def one_line(text: str) -> str:
    """Return *text* with line breaks, other control characters and runs of spaces as one space each."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def hide_addresses(text: str, *, recipient: str) -> str:
    """Return what a mail server said, without any address; that of the recipient, in any case, by that word.

    >>> hide_addresses("550 <Anne@Bras.example> left, ask info@bras.example", recipient="anne@bras.example")
    '550 <recipient> left, ask address'
    """

    def name(said: re.Match[str]) -> str:
        return "recipient" if said[0].lower() == recipient.lower() else "address"

    return _SAID.sub(name, text)


def _name_and_address(text: str) -> tuple[str, str]:
    """Split "Name <address>"; a text without angle brackets is an address."""
    head, separator, rest = text.rpartition("<")
    if not separator or not rest.endswith(">"):
        return "", text
    return one_line(head).strip('"'), rest[:-1]
