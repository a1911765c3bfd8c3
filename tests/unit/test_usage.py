"""What a person is told who calls a verb wrongly."""

from __future__ import annotations

import pytest
import typer

from alerting.cli import app
from alerting.cli.usage import say_usage


def called(*words: str) -> str:
    """Return the line for words that no verb takes so."""
    with pytest.raises(typer.TyperException) as caught:
        app(list(words), prog_name="alerting", standalone_mode=False)
    return say_usage(caught.value)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param(
            ["run", "fech"],
            "run: step: expected one of fetch, load, index, match, compose, deliver, receive, all (got 'fech')",
            id="no such step",
        ),
        pytest.param(
            ["run"],
            "run: expected step, one of fetch, load, index, match, compose, deliver, receive, all (got nothing)",
            id="no step",
        ),
        pytest.param(
            ["web", "--port", "http"],
            "web: --port: expected a whole number from 0 to 65535 (got 'http')",
            id="no number",
        ),
        pytest.param(
            ["web", "--port", "80000"],
            "web: --port: expected a whole number from 0 to 65535 (got '80000')",
            id="too large",
        ),
        pytest.param(
            ["profiles", "add", "f", "p", "--name", "N", "--km", "near"],
            "profiles add: --km: expected a whole number (got 'near')",
            id="a number without limits",
        ),
        pytest.param(
            ["profiles", "pause", "p", "--until", "2027-02-30"],
            "profiles pause: --until: expected a day like 2026-12-31 (got '2027-02-30')",
            id="no day",
        ),
        pytest.param(
            ["search", "--kind", "avis"],
            "search: --kind: expected one of call, correction, cancellation, award, planning, other (got 'avis')",
            id="one of several values",
        ),
        pytest.param(
            ["deliveries", "stop"], "deliveries stop: expected --why (got nothing)", id="an option is missing"
        ),
        pytest.param(["trades", "explain"], "trades explain: expected name (got nothing)", id="no name"),
        pytest.param(
            ["trades", "show"],
            "trades: no such command 'show'; expected one of list, explain, for",
            id="no such verb",
        ),
        pytest.param(
            ["profiles", "add", "f", "p", "--nam", "N"],
            "profiles add: --nam: no such option; expected one of --km, --name",
            id="a near option",
        ),
        pytest.param(
            ["web", "--x", "1"],
            "web: --x: no such option; expected one of --host, --port",
            id="no such option",
        ),
        pytest.param(
            ["web", "--host"],
            "--host: expected a value (got nothing)",
            id="an option without its value",
        ),
        pytest.param(
            ["--json", "run"],
            "--json: no such option; expected a command first",
            id="an option before the verb",
        ),
        pytest.param(
            ["feeds", "--json"],
            "feeds: --json: no such option; expected a command first",
            id="an option of a group that has none",
        ),
        pytest.param(
            ["search", "toiture", "école", "lot"],
            "search: école lot is too much; words that belong together stand in quotes",
            id="words without quotes",
        ),
        pytest.param(
            ["resolve", "1"],
            "resolve: expected --arrived or --again (got neither)",
            id="neither of two flags",
        ),
    ],
)
def test_a_verb_that_is_called_wrongly_says_where_and_what_is_expected(words, line):
    """
    One line in our words: who, where, what is expected, what was got; none of a library's.
    """
    assert called(*words) == line
