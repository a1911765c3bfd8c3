"""Groups: profiles that ask the same are one; of many groups, what they ask alike is judged once.

In:   criteria, and for a notice the numbers of groups that may accept it.
Out:  decisions, equal to what ``decide`` says of each profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from alerting.domain.criteria import (
    AnalysedNotice,
    BuyerCriteria,
    CompiledCriteria,
    Criteria,
    FrameCriteria,
    TopicCriteria,
    TopicOutcome,
    ValueCriteria,
    judge_frame,
    judge_topic,
    standing_part,
    standing_phrases,
)
from alerting.domain.match import Decision, Reason
from alerting.domain.place import PlaceCriteria
from alerting.matching.compile import compile_criteria


Whole = npt.NDArray[np.int64]
Part = TypeVar("Part")


class Groups:
    """What profiles ask, each once, by number."""

    def __init__(self) -> None:
        self._numbers: dict[Criteria, int] = {}
        # What groups ask, each part once; and of each group the numbers of its parts.
        self._topics: _Parts[TopicCriteria] = _Parts()
        self._places: _Parts[PlaceCriteria] = _Parts()
        self._values: _Parts[ValueCriteria] = _Parts()
        self._buyers: _Parts[BuyerCriteria] = _Parts()
        self._frames: _Parts[FrameCriteria] = _Parts()
        # Of each topic, the numbers of what it asks without its phrases, and with nothing but them.
        self._bases: _Parts[TopicCriteria] = _Parts()
        self._askings: _Parts[TopicCriteria] = _Parts()
        self._parts_of_topic: list[tuple[int, int]] = []
        self._topic_parts = np.empty((0, 2), dtype=np.int64)
        self._parts_of: list[tuple[int, int, int]] = []
        self._parts = np.empty((0, 3), dtype=np.int64)

    def __len__(self) -> int:
        return len(self._parts_of)

    @property
    def criteria(self) -> list[Criteria]:
        """Return what each group asks, by number."""
        return list(self._numbers)

    def find(self, criteria: Criteria) -> int | None:
        """Return the number of the group that asks this."""
        return self._numbers.get(criteria)

    def add(self, criteria: Criteria) -> tuple[int, CompiledCriteria]:
        """Add a group that asks what none does yet; return its number, and what it asks."""
        compiled = compile_criteria(criteria)
        # Equal parts are one object: what is judged of it once holds for all.
        frame = replace(
            compiled.frame,
            place=self._places.one(compiled.frame.place),
            value=self._values.one(compiled.frame.value),
            buyer=self._buyers.one(compiled.frame.buyer),
        )
        if self._topics.number(compiled.topic) == len(self._parts_of_topic):
            self._parts_of_topic.append(self._split(compiled.topic))
        number = self._numbers[criteria] = len(self._parts_of)
        self._parts_of.append(
            (
                self._topics.number(compiled.topic),
                self._places.number(frame.place),
                self._frames.number(frame),
            )
        )
        return number, compiled

    def decide(self, groups: Whole, analysed: AnalysedNotice) -> tuple[list[Decision], Whole, Whole]:
        """Return the decisions that accept a notice, the groups of them, and which decision it is for each.

        Args:
            groups: Numbers of those that may accept it.
            analysed: The notice.
        """
        if not len(groups):
            return [], groups, groups
        decisions, which = self._decide(self._parts_of_groups()[groups], analysed)
        accepted = np.array([*(decision.accepted for decision in decisions), False])[which]
        return decisions, groups[accepted], which[accepted]

    def accepting(self, groups: Sequence[int], analysed: AnalysedNotice) -> Iterator[tuple[int, Decision]]:
        """Yield those of some groups that accept a notice, each with its decision."""
        decisions, accepted, which = self.decide(np.array(groups, dtype=np.int64), analysed)
        for group, at in zip(accepted.tolist(), which.tolist(), strict=True):
            yield group, decisions[at]

    def _decide(self, parts: Whole, analysed: AnalysedNotice) -> tuple[list[Decision], Whole]:
        """Return the decisions on groups of these parts, each once, and of each group which it is.

        A group whose topic is refused whatever its frame has number -1.
        """
        topics, places, frames = parts.T
        if not any(lot.places for lot in analysed.notice.lots):
            places = np.zeros_like(places)
        standing = self._standing(topics, analysed)
        _, firsts, of_topic = np.unique(
            standing * len(self._places) + places, return_index=True, return_inverse=True
        )
        outcomes: dict[TopicOutcome, int] = {}
        numbers = []
        for topic, place in zip(topics[firsts].tolist(), places[firsts].tolist(), strict=True):
            part = standing_part(self._topics[topic], analysed)
            outcome = judge_topic(part, self._places[place], analysed)
            numbers.append(outcomes.setdefault(outcome, len(outcomes)))
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

    def _split(self, topic: TopicCriteria) -> tuple[int, int]:
        base = replace(topic, topics=(), phrases_out=())
        asking = TopicCriteria(topics=topic.topics, phrases_out=topic.phrases_out)
        return self._bases.number(base), self._askings.number(asking)

    def _standing(self, topics: Whole, analysed: AnalysedNotice) -> Whole:
        """Return for each topic a number that those share of which the same stands in a notice."""
        bases, asked = self._parts_of_topics()[topics].T
        askings, of_topic = np.unique(asked, return_inverse=True)
        known: dict[object, int] = {}
        standing = [
            known.setdefault(standing_phrases(self._askings[asking], analysed), len(known))
            for asking in askings.tolist()
        ]
        shared: Whole = bases * len(known) + np.array(standing, dtype=np.int64)[of_topic]
        return shared

    def _parts_of_topics(self) -> Whole:
        if len(self._topic_parts) != len(self._topics):
            self._topic_parts = np.array(self._parts_of_topic, dtype=np.int64)
        return self._topic_parts

    def _parts_of_groups(self) -> Whole:
        if len(self._parts) != len(self._parts_of):
            self._parts = np.array(self._parts_of, dtype=np.int64)
        return self._parts


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
