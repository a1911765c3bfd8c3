"""The link of an item of a mail: a person says what is useful, in their language; a link scanner says nothing."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from alerting import commands
from alerting.delivery.tokens import LinkPurpose, sign_profile_link
from tests.journeys.test_subscription_pages import ONE_CLICK, served


TITLES = {
    "1": "Toiture végétalisée de la crèche",
    "2": "Toiture végétalisée du gymnase",
    "3": "Réfection de la toiture de l'école",
}


@pytest.fixture
def told(tell):
    """Three purchases told to two recipients, one of whom reads Breton."""
    return tell(TITLES)


@pytest.fixture
def site(told):
    with served(told) as site:
        yield site


@pytest.fixture
def links(told, mails_in):
    """Each recipient's links by purchase, as the mail has them."""
    found = {}
    for mail in mails_in(told.settings.maildir):
        text = mail.get_body(("plain",)).get_content().replace("*", "")
        of_items = re.findall(r"→ (https?://\S+/opinion/\S+)", text)
        titles = sorted(TITLES.values(), key=text.find)
        found[str(mail["To"])] = dict(zip(titles, of_items, strict=True))
    return found


def words_and_fields(
    site, method: str, address: str, **fields: str
) -> tuple[str, list[tuple[str, str]], str]:
    """Return what a page says, what its buttons send, and in which language it is."""
    page = site.page(method, address, **fields)
    sent = [(given["name"], given["value"]) for tag, given in page.tags if tag == "input"]
    (language,) = [given["lang"] for tag, given in page.tags if tag == "html"]
    return " ".join(page.words.split()), sent, language


def opinions(parts) -> dict[str, str]:
    return {row["title"]: row["opinion"] for row in commands.list_opinions("le-goff", parts=parts)}


def test_a_link_scanner_says_nothing(told, site, links):
    """
    Looking changes nothing, however often; nor does a mail provider's one click, which answers no question.
    """
    address = links["bureau@legoff.example"][TITLES["1"]]
    for method in ("GET", "HEAD", "GET"):
        assert site.ask(method, address)[0] == 200
    for media, body in ONE_CLICK.items():
        assert site.ask("POST", address, body, media)[0] == 422
    for body in (b"opinion=perhaps", b"revert=x", b"opinion=%00", b"accept=%00", b"revert=%00"):
        assert site.ask("POST", address, body, "application/x-www-form-urlencoded")[0] == 422

    assert opinions(told) == {}


def test_a_person_says_that_it_is_not_for_the_firm_and_takes_it_back(told, site, links):
    """
    The page asks, a button says it, the same page shows it to a colleague and takes it back.
    """
    address = links["bureau@legoff.example"][TITLES["1"]]
    asked, buttons, language = words_and_fields(site, "GET", address)
    said, then, _ = words_and_fields(site, "POST", address, opinion="not for us")
    between = opinions(told)
    colleague, _, other = words_and_fields(site, "GET", links["yann@legoff.example"][TITLES["1"]])
    words_and_fields(site, "POST", address, opinion="none")

    assert (language, other) == ("fr", "br")
    assert "Utile, ou pas pour vous ?" in asked
    assert TITLES["1"] in asked
    assert buttons == [("opinion", "useful"), ("opinion", "not for us")]
    assert "C’est fait Ce n’est pas pour vous" in said
    assert then == [("opinion", "none")]
    assert between == {TITLES["1"]: "not for us"}
    assert "N’eo ket evidoc’h" in colleague
    assert opinions(told) == {}


def test_a_change_is_proposed_and_made_by_who_wants_it(told, site, links):
    """
    After the second one the page says what could be left out and what that would have done; the profile changes with
    the button alone, and the proposal is gone then.
    """
    mine = links["bureau@legoff.example"]
    words_and_fields(site, "POST", mine[TITLES["1"]], opinion="not for us")
    words, buttons, _ = words_and_fields(site, "POST", mine[TITLES["2"]], opinion="not for us")
    before = profile(told)
    done, after, _ = words_and_fields(site, "POST", mine[TITLES["2"]], accept=buttons[1][1])
    again = site.ask(
        "POST", mine[TITLES["2"]], b"accept=add:words_out:toiture", "application/x-www-form-urlencoded"
    )

    assert "Ne plus recevoir ce qui parle de « végétalisée »" in words
    assert "Cela aurait écarté 2 marchés que vous avez écartés, et aucun autre." in words
    assert buttons == [("opinion", "none"), ("accept", "add:words_out:végétalisée")]
    assert before["words_out"] == []
    assert "Le profil « Toits » est changé : ne plus recevoir ce qui parle de « végétalisée »." in done
    assert after == [("opinion", "none"), ("revert", "add:words_out:végétalisée")]
    assert profile(told)["words_out"] == ["végétalisée"]
    assert again[0] == 422


def test_an_accepted_change_can_be_taken_back_by_a_colleague(told, site, links):
    """
    His page shows what was changed, in his language, with a button for how it was before; twice is refused.
    """
    mine, other = links["bureau@legoff.example"], links["yann@legoff.example"]
    for title in (TITLES["1"], TITLES["2"]):
        words_and_fields(site, "POST", mine[title], opinion="not for us")
    words_and_fields(site, "POST", mine[TITLES["2"]], accept="add:words_out:végétalisée")
    words, buttons, _ = words_and_fields(site, "GET", other[TITLES["3"]])
    key = dict(buttons)["revert"]
    words_and_fields(site, "POST", other[TITLES["3"]], revert=key)
    again = site.ask(
        "POST", other[TITLES["3"]], urlencode({"revert": key}).encode(), "application/x-www-form-urlencoded"
    )

    assert "Kemmet eo ar profil « Toits »" in words
    assert profile(told)["words_out"] == []
    assert again[0] == 422


def profile(parts) -> dict:
    (found,) = [row for row in commands.list_profiles(parts=parts) if row["profile_id"] == "toits"]
    return found["criteria"]


def test_a_link_is_good_for_what_its_profile_was_told_and_for_nothing_else(told, site, links):
    """
    Another number, another profile's purchase, a number that is none: gone.  A link signed for something else, or by
    nobody, is refused.
    """
    address = links["bureau@legoff.example"][TITLES["1"]]
    start = address.rpartition("/")[0]
    for number in ("9999", "0", "x", "9" * 18, "9" * 40):
        words, buttons, _ = words_and_fields(site, "GET", f"{start}/{number}")
        assert (words.endswith("Il n’y a rien à faire."), buttons) == (True, [])
        assert words_and_fields(site, "POST", f"{start}/{number}", opinion="useful")[1] == []
    joiner = sign_profile_link(told.settings.secret, LinkPurpose.OPINION, 3, "bois")
    assert words_and_fields(site, "GET", f"/opinion/{joiner}/1")[1] == []
    leave = sign_profile_link(told.settings.secret, LinkPurpose.LEAVE, 1, "toits")
    assert site.ask("GET", f"/opinion/{leave}/1")[0] == 400
    assert (
        site.ask("POST", f"{start[:-1]}/1", b"opinion=useful", "application/x-www-form-urlencoded")[0] == 400
    )

    commands.erase_firm("le-goff", parts=told)

    assert words_and_fields(site, "GET", address)[1] == []
    assert commands.list_opinions(parts=told) == []


def test_each_item_has_one_link_of_the_recipients_own(links):
    """
    Three purchases, two recipients: six links.
    """
    assert {len(by_title) for by_title in links.values()} == {3}
    assert len({address for by_title in links.values() for address in by_title.values()}) == 6
