"""Find what keeps a profile from ever being told anything, or makes it ask for more than was meant.

In:   criteria, as they are stored: written long ago perhaps, when the reference data were others.
Out:  one finding for each, in words; no notice is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alerting.domain.analysed import Phrase
from alerting.domain.criteria import Criteria
from alerting.domain.notice import NoticeKind
from alerting.domain.profile import UNREADABLE
from alerting.reference.communes import commune_of_insee
from alerting.reference.cpv import is_cpv
from alerting.reference.nuts import departement_name, departements_of_nuts
from alerting.reference.trades import find_trade
from alerting.text.analysis import stems


_UNREADABLE = "its criteria cannot be read as they are stored"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something in a profile that cannot work.

    Args:
        is_fatal: The profile can never match; else a part of it does nothing, or not what was meant.
        problem: What, in words.
    """

    is_fatal: bool
    problem: str


def find_contradictions(criteria: Criteria) -> tuple[Contradiction, ...]:
    """Return what cannot work in a profile, the fatal first."""
    if criteria == UNREADABLE:
        return (Contradiction(is_fatal=True, problem=_UNREADABLE),)
    found = (
        *_topic(criteria),
        *_place(criteria),
        *_amounts(criteria),
        *_kinds(criteria),
    )
    return tuple(sorted(found, key=lambda one: not one.is_fatal))


def _topic(criteria: Criteria) -> Iterator[Contradiction]:
    out = [(word, phrase) for word in criteria.words_out if (phrase := stems(word))]
    dead = [
        *(f"the trade '{name}' exists no longer" for name in criteria.trades if find_trade(name) is None),
        *(f"{code} is no code of the CPV" for code in criteria.cpv_codes if not is_cpv(code)),
        *_dead_words(criteria.words, out),
    ]
    asked = len(criteria.trades) + len(criteria.cpv_codes) + len(criteria.words)
    yield from (Contradiction(len(dead) == asked, problem) for problem in dead)
    mute = [buyer for buyer in criteria.buyers if not buyer.isdigit() and not stems(buyer)]
    is_all = len(mute) == len(criteria.buyers)
    for buyer in mute:
        left = ": nobody is met" if is_all else ""
        yield Contradiction(is_fatal=is_all, problem=f"the buyer '{buyer}' has no word{left}")


def _dead_words(words: Iterable[str], out: Sequence[tuple[str, Phrase]]) -> Iterator[str]:
    for word in words:
        phrase = stems(word)
        if not phrase:
            yield f"the word '{word}' says nothing"
            continue
        excluding = next((other for other, without in out if _holds(phrase, without)), None)
        if excluding is not None:
            yield f"wherever the word '{word}' stands, the excluded word '{excluding}' stands too"


def _holds(phrase: Phrase, other: Phrase) -> bool:
    """Tell whether one phrase stands in another: every text with the longer one has the shorter one."""
    size = len(other)
    return any(phrase[start : start + size] == other for start in range(len(phrase) - size + 1))


def _place(criteria: Criteria) -> Iterator[Contradiction]:
    dead = [
        *(
            f"there is no département '{code}'"
            for code in criteria.departements
            if departement_name(code) is None
        ),
        *(
            f"there is no area '{code}'"
            for code in criteria.nuts_codes
            if code.startswith("FR") and not departements_of_nuts(code)
        ),
        *(f"there is no commune '{code}'" for code in criteria.communes if commune_of_insee(code) is None),
    ]
    asked_count = len(criteria.departements) + len(criteria.nuts_codes) + len(criteria.communes)
    if dead and len(dead) == asked_count:
        yield Contradiction(is_fatal=True, problem="none of its places exists: nothing is met")
    yield from (Contradiction(is_fatal=False, problem=problem) for problem in dead)
    if criteria.radius_km is not None and not criteria.communes:
        yield Contradiction(is_fatal=False, problem="a radius without communes to be around does nothing")


def _amounts(criteria: Criteria) -> Iterator[Contradiction]:
    minimum, maximum = criteria.minimum_cents, criteria.maximum_cents
    if minimum is not None and maximum is not None and minimum > maximum:
        limits = f"at least {minimum // 100} and at most {maximum // 100} euros"
        yield Contradiction(not criteria.pass_unknown, f"no amount is {limits}")


def _kinds(criteria: Criteria) -> Iterator[Contradiction]:
    if criteria.kinds and NoticeKind.CALL not in criteria.kinds:
        problem = (
            f"its kinds ({', '.join(criteria.kinds)}) leave out calls: nothing is first told as another kind"
        )
        yield Contradiction(is_fatal=True, problem=problem)
