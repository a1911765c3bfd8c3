"""The engines that find which profiles a notice concerns, and the one that finds them in this process.

In:   the standing profiles, as the database has them; notices with our numbers.
Out:  every pair that the profiles' criteria accept, the profiles of one decision on one notice together.

Whatever the engine, ``domain.decide.decide`` is what a match means: they find the same pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from alerting.domain.criteria import Criteria
from alerting.domain.notice import Notice
from alerting.domain.profile import UNREADABLE
from alerting.matching.askers import Told
from alerting.matching.contradictions import find_contradictions
from alerting.matching.engine import Engine
from alerting.store import fingerprints
from alerting.store.database import Connection


log = structlog.get_logger()


class MatchingEngine(Protocol):
    """Profiles that notices are held against."""

    def follow(self, connection: Connection, *, now: datetime) -> None:
        """Hold exactly the standing profiles, each in its newest version.

        Raises:
            SearchUnavailableError: They are held elsewhere, and that is away.
        """
        ...

    def note_changes(self, connection: Connection, *, now: datetime) -> None:
        """Profiles have changed: hold them as they are within seconds, where others look at them, too."""
        ...

    def match(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Told]:
        """Yield whom each notice concerns, notice by notice, the profiles of one decision together.

        Raises:
            SearchUnavailableError: As above.
        """
        ...

    def rest(self) -> None:
        """Keep for the next run what is costly to make, and nothing else."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class MemoryEngine:
    """Profiles in this process, from a file and back.

    Args:
        file: Where they are kept between runs; None: they are read anew.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._engine: Engine | None = None

    def follow(self, connection: Connection, *, now: datetime) -> None:
        """Compare fingerprints with the database's; ``now`` is not needed."""
        del now
        engine = self._loaded()
        standing = fingerprints.profile_fingerprints(connection)
        for profile_id in engine.fingerprints.keys() - standing.keys():
            engine.remove(profile_id)
        changed = [one for one, found in standing.items() if engine.fingerprints.get(one) != found]
        for profile_id, _, found, criteria in fingerprints.profiles_with_fingerprints(connection, changed):
            _warn_of_what_is_gone(profile_id, criteria)
            engine.put(profile_id, criteria, fingerprint=found)

    def note_changes(self, connection: Connection, *, now: datetime) -> None:
        """Nobody else looks: the next notice is soon enough."""

    def match(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Told]:
        """Ask the postings."""
        return self._loaded().match(notices)

    def rest(self) -> None:
        """Write the file, if anything was matched; where that fails it is made anew then."""
        engine, self._engine = self._engine, None
        if engine is None or self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            engine.save(self._file)
        except OSError as error:
            log.warning("engine_not_kept", problem=error.strerror)

    def close(self) -> None:
        """Nothing is open."""

    def _loaded(self) -> Engine:
        """Return the engine of the last run; an empty one where there is none, or it is not to be used."""
        if self._engine is None:
            self._engine = self._kept()
        return self._engine

    def _kept(self) -> Engine:
        if self._file is None or not self._file.exists():
            return Engine()
        try:
            return Engine.load(self._file)
        except (OSError, ValueError) as error:
            log.warning("engine_built_anew", problem=str(error))
            return Engine()


def _warn_of_what_is_gone(profile_id: str, criteria: Criteria) -> None:
    """Say what a stored profile names in vain: it is met by nothing, and only this profile suffers."""
    if criteria == UNREADABLE:
        return  # Said once, when it was to be matched.
    for contradiction in find_contradictions(criteria):
        log.warning(
            "profile_cannot_work" if contradiction.is_fatal else "profile_works_in_part",
            profile_id=profile_id,
            problem=contradiction.problem,
            to_do=f"alerting profiles try {profile_id}",
        )
