"""Notices and purchases: which is which, whom they are for, and how they are found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.commands.report import Report
from alerting.domain.search import SearchRequest
from alerting.errors import ProfileError
from alerting.pipeline import crafts, dry, index, link, registry, why as why_not


def search(request: SearchRequest, *, parts: Parts | None = None) -> Report:
    """Search the index; the report is that of ``alerting.index.search``.

    Raises:
        SearchUnavailableError: No index is set, or it is away.
        SearchError: The request's token is not of this question, or has run out.
    """
    with bootstrap.opened(parts) as opened:
        return index.search(opened.index, request, now=opened.now)


def why(firm_id: str, notice_id: str, *, parts: Parts | None = None) -> list[Report]:
    """Say, for each profile of a firm, why it matches a notice or not, and what it was told.

    Args:
        firm_id: A firm's id.
        notice_id: A source id, a procedure key, or our procedure's number.
        parts: For tests.

    Raises:
        UnknownIdError: No such firm or notice.
    """
    with bootstrap.opened(parts) as opened:
        return why_not.why(opened.database, firm_id, notice_id, now=opened.now())


def show_notices(name: str, *, parts: Parts | None = None) -> list[Report]:
    """Return every notice of a procedure, with the step and evidence that put it there.

    Args:
        name: A source id, a procedure key, or our procedure's number.
        parts: For tests.

    Raises:
        UnknownIdError: No notice or procedure of that name.
    """
    with bootstrap.opened(parts) as opened:
        return link.show_notices(opened.database, name)


def split_notice(notice_id: int, *, why: str, parts: Parts | None = None) -> Report:
    """Take a notice, by our number, out of its procedure into one of its own.

    Raises:
        UnknownIdError: No such notice, or it is alone already.
    """
    with bootstrap.opened(parts) as opened:
        return link.split_notice(opened.database, notice_id, why=why)


def join_notice(notice_id: int, procedure_id: int, *, why: str, parts: Parts | None = None) -> Report:
    """Put a notice, by our number, into a procedure.

    Raises:
        UnknownIdError: No such notice or procedure, or it is there already.
    """
    with bootstrap.opened(parts) as opened:
        return link.join_notice(opened.database, notice_id, procedure_id, why=why, now=opened.now)


def try_match(*, profiles: str, notices: Sequence[str]) -> list[Report]:
    """Match the profiles of a TOML file with the notices of files; one report a pair."""
    return dry.try_match(registry.read_text(Path(profiles)), dry.find_documents(notices))


def list_trades() -> list[Report]:
    """Report every trade."""
    return crafts.list_trades()


def explain_trade(name: str) -> Report:
    """Report all that stands for a trade, by any of its names.

    Raises:
        ProfileError: The name is no trade's, or several trades'.
    """
    return crafts.explain(name)


def trades_for(text: str | None = None, *, naf_code: str | None = None) -> list[Report]:
    """Report the trades that a text, as a title would say it, asks for; or those of a code of NAF.

    Raises:
        ProfileError: Neither is given, or both; the text is empty, or there is no such code.
    """
    if naf_code is not None and text is None:
        return crafts.trades_of_activity(naf_code)
    if text is None or naf_code is not None:
        got = "neither" if text is None else "both"
        raise ProfileError(f"expected a text or a code of NAF (got {got})")
    return crafts.trades_of_text(text)
