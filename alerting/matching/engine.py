"""The engine: finds, for each notice, the profiles whose criteria accept it.

In:   profiles as criteria, notices with our numbers.
Out:  every accepted pair with its Decision: one by one, or the profiles of one Decision together.

Profiles that ask the same are one group.  Postings from topic and place to groups only *propose*: a
group is proposed for a notice that speaks of one of its trades, states a code that one of its CPV codes
covers, or holds the first stem of one of its phrases, at a place where its profiles work; one that names
codes alone is also proposed for a notice that states none, and a notice without a place is proposed to all.
``judge_topic`` and ``judge_frame``, of which ``decide`` is made, confirm each and give the reasons, so the
engine cannot differ from the naive loop but in speed: what two groups ask alike is judged once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from alerting.domain.criteria import (
    CPV_DIVISION_DIGITS,
    AnalysedNotice,
    BuyerCriteria,
    CompiledCriteria,
    Criteria,
    FrameCriteria,
    TopicCriteria,
    TopicOutcome,
    ValueCriteria,
    decide,
    judge_frame,
    judge_topic,
    standing_part,
    standing_phrases,
    stated_codes,
)
from alerting.domain.json import criteria_from_json, to_json
from alerting.domain.match import Decision, Reason
from alerting.domain.notice import Notice
from alerting.domain.place import LocatedNotice, PlaceCriteria
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria


Pair = tuple[str, int, Decision]
Numbers = npt.NDArray[np.int32]
Whole = npt.NDArray[np.int64]
Part = TypeVar("Part")
ANYTHING = "*"
NO_CODE = "no cpv"
EVERYWHERE = ""
UNUSED = -1


class Told(NamedTuple):
    """Profiles that one notice concerns for the same reasons.

    Args:
        number: The notice's.
        decision: Lots, reasons and score, the same for all of them.
        profiles: Their positions, see ``Engine.name``; ascending.
    """

    number: int
    decision: Decision
    profiles: Numbers


class Engine:
    """Profiles held as postings: built once, changed one by one, asked with many notices."""

    def __init__(self, profiles: Iterable[tuple[str, Criteria]] = ()) -> None:
        #: Which version of each profile it holds, as given to ``put``.
        self.versions: dict[str, int] = {}
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._group_of: list[int] = []
        self._groups: dict[Criteria, int] = {}
        # What groups ask, each part once; and of each group the numbers of its parts.
        self._topics: _Parts[TopicCriteria] = _Parts()
        self._places: _Parts[PlaceCriteria] = _Parts()
        self._values: _Parts[ValueCriteria] = _Parts()
        self._buyers: _Parts[BuyerCriteria] = _Parts()
        self._frames: _Parts[FrameCriteria] = _Parts()
        self._parts_of: list[tuple[int, int, int]] = []
        self._parts = np.empty((0, 3), dtype=np.int64)
        # Profiles by group, one group after the other, and where each begins; made when they are asked for.
        self._members: tuple[Numbers, Whole] | None = None
        self._postings: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for name, criteria in profiles:
            self._add(name, self._group(criteria))
            self.versions[name] = 0

    def put(self, name: str, criteria: Criteria, *, version: int = 0) -> None:
        """Add a profile, or give one that is known other criteria; the version is for ``versions`` alone."""
        self.versions[name] = version
        group = self._group(criteria)
        number = self._numbers.get(name)
        if number is None:
            self._add(name, group)
        else:
            self._group_of[number] = group
            self._members = None

    def remove(self, name: str) -> None:
        """Forget a profile; one that is not known is no error."""
        self.versions.pop(name, None)
        number = self._numbers.pop(name, None)
        if number is not None:
            self._group_of[number] = UNUSED
            self._members = None

    def name(self, number: int) -> str:
        """Return the name of the profile at a position."""
        return self._names[number]

    def __len__(self) -> int:
        return len(self._numbers)

    def match(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Pair]:
        """Yield every accepted pair, notice by notice, profiles in the order they came in."""
        names = self._names
        for number, notice in notices:
            decisions, profiles, which = self._found(notice)
            order = np.argsort(profiles, kind="stable")
            for profile, at in zip(profiles[order].tolist(), which[order].tolist(), strict=True):
                yield names[profile], number, decisions[at]

    def match_together(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Told]:
        """Yield the same pairs, those of one notice and one decision together: for a fleet of profiles."""
        for number, notice in notices:
            decisions, profiles, which = self._found(notice)
            order = np.lexsort((profiles, which))
            ends = np.searchsorted(which[order], np.arange(len(decisions)), side="right")
            for at, told in enumerate(np.split(profiles[order], ends[:-1])):
                if len(told):
                    yield Told(number, decisions[at], told)

    def save(self, path: Path) -> None:
        """Write the profiles to a file that ``load`` reads; a file that is there is replaced whole."""
        criteria = json.dumps([to_json(asked) for asked in self._groups]).encode()
        written = path.with_name(path.name + ".new")
        with written.open("wb") as file:
            np.savez(
                file,
                names=np.frombuffer("\n".join(self._names).encode(), dtype=np.uint8),
                groups=np.array(self._group_of, dtype=np.int32),
                versions=np.array([self.versions.get(name, 0) for name in self._names], dtype=np.int64),
                criteria=np.frombuffer(criteria, dtype=np.uint8),
            )
        written.replace(path)

    @classmethod
    def load(cls, path: Path) -> Engine:
        """Return the engine that was saved.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is no saved engine.
            ProfileError: A trade that it names exists no longer.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                names = saved["names"].tobytes().decode()
                groups: list[int] = saved["groups"].tolist()
                versions: list[int] = saved["versions"].tolist()
                asked = [criteria_from_json(entry) for entry in json.loads(saved["criteria"].tobytes())]
        except (BadZipFile, KeyError, EOFError) as error:
            raise ValueError(
                f"{path}: no saved engine ({error}); expected one that Engine.save wrote"
            ) from error
        engine = cls()
        for criteria in asked:
            engine._group(criteria)
        for name, group, version in zip(names.split("\n") if groups else (), groups, versions, strict=True):
            engine._add(name, group)
            if group != UNUSED:
                engine.versions[name] = version
        return engine

    def _add(self, name: str, group: int) -> None:
        if group != UNUSED:
            self._numbers[name] = len(self._names)
        self._names.append(name)
        self._group_of.append(group)
        self._members = None

    def _members_by_group(self) -> tuple[Numbers, Whole]:
        if self._members is None:
            group_of = np.array(self._group_of, dtype=np.int32)
            profiles = np.argsort(group_of, kind="stable").astype(np.int32)
            starts = np.searchsorted(group_of[profiles], np.arange(len(self._parts_of) + 1))
            self._members = profiles, starts
        return self._members

    def _group(self, criteria: Criteria) -> int:
        """Return the number of the group that asks this, a new one where there is none."""
        group = self._groups.get(criteria)
        if group is None:
            group = self._groups[criteria] = len(self._parts_of)
            compiled = compile_criteria(criteria)
            # Equal parts are one object: what is judged of it once holds for all.
            frame = replace(
                compiled.frame,
                place=self._places.one(compiled.frame.place),
                value=self._values.one(compiled.frame.value),
                buyer=self._buyers.one(compiled.frame.buyer),
            )
            self._parts_of.append(
                (
                    self._topics.number(compiled.topic),
                    self._places.number(frame.place),
                    self._frames.number(frame),
                )
            )
            self._members = None
            for topic in _topic_keys(compiled):
                for place in _place_keys(frame.place):
                    self._postings[topic][place].append(group)
        return group

    def _found(self, notice: Notice) -> tuple[list[Decision], Numbers, Whole]:
        """Return decisions, the profiles that one of them accepts, and which one it is for each."""
        analysed = analyse_notice(notice)
        candidates = self._candidates(analysed)
        if not len(candidates):
            return [], np.empty(0, dtype=np.int32), candidates
        decisions, which = self._decide(self._parts_of_groups()[candidates], analysed)
        accepted = np.array([*(decision.accepted for decision in decisions), False])[which]
        candidates, which = candidates[accepted], which[accepted]
        profiles, starts = self._members_by_group()
        firsts, counts = starts[candidates], starts[candidates + 1] - starts[candidates]
        # The members of group after group: each group's first place, and 0, 1, 2 ... from there.
        within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        return decisions, profiles[np.repeat(firsts, counts) + within], np.repeat(which, counts)

    def _decide(self, parts: Whole, analysed: AnalysedNotice) -> tuple[list[Decision], Whole]:
        """Return the decisions on groups of these parts, each once, and of each group which it is.

        A group whose topic is refused whatever its frame has number -1.
        """
        topics, places, frames = parts.T
        if not any(lot.places for lot in analysed.notice.lots):
            places = np.zeros_like(places)
        asked, of_topic = np.unique(topics * len(self._places) + places, return_inverse=True)
        outcomes: dict[TopicOutcome, int] = {}
        known: dict[tuple[object, ...], int] = {}
        numbers = []
        for key in asked.tolist():
            topic, place = divmod(key, len(self._places))
            asking = self._topics[topic]
            phrases = standing_phrases(asking, analysed)
            standing = (asking.trades, asking.points_needed, asking.needs_codes, phrases, place)
            if standing not in known:
                part = standing_part(asking, analysed)
                outcome = judge_topic(part, self._places[place], analysed)
                known[standing] = outcomes.setdefault(outcome, len(outcomes))
            numbers.append(known[standing])
        by_number = list(outcomes)
        is_open = np.array([one.refusal is None or one.may_be_unknown for one in by_number])
        of_group = np.array(numbers)[of_topic]
        left = is_open[of_group]
        which = np.full(len(parts), -1)
        pairs, which[left] = np.unique(of_group[left] * len(self._frames) + frames[left], return_inverse=True)
        judged: dict[tuple[int, tuple[str, ...]], Reason | None] = {}
        split = (divmod(pair, len(self._frames)) for pair in pairs.tolist())
        decisions = [
            judge_frame(self._frames[frame], by_number[outcome], analysed, judged) for outcome, frame in split
        ]
        return decisions, which

    def _parts_of_groups(self) -> Whole:
        if len(self._parts) != len(self._parts_of):
            self._parts = np.array(self._parts_of, dtype=np.int64)
        return self._parts

    def _candidates(self, analysed: AnalysedNotice) -> Whole:
        places = _place_evidence(analysed.located)
        found: set[int] = set()
        for topic in _topic_evidence(analysed):
            by_place = self._postings.get(topic)
            if by_place is None:
                continue
            for place in by_place if places is None else places:
                found.update(by_place.get(place, ()))
        candidates = np.fromiter(found, dtype=np.int64, count=len(found))
        candidates.sort()
        return candidates


