"""RSS of French platforms: what Dublin Core adds to it."""

from __future__ import annotations

from pathlib import Path

from alerting.domain.notice import NoticeKind
from alerting.feeds.formats import parse
from alerting.notices.normalise import normalise


FEED = (Path(__file__).parents[1] / "corpus" / "rss" / "marches-online.xml").read_bytes()


def test_dublin_core_gives_day_deadline_buyer_and_place():
    """
    Names in capitals or not, of the elements or the terms; the deadline is the wall clock of Paris.
    """
    roof, award, cancelled = (normalise(raw) for raw in parse(FEED, feed_id="f").notices)

    assert roof.published_at.isoformat() == "2026-03-02T07:00:00+00:00"
    assert (roof.deadline_at.isoformat(), roof.buyer.name) == (
        "2026-04-02T10:00:00+00:00",
        "Commune de Kerlann",
    )
    assert [(place.departement, place.commune) for place in roof.places] == [("22", "Kerlann")]
    assert roof.description == "Ardoise & zinc"
    assert (award.kind, award.deadline_at.isoformat()) == (NoticeKind.AWARD, "2026-04-03T21:59:00+00:00")
    assert (cancelled.kind, [place.departement for place in cancelled.places]) == (
        NoticeKind.CANCELLATION,
        ["2A"],
    )
