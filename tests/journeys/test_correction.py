"""What changes after a firm was told: corrections with before and after, ends, and copies that are no news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from uuid import NAMESPACE_URL, uuid5

import pytest

from alerting import commands
from alerting.domain.deadlines import PARIS
from alerting.local.demo.facts import Announcement, BuyerFact, LotFact, NoticeFact
from alerting.local.demo.writers import write_document


FIRMS = """
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [{ email = "yann@legoff.example" }]
profile = [{ id = "toits", name = "Toits", cpv = ["45261000"], cadence = "immediate" }]

[[firm]]
id = "tanguy"
name = "Toitures Tanguy"
recipients = [{ email = "lena@tanguy.example" }]
profile = [{ id = "matin", name = "Chaque matin", cpv = ["45261000"], cadence = "daily" }]

[[firm]]
id = "morvan"
name = "Petits chantiers Morvan"
recipients = [{ email = "anne@morvan.example" }]
[[firm.profile]]
id = "petits"
name = "Petits toits"
cpv = ["45261000"]
maximum_euros = 60000
cadence = "immediate"
"""
LATER_FIRM = """
[[firm]]
id = "corre"
name = "Couverture Corre"
recipients = [{ email = "paul@corre.example" }]
profile = [{ id = "ardoise", name = "Ardoise", cpv = ["45261000"], cadence = "immediate" }]
"""
BUYER = BuyerFact(
    id="kerlann",
    name="Commune de Kerlann",
    siret="02988054800010",
    street="1 place de la Mairie",
    postcode="29880",
    commune="Kerlann",
)
TITLE = "Réfection de la toiture de l'école"
YANN, LENA, ANNE, PAUL = (
    "yann@legoff.example",
    "lena@tanguy.example",
    "anne@morvan.example",
    "paul@corre.example",
)


def moment(day: str, hour: int = 12) -> datetime:
    """Return a moment of a day of 2026 in Paris."""
    return datetime.combine(datetime.fromisoformat(f"2026-{day}"), time(hour), tzinfo=PARIS)


def announce(
    name: str,
    *,
    about: Announcement | None = None,
    form: str = "eforms",
    kind: str = "call",
    deadline: str = "03-30",
    published: str = "03-02",
    number: int = 1,
    **facts: object,
) -> Announcement:
    """Return a notice of one purchase, a roof; *about* is the notice that it corrects or ends."""
    fact = NoticeFact(
        **{"id": name, "authority": "europe" if form == "eforms" else "journal", "form": form, "kind": kind}
        | {"buyer": BUYER.id, "title": TITLE, "published_days_ago": 0, "cpv": "45261210"}
        | {"value_euros": 90_000, "reference": "2026-TOIT-04"}
        | facts
    )
    return Announcement(
        fact=fact,
        buyer=BUYER,
        number=900_100 + number,
        notice_uuid=str(uuid5(NAMESPACE_URL, name)),
        procedure_uuid=str(uuid5(NAMESPACE_URL, "kerlann, the roof of the school")),
        published_at=moment(published, 8),
        deadline_at=moment(deadline),
        question_at=None,
        earlier=about,
    )


def change(name: str, about: Announcement, **facts: object) -> Announcement:
    """Return a change notice: the whole notice again, published a day later."""
    return announce(name, about=about, **{"kind": "correction", "published": "03-03"} | facts)


@dataclass
class World:
    """Two authorities' folders, the steps, and the mails that came since somebody last looked."""

    parts: object
    authority: object
    clock: object
    mails: object
    seen: tuple[object, ...] = ()

    def publish(self, *announcements: Announcement) -> None:
        """Add documents to their authority's folder."""
        for one in announcements:
            folder = f"/{one.fact.authority}/"
            self.authority.publish(f"{folder}{one.fact.id}.xml", write_document(one))
            files = [path for path in self.authority.pages if path.startswith(folder) and path != folder]
            links = "".join(f'<a href="{path}">file</a>' for path in files)
            self.authority.publish(
                folder, f"<html><title>Index of {folder}</title>{links}</html>", media="text/html"
            )

    def load(self) -> None:
        """Fetch and load, an hour later; nobody is told anything."""
        self.clock.go_on(hours=1)
        commands.fetch_due_feeds(parts=self.parts)
        commands.load_documents(parts=self.parts)

    def tell(self) -> dict[str, list[str]]:
        """Do every step, an hour later; return what the new mails tell, by recipient."""
        self.clock.go_on(hours=1)
        commands.run_all(parts=self.parts)
        return self.news()

    def tell_next_morning(self) -> dict[str, list[str]]:
        """Do every step after the daily hour of the next day."""
        self.clock.go_on(days=1)
        return self.tell()

    def news(self) -> dict[str, list[str]]:
        """Return the lines that new mails tell: badge and title, what changes, deadline, value."""
        found = self.mails(self.parts.settings.maildir)
        new = [mail for mail in found if mail not in self.seen]
        self.seen = tuple(found)
        return {recipient: told(text) for recipient, _, text in new}

    def waiting(self) -> int:
        """Return how many pairs wait for a digest."""
        return commands.count_waiting(parts=self.parts)["to_compose"]


