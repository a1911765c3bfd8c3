"""What a profile asks for: a closed language, AND over its criteria, OR within each.

``decide`` (in this module) is the one meaning of a match; every engine only proposes.
"""

from __future__ import annotations

from dataclasses import dataclass

from alerting.domain.notice import NoticeKind


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a profile asks for.  An empty criterion asks nothing.

    Args:
        trades: Names of ``alerting.reference.trades``; each stands for CPV prefixes and words.
        cpv_codes: Eight digits; a code covers its subtree ("45330000" covers "45332200").
        words: Any of them, a word or a phrase, as the firm wrote them.
        words_out: None of them.
        departements: "22", "2A"; the place of work, else the buyer's.
        buyers: SIRETs or names.
        kinds: Kinds of notice that may bring a new procedure; empty means calls.
        minimum_cents, maximum_cents: Of the lot or procedure, in EUR cents.
        pass_unknown: Whether a fact that the notice does not state passes.
    """

    trades: tuple[str, ...] = ()
    cpv_codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    words_out: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    buyers: tuple[str, ...] = ()
    kinds: tuple[NoticeKind, ...] = ()
    minimum_cents: int | None = None
    maximum_cents: int | None = None
    pass_unknown: bool = True
