"""Tell what a feed's entry announces by its words, where the feed has no field for it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from alerting.domain.notice import NoticeKind


# At the beginning, or behind "avis": what is announced, where inside a title it is what is bought.
_LEADS = r"(?:^|\bavis (?:d['’]|de )?)\s*"
_MARK = r"\s*(?:$|[:\-–—(\[])"
_WHAT = r"(?: (?:de la |du )?(?:consultation|marché|procédure|appel d['’]offres))?"
_CANCELLED = (
    rf"{_LEADS}(?:annulation|annulée?){_WHAT}{_MARK}"
    r"|\bavis d['’]annulation|\b(?:consultation|procédure|marché|avis) annulée?\b"
    # A relaunch after a "sans suite" is a live call.
    r"|^(?!.*\b(?:relanc\w*|après|suite à)\b.{0,60}\bsans suite\b).*\bsans suite\b"
)
_AWARDED = (
    rf"{_LEADS}attribution(?: (?:de |du )?marchés?)?{_MARK}"
    r"|\bavis d['’]attribution|\brésultats? de marché|\bmarché attribué\b"
)
_KINDS = (
    (re.compile(r"\brectificatif", re.IGNORECASE), NoticeKind.CORRECTION),
    (re.compile(_CANCELLED, re.IGNORECASE), NoticeKind.CANCELLATION),
    (re.compile(_AWARDED, re.IGNORECASE), NoticeKind.AWARD),
)


def kind_in_words(texts: Iterable[str]) -> NoticeKind:
    """Return the kind that a title or its labels name; a call when they name none.

    >>> kind_in_words(["Avis rectificatif : toiture"]).value
    'correction'
    """
    stated = list(texts)
    for pattern, kind in _KINDS:
        if any(pattern.search(text) for text in stated):
            return kind
    return NoticeKind.CALL
