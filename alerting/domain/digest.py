"""A digest: the composed content for one profile and one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerting.domain.deadlines import day_in_paris
from alerting.domain.mail_text import MailText
from alerting.domain.match import Fit, Reason
from alerting.domain.notice import Change, Notice
from alerting.domain.procedure import ProcedureState
from alerting.domain.suppression import SuppressionKind


# The dates that a firm is reminded of; the number goes into the telling's key and never changes.
REMINDED_DATES = {"deadline_at": 1, "visit_at": 2, "question_deadline_at": 3}


class TellingKind(StrEnum):
    """What is told."""

    NEW = "new"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    AWARDED = "awarded"


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One fact told to one profile.

    Args:
        telling_kind: What is told.
        procedure_id: Ours.
        revision: The procedure's revision this item tells.
        state: Where the procedure stands.
        notice: The procedure's merged facts; its deadline is that of the lots that fit, where lots differ.
        lot_ids: The lots that fit.
        reasons: Why it was chosen.
        fit: How it fits the firm; None of what was decided before there was a fit.
        changes: Before and after, for corrections.
        score: Of the match; items are shown by deadline, then by score.
        reminds_of: Of a reminder: the names of the dates that come near ("deadline_at", "visit_at" ...).
    """

    telling_kind: TellingKind
    procedure_id: int
    revision: int
    state: ProcedureState
    notice: Notice
    lot_ids: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    changes: tuple[Change, ...] = ()
    score: float = 0.0
    reminds_of: tuple[str, ...] = ()
    fit: Fit | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An address of the firm that gets no mail any more, as its colleagues are told."""

    suppression_id: int
    email: str
    kind: SuppressionKind
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a firm that somebody else enrolled is asked to confirm.

    Args:
        trades, communes, radius_km: What its profile asks for, as it reads them: "Redon (35)".
        list_name: The list that its address is from; None where whoever imported it did not say.
    """

    trades: tuple[str, ...]
    communes: tuple[str, ...]
    radius_km: int | None
    list_name: str | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """The content for one profile and one run, before it is rendered for a recipient.

    One that names unreachable addresses has no items: it is a notice to their colleagues.  Nor has one
    that asks for a confirmation.

    Args:
        profile_id, profile_name, firm_id, firm_name: For whom.
        composed_at: When.
        items: All that is told, in order.
        shown_count: How many of them a mail shows in full; the others are counted, and shown on a page.
    """

    profile_id: str
    profile_name: str
    firm_id: str
    firm_name: str
    composed_at: datetime
    items: tuple[DigestItem, ...]
    unreachable: tuple[Unreachable, ...] = ()
    shown_count: int | None = None
    confirmation: Confirmation | None = None


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """One mail's words: a subject under 70 characters, a text part and its HTML twin, dates as a calendar."""

    subject: str
    text: MailText
    html: MailText
    calendar: MailText | None = None


def reminder_key(field: str, moment: datetime) -> int:
    """Return the revision under which a reminder is told once: the date's day in Paris, and which it is."""
    day = day_in_paris(moment)
    return (day.year * 10_000 + day.month * 100 + day.day) * 10 + REMINDED_DATES[field]


def telling_keys(item: DigestItem) -> tuple[int, ...]:
    """Return the revisions under which an item is told: one, but for a reminder of several dates."""
    if item.telling_kind is TellingKind.NEW:
        return (1,)  # ADR 1: a procedure is new once, whatever its revision then is.
    if item.telling_kind is not TellingKind.REMINDER:
        return (item.revision,)
    return tuple(reminder_key(field, getattr(item.notice, field)) for field in item.reminds_of)
