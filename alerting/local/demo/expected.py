"""What the demo's firms are to be told: written by hand from the notices, never by the engine.

In:   expected.toml: for each profile the purchases that it is told of, each by the id of its first notice.
Out:  expected tellings.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources

import msgspec

from alerting.local.demo.facts import notice_facts


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """One fact told to one profile; *title* is the purchase's object, *kind* "new" or "corrected"."""

    profile_id: str
    kind: str
    title: str

    def as_row(self) -> dict[str, str]:
        """Return it as plain values."""
        return asdict(self)


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profile: str
    new: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    expected: tuple[_Entry, ...]
    late: tuple[_Entry, ...]


def expected_tellings() -> frozenset[Expected]:
    """Return what is told of everything that is published from the start."""
    return frozenset(one for entry in _read().expected for one in _tellings(entry, number=0))


def expected_late(number: int = 1) -> frozenset[Expected]:
    """Return what is told of the *number*-th late call and, with the first, of the correction."""
    found = frozenset(one for entry in _read().late for one in _tellings(entry, number=number))
    return found if number == 1 else frozenset(one for one in found if one.kind == "new")


def expected_profiles() -> tuple[str, ...]:
    """Return the profiles of which something is said, those that are told nothing too."""
    return tuple(entry.profile for entry in _read().expected)


def _tellings(entry: _Entry, *, number: int) -> list[Expected]:
    titles = {fact.id: fact.title for fact in notice_facts()}
    named = [("new", name) for name in entry.new] + [("corrected", name) for name in entry.corrected]
    return [Expected(entry.profile, kind, titles[name].format(number=number)) for kind, name in named]


@cache
def _read() -> _File:
    text = resources.files("alerting.local.demo").joinpath("expected.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File)
