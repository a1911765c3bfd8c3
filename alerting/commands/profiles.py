"""Profiles: what they ask, what they would have brought, when they rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.commands.report import Report
from alerting.pipeline import audit as auditing, backtest, registry, show


def add_profile(firm_id: str, profile: Mapping[str, Any], *, parts: Parts | None = None) -> Report:
    """Add one profile of a firm, or change it; its fields are those of the TOML file.

    "kept" and "overruled" are as of ``import_firms``; "waiting" counts the profiles to match.

    Raises:
        ProfileError: It cannot be used as written.
        UnknownIdError: No such firm.
    """
    with bootstrap.opened(parts) as opened:
        return registry.add_profile(opened.database, firm_id, profile, now=opened.now)


def check_profile(firm_id: str, profile: Mapping[str, Any], *, parts: Parts | None = None) -> None:
    """Refuse what ``add_profile`` would refuse; save nothing.

    Raises:
        ProfileError: It cannot be used as written, or its id is another firm's.
        UnknownIdError: No such firm.
    """
    with bootstrap.opened(parts) as opened:
        registry.check_profile(opened.database, firm_id, profile)


def try_saved_profile(profile_id: str, *, parts: Parts | None = None) -> Report:
    """Report what a saved profile would have brought in ninety days, see ``alerting.pipeline.backtest``.

    Raises:
        UnknownIdError: No profile of that id stands.
    """
    with bootstrap.opened(parts) as opened:
        return backtest.try_saved(opened.database, profile_id, now=opened.now, index=opened.index)


def try_profile(firm_id: str, profile: Mapping[str, Any], *, parts: Parts | None = None) -> Report:
    """Report the same of a profile that is not saved, fields as of ``add_profile``; the firm need not exist.

    Raises:
        ProfileError: It cannot be used as written.
    """
    with bootstrap.opened(parts) as opened:
        return backtest.try_draft(opened.database, firm_id, profile, now=opened.now, index=opened.index)


def try_profiles_file(
    path: str, *, profile_id: str | None = None, parts: Parts | None = None
) -> list[Report]:
    """Report the same of each profile of a firms file, or of the one of an id.

    Raises:
        ProfileError: The file cannot be used.
        UnknownIdError: No profile of that id is in it.
    """
    text = registry.read_text(Path(path))
    with bootstrap.opened(parts) as opened:
        return backtest.try_file(opened.database, text, profile_id, now=opened.now, index=opened.index)


def try_single_profile(path: str, *, parts: Parts | None = None) -> Report | None:
    """Report the same of a firms file's only profile; None where it has several, or none, or is a list.

    Raises:
        ProfileError: The file cannot be used.
    """
    if registry.is_table(path):
        return None
    text = registry.read_text(Path(path))
    with bootstrap.opened(parts) as opened:
        return backtest.try_single(opened.database, text, now=opened.now, index=opened.index)


def audit_profiles(*, parts: Parts | None = None) -> list[Report]:
    """Report profiles that never bring anything or bring everything, and trades without a notice."""
    with bootstrap.opened(parts) as opened:
        return auditing.audit(opened.database, now=opened.now)


def pause_profile(
    profile_id: str, *, until: date, catches_up: bool = True, parts: Parts | None = None
) -> Report:
    """Compose no digests of a profile until a day begins in Paris.

    Args:
        profile_id: Whose.
        until: The first day of digests again.
        catches_up: Whether what came up in between is told then.
        parts: For tests.

    Raises:
        UnknownIdError: No such profile stands.
        ProfileError: The day is not from tomorrow to a year from now.
    """
    with bootstrap.opened(parts) as opened:
        return registry.pause_profile(
            opened.database, profile_id, until=until, catches_up=catches_up, now=opened.now
        )


def resume_profile(profile_id: str, *, catches_up: bool = False, parts: Parts | None = None) -> Report:
    """End a profile's pause; what came up in between is told if the pause was to catch up.

    Args:
        profile_id: Whose.
        catches_up: Tell also what a pause without catching up was to leave out, even one that is over.
        parts: For tests.

    Raises:
        UnknownIdError: No such profile stands.
    """
    with bootstrap.opened(parts) as opened:
        return registry.resume_profile(opened.database, profile_id, catches_up=catches_up, now=opened.now)


def list_profiles(
    *, firm_id: str | None = None, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return standing profiles, of a firm or of all: rhythm, pause, criteria, how much each matches.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with bootstrap.opened(parts) as opened:
        return show.list_profiles(opened.database, firm_id=firm_id, limit=limit, now=opened.now)
