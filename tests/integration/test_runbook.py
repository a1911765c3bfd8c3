"""What the runbook tells an operator to do is done by our own commands."""

from __future__ import annotations

from pathlib import Path


RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"


def test_the_runbook_sends_nobody_into_the_database():
    """
    A statement of SQL by hand, at night, is a command that is missing.
    """
    text = RUNBOOK.read_text()

    assert "alerting " in text
    assert "psql" not in text
