"""Compile a profile's criteria: words become stems, trades are looked up, départements get their NUTS codes.

In:   ``Criteria`` as a firm wrote them.
Out:  ``CompiledCriteria`` as ``alerting.domain.decide.decide`` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from alerting.domain.analysed import Phrase
from alerting.domain.criteria import (
    DEFAULT_KINDS,
    BuyerCriteria,
    CompiledCriteria,
    Criteria,
    FrameCriteria,
    Topic,
    TopicCriteria,
    ValueCriteria,
)
from alerting.domain.fit import FitCriteria
from alerting.domain.place import PlaceCriteria
from alerting.domain.trade import POINTS_NEEDED
from alerting.reference.communes import commune_of_insee, middles
from alerting.reference.nuts import FRANCE, departement_name, departements_of_nuts
from alerting.reference.reach import departements_reached, departements_touched
from alerting.reference.trades import find_trade
from alerting.text.analysis import stems


def compile_criteria(criteria: Criteria) -> CompiledCriteria:
    """Return *criteria* ready for ``decide``.

    What a stored profile names and our tables no longer know is met by nothing, and stops nothing else.
    """
    frame = FrameCriteria(
        place=_place(criteria),
        value=ValueCriteria(criteria.minimum_cents, criteria.maximum_cents),
        buyer=_buyer(criteria),
        fit=FitCriteria(
            qualifications=frozenset(criteria.qualifications),
            out=frozenset(criteria.fit_out),
            working_days=criteria.working_days,
        ),
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
    known = (trade.trade_id for name in criteria.trades if (trade := find_trade(name)) is not None)
    trades = tuple(dict.fromkeys(known))
    return TopicCriteria(
        trades=trades,
        points_needed=POINTS_NEEDED[criteria.strictness],
        topics=tuple(topics),
        phrases_out=_phrases(criteria.words_out),
        asks=bool(criteria.trades or topics),
        needs_codes=bool(topics)
        and not criteria.trades
        and all(one.cpv_codes and not one.phrases for one in topics),
    )


def _place(criteria: Criteria) -> PlaceCriteria:
    radius_km = criteria.radius_km or 0
    communes = (found for code in criteria.communes if (found := commune_of_insee(code)) is not None)
    of_communes = [middles(commune) for commune in communes]
    centres = tuple(dict.fromkeys(chain(*of_communes)))
    named = (code for code in criteria.departements if departement_name(code) is not None)
    of_areas = {code: departements_of_nuts(code) for code in criteria.nuts_codes}
    departements = frozenset(chain(named, *of_areas.values()))
    foreign_codes = frozenset(
        code for code, within in of_areas.items() if not within and not code.startswith(FRANCE)
    )
    asked = criteria.departements or criteria.nuts_codes or criteria.communes
    return PlaceCriteria(
        departements=departements,
        foreign_codes=foreign_codes,
        centres=centres,
        radius_km=radius_km,
        reached=frozenset(chain(*(departements_reached(those, radius_km) for those in of_communes))),
        touched=frozenset(chain(*(departements_touched(those, radius_km) for those in of_communes))),
        names_nothing=bool(asked) and not (departements or foreign_codes or centres),
    )


def _buyer(criteria: Criteria) -> BuyerCriteria:
    sirets = frozenset(buyer for buyer in criteria.buyers if buyer.isdigit())
    phrases = _phrases(buyer for buyer in criteria.buyers if not buyer.isdigit())
    return BuyerCriteria(sirets, phrases, names_nobody=bool(criteria.buyers) and not (sirets or phrases))


def _phrases(texts: Iterable[str]) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(phrase for phrase in map(stems, texts) if phrase))
