"""Propose how a profile could be narrowed, from what its firm said is not for it.

In:   criteria, and what the profile accepts of what it was told, in parts: not for the firm, useful, all
      others.
Out:  changes that might keep out the first part: a word to exclude, narrower CPV codes.  What each would
      really keep out only ``decide`` says; here nothing is promised.

A word is looked for in titles, of the notice and of the lots that fit: descriptions name much that is beside
the matter.  The profile's own words, those that its trade was found by, and names of places are none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alerting.domain.analysed import AnalysedNotice, AnalysedText
from alerting.domain.cpv import cpv_covers, cpv_prefix
from alerting.domain.criteria import Criteria
from alerting.domain.match import Decision
from alerting.domain.profile_change import ChangeAct, ProfileChange
from alerting.matching.firms_file import EVERYWHERE
from alerting.reference.cpv import is_cpv
from alerting.text.analysis import stems


Changes = tuple[ProfileChange, ...]

WORDS = 12
# One notice is no reason: what stands in two that are not for a firm may be.
LEAST_NOTICES = 2
_SHORTEST_WORD = 4
_MOST_CODES = 5


@dataclass(frozen=True, slots=True)
class Accepted:
    """A notice that a profile accepts, and why."""

    analysed: AnalysedNotice
    decision: Decision


def propose(
    criteria: Criteria,
    *,
    not_for_us: Sequence[Accepted],
    useful: Sequence[Accepted],
    others: Sequence[Accepted],
) -> Iterator[Changes]:
    """Yield changes that might keep out what is not for a firm, words by how often they stand there first."""
    yield from _words(criteria, not_for_us, useful)
    yield from _narrower_codes(criteria, not_for_us, (*useful, *others))


def _words(
    criteria: Criteria, not_for_us: Sequence[Accepted], useful: Sequence[Accepted]
) -> Iterator[Changes]:
    wanted = {stem for text in criteria.words for stem in stems(text)}
    wanted |= {stem for one in useful for text in _titles(one) for stem in text.stems}
    counted: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for one in not_for_us:
        said = {stem: word for text in _titles(one) for stem, word in _spelled(text)}
        for stem in said.keys() - wanted - _own_words(one):
            counted[stem] += 1
            spelled.setdefault(stem, said[stem])
    frequent = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    for stem, number in frequent[:WORDS]:
        if number >= LEAST_NOTICES:
            yield (ProfileChange("words_out", ChangeAct.ADD, spelled[stem]),)


def _titles(one: Accepted) -> Iterator[AnalysedText]:
    notice = one.analysed.notice
    yield one.analysed.texts[0]
    for lot, texts in zip(notice.lots, one.analysed.lot_texts, strict=True):
        if lot.lot_id in one.decision.lot_ids and lot.title is not None:
            yield texts[0]


def _spelled(text: AnalysedText) -> Iterator[tuple[str, str]]:
    """Yield each stem that tells something with its word as published, in small letters."""
    for stem, (start, end) in zip(text.stems, text.spans, strict=True):
        word = text.text[start:end].lower()
        if len(word) >= _SHORTEST_WORD and word.isalpha() and stem not in EVERYWHERE:
            yield stem, word


def _own_words(one: Accepted) -> set[str]:
    """Return the stems by which a notice was chosen, and those of its places and its buyer."""
    located = one.analysed.located
    spots = (*located.work, *(spot for lot in located.lots for spot in lot))
    named = [spot.name for spot in spots] + ([located.buyer.name] if located.buyer is not None else [])
    buyer = one.analysed.notice.buyer
    if buyer is not None:
        named += [name for name in (buyer.name, buyer.commune) if name is not None]
    facts = [fact for reason in one.decision.reasons for fact in reason.facts]
    return {stem for text in (*named, *facts) for stem in stems(text)}


def _narrower_codes(
    criteria: Criteria, not_for_us: Sequence[Accepted], kept: Sequence[Accepted]
) -> Iterator[Changes]:
    """Yield, for a code of the profile, the narrower ones that hold what stays and nothing that shall go."""
    for code in criteria.cpv_codes:
        going, staying = _covered(code, not_for_us), _covered(code, kept)
        if not going or not staying:
            continue
        narrower = {_narrowest(code, one, going) for one in staying}
        found = sorted(one for one in narrower if one is not None)
        if None not in narrower and len(found) <= _MOST_CODES:
            added = tuple(ProfileChange("cpv", ChangeAct.ADD, one) for one in found)
            yield (ProfileChange("cpv", ChangeAct.REMOVE, code), *added)


def _covered(code: str, accepted: Iterable[Accepted]) -> set[str]:
    """Return the codes of a subtree by which notices were chosen."""
    facts = (fact for one in accepted for reason in one.decision.reasons for fact in reason.facts)
    return {fact for fact in facts if is_cpv(fact) and cpv_covers(code, fact)}


def _narrowest(code: str, staying: str, going: set[str]) -> str | None:
    """Return the widest code below *code* that holds one code and none that shall go."""
    first = len(cpv_prefix(code)) + 1
    for digits in range(first, len(staying) + 1):
        wider = staying[:digits].ljust(len(staying), "0")
        if is_cpv(wider) and wider != code and not any(cpv_covers(wider, one) for one in going):
            return wider
    return None
