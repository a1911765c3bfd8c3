"""What people see on a terminal, wide or narrow, and which flags they are told of."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from alerting.cli.output import show_report


# A terminal's own signs for bold and colours.
STYLE = re.compile(r"\x1b\[[0-9;]*m")
ALERTING = Path(sys.executable).parent / "alerting"
ROOT = Path(__file__).parents[2]


def on_terminal(*arguments: str | Path, columns: int) -> list[str]:
    """Return the lines that a verb shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    environment = os.environ | {
        "COLUMNS": str(columns),
        "TERM": "xterm",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    with subprocess.Popen(
        [ALERTING, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return [line.rstrip() for line in STYLE.sub("", shown.decode()).splitlines()]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # The other end is closed: Linux calls it EIO.
        return b""


@pytest.fixture
def folder(tmp_path, rss):
    """Return a folder of a long name with two documents whose names differ at their end."""
    found = tmp_path / ("releve-des-avis-publies-" * 4)
    found.mkdir()
    (found / "avis-du-lundi.xml").write_text(rss(("7", "Réfection de la toiture")))
    (found / "avis-du-mardi.xml").write_text("<annuaire/>")
    return found


def test_a_table_that_a_narrow_terminal_has_no_room_for_is_shown_row_by_row(folder):
    """
    Each field on a line under its whole name, the empty ones left out, a line between two rows.
    """
    narrow = on_terminal("feeds", "check", folder, columns=60)

    between = narrow.index("")
    assert narrow[:4] == ["path: avis-du-lundi.xml", "format: rss", "outcome: read", "notices: 1"]
    assert narrow[between + 1] == "path: avis-du-mardi.xml"
    assert narrow[-1] == "2 documents: 1 read, 1 refused"


def test_a_table_that_has_just_enough_room_breaks_no_word(folder):
    """
    Long texts go on below, in less room; headings and short values stay whole.
    """
    table = on_terminal("feeds", "check", folder, columns=100)

    headings = ["path", "format", "outcome", "notices", "missing", "unreadable", "problem"]
    assert re.split(r"\W+", table[1].strip("┃ ")) == headings
    assert any("avis-du-lundi.xml" in line for line in table)


def test_a_table_on_a_wide_terminal_names_files_within_the_folder(folder):
    """
    What tells them apart is there, whatever the folder is called.
    """
    wide = on_terminal("feeds", "check", folder, columns=160)

    assert [name for line in wide for name in ("avis-du-lundi.xml", "avis-du-mardi.xml") if name in line] == [
        "avis-du-lundi.xml",
        "avis-du-mardi.xml",
    ]
    assert not [line for line in wide if "releve" in line or "…" in line]
    assert [line for line in wide if "path" in line and "outcome" in line and "missing" in line]


def test_a_cell_that_is_too_long_goes_on_below(folder):
    """
    Nothing of a path is cut off, neither its beginning nor its end.
    """
    files = [folder / "avis-du-lundi.xml", folder / "avis-du-mardi.xml"]

    wide = on_terminal("feeds", "check", *files, columns=120)

    cells = [line.split("│")[1].strip() for line in wide if line.startswith("│")]
    assert "".join(cells) == "".join(map(str, files))


@pytest.mark.parametrize("columns", [60, 160])
def test_what_a_document_says_is_shown_letter_by_letter(folder, columns):
    """
    An element between colons is no picture; brackets and backslashes are no style and no sign of one.
    """
    (folder / "avis-du-lundi.xml").write_bytes(b"%PDF-1.7")
    (folder / "avis-du-mardi.xml").write_text(
        '<ContractNotice xmlns="urn:oasis:names:specification:ubl:schema:xsd:ContractNotice-2"/>'
    )
    (folder / r":ok: [bold]a\[1] .xml").write_text("<annuaire/>")

    shown = " ".join(
        " ".join(on_terminal("feeds", "check", folder, columns=columns)).replace("│", " ").split()
    )

    assert "cbc:ID: expected a notice id (got none)" in shown
    assert r":ok: [bold]a\[1] .xml" in shown


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        pytest.param(("feedback", "give", "le-goff", "1"), ("--useful", "--not-for-us"), id="an opinion"),
        pytest.param(("resolve", "1"), ("--arrived", "--again"), id="a doubt"),
    ],
)
def test_a_choice_that_is_missing_is_asked_for_by_both_its_flags(arguments, flags):
    """
    Exit code 2, and nothing is done.
    """
    finished = subprocess.run([ALERTING, *arguments], capture_output=True, encoding="utf-8", check=False)

    assert (finished.returncode, finished.stdout) == (2, "")
    assert [flag for flag in flags if flag in finished.stderr] == list(flags)


@pytest.mark.parametrize(
    ("given", "is_fresh"),
    [
        pytest.param([], False, id="not given"),
        pytest.param(["FRESH="], False, id="empty"),
        pytest.param(["FRESH=0"], False, id="0"),
        pytest.param(["FRESH=no"], False, id="no"),
        pytest.param(["FRESH=1"], True, id="1"),
    ],
)
def test_the_demo_begins_anew_for_one_word_alone(given, is_fresh):
    """
    FRESH=0 forgets nothing.
    """
    command = ["make", "--dry-run", "--old-file=.venv/installed", "demo", *given]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout

    assert "alerting.local.demo_run" in shown
    assert ("--fresh" in shown) is is_fresh


def test_what_each_step_made_is_shown_in_words(capsys):
    """
    A report within a report, a list of some, a value that holds nothing: none is shown in Python's signs.
    """
    report = {"fetch": {"not_modified": 6, "documents": [74, 3]}, "kept": [], "run_id": "a-1"}

    show_report(report, as_json=False)

    assert capsys.readouterr().out == "fetch: not_modified 6, documents 74; 3\nrun_id: a-1\n"
