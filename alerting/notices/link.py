"""Tell which purchase a notice speaks of: a ladder of what is certain.

In:   a notice, and stored notices that may speak of the same purchase; or all notices at once.
Out:  the procedure it belongs to, by which step and on what evidence; None when nothing is certain.

A false merge hides a notice, a missed one repeats it: what is uncertain stays apart.

Source: eForms BT-04 (procedure identifier) and BT-758 (changed notice identifier); design 4.4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, product
from operator import attrgetter, itemgetter
from typing import NamedTuple

from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import LinkStep
from alerting.notices.likeness import (
    SAME_TITLE,
    buyer_key,
    day_in_paris,
    find_likeness,
    find_likeness_of_day,
    fold,
    is_contradicted,
    read_moment,
    siren_of,
)
from alerting.notices.proofs import (
    ENDS,
    ONE_COUNT,
    Moment,
    are_other_calls,
    bare_name,
    ends_before,
    in_time,
    is_telling_key,
    names_of,
    proves_by_key,
    proves_by_number,
    proves_by_reference,
)


_called = attrgetter("feed_id", "source_id")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A notice, or a procedure's view, that may speak of the same purchase.

    Args:
        procedure_id: Where it belongs.
        notice: What it says.
        is_by_hand: Somebody decided that it belongs there: its later versions follow it.
        is_view: It is the procedure's view: it leads there, but what speaks against is said by notices.
    """

    procedure_id: int
    notice: Notice
    is_by_hand: bool = False
    is_view: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Where a notice belongs, and why."""

    procedure_id: int
    step: LinkStep
    evidence: str


class Member(NamedTuple):
    """One notice of a group: its position among all, and the step and evidence that put it there."""

    position: int
    step: LinkStep
    evidence: str | None = None


def find_link(notice: Notice, candidates: Sequence[Candidate]) -> Link | None:
    """Return the procedure of *notice* by the first step of the ladder that is certain.

    Among several candidates of one step the lowest procedure number wins, of similar ones the most
    similar: the answer does not depend on their order.  Two that are equally similar are uncertain.
    """
    decided = [candidate for candidate in candidates if candidate.is_by_hand]
    link = _first_certain(notice, decided, proves_by_reference, LinkStep.BY_HAND)
    for step, evidence_of in _PROOFS:
        link = link or _first_certain(notice, candidates, evidence_of, step)
    return link or _by_number(notice, candidates) or _most_similar(notice, candidates)


def find_others(notice: Notice, link: Link, candidates: Sequence[Candidate]) -> list[int]:
    """Return the other procedures that *notice* proves to be one with that of its link.

    Only its key and its references prove that, and nothing does where somebody decided by hand.
    """
    if any(candidate.is_by_hand for candidate in candidates):
        return []
    proven = {
        candidate.procedure_id
        for candidate in candidates
        for evidence_of in (proves_by_key, proves_by_reference)
        if evidence_of(notice, candidate.notice) is not None
    }
    return sorted(proven - {link.procedure_id}) if link.step in _PROVING else []


def link_all(notices: Sequence[Notice]) -> list[list[Member]]:
    """Return the groups of notices that speak of one purchase each, whatever the order they come in.

    Groups and their members stand in the order of *notices*; notices are compared only where they
    share a key, a reference, a buyer's number, or a day and the buyer's name or SIREN.
    """
    groups = _Groups(len(notices))
    for step, position, other, evidence in _proven_pairs(notices):
        groups.join(position, other, step, evidence)
    for positions in _blocks_in_time(notices, _buyer_block):
        _join_by_number(notices, positions, groups)
    for likeness, position, other in _similar_pairs(notices):
        if not _are_kept_apart(notices, groups.of(position), groups.of(other)):
            groups.join(position, other, LinkStep.SIMILARITY, _words(notices[other], likeness))
    return groups.members()


class _Groups:
    """Disjoint groups of positions; each position keeps the first step that joined it."""

    def __init__(self, count: int) -> None:
        self._count = count
        # What was joined: one list a group, found under each of its positions; the smallest stands first.
        self._groups: dict[int, list[int]] = {}
        self._joined: dict[int, Member] = {}

    def of(self, position: int) -> list[int]:
        """Return the positions of a position's group, the smallest first."""
        return self._groups.get(position) or [position]

    def join(self, position: int, other: int, step: LinkStep, evidence: str) -> None:
        """Make two groups one."""
        first, second = self.of(position), self.of(other)
        if first[0] == second[0]:
            return
        if second[0] < first[0]:
            first, second = second, first
        for each in (max(position, other), second[0]):
            if each not in self._joined:
                self._joined[each] = Member(each, step, evidence)
        first += second
        for each in first:
            self._groups[each] = first

    def members(self) -> list[list[Member]]:
        """Return every group in the order of its first member, and the members in theirs."""
        members = []
        for position in range(self._count):
            group = self._groups.get(position)
            if group is None:
                members.append([Member(position, LinkStep.FIRST)])
            elif group[0] == position:
                others = [self._joined[each] for each in sorted(group)[1:]]
                members.append([Member(position, LinkStep.FIRST), *others])
        return members


