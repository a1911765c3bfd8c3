"""Firms and their recipients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.commands.report import Report
from alerting.errors import ProfileError
from alerting.pipeline import enrol, registry, show


def import_firms(path: str, *, list_name: str | None = None, parts: Parts | None = None) -> Report:
    """Add or change the firms, recipients and profiles of a TOML file.

    What the file says as it said it last changes nothing: a proposal that a firm accepted and the rhythm that
    it chose stand, and are named in "kept".  What the file says otherwise holds, and is named in "overruled"
    where the firm had changed it, too.  A profile whose criteria changed is matched again; "waiting" counts
    the profiles to match.

    Firms of a list (.csv, .txt, .tsv) are entered by somebody else, and told nothing before each has
    confirmed by the link of the one mail that it gets: the report counts the lines "added", "changed",
    "unchanged" and "refused", and has each of the "lines"; "waiting" counts the mails to send.  That mail
    says by *list_name* where it has the address from.

    Raises:
        ProfileError: The file cannot be used; nothing of it is stored.
    """
    if registry.is_table(path):
        content = registry.read_bytes(Path(path))
        with bootstrap.opened(parts) as opened:
            return enrol.import_table(
                opened.database,
                content,
                list_name=list_name,
                secret=opened.settings.secret,
                sender=opened.settings.sender,
                now=opened.now,
            )
    if list_name is not None:
        raise ProfileError(f"{path}: expected a list (.csv, .txt, .tsv) where a list is named (got TOML)")
    text = registry.read_text(Path(path))
    with bootstrap.opened(parts) as opened:
        return registry.import_firms(opened.database, text, now=opened.now)


def add_firm(
    firm_id: str,
    name: str,
    *,
    recipients: Sequence[str],
    siret: str | None = None,
    parts: Parts | None = None,
) -> Report:
    """Add a firm and its recipients' addresses, or change it; its other recipients and profiles stay.

    Raises:
        ProfileError: It cannot be used as written.
    """
    people = [{"email": email} for email in recipients]
    with bootstrap.opened(parts) as opened:
        return registry.add_firm(
            opened.database,
            {"id": firm_id, "name": name, "recipients": people, "siret": siret},
            now=opened.now,
        )


def confirm_firm(firm_id: str, *, parts: Parts | None = None) -> Report:
    """Let a firm that was imported be told, on an operator's word; "waiting" counts the profiles to match.

    Raises:
        UnknownIdError: No firm of that id waits for its confirmation.
    """
    with bootstrap.opened(parts) as opened:
        return enrol.confirm_firm(opened.database, firm_id, now=opened.now)


def erase_firm(firm_id: str, *, parts: Parts | None = None) -> Report:
    """Take everything personal off a firm; that it was told things, and when, stays.

    Raises:
        UnknownIdError: No such firm.
    """
    with bootstrap.opened(parts) as opened:
        return registry.erase_firm(opened.database, firm_id, secret=opened.settings.secret, now=opened.now)


def list_firms(
    *, like: str | None = None, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return firms, by id, with their recipients' count and the ids of their profiles.

    Args:
        like: Only those with this text in id, name, SIRET or an address, in whatever case.
        limit: At most so many; None: all.
        parts: For tests.
    """
    with bootstrap.opened(parts) as opened:
        return show.list_firms(opened.database, like=like, limit=limit)
