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
        ("12 000,50 € HT", 1200050),
        ("12 000,50 euros hors taxes", 1200050),
        ("150 000 H.T.", 15000000),
        ("12 000 € (TTC)", 1200000),
        ("€ 12 000", 1200000),
        ("1.234.567,89 EUR", 123456789),
        ("12000.-", 1200000),
        ("12.000 €", None),
        ("12k€", None),
        ("de 1 à 5", None),
    ],
)
def test_an_amount_is_the_number_meant_or_none(text, cents):
    """
    Signs of thousands are no decimal point; "1,234" and "12.000 €" may be either and are not guessed at.
    """
    raw = RawNotice(
        feed_id="f", source_id="1", title="Toiture", kind=NoticeKind.CALL, value=RawMoney(text, "EUR")
    )

    assert normalise(raw).value == (None if cents is None else Money(cents, "EUR"))


@pytest.mark.parametrize("currency", ["EUR", "eur", "€", "Euros", None])
def test_euros_are_one_currency_however_they_are_written(currency):
    """
    A value in "€" was in none that a profile asks for.
    """
    raw = RawNotice(
        feed_id="f", source_id="1", title="Toiture", kind=NoticeKind.CALL, value=RawMoney("1,5", currency)
    )

    assert normalise(raw).value == Money(150, "EUR")
