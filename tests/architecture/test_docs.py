"""The pages tell the truth: generated ones are fresh, links lead somewhere, commands exist."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from alerting.cli import app
from alerting.settings import Settings


ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^(?: {4}|\t)\S.*$", re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
# A name of the code, alone or of its module, class or table: `merge`, `Archive.put`, `feeds.last_failure`.
NAME = re.compile(r"(?:([A-Za-z]\w*)\.)?(_?[A-Za-z]\w*)")
# What a page writes where the reader puts a word of their own: STEP, PATH, [OPTIONS].
PLACEHOLDER = re.compile(r"[^a-z]*[A-Z][^a-z]*")


def load_generator():
    """Return docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages(root: Path) -> list[Path]:
    """Return every page that people read."""
    return sorted(
        [
            *root.glob("*.md"),
            *(page for name in ("docs", "tests", "bench") for page in (root / name).rglob("*.md")),
        ]
    )


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings make."""
    headings = (
        re.sub(r"[^\w\- ]", "", heading).strip().lower() for heading in HEADING.findall(page.read_text())
    )
    return {heading.replace(" ", "-") for heading in headings}


def broken_links(root: Path) -> list[str]:
    """Return "page: link" for every link into this repository that leads nowhere."""
    found = []
    for page in pages(root):
        prose = INDENTED.sub("", FENCE.sub("", page.read_text()))
        ours = [link for link in LINK.findall(prose) if not re.match(r"[a-z]+:", link)]
        name = page.relative_to(root).as_posix()
        found += [f"{name}: {link}" for link in ours if not leads_somewhere(page, link)]
    return found


def leads_somewhere(page: Path, link: str) -> bool:
    """Tell whether a link's file exists and has its heading."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def code_lines(text: str) -> Iterator[str]:
    """Yield what a page shows as commands: its blocks' lines and its spans."""
    blocks = [block for pattern in (FENCE, INDENTED) for block in pattern.findall(text)]
    for block in blocks:
        yield from (line.strip().removeprefix("$ ") for line in block.splitlines())
    yield from SPAN.findall(INDENTED.sub("", FENCE.sub("", text)))


def unknown_commands(root: Path, targets: set[str]) -> list[str]:
    """Return "page: command" for every ``make`` or ``alerting`` command that does not exist."""
    found = []
    for page in pages(root):
        for line in code_lines(page.read_text()):
            words = shlex.split(line, comments=True) if line.startswith(("make ", "alerting ")) else []
            if words and not exists(words, targets):
                found.append(f"{page.relative_to(root).as_posix()}: {line}")
    return found


def exists(words: list[str], targets: set[str]) -> bool:
    """Tell whether the words are a verb of the Makefile, or of the command line with options that it has."""
    if words[0] == "make":
        return {word for word in words[1:] if "=" not in word and not PLACEHOLDER.fullmatch(word)} <= targets
    command = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands"):
        if not rest or PLACEHOLDER.fullmatch(rest[0]) or rest[0] == "--help":
            return True
        if "|" in rest[0]:
            return all(
                exists([*words[: -len(rest)], verb, *rest[1:]], targets) for verb in rest[0].split("|")
            )
        if command.invoke_without_command and rest[0].startswith("--"):
            break
        if rest[0] not in command.commands:
            return False
        command, rest = command.commands[rest[0]], rest[1:]
    known = {
        "--help",
        *(sign for option in command.params for sign in (*option.opts, *option.secondary_opts)),
    }
    return {word.partition("=")[0] for word in rest if word.startswith("--")} <= known


def names_of_the_code(*folders: Path) -> set[str]:
    """Return every name that the code defines or writes as a word: "put", "Archive.put", "load.load_documents"."""
    found = set()
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for name in defined_by(node):
                found |= {name, f"{path.stem}.{name}"}
    return found


def defined_by(node: ast.AST) -> Iterator[str]:
    """Yield what a piece of code defines, members with their owner, and the words of calls: a table's columns."""
    match node:
        case ast.ClassDef(name=name, body=body):
            yield name
            yield from (f"{name}.{member}" for part in body for member in defined_by(part))
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Call(args=[ast.Constant(value=str(table)), _, *columns]):
            yield table
            words = (
                word.value
                for column in columns
                for word in ast.walk(column)
                if isinstance(word, ast.Constant)
            )
            yield from (f"{table}.{word}" for word in words)
        case ast.Constant(value=str(word)):
            yield word


def unknown_names(page: Path, known: set[str]) -> list[str]:
    """Return the names that a page's spans take from the code, and that are not there."""
    spans = SPAN.findall(INDENTED.sub("", FENCE.sub("", page.read_text())))
    return [span for span in spans if NAME.fullmatch(span) and span not in known]


