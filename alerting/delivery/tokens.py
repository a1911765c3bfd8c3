"""Sign the links of a mail, so that only its reader can follow them.

In:   a secret, and who leaves what.
Out:  a token fit for a URL; back from it, who leaves what.

A token carries ids, never an address, and does not grow old: a link in an old mail must work.
"""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

from alerting.errors import TokenError


_UNSUBSCRIBE = "unsubscribe"


def sign_unsubscribe(secret: str, recipient_id: int, profile_id: str) -> str:
    """Return the token of one recipient's link to leave one profile's digests."""
    token = _serializer(secret).dumps([recipient_id, profile_id])
    return token if isinstance(token, str) else token.decode("ascii")


def read_unsubscribe(secret: str, token: str) -> tuple[int, str]:
    """Return (recipient_id, profile_id) of a token that we signed.

    Raises:
        TokenError: The token is forged, damaged or signed for something else.
    """
    try:
        content = _serializer(secret).loads(token)
    except BadData as error:
        raise TokenError("link to unsubscribe: not signed by us, or damaged") from error
    match content:
        case [int(recipient_id), str(profile_id)]:
            return recipient_id, profile_id
    raise TokenError("link to unsubscribe: signed by us, but not understood")


def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=_UNSUBSCRIBE)
