"""Acts: the words by which a title says what a purchase asks for, work or design or supply.

Source: data/acts.toml, written by hand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from alerting.domain.trade import Act


@cache
def words_of_acts() -> Mapping[Act, tuple[str, ...]]:
    """Return the words and phrases of each act."""
    return {Act(name): tuple(words) for name, words in _file()["acts"].items()}


@cache
def joined_work() -> tuple[str, ...]:
    """Return the words that make a supply work when they are joined to it: "fourniture et pose"."""
    return tuple(_file()["joined_work"])


@cache
def joined_later() -> tuple[str, ...]:
    """Return those of ``joined_work`` that make a supply work behind its object: "... et pose"."""
    return tuple(_file()["joined_later"])


@cache
def joined_to_design() -> tuple[str, ...]:
    """Return those of ``joined_work`` that make a study work: "conception, fabrication et pose"."""
    return tuple(_file()["joined_to_design"])


@cache
def words_of_no_act() -> tuple[str, ...]:
    """Return the phrases in which a word of an act says none: "conseil municipal"."""
    return tuple(_file()["never"])


@cache
def words_between() -> tuple[str, ...]:
    """Return the words that may part a trade's deed from its object: "entretien annuel du parc de vélos"."""
    return tuple(_file()["between"])


@cache
def names_of_crafts() -> tuple[str, ...]:
    """Return the words of work that name a craft or what it makes, as goods are named, too: "peinture"."""
    return tuple(_file()["names_of_crafts"])


@cache
def words_of_trading() -> tuple[str, ...]:
    """Return the words of a supply that say that goods are bought; the others name goods: "mobilier"."""
    return tuple(_file()["trading"])


@cache
def words_of_a_whole() -> tuple[str, ...]:
    """Return the words by which a title says that a whole house is bought as one: "tous corps d'état"."""
    return tuple(_file()["whole"])


@cache
def words_of_a_bundle() -> tuple[str, ...]:
    """Return the words by which a lot's title stands for several crafts and names none: "second œuvre"."""
    return tuple(_file()["bundle"])


@cache
def slips_of_the_pen() -> Mapping[str, str]:
    """Return words as they are misspelt, beyond a letter doubled or not, and the words that are meant."""
    return dict(_file()["slips"])


@cache
def acts_always() -> Mapping[Act, tuple[str, ...]]:
    """Return the words that say an act wherever they stand in a title."""
    return {Act(name): tuple(words) for name, words in _file()["always"].items()}


@cache
def _file() -> Mapping[str, Any]:
    text = resources.files("alerting.reference").joinpath("data/acts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


# What the divisions of the CPV say where words are silent.  A division that is not here says nothing.
_ACT_OF_DIVISION = {
    **dict.fromkeys(("71", "73"), Act.DESIGN),
    "80": Act.TRAINING,
    "66": Act.INSURANCE,
    **dict.fromkeys(("48", "72"), Act.SOFTWARE),
    **dict.fromkeys(("45", "50", "77", "90", "98", "55", "60"), Act.WORK),
    **dict.fromkeys(("63", "64", "65", "70", "75", "76", "85", "92"), Act.OTHER),
}
# Branches of those divisions that crafts do: ambulances, films, the care of what museums show.
_WORK_OF_CRAFTS = ("85143", "9211", "9252")
_LAST_DIVISION_OF_GOODS = 44


def act_of_cpv(code: str) -> Act | None:
    """Return what a CPV code says is bought; None where its division says nothing of it.

    >>> act_of_cpv("71220000"), act_of_cpv("44112200"), act_of_cpv("79810000")
    (<Act.DESIGN: 'design'>, <Act.SUPPLY: 'supply'>, None)
    """
    if code.startswith(_WORK_OF_CRAFTS):
        return Act.WORK
    division = code[:2]
    if division in _ACT_OF_DIVISION:
        return _ACT_OF_DIVISION[division]
    return Act.SUPPLY if int(division) <= _LAST_DIVISION_OF_GOODS else None