class _Parts(Generic[Part]):
    """Parts of criteria, each once, by number."""

    def __init__(self) -> None:
        self._numbers: dict[Part, int] = {}
        self._parts: list[Part] = []

    def number(self, part: Part) -> int:
        """Return the number of a part, a new one where it is not known."""
        number = self._numbers.setdefault(part, len(self._parts))
        if number == len(self._parts):
            self._parts.append(part)
        return number

    def one(self, part: Part) -> Part:
        """Return the part that is kept for all equal ones."""
        return self._parts[self.number(part)]

    def __getitem__(self, number: int) -> Part:
        return self._parts[number]

    def __len__(self) -> int:
        return len(self._parts)


def naive_match(
    profiles: Sequence[tuple[str, Criteria]], notices: Iterable[tuple[int, Notice]]
) -> Iterator[Pair]:
    """Yield what ``Engine.match`` yields, by asking every profile of every notice."""
    compiled = [(name, compile_criteria(criteria)) for name, criteria in profiles]
    for number, notice in notices:
        analysed = analyse_notice(notice)
        for name, criteria in compiled:
            decision = decide(criteria, analysed)
            if decision.accepted:
                yield name, number, decision


def _topic_keys(criteria: CompiledCriteria) -> set[str]:
    topic = criteria.topic
    if not topic.asks:
        return {ANYTHING}
    codes = {code for one in topic.topics for code in one.cpv_codes}
    stems = {phrase[0] for one in topic.topics for phrase in one.phrases}
    keys = {_cpv_key(code) for code in codes} | {f"word {stem}" for stem in stems}
    keys.update(f"trade {trade}" for trade in topic.trades)
    return keys | {NO_CODE} if topic.needs_codes and criteria.frame.pass_unknown else keys


