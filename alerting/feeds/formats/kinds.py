"""Tell what a notice announces: by its words where the feed has no field for it, and when it is cancelled.

What is cancelled is a notice.  A purchase ends with its call; a plan or an award that is cancelled is
taken back, and the purchase stands where it stood before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from alerting.domain.notice import NoticeKind, RawChange
from alerting.text.accents import compile_french, has_accents


# "Lot 2", "lots n° 3 et 4": what is said of them is not said of the purchase.
OF_A_LOT = r"\blots?\s+(?:n[°ºos.]*\s*)?[\dA-Z]\b"
# At the beginning, or behind "avis": what is announced, where inside a title it is what is bought.
_LEADS = r"(?:^|\bavis (?:d['’ ]|de )?)\s*"
_MARK = r"\s*(?:$|[:\-–—(\[])"
_WHAT = r"(?: (?:de la |du )?(?:consultation|marché|procédure|appel d['’ ]offres))?"
_CANCELLED = (
    rf"{_LEADS}(?:annulation|annulée?){_WHAT}{_MARK}(?!\s*remplace\b)"
    r"|\bavis d['’ ]annulation|\b(?:consultation|procédure|marché|avis) annulée?\b"
    r"(?!\s*(?:et\s+|[/-]\s*)?remplace(?:nt)?\b(?! par\b)|\s+(?:l[ae]s?|cel\w+)\b|\s+l['’ ])"
    # A relaunch after a "sans suite" is a live call; of a single lot it leaves the others to answer.
    r"|^(?!.*\b(?:relanc\w*|après|suite à)\b.{0,60}\bsans suite\b)"
    rf"(?!.*{OF_A_LOT}.{{0,60}}\bsans suite\b).*\bsans suite\b"
)
_AWARDED = (
    rf"{_LEADS}attribution(?: (?:de |du )?marchés?)?{_MARK}"
    r"|\bavis d['’ ]attribution|\brésultats? de marché|\bmarché attribué\b"
)
_KINDS = (
    (r"\brectificatif", NoticeKind.CORRECTION),
    (_CANCELLED, NoticeKind.CANCELLATION),
    (_AWARDED, NoticeKind.AWARD),
)
# "annule" and "marche" are other words, but where accents are left out.
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), compile_french(pattern), kind) for pattern, kind in _KINDS
)


def kind_in_words(texts: Iterable[str]) -> NoticeKind:
    """Return the kind that a title or its labels name; a call when they name none.

    >>> kind_in_words(["Avis rectificatif : toiture"]).value
    'correction'
    """
    stated = [(text, not has_accents(text)) for text in texts]
    for spelt, bare, kind in _PATTERNS:
        if any((bare if is_bare else spelt).search(text) for text, is_bare in stated):
            return kind
    return NoticeKind.CALL


def kind_of_cancelled(kind: NoticeKind) -> NoticeKind:
    """Return what the cancellation of a notice of a kind announces: only with its call a purchase ends."""
    return NoticeKind.CANCELLATION if kind in _ENDED_BY_CANCELLING else NoticeKind.OTHER


def taken_back(kind: NoticeKind) -> tuple[RawChange, ...]:
    """Return what the cancellation of a notice of a kind changes: a plan, an award is none any more."""
    return () if kind in _ENDED_BY_CANCELLING else (RawChange("kind", before=kind.value),)


_ENDED_BY_CANCELLING = frozenset({NoticeKind.CALL, NoticeKind.CORRECTION, NoticeKind.CANCELLATION})
