"""Tell what a feed's entry announces by its words, where the feed has no field for it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from alerting.domain.notice import NoticeKind


_KINDS = (
    (re.compile(r"\brectificatif", re.IGNORECASE), NoticeKind.CORRECTION),
    (re.compile(r"\bannul|\bsans suite", re.IGNORECASE), NoticeKind.CANCELLATION),
    (re.compile(r"\battribution|\bavis d'attribution|\brésultat de marché", re.IGNORECASE), NoticeKind.AWARD),
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
