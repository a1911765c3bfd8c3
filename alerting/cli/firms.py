"""``alerting firms``: firms and their recipients."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import typer

from alerting import commands
from alerting.cli.back_test import show_back_test
from alerting.cli.options import EXIT_ACT, AsJson, Limit, Verbose
from alerting.cli.output import print_table, show_report, show_some, terminal


firms = typer.Typer(no_args_is_help=True, help="Firms, their recipients and profiles.")


@firms.command("import")
def import_firms(
    path: str,
    from_list: Annotated[
        str | None, typer.Option(help="Whose list it is, as the mail says where it has the address from.")
    ] = None,
    verbose: Verbose = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Add or change the firms of a TOML file, or of a list with a report a line.

    Firms of a .toml become what the file says: recipients and profiles that it leaves out end, and are named.
    What it says as it said it last leaves alone what a firm changed since by its mails ("kept"); what it says
    otherwise holds ("overruled").
    Firms of a list (.csv, .txt or .tsv: SIRET, name, NAF, commune or postcode, e-mail) get one mail with a
    link to confirm, and nothing else before.  The lines that were refused are shown, the others counted.
    Exit code 2: at least one was refused.  A .toml of one profile alone shows first what it would have
    brought.
    """
    _show_single(path, as_json=as_json)
    report = commands.import_firms(path, list_name=from_list)
    if "lines" not in report or as_json:
        show_report(report, as_json=as_json)
    else:
        _show_lines(report, is_verbose=verbose)
    if report.get("refused"):
        raise typer.Exit(EXIT_ACT)


@firms.command("confirm")
def confirm_firm(firm_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Let an imported firm be told what it matches, without the link: it said so otherwise."""
    show_report(commands.confirm_firm(firm_id), as_json=as_json)


@firms.command("add")
def add_firm(
    firm_id: str,
    name: str,
    recipient: Annotated[list[str], typer.Option(help="Who gets its mail; may be repeated.")],
    siret: Annotated[str | None, typer.Option(help="14 digits.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Add a firm, or change its name and add recipients; those it has stay, and are counted."""
    show_report(commands.add_firm(firm_id, name, recipients=recipient, siret=siret), as_json=as_json)


@firms.command("erase")
def erase_firm(firm_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Take everything personal off a firm; what was queued for it is not sent."""
    show_report(commands.erase_firm(firm_id), as_json=as_json)


@firms.command("list")
def list_firms(
    like: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="Only those with it in id, name, SIRET or an address."),
    ] = None,
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show firms, by their ids."""
    columns = ("firm_id", "name", "recipient_count", "profiles", "unconfirmed_since")
    show_some(partial(commands.list_firms, like=like), columns, limit=limit, as_json=as_json)


def _show_single(path: str, *, as_json: bool) -> None:
    """Show what a file's only profile would have brought; of several, `profiles try --file` does."""
    tried = None if as_json else commands.try_single_profile(path)
    if tried is not None:
        show_back_test(tried)


def _show_lines(report: Mapping[str, Any], *, is_verbose: bool) -> None:
    """Show what became of the lines of a list: those that were refused, or all."""
    columns = ("line", "siret", "state", "field", "got", "expected")
    shown = [row for row in report["lines"] if is_verbose or row["state"] == "refused"]
    if shown:
        print_table([{"field": ", ".join(row.get("fields", ())), **row} for row in shown], columns)
    counts = ("added", "changed", "unchanged", "refused", "asked")
    terminal().print(", ".join(f"{report[name]} {name}" for name in counts))
