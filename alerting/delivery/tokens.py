"""Sign the links of mails and pages, so that only who was given one can follow it.

In:   a secret, what the link does, for whom, about what.
Out:  a token fit for a URL; back from it, for whom and about what.

A token does one thing only: signed to leave, it does not come back.  It carries no address, no name and
no profile's id, which may be a person's name: a profile is a tag, known to who has the secret and the id.
It does not grow old: a link in an old mail must work.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer

from alerting.errors import TokenError


_TAG_BYTES = 9


class LinkPurpose(StrEnum):
    """What a link does: the first part of its path, and a salt of its own."""

    LEAVE = "unsubscribe"
    LEAVE_ALL = "unsubscribe-all"
    COME_BACK = "come-back"
    RHYTHM = "rhythm"
    PAUSE = "pause"
    RESUME = "resume"
    LIFT = "try-again"
    CONFIRM = "confirm"
    OPINION = "opinion"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class ProfileLink:
    """One recipient's link about one profile; ``profile_tag`` is that of ``tag_profile``."""

    recipient_id: int
    profile_tag: str


def sign_profile_link(secret: str, purpose: LinkPurpose, recipient_id: int, profile_id: str) -> str:
    """Return the token of one recipient's link about one profile."""
    return _sign(secret, purpose, [recipient_id, tag_profile(secret, profile_id)])


def read_profile_link(secret: str, purpose: LinkPurpose, token: str) -> ProfileLink:
    """Return what a token says that we signed for that purpose.

    Raises:
        TokenError: It is forged, damaged or signed for something else.
    """
    match _read(secret, purpose, token):
        case [int(recipient_id), str(profile_tag)]:
            return ProfileLink(recipient_id, profile_tag)
    raise TokenError(f"link to {purpose.value}: signed by us, but not understood")


def sign_lift_link(secret: str, recipient_id: int, suppression_id: int) -> str:
    """Return the token by which one recipient asks that a colleague's address be tried again."""
    return _sign(secret, LinkPurpose.LIFT, [recipient_id, suppression_id])


def read_lift_link(secret: str, token: str) -> tuple[int, int]:
    """Return (recipient_id, suppression_id) of a token that we signed.

    Raises:
        TokenError: It is forged, damaged or signed for something else.
    """
    match _read(secret, LinkPurpose.LIFT, token):
        case [int(recipient_id), int(suppression_id)]:
            return recipient_id, suppression_id
    raise TokenError(f"link to {LinkPurpose.LIFT.value}: signed by us, but not understood")


def sign_confirm_link(secret: str, recipient_id: int) -> str:
    """Return the token by which one recipient confirms that his firm wants our mails."""
    return _sign(secret, LinkPurpose.CONFIRM, [recipient_id])


def read_confirm_link(secret: str, token: str) -> int:
    """Return the recipient_id of a token that we signed.

    Raises:
        TokenError: It is forged, damaged or signed for something else.
    """
    return _read_number(secret, LinkPurpose.CONFIRM, token)


def sign_digest_link(secret: str, delivery_id: int) -> str:
    """Return the token by which the reader of a mail opens its digest in a browser."""
    return _sign(secret, LinkPurpose.DIGEST, [delivery_id])


def read_digest_link(secret: str, token: str) -> int:
    """Return the delivery_id of a token that we signed.

    Raises:
        TokenError: It is forged, damaged or signed for something else.
    """
    return _read_number(secret, LinkPurpose.DIGEST, token)


def link_address(base_url: str, purpose: LinkPurpose, token: str) -> str:
    """Return the address of a link, below that of our pages."""
    return f"{base_url}/{purpose.value}/{token}"


def tag_profile(secret: str, profile_id: str) -> str:
    """Return what stands for a profile in tokens: 12 characters that tell nothing without the secret."""
    return _tag(secret, f"profile:{profile_id}")


def tag_siret(secret: str, siret: str) -> str:
    """Return what stands for the SIRET of an erased firm, as ``tag_profile`` does for a profile."""
    return _tag(secret, f"siret:{siret}")


def _tag(secret: str, content: str) -> str:
    tag = hmac.digest(secret.encode(), content.encode(), "sha256")[:_TAG_BYTES]
    return urlsafe_b64encode(tag).decode("ascii")


def _sign(secret: str, purpose: LinkPurpose, content: list[object]) -> str:
    token = _serializer(secret, purpose).dumps(content)
    return token if isinstance(token, str) else token.decode("ascii")


def _read(secret: str, purpose: LinkPurpose, token: str) -> object:
    try:
        return _serializer(secret, purpose).loads(token)
    except BadData as error:
        raise TokenError(f"link to {purpose.value}: not signed by us, or damaged") from error


def _read_number(secret: str, purpose: LinkPurpose, token: str) -> int:
    match _read(secret, purpose, token):
        case [int(number)]:
            return number
    raise TokenError(f"link to {purpose.value}: signed by us, but not understood")


def _serializer(secret: str, purpose: LinkPurpose) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=f"link:{purpose.value}")
