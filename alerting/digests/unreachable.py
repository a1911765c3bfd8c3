"""Write the notice to a firm that mails do not reach one of its addresses: a text part and its HTML twin.

In:   a digest that names unreachable addresses, who gets the notice, the signed links.
Out:  a ``RenderedDigest``.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerting.digests.languages import Language, find_language, note
from alerting.digests.render import get_template
from alerting.domain.digest import Digest, RenderedDigest, Unreachable
from alerting.domain.mail_text import MailText
from alerting.domain.profile import Recipient
from alerting.domain.suppression import SuppressionKind


SUBJECT_CHARACTERS = 69
_WHY = {
    SuppressionKind.HARD_BOUNCE: note("its server says that there is no such address, or no longer"),
    SuppressionKind.SOFT_BOUNCES: note(
        "our mails have come back for several days (the mailbox is full or out of order)"
    ),
    SuppressionKind.COMPLAINT: note("this mailbox does not want our mails any more"),
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
        recipient: A colleague of theirs; it is written in their language.
        unsubscribe_url: The signed link to leave the profile.
        lift_urls: The signed link to try an address again, by suppression; none for a complaint.
        sender_name: Who we are.
        contact: A bare address that a person reads.
    """
    language = find_language(recipient.language)
    if len(digest.unreachable) > 1:
        title = language.say("Some addresses do not get our mails any more")
    else:
        title = language.say("An address does not get our mails any more")
    context = {
        "language": language,
        "title": title,
        "firm_name": digest.firm_name,
        "profile_name": digest.profile_name,
        "addresses": [_view(address, lift_urls, language) for address in digest.unreachable],
        "recipient": recipient,
        "unsubscribe_url": unsubscribe_url,
        "sender_name": sender_name,
        "contact": contact,
    }
    return RenderedDigest(
        subject=f"{title} · {digest.firm_name}"[:SUBJECT_CHARACTERS].rstrip(),
        text=MailText.of(get_template("email/unreachable.txt.j2", language.code).render(context)),
        html=MailText.of(get_template("email/unreachable.html.j2", language.code).render(context)),
    )


def _view(address: Unreachable, lift_urls: Mapping[int, str], language: Language) -> dict[str, str | None]:
    return {
        "email": address.email,
        "why": language.say(_WHY[address.kind]),
        "until": None if address.until_at is None else language.day(address.until_at),
        "lift_url": lift_urls.get(address.suppression_id),
    }
