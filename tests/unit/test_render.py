"""The words of a digest: stored output for whole mails, and the rules that keep them safe, short and light."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st

from alerting.digests.links import safe_link
from alerting.digests.marks import mark_words
from alerting.digests.render import render
from alerting.domain.digest import TellingKind
from alerting.domain.match import Reason
from alerting.domain.notice import Buyer, Change, Lot
from alerting.domain.profile import Recipient
from tests.digest_cases import (
    CANTEEN,
    GYM,
    LEAVE,
    LIBRARY,
    NOW,
    OPINION,
    SCHOOL,
    SHEET,
    SOCIAL_HOUSING,
    STORED,
    digest,
    everything,
    full,
    item,
    much,
    rendered,
    written,
)


# What Gmail shows of a mail before it cuts it off.
CLIPPED_FROM_BYTES = 102_000
MOST_ITEMS = 100


def test_digests_are_written_as_stored():
    """
    Whole mails, word for word and in three languages; a change of words is seen in review as a change of
    these files (``python -m tests.digest_cases`` writes them anew).
    """
    stored = {path.name: path.read_bytes() for path in STORED.iterdir()}

    assert dict(written()) == stored


class Page(HTMLParser):
    """Collects what a mail's HTML holds: tags, addresses, words, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs = []
        self.links = []
        self.tags = []
        self.roles = []
        self.loads = []
        self.languages = []
        self.marked = []
        self.words = ""

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in {"src", "srcset", "background", "poster"}]
        self.loads += re.findall(r"url\(", facts.get("style") or "")
        if tag == "a":
            self.hrefs.append(facts["href"])
            self.links.append("")
        if tag == "table":
            self.roles.append(facts.get("role"))
        if tag == "mark":
            self.marked.append("")
        if "lang" in facts:
            self.languages.append((tag, facts["lang"]))

    def handle_endtag(self, tag):
        if tag in {"a", "mark"}:
            self.tags.append(f"/{tag}")

    def handle_data(self, data):
        self.words += data
        if self.tags and self.tags[-1] == "mark":
            self.marked[-1] += data


def read(html: object) -> Page:
    """Parse a mail's HTML."""
    page = Page()
    page.feed(str(html))
    return page


def test_both_faces_tell_the_same():
    """
    Each title, date, reason and address of the HTML stands in its text twin.
    """
    mail = rendered(everything())
    page = read(mail.html)
    text = " ".join(str(mail.text).split()).replace("*", "")

    assert len(page.hrefs) == 15
    assert [href for href in page.hrefs if href not in text] == []
    for said in ("2 nouveaux marchés", "encore 4 jours ouvrés", "Lot 4", "185 000 €", "votre secteur"):
        # A page may break where the text has a space that holds.
        plain = said.replace("\N{NO-BREAK SPACE}", " ")
        assert plain.casefold() in _plain(page.words).casefold()
        assert plain.casefold() in _plain(text).casefold()


def _plain(text: str) -> str:
    return re.sub(r"\s", " ", text)


@pytest.mark.parametrize(
    ("text", "wanted", "marked"),
    [
        pytest.param("Lot chauffage", ("Chauffage",), ["chauffage"], id="in another case"),
        pytest.param("Chauffages et chauffage", ("chauffage",), ["chauffage"], id="whole words only"),
        pytest.param("Lot d'étanchéité", ("étanchéité",), ["étanchéité"], id="after an elision"),
        pytest.param("Pompe  à chaleur", ("pompe à chaleur",), ["Pompe  à chaleur"], id="several words"),
        pytest.param("a+b et (c)", ("a+b", "(c)"), ["a+b", "(c)"], id="signs of a pattern"),
        pytest.param(
            "Toitures-terrasses", ("terrasses", "toitures"), ["Toitures-terrasses"], id="side by side"
        ),
        pytest.param("Toiture", (), [], id="nothing to mark"),
    ],
)
def test_words_that_met_a_criterion_are_marked(text, wanted, marked):
    """
    Each where it stands; the text itself stays whole.
    """
    pieces = mark_words(text, wanted)

    assert [piece.text for piece in pieces if piece.is_marked] == marked
    assert "".join(piece.text for piece in pieces) == text


def test_an_address_that_two_links_share_stands_once():
    """
    Of a purchase that can be answered, its documents come first; of one that has ended, the notice stays.
    """
    page = "https://kerlann.example/avis/7"
    notice = replace(SCHOOL, document_url=page, submission_url=page, notice_url=page)
    one_page = item(notice=notice)
    ended = replace(one_page, telling_kind=TellingKind.CANCELLED)

    links = [read(rendered(digest(each)).html).hrefs for each in (one_page, ended)]

    assert [found.count(page) for found in links] == [1, 1]


