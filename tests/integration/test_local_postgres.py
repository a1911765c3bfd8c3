"""The laptop's PostgreSQL starts, stops, and survives being killed."""

from __future__ import annotations

import shutil

import psutil
import pytest
import sqlalchemy

from alerting.errors import LocalStackError
from alerting.local.postgres import LocalPostgres, find_binaries


def answer(server: LocalPostgres) -> int:
    """Ask the server one question."""
    url = server.url("postgres").replace("postgresql://", "postgresql+psycopg://")
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text("SELECT 42")).scalar_one()


@pytest.fixture
def server(servers_folder, request):
    """A server of this test alone."""
    folder = servers_folder / f"own{abs(hash(request.node.name)) % 10_000}"
    own = LocalPostgres(folder, servers_folder / "own.log", is_durable=False)
    yield own
    own.stop()


def test_a_start_and_a_stop_leave_no_process(server):
    """
    The server answers after its start; after its stop the process and its children are gone.
    """
    server.start()
    family = [
        psutil.Process(server.process.pid),
        *psutil.Process(server.process.pid).children(recursive=True),
    ]

    answered = answer(server)
    server.stop()

    assert answered == 42
    assert [process.pid for process in family if process.is_running()] == []


def test_a_start_after_a_kill_works(server):
    """
    SIGKILL leaves a stale pid file and socket; the next start clears them and answers.
    """
    server.start()
    server.process.kill()
    server.process.wait()

    server.start()

    assert answer(server) == 42


def test_a_second_start_on_the_same_folder_is_refused(server):
    """
    A living server is not disturbed: the second start says who holds the folder.
    """
    server.start()
    second = LocalPostgres(server.folder, server.log)

    with pytest.raises(LocalStackError) as caught:
        second.start()

    assert (
        str(caught.value) == f"PostgreSQL: {server.folder}: already running as process {server.process.pid}"
    )
    assert answer(server) == 42


def test_programs_that_other_users_cannot_reach_are_copied_beside_the_data(server, servers_folder):
    """
    Root's clone lies under /root, closed to the user that PostgreSQL runs as; it starts all the same,
    and once more from the copy.
    """
    package, site = find_binaries().parents[1], find_binaries().parents[2]
    closed = servers_folder / "closed"
    for part in (package, package.with_suffix(".libs")):
        shutil.copytree(part, closed / part.name, symlinks=True)
    closed.chmod(0o700)
    server.binaries = closed / find_binaries().relative_to(site)

    server.start()
    first = answer(server)
    server.stop()
    server.start()

    assert (first, answer(server)) == (42, 42)


def test_a_server_that_does_not_start_on_a_full_disk_names_the_disk(server):
    """
    Its log has no room for the reason.  Every disk is full that needs an exabyte; one of enough room is not blamed.
    """
    server.start()
    server.stop()
    (server.folder / "PG_VERSION").write_text("8.0\n")
    failed = f"PostgreSQL: did not start; see {server.log}"

    with pytest.raises(LocalStackError) as caught:
        server.start()
    assert str(caught.value) == failed

    server.least_bytes = 1 << 60
    with pytest.raises(LocalStackError) as caught:
        server.start()
    assert str(caught.value).startswith(f"{failed}; no room is left on the disk of {server.folder} (")
    assert str(caught.value).endswith(" MB free): make some, then start again")
