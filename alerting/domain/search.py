"""What somebody asks the search for: words, conditions, an order, a page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alerting.domain.notice import NoticeKind


class SearchSort(StrEnum):
    """What comes first."""

    RELEVANCE = "relevance"
    DEADLINE = "deadline"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One question; an empty condition asks nothing.

    Args:
        text: All of its words must stand somewhere in a procedure; words in quotes in a row.  Or a number
            under which it was published, or a code of the CPV, with what is below it.
        like: Number of a procedure; asks for others of the same words and codes.
        trades: Names, as of profiles (two that a hyphen joins are two); any of them.
        departements: Numbers or names, of régions too, as of profiles: "22", "2a", "Bretagne"; any of them.
        near: A commune or postcode, as of profiles; work in or around it.
        radius_km: How far around.
        cpv_codes: Eight digits, with check digit or without; each covers its subtree; any of them.
        kinds: Of the newest notice; any of them.
        buyer: A SIRET, or words of the name in a row.
        open_only: Whether only what can still be answered is found.
        minimum_cents, maximum_cents: EUR; an amount that is not stated lies in no range.
        sort: What comes first.
        size: How many to a page.
        after: The token that ended the page before.
    """

    text: str = ""
    like: int | None = None
    trades: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    near: str | None = None
    radius_km: int = 0
    cpv_codes: tuple[str, ...] = ()
    kinds: tuple[NoticeKind, ...] = ()
    buyer: str | None = None
    open_only: bool = False
    minimum_cents: int | None = None
    maximum_cents: int | None = None
    sort: SearchSort = SearchSort.RELEVANCE
    size: int = 20
    after: str | None = None
