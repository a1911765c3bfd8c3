"""The words of a digest: stored output for whole mails, and the rules that keep them safe and short."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from alerting.digests.render import render
from alerting.digests.view import safe_link
from alerting.domain.digest import Digest, DigestItem, TellingKind
from alerting.domain.match import Reason
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Change, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import ProcedureState
from alerting.domain.profile import Recipient


EXPECTED = Path(__file__).parents[1] / "corpus" / "digests"
NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
REDON = Place(nuts_code="FRH03", departement="35", commune="REDON", postcode="35600")

SCHOOL = Notice(
    feed_id="demo-boamp",
    source_id="26-10001",
    version="01",
    kind=NoticeKind.CALL,
    title="RÉNOVATION ÉNERGÉTIQUE DU GROUPE SCOLAIRE DES TILLEULS À REDON - LOTS CVC ET VMC",
    languages=("fr",),
    buyer=Buyer(name="Commune de Redon", departement="35"),
    places=(REDON,),
    lots=(
        Lot("LOT-0001", title="Gros œuvre"),
        Lot("LOT-0004", title="Plomberie, sanitaires et chauffage", value=Money(18_500_000, "EUR")),
        Lot("LOT-0005", title="VENTILATION DOUBLE FLUX"),
    ),
    value=Money(124_000_000, "EUR"),
    deadline_at=datetime(2026, 3, 27, 11, 0, tzinfo=UTC),
    question_deadline_at=datetime(2026, 3, 17, 17, 0, tzinfo=UTC),
    visit_at=datetime(2026, 3, 11, 8, 30, tzinfo=UTC),
    document_url="https://marches.bretagne-exemple.example/dossier/26-10001",
    submission_url="https://marches.bretagne-exemple.example/repondre/26-10001",
    notice_url="https://avis.exemple.example/26-10001",
)
SOCIAL_HOUSING = Notice(
    feed_id="demo-eforms",
    source_id="5f1c",
    version="01",
    kind=NoticeKind.CALL,
    title="Remplacement de 42 chauffe-eau dans la résidence Les Ajoncs",
    languages=("fr",),
    buyer=Buyer(name="Office public de l'habitat du pays de Vilaine", departement="56"),
    places=(Place(departement="56", commune="La Gacilly"),),
    deadline_at=datetime(2026, 3, 6, 16, 30, tzinfo=UTC),
    document_url="https://achats.habitat-exemple.example/c/5f1c",
    submission_url="javascript:alert(1)",
)
GYM = Notice(
    feed_id="demo-rss",
    source_id="g-7",
    version=None,
    kind=NoticeKind.CORRECTION,
    title="Réfection des douches du gymnase municipal <Jean-Exemple> & annexes",
    languages=("fr",),
    buyer=Buyer(name="VILLE DE SAINT-NICOLAS-DE-REDON", departement="44"),
    deadline_at=datetime(2026, 4, 7, 10, 0, tzinfo=UTC),
    document_url="https://marches.exemple.example/g-7",
)
HALL = Notice(
    feed_id="demo-boamp",
    source_id="26-10009",
    version="01",
    kind=NoticeKind.CANCELLATION,
    title="Chauffage de la salle polyvalente",
    languages=("fr",),
    buyer=Buyer(name="Commune de Bains-sur-Oust", departement="35"),
    places=(Place(departement="35", commune="Bains-sur-Oust"),),
    value=Money(4_950_050, "EUR"),
    deadline_at=datetime(2026, 3, 20, 11, 0, tzinfo=UTC),
    notice_url="https://avis.exemple.example/26-10009",
)


def item(notice: Notice, *, kind: TellingKind = TellingKind.NEW, **facts) -> DigestItem:
    """Return an item of an open procedure."""
    state = ProcedureState.CANCELLED if kind is TellingKind.CANCELLED else ProcedureState.OPEN
    return DigestItem(kind, procedure_id=1, revision=1, state=state, notice=notice, **facts)


def digest(*items: DigestItem, profile_name: str = "Plomberie Redon") -> Digest:
    """Return a digest of an invented firm."""
    return Digest(
        profile_id="plomberie-redon",
        profile_name=profile_name,
        firm_id="le-guen",
        firm_name="Le Guen Plomberie",
        composed_at=NOW,
        items=items,
    )


def rendered(content: Digest):
    """Render for one invented recipient."""
    return render(
        content,
        recipient=Recipient("anne@leguen-plomberie.example", "Anne Le Guen"),
        unsubscribe_url="https://alertes.exemple.example/unsubscribe/WzcsInAiXQ.sig",
        sender_name="Alerte marchés",
        now=NOW,
    )


def everything() -> Digest:
    """Return a digest with an item of each look."""
    return digest(
        item(
            SOCIAL_HOUSING,
            reasons=(
                Reason("words", "met", facts=("chauffe-eau",)),
                Reason("place", "met", facts=("56",)),
                Reason("value", "unknown"),
            ),
        ),
        item(
            SCHOOL,
            lot_ids=("LOT-0004", "LOT-0005"),
            reasons=(
                Reason("trade", "met", "LOT-0004", ("Plomberie", "plomberie", "chauffage")),
                Reason("trade", "met", "LOT-0005", ("Plomberie", "ventilation")),
                Reason("place", "met", facts=("35",)),
            ),
        ),
        item(
            GYM,
            kind=TellingKind.CORRECTED,
            changes=(
                Change("deadline_at", "2026-03-24T11:00:00+00:00", "2026-04-07T10:00:00+00:00"),
                Change("text", evidence="Le règlement de la consultation est modifié à l'article 4."),
            ),
            reasons=(Reason("trade", "met", facts=("Plomberie", "douches")),),
        ),
        item(
            HALL,
            kind=TellingKind.CANCELLED,
            reasons=(Reason("trade", "met", facts=("Plomberie", "chauffage")),),
        ),
    )


CASES = {
    "everything": everything(),
    "bare": digest(item(Notice("demo-rss", "x", None, NoticeKind.CALL, "Travaux divers"))),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("part", ["subject", "text", "html"])
def test_a_digest_is_written_as_stored(name, part):
    """
    The whole mail, word for word; a change of words is seen in review as a change of these files.
    """
    stored = (EXPECTED / f"{name}.{part}.expected").read_text(encoding="utf-8")

    assert getattr(rendered(CASES[name]), part) == stored


class Links(HTMLParser):
    """Collects the addresses and words of links, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs = []
        self.tags = set()
        self.tables = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "a":
            self.hrefs.append(dict(attrs)["href"])
        if tag == "table":
            self.tables.append(dict(attrs).get("role"))


