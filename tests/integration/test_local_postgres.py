"""The laptop's PostgreSQL starts, stops, and survives being killed."""

from __future__ import annotations

import psutil
import pytest
import sqlalchemy

from alerting.errors import LocalStackError
from alerting.local.postgres import LocalPostgres


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
