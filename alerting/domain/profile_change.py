"""A change of a profile: one field of it, as people write it in a firms file, added to, taken from or set.

In:   criteria, and changes.
Out:  the criteria that would then hold, and the changes in words for an operator.

Nothing here knows what a change would bring: ``decide`` says that of the changed criteria.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from alerting.domain.criteria import DEFAULT_KINDS, Criteria
from alerting.domain.match import FitKind
from alerting.domain.notice import NoticeKind
from alerting.domain.trade import Strictness


class ChangeAct(StrEnum):
    """What becomes of a field; ``clear`` takes all of it away."""

    ADD = "add"
    REMOVE = "remove"
    SET = "set"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """One change.

    Args:
        field: As in a firms file: "words_out", "cpv", "radius_km", "maximum_euros" ...
        act: What becomes of it.
        value: What is added, taken away or set; amounts in euros.
    """

    field: str
    act: ChangeAct
    value: str | int | None = None


# Fields whose name in a firms file is another one, or whose values are words of a closed list.
_ATTRIBUTES = {
    "cpv": "cpv_codes",
    "nuts": "nuts_codes",
    "minimum_euros": "minimum_cents",
    "maximum_euros": "maximum_cents",
}
_KINDS = {"kinds": NoticeKind, "fit_out": FitKind, "strictness": Strictness, "pass_unknown": bool}
_CENTS = frozenset({"minimum_euros", "maximum_euros"})
_CLEARED = Criteria()
PLACE_FIELDS = ("departements", "nuts", "communes", "radius_km")
_NAMES = {
    "trades": "the trade",
    "cpv": "the CPV code",
    "words": "the word",
    "words_out": "the excluded word",
    "departements": "the département",
    "nuts": "the area",
    "communes": "the commune",
    "buyers": "the buyer",
    "kinds": "the kind",
    "fit_out": "the demand not to hear of",
    "radius_km": "the radius",
    "minimum_euros": "the smallest amount",
    "maximum_euros": "the largest amount",
    "strictness": "the strictness",
}
_UNITS = {"radius_km": " km", "minimum_euros": " euros", "maximum_euros": " euros"}


def attribute_of(field: str) -> str:
    """Return the name in ``Criteria`` of a field of a firms file."""
    return _ATTRIBUTES.get(field, field)


def field_of(attribute: str) -> str:
    """Return the name in a firms file of a field of ``Criteria``.

    >>> field_of("cpv_codes"), field_of("words")
    ('cpv', 'words')
    """
    return next((field for field, name in _ATTRIBUTES.items() if name == attribute), attribute)


def field_values(criteria: Criteria, field: str) -> tuple[Any, ...]:
    """Return the values of a field that may have several."""
    values: tuple[Any, ...] = getattr(criteria, attribute_of(field))
    return values


def change_criteria(criteria: Criteria, changes: Iterable[ProfileChange]) -> Criteria:
    """Return *criteria* with every change made, in their order.

    >>> before = Criteria(words=("toiture", "zinc"), radius_km=40)
    >>> after = change_criteria(before, [ProfileChange("words", ChangeAct.REMOVE, "zinc")])
    >>> after.words, after.radius_km
    (('toiture',), 40)
    """
    for change in changes:
        attribute = attribute_of(change.field)
        criteria = replace(criteria, **{attribute: _changed(criteria, attribute, change)})
    return criteria


def undo_changes(changes: Sequence[ProfileChange]) -> tuple[ProfileChange, ...]:
    """Return what takes back values that were added or taken away, whatever else has changed since.

    >>> undo_changes([ProfileChange("words_out", ChangeAct.ADD, "zinc")])
    (ProfileChange(field='words_out', act=<ChangeAct.REMOVE: 'remove'>, value='zinc'),)
    """
    other = {ChangeAct.ADD: ChangeAct.REMOVE, ChangeAct.REMOVE: ChangeAct.ADD}
    return tuple(replace(change, act=other[change.act]) for change in reversed(changes))


def _changed(criteria: Criteria, attribute: str, change: ProfileChange) -> Any:
    before = getattr(criteria, attribute)
    if change.act is ChangeAct.CLEAR:
        return getattr(_CLEARED, attribute)
    value: Any = change.value
    if change.field in _CENTS and value is not None:
        value *= 100
    if change.field in _KINDS:
        value = _KINDS[change.field](value)
    if change.act is ChangeAct.REMOVE:
        return tuple(each for each in before if each != value)
    if change.act is ChangeAct.SET:
        return value
    standing = before or (tuple(sorted(DEFAULT_KINDS)) if change.field == "kinds" else ())
    return standing if value in standing else (*standing, value)


def say_change(change: ProfileChange, criteria: Criteria, *, name: str | None = None) -> str:
    """Return what would have to change, in words.

    Args:
        change: The change.
        criteria: As they are now.
        name: What people call its value, where it is a number of an official list.

    >>> say_change(ProfileChange("radius_km", ChangeAct.SET, 55), Criteria(radius_km=40))
    'the radius would have to be 55 km (now 40 km)'
    """
    if change.field == "pass_unknown":
        return (
            "what a notice does not state would have to pass"
            if change.value
            else "what a notice does not state would not pass"
        )
    what = _NAMES[change.field]
    if change.act is ChangeAct.CLEAR:
        return f"without {what}" if change.field in _UNITS else f"without any of {change.field}"
    value = f"{change.value}" if name is None else f"{name} ({change.value})"
    if change.act is ChangeAct.SET:
        return f"{what} would have to be {_with_unit(change.field, value)} (now {_now(criteria, change)})"
    quoted = value if name is not None or change.field in {"departements", "kinds", "cpv"} else f"'{value}'"
    if change.field == "words_out" and change.act is ChangeAct.REMOVE:
        return f"the word {quoted} would have to leave the excluded words"
    verb = "add" if change.act is ChangeAct.ADD else "take away"
    return f"{verb} {what} {quoted}"


def _now(criteria: Criteria, change: ProfileChange) -> str:
    before = getattr(criteria, attribute_of(change.field))
    if before is None:
        return "none"
    amount = before // 100 if change.field in _CENTS else before
    return _with_unit(change.field, str(amount))


def _with_unit(field: str, value: str) -> str:
    return value + _UNITS.get(field, "")
