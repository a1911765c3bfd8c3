"""What was written of a procedure, kept for the next firm that is told the same of it.

Most of a mail's cost is its items, and most firms of a trade are told of a procedure in the same words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from alerting.domain.digest import DigestItem


T = TypeVar("T")


class Shelf(Generic[T]):
    """Keeps what was written of items, the oldest making room.

    A procedure's facts may be put right without a new revision: they are compared, not trusted.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[tuple[object, ...], tuple[DigestItem, T]] = {}

    def find(self, key: tuple[object, ...], item: DigestItem, write: Callable[[], T]) -> T:
        """Return what was written of an item, and write it where it was not, or of other facts.

        Args:
            key: All that decides how it is said but the notice and its changes.
            item: What is told.
            write: Writes it.
        """
        kept = self._kept.get(key)
        if kept is not None and _tells_the_same(kept[0], item):
            return kept[1]
        written = write()
        if len(self._kept) >= self._size:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (item, written)
        return written


def _tells_the_same(one: DigestItem, other: DigestItem) -> bool:
    return (one.notice is other.notice or one.notice == other.notice) and one.changes == other.changes