# Those that hold words or digits together.
SPACES = str.maketrans("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "  ")


def told(text: str) -> list[str]:
    """Return the lines of a mail that say what is told."""
    starts = ("[", "- ", "avant : ", "après : ", "Répondre jusqu’au ", "Valeur ")
    lines = [line.strip().translate(SPACES) for line in text.splitlines()]
    # The lots that fit are the same in all of these.
    return [line.partition(" (")[0] for line in lines if line.startswith(starts) and "- Lot " not in line]


@pytest.fixture
def world(parts, authority, clock, mails, tmp_path):
    """Three roofers, two authorities, nothing published."""
    path = tmp_path / "roofers.toml"
    path.write_text(FIRMS)
    commands.import_firms(str(path), parts=parts)
    for feed_id in ("europe", "journal"):
        authority.publish(
            f"/{feed_id}/", f"<html><title>Index of /{feed_id}/</title></html>", media="text/html"
        )
        commands.add_feed(
            feed_id, authority=feed_id, url=f"{authority.url}/{feed_id}/", format="index-page",
            is_local=True, parts=parts,
        )  # fmt: skip
    return World(parts, authority, clock, mails)


CALL = announce("call")
NEW = [
    f"[NOUVEAU] {TITLE}",
    "Répondre jusqu’au lundi 30 mars à 12 h",
    "Valeur de l’ensemble : 90 000 €",
]


def test_a_change_notice_is_told_once_with_before_and_after(world):
    """
    The whole notice is published again: of it only what changed is told, to who was told.
    """
    world.publish(CALL)
    first = world.tell()
    world.publish(change("moved", CALL, deadline="04-07"))

    second = world.tell()
    third = world.tell()

    assert first == {YANN: NEW, LENA: NEW}
    assert second == {
        YANN: [
            f"[CORRIGÉ] {TITLE}",
            "- Date limite",
            "avant : lundi 30 mars à 12 h",
            "après : mardi 7 avril à 12 h",
            "Répondre jusqu’au mardi 7 avril à 12 h",
            "Valeur de l’ensemble : 90 000 €",
        ]
    }
    assert third == {}


def test_two_changes_before_a_digest_are_told_as_one_from_what_was_told_to_what_holds(world):
    """
    Before is what the firm was told, after is what holds now; who reads at once hears of each.
    """
    world.publish(CALL)
    world.tell()
    first = change("first", CALL, deadline="04-03", value_euros=95_000)
    world.publish(first)
    at_once = world.tell()
    world.publish(change("second", first, deadline="04-07", value_euros=95_000, published="03-04"))
    at_once_again = world.tell()

    next_morning = world.tell_next_morning()

    assert set(at_once) == set(at_once_again) == {YANN}
    assert [line for line in at_once_again[YANN] if line.startswith(("- ", "avant", "après"))] == [
        "- Date limite",
        "avant : vendredi 3 avril à 12 h",
        "après : mardi 7 avril à 12 h",
    ]
    assert next_morning == {
        LENA: [
            f"[CORRIGÉ] {TITLE}",
            "- Date limite",
            "avant : lundi 30 mars à 12 h",
            "après : mardi 7 avril à 12 h",
            "- Montant",
            "avant : 90 000 €",
            "après : 95 000 €",
            "Répondre jusqu’au mardi 7 avril à 12 h",
            "Valeur de l’ensemble : 95 000 €",
        ]
    }


def test_a_change_that_is_taken_back_before_a_digest_is_no_news_and_waits_for_nothing(world):
    """
    The deadline moved and moved back: who was told neither is told nothing, and no pair stays waiting.
    """
    world.publish(CALL)
    world.tell()
    moved = change("moved", CALL, deadline="04-07")
    world.publish(moved, change("back", moved, deadline="03-30", published="03-04"))

    news = world.tell_next_morning()

    assert news == {}
    assert world.waiting() == 0


@pytest.mark.parametrize(
    "order",
    [("eforms", "boamp-eforms"), ("boamp-eforms", "eforms"), ("eforms", "fnsimple"), ("fnsimple", "eforms")],
)
def test_a_purchase_that_two_authorities_announce_is_told_once(world, order):
    """
    The copy is linked by its procedure key, or by buyer and reference, and is no correction either.
    """
    world.publish(announce(order[0], form=order[0]))
    first = world.tell()
    world.publish(announce(order[1], form=order[1], published="03-03", number=2))

    assert (set(first), world.tell(), world.tell_next_morning()) == ({YANN, LENA, *_small(order)}, {}, {})


def _small(order: tuple[str, str]) -> list[str]:
    """A form without a value may concern who takes small works only."""
    return [ANNE] if order[0] == "fnsimple" else []


def test_a_change_that_two_authorities_publish_is_told_once(world):
    """
    The second authority's copy of a change notice changes nothing.
    """
    copy = announce("copy", form="boamp-eforms", number=2)
    world.publish(CALL, copy)
    world.tell()
    world.publish(change("moved", CALL, deadline="04-07"))
    told_once = world.tell()
    world.publish(change("moved-too", copy, form="boamp-eforms", deadline="04-07", number=3))

    assert set(told_once) == {YANN}
    assert world.tell() == {}
    assert set(world.tell_next_morning()) == {LENA}


def test_a_cancellation_is_told_once_to_who_was_told_and_to_nobody_else(world, tmp_path):
    """
    A firm that comes afterwards hears nothing of the purchase; a copy of the cancellation is no news.
    """
    world.publish(CALL)
    world.tell()
    world.publish(announce("end", about=CALL, kind="cancellation", published="03-03"))
    later = tmp_path / "later.toml"
    later.write_text(LATER_FIRM)

    at_once = world.tell()
    commands.import_firms(str(later), parts=world.parts)
    world.publish(
        announce("end-too", about=CALL, form="boamp-eforms", kind="cancellation", published="03-04", number=4)
    )
    afterwards = world.tell()
    next_morning = world.tell_next_morning()

    cancelled = [f"[ANNULÉ] {TITLE}", "Valeur de l’ensemble : 90 000 €"]
    assert at_once == {YANN: cancelled}
    assert afterwards == {}
    assert next_morning == {LENA: cancelled}
    assert world.waiting() == 0


def test_what_was_never_told_is_told_as_new_with_its_newest_facts(world):
    """
    Corrected before anybody was told: there is no before, only what holds.
    """
    world.publish(CALL)
    world.load()
    world.publish(change("moved", CALL, deadline="04-07"))

    news = world.tell()

    expected = [
        f"[NOUVEAU] {TITLE}",
        "Répondre jusqu’au mardi 7 avril à 12 h",
        "Valeur de l’ensemble : 90 000 €",
    ]
    assert news == {YANN: expected, LENA: expected}


def test_a_correction_whose_call_never_came_is_told_as_new(world):
    """
    A change notice is the whole notice: it can be answered, so it is told.
    """
    world.publish(change("moved", CALL, deadline="04-07"))

    news = world.tell()

    assert {recipient: lines[0] for recipient, lines in news.items()} == {
        YANN: f"[NOUVEAU] {TITLE}",
        LENA: f"[NOUVEAU] {TITLE}",
    }


def test_a_correction_brings_a_purchase_to_a_firm_that_it_did_not_concern_before(world):
    """
    The value falls: corrected for who was told, new for who takes small works only.
    """
    world.publish(CALL)
    world.tell()
    world.publish(change("smaller", CALL, value_euros=50_000))

    news = world.tell()

    assert news == {
        YANN: [
            f"[CORRIGÉ] {TITLE}",
            "- Montant",
            "avant : 90 000 €",
            "après : 50 000 €",
            "Répondre jusqu’au lundi 30 mars à 12 h",
            "Valeur de l’ensemble : 50 000 €",
        ],
        ANNE: [
            f"[NOUVEAU] {TITLE}",
            "Répondre jusqu’au lundi 30 mars à 12 h",
            "Valeur de l’ensemble : 50 000 €",
        ],
    }


def test_who_was_told_hears_of_the_correction_that_makes_it_no_longer_theirs(world):
    """
    The value rises beyond what the firm asks for: it was told the old one, so it is told the new one.
    """
    world.publish(announce("call", value_euros=50_000))
    world.tell()
    world.publish(change("larger", CALL, value_euros=90_000))

    first = world.tell()
    again = world.tell()

    assert first[ANNE] == [
        f"[CORRIGÉ] {TITLE}",
        "- Montant",
        "avant : 50 000 €",
        "après : 90 000 €",
        "Répondre jusqu’au lundi 30 mars à 12 h",
        "Valeur : 90 000 €",
    ]
    assert again == {}


def test_a_lot_that_is_added_is_told_as_a_correction(world):
    """
    The lots are told by number, before and after.
    """
    lots = (LotFact("Couverture", cpv="45261210"), LotFact("Charpente", cpv="45261100"))
    call = announce("call", lots=lots)
    world.publish(call)
    world.tell()
    world.publish(change("more", call, lots=(*lots, LotFact("Zinguerie", cpv="45261300"))))

    lines = world.tell()[YANN]

    assert lines[:4] == [f"[CORRIGÉ] {TITLE}", "- Lots", "avant : 1; 2", "après : 1; 2; 3"]


def test_a_change_notice_that_changes_words_alone_is_told_in_its_own_words(world):
    """
    None of the facts that we compare moved: the buyer's sentence is what there is to tell, once.
    """
    world.publish(CALL)
    world.tell()
    reworded = change("reworded", CALL, prose="La visite du site devient obligatoire.")
    world.publish(reworded)

    at_once = world.tell()
    world.publish(change("copy", CALL, form="boamp-eforms", prose="La visite du site devient obligatoire."))

    assert at_once == {
        YANN: [
            f"[CORRIGÉ] {TITLE}",
            "- Texte de l’avis : « La visite du site devient obligatoire. »",
            "Répondre jusqu’au lundi 30 mars à 12 h",
            "Valeur de l’ensemble : 90 000 €",
        ]
    }
    assert world.tell() == {}
