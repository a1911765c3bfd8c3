"""What the command line prints: reports, tables, JSON.

In:   reports of ``alerting.commands``.
Out:  for people tables and lines, times in Paris; with ``--json`` one object a line, under the names of the
      glossary.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from alerting.domain.deadlines import PARIS


PIPE_WIDTH = 160
# Of a word that a table keeps whole, at most: as long as the longest heading; longer ones may go on below.
WORD_WIDTH = 17
# An ISO 8601 moment; people read it to the minute, --json gives it whole.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
# Of a long list on a page; --json has all.
SHOWN = 20
NAMED = 3


def show_report(report: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a report: a line a fact, or one object."""
    if as_json:
        print_json([report])
        return
    for key, value in report.items():
        # What holds nothing, as "kept", would say no more than its name.
        if value != []:
            terminal().print(f"{key}: {_in_words(value)}", soft_wrap=True)


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows: a table of some columns, or one object a line."""
    if as_json:
        print_json(rows)
    else:
        print_table(rows, columns)


def show_some(
    find: Callable[..., Sequence[Mapping[str, Any]]],
    columns: Sequence[str],
    *,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show the first rows that a question finds, and whether there are more: a fleet has thousands."""
    if as_json:
        print_json(find(limit=limit))
        return
    most = limit or SHOWN
    rows = find(limit=most + 1)
    print_table(rows[:most], columns)
    if len(rows) > most:
        terminal().print(f"{most} shown, and there are more: --limit N, or --json for all")


def _in_words(value: object) -> str:
    """Return a value of a report in a line: "fetched 3, not_modified 6" of a step's counts."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_words(part)}" for name, part in value.items())
    return "; ".join(map(_in_words, value)) if isinstance(value, list) else str(value)


def print_json(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print one object a line."""
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print some columns of rows as a table; as lines where it would break words."""
    if not rows:
        terminal().print("none")
        return
    console = terminal()
    cells = [[as_cell(row.get(column)) for column in columns] for row in rows]
    widths = _narrowest([list(columns), *cells])
    if sum(widths) + 3 * len(widths) + 1 > console.width:
        _print_blocks(columns, cells, console)
        return
    # What is too long goes on below: an end that is cut off may be all that tells two rows apart.
    table = Table(
        *(Column(name, overflow="fold", min_width=width) for name, width in zip(columns, widths, strict=True))
    )
    for texts in cells:
        table.add_row(*texts)
    console.print(table)


def _narrowest(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return for each column the width below which it would break words, but those longer than an id."""
    longest = [
        max(len(word) for text in texts for word in [*text.split(), ""]) for texts in zip(*rows, strict=True)
    ]
    return [min(length, WORD_WIDTH) for length in longest]


def _print_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]], console: Console) -> None:
    """Print each row as lines "field: value", without the empty ones, and a line between two rows."""
    for number, texts in enumerate(cells):
        if number:
            console.print()
        for name, text in zip(columns, texts, strict=True):
            if text:
                console.print(f"{name}: {text}", soft_wrap=True)


def as_cell(value: object) -> str:
    """Return a value as people read it: a moment to the minute, in Paris."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(as_cell(item) for item in value)
    text = str(value)
    if MOMENT.fullmatch(text):
        # A person reads the hour of the mails; --json keeps UTC.
        return f"{datetime.fromisoformat(text).astimezone(PARIS):%Y-%m-%d %H:%M}"
    # A title may carry signs that turn a terminal's line around.
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _plain(value: object) -> str:
    return str(value)


def terminal() -> Console:
    """A page's width into a file or a pipe, where nobody can widen the window; texts stay as they are."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(width=width, markup=False, emoji=False)


def complain(line: str) -> None:
    """Say what is wrong, beside the answers."""
    print(f"alerting: {line}", file=sys.stderr)  # noqa: T201 - people read it
