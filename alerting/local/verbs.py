"""The local stack's verbs: ``python -m alerting.local up``, ``... down``, ``... clean``.

In:   servers given by DATABASE_URL, ELASTICSEARCH_URL, SMTP_URL, if any.
Out:  a running stack in the foreground; exit code 0 after Ctrl-C, SIGTERM or ``down``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from alerting.errors import AlertingError
from alerting.local.signals import Stopped
from alerting.local.stack import Stack, clear, stop_other, tell


LOCAL = Path(".local")
WATCH_SECONDS = 1


def main(arguments: list[str]) -> int:
    """Do one verb; return the exit code."""
    verbs = {"up": up, "down": down, "clean": clean}
    if len(arguments) != 1 or arguments[0] not in verbs:
        sys.stderr.write("usage: python -m alerting.local up|down|clean\n")
        return 2
    try:
        return verbs[arguments[0]]()
    except AlertingError as error:
        tell(error)
        return 1


def up() -> int:
    """Start the stack, say where it is, and stay until asked to stop or until a server dies."""
    try:
        with Stack(LOCAL / "stack", LOCAL / "jars", say=say, search_is_needed=False) as stack:
            say(f"Airflow        {stack.addresses['AIRFLOW_URL']}  (no login: this machine only)")
            say(f"Mails          {stack.state / 'inbox'}")
            say(f"Pages          {stack.addresses['ALERTING_BASE_URL']}/health")
            say(f"For a shell    source {stack.state / 'environment.sh'}")
            say("Stop with Ctrl-C, or make down")
            while True:
                stack.check()
                time.sleep(WATCH_SECONDS)
    except Stopped:
        say("Stopped")
    return 0


def down() -> int:
    """Stop the stack and the demo, if they run, and wait until they are gone."""
    stopped = [name for name in ("stack", "demo") if stop_other(LOCAL / name)]
    say(f"Stopped: {', '.join(stopped)}" if stopped else "Nothing was running")
    return 0


def clean() -> int:
    """Stop both and remove what they keep."""
    down()
    for name in ("stack", "demo"):
        clear(LOCAL / name)
    return 0


def say(line: str) -> None:
    """Write one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
