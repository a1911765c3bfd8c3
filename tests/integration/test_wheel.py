"""The wheel is the whole product: it works where there is no source tree."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy
from alembic.script import ScriptDirectory


ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MIGRATIONS = ROOT / "alerting" / "store" / "migrations"
RENDER_A_DIGEST = """
import json, sys
from datetime import UTC, datetime
from alerting.digests.render import render
from alerting.domain.digest import Digest, DigestItem, TellingKind
from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.domain.profile import Recipient

now = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
notice = Notice("kerlann", "26-10001", "01", NoticeKind.CALL, "Toiture de l'école")
item = DigestItem(TellingKind.NEW, 1, 1, ProcedureState.OPEN, notice)
mail = render(
    Digest("toits", "Toits", "le-goff", "Couverture Le Goff", now, (item,)),
    recipient=Recipient("yann@legoff.example"),
    unsubscribe_url="https://alertes.example/unsubscribe/token",
    sender_name="Alerte marchés",
    now=now,
)
loaded = {name: module.__file__ for name, module in sys.modules.items() if name.startswith("alerting")}
print(json.dumps({"subject": mail.subject, "text": str(mail.text), "html": str(mail.html), "loaded": loaded}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that pyproject.toml describes, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder where nothing but the wheel is installed; its libraries come from our environment."""
    target = tmp_path_factory.mktemp("installed")
    install = [BIN / "uv", "pip", "install", "--python", sys.executable, "--no-cache", "--offline"]
    subprocess.run([*install, "--no-deps", "--target", target, wheel], check=True, capture_output=True)
    return target


@pytest.fixture
def run(installed, tmp_path):
    """How to run a command of the wheel: in an empty folder, before the editable install of our environment."""

    def run_installed(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(installed),
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        }
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return run_installed


@pytest.fixture
def unmigrated_url(postgres_url):
    """The address of a fresh database without a single table."""
    name = f"wheel_{uuid4().hex}"
    server = sqlalchemy.create_engine(
        postgres_url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
    )
    with server.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    yield sqlalchemy.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(sqlalchemy.text(f"DROP DATABASE {name} WITH (FORCE)"))


def files_below(folder: Path, place: str) -> set[str]:
    """Return the files of a source folder, by the names that they have in the wheel."""
    return {
        f"{place}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_file_of_the_product(wheel):
    """
    Modules, migrations, reference data, the demo's data and the templates: what the source tree has, the
    wheel has, and nothing else.
    """
    expected = files_below(ROOT / "alerting", "alerting") | files_below(
        ROOT / "templates", "alerting/_templates"
    )
    assert {
        "alerting/cli/__init__.py",
        "alerting/local/demo/notices.toml",
        "alerting/reference/data/cpv.csv",
        "alerting/reference/data/naf.csv",
        "alerting/store/migrations/env.py",
        "alerting/store/migrations/versions/first_digest_0001.py",
        "alerting/digests/catalogs/br.po",
        "alerting/_templates/email/head.html.j2",
        "alerting/_templates/email/head.txt.j2",
    } <= expected

    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert expected == held


def test_the_wheel_installs_the_command_line(wheel):
    """
    Its one entry point is ``alerting``.
    """
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
        entry_points = configparser.ConfigParser()
        entry_points.read_string(archive.read(name).decode())

    assert {section: dict(entry_points[section]) for section in entry_points.sections()} == {
        "console_scripts": {"alerting": "alerting.cli:main"}
    }


def test_the_installed_command_line_shows_its_help(run, installed):
    """
    ``alerting --help`` answers in a folder without the source tree.
    """
    finished = run(installed / "bin" / "alerting", "--help")

    assert (finished.stderr, finished.returncode) == ("", 0)
    assert "Public notices, told to craft firms once." in finished.stdout


def test_the_installed_command_line_migrates_an_empty_database(run, installed, unmigrated_url):
    """
    The migrations travel with the wheel: a database without a table comes to the newest revision.
    """
    migrate = [installed / "bin" / "alerting", "db", "migrate", "--json"]
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()

    finished = run(*migrate, DATABASE_URL=unmigrated_url, ALERTING_SECRET="a secret of the tests")

    assert (finished.stderr, finished.returncode) == ("", 0)
    assert {"revision": newest, "waiting": 0} == json.loads(finished.stdout)


def test_the_installed_package_renders_a_digest_by_its_own_templates(run, installed):
    """
    Both faces of a mail come from the templates inside the package, and every module from the wheel.
    """
    finished = run(sys.executable, "-c", RENDER_A_DIGEST)

    assert (finished.stderr, finished.returncode) == ("", 0)
    mail = json.loads(finished.stdout)
    assert mail["subject"] == "1 nouveau marché · Toits"
    assert "Toiture de l'école" in mail["text"]
    assert "<html" in mail["html"]
    assert "alerting.digests.render" in mail["loaded"]
    assert {name for name, file in mail["loaded"].items() if not file.startswith(str(installed))} == set()
