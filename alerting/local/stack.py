"""The local stack: every server started and stopped as one, for the demo, ``make up`` and the tests.

In:   a state folder (``.local``), the names of the servers wanted, the environment.
Out:  running servers and the environment by which our commands reach them.

One stack a folder: a lock says so.  Each child has a session, a log and a pid file of its own;
what an earlier killed run left is ended first.  A stop notes all descendants, asks, waits, kills,
and stops PostgreSQL last.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import psutil

from alerting.errors import AlertingError, LocalStackError
from alerting.local.airflow import COMPONENTS, airflow_command, airflow_database_url, airflow_environment
from alerting.local.elasticsearch import LocalElasticsearch
from alerting.local.ports import free_port, is_listening
from alerting.local.postgres import LocalPostgres, is_passable
from alerting.local.room import LEAST_BYTES, say_no_room
from alerting.local.signals import stopping_whole
from alerting.settings import read_settings
from alerting.store.database import open_database


MARK = "ALERTING_STACK"
# What environment.sh exported, as JSON: so that it is told from what somebody set.
SOURCED = "ALERTING_SOURCED"
SERVERS = ("postgres", "elasticsearch", "mail", "web", "airflow")
GRACE_SECONDS = 15
HEALTHY_SECONDS = 300
PAUSE_SECONDS = 0.1
# Between two starts of a server that ends again and again.
REVIVAL_SECONDS = 30
SHORT_SOCKET_PATH = 80
# It stands in a URL, which shells and programs split at other characters.
PLAIN_PATH = re.compile(r"[\w./-]+", re.ASCII)


@dataclass(slots=True)
class Stack:
    """Servers of one state folder.

    Args:
        state: Holds data, logs, pid files and addresses: a folder below ``.local``.
        jars: Where Elasticsearch's jars are kept for all stacks.
        servers: Which to start, of SERVERS.
        environment: Where DATABASE_URL, ELASTICSEARCH_URL and SMTP_URL may name given servers; by default
            ours, without what a shell sourced of a stack, whose servers may be gone.
        say: Told one line whenever something takes its time.
        search_is_needed: Whether Elasticsearch's absence is an error or a line.
        database_suffix: Of the databases on a given server, so that a demo does not write into yours.
        settings: More settings of ours for all that run in the stack.
        least_bytes: With fewer free bytes than these the disk of *state* counts as full.
    """

    state: Path
    jars: Path
    servers: tuple[str, ...] = SERVERS
    environment: Mapping[str, str] = field(default_factory=lambda: without_sourced(os.environ))
    say: Callable[[str], None] = print
    search_is_needed: bool = True
    database_suffix: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    least_bytes: int = LEAST_BYTES
    addresses: dict[str, str] = field(default_factory=dict, init=False)
    _lock: TextIOWrapper | None = field(default=None, init=False)
    _postgres: LocalPostgres | None = field(default=None, init=False)
    _elasticsearch: LocalElasticsearch | None = field(default=None, init=False)
    _airflow: dict[str, str] = field(default_factory=dict, init=False)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, init=False)
    _served: dict[str, list[str]] = field(default_factory=dict, init=False)
    _revived_at: dict[str, float] = field(default_factory=dict, init=False)
    _is_search_away: bool = field(default=False, init=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        # Stopping takes a while: what is wrong is told before.
        if isinstance(error, AlertingError):
            tell(error)
        self.stop()

    def start(self) -> None:
        """Start everything wanted, in the order of need.

        Raises:
            LocalStackError: The folder is in use, or a server did not come up; what was started is stopped.
        """
        self._take_lock()
        with ExitStack() as on_failure:
            on_failure.push(self.__exit__)
            self._start_servers()
            on_failure.pop_all()
        self._write_environment()

    def start_airflow(self) -> None:
        """Start Airflow's components and wait until they are healthy; for who has things to do before.

        Raises:
            LocalStackError: They did not come up.
        """
        database_url = airflow_database_url(self.addresses["DATABASE_URL"])
        _create_database(self.addresses["DATABASE_URL"], urlsplit(database_url).path.lstrip("/"))
        port = free_port()
        self.addresses["AIRFLOW_URL"] = f"http://127.0.0.1:{port}"
        self._airflow = airflow_environment(
            home=self.state.resolve() / "airflow",
            database_url=database_url,
            port=port,
            secret=self.addresses["ALERTING_SECRET"],
        )
        variables = self.variables() | self._airflow
        self.say("Airflow starts (10 to 20 s)")
        with self._log("airflow-migrate").open("ab") as log:
            migrated = subprocess.run(  # noqa: S603 - our own environment
                airflow_command("db", "migrate"), env=variables, stdout=log, stderr=log, check=False
            )
        if migrated.returncode != 0:
            raise LocalStackError(f"Airflow: db migrate failed; see {self._log('airflow-migrate')}")
        for name, arguments in COMPONENTS.items():
            self.spawn(name, airflow_command(*arguments), variables)
        self._wait_for("Airflow", lambda: _is_healthy(self.addresses["AIRFLOW_URL"]))
        self._write_environment()

    def variables(self) -> dict[str, str]:
        """Return the environment by which our commands reach these servers."""
        ours = {
            "ALERTING_ARCHIVE": str(self.state.resolve() / "archive"),
            "ALERTING_ENGINE": str(self.state.resolve() / "engine.npz"),
            "ALERTING_MAILDIR": str(self.state.resolve() / "maildir"),
        }
        if not self.environment.get("SMTP_URL"):
            ours["ALERTING_RECIPIENTS_ALLOWED"] = "*"  # Our own mail server leads nowhere else.
        return {**self.environment, **ours, **self.settings, **self.addresses}

    def spawn(self, name: str, command: list[str], variables: Mapping[str, str] | None = None) -> None:
        """Start one more process of this stack: with its log, its pid file, ended with the others."""
        with self._log(name).open("ab") as log:
            self._children[name] = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                env={**(variables or self.variables()), MARK: str(self.state.resolve())},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._note(name, self._children[name])

    def serve(self, name: str, module: str, *arguments: str) -> str:
        """Start ``python -m MODULE ARGUMENTS PORT``; return its address once it answers.

        The port is that of the run before, if it is still free: addresses outlive a restart.
        """
        port = self._kept_port(name)
        command = [sys.executable, "-m", module, *arguments, str(port)]
        self.spawn(name, command)
        self._wait_for(name, lambda: is_listening(port))
        self._served[name] = command
        return f"http://127.0.0.1:{port}"

    def check(self) -> None:
        """Raise when a server has died: PostgreSQL first, since it takes others with it.

        A search that is not needed is told once, and the others go on.  What ``serve`` started (mail, pages)
        is told and started again at its address: nothing else needs it at every moment.

        Raises:
            LocalStackError: Names it and its log.
        """
        postgres = {"postgres": self._postgres.process} if self._postgres is not None else {}
        for name, child in {**postgres, **self._children}.items():
            if child is None or child.poll() is None:
                continue
            if name not in self._served:
                raise LocalStackError(f"{self._ended(name, child)}; all is stopped until the next start")
            self._revive(name, child)
        self._check_search()

    def _revive(self, name: str, child: subprocess.Popen[bytes]) -> None:
        now = time.monotonic()
        if now - self._revived_at.get(name, -math.inf) < REVIVAL_SECONDS:
            return
        self._revived_at[name] = now
        self.say(f"{self._ended(name, child)}; it is started again, the others go on")
        self.spawn(name, self._served[name])

    def _check_search(self) -> None:
        node = self._elasticsearch.process if self._elasticsearch is not None else None
        if node is None or node.poll() is None or self._is_search_away:
            return
        if self.search_is_needed:
            raise LocalStackError(self._ended("elasticsearch", node))
        self._is_search_away = True
        self.say(f"{self._ended('elasticsearch', node)}; all but the search goes on until the next start")

    def _ended(self, name: str, child: subprocess.Popen[bytes]) -> str:
        # On a full disk there is nothing in its log; that of PostgreSQL may be another.
        folder = self._postgres.folder if name == "postgres" and self._postgres is not None else self.state
        no_room = say_no_room(folder, least_bytes=self.least_bytes)
        return f"{name}: ended by itself ({child.returncode}); see {self._log(name)}{no_room}"

    def stop(self) -> None:
        """Stop everything; no process is left, whoever asks to stop meanwhile."""
        with stopping_whole():
            self._stop()

    def _stop(self) -> None:
        children = list(reversed(self._children.values()))
        family = [process for child in children for process in _family(child.pid)]
        until = time.monotonic() + GRACE_SECONDS
        # One after the other: a task that ends still reports to the API server.
        for child in children:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0, until - time.monotonic()))
        if self._elasticsearch is not None:
            self._elasticsearch.stop()
        _kill(family)
        for child in children:
            child.wait()
        if self._postgres is not None:
            self._postgres.stop()
        self._forget()

    def _start_servers(self) -> None:
        self._end_left_overs()
        self.addresses = {"ALERTING_SECRET": self._kept("secret", secrets.token_hex(32))}
        if "postgres" in self.servers:
            self._start_postgres()
        if "elasticsearch" in self.servers:
            self._start_elasticsearch()
        if "mail" in self.servers:
            self._start_mail()
        if "web" in self.servers:
            self._start_web()
        if "airflow" in self.servers:
            self.start_airflow()

    def _start_postgres(self) -> None:
        given = self.environment.get("DATABASE_URL")
        if given:
            self.addresses["DATABASE_URL"] = self._beside(given)
        else:
            self._postgres = LocalPostgres(self._socket_folder(), self._log("postgres"))
            self._postgres.start()
            self._note("postgres", self._postgres.process)
            _create_database(self._postgres.url("postgres"), "alerting")
            self.addresses["DATABASE_URL"] = self._postgres.url("alerting")
        database = open_database(read_settings(self.addresses).database_url)
        database.migrate()
        database.close()

    def _beside(self, given: str) -> str:
        """Return the address of our database on a given server; made if it is another than the one given."""
        if not self.database_suffix:
            return given
        parts = urlsplit(given)
        name = parts.path.lstrip("/") + self.database_suffix
        _create_database(given, name)
        return urlunsplit(parts._replace(path=f"/{name}"))

    def _start_elasticsearch(self) -> None:
        given = self.environment.get("ELASTICSEARCH_URL")
        if given:
            self.addresses["ELASTICSEARCH_URL"] = given
            return
        is_first = not any(self.jars.glob("*.txt"))
        self.say("Elasticsearch starts" + (" (its jars are fetched once, 40 MB)" if is_first else ""))
        node = LocalElasticsearch(
            self.state / "elasticsearch",
            self.jars,
            self._log("elasticsearch"),
            variables={MARK: str(self.state.resolve())},
        )
        self._elasticsearch = node
        try:
            node.start()
        except LocalStackError as error:
            if self.search_is_needed:
                raise
            self.say(str(error))
            return
        self._note("elasticsearch", node.process)
        self.addresses["ELASTICSEARCH_URL"] = node.url

    def _start_mail(self) -> None:
        if self.environment.get("SMTP_URL"):
            self.addresses["SMTP_URL"] = self.environment["SMTP_URL"]
            return
        address = self.serve("mail", "alerting.local.mail", str(self.state / "inbox"))
        self.addresses["SMTP_URL"] = address.replace("http://", "smtp+plain://")

    def _start_web(self) -> None:
        """Serve the pages that mails link to; links lead here unless another address is given."""
        address = self.serve("web", "alerting.web")
        self.addresses["ALERTING_BASE_URL"] = self.environment.get("ALERTING_BASE_URL") or address

    def _wait_for(self, name: str, is_ready: Callable[[], bool]) -> None:
        until = time.monotonic() + HEALTHY_SECONDS
        while not is_ready():
            self.check()
            if time.monotonic() > until:
                raise LocalStackError(
                    f"{name}: not ready within {HEALTHY_SECONDS} s; see {self.state / 'logs'}"
                )
            time.sleep(PAUSE_SECONDS)

    def _note(self, name: str, child: subprocess.Popen[bytes] | None) -> None:
        assert child is not None
        started = psutil.Process(child.pid).create_time()
        self._run_file(f"{name}.pid").write_text(json.dumps({"pid": child.pid, "started": started}))

    def _end_left_overs(self) -> None:
        """End what a killed run left: children by number and start time, their children by our mark."""
        left = [json.loads(path.read_text() or "{}") for path in (self.state / "run").glob("*.pid")]
        family = [process for note in left for process in _family(note.get("pid", 0), note.get("started"))]
        family += [process for process in _marked(str(self.state.resolve())) if process not in family]
        if family:
            self.say(f"Ending {len(family)} processes of an earlier run")
        _kill(family)
        for path in (self.state / "run").glob("*.pid"):
            path.unlink()

    def _take_lock(self) -> None:
        try:
            for folder in ("run", "logs"):
                (self.state / folder).mkdir(parents=True, exist_ok=True)
            self._lock = self._run_file("lock").open("a+")
        except OSError as error:
            raise LocalStackError(f"{self.state}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().strip()
            self._lock.close()
            self._lock = None
            raise LocalStackError(
                f"{self.state}: in use by process {holder}; stop it with make down"
            ) from None
        self._sign_lock(self._lock)

    def _sign_lock(self, lock: TextIOWrapper) -> None:
        """Write into the lock who holds it: the first thing for which a full disk has no room."""
        try:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
        except OSError as error:
            self._lock = None
            with suppress(OSError):  # What could not be written is tried once more.
                lock.close()
            raise LocalStackError(f"{self.state}: cannot be written ({error.strerror})") from error

    def _forget(self) -> None:
        for path in (self.state / "run").glob("*.pid"):
            path.unlink()
        self._children.clear()
        self._served.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _run_file(self, name: str) -> Path:
        return self.state / "run" / name

    def _log(self, name: str) -> Path:
        return self.state / "logs" / f"{name}.log"

    def _socket_folder(self) -> Path:
        """Return PostgreSQL's folder: its socket's path must be short, plain, and passable for its user."""
        wanted = self.state.resolve() / "postgres"
        is_plain = len(str(wanted)) <= SHORT_SOCKET_PATH and PLAIN_PATH.fullmatch(str(wanted)) is not None
        if is_plain and (is_passable(self.state.resolve().parent) or os.geteuid() != 0):
            return wanted
        fresh = f"/var/tmp/alerting-{secrets.token_hex(4)}"  # noqa: S108 - a fresh name, made 0700
        return Path(self._kept("postgres-folder", fresh))

    def _kept(self, name: str, fresh: str) -> str:
        """Return what an earlier run kept under a name, or keep the fresh value; readable by us only."""
        file = self._run_file(name)
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(fresh)
        return file.read_text()

    def _kept_port(self, name: str) -> int:
        port = int(self._kept(f"{name}.port", str(free_port())))
        if is_listening(port):
            port = free_port()
            self._run_file(f"{name}.port").write_text(str(port))
        return port

    def _write_environment(self) -> None:
        """Write what a shell sources to reach this stack by our commands."""
        ours = {name: value for name, value in self.variables().items() if name not in self.environment}
        if self.addresses.get("SMTP_URL"):
            ours.pop("ALERTING_MAILDIR", None)  # Mails leave by SMTP.
        ours |= self._airflow
        ours |= {SOURCED: json.dumps(ours)}
        file = self.state / "environment.sh"
        file.touch(mode=0o600)
        file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in ours.items()))


def tell(error: AlertingError) -> None:
    """Write on standard error what is wrong, at once and once."""
    if not error.is_told:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        error.is_told = True


def without_sourced(variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what a shell sourced of a stack's ``environment.sh``."""
    sourced = json.loads(variables.get(SOURCED) or "{}")
    return {
        name: value for name, value in variables.items() if name != SOURCED and sourced.get(name) != value
    }


