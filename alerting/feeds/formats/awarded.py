"""Tell what was paid for a whole purchase from what was paid for one of its lots.

In:   the awards of a notice: of which lots each is, and what it comes to.
Out:  the amount of the whole, or of a lot; None where no one award is of just that.

Several awards are never summed up: some may state no amount, or that of a framework as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerting.domain.lots import lot_key
from alerting.domain.notice import RawMoney


@dataclass(frozen=True, slots=True)
class Award:
    """One award: the lots that it names, by their keys, and what it comes to."""

    lots: frozenset[str]
    paid: RawMoney | None

    @classmethod
    def of(cls, lot_ids: Iterable[str], paid: RawMoney | None) -> Award:
        """Return an award of these lots; an amount of nothing is none."""
        is_stated = paid is not None and not paid.is_nothing()
        return cls(frozenset(map(lot_key, lot_ids)), paid if is_stated else None)


def paid_for_all(awards: Sequence[Award], lot_ids: Iterable[str]) -> RawMoney | None:
    """Return what the one award of a purchase comes to, if it is of every lot.

    Args:
        awards: Every award of the notice, those without an amount too.
        lot_ids: The lots of the purchase; none where it is not divided.
    """
    if len(awards) != 1:
        return None
    (award,), lots = awards, frozenset(map(lot_key, lot_ids))
    is_of_all = lots <= award.lots if lots else not award.lots
    return award.paid if is_of_all else None


def paid_for_lot(awards: Sequence[Award], lot_id: str) -> RawMoney | None:
    """Return what the one award of a lot comes to, if it is of that lot alone."""
    lot = lot_key(lot_id)
    own = [award for award in awards if lot in award.lots]
    return own[0].paid if len(own) == 1 and own[0].lots == {lot} else None
