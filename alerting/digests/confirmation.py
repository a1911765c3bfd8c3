"""Write the mail that asks a firm, enrolled by somebody else, whether it wants our mails.

In:   a digest that asks, who gets it, the signed links.
Out:  a ``RenderedDigest``.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerting.digests.languages import Language, find_language
from alerting.digests.render import get_template
from alerting.digests.unreachable import SUBJECT_CHARACTERS
from alerting.domain.digest import Digest, RenderedDigest
from alerting.domain.mail_text import MailText
from alerting.domain.profile import Recipient


def render_confirmation(
    digest: Digest,
    *,
    recipient: Recipient,
    unsubscribe_url: str,
    confirm_url: str,
    sender_name: str,
    contact: str,
) -> RenderedDigest:
    """Return the words of the mail that asks.

    Args:
        digest: Of which firm, and what its profile asks for.
        recipient: Who is asked, in their language.
        unsubscribe_url: The signed link to say no for good.
        confirm_url: The signed link to say yes.
        sender_name: Who we are.
        contact: A bare address that a person reads.
    """
    asked = digest.confirmation
    assert asked is not None, "a digest that asks"
    language = find_language(recipient.language)
    title = language.say("Get the public contracts of your trade?")
    context = {
        "language": language,
        "title": title,
        "firm_name": digest.firm_name,
        "trades": ", ".join(asked.trades),
        "list_name": asked.list_name,
        "where": say_where(asked.communes, asked.radius_km, language),
        "recipient": recipient,
        "confirm_url": confirm_url,
        "unsubscribe_url": unsubscribe_url,
        "sender_name": sender_name,
        "contact": contact,
    }
    return RenderedDigest(
        subject=f"{title} · {digest.firm_name}"[:SUBJECT_CHARACTERS].rstrip(),
        text=MailText.of(get_template("email/confirmation.txt.j2", language.code).render(context)),
        html=MailText.of(get_template("email/confirmation.html.j2", language.code).render(context)),
    )


def say_where(communes: Sequence[str], radius_km: int | None, language: Language) -> str:
    """Return a circle in words.

    >>> say_where(["Redon", "Allaire"], None, find_language("fr"))
    'à Redon, Allaire'
    """
    names = ", ".join(communes)
    if radius_km is None:
        return language.say("in %(places)s", places=names)
    return language.say("within %(distance)s km of %(places)s", distance=radius_km, places=names)