def clear(state: Path) -> None:
    """End what a killed run left and remove all that a stack keeps; the next start begins from nothing."""
    if not state.exists():
        return
    with Stack(state, state, servers=()) as stack:
        kept = state / "run" / "postgres-folder"
        elsewhere = LocalPostgres(Path(kept.read_text()), kept) if kept.exists() else None
        folders = [elsewhere.folder, elsewhere.programs] if elsewhere is not None else []
        for path in [*folders, *state.iterdir()]:
            if path.is_dir() and path != stack.state / "run":
                shutil.rmtree(path)
    shutil.rmtree(state)


def stop_other(state: Path) -> bool:
    """Ask the process that holds a state folder to stop, wait for it, and return whether there was one.

    Raises:
        LocalStackError: It did not stop in time.
    """
    file = state / "run" / "lock"
    if not file.exists():
        return False
    with file.open() as lock:
        if _is_free(lock):
            return False
        holder = int(lock.read() or 0)
        with suppress(ProcessLookupError):
            os.kill(holder, signal.SIGTERM)
        until = time.monotonic() + 3 * GRACE_SECONDS
        while not _is_free(lock):
            if time.monotonic() > until:
                raise LocalStackError(f"{state}: process {holder} did not stop; end it by hand")
            time.sleep(PAUSE_SECONDS)
    return True


