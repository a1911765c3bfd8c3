"""What proves that two notices speak of one purchase: a key, a reference, a buyer's own number.

In:   two notices.
Out:  the evidence, or None where they share none, or what is known speaks against it.

Source: eForms BT-04 (procedure identifier) and BT-758 (changed notice identifier); design 4.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from alerting.domain.notice import Notice, NoticeKind
from alerting.notices.likeness import (
    EMPTY_WORDS,
    are_calls_of_one_feed,
    are_other_buyers,
    contradict,
    day_in_paris,
    fold,
    have_other_lots,
    is_alike,
    same_buyer,
    siren_of,
)


_VERSION = re.compile(r"-\d{1,2}$")
# A reference from another feed must be this long to name one notice in all of France.
_TELLING_LENGTH = 6
# A key of a procedure is a UUID, an ocid, or at least so long, with a digit among several signs.
_KEY_LENGTH = 8
_KEY_SIGNS = 4
# What any purchase's number may be made of: a part's number, an article of the code, words for a purchase.
_PART = re.compile(r"\b(?:lot|tranche|phase|version)s? ?(?:no? ?)?\d{0,3}\b")
_ARTICLE = re.compile(r"\b[lrd] ?[123](?!0)\d{3} \d{1,2}(?: \d{1,2})*\b")
_GENERIC_TEXT = """
mapa mapas aapc dce aao ao aoo numero no ref reference references dossier affaire procedures adaptees
formalisee negociee dialogue competitif ouvert ouverte restreint article articles code commande publique
"""
_GENERIC = EMPTY_WORDS | frozenset(_GENERIC_TEXT.split())
_DIGITS_BEHIND = re.compile(r"([a-z]+)(\d+)")
# A buyer counts its purchases anew each year.
ONE_COUNT = timedelta(days=300)
_YEAR = re.compile(r"20\d\d")
ENDS = frozenset({NoticeKind.CANCELLATION, NoticeKind.AWARD})
_UUID_DASHES = 4
Moment = tuple[float, bool, str, str, str, str]


def names_of(notice: Notice) -> tuple[str, ...]:
    """Return what other notices may call this one: its source id, alone and with its version."""
    if notice.version is None:
        return (notice.source_id,)
    return (notice.source_id, f"{notice.source_id}-{notice.version}")


def refers_to(notice: Notice, other: Notice) -> bool:
    """Tell whether a notice names another one."""
    return next(_given(notice, other), None) is not None


def proves_by_key(notice: Notice, other: Notice) -> str | None:
    """Return the key of the procedure where both carry it, and it can name one purchase of one buyer."""
    key = notice.procedure_key
    if key is None or key != other.procedure_key or not is_telling_key(key):
        return None
    # A UUID, too, is met under two buyers: where a form was filled in over another one.
    return None if are_other_buyers(notice, other) else key


def is_telling_key(key: str) -> bool:
    """Tell whether a procedure key can name one purchase: "0" and the UUID of nothing but zeros cannot.

    Source: eForms BT-04 and BOAMP contractfolderid (a UUID), OCDS ocid.
    """
    signs = {sign for sign in key if sign.isalnum()}
    return len(key) >= _KEY_LENGTH and len(signs) >= _KEY_SIGNS and any(sign.isdigit() for sign in signs)


def proves_by_reference(notice: Notice, other: Notice) -> str | None:
    """Return the name by which one of two notices refers to the other; of versions of one their id."""
    same_feed = notice.feed_id == other.feed_id
    if same_feed and notice.source_id == other.source_id:
        return notice.source_id
    if not same_feed and _are_strangers(notice, other):
        return None
    given = [*_given(notice, other), *_given(other, notice)]
    return next((name for name in given if same_feed or len(name) >= _TELLING_LENGTH), None)


def _are_strangers(notice: Notice, other: Notice) -> bool:
    return contradict(siren_of(notice), siren_of(other)) or are_other_buyers(notice, other)


def _given(notice: Notice, other: Notice) -> Iterator[str]:
    """Yield the references of *notice* that name *other*."""
    names = {bare_name(name) for name in names_of(other)}
    yield from (name for name in notice.refers_to if bare_name(name) in names)


def bare_name(name: str) -> str:
    """Drop the version of "<UUID>-01"; BOAMP's "26-88092" is left whole."""
    lowered = name.strip().lower()
    return _VERSION.sub("", lowered) if lowered.count("-") > _UUID_DASHES else lowered


