"""What profiles ask that one notice cannot tell apart: most of what they ask does not stand in it.

In:   topics and frames, each once, by number; then a notice, and the numbers of some of them.
Out:  of each of these the number of its kind: of one kind ``judge_topic`` or ``judge_frame`` says the same,
      but for the facts of what they refuse.

Two that are of different kinds may be judged alike all the same: they are judged twice, and nothing is lost.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from alerting.domain.analysed import AnalysedNotice, stated_codes
from alerting.domain.cpv import CPV_DIVISION_DIGITS
from alerting.domain.criteria import BuyerCriteria, FrameCriteria, TopicCriteria, ValueCriteria
from alerting.domain.decide import judge_buyer
from alerting.domain.fit import FitCriteria
from alerting.domain.money import euros
from alerting.domain.notice import NoticeKind
from alerting.domain.place import PlaceCriteria, judge_spots
from alerting.domain.trade import POINTS_NEEDED


Whole = npt.NDArray[np.int64]
Part = TypeVar("Part", bound=Hashable)
#: A code, a phrase or a trade, and what it is asked for.
Asked = tuple[Hashable, ...]
# So many kinds are counted in a table rather than sorted, and more where there is as much to sort.
_TABLE_ROWS = 4_096
_UPWARD = np.arange(1 << 16, dtype=np.int64)
_UPWARD.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Kinds:
    """Of each number that was asked for, the number of its kind; kinds are counted from 0."""

    of_each: Whole
    count: int

    def beside(self, other: Kinds) -> Kinds:
        """Return the kinds of pairs, one of these and one of those."""
        return Kinds(self.of_each * other.count + other.of_each, self.count * other.count)

    def of(self, positions: Whole) -> Kinds:
        """Return the kinds at some positions."""
        return Kinds(self.of_each[positions], self.count)

    def met(self) -> tuple[Whole, Kinds]:
        """Return of each kind that is met a position of it, and the kinds without those that are not met."""
        if self.count > _TABLE_ROWS + 4 * len(self.of_each):
            _, firsts, of_each = np.unique(self.of_each, return_index=True, return_inverse=True)
            return firsts, Kinds(of_each, len(firsts))
        position = np.full(self.count, -1)
        position[self.of_each] = _upward(len(self.of_each))
        met = np.flatnonzero(position >= 0)
        firsts = position[met]
        # Each is in the table: what stood there was read.
        position[met] = _upward(len(met))
        return firsts, Kinds(position[self.of_each], len(met))


def ranges(firsts: Whole, counts: Whole) -> Whole:
    """Return the places of rows one after the other: each row's first place, and 0, 1, 2 ... from there."""
    ends = counts.cumsum()
    places: Whole = np.repeat(firsts - (ends - counts), counts)
    places += _upward(len(places))
    return places


def _upward(count: int) -> Whole:
    """Return 0, 1, 2 ..., to be read and not written: most are the beginning of one array."""
    if count > len(_UPWARD):
        return np.arange(count, dtype=np.int64)
    return _UPWARD[:count]


class Parts(Generic[Part]):
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


class Topics(Parts[TopicCriteria]):
    """Topics by number."""

    def __init__(self) -> None:
        super().__init__()
        # What a topic asks beside its codes, phrases and trades; and these, each once, in the topic's order.
        self._bases: Parts[TopicCriteria] = Parts()
        self._base_of = Columns(1)
        self._asked: Parts[Asked] = Parts()
        self._asked_of: list[int] = []
        self._ends = Columns(1)
        self._flat = np.empty(0, dtype=np.int64)
        # What may stand in a notice where its word, code or trade does.
        self._by_sign: defaultdict[Asked, list[int]] = defaultdict(list)

    def number(self, part: TopicCriteria) -> int:
        """Return the number of a topic, a new one where it is not known."""
        number = super().number(part)
        if number == len(self._base_of):
            self._base_of.add((self._bases.number(replace(part, trades=(), topics=(), phrases_out=())),))
            for sign, asked in _asked(part):
                new = len(self._asked)
                self._asked_of.append(at := self._asked.number(asked))
                if at == new:
                    self._by_sign[sign].append(at)
            self._ends.add((len(self._asked_of),))
        return number

    def settle(self) -> None:
        """Make the arrays of what was added."""
        self._base_of.settle()
        self._ends.settle()
        if len(self._flat) != len(self._asked_of):
            self._flat = np.array(self._asked_of, dtype=np.int64)

    def kinds(self, numbers: Whole, analysed: AnalysedNotice) -> Kinds:
        """Return the kinds of topics: of one kind are those of which the same may stand in a notice."""
        self.settle()
        ends = self._ends.columns[0]
        counts = ends[numbers] - np.where(numbers == 0, 0, ends[numbers - 1])
        asked = self._flat[ranges(ends[numbers] - counts, counts)]
        may_stand = self._standing(analysed)
        is_standing = may_stand[asked]
        # What stands is counted from 1.
        rank = may_stand.cumsum()
        rows, standing = np.repeat(_upward(len(numbers)), counts)[is_standing], rank[asked[is_standing]]
        signature = _sign_rows(rows, standing, len(numbers), int(rank[-1]) + 1 if len(rank) else 1)
        base = Kinds(self._base_of.columns[0][numbers], len(self._bases))
        return base.beside(signature)

    def _standing(self, analysed: AnalysedNotice) -> npt.NDArray[np.bool_]:
        """Tell of each thing asked whether it may stand in a notice."""
        may_stand = np.zeros(len(self._asked), dtype=np.bool_)
        for sign in _signs(analysed):
            if (found := self._by_sign.get(sign)) is not None:
                may_stand[found] = True
        return may_stand


