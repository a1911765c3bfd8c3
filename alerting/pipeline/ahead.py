"""Work one piece ahead: while one is used, which is mostly waiting for a server, the next is made.

In:   what makes pieces, one after the other.
Out:  the same pieces, in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar


T = TypeVar("T")


class _End:
    """What comes after the last piece."""


@contextmanager
def made_ahead(pieces: Iterable[T]) -> Iterator[Iterator[T]]:
    """Give an iterator over pieces of which a thread makes the next one meanwhile.

    What making a piece raises is raised where that piece is asked for.  After the block no more are made.
    """
    source = iter(pieces)
    with ThreadPoolExecutor(1, "made-ahead") as hands:

        def each() -> Iterator[T]:
            coming = hands.submit(_next, source)
            while not isinstance(piece := coming.result(), _End):
                coming = hands.submit(_next, source)
                yield piece

        yield each()


def _next(source: Iterator[T]) -> T | _End:
    return next(source, _End())