def _proven_pairs(notices: Sequence[Notice]) -> Iterator[tuple[LinkStep, int, int, str]]:
    """Yield the pairs that a key or a reference proves, step by step."""
    for step, evidence_of in _PROOFS:
        for positions in _blocks_in_time(notices, _NAMES[step]):
            for index, position in enumerate(positions[1:], start=1):
                for other in positions[:index]:
                    evidence = evidence_of(notices[position], notices[other])
                    if evidence is not None:
                        yield step, other, position, evidence
                        break


def _blocks(notices: Sequence[Notice], names_of_one: Callable[[Notice], Iterable[object]]) -> list[list[int]]:
    """Return the positions of the notices that share a name, two at least, in the order of the first of them.

    Most share nothing, and cost a look-up.
    """
    first_of: dict[object, int] = {}
    shared: dict[object, list[int]] = {}
    for position, notice in enumerate(notices):
        for name in names_of_one(notice):
            first = first_of.setdefault(name, position)
            if first == position:
                continue
            block = shared.setdefault(name, [first])
            # A notice may bear a name twice.
            if block[-1] != position:
                block.append(position)
    return sorted(shared.values(), key=itemgetter(0))


def _blocks_in_time(
    notices: Sequence[Notice], names_of_one: Callable[[Notice], Iterable[object]]
) -> list[list[int]]:
    """Return the same blocks in the order of publication: what joins first may keep others out."""

    def moment(position: int) -> Moment:
        return in_time(notices[position])

    blocks = [sorted(positions, key=moment) for positions in _blocks(notices, names_of_one)]
    return sorted(blocks, key=lambda positions: [moment(position) for position in positions])


def _are_kept_apart(notices: Sequence[Notice], group: list[int], other: list[int]) -> bool:
    """Tell whether two groups are one already, or anything in one speaks against anything in the other.

    That nothing does between the two that are alike is known.
    """
    if group[0] == other[0]:
        return True
    if len(group) == len(other) == 1:
        return False
    return any(is_contradicted(notices[one], notices[two]) for one, two in product(group, other))


def _join_by_number(notices: Sequence[Notice], positions: list[int], groups: _Groups) -> None:
    """Join the notices of one number as they would be linked one by one, in the order of publication."""
    for index, position in enumerate(positions):
        # Of a group all members by the first of them that bears the number.
        known = {member: first for first in reversed(range(index)) for member in groups.of(positions[first])}
        candidates = [Candidate(first, notices[each]) for each, first in known.items() if each != position]
        link = _by_number(notices[position], candidates)
        if link is None:
            continue
        named = positions[link.procedure_id]
        together = product(groups.of(position), groups.of(named))
        if not any(are_other_calls(notices[one], notices[two]) for one, two in together):
            groups.join(position, named, link.step, link.evidence)


def _similar_pairs(notices: Sequence[Notice]) -> list[tuple[float, int, int]]:
    """Return the pairs of one buyer and day whose titles are alike enough, the most alike first."""
    blocks = _blocks(notices, _day_block)
    pairs = {pair for positions in blocks for pair in combinations(positions, 2)}
    found = []
    for other, position in pairs:
        likeness = find_likeness_of_day(notices[other], notices[position])
        if likeness is not None and likeness >= SAME_TITLE:
            found.append((likeness, other, position))

    def in_order(pair: tuple[float, int, int]) -> tuple[float, tuple[str, str], tuple[str, str]]:
        """Of equally alike ones by what they are called, not by where they stand."""
        likeness, other, position = pair
        one, two = _called(notices[other]), _called(notices[position])
        return (-likeness, one, two) if one < two else (-likeness, two, one)

    return sorted(found, key=in_order)


def _first_certain(
    notice: Notice,
    candidates: Sequence[Candidate],
    evidence_of: Callable[[Notice, Notice], str | None],
    step: LinkStep,
) -> Link | None:
    found = ((candidate.procedure_id, evidence_of(notice, candidate.notice)) for candidate in candidates)
    certain = min(((number, evidence) for number, evidence in found if evidence is not None), default=None)
    return Link(certain[0], step, certain[1]) if certain is not None else None


