"""Serve the pages: one process, behind a proxy that speaks TLS and bounds how many ask how fast."""

from __future__ import annotations

import socket

import uvicorn

from alerting.bootstrap import Parts
from alerting.errors import AddressError
from alerting.web.app import build_app


def serve(parts: Parts, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        AddressError: Nobody can listen there.
    """
    with _listening(host, port) as listening:
        uvicorn.Server(config(parts, host=host, port=port)).run(sockets=[listening])


def config(parts: Parts, *, host: str, port: int) -> uvicorn.Config:
    """Return how the server behaves: no log of addresses, which hold tokens; bounded heads and load."""
    return uvicorn.Config(
        build_app(parts),
        host=host,
        port=port,
        http="h11",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        h11_max_incomplete_event_size=16_384,
        limit_concurrency=200,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )


def _listening(host: str, port: int) -> socket.socket:
    if not host.strip():
        # The library would serve on every address of this machine.
        raise AddressError(
            f"address {host!r}: expected one, as 127.0.0.1, or 0.0.0.0 for all of this machine"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        # The library repeats the address in brackets.
        problem = (error.strerror or str(error)).partition(" (")[0].lower()
        raise AddressError(f"address {host}:{port}: cannot be served at: {problem}") from error
