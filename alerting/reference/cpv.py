"""The Common Procurement Vocabulary: which codes exist, and what they are called.

Source: Regulation (EC) 213/2008; data/cpv.csv, 9,454 codes, see data/NOTICE.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources


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