def _by_number(notice: Notice, candidates: Sequence[Candidate]) -> Link | None:
    """Return the procedure that the buyer's number names; a number that is used again names the latest one.

    A call that was published after the end of a procedure is another one, and so is none that ended what
    nobody can tell from others.
    """
    of_procedure: dict[int, list[Notice]] = defaultdict(list)
    for candidate in candidates:
        of_procedure[candidate.procedure_id].append(candidate.notice)
    named: dict[int, tuple[float, str]] = {}
    for number, members in of_procedure.items():
        found = [
            (_distance(notice, other), evidence)
            for other in members
            if (evidence := proves_by_number(notice, other)) is not None
        ]
        if (
            found
            and not is_called_anew(notice, members)
            and not any(are_other_calls(notice, each) for each in members)
        ):
            named[number] = min(found)
    running = {
        number for number in named if not any(ends_before(each, notice) for each in of_procedure[number])
    }
    wanted = running or named.keys()
    if not wanted or (notice.kind in ENDS and len(wanted) > 1):
        return None
    nearest = min(wanted, key=lambda number: (named[number][0], number))
    return Link(nearest, LinkStep.BUYER_REFERENCE, named[nearest][1])


def _distance(notice: Notice, other: Notice) -> float:
    """Return how many seconds a notice was published behind another; one that came later is farther off."""
    if notice.published_at is None or other.published_at is None:
        return float("inf")
    seconds = (notice.published_at - other.published_at).total_seconds()
    return seconds if seconds >= 0 else ONE_COUNT.total_seconds() - seconds


def is_called_anew(call: Notice, members: Sequence[Notice]) -> bool:
    """Tell whether a call was published after the end of a procedure, with a later day to answer.

    A copy that another source publishes late repeats a day that was stated before.
    """
    if call.kind is not NoticeKind.CALL or call.deadline_at is None:
        return False
    ends = [end.published_at for end in members if ends_before(end, call)]
    is_after = any(end is not None and end < call.deadline_at for end in ends)
    return is_after and day_in_paris(call.deadline_at) not in _stated_days(members)


def _stated_days(members: Sequence[Notice]) -> set[date]:
    """Return the days to answer until that notices state, among their changes, too."""
    moments = {member.deadline_at for member in members}
    for change in (change for member in members for change in member.changes):
        if change.field == "deadline_at":
            moments |= {read_moment(change.before), read_moment(change.after)}
    return {day_in_paris(moment) for moment in moments if moment is not None}


def is_similar(notice: Notice, other: Notice) -> bool:
    """Tell whether two notices are one purchase by buyer, day and title, so far as they say."""
    likeness = find_likeness(notice, other)
    return likeness is not None and likeness >= SAME_TITLE


def _most_similar(notice: Notice, candidates: Sequence[Candidate]) -> Link | None:
    """Return the procedure with the most similar notice; one of whose notices any speaks against is none."""
    best: dict[int, float] = {}
    for candidate in candidates:
        likeness = find_likeness(notice, candidate.notice)
        if likeness is not None and likeness >= SAME_TITLE:
            best[candidate.procedure_id] = max(likeness, best.get(candidate.procedure_id, 0.0))
    for candidate in candidates:
        if not candidate.is_view and is_contradicted(notice, candidate.notice):
            best.pop(candidate.procedure_id, None)
    if not best:
        return None
    highest = max(best.values())
    alike = sorted(number for number, likeness in best.items() if likeness == highest)
    return Link(alike[0], LinkStep.SIMILARITY, _words(notice, highest)) if len(alike) == 1 else None


def _words(notice: Notice, likeness: float) -> str:
    day = day_in_paris(notice.deadline_at).isoformat() if notice.deadline_at is not None else ""
    return f"{day}, titles {likeness:.0f} of 100 alike"


def _key_block(notice: Notice) -> Collection[str]:
    key = notice.procedure_key
    return (key,) if key is not None and is_telling_key(key) else ()


def _reference_block(notice: Notice) -> Iterable[str]:
    return map(bare_name, names_of(notice) + notice.refers_to)


def _buyer_block(notice: Notice) -> Collection[str]:
    reference = notice.internal_reference
    return () if notice.buyer is None or reference is None else (fold(reference),)


def _day_block(notice: Notice) -> Iterator[tuple[date, object]]:
    """Yield the day of a notice's deadline with its buyer's name, and with its SIREN."""
    if notice.deadline_at is None:
        return
    day = day_in_paris(notice.deadline_at)
    if name := buyer_key(notice):
        yield day, name
    if siren := siren_of(notice):
        yield day, siren


_PROOFS = (
    (LinkStep.PROCEDURE_KEY, proves_by_key),
    (LinkStep.REFERENCE, proves_by_reference),
)
_NAMES: dict[LinkStep, Callable[[Notice], Iterable[str]]] = {
    LinkStep.PROCEDURE_KEY: _key_block,
    LinkStep.REFERENCE: _reference_block,
}
_PROVING = frozenset({LinkStep.PROCEDURE_KEY, LinkStep.REFERENCE})