def _is_free(lock: TextIOWrapper) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True


def _family(process_id: int, started: float | None = None) -> list[psutil.Process]:
    """Return a process, all its descendants, and what it left in its session if it is gone.

    None if the number is another process's by now.  A worker of Airflow renames itself and loses our
    mark by it, and outlives a killed scheduler: its session alone, which each child of ours begins, says
    whose it is.
    """
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(process_id)
        if process.status() != psutil.STATUS_ZOMBIE:
            is_ours = process_id and (started is None or abs(process.create_time() - started) < 1)
            return [process, *process.children(recursive=True)] if is_ours else []
    return _of_session(process_id, started or 0) if process_id else []


def _of_session(session_id: int, since: float) -> list[psutil.Process]:
    """Return what runs in a session, begun since its leader; its number is free again after all of them."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == session_id and process.create_time() >= since - 1:
                found.append(process)
    return found


def _marked(mark: str) -> list[psutil.Process]:
    """Return the running processes that carry a stack's mark, whoever their parent is by now."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                found.append(process)
    return found


def _kill(family: list[psutil.Process]) -> None:
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=GRACE_SECONDS)


def _create_database(url: str, name: str) -> None:
    server = open_database(read_settings({"DATABASE_URL": url, "ALERTING_SECRET": "-" * 16}).database_url)
    server.create_if_absent(name)
    server.close()


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=2) as answer:  # noqa: S310 - loopback
            health = json.load(answer)
    except (OSError, ValueError):
        return False
    wanted = ("metadatabase", "scheduler", "triggerer", "dag_processor")
    return all((health.get(name) or {}).get("status") == "healthy" for name in wanted)