def test_a_lot_that_is_the_whole_purchase_is_not_said_twice():
    """
    It has the purchase's title and amount: neither stands a second time.  One of two lots does.
    """
    whole = Lot("1", SCHOOL.title, value=SCHOOL.value)
    alone = replace(SCHOOL, lots=(whole,))
    one_of_two = replace(SCHOOL, lots=(whole, Lot("2", "Peinture")))

    told = [rendered(digest(item(notice=each, lot_ids=("1",)))).text for each in (alone, one_of_two)]

    assert ["Lot 1" in _plain(str(text)) for text in told] == [False, True]


def test_the_text_twin_marks_with_stars():
    """
    What is marked in one face is starred in the other.
    """
    mail = rendered(everything())

    marked = read(mail.html).marked

    assert marked == [
        "chauffe-eau", "Plomberie", "chauffage", "Ventilation", "Chaufferie", "douches", "plomberie",
    ]  # fmt: skip
    assert [f"*{words}*" for words in marked if f"*{words}*" not in str(mail.text)] == []


HOSTILE = (
    "\u202eexe.fdp\u2066<script>alert(1)</script><img src=x onerror=a()>\x00\u200b\r\nBcc: x@piege.example"
)


def hostile():
    """Return a digest whose every text is hostile."""
    lot = Lot("<b>\r\n1", title=HOSTILE)
    notice = replace(
        SCHOOL,
        title=HOSTILE,
        languages=('"><script>',),
        buyer=Buyer(name=HOSTILE),
        lots=(lot,),
        document_url="javascript:alert(1)",
        submission_url="https://mairie.example@piege.example/",
        notice_url='https://avis.example/"onmouseover="a()',
    )
    reasons = (Reason("words", "met", facts=(HOSTILE,)), Reason("place", "met", facts=(HOSTILE,)))
    told = item(notice, lot_ids=(lot.lot_id,), reasons=reasons)
    return replace(digest(told, profile_name=HOSTILE), firm_name=HOSTILE)


def test_what_a_notice_says_is_never_markup():
    """
    Tags, quotes, scripts, controls and signs that turn the writing around are shown as words or left out, in
    a page that loads nothing and runs nothing.
    """
    mail = rendered(hostile())
    page = read(mail.html)

    assert set(page.tags) & {"script", "img", "link", "iframe", "form", "input", "object", "svg"} == set()
    assert page.loads == []
    assert page.hrefs == [
        "https://avis.example/%22onmouseover=%22a()"
        if "%22" in page.hrefs[0]
        else 'https://avis.example/"onmouseover="a()',
        f"{OPINION}/1",
        SHEET,
        LEAVE,
    ]
    for face in (str(mail.text), str(mail.html), mail.subject):
        assert re.findall(r"[\x00-\x09\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", face) == []
    assert "\n" not in mail.subject
    assert len(mail.subject) < 70


@given(st.text(max_size=300))
def test_any_title_is_harmless(title):
    """
    Whatever a notice is called, the mail has the tags it always has.
    """
    plain = read(rendered(digest(item(replace(GYM, title="Toiture")))).html)

    page = read(rendered(digest(item(replace(GYM, title=title)))).html)

    assert page.tags == plain.tags
    assert page.hrefs == plain.hrefs


def test_a_mail_loads_nothing():
    """
    No pixel, no picture, no font, no style sheet from elsewhere: opening it tells nobody.
    """
    mail = rendered(everything())
    page = read(mail.html)

    assert page.loads == []
    assert set(page.tags) & {"img", "link", "script", "iframe", "video", "audio", "object"} == set()
    assert "@import" not in str(mail.html)
    assert "@font-face" not in str(mail.html)


def test_tables_that_only_arrange_say_so():
    """
    A screen reader hears no table where there is none.
    """
    assert set(read(rendered(everything()).html).roles) == {"presentation"}


@pytest.mark.parametrize("language", ["fr", "en", "br"])
def test_a_mail_says_its_language_and_that_of_each_title(language):
    """
    The page is in the reader's language, the titles in the notice's.
    """
    languages = read(rendered(everything(), language).html).languages

    assert languages[0] == ("html", language)
    assert {code for tag, code in languages if tag == "h3"} == {"fr"}


