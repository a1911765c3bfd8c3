"""Say in one line how a verb was called wrongly: who, where, what is expected, what was got.

In:   what typer raises where words on the command line are not what a verb takes.
Out:  a line in our words; typer's own speak of inputs, patterns and Python's errors.

Nothing of typer is imported: its error is read by the names of its fields.
"""

from __future__ import annotations

import re
from typing import Any


_TOO_MUCH = re.compile(r"Got unexpected extra argument\(?s?\)? \((.*)\)", re.DOTALL)
_A_DAY = "a day like 2026-12-31"


def say_usage(error: Any) -> str:
    """Return in a line what is wrong: "run: step: expected one of fetch, load (got 'x')".

    Args:
        error: A usage error of typer: ``message``, ``ctx`` with its ``command``; of one parameter also
            ``param``, and what was got in its cause.
    """
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    verb = "" if context is None else context.command_path.partition(" ")[2]
    if parameter is not None:
        problem = _of_parameter(error, parameter)
    elif hasattr(error, "option_name"):
        problem = _of_option(error, context)
    elif verbs := getattr(getattr(context, "command", None), "commands", None):
        name = error.message.removeprefix("No such command ").rstrip(".")
        problem = f"no such command {name}; expected one of {', '.join(verbs)}"
    else:
        problem = _TOO_MUCH.sub(r"\1 is too much; words that belong together stand in quotes", error.message)
    return f"{verb}: {problem}" if verb else problem


def _of_option(error: Any, context: Any) -> str:
    """Return what is wrong with an option that has no value, or does not exist."""
    if not hasattr(error, "possibilities"):
        return f"{error.option_name}: expected a value (got nothing)"
    near = sorted(error.possibilities or ()) or _options(context)
    expected = f"one of {', '.join(near)}" if near else "a command first"
    return f"{error.option_name}: no such option; expected {expected}"


def _of_parameter(error: Any, parameter: Any) -> str:
    name: str = parameter.get_error_hint().replace("'", "")
    expected = _expected(parameter)
    if not error.message:
        return f"expected {name}" + (f", {expected}" if expected else "") + " (got nothing)"
    cause = error.__cause__
    if cause is None or not expected:
        return f"{name}: {error.message}"
    return f"{name}: expected {expected} (got {cause.errors()[0]['input']!r})"


def _expected(parameter: Any) -> str:
    """Return what a parameter takes, in words; nothing where it takes any text."""
    kind = parameter.type_descriptor
    if kind.choices is not None:
        return f"one of {', '.join(str(choice.value) for choice in kind.choices)}"
    if kind.is_datetime:
        return _A_DAY
    if kind.annotation is not int:
        return ""
    least, most = kind.parameter_info.min, kind.parameter_info.max
    limits = [f"from {least}"] if least is not None else []
    limits += [f"to {most}"] if most is not None else []
    return " ".join(["a whole number", *limits])


def _options(context: Any) -> list[str]:
    return [name for one in context.command.params for name in one.opts if name.startswith("--")]
