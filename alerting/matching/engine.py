"""The engine: finds, for each notice, the profiles whose criteria accept it.

In:   profiles as criteria, notices with our numbers.
Out:  every accepted pair with its Decision: the profiles that one Decision concerns together.

Profiles that ask the same are one group.  Postings from topic and place to groups only *propose*, by what
``domain.evidence`` says that both must have in common.  ``judge_topic`` and ``judge_frame``, of which
``decide`` is made, confirm each and give the reasons (``Groups``), so the engine cannot differ from the
naive loop but in speed.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from alerting.domain.analysed import AnalysedNotice
from alerting.domain.criteria import Criteria
from alerting.domain.decide import decide
from alerting.domain.evidence import notice_places, notice_topics, profile_places, profile_topics
from alerting.domain.json import criteria_from_json, to_json
from alerting.domain.match import Decision
from alerting.domain.notice import Notice
from alerting.matching.alike import Whole
from alerting.matching.analyse import analyse_notice
from alerting.matching.askers import Askers, Told
from alerting.matching.compile import compile_criteria
from alerting.matching.groups import Groups
from alerting.reference.version import matching_hash


Pair = tuple[str, int, Decision]
UNFINISHED_AFTER_SECONDS = 3600


def in_pairs(told: Iterable[Told]) -> Iterator[Pair]:
    """Yield the pairs one by one, for who has few of them."""
    for number, decision, profile_ids in told:
        for profile_id in profile_ids:
            yield profile_id, number, decision


class Engine:
    """Profiles held as postings: built once, changed one by one, asked with many notices."""

    def __init__(self, profiles: Iterable[tuple[str, Criteria]] = ()) -> None:
        #: The fingerprint of what each profile asks for here, as given to ``put``.
        self.fingerprints: dict[str, int] = {}
        self._askers = Askers()
        self._groups = Groups()
        self._postings: defaultdict[str, defaultdict[str, array[int]]] = defaultdict(
            lambda: defaultdict(lambda: array("q"))
        )
        for name, criteria in profiles:
            self._askers.put(name, self._group(criteria))
            self.fingerprints[name] = 0
        self._settle()

    def put(self, name: str, criteria: Criteria, *, fingerprint: int = 0) -> None:
        """Add a profile, or give a known one other criteria; the fingerprint is kept for who asks."""
        self.fingerprints[name] = fingerprint
        self._askers.put(name, self._group(criteria))

    def remove(self, name: str) -> None:
        """Forget a profile; one that is not known is no error."""
        self.fingerprints.pop(name, None)
        self._askers.remove(name)

    def __len__(self) -> int:
        return len(self._askers)

    def match(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Told]:
        """Yield whom each notice concerns, notice by notice, the profiles of one decision together."""
        for number, notice in notices:
            analysed = analyse_notice(notice)
            yield from self._askers.told(number, self._groups.decide(self._candidates(analysed), analysed))

    def find_broken(self, notice: Notice) -> dict[str, Exception]:
        """Return the profiles at whose criteria our code fails with a notice, each with what it raised.

        Raises:
            Exception: Whatever our code raises where nothing is asked: it fails at the notice itself.
        """
        analysed = analyse_notice(notice)
        decide(compile_criteria(Criteria()), analysed)
        broken: dict[int, Exception] = {}
        for group in self._candidates(analysed).tolist():
            try:
                self._groups.decide(np.array([group]), analysed)
            except Exception as error:  # noqa: BLE001 - whatever one asks, it hides no other
                broken[group] = error
        return {name: broken[group] for name, group in self._askers.groups().items() if group in broken}

    def without(self, names: Collection[str]) -> Engine:
        """Return an engine of the other profiles, which forgets what these asked."""
        known = self._groups.criteria
        others = [(name, group) for name, group in self._askers.groups().items() if name not in names]
        return Engine((name, known[group]) for name, group in others)

    def save(self, path: Path) -> None:
        """Write the profiles to a file that ``load`` reads; a file that is there is replaced whole.

        What profiles asked for that changed or ended is not written: the file forgets it.
        """
        groups = self._askers.groups()
        names, asked = list(groups), list(groups.values())
        living = sorted(set(asked))
        known = self._groups.criteria
        criteria = json.dumps([to_json(known[group]) for group in living]).encode()
        # Two workers may write at once: each its own file, and the last one stands.
        written = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.new")
        try:
            with written.open("xb") as file:
                np.savez(
                    file,
                    names=np.frombuffer("\n".join(names).encode(), dtype=np.uint8),
                    groups=np.searchsorted(living, asked).astype(np.int32),
                    fingerprints=np.array([self.fingerprints[name] for name in names], dtype=np.int64),
                    criteria=np.frombuffer(criteria, dtype=np.uint8),
                    made_of=np.frombuffer(matching_hash().encode(), dtype=np.uint8),
                )
            written.replace(path)
            _forget_unfinished(path)
        finally:
            written.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> Engine:
        """Return the engine that was saved.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is no saved engine, or other code wrote it: profiles may mean something else now.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                made_of = saved["made_of"].tobytes().decode()
                names = saved["names"].tobytes().decode()
                groups: list[int] = saved["groups"].tolist()
                fingerprints: list[int] = saved["fingerprints"].tolist()
                asked = [criteria_from_json(entry) for entry in json.loads(saved["criteria"].tobytes())]
        # RuntimeError: packed by a method that is unknown here, or under a password.
        except (BadZipFile, KeyError, EOFError, RuntimeError, zlib.error) as error:
            raise ValueError(
                f"{path}: no saved engine ({error}); expected one that Engine.save wrote"
            ) from error
        if made_of != matching_hash():
            raise ValueError(f"{path}: an engine of other code (got {made_of}, expected {matching_hash()})")
        engine = cls()
        for criteria in asked:
            engine._group(criteria)
        for name, group, found in zip(names.split("\n") if groups else (), groups, fingerprints, strict=True):
            engine._askers.put(name, group)
            engine.fingerprints[name] = found
        engine._settle()
        return engine

    def _settle(self) -> None:
        """Make the arrays for which the first notice would have to wait."""
        self._groups.settle()
        self._askers.settle()

    def _group(self, criteria: Criteria) -> int:
        """Return the number of the group that asks this, a new one where there is none."""
        known = self._groups.find(criteria)
        if known is not None:
            return known
        group, compiled = self._groups.add(criteria)
        passes_unknown = compiled.frame.pass_unknown
        for topic in profile_topics(compiled.topic, passes_unknown=passes_unknown):
            for place in profile_places(compiled.frame.place, passes_unknown=passes_unknown):
                self._postings[topic][place].append(group)
        return group

    def _candidates(self, analysed: AnalysedNotice) -> Whole:
        places = notice_places(analysed.located)
        is_found = np.zeros(len(self._groups), dtype=np.bool_)
        for topic in notice_topics(analysed):
            by_place = self._postings.get(topic)
            if by_place is not None:
                for place in places:
                    if (groups := by_place.get(place)) is not None:
                        is_found[np.frombuffer(groups, dtype=np.int64)] = True
        return np.flatnonzero(is_found)


def naive_match(
    profiles: Sequence[tuple[str, Criteria]], notices: Iterable[tuple[int, Notice]]
) -> Iterator[Pair]:
    """Yield the pairs of ``Engine.match``, one by one, by asking every profile of every notice."""
    compiled = [(name, compile_criteria(criteria)) for name, criteria in profiles]
    for number, notice in notices:
        analysed = analyse_notice(notice)
        for name, criteria in compiled:
            decision = decide(criteria, analysed)
            if decision.accepted:
                yield name, number, decision


def _forget_unfinished(saved: Path) -> None:
    """Remove what writers that were killed left beside an engine, long before it was saved."""
    with suppress(OSError):
        at = saved.stat().st_mtime
        for unfinished in saved.parent.glob(f"{saved.name}.*.new"):
            if at - unfinished.stat().st_mtime > UNFINISHED_AFTER_SECONDS:
                unfinished.unlink(missing_ok=True)
