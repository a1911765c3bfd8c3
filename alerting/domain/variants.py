"""Variants of a profile: what it would be without one of its criteria, a little narrower, or a little wider.

In:   criteria.
Out:  for each criterion, and each value of one that has several, the change that leaves it out; and
      changes that narrow or widen.  Holding a profile and its variants against the same notices shows what
      each criterion lets in or keeps out.

A topic is never left out whole: what asks nothing of the topic is no profile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alerting.domain.criteria import LARGEST_RADIUS_KM, Criteria
from alerting.domain.profile_change import PLACE_FIELDS, ChangeAct, ProfileChange, field_values
from alerting.domain.trade import Strictness


_TOPIC = ("trades", "cpv", "words")
_PLACES = ("departements", "nuts", "communes")
_FIRST_RADIUS_KM = 20


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant.

    Args:
        criterion: What it differs in: a field of a firms file, "place" for all of the place, or "frame" for
            all but the topic.
        value: Which value of it; None for the whole of it.
        changes: How it comes from the profile.
    """

    criterion: str
    value: str | None
    changes: tuple[ProfileChange, ...]


def variants_of(criteria: Criteria) -> tuple[Variant, ...]:
    """Return the variants of a profile, each of another meaning as a rule, in the order of its fields."""
    return (
        *_without_values(criteria, _TOPIC),
        *_without_each(criteria, "words_out"),
        *_without_values(criteria, _PLACES),
        *_without_place(criteria),
        *_other_radii(criteria),
        *_without_values(criteria, ("buyers",)),
        *_without_buyers(criteria),
        *_without_limits(criteria),
        *_without_each(criteria, "fit_out"),
        *_other_strictness(criteria),
        Variant("pass_unknown", None, (_set("pass_unknown", not criteria.pass_unknown),)),
        *_topic_alone(criteria),
    )


def topics_to_add(trade_ids: tuple[str, ...]) -> tuple[Variant, ...]:
    """Return what a profile that asks nothing of the topic would be with each trade."""
    return tuple(Variant("trades", one, (_add("trades", one),)) for one in trade_ids)


def _without_values(criteria: Criteria, fields: tuple[str, ...]) -> Iterator[Variant]:
    """Leave out each of several values that are alternatives: the last one is not left out alone."""
    if sum(len(field_values(criteria, field)) for field in fields) > 1:
        for field in fields:
            yield from _without_each(criteria, field)


def _without_each(criteria: Criteria, field: str) -> Iterator[Variant]:
    for value in field_values(criteria, field):
        yield Variant(field, str(value), (ProfileChange(field, ChangeAct.REMOVE, str(value)),))


def _without_place(criteria: Criteria) -> Iterator[Variant]:
    if any(field_values(criteria, field) for field in _PLACES):
        yield Variant("place", None, _clear(*PLACE_FIELDS))


def _other_radii(criteria: Criteria) -> Iterator[Variant]:
    if not criteria.communes:
        return
    radius_km = criteria.radius_km
    if radius_km is None:
        yield Variant("radius_km", None, (_set("radius_km", _FIRST_RADIUS_KM),))
        return
    for other in (radius_km // 2, min(radius_km * 2, LARGEST_RADIUS_KM)):
        if other not in {0, radius_km}:
            yield Variant("radius_km", None, (_set("radius_km", other),))


def _without_buyers(criteria: Criteria) -> Iterator[Variant]:
    if criteria.buyers and _asks(criteria):
        yield Variant("buyers", None, _clear("buyers"))


def _without_limits(criteria: Criteria) -> Iterator[Variant]:
    if criteria.minimum_cents is not None:
        yield Variant("minimum_euros", None, _clear("minimum_euros"))
    if criteria.maximum_cents is not None:
        yield Variant("maximum_euros", None, _clear("maximum_euros"))
    if criteria.kinds:
        yield Variant("kinds", None, _clear("kinds"))


def _other_strictness(criteria: Criteria) -> Iterator[Variant]:
    if criteria.trades:
        for one in Strictness:
            if one is not criteria.strictness:
                yield Variant("strictness", None, (_set("strictness", one.value),))


def _topic_alone(criteria: Criteria) -> Iterator[Variant]:
    """Leave out all that is asked beside the topic: is there anything of it at all?"""
    if _asks(criteria):
        frame = (*PLACE_FIELDS, "buyers", "minimum_euros", "maximum_euros", "kinds", "fit_out", "words_out")
        yield Variant("frame", None, (*_clear(*frame), _set("pass_unknown", 1)))


def _asks(criteria: Criteria) -> bool:
    return any(field_values(criteria, field) for field in _TOPIC)


def _clear(*fields: str) -> tuple[ProfileChange, ...]:
    return tuple(ProfileChange(field, ChangeAct.CLEAR) for field in fields)


def _set(field: str, value: str | int) -> ProfileChange:
    return ProfileChange(field, ChangeAct.SET, value)


def _add(field: str, value: str) -> ProfileChange:
    return ProfileChange(field, ChangeAct.ADD, value)
