"""What the signed links of mails open: each page's facts, and what its form changes."""

from __future__ import annotations

from collections.abc import Mapping

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.commands.report import Report
from alerting.delivery.tokens import LinkPurpose
from alerting.pipeline import enrol, feedback, show, subscriptions


# The links by which a reader changes a subscription.
SUBSCRIPTION_LINKS = subscriptions.LINKS


def open_digest(token: str, *, parts: Parts | None = None) -> Report:
    """Return the digest that the link of a mail opens, as a page.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        return show.open_digest(opened.database, opened.settings.secret, token, now=opened.now)


def show_subscription(purpose: LinkPurpose, token: str, *, parts: Parts | None = None) -> Report:
    """Return what a page shows about a signed link: the subscription, and links to what can be done.

    Raises:
        TokenError: The token is not one of ours for that purpose.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return subscriptions.show_subscription(opened.database, secret, purpose, token, now=opened.now)


def change_subscription(
    purpose: LinkPurpose, token: str, fields: Mapping[str, str], *, parts: Parts | None = None
) -> Report:
    """Do what a signed link is for, once however often; return what ``show_subscription`` then says.

    Args:
        purpose: What for.
        token: As signed.
        fields: Of the form, where it has some: "rhythm"; "until" (a day) and "catch_up".
        parts: For tests.

    Raises:
        ChoiceError: The fields say what the form does not offer.
        TokenError: The token is not one of ours for that purpose.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return subscriptions.change_subscription(
            opened.database, secret, purpose, token, fields, now=opened.now
        )


def show_opinion(token: str, procedure_id: str, *, parts: Parts | None = None) -> Report:
    """Return what a page shows about a mail's link to say what one thinks of a procedure.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return feedback.show_opinion(opened.database, secret, token, procedure_id, now=opened.now)


def change_opinion(
    token: str, procedure_id: str, fields: Mapping[str, str], *, parts: Parts | None = None
) -> Report:
    """Keep an opinion, take it back, or accept a proposal; return what ``show_opinion`` then says.

    Args:
        token: Of the link.
        procedure_id: As it stands in the link.
        fields: Of the form: "opinion" (useful, not for us, none), "accept" (a proposal's key) or "revert"
            (that of one that was accepted).
        parts: For tests.

    Raises:
        ChoiceError: The fields say what the form does not offer.
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return feedback.change_opinion(opened.database, secret, token, procedure_id, fields, now=opened.now)


def show_unreachable(token: str, *, parts: Parts | None = None) -> Report:
    """Return what a page shows about an address of the firm that mails did not reach.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        return subscriptions.show_unreachable(opened.database, opened.settings.secret, token)


def lift_unreachable(token: str, *, parts: Parts | None = None) -> Report:
    """Let that address be tried again; return what ``show_unreachable`` then says.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return subscriptions.lift_unreachable(opened.database, secret, token, now=opened.now)


def show_confirmation(token: str, *, parts: Parts | None = None) -> Report:
    """Return what a page shows about the link by which a firm confirms.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        return enrol.show_confirmation(opened.database, opened.settings.secret, token)


def confirm_by_link(token: str, *, parts: Parts | None = None) -> Report:
    """Let that firm be told; return what ``show_confirmation`` then says.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        return enrol.confirm_by_link(opened.database, opened.settings.secret, token, now=opened.now)