def proves_by_number(notice: Notice, other: Notice) -> str | None:
    """Return the buyer's own number where two notices share it and nothing says that it was used again.

    A number that may be any purchase's ("MAPA", "2026") counts where the titles are alike; without a SIRET on
    both sides they must be in any case.  Two calls of one feed are one only in words that are alike; calls of
    other lots are other purchases.
    """
    reference = notice.internal_reference
    if (
        reference is None
        or fold(reference) != fold(other.internal_reference)
        or contradict(notice.procedure_key, other.procedure_key)
        or _is_used_again(notice, other)
        or are_other_calls(notice, other)
    ):
        return None
    is_telling = _is_telling(reference)
    sirets = [None if one.buyer is None else one.buyer.siret for one in (notice, other)]
    if None not in sirets:
        is_same = sirets[0] == sirets[1] and (is_telling or is_alike(notice, other))
        return f"{sirets[0]} {reference}" if is_same else None
    return reference if is_telling and same_buyer(notice, other) and is_alike(notice, other) else None


def are_other_calls(notice: Notice, other: Notice) -> bool:
    """Tell whether two calls are of other lots, or of one feed under other ids and in other words."""
    if notice.kind is not NoticeKind.CALL or other.kind is not NoticeKind.CALL:
        return False
    if have_other_lots(notice, other):
        return True
    is_one_feed = are_calls_of_one_feed(notice, other) and notice.source_id != other.source_id
    return is_one_feed and not is_alike(notice, other)


@lru_cache(maxsize=20_000)
def _is_telling(reference: str) -> bool:
    """Tell whether a buyer's number is more than what any purchase may be called.

    >>> [_is_telling(text) for text in ("2026-T04", "MARCHE 1", "LOT 01", "R.2123-1 1°", "MAPA 2026")]
    [True, False, False, False, False]
    """
    text = _PART.sub(" ", _ARTICLE.sub(" ", fold(reference)))
    own = " ".join(filter(None, map(_own_part, text.split())))
    return len(own) >= _TELLING_LENGTH and re.search(r"\d", _YEAR.sub("", own)) is not None


def _own_part(word: str) -> str:
    """Return a word without what is generic in it: of "mapa1" the digit, of "t04" all."""
    glued = _DIGITS_BEHIND.fullmatch(word)
    if glued is not None and glued[1] in _GENERIC and len(glued[1]) > 1:
        return glued[2]
    return "" if word in _GENERIC and len(word) > 1 else word


def _is_used_again(notice: Notice, other: Notice) -> bool:
    """Tell whether one number stands for two purchases: by what follows what, and by the time between."""
    if notice.published_at is None or other.published_at is None:
        return False
    first, second = sorted((notice, other), key=in_time)
    if second.kind is NoticeKind.CALL and first.kind in ENDS and ends_before(first, second):
        return second.deadline_at is not None
    are_calls = first.kind is second.kind is NoticeKind.CALL
    if are_calls and _is_after(second.published_at, first.deadline_at):
        return True
    if second.kind is NoticeKind.AWARD and _is_after(first.deadline_at, second.published_at):
        return first.kind is NoticeKind.CALL
    is_far = abs(notice.published_at - other.published_at) > ONE_COUNT
    return is_far and (are_calls or not is_alike(notice, other))


def _is_after(moment: datetime | None, other: datetime | None) -> bool:
    return moment is not None and other is not None and day_in_paris(moment) > day_in_paris(other)


def ends_before(end: Notice, notice: Notice) -> bool:
    """Tell whether a result or a cancellation was published before another notice."""
    if end.kind not in ENDS or end.published_at is None or notice.published_at is None:
        return False
    return end.published_at < notice.published_at


def in_time(notice: Notice) -> Moment:
    """Return what orders notices by publication; of one moment, calls before what follows, then by id."""
    at = notice.published_at
    published = float("inf") if at is None else at.timestamp()
    is_no_call = notice.kind is not NoticeKind.CALL
    return (published, is_no_call, notice.feed_id, notice.source_id, notice.version or "", notice.title)
