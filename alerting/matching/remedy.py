"""Find what would have to change in a profile for it to accept a notice that it refuses.

In:   criteria, and the notice with its texts analysed.
Out:  the smallest set of changes that we know of, each needed; or None where nothing sensible would do: what
      is bought is another trade's, or not a trade's to do.

Every set is proved: ``decide`` accepts the notice with all of it, and refuses it without any one.  What could
change is read off the notice: its places, amounts, buyer and demands, how clearly it asks for the profile's
trades.  Which of it must, ``decide`` alone says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations

from alerting.domain.analysed import AnalysedNotice, stated_codes
from alerting.domain.criteria import LARGEST_RADIUS_KM, Criteria
from alerting.domain.decide import decide
from alerting.domain.money import Money
from alerting.domain.place import Spot
from alerting.domain.profile_change import ChangeAct, ProfileChange, change_criteria
from alerting.domain.trade import POINTS_NEEDED, Strictness
from alerting.matching.compile import compile_criteria
from alerting.reference.communes import commune_of_insee
from alerting.reference.trades import find_trade
from alerting.text.analysis import stems


Changes = tuple[ProfileChange, ...]

# Codes that share so many digits are neighbours: "45330000" and "45332200".
_DIGITS_OF_A_CLASS = 4
# Sets of so many changes are tried out one by one; larger ones are found by leaving out what is not needed.
_MOST_TRIED = 2
# Beyond so many possible changes, those of a purchase all over the country, only single ones are.
_MOST_PAIRED = 40
# Of so many settings of one field each is tried; of more, some, and what is found is then brought near.
_MOST_STEPS = 8
_STEPS = frozenset({"radius_km", "minimum_euros", "maximum_euros"})
_WIDER = (Strictness.NORMAL, Strictness.WIDE)


def find_remedy(criteria: Criteria, analysed: AnalysedNotice) -> Changes | None:
    """Return the changes with which the criteria would accept a notice; none where they do.

    Of sets of one size the first is returned that asks least of the profile: a kind, a word, an amount before
    the place, the place before how clearly it must be said.
    """
    if _accepts(criteria, analysed):
        return ()
    every = tuple(dict.fromkeys(_possible(criteria, analysed)))
    possible = _thinned(every)
    for size in range(1, 1 + (_MOST_TRIED if len(possible) <= _MOST_PAIRED else 1)):
        for changes in combinations(possible, size):
            if _accepts(change_criteria(criteria, changes), analysed):
                return _least(criteria, changes, every, analysed)
    found = _without_needless(criteria, possible, analysed)
    return found and _least(criteria, found, every, analysed)


def _thinned(possible: Changes) -> Changes:
    """Return changes with no more than some settings of each field, the furthest among them."""
    kept = {}
    for field in {change.field for change in possible if change.field in _STEPS}:
        steps = [change for change in possible if change.field == field]
        kept[field] = set(steps[:: -max(1, -(-len(steps) // _MOST_STEPS))])
    return tuple(change for change in possible if change in kept.get(change.field, {change}))


def _least(criteria: Criteria, changes: Changes, every: Changes, analysed: AnalysedNotice) -> Changes:
    """Return changes with each setting as near as can be: what one lets in, a further one does, too."""
    for place, change in enumerate(changes):
        steps = [step for step in every if step.field == change.field] if change.field in _STEPS else []
        first, last = 0, steps.index(change) if steps else 0
        while first < last:
            middle = (first + last) // 2
            tried = (*changes[:place], steps[middle], *changes[place + 1 :])
            if _accepts(change_criteria(criteria, tried), analysed):
                last, changes = middle, tried
            else:
                first = middle + 1
    return changes


def _accepts(criteria: Criteria, analysed: AnalysedNotice) -> bool:
    return decide(compile_criteria(criteria), analysed).accepted


def _without_needless(criteria: Criteria, possible: Changes, analysed: AnalysedNotice) -> Changes | None:
    """Make every change, then take back, the boldest first, each that the others can do without."""
    kept = list(possible)
    if not _accepts(change_criteria(criteria, kept), analysed):
        return None
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for change in reversed(kept):
            others = [other for other in kept if other is not change]
            if _accepts(change_criteria(criteria, others), analysed):
                kept, is_smaller = others, True
    return tuple(kept)


def _possible(criteria: Criteria, analysed: AnalysedNotice) -> Iterator[ProfileChange]:
    """Yield what could be changed, the least first; of a field that is set, the furthest setting last."""
    notice = analysed.notice
    if notice.kind not in criteria.kinds:
        yield _add("kinds", notice.kind.value)
    yield from _words_out(criteria, analysed)
    yield from _fit_out(criteria, analysed)
    yield from _amounts(criteria, analysed)
    if criteria.buyers:
        yield from _buyers(analysed)
    yield from _places(criteria, analysed)
    yield from _codes(criteria, analysed)
    if not criteria.pass_unknown:
        yield _set("pass_unknown", 1)
    yield from _strictness(criteria, analysed)


def _words_out(criteria: Criteria, analysed: AnalysedNotice) -> Iterator[ProfileChange]:
    texts = (*analysed.texts, *chain.from_iterable(analysed.lot_texts))
    for word in criteria.words_out:
        phrase = stems(word)
        if phrase and any(text.find(phrase) is not None for text in texts):
            yield ProfileChange("words_out", ChangeAct.REMOVE, word)


def _fit_out(criteria: Criteria, analysed: AnalysedNotice) -> Iterator[ProfileChange]:
    asked = {demand.kind for demand in analysed.demands}
    for kind in criteria.fit_out:
        if kind in asked:
            yield ProfileChange("fit_out", ChangeAct.REMOVE, kind.value)


def _amounts(criteria: Criteria, analysed: AnalysedNotice) -> Iterator[ProfileChange]:
    """Yield the limits that would just hold each stated amount, in whole euros."""
    stated = sorted({cents for value in _values(analysed) if (cents := _cents(value)) is not None})
    if criteria.maximum_cents is not None:
        for cents in stated:
            if cents > criteria.maximum_cents:
                yield _set("maximum_euros", -(-cents // 100))
    if criteria.minimum_cents is not None:
        for cents in reversed(stated):
            if cents < criteria.minimum_cents:
                yield _set("minimum_euros", cents // 100)


def _values(analysed: AnalysedNotice) -> tuple[Money | None, ...]:
    return (analysed.notice.value, *(lot.value for lot in analysed.notice.lots))


def _cents(value: Money | None) -> int | None:
    return value.amount_cents if value is not None and value.currency == "EUR" else None


def _buyers(analysed: AnalysedNotice) -> Iterator[ProfileChange]:
    buyer = analysed.notice.buyer
    if buyer is not None and buyer.name is not None and stems(buyer.name):
        yield _add("buyers", buyer.name)
    if buyer is not None and buyer.siret is not None:
        yield _add("buyers", buyer.siret)


def _places(criteria: Criteria, analysed: AnalysedNotice) -> Iterator[ProfileChange]:
    """Yield the radii that would reach what is stated, the nearest first, then its areas."""
    if not (criteria.departements or criteria.nuts_codes or criteria.communes):
        return
    located = analysed.located
    buyer = () if located.buyer is None else (located.buyer,)
    stated: Sequence[Spot] = (*chain.from_iterable(located.lots), *located.work, *buyer)
    # Of France every département could be added, and none would be the right one.
    spots = [spot for spot in stated if not spot.is_country]
    asked = compile_criteria(criteria).frame.place
    if any(commune_of_insee(code) is not None for code in criteria.communes):
        distances = {far for spot in spots if (far := asked.distance_km(spot)) is not None}
        for far in sorted(distances):
            if (criteria.radius_km or 0) < far <= LARGEST_RADIUS_KM:
                yield _set("radius_km", far)
    for spot in spots:
        yield from (_add("departements", one) for one in spot.departements)
        if spot.nuts_code is not None and not spot.departements:
            yield _add("nuts", spot.nuts_code)


def _codes(criteria: Criteria, analysed: AnalysedNotice) -> Iterator[ProfileChange]:
    """Yield the stated codes that are near to one of the profile's."""
    for code in sorted(stated_codes(analysed.notice)):
        if code[:_DIGITS_OF_A_CLASS] in {one[:_DIGITS_OF_A_CLASS] for one in criteria.cpv_codes}:
            yield _add("cpv", code)


def _strictness(criteria: Criteria, analysed: AnalysedNotice) -> Iterator[ProfileChange]:
    """Yield how much less clearly a trade would have to be asked for, the act being its own."""
    ids = {trade.trade_id for name in criteria.trades if (trade := find_trade(name)) is not None}
    points = [found.points for one in ids for found in analysed.findings.get(one, ()) if found.act is None]
    clearest, needed = max(points, default=0.0), POINTS_NEEDED[criteria.strictness]
    for one in _WIDER:
        if POINTS_NEEDED[one] < needed and clearest >= POINTS_NEEDED[one]:
            yield _set("strictness", one.value)


def _add(field: str, value: str) -> ProfileChange:
    return ProfileChange(field, ChangeAct.ADD, value)


def _set(field: str, value: str | int) -> ProfileChange:
    return ProfileChange(field, ChangeAct.SET, value)
