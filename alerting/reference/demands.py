"""Demands: what notices ask of whoever answers, by the words that say so, and what meets it.

Source: data/demands.toml, written by hand; Code de la commande publique, articles L2113-12 to L2113-16
(reserved contracts); Code des assurances, article L241-1 (decennial cover).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from alerting.domain.match import FitKind
from alerting.errors import ProfileError
from alerting.reference.letters import plain


@dataclass(frozen=True, slots=True)
class DemandWords:
    """One demand as the data file has it.

    ``met_by`` are what ``get_qualification`` returns; ``fact`` names a field of ``Notice`` and ``Lot``.
    """

    demand_id: str
    kind: FitKind
    label: str
    words: tuple[str, ...]
    met_by: frozenset[str]
    is_law: bool
    fact: str | None


@cache
def demands() -> tuple[DemandWords, ...]:
    """Return every demand, in the file's order."""
    text = resources.files("alerting.reference").joinpath("data/demands.toml").read_text(encoding="utf-8")
    return tuple(
        DemandWords(
            demand_id=demand_id,
            kind=FitKind(entry["kind"]),
            label=entry["label"],
            words=tuple(entry["words"]),
            met_by=frozenset(map(_folded, entry.get("met_by", ()))),
            is_law=entry.get("by_law", False),
            fact=entry.get("fact"),
        )
        for demand_id, entry in tomllib.loads(text).items()
    )


def get_qualification(name: str) -> str:
    """Return the one form of a qualification that a firm says it has.

    Raises:
        ProfileError: It is none that a notice could ask for.

    >>> get_qualification("Qualibat"), get_qualification("Amiante SS4")
    ('qualibat', 'amiantess4')
    """
    known = _qualifications()
    if _folded(name) not in known:
        expected = ", ".join(known.values())
        raise ProfileError(f"qualification {name!r} is not known; expected one of {expected}")
    return _folded(name)


@cache
def _qualifications() -> Mapping[str, str]:
    text = resources.files("alerting.reference").joinpath("data/demands.toml").read_text(encoding="utf-8")
    names = (name for entry in tomllib.loads(text).values() for name in entry.get("met_by", ()))
    return {_folded(name): name for name in names}


def _folded(name: str) -> str:
    return "".join(letter for letter in plain(name) if letter.isalnum())
