"""Groups: profiles that ask the same are one; of many groups, what a notice cannot tell apart is judged once.

In:   criteria, and for a notice the numbers of groups that may accept it.
Out:  decisions, equal to what ``decide`` says of each profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alerting.domain.analysed import AnalysedNotice
from alerting.domain.criteria import CompiledCriteria, Criteria
from alerting.domain.decide import judge_frame
from alerting.domain.match import Decision, Reason
from alerting.domain.topic import TopicOutcome, judge_topic, standing_part
from alerting.matching.alike import Columns, Frames, Kinds, Topics, Whole, ranges
from alerting.matching.compile import compile_criteria


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on a notice.

    Args:
        decisions: Those that accept it.
        groups: Those of the first decision, then those of the next.
        ends: Where the groups of each decision end.
    """

    decisions: list[Decision]
    groups: Whole
    ends: Whole


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

    def decide(self, groups: Whole, analysed: AnalysedNotice) -> Decided:
        """Return the decisions that accept a notice, with the groups of each.

        Args:
            groups: Numbers of those that may accept it.
            analysed: The notice.
        """
        # Whoever asks for no notice of its kind needs no judgement.
        topics, frames = (column[groups] for column in self._parts_of.columns)
        heard = self._frames.hear(analysed.notice.kind)[frames]
        if not heard.all():
            groups, topics, frames = groups[heard], topics[heard], frames[heard]
        if not len(groups):
            return Decided([], groups, groups)
        decisions, which = self._decide(topics, frames, analysed)
        # Of short numbers NumPy's stable sort is by their digits.
        order = np.argsort(which.astype(np.min_scalar_type(-1 - len(decisions))), kind="stable")
        accepted = np.array([*(decision.accepted for decision in decisions), False])[which[order]]
        order = order[accepted]
        counts = np.bincount(which[order], minlength=len(decisions))
        told = np.flatnonzero(counts)
        return Decided([decisions[number] for number in told.tolist()], groups[order], counts[told].cumsum())

    def _decide(self, topics: Whole, frames: Whole, analysed: AnalysedNotice) -> tuple[list[Decision], Whole]:
        """Return the decisions on groups of these parts, each once, and of each group which it is.

        A group whose topic is refused whatever its frame has number -1.
        """
        firsts, of_frame = Kinds(frames, len(self._frames)).met()
        of_place, of_frames = self._frames.kinds(frames[firsts], analysed)
        outcomes, of_group = self._outcomes(topics, frames, of_place.of(of_frame.of_each), analysed)
        is_open = np.array([one.refusal is None or one.may_be_unknown for one in outcomes])
        left = np.flatnonzero(is_open[of_group.of_each])
        firsts, asked = of_group.of(left).beside(of_frames.of(of_frame.of_each[left])).met()
        firsts = left[firsts]
        which = np.full(len(topics), -1)
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


class Numbering:
    """The groups that numbers from elsewhere stand for, each mostly one."""

    def __init__(self) -> None:
        self._groups_of: dict[int, tuple[int, ...]] = {}
        self._settled: tuple[Whole, Whole, Whole] | None = None

    def unknown(self, numbers: Iterable[Sequence[int]]) -> set[int]:
        """Return those of some rows of numbers that were never told."""
        known, _, _ = self._arrays()
        rows = [np.array(row, dtype=np.int64) for row in numbers]
        asked = np.concatenate([np.empty(0, dtype=np.int64), *rows])
        if not len(known):
            return set(asked.tolist())
        places = np.searchsorted(known, asked)
        return set(asked[known[np.minimum(places, len(known) - 1)] != asked].tolist())

    def add(self, groups_of: Mapping[int, tuple[int, ...]]) -> None:
        """Tell what numbers stand for; some may stand for nothing."""
        self._groups_of.update(groups_of)
        self._settled = None

    def groups(self, numbers: Sequence[int]) -> Whole:
        """Return the groups that known numbers stand for."""
        known, flat, starts = self._arrays()
        # One search in arrays: objects that were not looked at for a while cost a walk to memory each.
        places = np.searchsorted(known, np.array(numbers, dtype=np.int64))
        firsts, counts = starts[places], starts[places + 1] - starts[places]
        return flat[ranges(firsts, counts)]

    def _arrays(self) -> tuple[Whole, Whole, Whole]:
        """Return the known numbers in order, the groups of one after the other's, and where each begins."""
        if self._settled is None:
            known = sorted(self._groups_of)
            groups = [self._groups_of[number] for number in known]
            self._settled = (
                np.array(known, dtype=np.int64),
                np.array([group for some in groups for group in some], dtype=np.int64),
                np.array([0, *map(len, groups)]).cumsum(),
            )
        return self._settled
