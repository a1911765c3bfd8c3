"""The real servers that tests ask for; a test whose server cannot be had fails.

``DATABASE_URL`` and ``ELASTICSEARCH_URL`` use given servers; else each pytest worker
starts its own in a short temporary folder and stops it at the end.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy
from hypothesis import HealthCheck, settings

from alerting.local.elasticsearch import LocalElasticsearch, download
from alerting.local.ports import free_port, is_listening
from alerting.local.postgres import LocalPostgres
from alerting.store.database import open_database
from tests.certificates import write_certificate


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


@dataclass(frozen=True)
class Dovecot:
    """A real IMAP server on loopback: any user, the password "secret"; ``certificate`` is the one to trust.

    At 127.0.0.2 it says that it cannot move mails.
    """

    port: int
    tls_port: int
    certificate: Path


@pytest.fixture(scope="session")
def dovecot(servers_folder):
    """A real IMAP server of Debian, installed if it is not there."""
    ensure_debian_program("dovecot", "dovecot-imapd")
    folder = servers_folder / "dovecot"
    server = write_dovecot_settings(folder)
    log = (folder / "output").open("w")
    process = subprocess.Popen(["dovecot", "-F", "-c", folder / "dovecot.conf"], stdout=log, stderr=log)
    until = time.monotonic() + 60
    while not (is_listening(server.port) and is_listening(server.tls_port)):
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, "Dovecot does not listen"
        time.sleep(0.05)
    yield server
    process.terminate()
    process.wait(30)
    log.close()


@pytest.fixture(scope="session")
def nginx():
    """The program of a real proxy of Debian, installed if it is not there."""
    ensure_debian_program("nginx", "nginx-light")
    return "nginx"


def ensure_debian_program(program: str, package: str) -> None:
    """Install a Debian package whose program is not on the path; a test whose server cannot be had fails."""
    if shutil.which(program) is None:
        apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for verb in (["update"], ["install", "-y", "--no-install-recommends", package]):
            subprocess.run([*apt, *verb], check=True, capture_output=True, env=environment)


def write_dovecot_settings(folder: Path) -> Dovecot:
    """Write the settings of a server of its own, with a certificate for 127.0.0.1; return where it will be."""
    mails = folder / "mails"
    mails.mkdir(parents=True)
    certificate, key = write_certificate(folder)
    server = Dovecot(free_port(), free_port(), certificate)
    user, group = ("nobody", "nogroup") if os.geteuid() == 0 else (getpass.getuser(), os.getgid())
    if os.geteuid() == 0:
        shutil.chown(mails, user, group)
    (folder / "dovecot.conf").write_text(
        f"""
        protocols = imap
        listen = 127.0.0.1, 127.0.0.2
        base_dir = {folder}/run
        state_dir = {folder}/state
        log_path = {folder}/log
        default_login_user = {user}
        default_internal_user = {user}
        default_internal_group = {group}
        first_valid_uid = 1
        ssl = yes
        ssl_cert = <{server.certificate}
        ssl_key = <{key}
        mail_location = maildir:{mails}/%u
        auth_failure_delay = 0
        disable_plaintext_auth = no
        # As an older server, which cannot move a mail.
        local 127.0.0.2 {{
          protocol imap {{
            imap_capability = IMAP4rev1 UIDPLUS
          }}
        }}
        passdb {{
          driver = static
          args = password=secret
        }}
        userdb {{
          driver = static
          args = uid={user} gid={group} home={mails}/%u
        }}
        service anvil {{
          chroot =
        }}
        service imap-login {{
          chroot =
          inet_listener imap {{
            port = {server.port}
          }}
          inet_listener imaps {{
            port = {server.tls_port}
          }}
        }}
        """
    )
    return server


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
