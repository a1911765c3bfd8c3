"""Compile a profile's criteria: words become stems, trades are looked up, départements get their NUTS codes.

In:   ``Criteria`` as a firm wrote them.
Out:  ``CompiledCriteria`` as ``alerting.domain.criteria.decide`` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerting.domain.criteria import (
    DEFAULT_KINDS,
    BuyerCriteria,
    CompiledCriteria,
    Criteria,
    FrameCriteria,
    Phrase,
    PlaceCriteria,
    Topic,
    TopicCriteria,
    ValueCriteria,
)
from alerting.domain.trade import POINTS_NEEDED
from alerting.reference.nuts import nuts_of_departement
from alerting.reference.trades import get_trade
from alerting.text.analysis import stems


def compile_criteria(criteria: Criteria) -> CompiledCriteria:
    """Return *criteria* ready for ``decide``.

    Raises:
        ProfileError: A trade does not exist.
    """
    frame = FrameCriteria(
        place=_place(criteria),
        value=ValueCriteria(criteria.minimum_cents, criteria.maximum_cents),
        buyer=_buyer(criteria),
        kinds=frozenset(criteria.kinds) or DEFAULT_KINDS,
        pass_unknown=criteria.pass_unknown,
    )
    return CompiledCriteria(_topic(criteria), frame)


def _topic(criteria: Criteria) -> TopicCriteria:
    topics = []
    if criteria.cpv_codes:
        topics.append(Topic("cpv", cpv_codes=criteria.cpv_codes))
    if criteria.words:
        topics.append(Topic("words", phrases=_phrases(criteria.words)))
    trades = tuple(dict.fromkeys(get_trade(name).trade_id for name in criteria.trades))
    return TopicCriteria(
        trades=trades,
        points_needed=POINTS_NEEDED[criteria.strictness],
        topics=tuple(topics),
        phrases_out=_phrases(criteria.words_out),
        asks=bool(trades or topics),
        needs_codes=bool(topics) and not trades and all(one.cpv_codes and not one.phrases for one in topics),
    )


def _place(criteria: Criteria) -> PlaceCriteria:
    codes = map(nuts_of_departement, criteria.departements)
    return PlaceCriteria(
        departements=frozenset(criteria.departements),
        nuts_codes=frozenset(code for code in codes if code is not None),
    )


def _buyer(criteria: Criteria) -> BuyerCriteria:
    return BuyerCriteria(
        sirets=frozenset(buyer for buyer in criteria.buyers if buyer.isdigit()),
        phrases=_phrases(buyer for buyer in criteria.buyers if not buyer.isdigit()),
    )


def _phrases(texts: Iterable[str]) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(phrase for phrase in map(stems, texts) if phrase))
