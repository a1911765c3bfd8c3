"""Signed links."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from itsdangerous import URLSafeSerializer

from alerting.delivery.tokens import (
    LinkPurpose,
    ProfileLink,
    read_lift_link,
    read_profile_link,
    sign_lift_link,
    sign_profile_link,
    tag_profile,
)
from alerting.errors import TokenError


SECRET = "sixteen characters or more"
LEAVE = sign_profile_link(SECRET, LinkPurpose.LEAVE, 1, "a")
IDS = st.integers(1, 2**63 - 1)


@given(st.sampled_from(LinkPurpose), IDS, st.text())
def test_a_token_says_whose_link_it_is_and_about_what(purpose, recipient_id, profile_id):
    """
    What was signed comes back, and the token needs no quoting in a path.
    """
    token = sign_profile_link(SECRET, purpose, recipient_id, profile_id)

    assert read_profile_link(SECRET, purpose, token) == ProfileLink(
        recipient_id, tag_profile(SECRET, profile_id)
    )
    assert token.isascii()
    assert set("/?#&% ") & set(token) == set()


@given(IDS, IDS)
def test_a_token_to_lift_says_who_asks_and_what_is_lifted(recipient_id, suppression_id):
    """
    Both numbers come back.
    """
    token = sign_lift_link(SECRET, recipient_id, suppression_id)

    assert read_lift_link(SECRET, token) == (recipient_id, suppression_id)


def test_a_profile_is_not_named_in_a_token():
    """
    Its id may be a person's name: the tag depends on the secret, so that nobody can try names either.
    """
    assert tag_profile(SECRET, "toits") == tag_profile(SECRET, "toits") != tag_profile(SECRET, "bois")
    assert tag_profile(SECRET, "toits") != tag_profile("another secret of ours", "toits")
    assert len(tag_profile(SECRET, "toits" * 100)) == 12


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("WzEsImEiXQ", id="no signature"),
        pytest.param(
            sign_profile_link("another secret of ours", LinkPurpose.LEAVE, 1, "a"), id="another secret"
        ),
        pytest.param(LEAVE[:-1], id="cut short"),
        pytest.param("2" + LEAVE, id="changed"),
        pytest.param(sign_profile_link(SECRET, LinkPurpose.COME_BACK, 1, "a"), id="signed to come back"),
        pytest.param(sign_lift_link(SECRET, 1, 1), id="signed to lift"),
        pytest.param("é", id="not ASCII"),
    ],
)
def test_a_token_that_is_not_ours_is_refused(token):
    """
    Forged, damaged, or signed for another purpose: one line.
    """
    with pytest.raises(TokenError, match=r"^link to unsubscribe: not signed by us, or damaged$"):
        read_profile_link(SECRET, LinkPurpose.LEAVE, token)


def test_a_token_to_leave_lifts_nothing():
    """
    A token of one purpose is none for another.
    """
    with pytest.raises(TokenError, match=r"^link to try-again: not signed by us, or damaged$"):
        read_lift_link(SECRET, LEAVE)


def test_a_token_of_another_form_is_refused():
    """
    What we signed in a form that is not this one is not guessed at.
    """
    leave = URLSafeSerializer(SECRET, salt="link:unsubscribe").dumps({"recipient": 1})
    lift = URLSafeSerializer(SECRET, salt="link:try-again").dumps([1])

    with pytest.raises(TokenError, match=r"^link to unsubscribe: signed by us, but not understood$"):
        read_profile_link(SECRET, LinkPurpose.LEAVE, leave)
    with pytest.raises(TokenError, match=r"^link to try-again: signed by us, but not understood$"):
        read_lift_link(SECRET, lift)
