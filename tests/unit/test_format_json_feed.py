"""JSON Feed: items as RSS has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alerting.domain.notice import NoticeKind
from alerting.errors import FeedFormatError
from alerting.feeds.formats import detect, parse
from alerting.feeds.formats.json_feed import next_page
from alerting.notices.normalise import normalise


FEED = (Path(__file__).parents[1] / "corpus" / "json-feed" / "feed.json").read_bytes()


def test_items_are_read_and_one_without_title_costs_nothing_else():
    """
    HTML is reduced, both spellings of an author are known, an item without id gets one of its content.
    """
    parsed = parse(FEED, feed_id="f")
    roof, correction, paint = map(normalise, parsed.notices)

    assert detect(FEED, feed_id="f") == "json-feed"
    assert (roof.source_id, roof.title, roof.description) == (
        "7",
        "Réfection de la toiture",
        "Ardoise & zinc",
    )
    assert (roof.published_at.isoformat(), roof.languages) == ("2026-03-02T07:00:00+00:00", ("fr",))
    assert (roof.buyer.name, roof.notice_url) == ("Commune de Kerlann", "https://kerlann.example/7")
    assert (correction.source_id, correction.kind, correction.buyer.name) == (
        "8",
        NoticeKind.CORRECTION,
        "Commune de Kerlann",
    )
    assert paint.source_id.startswith("sha256:")
    assert [reject.where for reject in parsed.rejects] == ["items[3]", "items[4]"]


def test_older_items_are_where_the_feed_says():
    """
    The address is read against the feed's own.
    """
    assert (
        next_page(FEED, url="https://kerlann.example/avis.json") == "https://kerlann.example/avis.json?page=2"
    )


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"version": "1", "items": []}'])
def test_what_is_no_json_feed_is_refused(document):
    """
    The version is an address of jsonfeed.org.
    """
    with pytest.raises(FeedFormatError):
        parse(document, feed_id="f", format="json-feed")


def test_items_that_share_an_address_and_have_no_id_are_several():
    """
    The page of all notices names none of them.
    """
    items = [
        {"title": title, "url": "https://kerlann.example/marches"} for title in ("Toiture", "Menuiseries")
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Avis", "items": items}

    names = {notice.source_id for notice in parse(json.dumps(feed).encode(), feed_id="f").notices}

    assert len(names) == 2


def test_items_of_different_purchases_that_share_an_id_are_several():
    """
    An id that is written everywhere names none of them: their addresses do.
    """
    items = [
        {"id": "avis", "title": title, "url": f"https://kerlann.example/{number}"}
        for number, title in enumerate(("Toiture", "Menuiseries"))
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Avis", "items": items}

    names = [notice.source_id for notice in parse(json.dumps(feed).encode(), feed_id="f").notices]

    assert names == ["https://kerlann.example/0", "https://kerlann.example/1"]
