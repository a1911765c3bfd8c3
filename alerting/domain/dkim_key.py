"""Where the key is that mails are signed with (DKIM), and under what name its other half is published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DkimKey:
    """The public half stands in the DNS, as a TXT record of ``selector._domainkey.domain``."""

    domain: str
    selector: str
    path: Path
