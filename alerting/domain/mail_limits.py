"""How hard a mail server is worked: connections, mails over each, mails to one domain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


_DOMAIN_LIMIT = re.compile(r"(\*|[A-Za-z0-9.\-]+)=([1-9]\d{0,4})(?:/([1-9]\d{0,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class DomainLimit:
    """How many mails to one domain may be under way at once, and leave over one connection; None: any."""

    at_once: int | None = None
    per_connection: int | None = None


_NO_LIMIT = DomainLimit()


@dataclass(frozen=True, slots=True)
class SmtpLimits:
    """How hard a mail server is worked.

    Args:
        connections: At once.
        mails_per_connection: Then it is ended, and another opened.
        domains: By domain of recipients, in lower case; "*": each other one.
    """

    connections: int = 4
    mails_per_connection: int = 100
    domains: Mapping[str, DomainLimit] = field(default_factory=dict)

    def of(self, domain: str) -> DomainLimit:
        """Return the limit of one domain."""
        return self.domains.get(domain) or self.domains.get("*") or _NO_LIMIT


def read_domain_limits(text: str) -> dict[str, DomainLimit]:
    """Read "orange.fr=2/50 *=10": mails at once, and after the slash over one connection, by domain.

    Raises:
        ValueError: An entry is not of that form; the message is that entry.
    """
    limits = {}
    for entry in text.split():
        found = _DOMAIN_LIMIT.fullmatch(entry)
        if found is None:
            raise ValueError(entry)
        at_once, per_connection = (int(number) if number else None for number in found.group(2, 3))
        limits[found[1].lower()] = DomainLimit(at_once, per_connection)
    return limits
