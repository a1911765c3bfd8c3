"""Feedback: what a firm says of a procedure that it was told."""

from __future__ import annotations

from enum import StrEnum


class Opinion(StrEnum):
    """Useful, or not for the firm; one stands for a firm and a procedure."""

    USEFUL = "useful"
    NOT_FOR_US = "not for us"
