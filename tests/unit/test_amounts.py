"""Amounts as authorities write them: the number meant, or none."""

from __future__ import annotations

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import NoticeKind, RawMoney, RawNotice
from alerting.notices.normalise import normalise


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1234.5", 123450),
        ("12,50", 1250),
        ("1 234,5", 123450),
        ("1.234,56", 123456),
        ("1\u202f234\u00a0567,89 €", 123456789),
        ("1 234 euros", 123400),
        ("1,234,567.89", 123456789),
        ("1.234.567", 123456700),
        ("1,234", None),
        ("de 1 à 5", None),
    ],
)
def test_an_amount_is_the_number_meant_or_none(text, cents):
    """
    Signs of thousands are no decimal point; "1,234" may be a thousand or one and is not guessed at.
    """
    raw = RawNotice(
        feed_id="f", source_id="1", title="Toiture", kind=NoticeKind.CALL, value=RawMoney(text, "EUR")
    )

    assert normalise(raw).value == (None if cents is None else Money(cents, "EUR"))
