"""``alerting notices``, ``match``, ``trades``, ``why``: what is one purchase, and whom it is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from alerting import commands
from alerting.cli.options import AsJson, Number, Why
from alerting.cli.output import as_cell, show_report, show_rows, terminal
from alerting.reference.naf import get_naf, naf_label


notices = typer.Typer(no_args_is_help=True, help="Notices, and the procedures they were put into.")
match = typer.Typer(no_args_is_help=True, help="Try profiles on notices; match open procedures again.")
trades = typer.Typer(no_args_is_help=True, help="Trades: what stands for a craft in notices.")


@notices.command("show")
def show_notices(notice: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show the notices of a procedure, and what put each there; by source id, key or number."""
    columns = ("procedure_id", "notice_id", "source_id", "kind", "title", "step", "evidence")
    show_rows(commands.show_notices(notice), columns, as_json=as_json)


@notices.command("split")
def split_notice(notice_id: Number, why: Why, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Take a notice, in all its versions, out of its procedure into one of its own."""
    show_report(commands.split_notice(notice_id, why=why), as_json=as_json)


@notices.command("join")
def join_notice(notice_id: Number, procedure_id: Number, why: Why, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Put a notice, in all its versions, into a procedure."""
    show_report(commands.join_notice(notice_id, procedure_id, why=why), as_json=as_json)


@match.command("try")
def try_match(
    profiles: Annotated[str, typer.Option(help="A TOML file of firms.")],
    notices: Annotated[list[str], typer.Option(help="Documents or folders; may be repeated.")],
    more: Annotated[list[str] | None, typer.Argument(help="More documents or folders.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Match the profiles of a file with the notices of documents, without a database."""
    rows = commands.try_match(profiles=profiles, notices=[*notices, *(more or [])])
    show_rows(rows, ("profile_id", "source_id", "lots", "score", "path"), as_json=as_json)


@match.command("again")
def match_again(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Let the next run match all open procedures again: after an upgrade with other words of trades."""
    show_report(commands.match_again(), as_json=as_json)


@trades.command("list")
def list_trades(as_json: AsJson = False) -> None:  # noqa: FBT002
    """List the trades, what else each may be called, and the version of the table."""
    rows = commands.list_trades()
    show_rows(rows, ("trade", "label", "family", "synonyms"), as_json=as_json)
    if not as_json:
        terminal().print(f"{len(rows)} trades, version {rows[0]['version']}")


@trades.command("explain")
def explain_trade(name: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Say what stands for a trade: words, hints, CPV and NAF codes, and what sets it apart from others."""
    report = commands.explain_trade(name)
    shown = report if as_json else {key: as_cell(value) for key, value in report.items() if value}
    show_report(shown, as_json=as_json)


@trades.command("for")
def trades_for(
    text: Annotated[str | None, typer.Argument(help="A title, as a buyer would write it.")] = None,
    naf: Annotated[str | None, typer.Option(help="An activity: 43.22A, 4322A or 43.22.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Say which trades a title asks for, and by which words; or which trades an activity means."""
    rows = commands.trades_for(text, naf_code=naf)
    if naf is not None and not rows and not as_json:
        terminal().print(f"no trade does it: {naf} {naf_label(get_naf(naf)) or ''}".rstrip())
        return
    columns = ("trade", "label", "points", "words", "told") if naf is None else ("trade", "label")
    show_rows(rows, columns, as_json=as_json)


def why(firm: str, notice: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Say why each profile of a firm matches a notice or not: what it was told, or what would let it in."""
    columns = ("profile_id", "title", "state", "matches", "lots", "why", "told", "would_match")
    rows = commands.why(firm, notice)
    show_rows(rows if as_json else [_why_row(row) for row in rows], columns, as_json=as_json)


def _why_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person reads of one profile: what it was told and when, and why no more."""
    told = [f"{telling['kind']} {as_cell(telling['created_at'])}" for telling in row["told"]]
    held = [f"no: {row['not_told']}"] if row["not_told"] else []
    return {**row, "told": [*told, *held] or "no"}
