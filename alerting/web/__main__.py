"""Serve the pages at a port of loopback: ``python -m alerting.web PORT``, for the laptop's stack."""

from __future__ import annotations

import sys

from alerting import bootstrap
from alerting.web.server import serve


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM."""
    [port] = arguments
    bootstrap.write_log(sys.stderr)
    with bootstrap.opened(None) as parts:
        serve(parts, host="127.0.0.1", port=int(port))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
