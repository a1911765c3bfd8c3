"""CPV codes as a tree: eight digits, of which the zeros at the end say that more lies below."""

from __future__ import annotations


CPV_DIVISION_DIGITS = 2


def cpv_covers(code: str, other: str) -> bool:
    """Tell whether *other* lies in the subtree of *code*; both have eight digits.

    >>> cpv_covers("45330000", "45332200"), cpv_covers("30000000", "31000000")
    (True, False)
    """
    return other.startswith(cpv_prefix(code))


def cpv_prefix(code: str) -> str:
    """Return what every code in the subtree of one of eight digits begins with.

    >>> cpv_prefix("45330000"), cpv_prefix("30000000")
    ('4533', '30')
    """
    return code[: max(CPV_DIVISION_DIGITS, len(code.rstrip("0")))]
