"""What firms say of what they were told, and what their profiles could learn from it."""

from __future__ import annotations

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.commands.report import Report
from alerting.domain.feedback import Opinion
from alerting.pipeline import feedback


def give_opinion(firm_id: str, notice_id: str, opinion: Opinion, *, parts: Parts | None = None) -> Report:
    """Keep what a firm says of a notice; with it the changes of the profile that are proposed now.

    Raises:
        UnknownIdError: No such firm or notice, or the firm was not told of it.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.give_opinion(opened.database, firm_id, notice_id, opinion, now=opened.now)


def undo_opinion(firm_id: str, notice_id: str, *, parts: Parts | None = None) -> Report:
    """Take back what a firm says of a notice.

    Raises:
        UnknownIdError: No such notice, or the firm says nothing of it.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.undo_opinion(opened.database, firm_id, notice_id, now=opened.now)


def list_opinions(
    firm_id: str | None = None, *, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return what firms say of what they were told, or one, the newest first."""
    with bootstrap.opened(parts) as opened:
        return feedback.list_opinions(opened.database, firm_id, limit=limit)


def propose_changes(profile_id: str, *, parts: Parts | None = None) -> list[Report]:
    """Return how a profile could be narrowed after what its firm said, and what each change would keep out.

    Raises:
        UnknownIdError: No profile of that id stands.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.propose_changes(opened.database, profile_id, now=opened.now)


def accept_proposal(profile_id: str, key: str, *, parts: Parts | None = None) -> Report:
    """Make a change of a profile that is proposed now, by its key; "waiting" counts the profiles to match.

    Raises:
        UnknownIdError: No profile of that id stands.
        ChoiceError: It is not among the proposals.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.accept_proposal(opened.database, profile_id, key, now=opened.now)


def revert_change(profile_id: str, key: str, *, parts: Parts | None = None) -> Report:
    """Take back a change that was accepted, by its key; "waiting" counts the profiles to match.

    Raises:
        UnknownIdError: No profile of that id stands.
        ChoiceError: No change of that key was accepted.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.revert_change(opened.database, profile_id, key, now=opened.now)
