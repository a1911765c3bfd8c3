"""The link of a mail that opens it in a browser: nothing is left out, and it closes with the firm."""

from __future__ import annotations

import re

import pytest

from alerting import commands
from alerting.delivery.tokens import LinkPurpose, sign_profile_link
from tests.journeys.test_subscription_pages import served


TITLES = {str(number): f"Toiture de l'école numéro {number}" for number in range(1, 5)}


@pytest.fixture
def told(tell):
    """Four purchases told in a mail that shows one of them in full; one of the readers reads Breton."""
    return tell(TITLES, "item_limit = 1")


@pytest.fixture
def site(told):
    with served(told) as site:
        yield site


@pytest.fixture
def addresses(told, mails_in):
    """Each reader's link to the page, as both faces of the mail have it: below what it shows no more, and at its end."""
    found = {}
    for mail in mails_in(told.settings.maildir):
        faces = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
        links = [link for face in faces for link in re.findall(r"https?://[^\s\"]+/digest/[^\s\"]+", face)]
        assert len(links) == 4
        [found[str(mail["To"])]] = set(links)
    return found


def words_of(site, address: str) -> str:
    return " ".join(site.page("GET", address).words.split())


def test_what_a_mail_has_no_room_for_stands_on_its_page(told, site, addresses):
    """
    In the language of who got the mail; it may be read again and again, and nothing comes of it.
    """
    french, breton = (words_of(site, addresses[f"{name}@legoff.example"]) for name in ("bureau", "yann"))

    assert [title for title in TITLES.values() if title not in french or title not in breton] == []
    assert "4 nouveaux marchés" in french
    assert "Termen diwezhañ" in breton
    assert words_of(site, addresses["bureau@legoff.example"]) == french
    assert commands.run_all(parts=told)["deliver"]["sent"] == 0


def test_a_page_is_shown_by_its_own_link_alone(told, site, addresses):
    """
    A damaged link, or one signed to do something else, shows nothing; and it is a page to read, not a form to send.
    """
    address = addresses["bureau@legoff.example"]
    other = sign_profile_link(told.settings.secret, LinkPurpose.LEAVE, 1, "toits")

    assert site.ask("GET", address[:-2])[0] == 400
    assert site.ask("GET", f"{address.rpartition('/')[0]}/{other}")[0] == 400
    assert site.ask("POST", address, b"", "application/x-www-form-urlencoded")[0] == 405


def test_a_page_closes_with_the_firm(told, site, addresses):
    """
    Who is erased leaves nothing to read behind, and the link says so in one sentence.
    """
    commands.erase_firm("le-goff", parts=told)
    status, _, text = site.ask("GET", addresses["bureau@legoff.example"])

    assert status == 410
    assert "Ce message ne peut plus être lu ici" in text
    assert not any(title in text for title in TITLES.values())
