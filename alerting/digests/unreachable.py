"""Write the notice to a firm that mails do not reach one of its addresses: a text part and its HTML twin.

In:   a digest that names unreachable addresses, who gets the notice, the signed links.
Out:  a ``RenderedDigest``.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerting.digests.languages import find_language
from alerting.digests.render import get_template
from alerting.domain.digest import Digest, RenderedDigest, Unreachable
from alerting.domain.mail_text import MailText
from alerting.domain.profile import Recipient
from alerting.domain.suppression import SuppressionKind


SUBJECT_CHARACTERS = 69
_WHY = {
    SuppressionKind.HARD_BOUNCE: "son serveur répond que cette adresse n’existe pas ou n’existe plus",
    SuppressionKind.SOFT_BOUNCES: "nos messages reviennent depuis plusieurs jours (boîte pleine ou en panne)",
    SuppressionKind.COMPLAINT: "cette boîte ne souhaite plus recevoir nos messages",
}


def render_unreachable(
    digest: Digest,
    *,
    recipient: Recipient,
    unsubscribe_url: str,
    lift_urls: Mapping[int, str],
    sender_name: str,
    contact: str,
) -> RenderedDigest:
    """Return the words of one notice.

    Args:
        digest: Which addresses, of which firm.
        recipient: A colleague of theirs.
        unsubscribe_url: The signed link to leave the profile.
        lift_urls: The signed link to try an address again, by suppression; none for a complaint.
        sender_name: Who we are.
        contact: A bare address that a person reads.
    """
    several = len(digest.unreachable) > 1
    title = (
        "Des adresses ne reçoivent plus nos messages"
        if several
        else "Une adresse ne reçoit plus nos messages"
    )
    context = {
        "title": title,
        "firm_name": digest.firm_name,
        "profile_name": digest.profile_name,
        "addresses": [_view(address, lift_urls) for address in digest.unreachable],
        "recipient": recipient,
        "unsubscribe_url": unsubscribe_url,
        "sender_name": sender_name,
        "contact": contact,
    }
    return RenderedDigest(
        subject=f"{title} · {digest.firm_name}"[:SUBJECT_CHARACTERS].rstrip(),
        text=MailText.of(get_template("email/unreachable.txt.j2").render(context)),
        html=MailText.of(get_template("email/unreachable.html.j2").render(context)),
    )


def _view(address: Unreachable, lift_urls: Mapping[int, str]) -> dict[str, str | None]:
    return {
        "email": address.email,
        "why": _WHY[address.kind],
        "until": None if address.until_at is None else find_language("fr").day(address.until_at),
        "lift_url": lift_urls.get(address.suppression_id),
    }
