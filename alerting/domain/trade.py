"""What a notice says of trades: which it asks for, how clearly, and by what words and codes.

A craft answers for an act: a purchase of training, design or insurance may name a trade in every
line and still ask nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from alerting.domain.match import Reason


class Act(StrEnum):
    """What a purchase asks its supplier to do."""

    WORK = "work"
    BUILDING = "building"
    DESIGN = "design"
    TRAINING = "training"
    SUPPLY = "supply"
    RENTAL = "rental"
    INSURANCE = "insurance"
    SOFTWARE = "software"
    VOUCHER = "voucher"
    CONCESSION = "concession"
    OTHER = "other"


class Strictness(StrEnum):
    """How clearly a notice must ask for a trade before a profile hears of it."""

    STRICT = "strict"
    NORMAL = "normal"
    WIDE = "wide"


# Points: a word of the craft's own in a title is three, a hint one; a description counts half.
POINTS_NEEDED = {Strictness.STRICT: 3.0, Strictness.NORMAL: 2.0, Strictness.WIDE: 1.0}
# A title, its code and a word beside it: nothing could be clearer.
POINTS_OF_CERTAINTY = 6.0


@dataclass(frozen=True, slots=True)
class TradeFinding:
    """What one lot, or the notice as a whole, says of one trade.

    Args:
        lot_id: None for the notice as a whole.
        label: The trade as people read it.
        points: How clearly it asks for the trade, see ``POINTS_NEEDED``.
        words: As published, those of the title first.
        cpv_codes: Codes of the trade that are stated.
        act: What is bought, where that is not the trade's to do; None where it is.
        act_word: The words that said so.
        reason: What a profile of the trade is told, how clear it is included.
    """

    lot_id: str | None
    label: str
    points: float
    words: tuple[str, ...] = ()
    cpv_codes: tuple[str, ...] = ()
    act: Act | None = None
    act_word: str | None = None
    reason: Reason = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # Made once, for thousands of profiles may be given it.
        facts = (self.label, *self.words, *self.cpv_codes)
        clarity = min(1.0, self.points / POINTS_OF_CERTAINTY)
        object.__setattr__(self, "reason", Reason("trade", "met", self.lot_id, facts, clarity))
