"""The one way to PostgreSQL: an engine, its transactions, its migrations.

In:   a SQLAlchemy URL, or an engine that somebody else made.
Out:  transactions; a server that is away is a StoreUnavailableError.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from psycopg.errors import DiskFull, ProgramLimitExceeded, UndefinedColumn, UndefinedTable
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from alerting.domain.json import write_json
from alerting.errors import StoreOutdatedError, StoreUnavailableError, UnstorableError


__all__ = ["Connection", "Database", "Locks", "lock", "migrate", "open_database", "savepoint"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_TRY_HOLD = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_LET_GO = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
_MIGRATION_LOCK = "alerting: migrations"


class Database:
    """Every fact's place; a thin coat around a SQLAlchemy engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction: committed at the end, rolled back when anything is raised.

        Raises:
            StoreUnavailableError: The server is away, or ended this transaction for another's sake.
        """
        with _errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection for questions: each sees what stands when it is asked, and holds nothing.

        Raises:
            StoreUnavailableError: The server is away.
        """
        with _errors(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def migrate(self) -> str:
        """Bring the schema to the newest revision and return its name."""
        return migrate(self)

    def create_if_absent(self, name: str) -> None:
        """Make another database of the same server, unless there is one of that name.

        Raises:
            StoreUnavailableError: The server is away, or does not let us.
        """
        with _errors(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            found = connection.execute(
                text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}
            )
            if found.first() is None:
                connection.execute(text(f'CREATE DATABASE "{name}"'))

    @contextmanager
    def try_hold(self, name: str) -> Iterator[bool]:
        """Hold the lock of that name without an open transaction; yields False where somebody else holds it.

        Raises:
            StoreUnavailableError: The server is away.
        """
        with self.lend_locks() as locks:
            is_ours = locks.try_hold(name)
            try:
                yield is_ours
            finally:
                if is_ours:
                    locks.let_go(name)

    @contextmanager
    def lend_locks(self) -> Iterator[Locks]:
        """Lend what holds locks without an open transaction; those that it holds at the end, end.

        Raises:
            StoreUnavailableError: The server is away.
        """
        with _errors():
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            # A connection that goes back to the pool would take its locks along.
            connection.detach()
            yield Locks(connection)
        finally:
            connection.close()

    def close(self) -> None:
        """Close every idle connection."""
        self.engine.dispose()


class Locks:
    """Locks of a connection of their own: they end with it, by whatever way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def try_hold(self, name: str) -> bool:
        """Hold the lock of that name; False where somebody else holds it.

        Raises:
            StoreUnavailableError: The server is away.
        """
        with _errors():
            return bool(self._connection.execute(_TRY_HOLD, {"name": name}).scalar_one())

    def let_go(self, name: str) -> None:
        """Let go of a lock that is held: the server hears of the connection's end only later."""
        # Where the connection is lost, so is the lock.
        with suppress(DBAPIError):
            self._connection.execute(_LET_GO, {"name": name})


def open_database(url: str) -> Database:
    """Return the database at a SQLAlchemy URL; nothing is connected yet."""
    # What PostgreSQL refuses is told without the values that it was given: addresses, tokens, words.
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=5, json_serializer=write_json, hide_parameters=True
    )
    return Database(engine)


def migrate(database: Database) -> str:
    """Run the migrations that are missing, one process at a time; return the schema's revision."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with database.begin() as connection:
        lock(connection, _MIGRATION_LOCK)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return MigrationContext.configure(connection).get_current_revision() or ""


def lock(connection: Connection, name: str) -> None:
    """Wait until nobody else holds the lock of that name; it ends with the transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what is done within when anything is raised; the transaction goes on.

    Raises:
        UnstorableError: A value is too large, no value of its column, or against its table's rules.
    """
    try:
        with connection.begin_nested():
            yield
    except DBAPIError as error:
        if isinstance(error, IntegrityError):
            raise UnstorableError(f"PostgreSQL cannot hold it: {_first_line(error)}") from error
        with _errors():
            raise


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, UndefinedTable | UndefinedColumn):
            line = "PostgreSQL: the tables are not ours, or of an older version; run: alerting db migrate"
            raise StoreOutdatedError(line) from error
        if isinstance(error, DataError) or isinstance(error.orig, ProgramLimitExceeded):
            raise UnstorableError(f"PostgreSQL cannot hold it: {_first_line(error)}") from error
        if isinstance(error, OperationalError | InterfaceError):
            raise StoreUnavailableError(f"PostgreSQL: {_first_line(error)}{_what_to_do(error)}") from error
        raise


def _first_line(error: DBAPIError) -> str:
    """Return what PostgreSQL says, without the names that libraries give to its errors."""
    said = " ".join(str(error.orig).splitlines()[:1])
    return said.removeprefix("connection failed: ").removeprefix("connection is bad: ")[:300]


def _what_to_do(error: DBAPIError) -> str:
    """Return what is expected where its disk is full, and where no connection can be had, or one was lost."""
    if isinstance(error.orig, DiskFull):
        return (
            "; expected room on the disk of its data folder (SHOW data_directory): make some, it goes on then"
        )
    # Of a connection no state is said.
    is_said = getattr(error.orig, "sqlstate", None) is not None
    return "" if is_said else "; expected the server of DATABASE_URL to be up, and to let us in"
