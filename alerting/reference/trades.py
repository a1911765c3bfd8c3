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

from alerting.errors import ProfileError


NEAREST_COUNT = 3


@dataclass(frozen=True, slots=True)
class Trade:
    """One craft.

    Args:
        trade_id: How profiles name it: lower case, no accents.
        label: How people read it, in French.
        synonyms: Other names by which it may be asked for.
        cpv_codes: Eight digits; each covers its subtree.
        cpv_codes_out: Branches of those subtrees that are another craft's: partitions are no joinery.
        words: Words or phrases that tell it in a notice.
        words_out: Words or phrases that take a text out of it.
    """

    trade_id: str
    label: str
    synonyms: tuple[str, ...]
    cpv_codes: tuple[str, ...]
    cpv_codes_out: tuple[str, ...]
    words: tuple[str, ...]
    words_out: tuple[str, ...]


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
    return tuple(
        Trade(
            trade_id=trade_id,
            label=entry["label"],
            synonyms=tuple(entry["synonyms"]),
            cpv_codes=tuple(entry["cpv_codes"]),
            cpv_codes_out=tuple(entry.get("cpv_codes_out", ())),
            words=tuple(entry["words"]),
            words_out=tuple(entry["words_out"]),
        )
        for trade_id, entry in tomllib.loads(text).items()
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