def _cpv_key(code: str) -> str:
    return f"cpv {code[: max(CPV_DIVISION_DIGITS, len(code.rstrip('0')))]}"


def _topic_evidence(analysed: AnalysedNotice) -> set[str]:
    codes = stated_codes(analysed.notice)
    keys = {f"word {stem}" for stem in analysed.stems}
    keys.update(
        f"cpv {code[:digits]}" for code in codes for digits in range(CPV_DIVISION_DIGITS, len(code) + 1)
    )
    keys.update(f"trade {trade}" for trade in analysed.findings)
    return keys | ({ANYTHING} if codes else {ANYTHING, NO_CODE})


def _place_keys(place: PlaceCriteria) -> Iterable[str]:
    """Return every département in which a place may be met; EVERYWHERE where any may."""
    return (place.departements | place.touched) if place.asks and not place.foreign_codes else (EVERYWHERE,)


def _place_evidence(located: LocatedNotice) -> set[str] | None:
    """Return every département that a verdict on the place may rest on, and EVERYWHERE; None: on none."""
    by_source = [spots for spots in (located.work, *located.lots) if spots]
    if not by_source and located.buyer is None:
        return None
    spots = [spot for spots in by_source for spot in spots]
    if located.buyer is not None:
        spots.append(located.buyer)
    return {EVERYWHERE, *(departement for spot in spots for departement in spot.departements)}
