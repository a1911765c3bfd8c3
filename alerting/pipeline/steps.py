"""Run steps one after the other, each whatever became of those before it.

In:   steps by name.
Out:  the report of each that ended well, and the first thing that went wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from alerting.errors import AlertingError, StoreOutdatedError, StoreUnavailableError


log = structlog.get_logger()


def run_steps(
    steps: Mapping[str, Callable[[], dict[str, Any]]],
) -> tuple[dict[str, dict[str, Any]], AlertingError | None]:
    """Run all steps in their order; one that fails keeps none of the others from its rows.

    Returns:
        Reports by name, without those that failed; the error to raise when all is done, the first of them.

    Raises:
        StoreUnavailableError, StoreOutdatedError: At once: every step needs the database.
    """
    reports: dict[str, dict[str, Any]] = {}
    first: AlertingError | None = None
    for name, step in steps.items():
        try:
            reports[name] = step()
        except (StoreUnavailableError, StoreOutdatedError):
            raise
        except AlertingError as error:
            log.warning("step_failed", step=name, problem=str(error))
            first = first or error
    return reports, first
