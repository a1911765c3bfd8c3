"""Metamorphic: one notice in every legitimate spelling of RSS, Atom and JSON Feed is read as the same notice."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from alerting.feeds.formats import parse
from alerting.notices.normalise import normalise


TITLE = "Réfection de la toiture de l’école « Ferry » – œuvre"
TEXT = "Couverture ardoise & zinguerie, 120 m²"
ESCAPED = TEXT.replace("&", "&amp;")
LINK = "https://kerlann.example/avis/1?a=1&amp;b=2"
NAMES = (
    "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:dcterms='http://purl.org/dc/terms/'"
    " xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:atom='http://www.w3.org/2005/Atom'"
)
DUBLIN = (
    "<dc:creator>Commune de Kerlann</dc:creator><dc:location>35 - Rennes</dc:location>"
    "<dcterms:dateAccepted>2026-10-12T12:00:00+02:00</dcterms:dateAccepted>"
)
BASE = "xml:base='https://kerlann.example/'"
XHTML = "xmlns='http://www.w3.org/1999/xhtml'"
DOCTYPE = "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://kerlann.example/rss-0.91.dtd'>"


def rss(
    *,
    title: str = TITLE,
    link: str = f"<link>{LINK}</link>",
    text: str = f"<description>{ESCAPED}</description>",
    date: str = "<pubDate>Tue, 15 Sep 2026 12:00:00 +0200</pubDate>",
    root: str = "version='2.0'",
    head: str = "<link>https://kerlann.example/marches/</link>",
    before: str = "<?xml version='1.0' encoding='UTF-8'?>",
) -> str:
    """Write RSS 2.0 of one item."""
    item = f"<title>{title}</title>{link}<guid isPermaLink='false'>a-1</guid>{text}{date}{DUBLIN}"
    return f"{before}<rss {NAMES} {root}><channel><title>Kerlann</title>{head}<item>{item}</item></channel></rss>"


def rdf() -> str:
    """Write RSS 1.0 of one item."""
    item = f"<title>{TITLE}</title><link>{LINK}</link><description>{ESCAPED}</description>{DUBLIN}"
    return f"""<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' {NAMES}>
    <channel rdf:about='https://kerlann.example/rss'><title>Kerlann</title><link>https://kerlann.example/</link>
    <items><rdf:Seq><rdf:li rdf:resource='a-1'/></rdf:Seq></items></channel>
    <item rdf:about='a-1'>{item}<dc:date>2026-09-15T12:00:00+02:00</dc:date></item></rdf:RDF>"""


def atom(
    *,
    title: str = f"<title>{TITLE}</title>",
    link: str = f"<link href='{LINK}'/>",
    text: str = f"<content type='text'>{ESCAPED}</content>",
    date: str = "<published>2026-09-15T10:00:00Z</published><updated>2026-09-20T10:00:00Z</updated>",
    root: str = "xmlns='http://www.w3.org/2005/Atom'",
    head: str = "",
) -> str:
    """Write Atom of one entry."""
    author = "<author><name>Commune de Kerlann</name><email>achats@kerlann.example</email></author>"
    entry = f"{title}<id>a-1</id>{link}{text}{date}{author}{DUBLIN.partition('</dc:creator>')[2]}"
    return f"<feed {NAMES} {root}><title>Kerlann</title><id>k</id>{head}<entry>{entry}</entry></feed>"


def prefixed(document: str) -> str:
    """Give every element of Atom a prefix."""
    names = "feed|title|id|updated|entry|link|content|published|author|name|email"
    return re.sub(rf"<(/?)({names})\b", r"<\1atom:\2", document).replace(
        "xmlns='http://www.w3.org/2005/Atom'", ""
    )


SPELLINGS = {
    "CDATA": rss(text=f"<description><![CDATA[{TEXT}]]></description>"),
    "HTML in CDATA": rss(text="<description><![CDATA[<p>Couverture <b>ardoise</b> &amp; zinguerie, 120&nbsp;m²</p>]]></description>"),
    "HTML, escaped": rss(text="<description>&lt;p&gt;Couverture &lt;b&gt;ardoise&lt;/b&gt; &amp;amp; zinguerie, 120 m&amp;sup2;&lt;/p&gt;</description>"),
    "title in CDATA": rss(title=f"<![CDATA[{TITLE}]]>"),
    "title in HTML": rss(title=f"<![CDATA[<b>{TITLE[:10]}</b>{TITLE[10:]}]]>"),
    "title in numbers": rss(title=TITLE.replace("é", "&#233;").replace("œ", "&#x153;")),
    "title escaped twice": rss(title=TITLE.replace("é", "&amp;eacute;").replace("–", "&amp;ndash;")),
    "title in HTML's entities": rss(title=TITLE.replace("é", "&eacute;").replace("–", "&ndash;")),
    "content alone": rss(text=f"<content:encoded><![CDATA[<p>{ESCAPED}</p>]]></content:encoded>"),
    "content beside nothing": rss(text=f"<description/><content:encoded><![CDATA[<p>{ESCAPED}</p>]]></content:encoded>"),
    "content beside its beginning": rss(text=f"<description>Couverture […]</description><content:encoded><![CDATA[{ESCAPED}]]></content:encoded>"),
    "content before its beginning": rss(text=f"<content:encoded><![CDATA[{ESCAPED}]]></content:encoded><description>Couverture […]</description>"),
    "Dublin's description": rss(text=f"<dc:description>{ESCAPED}</dc:description>"),
    "link in CDATA": rss(link="<link><![CDATA[https://kerlann.example/avis/1?a=1&b=2]]></link>"),
    "link on a line of its own": rss(link=f"<link>\n  {LINK}\n</link>"),
    "Atom's link": rss(link=f"<atom:link href='{LINK}'/>"),
    "link under a base": rss(link="<link>avis/1?a=1&amp;b=2</link>", root=f"version='2.0' {BASE}"),
    "link from the root": rss(link="<link>/avis/1?a=1&amp;b=2</link>"),
    "link from the feed": rss(link="<link>1?a=1&amp;b=2</link>", head="<atom:link rel='self' href='https://kerlann.example/avis/rss'/>"),
    "link without a scheme": rss(link="<link>//kerlann.example/avis/1?a=1&amp;b=2</link>"),
    "Dublin's date": rss(date="<dc:date>2026-09-15T12:00:00+02:00</dc:date>"),
    "two dates": rss(date="<dc:date>2026-09-20T12:00:00+02:00</dc:date><pubDate>Tue, 15 Sep 2026 12:00:00 +0200</pubDate>"),
    "RSS 0.91": rss(root="version='0.91'", before=DOCTYPE),
    "RSS 0.92": rss(root="version='0.92'"),
    "RSS 1.0": rdf(),
    "blank lines before": "\n\n " + rss(),
    "Atom, text": atom(),
    "Atom, summary": atom(text=f"<summary>{ESCAPED}</summary>"),
    "Atom, summary and content": atom(text=f"<summary>Couverture…</summary><content>{ESCAPED}</content>"),
    "Atom, HTML": atom(text="<content type='html'>&lt;p&gt;Couverture ardoise &amp;amp; zinguerie, 120 m²&lt;/p&gt;</content>"),
    "Atom, XHTML": atom(text=f"<content type='xhtml'><div {XHTML}><p>Couverture <b>ardoise</b> &amp; zinguerie, 120 m²</p></div></content>"),
    "Atom, title in HTML": atom(title=f"<title type='html'>&lt;b&gt;{TITLE[:10]}&lt;/b&gt;{TITLE[10:]}</title>"),
    "Atom, title in XHTML": atom(title=f"<title type='xhtml'><div {XHTML}><b>{TITLE[:10]}</b>{TITLE[10:]}</div></title>"),
    "Atom, several links": atom(link=f"<link rel='enclosure' href='https://kerlann.example/dce.zip'/><link rel='alternate' href='{LINK}'/>"),
    "Atom, link under a base": atom(link=f"<link {BASE} href='avis/1?a=1&amp;b=2'/>"),
    "Atom, link from the feed": atom(link="<link href='1?a=1&amp;b=2'/>", head="<link rel='self' href='https://kerlann.example/avis/atom'/>"),
    "Atom, updated alone": atom(date="<updated>2026-09-15T12:00:00.000+02:00</updated>"),
    "Atom, with a prefix": prefixed(atom()),
    "Atom 0.3": atom(date="<issued>2026-09-15T12:00:00+02:00</issued>", root="xmlns='http://purl.org/atom/ns#'"),
}  # fmt: skip


def read(document: bytes):
    """Return the one notice of a document, cleaned; what was cleaned may differ."""
    (raw,) = parse(document, feed_id="f").notices
    return replace(normalise(raw), normalisations=())


@pytest.mark.parametrize(
    "document", [pytest.param(text.encode(), id=name) for name, text in SPELLINGS.items()]
)
def test_a_notice_of_a_feed_is_the_same_in_every_spelling(document):
    """
    Whatever program writes the feed, the firm is told the same.
    """
    notice = read(document)

    assert notice == read(rss().encode())
    assert (notice.title, notice.description) == (TITLE, TEXT)


@pytest.mark.parametrize("declared", ["right", "none", "UTF-8"])
@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "utf-8-sig"])
def test_a_notice_is_the_same_in_every_encoding(encoding, declared):
    """
    What the bytes say counts more than what the document says of them.
    """
    name = {"right": encoding.removesuffix("-sig"), "none": None}.get(declared, declared)
    before = f"<?xml version='1.0' encoding='{name}'?>" if name is not None else ""

    assert read(rss(before=before).encode(encoding)) == read(rss().encode())


def test_iso_8859_15_is_read_as_declared():
    """
    It has the ligature that ISO 8859-1 lacks, and the euro.
    """
    document = rss(title="Œuvre, 5 €", before="<?xml version='1.0' encoding='ISO-8859-15'?>")

    assert read(document.encode("iso-8859-15")).title == "Œuvre, 5 €"


JSON_ITEM = {
    "id": "a-1",
    "url": "https://kerlann.example/avis/1?a=1&b=2",
    "title": TITLE,
    "content_text": TEXT,
    "date_published": "2026-09-15T12:00:00+02:00",
    "authors": [{"name": "Commune de Kerlann"}],
}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"content_text": None, "content_html": f"<p>{ESCAPED}</p>"}, id="HTML"),
        pytest.param({"content_html": f"<p>{ESCAPED}</p>", "summary": "Couverture…"}, id="everything"),
        pytest.param({"content_text": None, "summary": TEXT}, id="summary alone"),
        pytest.param({"authors": None, "author": {"name": "Commune de Kerlann"}}, id="version 1.0"),
        pytest.param({"date_published": None, "date_modified": "2026-09-15T10:00:00Z"}, id="modified alone"),
        pytest.param({"date_published": "2026-09-15T10:00:00.000Z"}, id="fractions of a second"),
        pytest.param({"title": TITLE.replace("é", "&eacute;")}, id="title escaped"),
        pytest.param({"title": f"<b>{TITLE[:10]}</b>{TITLE[10:]}"}, id="title in HTML"),
    ],
)
def test_a_notice_is_the_same_in_every_json_feed(changes):
    """
    JSON Feed has the facts of RSS but deadline and place.
    """
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Kerlann", "items": [JSON_ITEM]}
    other = {"version": "https://jsonfeed.org/version/1", "items": [{**JSON_ITEM, **changes}]}

    notice = read(json.dumps(other).encode())

    assert notice == read(json.dumps(feed).encode())
    assert replace(read(rss().encode()), places=(), deadline_at=None) == notice


@pytest.mark.parametrize(
    ("title", "text", "read_as"),
    [
        ("", "<p>Toiture de l’école</p><p>Trois lots</p>", "Toiture de l’école"),
        (" ", "Toiture de l’école\nTrois lots", "Toiture de l’école"),
        ("", "<!-- page 3 --><style>p {color: red}</style><p>Toiture de l’école</p>", "Toiture de l’école"),
        ("", "mot " * 100, "mot " * 49 + "mot…"),
    ],
)
def test_an_item_without_title_is_called_by_its_first_line(title, text, read_as):
    """
    RSS 2.0 asks for a title or a description, JSON Feed for neither: the notice was rejected.
    """
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_html": text}]}
    documents = rss(title=title, text=f"<description><![CDATA[{text}]]></description>"), json.dumps(feed)

    assert [read(document.encode()).title for document in documents] == [read_as, read_as]


@pytest.mark.parametrize(
    "text",
    [
        "<table><tr><td>Objet</td><td>Toiture</td></tr></table>",
        "<div>Objet<div>Toiture</div></div>",
        "Objet<ul><li>Toiture</li></ul>",
        "<dl><dt>Objet</dt><dd>Toiture</dd></dl>",
        "Objet<hr>Toiture",
    ],
)
def test_words_of_two_blocks_stay_two(text):
    """
    They were one, "ObjetToiture", and no word that a profile has.
    """
    document = rss(text=f"<description><![CDATA[{text}]]></description>").encode()

    assert read(document).description == "Objet Toiture"


def test_a_deadline_may_be_said_with_what_is_handed_in():
    """
    "Remise des offres" was taken for what is no visit, and the date not read.
    """
    prose = "Remise des offres le lundi 12 octobre 2026 à 12h"

    assert read(rss().replace("2026-10-12T12:00:00+02:00", prose).encode()) == read(rss().encode())


@pytest.mark.parametrize("link", ["avis/1", "//[", "javascript:alert(1)"])
def test_a_link_that_may_lead_anywhere_is_none(link):
    """
    Relative to a folder that nobody names, or no address at all.
    """
    assert read(rss(link=f"<link>{link}</link>").encode()).notice_url is None


def test_a_category_that_is_a_cpv_code_is_the_notices():
    """
    Feeds have no other element for it; eight digits that are no code, a day, are a label like any other.
    """
    labels = ("45261210-9 Couverture", "CPV 45261000", "20260915", "Travaux")
    subjects = "".join(f"<dc:subject>{label}</dc:subject>" for label in labels)
    categories = "".join(f"<category>{label}</category>" for label in labels)
    terms = "".join(f"<category term='{label}'/>" for label in labels)
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{**JSON_ITEM, "tags": labels}]}
    documents = rss(date=categories), rss(date=subjects), atom(date=terms), json.dumps(feed)

    notices = [read(document.encode()) for document in documents]

    assert {(notice.cpv_main, notice.cpv_additional) for notice in notices} == {("45261210", ("45261000",))}