class Frames(Parts[FrameCriteria]):
    """Frames by number; equal parts of them are one object: what is judged of it once holds for all."""

    def __init__(self) -> None:
        super().__init__()
        self._places: Parts[PlaceCriteria] = Parts()
        self._values: Parts[ValueCriteria] = Parts()
        self._buyers: Parts[BuyerCriteria] = Parts()
        self._fits: Parts[FitCriteria] = Parts()
        self._others: Parts[tuple[frozenset[NoticeKind], bool]] = Parts()
        self._parts_of = Columns(5)
        self._hearing: dict[NoticeKind, npt.NDArray[np.bool_]] = {}

    def number(self, part: FrameCriteria) -> int:
        """Return the number of a frame, a new one where it is not known."""
        place, value, buyer, fit = part.place, part.value, part.buyer, part.fit
        number = super().number(
            replace(
                part,
                place=self._places.one(place),
                value=self._values.one(value),
                buyer=self._buyers.one(buyer),
            )
        )
        if number == len(self._parts_of):
            self._parts_of.add(
                (
                    self._places.number(place),
                    self._values.number(value),
                    self._buyers.number(buyer),
                    self._fits.number(fit),
                    self._others.number((part.kinds, part.pass_unknown)),
                )
            )
            self._hearing = {}
        return number

    def settle(self) -> None:
        """Make the arrays of what was added."""
        self._parts_of.settle()

    def hear(self, kind: NoticeKind) -> npt.NDArray[np.bool_]:
        """Tell of each frame whether it asks for notices of a kind."""
        if kind not in self._hearing:
            others = [kind in self._others[number][0] for number in range(len(self._others))]
            self._hearing[kind] = np.array(others, dtype=np.bool_)[self._parts_of.columns[4]]
        return self._hearing[kind]

    def kinds(self, numbers: Whole, analysed: AnalysedNotice) -> tuple[Kinds, Kinds]:
        """Return the kinds of the places of frames, and those of the frames."""
        places, values, buyers, fits, others = (column[numbers] for column in self._parts_of.columns)
        notice, demands = analysed.notice, analysed.demands
        stated = (euros(value) for value in (notice.value, *(lot.value for lot in notice.lots)))
        amounts = sorted({cents for cents in stated if cents is not None})
        of_place = self._place_kinds(places, analysed)
        of_frame = of_place
        for kinds in (
            _alike(self._values, values, lambda one: _within(one, amounts)),
            _alike(self._buyers, buyers, lambda one: judge_buyer(one, analysed)),
            _alike(
                self._fits,
                fits,
                lambda one: (one.working_days, *((one.meets(each), one.rules_out(each)) for each in demands)),
            ),
            _alike(self._others, others, lambda one: (notice.kind in one[0], one[1])),
        ):
            of_frame = of_frame.beside(kinds)
        return of_place, of_frame

    def _place_kinds(self, numbers: Whole, analysed: AnalysedNotice) -> Kinds:
        located = analysed.located
        of_lots = set(located.of_lots)
        if len(of_lots) > 1:
            # What lots lie in differs: which of them fit is not known yet.
            return Kinds(numbers, len(self._places))
        spots = (*of_lots, located.whole)
        return _alike(
            self._places,
            numbers,
            lambda one: tuple(judge_spots(one, some, located.buyer) for some in spots) if one.asks else None,
        )


