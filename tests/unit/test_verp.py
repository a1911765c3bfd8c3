"""Signed addresses that answers come back to."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from alerting.delivery.verp import ReturnAddress, ReturnPurpose, read_return_address, sign_return_address
from alerting.domain.address import read_address


SECRET = "sixteen characters or more"
BOUNCE = sign_return_address(SECRET, ReturnPurpose.BOUNCE, 4711, domain="retours.example")


@given(
    st.sampled_from(ReturnPurpose), st.integers(1, 2**63 - 1), st.sampled_from([str, str.upper, str.title])
)
def test_an_address_says_which_delivery_it_answers_in_any_case(purpose, delivery_id, fold):
    """
    What was signed comes back, however servers wrote it on the way; every server takes its length.
    """
    address = sign_return_address(SECRET, purpose, delivery_id, domain="retours.example")

    assert read_return_address(SECRET, fold(address)) == ReturnAddress(purpose, delivery_id)
    assert read_address(address) is not None
    assert len(address.partition("@")[0]) <= 50


def test_what_an_address_looks_like():
    """
    A purpose, a number, sixteen letters: addresses of mails that are out must be read for ever.
    """
    assert BOUNCE == "bounce+4711-7rpwwq23int6yhml@retours.example"


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("", id="empty"),
        pytest.param("bounce@retours.example", id="no number"),
        pytest.param("yann@legoff.example", id="somebody's"),
        pytest.param(BOUNCE.replace("4711", "4712"), id="another number"),
        pytest.param(BOUNCE.replace("bounce", "leave"), id="another purpose"),
        pytest.param(BOUNCE.replace("4711", "04711"), id="another way to write the number"),
        pytest.param(BOUNCE.replace("@", "a@"), id="longer"),
        pytest.param(
            sign_return_address(
                "another secret of ours", ReturnPurpose.BOUNCE, 4711, domain="retours.example"
            ),
            id="another secret",
        ),
        pytest.param(f"bounce+{2**63}-{'a' * 16}@retours.example", id="a number that no row has"),
        pytest.param("bounce+٤٧-aaaaaaaaaaaaaaaa@retours.example", id="digits of another script"),
    ],
)
def test_an_address_that_we_did_not_sign_says_nothing(address):
    """
    Forged or changed: as any other address.
    """
    assert read_return_address(SECRET, address) is None
