"""``alerting feedback``: what firms say of what they were told, and what it could change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from alerting import commands
from alerting.cli.options import AsJson, Limit, either
from alerting.cli.output import print_json, print_table, show_report, show_some, terminal
from alerting.domain.feedback import Opinion


feedback = typer.Typer(no_args_is_help=True, help="What firms say of what they were told.")


@feedback.command("give")
def give_opinion(
    firm: str,
    notice: str,
    useful: Annotated[
        bool | None, typer.Option("--useful/--not-for-us", help="What the firm says of it; one is needed.")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Keep that a notice is useful to a firm, or not for it; show how its profile could be narrowed."""
    is_useful = either(useful, "--useful", "--not-for-us")
    opinion = Opinion.USEFUL if is_useful else Opinion.NOT_FOR_US
    report = commands.give_opinion(firm, notice, opinion)
    if as_json:
        print_json([report])
        return
    show_report({key: value for key, value in report.items() if key != "proposals"}, as_json=False)
    _show_proposals(report["profile_id"], report["proposals"])


@feedback.command("undo")
def undo_opinion(firm: str, notice: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Take back what a firm says of a notice."""
    show_report(commands.undo_opinion(firm, notice), as_json=as_json)


@feedback.command("list")
def list_opinions(
    firm: Annotated[str | None, typer.Argument(help="Only this firm's.")] = None,
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show what firms say of what they were told, the newest first."""
    columns = ("firm_id", "profile_id", "procedure_id", "title", "opinion", "recipient_id", "created_at")
    show_some(partial(commands.list_opinions, firm), columns, limit=limit, as_json=as_json)


@feedback.command("propose")
def propose_changes(profile_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show how a profile could be narrowed after what its firm said, and what each change would keep out."""
    rows = commands.propose_changes(profile_id)
    if as_json:
        print_json(rows)
    else:
        _show_proposals(profile_id, rows)


@feedback.command("accept")
def accept_proposal(
    profile_id: str,
    key: Annotated[str, typer.Argument(help="Of a change that is proposed now.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Make a proposed change of a profile; nothing changes a profile by itself."""
    show_report(commands.accept_proposal(profile_id, key), as_json=as_json)


@feedback.command("revert")
def revert_change(
    profile_id: str,
    key: Annotated[str, typer.Argument(help="Of a change that was accepted.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Take back a change that was accepted; what else has changed of the profile since stays."""
    show_report(commands.revert_change(profile_id, key), as_json=as_json)


def _show_proposals(profile_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        terminal().print("nothing to propose")
        return
    print_table(rows, ("change", "not_for_us", "others", "useful", "key"))
    terminal().print(f"make one: alerting feedback accept {profile_id} KEY")
