"""The French nomenclature of activities: which codes exist, and what they are called.

Source: INSEE, nomenclature d'activités française, révision 2; data/naf.csv, 732 codes, see data/NOTICE.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from alerting.errors import ProfileError


_CODE = re.compile(r"(\d\d)\.?(\d\d)([A-Z]?)", re.ASCII)


def get_naf(text: str) -> str:
    """Return the code, or the class of codes, that a person writes.

    Raises:
        ProfileError: It is none.

    >>> get_naf("4322a"), get_naf("43.22")
    ('43.22A', '43.22')
    """
    found = _CODE.fullmatch(text.strip().upper())
    code = "{}.{}{}".format(*found.groups()) if found is not None else ""
    named = [known for known in _labels() if code and known.startswith(code)]
    if not named:
        near = [known for known in _labels() if code and known.startswith(code[:5])]
        expected = " or ".join(near) or "one like 43.22A, 4322A or 43.22"
        raise ProfileError(f"activity {text!r}: no code of NAF (révision 2); expected {expected}")
    return code


def naf_label(code: str) -> str | None:
    """Return what the activity of a code is called; None of a class, which has several.

    >>> naf_label("43.91B")
    'Travaux de couverture par éléments'
    """
    return _labels().get(code)


@cache
def _labels() -> Mapping[str, str]:
    text = resources.files("alerting.reference").joinpath("data/naf.csv").read_text(encoding="utf-8")
    return {row["naf_code"]: row["label"] for row in csv.DictReader(text.splitlines())}
