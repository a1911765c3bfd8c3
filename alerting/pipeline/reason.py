"""Reasons: what an operator orders by hand is kept with why, for who asks later."""

from __future__ import annotations

from alerting.errors import ChoiceError


def need_reason(order: str, why: str) -> None:
    """Refuse an order that is given without a reason.

    Raises:
        ChoiceError: The reason is empty, or blank.
    """
    if not why.strip():
        raise ChoiceError(f"{order}: expected a reason for who asks later (got {why!r})")
