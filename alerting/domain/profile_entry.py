"""A profile as somebody writes it, in a file or on the command line, beside what its firm made of it since.

In:   what is said of it now, what was said last, how it stands, and the changes that its firm accepted.
Out:  how it stands from then on.

What is said as before changes nothing, so that what the firm chose (a proposal, another cadence) stands;
what is said otherwise than before holds, and ends the firm's own choice of that field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from alerting.domain.criteria import Criteria
from alerting.domain.profile import Profile
from alerting.domain.profile_change import (
    ProfileChange,
    attribute_of,
    change_criteria,
    field_of,
    undo_changes,
)


_CRITERIA = tuple(field.name for field in fields(Criteria))
# The weekdays are those of a cadence, and chosen with it.
_RHYTHM = ("cadence", "weekdays")
_OTHERS = ("name", "hour", "item_limit", "reminder_days")
_TOPIC = ("trades", "cpv_codes", "words")


@dataclass(frozen=True, slots=True)
class Followed:
    """A profile after it was said anew.

    Args:
        profile: As it stands from now on.
        own: Fields, as in a firms file, that stay as the firm has them, whatever is said.
        overruled: Fields that the firm had changed, and that are said otherwise now.
        ended: Keys of the accepted changes that end by it.
    """

    profile: Profile
    own: tuple[str, ...] = ()
    overruled: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


def follow(
    said: Profile,
    last: Profile | None,
    stands: Profile,
    accepted: Sequence[tuple[str, Sequence[ProfileChange]]],
) -> Followed:
    """Return how a profile stands that is said anew.

    Args:
        said: What is said of it now.
        last: What was said of it last; None: nobody kept that, and only what was accepted is the firm's own.
        stands: How it stands.
        accepted: The accepted changes that stand, by key.
    """
    if last is None:
        undone = [change for _, changes in accepted for change in undo_changes(changes)]
        last = replace(said, criteria=change_criteria(stands.criteria, undone))
    now, before, stored = _facts(said), _facts(last), _facts(stands)
    changed = {name for name in now if now[name] != before[name]}
    facts = {name: now[name] if name in changed else stored[name] for name in now}
    if not any(facts[name] for name in _TOPIC):
        changed |= set(_TOPIC)  # What is left of both would ask for nothing.
        facts |= {name: now[name] for name in _TOPIC}
    overruled = {name for name in changed if stored[name] not in (before[name], now[name])}
    ended = {key: changes for key, changes in accepted if not overruled.isdisjoint(_attributes(changes))}
    profile = _profile(said, facts)
    for changes in ended.values():
        rest = [change for change in changes if attribute_of(change.field) not in overruled]
        profile = replace(profile, criteria=change_criteria(profile.criteria, undo_changes(rest)))
    stand = _facts(profile)
    own = {name for name in now if stand[name] != now[name]}
    return Followed(profile, _named(own), _named(overruled), tuple(ended))


def _facts(profile: Profile) -> dict[str, Any]:
    """Return what may be said of a profile, by name; its cadence with the weekdays."""
    return {
        "cadence": tuple(getattr(profile, name) for name in _RHYTHM),
        **{name: getattr(profile, name) for name in _OTHERS},
        **{name: getattr(profile.criteria, name) for name in _CRITERIA},
    }


def _profile(said: Profile, facts: Mapping[str, Any]) -> Profile:
    rhythm = dict(zip(_RHYTHM, facts["cadence"], strict=True))
    criteria = Criteria(**{name: facts[name] for name in _CRITERIA})
    return replace(said, criteria=criteria, **rhythm, **{name: facts[name] for name in _OTHERS})


def _attributes(changes: Iterable[ProfileChange]) -> set[str]:
    return {attribute_of(change.field) for change in changes}


def _named(attributes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(map(field_of, attributes)))
