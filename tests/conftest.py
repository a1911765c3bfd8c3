"""The real servers that tests ask for; a test whose server cannot be had fails.

``DATABASE_URL`` and ``ELASTICSEARCH_URL`` use given servers; else each pytest worker
starts its own in a short temporary folder and stops it at the end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy
from hypothesis import HealthCheck, settings

from alerting.local.elasticsearch import LocalElasticsearch, download
from alerting.local.postgres import LocalPostgres
from alerting.store.database import open_database


ROOT = Path(__file__).parents[1]
# How fast a machine draws examples says nothing about what they show.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def servers_folder():
    """A short folder that other users may pass through: sockets need both."""
    folder = Path(tempfile.mkdtemp(prefix="alerting-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url(servers_folder):
    """The address of a PostgreSQL's maintenance database."""
    given = os.environ.get("DATABASE_URL")
    if given is not None:
        yield "postgresql+psycopg://" + given.partition("://")[2]
        return
    server = LocalPostgres(servers_folder / "pg", servers_folder / "postgres.log", is_durable=False)
    server.start()
    yield server.url("postgres").replace("postgresql://", "postgresql+psycopg://")
    server.stop()


@pytest.fixture(scope="session")
def template_database(postgres_url):
    """The name of a migrated database that each test's own is a copy of."""
    name = f"template_{uuid4().hex}"
    run_sql(postgres_url, f"CREATE DATABASE {name}")
    database = open_database(database_address(postgres_url, name))
    database.migrate()
    database.close()
    yield name
    run_sql(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres_url, template_database):
    """The address of a fresh, migrated, empty database."""
    name = f"test_{uuid4().hex}"
    run_sql(postgres_url, f"CREATE DATABASE {name} TEMPLATE {template_database}")
    yield database_address(postgres_url, name)
    run_sql(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(postgres_url):
    """The address of a fresh database without any table."""
    name = f"test_{uuid4().hex}"
    run_sql(postgres_url, f"CREATE DATABASE {name}")
    yield database_address(postgres_url, name)
    run_sql(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def database_address(postgres_url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return sqlalchemy.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


def run_sql(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def elasticsearch_jars():
    """Where Elasticsearch's jars are kept between runs, fetched if they are not there."""
    jars = ROOT / ".local" / "jars"
    download(jars)
    return jars


@pytest.fixture(scope="session")
def elasticsearch_url(servers_folder):
    """The address of a real Elasticsearch 9."""
    given = os.environ.get("ELASTICSEARCH_URL")
    if given is not None:
        yield given
        return
    node = LocalElasticsearch(
        servers_folder / "es", ROOT / ".local" / "jars", servers_folder / "elasticsearch.log"
    )
    node.start()
    yield node.url
    node.stop()