def test_links_go_to_web_addresses_only():
    """
    The addresses of a mail are those of its notices that are safe, to say what one thinks of each, to read it
    as a page, and to leave.
    """
    page = read(rendered(digest(item(SOCIAL_HOUSING))).html)

    assert page.hrefs == [
        "https://achats.habitat-exemple.example/c/5f1c",
        f"{OPINION}/1",
        SHEET,
        LEAVE,
    ]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("JaVaScRiPt:alert(1)", id="script in mixed case"),
        pytest.param("data:text/html,<b>x", id="data"),
        pytest.param("//exemple.example/a", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://mairie.example@piege.example/", id="a name that hides the host"),
        pytest.param("https://exemple.example/a b", id="space"),
        pytest.param("https://exemple.example/\nX: y", id="line break"),
        pytest.param("https://exémple.example/", id="letters that may look like others"),
        pytest.param("https://[::1", id="broken address"),
        pytest.param("https://exemple.example/" + "a" * 2000, id="without end"),
        pytest.param(None, id="none"),
    ],
)
def test_an_unsafe_address_is_no_link(url):
    """
    What is not an open http or https address never becomes a link.
    """
    assert safe_link(url) is None


@pytest.mark.parametrize(
    ("kinds", "profile_name", "subject"),
    [
        pytest.param([TellingKind.NEW], "Toiture", "1 nouveau marché · Toiture", id="one"),
        pytest.param([TellingKind.NEW] * 3, "Toiture", "3 nouveaux marchés · Toiture", id="three"),
        pytest.param(
            [TellingKind.NEW, TellingKind.NEW, TellingKind.CORRECTED],
            "Toiture",
            "2 nouveaux marchés, 1 correction · Toiture",
            id="two kinds",
        ),
        pytest.param([TellingKind.CANCELLED], "Toiture", "1 annulation · Toiture", id="only an end"),
        pytest.param(
            list(TellingKind),
            "Couverture, zinguerie et étanchéité de toute la Bretagne sud",
            "1 nouveau marché et 4 autres · Couverture, zinguerie et étanchéité d…",
            id="every kind, a long name",
        ),
        pytest.param(
            [TellingKind.NEW],
            "Couverture, zinguerie et étanchéité de toute la Bretagne sud",
            "1 nouveau marché · Couverture, zinguerie et étanchéité de toute la B…",
            id="a long profile name",
        ),
        pytest.param(
            [TellingKind.NEW],
            "Toiture\nBcc: x@piege.example",
            "1 nouveau marché · Toiture Bcc: x@piege.example",
            id="a line break in the name",
        ),
        pytest.param([], "Toiture", "rien de nouveau · Toiture", id="nothing"),
    ],
)
def test_a_subject_has_the_count_and_the_profile(kinds, profile_name, subject):
    """
    Under 70 characters: how much, of what kind, for which profile.
    """
    content = digest(*(item(GYM, kind=kind) for kind in kinds), profile_name=profile_name)

    assert rendered(content).subject == subject
    assert len(subject) < 70


@pytest.mark.parametrize("language", ["fr", "en", "br"])
@given(counts=st.lists(st.integers(0, 40), min_size=5, max_size=5), name=st.text(min_size=1, max_size=200))
def test_no_subject_is_too_long(language, counts, name):
    """
    However much there is, and whatever the profile is called: under 70 characters, beginning with the count.
    """
    kinds = [kind for kind, count in zip(TellingKind, counts, strict=True) for _ in range(count)]

    subject = rendered(digest(*(item(GYM, kind=kind) for kind in kinds), profile_name=name), language).subject

    assert len(subject) < 70
    assert " · " in subject
    assert kinds == [] or subject[0].isdigit()


@pytest.mark.parametrize("language", ["fr", "en", "br"])
def test_a_full_mail_is_not_clipped(language):
    """
    As many items as a profile may ask for, of every look, with long titles and many lots: Gmail shows the
    whole of it, twenty in full and the others in a line each, as far as there is room.
    """
    mail = rendered(full(MOST_ITEMS), language)
    page = read(mail.html)

    assert len(mail.html.content) < CLIPPED_FROM_BYTES
    assert (page.tags.count("h3"), page.marked != []) == (20, True)


def test_what_has_ended_takes_no_room_from_what_can_be_answered():
    """
    However many purchases were awarded: the new ones are shown in full before them.
    """
    awards = [item(LIBRARY, kind=TellingKind.AWARDED, procedure_id=number) for number in range(22)]
    new = [item(SOCIAL_HOUSING, procedure_id=100 + number) for number in range(5)]
    page = read(rendered(digest(*awards, *new)).html)

    assert page.tags.count("h3") == 20
    assert page.hrefs.count("https://achats.habitat-exemple.example/c/5f1c") == 5
    assert [f"{OPINION}/{100 + number}" in page.hrefs for number in range(5)] == [True] * 5


