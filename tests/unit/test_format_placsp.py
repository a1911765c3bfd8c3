"""PLACSP: entries that live on under one id, and tombstones."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import Nature, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.errors import FeedFormatError
from alerting.feeds.formats import detect, parse
from alerting.feeds.formats.placsp import next_page
from alerting.notices.link import Candidate, find_link
from alerting.notices.normalise import normalise
from alerting.notices.view import find_state, merge


FEED = (Path(__file__).parents[1] / "corpus" / "placsp" / "feed.xml").read_bytes()


def notices() -> list:
    """Return the feed's notices, cleaned."""
    return [normalise(raw) for raw in parse(FEED, feed_id="f").notices]


def test_an_entry_is_read_field_by_field():
    """
    The buyer's number of the file is no key of a procedure: another town has the same.
    """
    call, bare, _ = notices()

    assert detect(FEED, feed_id="f") == "placsp"
    assert (call.source_id, call.kind, call.title) == (
        "https://placsp.example/entry/1",
        NoticeKind.CALL,
        "Tejado del colegio",
    )
    assert (call.nature, call.cpv_main, call.cpv_additional) == (Nature.WORKS, "45261210", ("45261000",))
    assert (call.value, call.internal_reference, call.procedure_key) == (
        Money(10_000_000, "EUR"),
        "2026/1",
        None,
    )
    assert call.deadline_at.isoformat() == "2026-04-01T12:00:00+00:00"
    assert [(place.nuts_code, place.commune) for place in call.places] == [("ES300", "Madrid")]
    assert [(lot.lot_id, lot.title) for lot in call.lots] == [("1", "Lote 1")]
    assert (call.document_url, call.notice_url) == (
        "https://placsp.example/pcap.pdf",
        "https://placsp.example/detalle/1",
    )
    assert (bare.title, bare.kind) == ("Sin expediente", NoticeKind.CALL)


def test_a_tombstone_ends_its_entry_and_keeps_its_name():
    """
    It is linked by the entry's id, and the purchase is still called as it was.
    """
    call, _, tombstone = notices()

    link = find_link(tombstone, [Candidate(5, call)])

    assert (link.procedure_id, tombstone.kind) == (5, NoticeKind.CANCELLATION)
    assert merge([call, tombstone]).title == "Tejado del colegio"
    assert find_state([call, tombstone]) is ProcedureState.CANCELLED


def test_what_cannot_be_named_is_rejected_by_its_place():
    """
    An entry without a title, a tombstone without an entry.
    """
    assert [(reject.where, reject.problem) for reject in parse(FEED, feed_id="f").rejects] == [
        ("entry 3", "expected an id and a title (got none)"),
        ("deleted-entry 2", "expected a 'ref' (got none)"),
    ]


def test_the_next_page_is_linked():
    """
    The link is read against the page's own address.
    """
    assert next_page(FEED, url="https://placsp.example/feed.atom") == "https://placsp.example/feed_2.atom"
    assert next_page(b"<feed/>", url="https://placsp.example/feed.atom") is None


def test_a_single_entry_is_a_document_and_another_root_is_none():
    """
    The refusal says what stands there.
    """
    (raw,) = parse(b"<entry><id>1</id><title>Obra</title></entry>", feed_id="f", format="placsp").notices

    assert raw.title == "Obra"
    with pytest.raises(FeedFormatError, match="expected an Atom 'feed'"):
        parse(b"<rss/>", feed_id="f", format="placsp")
