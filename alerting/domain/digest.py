"""A digest: the composed content for one profile and one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerting.domain.mail_text import MailText
from alerting.domain.match import Reason
from alerting.domain.notice import Change, Notice
from alerting.domain.procedure import ProcedureState
from alerting.domain.suppression import SuppressionKind


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
        notice: The procedure's merged facts.
        lot_ids: The lots that fit.
        reasons: Why it was chosen.
        changes: Before and after, for corrections.
        score: Of the match; items are shown by deadline, then by score.
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


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An address of the firm that gets no mail any more, as its colleagues are told."""

    suppression_id: int
    email: str
    kind: SuppressionKind
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Digest:
    """The content for one profile and one run, before it is rendered for a recipient.

    One that names unreachable addresses has no items: it is a notice to their colleagues.
    """

    profile_id: str
    profile_name: str
    firm_id: str
    firm_name: str
    composed_at: datetime
    items: tuple[DigestItem, ...]
    unreachable: tuple[Unreachable, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """One mail's words: a subject under 70 characters, a text part and its HTML twin, dates as a calendar."""

    subject: str
    text: MailText
    html: MailText
    calendar: MailText | None = None
