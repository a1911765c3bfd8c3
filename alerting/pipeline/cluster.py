"""The engine on Elasticsearch: the cluster proposes, ``decide`` confirms.

In:   the standing profiles, as the database has them; notices with our numbers.
Out:  every pair that the profiles' criteria accept, the profiles of one decision on one notice together.

The cluster is asked which criteria a notice meets (``domain.evidence``); what a number stands for, and who
asks for it, is read once and kept, within limits, as long as no profile changes.  While the cluster is away,
or lacks a shard, nothing is matched and nothing is lost: rows keep their empty mark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

import structlog

from alerting.domain.evidence import notice_evidence, profile_evidence
from alerting.domain.notice import Notice
from alerting.errors import SearchError, SearchUnavailableError
from alerting.index.profile_documents import IndexedProfile
from alerting.index.profiles import ProfileIndex, Sums
from alerting.matching.analyse import analyse_notice
from alerting.matching.askers import Askers, Told
from alerting.matching.compile import compile_criteria
from alerting.matching.groups import Groups, Numbering
from alerting.pipeline.rebuild import merge_segments
from alerting.store import fingerprints
from alerting.store.database import Connection


log = structlog.get_logger()

# Hundreds of numbers a notice come back at once.
_NOTICES = 50
_PROFILES_KEPT = 500_000
_BUCKETS_AT_ONCE = 16
_PASSES = 5
_WHAT_TO_DO = (
    "notices wait for it, nothing is lost, and the next run goes on; to go on without it set"
    " ALERTING_MATCHING_ENGINE=memory"
)


class ClusterEngine:
    """Profiles in an index of Elasticsearch, shared by all workers.

    Args:
        index: Where they are.
        profiles_kept: How many are remembered between two notices.
    """

    def __init__(self, index: ProfileIndex, *, profiles_kept: int = _PROFILES_KEPT) -> None:
        self._index = index
        self._profiles_kept = profiles_kept
        self._sums: Sums | None = None
        self._forget()

    def follow(self, connection: Connection, *, now: datetime) -> None:
        """Copy what differs from the database; a generation that other code wrote is built anew."""
        with _what_to_do():
            generation = self._index.open_generation(now=now)
            sums = self._level(connection, generation.name)
            if not generation.is_serving:
                merge_segments(self._index, generation)
                self._index.serve(generation, now=now)
                log.info("profile_generation_serves", generation=generation.name)
        if sums != self._sums:
            self._forget()
        self._sums = sums

    def note_changes(self, connection: Connection, *, now: datetime) -> None:
        """Copy what changed at once; while the cluster is away it is copied before the next notice."""
        try:
            self.follow(connection, now=now)
        except (SearchError, SearchUnavailableError) as error:
            log.warning("profiles_not_copied", problem=str(error))

    def match(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Told]:
        """Ask the cluster, some notices at once, and confirm what it proposes."""
        left = iter(notices)
        while some := list(islice(left, _NOTICES)):
            analysed = [(number, analyse_notice(notice)) for number, notice in some]
            with _what_to_do():
                found = self._index.candidates([notice_evidence(notice) for _, notice in analysed])
                self._learn(found)
            for (number, notice), numbers in zip(analysed, found, strict=True):
                decided = self._groups.decide(self._numbering.groups(numbers), notice)
                yield from self._askers.told(number, decided)

    def rest(self) -> None:
        """Forget what was read."""
        self._sums = None
        self._forget()

    def close(self) -> None:
        """Close every connection."""
        self._index.close()

    def _forget(self) -> None:
        self._groups = Groups()
        self._askers = Askers()
        self._numbering = Numbering()

    def _level(self, connection: Connection, name: str) -> Sums:
        """Copy until nothing differs; return what both hold."""
        # What a run wrote that was killed before it could say so.
        self._index.refresh(of=name)
        for _ in range(_PASSES):
            stored = fingerprints.profile_sums(connection)
            held = self._index.sums(of=name)
            differing = sorted(one for one in stored.keys() | held.keys() if stored.get(one) != held.get(one))
            if not differing:
                return stored
            for start in range(0, len(differing), _BUCKETS_AT_ONCE):
                self._copy(connection, name, differing[start : start + _BUCKETS_AT_ONCE])
            self._index.refresh(of=name)
        raise SearchUnavailableError(f"search index {name!r}: profiles change faster than they are copied")

    def _copy(self, connection: Connection, name: str, buckets: Collection[int]) -> None:
        stored = fingerprints.profile_fingerprints(connection, buckets)
        held = self._index.fingerprints(buckets, of=name)
        changed = [one for one, fingerprint in stored.items() if held.get(one) != fingerprint]
        ended = sorted(held.keys() - stored.keys())
        self._index.remove(ended, out_of=name)
        self._index.put(
            (
                IndexedProfile(
                    profile_id, bucket, fingerprint, criteria, profile_evidence(compile_criteria(criteria))
                )
                for profile_id, bucket, fingerprint, criteria in fingerprints.profiles_with_fingerprints(
                    connection, changed
                )
            ),
            into=name,
        )
        log.info("profiles_copied", generation=name, put_count=len(changed), removed_count=len(ended))

    def _learn(self, numbers: Iterable[Sequence[int]]) -> None:
        """Read what numbers stand for and who asks for it, but for what is known."""
        if len(self._askers) > self._profiles_kept:
            self._forget()
        missing = self._numbering.unknown(numbers)
        if not missing:
            return
        by_criteria: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
        for asker in self._index.askers(missing):
            by_criteria[asker.criteria_number, asker.criteria_hash].append(asker.profile_id)
        groups_of: dict[int, tuple[int, ...]] = dict.fromkeys(missing, ())
        asked = self._index.criteria([profile_ids[0] for profile_ids in by_criteria.values()])
        for ((number, _), profile_ids), criteria in zip(by_criteria.items(), asked, strict=True):
            group = self._groups.find(criteria)
            if group is None:
                group, _ = self._groups.add(criteria)
            groups_of[number] += (group,)
            for profile_id in profile_ids:
                self._askers.put(profile_id, group)
        # Where reading fails in the middle, nothing is known of them.
        self._numbering.add(groups_of)


@contextmanager
def _what_to_do() -> Iterator[None]:
    """Say beside what is wrong what follows, and what can be done."""
    try:
        yield
    except SearchUnavailableError as error:
        raise SearchUnavailableError(f"matching: {error}; {_WHAT_TO_DO}") from error
