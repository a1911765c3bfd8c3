"""What changes after a firm was told: corrections with before and after, ends, and copies that are no news."""

from __future__ import annotations

import pytest

from alerting import commands
from alerting.local.demo.facts import LotFact
from tests.purchases import TITLE, World, announce, change


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
YANN, LENA, ANNE, PAUL = (
    "yann@legoff.example",
    "lena@tanguy.example",
    "anne@morvan.example",
    "paul@corre.example",
)


@pytest.fixture
def world(parts, authority, clock, mails, tmp_path):
    """Three roofers, two authorities, nothing published."""
    path = tmp_path / "roofers.toml"
    path.write_text(FIRMS)
    commands.import_firms(str(path), parts=parts)
    made = World(parts, authority, clock, mails)
    made.open_feeds()
    return made


CALL = announce("call")
NEW = [
    f"[NOUVEAU] {TITLE}",
    "Répondre jusqu’au lundi 30 mars à 12 h",
    "Valeur : 90 000 €",
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
            "Valeur : 90 000 €",
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
            "Valeur : 95 000 €",
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

    cancelled = [f"[ANNULÉ] {TITLE}", "Valeur : 90 000 €"]
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
        "Valeur : 90 000 €",
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
            "Valeur : 50 000 €",
        ],
        ANNE: [
            f"[NOUVEAU] {TITLE}",
            "Répondre jusqu’au lundi 30 mars à 12 h",
            "Valeur : 50 000 €",
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
            "Valeur : 90 000 €",
        ]
    }
    assert world.tell() == {}
