"""Signals that ask us to stop, as an exception: so that what was started is stopped on the way out."""

from __future__ import annotations

import signal
from types import FrameType


class Stopped(BaseException):
    """Somebody asked this process to stop; not an error, so no handler of errors takes it."""


def stop_signals_raise() -> None:
    """Let the first Ctrl-C, SIGTERM or closed terminal raise ``Stopped``; later ones are not heard."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_once)


def _raise_once(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped
