"""Trades: a craft in the firm's own words, that stands for CPV codes and words.

Source: data/trades.toml, written by hand.
"""

from __future__ import annotations

import difflib
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from alerting.errors import ProfileError


NEAREST_COUNT = 3
NAF_CLASS_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Trade:
    """One craft.

    Args:
        trade_id: How profiles name it: lower case, no accents.
        label: How people read it, in French.
        family: "batiment", "alimentation", "services" or "fabrication".
        synonyms: Other names by which it may be asked for.
        naf_codes: Activities of the register (NAF rev. 2) whose firms do this, the nearest first.
        cpv_codes: Eight digits; each covers its subtree.
        cpv_codes_out: Branches of those subtrees that are another craft's: partitions are no joinery.
        words: Words or phrases that by themselves say that its work is bought.
        hints: Words that tell only together, or beside one of ``words``.
        apart: Phrases in which one of its words means something else.
        words_out: Words or phrases of a title that take a notice out of it.
        acts: Names of ``domain.trade.Act`` that it does.
    """

    trade_id: str
    label: str
    family: str
    synonyms: tuple[str, ...]
    naf_codes: tuple[str, ...]
    cpv_codes: tuple[str, ...]
    cpv_codes_out: tuple[str, ...]
    words: tuple[str, ...]
    hints: tuple[str, ...]
    apart: tuple[str, ...]
    words_out: tuple[str, ...]
    acts: tuple[str, ...]


def get_trade(name: str) -> Trade:
    """Return the trade of that id, label or synonym, whatever its capitals and accents.

    Raises:
        ProfileError: There is none; the message names the nearest ones.
    """
    names = _by_name()
    trade = names.get(_plain(name))
    if trade is None:
        near = _nearest(name)
        raise ProfileError(f"trade {name!r} is not known (nearest: {', '.join(near)})")
    return trade


@cache
def trades() -> tuple[Trade, ...]:
    """Return every trade, in the order of the file."""
    text = resources.files("alerting.reference").joinpath("data/trades.toml").read_text(encoding="utf-8")
    return tuple(_trade(trade_id, entry) for trade_id, entry in tomllib.loads(text).items())


def trades_of_naf(code: str) -> tuple[Trade, ...]:
    """Return the trades of an activity, those nearest to it first: "43.22A", "4322A" or "43.22".

    >>> [trade.trade_id for trade in trades_of_naf("4391B")]
    ['couvreur']
    """
    digits = code.replace(".", "").upper().strip()
    ranked = [
        (position, number, trade)
        for number, trade in enumerate(trades())
        for position, naf in enumerate(trade.naf_codes)
        if naf.replace(".", "").startswith(digits) and len(digits) >= NAF_CLASS_DIGITS
    ]
    return tuple(dict.fromkeys(trade for _, _, trade in sorted(ranked, key=lambda found: found[:2])))


def _trade(trade_id: str, entry: Mapping[str, Any]) -> Trade:
    lists = ("synonyms", "naf_codes", "cpv_codes", "cpv_codes_out", "words", "hints", "apart", "words_out")
    return Trade(
        trade_id=trade_id,
        label=entry["label"],
        family=entry["family"],
        acts=tuple(entry.get("acts", ("work",))),
        **{name: tuple(entry.get(name, ())) for name in lists},
    )


@cache
def _by_name() -> Mapping[str, Trade]:
    return {_plain(name): trade for trade in trades() for name in _names(trade)}


def _names(trade: Trade) -> tuple[str, ...]:
    return (trade.trade_id, trade.label, *trade.synonyms)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.strip().casefold().replace("œ", "oe"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _nearest(name: str) -> list[str]:
    """Return the ids of the trades whose names look most alike, the best first."""
    names = difflib.get_close_matches(_plain(name), _by_name(), n=3 * NEAREST_COUNT, cutoff=0.0)
    return list(dict.fromkeys(_by_name()[near].trade_id for near in names))[:NEAREST_COUNT]