def test_what_a_mail_has_no_room_for_is_named_in_a_line_each():
    """
    A profile's own limit: one in full, "and 3 others" with their days, titles and links; the subject counts all.
    """
    mail = rendered(much())
    text = _plain(str(mail.text))

    assert mail.subject == "2 nouveaux marchés, 1 rappel, 1 correction · Plomberie Redon"
    assert read(mail.html).tags.count("h3") == 1
    assert "ET 3 AUTRES" in text
    assert text.count("https://avis.exemple.example/26-10001") == 4


def test_a_reminder_says_which_dates_come_near():
    """
    The visit of tomorrow stands as the deadline does, and is not said twice.
    """
    visit = replace(CANTEEN, visit_at=datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
    reminder = item(visit, kind=TellingKind.REMINDER, reminds_of=("visit_at",))

    text = _plain(str(rendered(digest(reminder)).text))

    assert "Visite : mardi 3 mars à 10 h (encore 1 jour ouvré)" in text
    assert text.count("Visite") == 1


def test_text_fits_a_text_client():
    """
    No line is longer than 72 characters, but for addresses, which are never broken.
    """
    lines = str(rendered(everything()).text).splitlines()

    assert [line for line in lines if len(line) > 72 and "://" not in line] == []


def test_the_time_left_is_that_of_the_moment_it_is_read():
    """
    The same digest on another day says other days left, and what has passed is no date to keep.
    """
    content = digest(item(SCHOOL))
    before = str(rendered(content).text)
    later = str(rendered(content, now=NOW + timedelta(days=10)).text)
    afterwards = str(rendered(content, now=NOW + timedelta(days=40)).text)

    assert ("encore 19 jours ouvrés" in _plain(before), "Visite" in before) == (True, True)
    assert ("encore 11 jours ouvrés" in _plain(later), "Visite" in later) == (True, False)
    assert "délai passé" in afterwards


def test_facts_put_right_without_a_revision_are_read_as_they_are():
    """
    What was written for another firm is taken only where the facts are the same.
    """
    first = rendered(digest(item(SCHOOL)))
    second = rendered(digest(item(replace(SCHOOL, buyer=Buyer(name="Commune d'Allaire")))))

    assert "Commune de Redon" in str(first.text)
    assert "Commune d'Allaire" in str(second.text)


def test_a_language_that_we_do_not_speak_is_answered_in_french():
    """
    A recipient whose language is not ours gets the mail all the same.
    """
    assert str(rendered(everything(), "de").text) == str(rendered(everything(), "fr").text)


def test_the_link_to_leave_must_be_one():
    """
    A mail without a way to leave is not written.
    """
    with pytest.raises(ValueError, match="is no http address"):
        render(everything(), recipient=Recipient("a@b.example"), unsubscribe_url="", sender_name="A", now=NOW)


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        pytest.param(
            TellingKind.AWARDED,
            Change("awarded_lots", after="1; 3"),
            "Attribuée en partie : Lot 1, Lot 3. L’avis ne dit rien des autres lots ; il n’est plus possible de répondre à cette consultation.",
            id="some lots are awarded",
        ),
        pytest.param(
            TellingKind.AWARDED,
            None,
            "Cette consultation est attribuée : il n’est plus possible d’y répondre.",
            id="all is awarded",
        ),
        pytest.param(
            TellingKind.CORRECTED,
            Change("state", "cancelled", "open"),
            "Cette consultation est rouverte : elle avait été annulée.",
            id="it is open again after it was cancelled",
        ),
        pytest.param(
            TellingKind.CORRECTED,
            Change("state", "awarded", "open"),
            "Cette consultation est rouverte : elle avait été attribuée.",
            id="it is open again after it was awarded",
        ),
    ],
)
def test_where_a_purchase_stands_is_said_in_a_sentence(kind, change, said):
    """
    In both parts of the mail, once, and not as a before and after.
    """
    changes = () if change is None else (change,)

    mail = rendered(digest(item(SCHOOL, kind=kind, revision=2, changes=changes)))

    for part in (str(mail.text), unescape(re.sub("<[^>]+>", " ", str(mail.html)))):
        folded = " ".join(part.split())
        assert folded.count(said.replace("\N{NO-BREAK SPACE}", " ")) == 1
        assert "avant :" not in folded
