"""Money: an amount in integer cents with its currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


#: More units of a currency than any purchase is worth: what states as much is no amount.
LARGEST_AMOUNT = 10**12


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency.

    Args:
        amount_cents: The amount in hundredths of the currency's unit; never a float.
        currency: ISO 4217 code, three capital letters.
    """

    amount_cents: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Money:
        """Return *amount* units of *currency*, rounded half up to the cent.

        >>> Money.of(Decimal("43798333.305"), "EUR")
        Money(amount_cents=4379833331, currency='EUR')
        """
        cents = (amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return cls(int(cents), currency)


def euros(value: Money | None) -> int | None:
    """Return an amount in EUR cents; None when it is not stated, or in another currency."""
    return value.amount_cents if value is not None and value.currency == "EUR" else None
