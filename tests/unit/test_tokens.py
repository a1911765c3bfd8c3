"""Signed links to leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from alerting.delivery.tokens import read_unsubscribe, sign_unsubscribe
from alerting.errors import TokenError


SECRET = "sixteen characters or more"


@given(st.integers(1, 2**63 - 1), st.text())
def test_a_token_says_who_leaves_what(recipient_id, profile_id):
    """
    What was signed comes back, and the token needs no quoting in a path.
    """
    token = sign_unsubscribe(SECRET, recipient_id, profile_id)

    assert read_unsubscribe(SECRET, token) == (recipient_id, profile_id)
    assert token.isascii()
    assert set("/?#&% ") & set(token) == set()


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("WzEsImEiXQ", id="no signature"),
        pytest.param(sign_unsubscribe("another secret of ours", 1, "a"), id="another secret"),
        pytest.param(sign_unsubscribe(SECRET, 1, "a")[:-1], id="cut short"),
        pytest.param("2" + sign_unsubscribe(SECRET, 1, "a"), id="changed"),
        pytest.param(URLSafeSerializer(SECRET, salt="other").dumps([1, "a"]), id="signed for something else"),
        pytest.param("é", id="not ASCII"),
    ],
)
def test_a_token_that_is_not_ours_is_refused(token):
    """
    Forged, damaged, or signed for another purpose: one line.
    """
    with pytest.raises(TokenError, match=r"^link to unsubscribe: not signed by us, or damaged$"):
        read_unsubscribe(SECRET, token)


def test_a_token_of_another_form_is_refused():
    """
    What we signed in a form that is not this one is not guessed at.
    """
    token = URLSafeSerializer(SECRET, salt="unsubscribe").dumps({"recipient": 1})

    with pytest.raises(TokenError, match=r"^link to unsubscribe: signed by us, but not understood$"):
        read_unsubscribe(SECRET, token)
