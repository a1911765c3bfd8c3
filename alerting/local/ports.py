"""Ports of 127.0.0.1: find one that is free, see whether somebody listens."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port that nobody on 127.0.0.1 listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Tell whether somebody on 127.0.0.1 answers at a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