def test_the_generated_pages_are_fresh():
    """
    What ``make docs`` writes is what the repository has.
    """
    generated = load_generator().pages()
    assert sorted(generated) == [
        "docs/cli.md",
        "docs/dags.md",
        "docs/settings.md",
        "templates/email/closing.html.j2",
        "templates/email/dates.html.j2",
        "templates/email/fit.html.j2",
        "templates/email/head.html.j2",
        "templates/email/links.html.j2",
        "templates/email/lots.html.j2",
        "templates/email/opening.html.j2",
        "templates/email/opinion.html.j2",
        "templates/email/others.html.j2",
        "templates/email/section.html.j2",
        "templates/email/why.html.j2",
    ]

    stale = [name for name, text in generated.items() if (ROOT / name).read_text() != text]

    assert stale == [], "run: make docs"


def test_the_settings_page_names_what_the_settings_read():
    """
    Every variable that alerting/settings.py reads is on the page, and every field of Settings; no other.
    """
    source = ast.parse((ROOT / "alerting/settings.py").read_text())
    texts = {
        node.value
        for node in ast.walk(source)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    settings = load_generator().SETTINGS

    assert {name for name, _, _ in settings} == {
        text for text in texts if re.fullmatch(r"[A-Z][A-Z_]+[A-Z]", text)
    }
    assert {field.partition(".")[0] for _, field, _ in settings} == {field.name for field in fields(Settings)}


def test_every_link_leads_somewhere():
    """
    No page points to a file or a heading that is not there.
    """
    assert {ROOT / "README.md", ROOT / "docs/runbook.md", ROOT / "tests/README.md"} <= set(pages(ROOT))

    assert broken_links(ROOT) == []


def test_every_command_exists():
    """
    Every ``make`` verb and ``alerting`` verb that a page shows can be typed, with its options.
    """
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    assert {"demo", "test", "help"} <= targets

    assert unknown_commands(ROOT, targets) == []


def test_the_tour_names_what_is_there():
    """
    Every function, class, table and column that the tour names exists, in the module that it says.
    """
    tour = ROOT / "docs/tour.md"
    assert {"`fetch_due_feeds`", "`documents.add_document`", "`feeds.last_failure`"} <= set(
        re.findall(r"`[^`]+`", tour.read_text())
    )

    assert unknown_names(tour, names_of_the_code(ROOT / "alerting", ROOT / "plugins")) == []


def test_a_name_that_is_nowhere_is_seen(tmp_path):
    """
    The check above can fail: a function that was renamed, moved to another module, or a column that went.
    """
    (tmp_path / "load.py").write_text(
        "class Archive:\n    def put(self): ...\nfeeds = Table('feeds', m, Column('etag'))\n"
    )
    page = tmp_path / "page.md"
    page.write_text(
        "`put`, `Archive.put`, `load.put`, `feeds.etag`; `get`, `Archive.get`, `fetch.put`, `feeds.url`"
    )

    assert unknown_names(page, names_of_the_code(tmp_path)) == [
        "get",
        "Archive.get",
        "fetch.put",
        "feeds.url",
    ]


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        pytest.param("[a](b.md)", ["README.md: b.md"], id="no such file"),
        pytest.param("# One\n[a](#two)", ["README.md: #two"], id="no such heading"),
        pytest.param(
            "# Word `code`, one\n[a](#word-code-one) [b](README.md) [c](https://a.example)",
            [],
            id="all there",
        ),
        pytest.param("    [a](b.md)\n", [], id="a block of code has no links"),
    ],
)
def test_a_broken_link_is_seen(tmp_path, text, broken):
    """
    The check above can fail: a link to nothing is named with its page.
    """
    (tmp_path / "README.md").write_text(text)

    assert broken_links(tmp_path) == broken


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        pytest.param("`make tea`", ["README.md: make tea"], id="no such target"),
        pytest.param("    make test tea\n", ["README.md: make test tea"], id="one of two targets"),
        pytest.param("`alerting feeds drop`", ["README.md: alerting feeds drop"], id="no such verb"),
        pytest.param(
            "```\n$ alerting why A B --loud\n```", ["README.md: alerting why A B --loud"], id="no such option"
        ),
        pytest.param(
            "`make WORKERS=4 test`, `alerting run STEP`, `alerting VERB`, `alerting feeds pause|resume`",
            [],
            id="all there",
        ),
        pytest.param(
            "    alerting feeds add a https://a.example --authority 'A B'  # adds\n", [], id="a whole line"
        ),
        pytest.param("We make tea; alerting firms is our trade.", [], id="prose"),
    ],
)
def test_an_unknown_command_is_seen(tmp_path, text, unknown):
    """
    The check above can fail: a command that nobody can type is named with its page.
    """
    (tmp_path / "README.md").write_text(text)

    assert unknown_commands(tmp_path, {"test"}) == unknown
