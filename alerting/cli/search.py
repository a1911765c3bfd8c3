"""``alerting search`` and ``index``: the searchable copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from alerting import commands
from alerting.cli.options import AsJson
from alerting.cli.output import print_json, print_table, show_report, terminal
from alerting.domain.criteria import LARGEST_RADIUS_KM
from alerting.domain.notice import NoticeKind
from alerting.domain.search import SearchRequest, SearchSort


_FACETED = 5
index = typer.Typer(no_args_is_help=True, help="The searchable copy.")


def search(  # noqa: PLR0913, PLR0917 - one option a criterion
    text: Annotated[
        str,
        typer.Argument(
            help='Words that must all stand; "words in a row" in quotes; or a number, a CPV code.'
        ),
    ] = "",
    like: Annotated[int | None, typer.Option(help="Others like this procedure.")] = None,
    departement: Annotated[list[str] | None, typer.Option(help="22, 2A, Bretagne; may be repeated.")] = None,
    near: Annotated[str | None, typer.Option(help="A commune or postcode: work in or around it.")] = None,
    radius: Annotated[int, typer.Option(min=0, max=LARGEST_RADIUS_KM, help="How many km around it.")] = 0,
    trade: Annotated[list[str] | None, typer.Option(help="As of profiles; may be repeated.")] = None,
    cpv: Annotated[list[str] | None, typer.Option(help="Eight digits; covers its subtree.")] = None,
    kind: Annotated[list[NoticeKind] | None, typer.Option(help="Of the newest notice.")] = None,
    buyer: Annotated[str | None, typer.Option(help="A SIRET, or words of its name.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Can still be answered.")] = False,  # noqa: FBT002
    minimum: Annotated[int | None, typer.Option(min=0, help="Stated amount in euros, at least.")] = None,
    maximum: Annotated[int | None, typer.Option(min=0, help="At most.")] = None,
    sort: Annotated[SearchSort, typer.Option(help="What comes first.")] = SearchSort.RELEVANCE,
    size: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    after: Annotated[str | None, typer.Option(help="The token that ended the page before.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Search procedures; nothing but conditions shows the newest that meet them."""
    request = SearchRequest(
        text=text,
        like=like,
        trades=tuple(trade or ()),
        departements=tuple(departement or ()),
        near=near,
        radius_km=radius,
        cpv_codes=tuple(cpv or ()),
        kinds=tuple(kind or ()),
        buyer=buyer,
        open_only=open_only,
        minimum_cents=None if minimum is None else 100 * minimum,
        maximum_cents=None if maximum is None else 100 * maximum,
        sort=sort,
        size=size,
        after=after,
    )
    report = commands.search(request)
    if as_json:
        print_json([report])
    else:
        _show_found(report)


@index.command("rebuild")
def rebuild_index(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Build the search index anew beside the one that serves; killed, it goes on where it was."""
    show_report(commands.rebuild_index(), as_json=as_json)


def _show_found(report: Mapping[str, Any]) -> None:
    """Show what was found, then how it is spread, other words, and how to go on."""
    columns = ("procedure_id", "title", "buyer", "departements", "deadline_at", "state")
    print_table([_found_row(row) for row in report["found"]], columns)
    lines = [f"{report['total']} found"]
    for name, values in report["facets"].items():
        shown = [f"{value.get('label') or value['value']} ({value['count']})" for value in values[:_FACETED]]
        if shown:
            lines.append(f"{name}: {', '.join(shown)}")
    for word, others in report["suggestions"].items():
        lines.append(f"{word} stands nowhere; near it: {', '.join(others) or 'nothing'}")
    if report["after"] is not None:
        lines.append(f"next page: --after {report['after']}")
    for line in lines:
        terminal().print(line, soft_wrap=True)


def _found_row(row: Mapping[str, Any]) -> dict[str, Any]:
    places = [*row["places"], *(place for lot in row["lots"] for place in lot["places"])]
    stated = {place["departement"] for place in places if place["departement"] is not None}
    buyer = row["buyer"] or {}
    return {**row, "buyer": buyer.get("name"), "departements": sorted(stated)}
