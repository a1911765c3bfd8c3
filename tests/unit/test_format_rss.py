"""RSS of French platforms: what Dublin Core adds to it."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("15/09/2026 12:00", "2026-09-15T10:00:00+00:00"),
        ("15/9/2026 à 12h", "2026-09-15T10:00:00+00:00"),
        ("15/9/2026 A 12H", "2026-09-15T10:00:00+00:00"),
        ("15/09/2026", "2026-09-15T21:59:00+00:00"),
        ("Tue, 15 Sep 2026 12:00:00 +0200", "2026-09-15T10:00:00+00:00"),
        ("2026-09-15T10:00:00Z", "2026-09-15T10:00:00+00:00"),
        ("2026-09-15T12:00:00", "2026-09-15T10:00:00+00:00"),
        ("15-09-2026 12:00", "2026-09-15T10:00:00+00:00"),
        ("15.09.2026", "2026-09-15T21:59:00+00:00"),
        ("15/09/2026 - 12:00", "2026-09-15T10:00:00+00:00"),
        ("mardi 15 septembre 2026 à 12h00", "2026-09-15T10:00:00+00:00"),
        ("mar., 15 sept. 2026 11:00:00 +0100", "2026-09-15T10:00:00+00:00"),
        ("15/09/2026 12:00 +04:00", "2026-09-15T08:00:00+00:00"),
        ("15/09/2026 12:00+0400", "2026-09-15T08:00:00+00:00"),
        ("15/09/2026 12:00 (UTC+4)", "2026-09-15T08:00:00+00:00"),
        ("15/09/2026 12:00 GMT", "2026-09-15T12:00:00+00:00"),
        ("15/09/2026 12:00Z", "2026-09-15T12:00:00+00:00"),
        ("20260915", "2026-09-15T21:59:00+00:00"),
        ("20260915T120000", "2026-09-15T10:00:00+00:00"),
        ("2026/09/15 12:00", "2026-09-15T10:00:00+00:00"),
        ("2026.9.15 à 12h", "2026-09-15T10:00:00+00:00"),
        ("2026-09-15 12h00 (UTC+4)", "2026-09-15T08:00:00+00:00"),
        ("Tue, 15 Sep 2026", "2026-09-15T21:59:00+00:00"),
        ("Tue, 15 Sep 2026 10:00:00 -0000", "2026-09-15T10:00:00+00:00"),
        ("20261315", None),
        ("31/02/2026 12:00", None),
        ("15/09/2026 5:00 PM", None),
        ("au plus tard", None),
    ],
)
def test_a_deadline_is_read_as_french_platforms_and_mails_write_it(text, kept):
    """
    An offset that is stated is believed: only BOAMP's lie.
    """
    item = f"<item><guid>1</guid><title>T</title><dc:dateAccepted>{text}</dc:dateAccepted></item>"
    head = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"

    (raw,) = parse(f"{head}{item}</channel></rss>".encode(), feed_id="f").notices

    deadline_at = normalise(raw).deadline_at
    assert (deadline_at and deadline_at.isoformat()) == kept


def test_items_that_share_a_link_and_have_no_id_are_several():
    """
    A town hall links each item to the page of all its notices: three purchases.  One that stands twice is one, and an id
    of its own counts whatever it links to.
    """
    page = "https://kerlann.example/marches"
    titles = ("Toiture de l'école", "Achat d'un tracteur", "Nettoyage des vitres", "Toiture de l'école")
    items = "".join(f"<item><title>{title}</title><link>{page}</link></item>" for title in titles)
    own = f"<item><guid>7</guid><title>Clôture</title><link>{page}</link></item>"
    alone = "<item><title>Voirie</title><link>https://kerlann.example/8</link></item>"
    feed = f"<rss version='2.0'><channel><title>Avis</title>{items}{own}{alone}</channel></rss>"

    names = [notice.source_id for notice in parse(feed.encode(), feed_id="f").notices]

    assert names[0] == names[3]
    assert len(set(names[:3])) == 3
    assert all(name.startswith("sha256:") for name in names[:4])
    assert names[4:] == ["7", "https://kerlann.example/8"]


def test_items_of_different_purchases_that_share_a_guid_are_several():
    """
    A town hall's CMS writes one guid everywhere: each item is called by its own link, else by its words.
    """
    items = "".join(
        f"<item><guid isPermaLink='false'>marches</guid><title>{title}</title>{link}</item>"
        for title, link in (
            ("Toiture de l'école", "<link>https://kerlann.example/1</link>"),
            ("Chaudière de la mairie", "<link>https://kerlann.example/2</link>"),
            ("Nettoyage des vitres", ""),
        )
    )
    feed = f"<rss version='2.0'><channel><title>Avis</title>{items}</channel></rss>"

    names = [notice.source_id for notice in parse(feed.encode(), feed_id="f").notices]

    assert names[:2] == ["https://kerlann.example/1", "https://kerlann.example/2"]
    assert names[2].startswith("sha256:")


def test_a_permalink_that_all_items_share_names_none_of_them():
    """
    A guid is the item's link, too: the page of all notices is neither's name.
    """
    items = "".join(
        f"<item><guid>https://kerlann.example/marches</guid><title>{title}</title></item>"
        for title in ("Toiture de l'école", "Chaudière de la mairie")
    )
    feed = f"<rss version='2.0'><channel><title>Avis</title>{items}</channel></rss>"

    names = {notice.source_id for notice in parse(feed.encode(), feed_id="f").notices}

    assert len(names) == 2
    assert all(name.startswith("sha256:") for name in names)


def test_an_item_and_its_correction_under_one_guid_are_one():
    """
    A title that only adds words to another speaks of the same purchase.
    """
    titles = ("Toiture de l'école", "Avis rectificatif : toiture de l'École")
    items = "".join(f"<item><guid>7</guid><title>{title}</title></item>" for title in titles)
    feed = f"<rss version='2.0'><channel><title>Avis</title>{items}</channel></rss>"

    names = [notice.source_id for notice in parse(feed.encode(), feed_id="f").notices]

    assert names == ["7", "7"]


@pytest.mark.parametrize(
    ("elements", "buyer"),
    [
        ("<author>achats@kerlann.example (Commune de Kerlann)</author>", "Commune de Kerlann"),
        ("<author>achats@kerlann.example</author>", None),
        (
            "<dc:creator>Commune de Kerlann</dc:creator><author>a@kerlann.example (Anne)</author>",
            "Commune de Kerlann",
        ),
        ("<author>a@kerlann.fr (Commune de Kerlann (22))</author>", "Commune de Kerlann (22)"),
        ("<author>Commune de Kerlann &lt;a@kerlann.bzh&gt;</author>", "Commune de Kerlann"),
        ("<dc:creator>Commune de Kerlann (22)</dc:creator>", "Commune de Kerlann (22)"),
    ],
)
def test_an_address_is_no_part_of_a_buyers_name(elements, buyer):
    """
    RSS 2.0 writes who is the author as an address; firms read it as the name of the buyer, of a person even.
    """
    head = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
    item = f"<item><guid>1</guid><title>T</title>{elements}</item>"

    (raw,) = parse(f"{head}{item}</channel></rss>".encode(), feed_id="f").notices

    assert raw.buyer_name == buyer


def test_the_author_of_an_atom_entry_is_named_without_the_address():
    """
    Atom has an element for each; both came as one name.
    """
    author = "<author><name>Commune de Kerlann</name><email>achats@kerlann.example</email></author>"
    entry = f"<entry><id>1</id><title>T</title>{author}</entry>"

    (raw,) = parse(f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>".encode(), feed_id="f").notices

    assert raw.buyer_name == "Commune de Kerlann"


@pytest.mark.parametrize("text", ["11/09/2026 08:00", "ven., 11 sept. 2026 08:00:00 +0200"])
def test_an_hour_of_publication_in_french_is_read(text):
    """
    RSS asks for English; a notice whose publisher's program writes French had no day.
    """
    item = f"<item><guid>1</guid><title>T</title><pubDate>{text}</pubDate></item>"

    (raw,) = parse(f"<rss version='2.0'><channel>{item}</channel></rss>".encode(), feed_id="f").notices

    assert normalise(raw).published_at.isoformat() == "2026-09-11T06:00:00+00:00"


@pytest.mark.parametrize("element", ["pubDate", "dc:date", "dcterms:created"])
@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("2026-09-15", "2026-09-15T21:59:00+00:00"),
        ("20260915", "2026-09-15T21:59:00+00:00"),
        ("2026/09/15", "2026-09-15T21:59:00+00:00"),
        ("Tue, 15 Sep 2026", "2026-09-15T21:59:00+00:00"),
        ("15 septembre 2026", "2026-09-15T21:59:00+00:00"),
        ("2026-09-15T12:00", "2026-09-15T10:00:00+00:00"),
        ("2026/09/15 12:00", "2026-09-15T10:00:00+00:00"),
        ("Tue, 15 Sep 2026 12:00:00 CEST", "2026-09-15T10:00:00+00:00"),
        ("Tue, 15 Sep 2026 10:00:00 GMT", "2026-09-15T10:00:00+00:00"),
        ("2026-W38", None),
    ],
)
def test_a_day_of_publication_is_read_as_a_deadline_is(element, text, published):
    """
    A day alone is Paris's and no midnight of Greenwich; "2026/09/15" was the first of November.
    """
    names = "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:dcterms='http://purl.org/dc/terms/'"
    item = f"<item><guid>1</guid><title>T</title><{element}>{text}</{element}></item>"

    (raw,) = parse(
        f"<rss version='2.0' {names}><channel>{item}</channel></rss>".encode(), feed_id="f"
    ).notices

    published_at = normalise(raw).published_at
    assert (published_at and published_at.isoformat()) == published


def test_a_day_of_publication_that_cannot_be_read_leaves_that_of_the_last_change():
    """
    Of two dates one is enough.
    """
    dates = "<pubDate>hier</pubDate><dc:date>2026-09-15T12:00:00+02:00</dc:date>"
    head = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
    item = f"<item><guid>1</guid><title>T</title>{dates}</item>"

    (raw,) = parse(f"{head}{item}</channel></rss>".encode(), feed_id="f").notices

    assert normalise(raw).published_at.isoformat() == "2026-09-15T10:00:00+00:00"
