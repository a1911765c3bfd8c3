"""The Common Procurement Vocabulary: which codes exist, and what they are called.

Source: Regulation (EC) 213/2008; data/cpv.csv, 9,454 codes, see data/NOTICE.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from alerting.errors import ProfileError


CPV = re.compile(r"(\d{8})(-\d)?")


def get_cpv(text: str) -> str:
    """Return the eight digits of the code that a person writes.

    Raises:
        ProfileError: It is none.

    >>> get_cpv("45330000-7")
    '45330000'
    """
    found = CPV.fullmatch(text.strip())
    if found is None:
        raise ProfileError(f"a CPV code must be 8 digits with an optional '-' and check digit (got {text!r})")
    if not is_cpv(found.group(1)):
        raise ProfileError(f"expected a code of the CPV (got {text!r}, which is none)")
    return found.group(1)


def is_cpv(code: str) -> bool:
    """Tell whether eight digits are a code of the vocabulary.

    >>> is_cpv("45330000"), is_cpv("45330001")
    (True, False)
    """
    return code in _labels()


def cpv_label(code: str, language: str = "fr") -> str | None:
    """Return the label of a code in French ("fr") or English (any other language).

    >>> cpv_label("45330000")
    'Travaux de plomberie'
    """
    labels = _labels().get(code)
    return None if labels is None else labels[0 if language == "fr" else 1]


@cache
def _labels() -> Mapping[str, tuple[str, str]]:
    text = resources.files("alerting.reference").joinpath("data/cpv.csv").read_text(encoding="utf-8")
    return {row["cpv_code"]: (row["label_fr"], row["label_en"]) for row in csv.DictReader(text.splitlines())}