class Columns:
    """Rows of whole numbers that grow at their end, read column by column."""

    def __init__(self, width: int) -> None:
        self._added: list[Sequence[int]] = []
        self._columns = np.empty((width, 0), dtype=np.int64)

    def add(self, row: Sequence[int]) -> None:
        """Add a row."""
        self._added.append(row)

    def settle(self) -> None:
        """Put what was added into the array."""
        if self._added:
            self._columns = np.concatenate([self._columns, np.array(self._added, dtype=np.int64).T], axis=1)
            self._added = []

    @property
    def columns(self) -> Whole:
        """Return all columns, each as one array."""
        self.settle()
        return self._columns

    def __len__(self) -> int:
        return self._columns.shape[1] + len(self._added)


def _sign_rows(rows: Whole, values: Whole, row_count: int, above: int) -> Kinds:
    """Return the kinds of rows: of one kind are those with the same values in the same order.

    Args:
        rows: Of each value its row, in order.
        values: From 1 up to below *above*.
        row_count: How many rows there are; one without values is a kind, too.
        above: More than any value.
    """
    many = np.bincount(rows, minlength=row_count)
    ends = many.cumsum()
    signature = np.zeros(row_count, dtype=np.int64)
    # One value is its own sign, two are a number with two digits; more are told apart row by row.
    signature[rows] = values
    two = np.flatnonzero(many == 2)  # noqa: PLR2004 - a pair
    signature[two] += values[ends[two] - 2] * above
    longer: dict[tuple[int, ...], int] = {}
    for row in np.flatnonzero(many > 2).tolist():  # noqa: PLR2004
        its = tuple(values[ends[row] - many[row] : ends[row]].tolist())
        signature[row] = above * above + longer.setdefault(its, len(longer))
    return Kinds(signature, above * above + len(longer))


def _asked(topic: TopicCriteria) -> Iterator[tuple[Asked, Asked]]:
    """Yield what a topic asks, in its order, each after the sign without which it cannot stand."""
    for trade in topic.trades:
        sign = ("trade", trade, topic.points_needed)
        yield sign, sign
    for at, one in enumerate(topic.topics):
        # Two topics that bear one name give two reasons.
        place = sum(other.criterion == one.criterion for other in topic.topics[:at])
        for prefix in one.prefixes:
            yield ("code", prefix), (one.criterion, place, prefix)
        for phrase in one.phrases:
            yield ("stem", phrase[0]), (one.criterion, place, phrase)
    for phrase in topic.phrases_out:
        yield ("stem", phrase[0]), ("out", phrase)


def _signs(analysed: AnalysedNotice) -> Iterator[Asked]:
    for trade, findings in analysed.findings.items():
        # A mere hint of a trade, or an act that is not its own, is no reason to accept anything.
        points = max((found.points for found in findings if found.act is None), default=0.0)
        for needed in POINTS_NEEDED.values():
            if points >= needed:
                yield "trade", trade, needed
    codes = stated_codes(analysed.notice)
    for prefix in {code[:digits] for code in codes for digits in range(CPV_DIVISION_DIGITS, len(code) + 1)}:
        yield "code", prefix
    for stem in analysed.stems:
        yield "stem", stem


def _alike(parts: Parts[Part], numbers: Whole, judge: Callable[[Part], Hashable]) -> Kinds:
    """Return the kinds of some parts: of one kind are those of which the same is said."""
    if len(parts) == 1:
        return Kinds(numbers, 1)
    firsts, met = Kinds(numbers, len(parts)).met()
    known: dict[Hashable, int] = {}
    kinds = [known.setdefault(judge(parts[number]), len(known)) for number in numbers[firsts].tolist()]
    return Kinds(np.array(kinds, dtype=np.int64)[met.of_each], len(known))


def _within(asked: ValueCriteria, amounts: Sequence[int]) -> tuple[int, int] | None:
    """Return which of some amounts, in order, lie within: from the first number up to the second."""
    if not asked.asks:
        return None
    most = asked.maximum_cents
    end = len(amounts) if most is None else bisect_right(amounts, most)
    return bisect_left(amounts, asked.minimum_cents or 0), end
