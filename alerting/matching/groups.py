"""Groups: profiles that ask the same are one; of many groups, what a notice cannot tell apart is judged once.

In:   criteria, and for a notice the numbers of groups that may accept it.
Out:  decisions, equal to what ``decide`` says of each profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from alerting.domain.criteria import (
    AnalysedNotice,
    CompiledCriteria,
    Criteria,
    TopicOutcome,
    judge_frame,
    judge_topic,
    standing_part,
)
from alerting.domain.match import Decision, Reason
from alerting.matching.alike import Columns, Frames, Kinds, Topics, Whole
from alerting.matching.compile import compile_criteria


class Groups:
    """What profiles ask, each once, by number."""

    def __init__(self) -> None:
        self._numbers: dict[Criteria, int] = {}
        # What groups ask, each part once; and of each group the numbers of its parts.
        self._topics = Topics()
        self._frames = Frames()
        self._parts_of = Columns(2)

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
        number = self._numbers[criteria] = len(self._parts_of)
        self._parts_of.add((self._topics.number(compiled.topic), self._frames.number(compiled.frame)))
        return number, compiled

    def settle(self) -> None:
        """Make the arrays of what was added, as the next notice would."""
        self._parts_of.settle()
        self._topics.settle()
        self._frames.settle()

    def decide(self, groups: Whole, analysed: AnalysedNotice) -> tuple[list[Decision], Whole, Whole]:
        """Return the decisions that accept a notice, the groups of them, and which decision it is for each.

        Args:
            groups: Numbers of those that may accept it.
            analysed: The notice.
        """
        if not len(groups):
            return [], groups, groups
        decisions, which = self._decide(groups, analysed)
        accepted = np.array([*(decision.accepted for decision in decisions), False])[which]
        return decisions, groups[accepted], which[accepted]

    def accepting(
        self, groups: Iterable[int], analysed: AnalysedNotice
    ) -> tuple[list[int], Iterator[Decision]]:
        """Return those of some groups that accept a notice, ascending, and the decision of each."""
        numbers = np.sort(np.fromiter(groups, dtype=np.int64))
        decisions, accepted, which = self.decide(numbers, analysed)
        return accepted.tolist(), map(decisions.__getitem__, which.tolist())

    def _decide(self, groups: Whole, analysed: AnalysedNotice) -> tuple[list[Decision], Whole]:
        """Return the decisions on groups, each once, and of each group which it is.

        A group whose topic is refused whatever its frame has number -1.
        """
        topics, frames = self._parts_of.rows[groups].T
        firsts, of_frame = Kinds(frames, len(self._frames)).met()
        of_place, of_frames = self._frames.kinds(frames[firsts], analysed)
        outcomes, of_group = self._outcomes(topics, frames, of_place.of(of_frame.of_each), analysed)
        is_open = np.array([one.refusal is None or one.may_be_unknown for one in outcomes])
        left = np.flatnonzero(is_open[of_group.of_each])
        firsts, asked = of_group.of(left).beside(of_frames.of(of_frame.of_each[left])).met()
        firsts = left[firsts]
        which = np.full(len(groups), -1)
        which[left] = asked.of_each
        judged: dict[tuple[int, tuple[str, ...]], Reason | None] = {}
        decisions = [
            judge_frame(self._frames[frame], outcomes[outcome], analysed, judged)
            for frame, outcome in zip(frames[firsts].tolist(), of_group.of_each[firsts].tolist(), strict=True)
        ]
        return decisions, which

    def _outcomes(
        self, topics: Whole, frames: Whole, of_place: Kinds, analysed: AnalysedNotice
    ) -> tuple[list[TopicOutcome], Kinds]:
        """Return what comes of topics, each outcome once, and of each group which it is."""
        firsts, of_topic = Kinds(topics, len(self._topics)).met()
        kinds = self._topics.kinds(topics[firsts], analysed).of(of_topic.of_each)
        # Places count only where lots have places of their own.
        if any(lot.places for lot in analysed.notice.lots):
            kinds = kinds.beside(of_place)
        firsts, of_group = kinds.met()
        outcomes: dict[TopicOutcome, int] = {}
        numbers = []
        for topic, frame in zip(topics[firsts].tolist(), frames[firsts].tolist(), strict=True):
            part = standing_part(self._topics[topic], analysed)
            outcome = judge_topic(part, self._frames[frame].place, analysed)
            numbers.append(outcomes.setdefault(outcome, len(outcomes)))
        return list(outcomes), Kinds(np.array(numbers, dtype=np.int64)[of_group.of_each], len(outcomes))
