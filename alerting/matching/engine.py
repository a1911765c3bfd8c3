"""The engine: finds, for each notice, the profiles whose criteria accept it.

In:   profiles as criteria, notices with our numbers.
Out:  (profile_id, number, Decision) of every accepted pair.

Postings from topic evidence to profiles only *propose*: a profile is proposed for a notice that speaks of
one of its trades, states a code that one of its CPV codes covers, or holds the first stem of one of its
phrases; one that names codes alone is also proposed for a notice that states none.
``decide`` confirms and gives the reasons, so the engine cannot differ from the naive loop but in speed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from alerting.domain.criteria import (
    CPV_DIVISION_DIGITS,
    AnalysedNotice,
    CompiledCriteria,
    Criteria,
    decide,
    needs_codes,
    stated_codes,
)
from alerting.domain.match import Decision
from alerting.domain.notice import Notice
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria


Pair = tuple[str, int, Decision]
ANYTHING = "*"
NO_CODE = "no cpv"


class Engine:
    """Profiles held as postings: built once, asked with many notices."""

    def __init__(self, profiles: Sequence[tuple[str, Criteria]]) -> None:
        self._names = [name for name, _ in profiles]
        self._criteria = [compile_criteria(criteria) for _, criteria in profiles]
        postings: defaultdict[str, list[int]] = defaultdict(list)
        for number, compiled in enumerate(self._criteria):
            for key in _keys(compiled):
                postings[key].append(number)
        self._postings = {key: np.array(numbers, dtype=np.int32) for key, numbers in postings.items()}

    def match(self, notices: Iterable[tuple[int, Notice]]) -> Iterator[Pair]:
        """Yield every accepted pair, notice by notice, profiles in the order given."""
        for number, notice in notices:
            analysed = analyse_notice(notice)
            for candidate in self._candidates(analysed):
                decision = decide(self._criteria[candidate], analysed)
                if decision.accepted:
                    yield self._names[candidate], number, decision

    def _candidates(self, analysed: AnalysedNotice) -> list[int]:
        found = [self._postings[key] for key in _evidence(analysed) if key in self._postings]
        return np.unique(np.concatenate(found)).tolist() if found else []


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


def _keys(criteria: CompiledCriteria) -> set[str]:
    if not criteria.topics and not criteria.trades:
        return {ANYTHING}
    codes = {code for topic in criteria.topics for code in topic.cpv_codes}
    stems = {phrase[0] for topic in criteria.topics for phrase in topic.phrases}
    keys = {_cpv_key(code) for code in codes} | {f"word {stem}" for stem in stems}
    keys.update(f"trade {trade}" for trade in criteria.trades)
    return keys | {NO_CODE} if needs_codes(criteria) and criteria.pass_unknown else keys


def _cpv_key(code: str) -> str:
    return f"cpv {code[: max(CPV_DIVISION_DIGITS, len(code.rstrip('0')))]}"


def _evidence(analysed: AnalysedNotice) -> set[str]:
    codes = stated_codes(analysed.notice)
    texts = [*analysed.texts, *(text for texts in analysed.lot_texts for text in texts)]
    keys = {f"word {stem}" for text in texts for stem in text.positions}
    keys.update(
        f"cpv {code[:digits]}" for code in codes for digits in range(CPV_DIVISION_DIGITS, len(code) + 1)
    )
    keys.update(f"trade {trade}" for trade in analysed.findings)
    return keys | ({ANYTHING} if codes else {ANYTHING, NO_CODE})
