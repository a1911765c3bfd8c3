"""Signals that ask us to stop, as an exception: so that what was started is stopped on the way out."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked this process to stop; not an error, so no handler of errors takes it."""


def stop_signals_raise() -> None:
    """Let the first Ctrl-C, SIGTERM or closed terminal raise ``Stopped``; later ones are not heard."""
    for number in _SIGNALS:
        signal.signal(number, _raise_once)


def _raise_once(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


@contextmanager
def stopping_whole() -> Iterator[None]:
    """Hear no signal to stop meanwhile: what stops everything would else be stopped halfway."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Signals are the main thread's alone.
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
