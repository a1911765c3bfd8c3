"""``alerting feeds``: feeds of member authorities, and what documents of theirs say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from reprlib import repr as short_repr
from typing import Annotated, Any

import typer

from alerting import commands
from alerting.cli.options import EXIT_ACT, EXIT_TRY_AGAIN, AsJson, Paths
from alerting.cli.output import (
    NAMED,
    SHOWN,
    complain,
    print_json,
    print_table,
    show_report,
    show_rows,
    terminal,
)


feeds = typer.Typer(no_args_is_help=True, help="Feeds of member authorities.")


@feeds.command("add")
def add_feed(
    url: str,
    feed_id: Annotated[str | None, typer.Option("--id", help="Its short name; else its host.")] = None,
    authority: Annotated[str | None, typer.Option(help="Who publishes it; else its host.")] = None,
    format: Annotated[str, typer.Option(help="As `feeds check` names it, or auto.")] = "auto",  # noqa: A002
    credentials: Annotated[str | None, typer.Option(help="env:NAME or airflow:CONNECTION.")] = None,
    local: Annotated[bool, typer.Option(help="May be on a private address.")] = False,  # noqa: FBT002
    start: Annotated[bool, typer.Option("--start", help="Switch it on at once.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Read one document of a feed, show what firms would be told, and register it.

    A new feed rests until `feeds resume ID`, or --start; one that is known goes on as it was.
    Exit code 2: it could not be read; 75: its server is away.  Nothing is registered then.
    """
    report = commands.subscribe_feed(
        url,
        feed_id=feed_id,
        authority=authority,
        format=format,
        is_local=local,
        credentials=credentials,
        is_started=start,
    )
    is_refused = report["state"] == "refused"
    if as_json or not is_refused:
        _show_tried(report, as_json=as_json)
    if is_refused:
        complain(f"{_why_refused(report)}; nothing is registered")
        raise typer.Exit(EXIT_TRY_AGAIN if report["is_away"] else EXIT_ACT)


