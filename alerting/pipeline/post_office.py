"""How mail leaves: what every step that sends must know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PostOffice:
    """How mail leaves.

    Args:
        sender: "Name <address>".
        base_url: Public address of our pages.
        secret: Signs the links to leave.
        recipients_allowed: Who may get mail; None: everybody.
        lease_seconds: How long a worker may hold a delivery.
        sending_again_is_safe: Whether a second sending takes the place of the first.
        dialogues: Folder of the workers' logs of dialogues.
        mails_at_once: How many mails are made and handed over at a time.
        mails_per_hour: How many may leave within an hour, over all workers; None: any.
        bounce_domain: Where bounces and mails to leave come back to, an address a delivery; None: to the
            sender, where a person reads them.
    """

    sender: str
    base_url: str
    secret: str
    recipients_allowed: tuple[str, ...] | None
    lease_seconds: int
    sending_again_is_safe: bool
    dialogues: Path
    mails_at_once: int = 8
    mails_per_hour: int | None = None
    bounce_domain: str | None = None
