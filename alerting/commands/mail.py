"""Digests and mails: what was told, what left, what came back, and who gets none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.commands.report import Report
from alerting.pipeline import outgoing, receive, registry, settle, show, suppress


def list_tellings(
    *, firm_id: str | None = None, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return what profiles were told, of one firm or of all, the newest first, with the digest that told it.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with bootstrap.opened(parts) as opened:
        return show.list_tellings(opened.database, firm_id=firm_id, limit=limit)


def print_digest(
    digest_id: int, *, page: str, language_code: str = "fr", parts: Parts | None = None
) -> Report:
    """Write a digest on one sheet, an HTML page to print.

    Raises:
        UnknownIdError: There is none of that number, or no such language.
        OutputError: The page cannot be written there.
    """
    with bootstrap.opened(parts) as opened:
        sheet = show.print_digest(opened.database, digest_id, language_code=language_code, now=opened.now)
    registry.write_text(Path(page), sheet)
    return {"digest_id": digest_id, "page": page}


def list_deliveries(
    *,
    state: str | None = None,
    firm_id: str | None = None,
    limit: int | None = None,
    parts: Parts | None = None,
) -> list[Report]:
    """Return deliveries, newest first, of one state or of all, of one firm or of all."""
    with bootstrap.opened(parts) as opened:
        return show.list_deliveries(opened.database, state=state, firm_id=firm_id, limit=limit)


def count_deliveries(*, firm_id: str | None = None, parts: Parts | None = None) -> Mapping[str, int]:
    """Return how many deliveries stand in each state: queued, claimed, sent, deferred and so on."""
    with bootstrap.opened(parts) as opened:
        return show.count_deliveries(opened.database, firm_id=firm_id)


def preview_deliveries(*, parts: Parts | None = None) -> list[Report]:
    """Return each mail that is due, whether it would leave now, and why not; nothing is sent or changed."""
    with bootstrap.opened(parts) as opened:
        return outgoing.preview_deliveries(opened.database, opened.post, now=opened.now)


def replay_digest(digest_id: int, *, to: str, parts: Parts | None = None) -> Report:
    """Queue a digest once more for one recipient of its firm, under a Message-ID of its own.

    Raises:
        UnknownIdError: No such digest, or nobody of its firm has that address.
    """
    with bootstrap.opened(parts) as opened:
        return outgoing.replay_digest(opened.database, opened.post, digest_id, to=to, now=opened.now)


def resolve_delivery(delivery_id: int, *, arrived: bool, parts: Parts | None = None) -> Report:
    """Settle a delivery in doubt by what the mailbox shows: it arrived, or it is sent again.

    Raises:
        UnknownIdError: No delivery of that number is in doubt.
    """
    with bootstrap.opened(parts) as opened:
        return settle.resolve_delivery(opened.database, delivery_id, arrived=arrived, now=opened.now())


def stop_mail(*, why: str, parts: Parts | None = None) -> Report:
    """Let no mail leave until ``release_mail``; a run that is sending ends after what it has claimed."""
    with bootstrap.opened(parts) as opened:
        return outgoing.stop_mail(opened.database, why=why, now=opened.now)


def release_mail(*, parts: Parts | None = None) -> Report:
    """Let mail leave again; "waiting" counts what the next run of deliver sends."""
    with bootstrap.opened(parts) as opened:
        return outgoing.release_mail(opened.database, now=opened.now)


def list_received(*, limit: int | None = None, parts: Parts | None = None) -> list[Report]:
    """Return the mails that came back, the newest first: kind, delivery, status, the server's words."""
    with bootstrap.opened(parts) as opened:
        return receive.list_received(opened.database, limit=limit)


def list_suppressions(
    *, with_ended: bool = False, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return the orders not to mail an address, the newest first; by default those that stand."""
    with bootstrap.opened(parts) as opened:
        return suppress.list_suppressions(opened.database, with_ended=with_ended, limit=limit)


def add_suppression(
    email: str, *, why: str, profile_id: str | None = None, parts: Parts | None = None
) -> Report:
    """Order not to mail an address, in general or about one profile.

    Returns:
        suppression_id; None when an order as strong stands already.

    Raises:
        ProfileError: It is no address.
    """
    with bootstrap.opened(parts) as opened:
        return suppress.add_suppression(
            opened.database, email, why=why, profile_id=profile_id, now=opened.now
        )


def lift_suppression(
    email: str, *, why: str, profile_id: str | None = None, parts: Parts | None = None
) -> Report:
    """Lift the order that stands about an address, in general or about one profile.

    Raises:
        UnknownIdError: None stands.
    """
    with bootstrap.opened(parts) as opened:
        return suppress.lift_suppression(
            opened.database, email, why=why, profile_id=profile_id, now=opened.now
        )
