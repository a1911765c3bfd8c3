"""Compile a profile's criteria: words become stems, trades are looked up, départements get their NUTS codes.

In:   ``Criteria`` as a firm wrote them.
Out:  ``CompiledCriteria`` as ``alerting.domain.criteria.decide`` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerting.domain.criteria import DEFAULT_KINDS, CompiledCriteria, Criteria, Phrase, Topic
from alerting.domain.trade import POINTS_NEEDED
from alerting.reference.nuts import nuts_of_departement
from alerting.reference.trades import get_trade
from alerting.text.analysis import stems


def compile_criteria(criteria: Criteria) -> CompiledCriteria:
    """Return *criteria* ready for ``decide``.

    Raises:
        ProfileError: A trade does not exist.
    """
    return CompiledCriteria(
        trades=tuple(dict.fromkeys(get_trade(name).trade_id for name in criteria.trades)),
        points_needed=POINTS_NEEDED[criteria.strictness],
        topics=_topics(criteria),
        phrases_out=_phrases(criteria.words_out),
        departements=frozenset(criteria.departements),
        nuts_codes=frozenset(
            code for code in map(nuts_of_departement, criteria.departements) if code is not None
        ),
        buyer_sirets=frozenset(buyer for buyer in criteria.buyers if buyer.isdigit()),
        buyer_phrases=_phrases(buyer for buyer in criteria.buyers if not buyer.isdigit()),
        kinds=frozenset(criteria.kinds) or DEFAULT_KINDS,
        minimum_cents=criteria.minimum_cents,
        maximum_cents=criteria.maximum_cents,
        pass_unknown=criteria.pass_unknown,
    )


def _topics(criteria: Criteria) -> tuple[Topic, ...]:
    topics = []
    if criteria.cpv_codes:
        topics.append(Topic("cpv", cpv_codes=criteria.cpv_codes))
    if criteria.words:
        topics.append(Topic("words", phrases=_phrases(criteria.words)))
    return tuple(topics)


def _phrases(texts: Iterable[str]) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(phrase for phrase in map(stems, texts) if phrase))