def read(html: str) -> Links:
    """Parse a mail's HTML."""
    links = Links()
    links.feed(html)
    return links


def test_what_a_notice_says_is_never_markup():
    """
    A title with tags and quotes is shown, not obeyed, in a page that loads nothing and runs nothing.
    """
    hostile = replace(SCHOOL, title='<script>alert(1)</script><img src=x onerror="a()">', lots=())

    html = rendered(digest(item(hostile))).html

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert read(html).tags & {"script", "img", "link", "iframe", "form"} == set()


def test_tables_that_only_arrange_say_so():
    """
    A screen reader hears no table where there is none.
    """
    assert set(read(rendered(everything()).html).tables) == {"presentation"}


def test_links_go_to_web_addresses_only():
    """
    The addresses of a mail are those of its notices that are safe, and the one to leave.
    """
    links = read(rendered(digest(item(SOCIAL_HOUSING))).html)

    assert links.hrefs == [
        "https://achats.habitat-exemple.example/c/5f1c",
        "https://alertes.exemple.example/unsubscribe/WzcsInAiXQ.sig",
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
    ],
)
def test_a_subject_has_the_count_and_the_profile(kinds, profile_name, subject):
    """
    Under 70 characters: how much, of what kind, for which profile.
    """
    content = digest(*(item(GYM, kind=kind) for kind in kinds), profile_name=profile_name)

    written = rendered(content).subject

    assert written == subject
    assert len(written) < 70


def test_text_fits_a_text_client():
    """
    No line is longer than 72 characters, but for addresses, which are never broken.
    """
    lines = rendered(everything()).text.splitlines()

    assert [line for line in lines if len(line) > 72 and "://" not in line] == []


def test_the_link_to_leave_must_be_one():
    """
    A mail without a way to leave is not written.
    """
    with pytest.raises(ValueError, match="is no http address"):
        render(everything(), recipient=Recipient("a@b.example"), unsubscribe_url="", sender_name="A", now=NOW)
