"""Steps run one after the other, each whatever became of those before it."""

from __future__ import annotations

import pytest

from alerting.errors import SearchError, SearchUnavailableError, StoreUnavailableError
from alerting.pipeline.steps import run_steps


def fails(error):
    """Return a step that fails."""

    def step():
        raise error

    return step


def test_steps_after_one_that_fails_are_run():
    """
    Their reports are there, and of two problems the first is given.
    """
    first, second = SearchError("refused"), SearchUnavailableError("away")

    reports, problem = run_steps(
        {"a": lambda: {"waiting": 1}, "b": fails(first), "c": fails(second), "d": lambda: {"waiting": 2}}
    )

    assert (reports, problem) == ({"a": {"waiting": 1}, "d": {"waiting": 2}}, first)


def test_without_the_database_no_step_is_tried_in_vain():
    """
    What every step needs stops them all, at once.
    """
    done = []

    with pytest.raises(StoreUnavailableError, match="gone"):
        run_steps({"a": fails(StoreUnavailableError("gone")), "b": lambda: done.append("b") or {}})

    assert done == []


def test_a_bug_is_not_hidden():
    """
    What nobody raised on purpose is no step's failure: it ends the run where it is.
    """
    with pytest.raises(ZeroDivisionError):
        run_steps({"a": fails(ZeroDivisionError()), "b": dict})
