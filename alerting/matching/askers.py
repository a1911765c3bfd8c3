"""Askers: who asks for what a group of profiles asks, and whom a notice concerns.

In:   names with the number of their group; of a notice its decisions, each with its groups.
Out:  the names of each decision together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from alerting.domain.match import Decision
from alerting.matching.alike import Whole, ranges
from alerting.matching.groups import Decided


Names = npt.NDArray[np.object_]
UNUSED = -1


class Told(NamedTuple):
    """Profiles that one notice concerns for the same reasons.

    Args:
        number: The notice's.
        decision: Lots, reasons and score, the same for all of them.
        profile_ids: Each once, in no order.
    """

    number: int
    decision: Decision
    profile_ids: Collection[str]


class Askers:
    """Names by the group that each asks for."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._positions: dict[str, int] = {}
        self._group_of: list[int] = []
        self._group_count = 0
        # The names of one group after the other's, and where each group begins; made when they are asked for.
        self._by_group: tuple[Names, Whole] | None = None

    def __len__(self) -> int:
        return len(self._positions)

    def groups(self) -> dict[str, int]:
        """Return the group of each, in the order in which they came."""
        return {name: self._group_of[at] for name, at in self._positions.items()}

    def put(self, name: str, group: int) -> None:
        """Let somebody ask for a group, and for no other."""
        at = self._positions.setdefault(name, len(self._names))
        if at == len(self._names):
            self._names.append(name)
            self._group_of.append(group)
        self._group_of[at] = group
        self._group_count = max(self._group_count, group + 1)
        self._by_group = None

    def remove(self, name: str) -> None:
        """Forget somebody; one that is not known is no error."""
        at = self._positions.pop(name, None)
        if at is not None:
            self._group_of[at] = UNUSED
            self._by_group = None

    def settle(self) -> None:
        """Make the arrays for which the first notice would have to wait."""
        self._settled()

    def told(self, number: int, decided: Decided) -> Iterator[Told]:
        """Yield whom a notice concerns, those of one decision together."""
        if not decided.decisions:
            return
        names, starts = self._settled()
        groups = decided.groups
        firsts, counts = starts[groups], starts[groups + 1] - starts[groups]
        places = ranges(firsts, counts)
        start = 0
        for decision, end in zip(decided.decisions, counts.cumsum()[decided.ends - 1].tolist(), strict=True):
            if end > start:
                yield Told(number, decision, _Named(names, places[start:end]))
            start = end

    def _settled(self) -> tuple[Names, Whole]:
        if self._by_group is None:
            group_of = np.array(self._group_of, dtype=np.int64)
            order = np.argsort(group_of, kind="stable")
            starts = np.searchsorted(group_of[order], np.arange(self._group_count + 1))
            self._by_group = np.array(self._names, dtype=np.object_)[order], starts
        return self._by_group


@dataclass(frozen=True, slots=True)
class _Named(Collection[str]):
    """Names by where they stand, looked up when they are asked for."""

    names: Names
    places: Whole

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names[self.places].tolist())

    def __contains__(self, name: object) -> bool:
        return any(one == name for one in self)
