"""Elasticsearch 9 for the laptop: its own jars, a Java from a package, one process.

In:   a folder.
Out:  a node on 127.0.0.1, and its address; or one line that says what to do.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from jgo.env import EnvironmentBuilder
from jgo.maven import MavenContext

from alerting.errors import LocalStackError


VERSION = "9.2.0"
ENDPOINT = f"org.elasticsearch:elasticsearch:{VERSION}+org.elasticsearch.plugin:transport-netty4:{VERSION}"
START_SECONDS = 90
STOP_SECONDS = 15
PAUSE_SECONDS = 0.1
DESCRIPTOR = f"""description=Netty 4 transport
version={VERSION}
name=transport-netty4
classname=org.elasticsearch.transport.netty4.Netty4Plugin
java.version=21
elasticsearch.version={VERSION}
"""
WHAT_TO_DO = "set ELASTICSEARCH_URL to a server of yours, or go on without search"


@dataclass(slots=True)
class LocalElasticsearch:
    """One node.

    Args:
        folder: Its home: data, logs, modules.
        jars: Where jars are kept between starts; shared by all nodes of a machine.
        log: Where it writes.
        settings: Of the node, beside and before ours.
        variables: Of its process, beside those of this one.
    """

    folder: Path
    jars: Path
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    url: str = field(default="", init=False)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Prepare the home, start the node, wait until it answers.

        Raises:
            LocalStackError: The jars cannot be had, or the node did not come up.
        """
        for folder in (self.jars, Path(sys.prefix)):
            refuse_accents(folder)
        prepare_home(self.folder, download(self.jars))
        (self.folder / "settings.json").write_text(json.dumps(dict(self.settings)))
        address = self.folder / "address"
        address.unlink(missing_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "alerting.local.elasticsearch_node", str(self.folder)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                env={**os.environ, **self.variables},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        with ExitStack() as on_failure:
            on_failure.callback(self.stop)
            self.url = self._wait(address)
            on_failure.pop_all()

    @property
    def transport_address(self) -> str:
        """Return where other nodes find it, once it has started."""
        return (self.folder / "transport").read_text()

    def stop(self) -> None:
        """Stop the node (SIGTERM, then SIGKILL) and wait until it is gone."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait(self, address: Path) -> str:
        """Return where the node listens, once it answers there."""
        assert self.process is not None
        until = time.monotonic() + START_SECONDS
        while not (address.exists() and _answers(address.read_text())):
            if self.process.poll() is not None:
                end = f"ended with code {self.process.returncode} ({last_line(self.log)})"
                raise LocalStackError(f"Elasticsearch: {end}; {WHAT_TO_DO}")
            if time.monotonic() > until:
                raise LocalStackError(
                    f"Elasticsearch: did not answer within {START_SECONDS} s; see {self.log}; {WHAT_TO_DO}"
                )
            time.sleep(PAUSE_SECONDS)
        return address.read_text()


def download(jars: Path, *, name: str = f"elasticsearch-{VERSION}", endpoint: str = ENDPOINT) -> list[Path]:
    """Return Elasticsearch's jars, or others, fetched once, by one process at a time.

    Args:
        jars: Where they are kept.
        name: Under which they are listed there.
        endpoint: What they are, in Maven's names.

    Raises:
        LocalStackError: They cannot be had.
    """
    try:
        jars.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalStackError(f"Elasticsearch: no jars ({error}); {WHAT_TO_DO}") from error
    listed = jars / f"{name}.txt"
    with (jars / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Resolving again links the files anew, under the feet of whoever copies them: so once only.
        if not listed.exists() or not all(jar.exists() for jar in _listed(listed)):
            listed.write_text("\n".join(sorted(_resolve(jars, endpoint))))
    return _listed(listed)


def refuse_accents(folder: Path) -> None:
    """Refuse a folder from which Java cannot load its native libraries.

    Raises:
        LocalStackError: Its path has letters beyond ASCII.
    """
    if not str(folder.absolute()).isascii():
        problem = f"Java cannot run from a folder with accents ({folder.absolute()})"
        raise LocalStackError(f"Elasticsearch: {problem}; move it, {WHAT_TO_DO}")


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else f"nothing in {log}"


def prepare_home(home: Path, jars: list[Path]) -> None:
    """Lay out a node's home: the transport as a module, every other jar on the class path."""
    module = home / "modules" / "transport-netty4"
    shutil.rmtree(module, ignore_errors=True)
    for folder in (module, home / "config", home / "plugins", home / "data", home / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    of_module = [jar for jar in jars if jar.name.startswith(("netty-", "transport-netty4"))]
    for jar in of_module:
        shutil.copy2(jar, module / jar.name)
    (module / "plugin-descriptor.properties").write_text(DESCRIPTOR)
    (home / "jars.txt").write_text("\n".join(str(jar) for jar in jars if jar not in of_module))


def _resolve(jars: Path, endpoint: str) -> list[str]:
    context = MavenContext(repo_cache=jars / "repository")
    trusted = ssl.get_default_verify_paths()
    # requests brings its own list of authorities; the system's knows those of a company too.
    os.environ.setdefault("REQUESTS_CA_BUNDLE", trusted.cafile or trusted.capath or "")
    try:
        found = EnvironmentBuilder(context, cache_dir=jars).from_endpoint(endpoint).all_jars
    except (OSError, RuntimeError, ValueError) as error:
        raise LocalStackError(f"Elasticsearch: no jars ({error}); {WHAT_TO_DO}") from error
    if not found:
        raise LocalStackError(f"Elasticsearch: no jars in {jars}; {WHAT_TO_DO}")
    return [str(Path(jar).resolve().relative_to(jars.resolve())) for jar in found]


def _listed(file: Path) -> list[Path]:
    return [file.parent / line for line in file.read_text().split("\n")]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_cluster/health", timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP
    except (OSError, urllib.error.URLError):
        return False
