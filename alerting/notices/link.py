"""Tell which purchase a notice speaks of: a ladder of what is certain.

In:   a notice, and stored notices that may speak of the same purchase.
Out:  the procedure it belongs to, by which step and on what evidence; None when nothing is certain.

A false merge hides a notice, a missed one repeats it: what is uncertain stays apart.

Source: eForms BT-04 (procedure identifier) and BT-758 (changed notice identifier); design 4.4.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.fuzz import token_sort_ratio

from alerting.domain.deadlines import PARIS
from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import LinkStep


# Of 100: "réfection toiture école" and "réfection toiture mairie" are 83 alike, and two purchases.
SAME_TITLE = 92.0
# Two statements of one value may differ by rounding, not by more than this part.
_SAME_VALUE = 0.01
_VERSION = re.compile(r"-\d{1,2}$")
# A reference from another feed must be this long to name one notice in all of France.
_TELLING_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A notice, or a procedure's view, that may speak of the same purchase."""

    procedure_id: int
    notice: Notice


@dataclass(frozen=True, slots=True)
class Link:
    """Where a notice belongs, and why."""

    procedure_id: int
    step: LinkStep
    evidence: str


def find_link(notice: Notice, candidates: Sequence[Candidate]) -> Link | None:
    """Return the procedure of *notice* by the first step of the ladder that is certain.

    Among several candidates of one step the lowest procedure number wins: the answer does not
    depend on their order.
    """
    for step, evidence_of in _LADDER:
        found = [(candidate.procedure_id, evidence_of(notice, candidate.notice)) for candidate in candidates]
        certain = sorted((number, evidence) for number, evidence in found if evidence is not None)
        if certain:
            return Link(certain[0][0], step, certain[0][1])
    return None


def names_of(notice: Notice) -> tuple[str, ...]:
    """Return what other notices may call this one: its source id, alone and with its version."""
    versions = () if notice.version is None else (f"{notice.source_id}-{notice.version}",)
    return (notice.source_id, *versions)


def _procedure_key(notice: Notice, other: Notice) -> str | None:
    same = notice.procedure_key is not None and notice.procedure_key == other.procedure_key
    return notice.procedure_key if same else None


def _reference(notice: Notice, other: Notice) -> str | None:
    same_feed = notice.feed_id == other.feed_id
    if same_feed and notice.source_id == other.source_id:
        return notice.source_id
    if not same_feed and _contradict(_siret(notice), _siret(other)):
        return None
    given = [*_given(notice, other), *_given(other, notice)]
    return next((name for name in given if same_feed or len(name) >= _TELLING_LENGTH), None)


def _given(notice: Notice, other: Notice) -> Iterator[str]:
    """Yield the references of *notice* that name *other*."""
    names = {_bare(name) for name in names_of(other)}
    yield from (name for name in notice.refers_to if _bare(name) in names)


def _bare(name: str) -> str:
    """Drop the version of "<UUID>-01"; BOAMP's "26-88092" is left whole."""
    lowered = name.strip().lower()
    return _VERSION.sub("", lowered) if lowered.count("-") > 4 else lowered  # noqa: PLR2004 - of a UUID


def _buyer_reference(notice: Notice, other: Notice) -> str | None:
    siret = _siret(notice)
    reference = notice.internal_reference
    if siret is None or reference is None or _contradict(notice.procedure_key, other.procedure_key):
        return None
    same = siret == _siret(other) and _folded(reference) == _folded(other.internal_reference)
    return f"{siret} {reference}" if same else None


def _similarity(notice: Notice, other: Notice) -> str | None:
    if notice.deadline_at is None or other.deadline_at is None or _vetoed(notice, other):
        return None
    day = notice.deadline_at.astimezone(PARIS).date()
    if day != other.deadline_at.astimezone(PARIS).date() or not _same_buyer(notice, other):
        return None
    likeness = token_sort_ratio(_folded(notice.title), _folded(other.title))
    return f"{day.isoformat()}, titles {likeness:.0f} of 100 alike" if likeness >= SAME_TITLE else None


def _vetoed(notice: Notice, other: Notice) -> bool:
    """Tell whether a stated fact speaks against one purchase, however alike the words are."""
    both_calls = notice.kind is NoticeKind.CALL and other.kind is NoticeKind.CALL
    lots = (len(notice.lots), len(other.lots))
    return (
        (both_calls and notice.feed_id == other.feed_id)
        or _contradict(notice.procedure_key, other.procedure_key)
        or _contradict(_folded(notice.internal_reference), _folded(other.internal_reference))
        or (min(lots) > 0 and lots[0] != lots[1])
        or _values_differ(notice, other)
    )


def _values_differ(notice: Notice, other: Notice) -> bool:
    if notice.value is None or other.value is None:
        return False
    first, second = notice.value, other.value
    if first.currency != second.currency:
        return True
    larger = max(first.amount_cents, second.amount_cents)
    return abs(first.amount_cents - second.amount_cents) > larger * _SAME_VALUE


def _same_buyer(notice: Notice, other: Notice) -> bool:
    first, second = _siret(notice), _siret(other)
    if first is not None and second is not None:
        return first == second
    names = [_folded(one.buyer.name) if one.buyer is not None else "" for one in (notice, other)]
    return names[0] != "" and names[0] == names[1]


def _siret(notice: Notice) -> str | None:
    return None if notice.buyer is None else notice.buyer.siret


def _contradict(first: str | None, second: str | None) -> bool:
    """Tell whether both are stated and differ."""
    return bool(first) and bool(second) and first != second


def _folded(text: str | None) -> str:
    plain = unicodedata.normalize("NFKD", text or "").casefold()
    letters: Iterable[str] = (letter if letter.isalnum() else " " for letter in plain if letter.isascii())
    return " ".join("".join(letters).split())


_LADDER = (
    (LinkStep.PROCEDURE_KEY, _procedure_key),
    (LinkStep.REFERENCE, _reference),
    (LinkStep.BUYER_REFERENCE, _buyer_reference),
    (LinkStep.SIMILARITY, _similarity),
)
