"""``alerting deliveries``, ``digests``, ``suppressions`` and what becomes of mails."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from alerting import commands
from alerting.cli.options import AsJson, Limit, Number, OfFirm, either
from alerting.cli.output import show_report, show_some, terminal
from alerting.domain.delivery import DeliveryState


deliveries = typer.Typer(invoke_without_command=True)
digests = typer.Typer(no_args_is_help=True, help="Digests, as they were composed.")
suppressions = typer.Typer(no_args_is_help=True, help="Orders not to mail an address.")


@deliveries.callback()
def list_deliveries(
    context: typer.Context,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those that stand so.")] = None,
    firm: OfFirm = None,
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show how many deliveries stand in each state, and the newest, with what the server said last."""
    if context.invoked_subcommand is not None:
        return
    if not as_json:
        counts = commands.count_deliveries(firm_id=firm)
        terminal().print(", ".join(f"{count} {name}" for name, count in counts.items()))
    columns = (
        "delivery_id", "digest_id", "profile_id", "recipient", "state", "attempt_count", "next_attempt_at",
        "sent_at", "blame", "answer",
    )  # fmt: skip
    find = partial(commands.list_deliveries, state=state.value if state else None, firm_id=firm)
    show_some(find, columns, limit=limit, as_json=as_json)


@deliveries.command("count")
def count_deliveries(
    firm: OfFirm = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show how many deliveries stand in each state."""
    show_report(commands.count_deliveries(firm_id=firm), as_json=as_json)


@deliveries.command("replay")
def replay_digest(
    digest_id: Number,
    to: Annotated[str, typer.Option(help="An address of the digest's firm.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Queue a digest once more for one recipient, as a mail of its own; it leaves with the next deliver."""
    show_report(commands.replay_digest(digest_id, to=to), as_json=as_json)


@deliveries.command("stop")
def stop_mail(
    why: Annotated[str, typer.Option(help="Why; shown until mail is released.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Let no mail leave, until it is released; digests are composed and queued meanwhile."""
    show_report(commands.stop_mail(why=why), as_json=as_json)


@deliveries.command("release")
def release_mail(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Let mail leave again, with the next run of deliver."""
    show_report(commands.release_mail(), as_json=as_json)


@digests.command("print")
def print_digest(
    digest_id: Number,
    html: Annotated[str, typer.Option(help="The file to write.")],
    language: Annotated[str, typer.Option(help="fr, en or br.")] = "fr",
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Write a digest on one sheet, an HTML page to print and pin to a wall."""
    show_report(commands.print_digest(digest_id, page=html, language_code=language), as_json=as_json)


@suppressions.command("list")
def list_suppressions(
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,  # noqa: FBT002
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show who gets no mail, and why, the newest first."""
    columns = ("email", "profile_id", "kind", "reason", "created_at", "until_at", "ended_at", "ended_reason")
    find = partial(commands.list_suppressions, with_ended=everything)
    show_some(find, columns if everything else columns[:-2], limit=limit, as_json=as_json)


@suppressions.command("add")
def add_suppression(
    email: str,
    why: Annotated[str, typer.Option(help="Why; kept with it.")],
    profile: Annotated[str | None, typer.Option(help="Only about this profile.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Mail an address no more."""
    show_report(commands.add_suppression(email, why=why, profile_id=profile), as_json=as_json)


@suppressions.command("lift")
def lift_suppression(
    email: str,
    why: Annotated[str, typer.Option(help="Why; kept with it.")],
    profile: Annotated[str | None, typer.Option(help="The order about this profile.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Mail an address again; what was not sent meanwhile is not sent later."""
    show_report(commands.lift_suppression(email, why=why, profile_id=profile), as_json=as_json)


def list_received(limit: Limit = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show the mails that came back, and what they say, the newest first."""
    columns = ("received_at", "kind", "delivery_id", "recipient", "status", "diagnostic")
    show_some(commands.list_received, columns, limit=limit, as_json=as_json)


def list_tellings(firm: OfFirm = None, limit: Limit = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show what each profile was told, the newest first."""
    columns = ("telling_id", "profile_id", "kind", "title", "told_revision", "digest_id", "created_at")
    show_some(partial(commands.list_tellings, firm_id=firm), columns, limit=limit, as_json=as_json)


def resolve(
    delivery_id: Number,
    arrived: Annotated[
        bool | None,
        typer.Option("--arrived/--again", help="It is in the mailbox, or send it again; one is needed."),
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Settle a delivery in doubt by what the mailbox shows."""
    is_there = either(arrived, "--arrived", "--again")
    show_report(commands.resolve_delivery(delivery_id, arrived=is_there), as_json=as_json)
