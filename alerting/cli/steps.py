"""``alerting run`` and what runs beside: the database, what waits, the pages that mails link to."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from alerting import bootstrap, commands
from alerting.cli.options import AsJson, Limit
from alerting.cli.output import show_report, show_rows, show_some


db = typer.Typer(no_args_is_help=True, help="The database.")


@db.command("migrate")
def migrate(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Bring the database to the newest schema."""
    show_report(commands.migrate(), as_json=as_json)


class Step(StrEnum):
    """A step of the flow, or all of them."""

    FETCH = "fetch"
    LOAD = "load"
    INDEX = "index"
    MATCH = "match"
    COMPOSE = "compose"
    DELIVER = "deliver"
    RECEIVE = "receive"
    ALL = "all"


_STEPS = {
    Step.FETCH: commands.fetch_due_feeds,
    Step.LOAD: commands.load_documents,
    Step.INDEX: commands.index_procedures,
    Step.MATCH: commands.match_profiles,
    Step.COMPOSE: commands.compose_digests,
    Step.DELIVER: commands.deliver_digests,
    Step.RECEIVE: commands.receive_mails,
    Step.ALL: commands.run_all,
}


def run(
    step: Step,
    dry: Annotated[bool, typer.Option("--dry", help="deliver: show what would leave.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Run one step of the flow once, or all in order; deliver --dry sends and changes nothing."""
    if not dry:
        show_report(_STEPS[step](), as_json=as_json)
        return
    if step is not Step.DELIVER:
        raise typer.BadParameter(f"only deliver can be tried dry (got {step.value})", param_hint="--dry")
    columns = ("delivery_id", "recipient", "subject", "attempt_count", "leaves", "why_not")
    show_rows(commands.preview_deliveries(), columns, as_json=as_json)


def list_rejects(
    feed: Annotated[str | None, typer.Option(help="Only those of this feed.")] = None,
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show what could not be read, and why, the newest first."""
    columns = ("feed_id", "document_id", "stage", "where", "problem", "seen_count")
    show_some(partial(commands.list_rejects, feed_id=feed), columns, limit=limit, as_json=as_json)


def count_waiting(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show how many rows wait for each step."""
    show_report(commands.count_waiting(), as_json=as_json)


def recover(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Settle leases that ran out, then do what waits, from load to delivery."""
    show_report(commands.recover(), as_json=as_json)


def web(
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 in a container.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
) -> None:
    """Serve the pages that mails link to: leave, come back; and /health."""
    from alerting.web.server import serve  # noqa: PLC0415 - no other verb needs a web server

    with bootstrap.opened(None) as parts:
        serve(parts, host=host, port=port)
