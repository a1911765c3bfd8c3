"""What is shown of an address never holds a secret."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerting.errors import ProfileError
from alerting.feeds.credentials import hide_user
from alerting.pipeline.dry import check_documents
from alerting.pipeline.registry import read_feed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://anne:s3cret@kerlann.example/avis?by=@anne", "https://kerlann.example/avis?by=@anne"),
        ("https://s3cret@kerlann.example", "https://kerlann.example"),
        ("https://anne:s3@cret@kerlann.example:8443/x", "https://kerlann.example:8443/x"),
        ("HTTP://anne:s3/cret@kerlann.example/", "HTTP://kerlann.example/"),
        ("ftp://anne:s3cret@[::1]/avis.xml", "ftp://[::1]/avis.xml"),
        ("https://anne:s3cret@[kerlann", "https://[kerlann"),
        ("https://kerlann.example:8443/@anne", "https://kerlann.example:8443/@anne"),
        ("http://[::1]:80/@anne", "http://[::1]:80/@anne"),
        ("avis@kerlann.xml", "avis@kerlann.xml"),
        ("", ""),
    ],
)
def test_a_user_and_a_password_are_hidden_wherever_an_address_has_them(text, shown):
    assert hide_user(text) == shown


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://anne:s3cret@kerlann.example/", id="user and password"),
        pytest.param("https://s3cret@kerlann.example/", id="a token for a user"),
        pytest.param("ftp://anne:s3cret@kerlann.example/", id="of another scheme"),
        pytest.param("https://anne:s3cret@[kerlann/", id="no address"),
    ],
)
def test_a_feed_with_a_secret_in_its_address_is_refused_unrepeated(url):
    """
    Two of these were refused with the whole address in the line, one was registered.
    """
    with pytest.raises(ProfileError) as refused:
        read_feed({"feed_id": "kerlann", "authority": "K", "url": url})

    assert str(refused.value) == (
        "feed 'kerlann': url: a user or password in it would be seen in lists; "
        'expected credentials = "env:NAME"'
    )


@pytest.mark.parametrize("name", ["https://anne:s3cret@[kerlann/", "ftp://anne:s3cret@kerlann.example/avis"])
def test_a_check_of_what_is_no_address_repeats_no_secret(name):
    [report] = check_documents([name], is_local=True, now=lambda: datetime(2026, 3, 2, tzinfo=UTC))

    assert report.outcome == "refused"
    assert "s3cret" not in repr(report)
