"""The command line: ``alerting VERB``.

A module a group of verbs; every verb is one function of ``alerting.commands``.  ``--json`` prints one object
a line, under the names of the glossary.  Exit codes: 0 done, 2 a person must act, 75 try again later, 1 a bug
of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import TextIOWrapper

import typer

from alerting import bootstrap
from alerting.cli.feedback import feedback
from alerting.cli.feeds import feeds
from alerting.cli.firms import firms
from alerting.cli.mail import deliveries, digests, list_received, list_tellings, resolve, suppressions
from alerting.cli.notices import match, notices, trades, why
from alerting.cli.options import EXIT_ACT, EXIT_BUG, EXIT_STOPPED, EXIT_TRY_AGAIN
from alerting.cli.output import complain
from alerting.cli.profiles import profiles
from alerting.cli.search import index, search
from alerting.cli.steps import count_waiting, db, list_rejects, recover, run, web
from alerting.cli.usage import say_usage
from alerting.errors import AlertingError, TransientError


GROUPS = {
    "db": db,
    "feeds": feeds,
    "firms": firms,
    "profiles": profiles,
    "notices": notices,
    "match": match,
    "deliveries": deliveries,
    "digests": digests,
    "suppressions": suppressions,
    "trades": trades,
    "feedback": feedback,
    "index": index,
}
VERBS: dict[str, Callable[..., None]] = {
    "run": run,
    "why": why,
    "search": search,
    "received": list_received,
    "tellings": list_tellings,
    "resolve": resolve,
    "rejects": list_rejects,
    "waiting": count_waiting,
    "recover": recover,
    "web": web,
}


def build_app() -> typer.Typer:
    """Return the command line, its groups and verbs in the order in which help shows them."""
    built = typer.Typer(
        no_args_is_help=True, add_completion=False, help="Public notices, told to craft firms once."
    )
    for name, group in GROUPS.items():
        built.add_typer(group, name=name)
    for name, verb in VERBS.items():
        built.command(name)(verb)
    return built


app = build_app()


def main() -> None:
    """Run the command line; every error of ours is one line and an exit code."""
    # Answers go to standard output, which scripts read; what happened meanwhile goes beside it.
    bootstrap.write_log(sys.stderr)
    if isinstance(sys.stdout, TextIOWrapper):
        # A file's name need not be text: JSON has an escape for what UTF-8 cannot hold.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        sys.exit(_run_verb())
    except AlertingError as error:
        complain(str(error))
        sys.exit(EXIT_TRY_AGAIN if isinstance(error, TransientError) else EXIT_ACT)
    except BrokenPipeError:
        # The reader of our lines has gone ("| head"): nothing is wrong.
        sys.stderr.close()
    except Exception as error:  # noqa: BLE001 - the outermost handler
        if isinstance(error, UnicodeEncodeError) and error.object in sys.argv:
            complain(f"an argument is no UTF-8 (got {error.object!r})")
            sys.exit(EXIT_ACT)
        complain(f"a bug: {type(error).__name__}: {error}")
        sys.exit(EXIT_BUG)


def _run_verb() -> int:
    """Do what the command line asks; return the exit code."""
    try:
        return int(app(standalone_mode=False) or 0)
    except typer.Abort:
        complain("stopped")
        return EXIT_STOPPED
    except typer.TyperException as error:
        # A group of verbs alone has shown its help.
        if error.message or hasattr(error, "param"):
            complain(say_usage(error))
        return EXIT_ACT
