"""Write: the words of one mail, of a digest or of a notice about addresses that mails do not reach."""

from __future__ import annotations

from datetime import datetime

from alerting.delivery.message import sender_address
from alerting.delivery.tokens import (
    LinkPurpose,
    link_address,
    sign_confirm_link,
    sign_digest_link,
    sign_lift_link,
    sign_profile_link,
)
from alerting.digests.confirmation import render_confirmation
from alerting.digests.render import render
from alerting.digests.unreachable import render_unreachable
from alerting.domain.digest import RenderedDigest
from alerting.domain.suppression import UNREACHABLE
from alerting.store.deliveries import ClaimedDelivery


def write_mail(
    claimed: ClaimedDelivery,
    *,
    sender: str,
    base_url: str,
    secret: str,
    unsubscribe_url: str,
    now: datetime,
) -> RenderedDigest:
    """Return the subject and both parts of the mail of one delivery.

    Args:
        claimed: What to tell, and to whom.
        sender: "Name <address>".
        base_url: Public address of our pages.
        secret: Signs links.
        unsubscribe_url: The signed link to leave.
        now: Decides how many working days are left.
    """
    address = sender_address(sender)
    sender_name = address.name or address.bare
    if claimed.digest.confirmation is not None:
        return render_confirmation(
            claimed.digest,
            recipient=claimed.recipient,
            unsubscribe_url=unsubscribe_url,
            confirm_url=_confirm_url(claimed, base_url=base_url, secret=secret),
            sender_name=sender_name,
            contact=address.bare,
        )
    if claimed.digest.unreachable:
        return render_unreachable(
            claimed.digest,
            recipient=claimed.recipient,
            unsubscribe_url=unsubscribe_url,
            lift_urls=_lift_urls(claimed, base_url=base_url, secret=secret),
            sender_name=sender_name,
            contact=address.bare,
        )
    return render(
        claimed.digest,
        recipient=claimed.recipient,
        unsubscribe_url=unsubscribe_url,
        sender_name=sender_name,
        now=now,
        opinion_url=_opinion_url(claimed, base_url=base_url, secret=secret),
        sheet_url=_sheet_url(claimed, base_url=base_url, secret=secret),
    )


def _confirm_url(claimed: ClaimedDelivery, *, base_url: str, secret: str) -> str:
    """Return the signed link by which a recipient says that its firm wants our mails."""
    return link_address(base_url, LinkPurpose.CONFIRM, sign_confirm_link(secret, claimed.recipient_id))


def _sheet_url(claimed: ClaimedDelivery, *, base_url: str, secret: str) -> str:
    """Return the signed link to the whole digest as a page."""
    return link_address(base_url, LinkPurpose.DIGEST, sign_digest_link(secret, claimed.delivery_id))


def _opinion_url(claimed: ClaimedDelivery, *, base_url: str, secret: str) -> str:
    """Return the signed link by which a recipient speaks of what his profile is told, without its number."""
    profile_id = claimed.digest.profile_id
    token = sign_profile_link(secret, LinkPurpose.OPINION, claimed.recipient_id, profile_id)
    return link_address(base_url, LinkPurpose.OPINION, token)


def _lift_urls(claimed: ClaimedDelivery, *, base_url: str, secret: str) -> dict[int, str]:
    """Return a signed link for each address that a colleague may let be tried again."""
    numbers = [
        address.suppression_id for address in claimed.digest.unreachable if address.kind in UNREACHABLE
    ]
    tokens = {number: sign_lift_link(secret, claimed.recipient_id, number) for number in numbers}
    return {number: link_address(base_url, LinkPurpose.LIFT, token) for number, token in tokens.items()}