@feeds.command("seed")
def seed_feeds(path: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Register the feeds of a TOML file."""
    show_report(commands.seed_feeds(path), as_json=as_json)


@feeds.command("list")
def list_feeds(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show every feed: when it was read and how, when it is due, what went wrong last."""
    columns = (
        "feed_id", "authority", "format", "last_success_at", "last_outcome", "next_check_at", "paused_at",
        "silent_days", "last_failure",
    )  # fmt: skip
    rows = commands.list_feeds()
    show_rows(rows if as_json else [_feed_row(row) for row in rows], columns, as_json=as_json)


@feeds.command("pause")
def pause_feed(feed_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Ask a feed no more, until it is resumed."""
    show_report(commands.pause_feed(feed_id), as_json=as_json)


@feeds.command("resume")
def resume_feed(feed_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Ask a paused feed again."""
    show_report(commands.resume_feed(feed_id), as_json=as_json)


@feeds.command("retry")
def retry_feed(feed_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Ask a feed at once, and read its answer even if it is the last one again."""
    show_report(commands.retry_feed(feed_id), as_json=as_json)


@feeds.command("replay")
def replay_documents(
    feed: Annotated[str | None, typer.Option(help="Only of this feed.")] = None,
    document: Annotated[
        int | None, typer.Option(min=1, max=2**63 - 1, help="Only this document, by its number.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was read whole.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Load archived documents again: without --all those of which something was refused."""
    report = commands.replay_documents(feed_id=feed, document_id=document, also_read=everything)
    show_report(report, as_json=as_json)


@feeds.command("check")
def check_feeds(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH|URL...",
            help="Files, folders of .xml .rss .atom .json files, http or https addresses.",
        ),
    ],
    local: Annotated[bool, typer.Option(help="Addresses may be private ones.")] = False,  # noqa: FBT002
    html: Annotated[str | None, typer.Option(help="Write a page in French for who publishes.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Read documents and say, for each, what was read, what is missing, what was refused and why.

    Exit code 0: something could be read of every document; 2: of at least one, nothing.
    """
    reports = commands.check_feeds(paths, is_local=local, page=html)
    outcomes = [report["outcome"] for report in reports]
    if as_json:
        print_json(reports)
    else:
        columns = ("path", "format", "outcome", "notices", "missing", "unreadable", "problem")
        print_table([_check_row(report) for report in _within(paths, reports)], columns)
        counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in sorted(set(outcomes)))
        noun = "document" if len(reports) == 1 else "documents"
        terminal().print(f"{len(reports)} {noun}: {counts}")
    if "refused" in outcomes:
        raise typer.Exit(EXIT_ACT)


@feeds.command("link")
def link_notices(paths: Paths, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Read documents and show which notices speak of the same purchase."""
    rows = commands.link_notices(paths)
    if as_json:
        print_json(rows)
        return
    flat = [
        {"procedure": number, **notice}
        for number, row in enumerate(rows, start=1)
        for notice in row["notices"]
    ]
    print_table(_within(paths, flat), ("procedure", "source_id", "step", "path"))


def _show_tried(report: Mapping[str, Any], *, as_json: bool) -> None:
    """Show what one document of a feed holds, to whom it would be told, and what became of the feed."""
    if as_json:
        print_json([report])
        return
    found = report["notices"]
    if found:
        columns = ("title", "deadline_at", "is_open", "missing", "told_to")
        print_table([{**row, "told_to": _told_to(row["told_to"])} for row in found[:SHOWN]], columns)
    lines = [f"{reject['where']}: {reject['problem']}" for reject in report["rejects"][:SHOWN]]
    lines += [_unreadable_value(entry) for row in found for entry in row["unreadable"]][:SHOWN]
    told = sum(bool(row["told_to"]) for row in found)
    counts = f"{len(found)} notices, {sum(row['is_open'] for row in found)} open, {told} to tell"
    lines.append(f"{report['format'] or 'no format'}, {report['outcome']}: {counts}")
    if report["moved_from"] is not None:
        lines.append(f"feed {report['feed_id']}: its address was {report['moved_from']} until now")
    lines.append(f"feed {report['feed_id']}: {report['state']}")
    if report["state"] == "paused":
        lines.append(f"switch it on with: alerting feeds resume {report['feed_id']}")
    for line in lines:
        terminal().print(line)


def _why_refused(report: Mapping[str, Any]) -> str:
    """Return why nothing could be read of a feed: the first reason, and how many more there are."""
    first, *others = report["rejects"]
    more = f" (and {len(others)} more)" if others else ""
    return f"feed {report['feed_id']!r}: {first['where']}: {first['problem']}{more}"


def _told_to(rows: Sequence[Mapping[str, Any]]) -> str:
    names = [str(row["profile_id"]) for row in rows]
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _feed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person reads of a feed: beside "auto" the format in which it was last read."""
    asked, found = row["format"], row["last_format"]
    return {**row, "format": asked if found in {None, asked} else f"{asked}: {found}"}


def _within(paths: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows with their paths as they are within the folder, where one folder was asked for."""
    folder = Path(paths[0])
    if len(paths) > 1 or not folder.is_dir():
        return list(rows)
    return [
        {**row, "path": str(Path(row["path"]).relative_to(folder))}
        if Path(row["path"]).is_relative_to(folder) and Path(row["path"]) != folder
        else row
        for row in rows
    ]


def _check_row(report: Mapping[str, Any]) -> dict[str, Any]:
    missing = sorted({field for fields in report.get("missing", []) for field in fields})
    unreadable = [entry for entries in report.get("unreadable", []) for entry in entries]
    problems = [f"{reject['where']}: {reject['problem']}" for reject in report["rejects"]]
    problems += map(_unreadable_value, unreadable)
    return {
        **report,
        "notices": len(report["notices"]),
        "missing": missing,
        "unreadable": sorted({entry["field"] for entry in unreadable}),
        "problem": next(iter(problems), ""),
    }


def _unreadable_value(entry: Mapping[str, Any]) -> str:
    """Return in a line what is wrong with a value that could not be read."""
    return f"{entry['field']}: expected {entry['rule']} (got {short_repr(entry['before'])})"
