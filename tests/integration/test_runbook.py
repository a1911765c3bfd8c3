"""What the runbook tells an operator to say to PostgreSQL can be said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy


RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
STATEMENTS = re.findall(r'^ {4}psql "\$DATABASE_URL" -c "(.+)"$', RUNBOOK.read_text(), re.MULTILINE)


def test_every_statement_of_the_runbook_is_tried_here():
    """
    No call of psql is written in a form that the test below does not see.
    """
    assert len(STATEMENTS) == RUNBOOK.read_text().count("psql") > 0


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_of_the_runbook_fits_the_schema(database_url, statement):
    """
    Tables and columns are those of the newest migration.
    """
    engine = sqlalchemy.create_engine(database_url, poolclass=sqlalchemy.NullPool)

    with engine.begin() as connection:
        changed = connection.execute(sqlalchemy.text(statement)).rowcount

    assert changed == 0
