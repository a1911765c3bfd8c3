"""The one adapter between Airflow's tasks and ``alerting.commands``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException


def run(command: Callable[..., dict[str, Any]], *, is_last: bool = False) -> dict[str, Any]:
    """Run a function of ``alerting.commands`` as an Airflow task.

    Transient errors pass through, so Airflow retries them.  Permanent errors fail the
    task at once.  A report with ``waiting == 0`` skips it, and what waits for its asset.

    Args:
        command: What to do.
        is_last: Whether no step follows: then there is nothing to skip.

    Returns:
        The report: ids and counts only, as it goes into XCom.
    """
    from alerting.errors import PermanentError

    try:
        report = command()
    except PermanentError as error:
        raise AirflowFailException(str(error)) from error
    if report["waiting"] == 0 and not is_last:
        raise AirflowSkipException(f"nothing waits for the next step: {report}")
    return report
