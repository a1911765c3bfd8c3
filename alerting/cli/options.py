"""What several verbs take, and the codes that they end with."""

from __future__ import annotations

from typing import Annotated

import typer


EXIT_ACT = 2
EXIT_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
EXIT_BUG = 1
EXIT_STOPPED = 130
# As PostgreSQL numbers rows.
Number = Annotated[int, typer.Argument(min=1, max=2**63 - 1)]
Why = Annotated[str, typer.Option(help="Why you say so; kept with the notice.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Limit = Annotated[
    int | None, typer.Option(min=1, help="At most so many rows; a table has 20 by itself, --json all.")
]
OfFirm = Annotated[str | None, typer.Option("--firm", help="Only those of this firm.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the lines that were accepted, too.")]
Paths = Annotated[list[str], typer.Argument(help="Files, or folders of .xml .rss .atom .json files.")]


def either(choice: bool | None, yes: str, no: str) -> bool:  # noqa: FBT001
    """Return which of two flags was given; neither is refused by the names of both."""
    if choice is None:
        raise typer.BadParameter(f"expected {yes} or {no} (got neither)")
    return choice
