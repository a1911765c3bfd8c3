"""Serve the pages: one process, behind a proxy that speaks TLS and bounds how many ask how fast."""

from __future__ import annotations

import uvicorn

from alerting.bootstrap import Parts
from alerting.web.app import build_app


def serve(parts: Parts, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    uvicorn.Server(config(parts, host=host, port=port)).run()


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
