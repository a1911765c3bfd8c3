"""Evidence: what a profile and a notice must have in common before ``decide`` can accept the pair.

In:   compiled criteria, or an analysed notice.
Out:  keys and amounts.  A pair that ``decide`` accepts meets in every one of them: in topics, places, kind,
      buyers and value, and in no word that stands out.  The other way round nothing is said.

So whoever finds the pairs that meet, however and wherever, has missed none, and ``decide`` removes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

from alerting.domain.analysed import AnalysedNotice, Phrase, stated_codes
from alerting.domain.cpv import CPV_DIVISION_DIGITS
from alerting.domain.criteria import BuyerCriteria, CompiledCriteria, TopicCriteria, ValueCriteria
from alerting.domain.money import euros
from alerting.domain.place import LocatedNotice, PlaceCriteria
from alerting.domain.trade import POINTS_NEEDED


ANYTHING = "*"
EVERYWHERE = "*"
ANYBODY = "*"
UNKNOWN_KEY = "?"
# Whatever is longer is known by its hash: servers have limits.
LONGEST_KEY = 200
# Amounts beyond are as good as these.
MOST_CENTS = 2**62


@dataclass(frozen=True, slots=True)
class ProfileEvidence:
    """What a profile asks to meet.

    Args:
        topics: Codes, words and trades, any of them.
        places: Départements, any of them.
        kinds: Kinds of notice.
        buyers: Any of them.
        words_out: Stems of which none may stand in the notice's own texts.
        minimum_cents, maximum_cents: What a stated amount must lie within; the first is above the second
            where none does.
        passes_without_value: Whether a notice may state no amount.
    """

    topics: frozenset[str]
    places: frozenset[str]
    kinds: frozenset[str]
    buyers: frozenset[str]
    words_out: frozenset[str]
    minimum_cents: int
    maximum_cents: int
    passes_without_value: bool


@dataclass(frozen=True, slots=True)
class NoticeEvidence:
    """What a notice has to meet with.

    Args:
        topics: Every code, word and trade that it speaks of.
        places: Every département that a verdict on its place may rest on.
        kind: Its own.
        buyers: Whatever names its buyer.
        own_stems: What stands in its own texts, those of its lots apart.
        amounts_cents: Every amount in EUR that it states, of itself and of its lots.
        may_lack_value: Whether a lot, or the whole, states none.
    """

    topics: frozenset[str]
    places: frozenset[str]
    kind: str
    buyers: frozenset[str]
    own_stems: frozenset[str]
    amounts_cents: frozenset[int]
    may_lack_value: bool


def profile_evidence(criteria: CompiledCriteria) -> ProfileEvidence:
    """Return what a profile asks to meet."""
    frame = criteria.frame
    minimum_cents, maximum_cents = _bounds(frame.value)
    return ProfileEvidence(
        topics=profile_topics(criteria.topic, passes_unknown=frame.pass_unknown),
        places=profile_places(frame.place, passes_unknown=frame.pass_unknown),
        kinds=frozenset(kind.value for kind in frame.kinds),
        buyers=_profile_buyers(frame.buyer, passes_unknown=frame.pass_unknown),
        words_out=frozenset(_short(phrase[0]) for phrase in criteria.topic.phrases_out if len(phrase) == 1),
        minimum_cents=minimum_cents,
        maximum_cents=maximum_cents,
        passes_without_value=frame.pass_unknown or not frame.value.asks,
    )


def notice_evidence(analysed: AnalysedNotice) -> NoticeEvidence:
    """Return what a notice has to meet with."""
    notice = analysed.notice
    stated = [euros(value) for value in (notice.value, *(lot.value for lot in notice.lots))]
    return NoticeEvidence(
        topics=notice_topics(analysed),
        places=notice_places(analysed.located),
        kind=notice.kind.value,
        buyers=_notice_buyers(analysed),
        own_stems=frozenset(_short(stem) for text in analysed.texts for stem in text.positions),
        amounts_cents=frozenset(_within_limits(cents) for cents in stated if cents is not None),
        may_lack_value=None in stated,
    )


def profile_topics(topic: TopicCriteria, *, passes_unknown: bool) -> frozenset[str]:
    """Return the keys of which a notice must speak of one."""
    if not topic.asks:
        return frozenset({ANYTHING})
    keys = {f"cpv {prefix}" for one in topic.topics for prefix in one.prefixes}
    keys.update(_phrase_key(phrase) for one in topic.topics for phrase in one.phrases)
    keys.update(_trade_key(trade, topic.points_needed) for trade in topic.trades)
    if topic.needs_codes and passes_unknown:
        keys.add(UNKNOWN_KEY)
    return frozenset(keys)


def notice_topics(analysed: AnalysedNotice) -> frozenset[str]:
    """Return every key that a notice speaks of."""
    codes = stated_codes(analysed.notice)
    keys = {f"cpv {code[:digits]}" for code in codes for digits in range(CPV_DIVISION_DIGITS, len(code) + 1)}
    keys.update(_phrase_key((stem,)) for stem in analysed.stems)
    for text in chain(analysed.texts, *analysed.lot_texts):
        keys.update(map(_phrase_key, zip(text.stems, text.stems[1:], strict=False)))
    for trade, findings in analysed.findings.items():
        points = max((found.points for found in findings if found.act is None), default=0.0)
        keys.update(_trade_key(trade, needed) for needed in POINTS_NEEDED.values() if points >= needed)
    return frozenset(keys | ({ANYTHING} if codes else {ANYTHING, UNKNOWN_KEY}))


def profile_places(place: PlaceCriteria, *, passes_unknown: bool) -> frozenset[str]:
    """Return every département in which a place may be met; EVERYWHERE where any may; none where none can."""
    if not place.asks or place.foreign_codes:
        return frozenset({EVERYWHERE})
    if place.names_nothing:
        return frozenset()
    met = place.departements | place.touched
    return met | {UNKNOWN_KEY} if passes_unknown else met


def notice_places(located: LocatedNotice) -> frozenset[str]:
    """Return every département that a verdict on the place may rest on, and EVERYWHERE."""
    spots = [*located.work, *chain(*located.lots)]
    if located.buyer is not None:
        spots.append(located.buyer)
    if not spots:
        return frozenset({EVERYWHERE, UNKNOWN_KEY})
    return frozenset({EVERYWHERE, *(departement for spot in spots for departement in spot.departements)})


def _profile_buyers(buyer: BuyerCriteria, *, passes_unknown: bool) -> frozenset[str]:
    if not buyer.asks:
        return frozenset({ANYBODY})
    if buyer.names_nobody:
        return frozenset()
    keys = {_siret_key(siret) for siret in buyer.sirets} | {_phrase_key(phrase) for phrase in buyer.phrases}
    return frozenset(keys | {UNKNOWN_KEY} if passes_unknown else keys)


def _notice_buyers(analysed: AnalysedNotice) -> frozenset[str]:
    buyer, name = analysed.notice.buyer, analysed.buyer_name
    if buyer is None or (buyer.siret is None and buyer.name is None):
        return frozenset({ANYBODY, UNKNOWN_KEY})
    keys = {ANYBODY} if buyer.siret is None else {ANYBODY, _siret_key(buyer.siret)}
    if name is not None:
        keys.update(_phrase_key((stem,)) for stem in name.stems)
        keys.update(map(_phrase_key, zip(name.stems, name.stems[1:], strict=False)))
    return frozenset(keys)


def _bounds(value: ValueCriteria) -> tuple[int, int]:
    if not value.asks:
        return -MOST_CENTS, MOST_CENTS
    most = MOST_CENTS if value.maximum_cents is None else value.maximum_cents
    return _within_limits(value.minimum_cents or 0), _within_limits(most)


def _within_limits(cents: int) -> int:
    return max(-MOST_CENTS, min(MOST_CENTS, cents))


def _trade_key(trade: str, points_needed: float) -> str:
    return f"trade {trade} {points_needed:g}"


def _siret_key(siret: str) -> str:
    return _short(f"siret {siret}")


def _phrase_key(phrase: Phrase) -> str:
    """Return the key of a phrase: its first two stems, where it has two."""
    return _short(f"word {' '.join(phrase[:2])}")


def _short(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else sha256(key.encode()).hexdigest()
