"""A digest says of each match whether it is for the firm, or perhaps, and why; nothing is hidden unasked."""

from __future__ import annotations

import pytest
from sqlalchemy import null, update

from alerting import commands
from alerting.store.tables import matches


PLAIN = ("1", "Toiture de l'école")
VISIT = ("2", "Toiture de la mairie, visite obligatoire")
MARKED = ("3", "Toiture du gymnase, qualification Qualibat")


@pytest.fixture
def tell(parts, authority, add_feed, rss, mails, tmp_path):
    """How to give a roofer a profile and read what it is told."""
    add_feed(parts, authority)
    authority.publish("/avis", rss(PLAIN, VISIT, MARKED))
    commands.add_firm("le-goff", "Couverture Le Goff", recipients=["yann@legoff.example"], parts=parts)

    def told(**criteria: object) -> str:
        profile = {"id": "toits", "name": "Toits", "words": ["toiture"], **criteria}
        commands.add_profile("le-goff", profile, parts=parts)
        commands.run_all(parts=parts)
        ((_, _, text),) = mails(tmp_path / "maildir")
        return " ".join(text.split())

    return told


def test_each_item_says_how_it_fits(tell, parts):
    """
    The verdict stands with each item, and ``why`` gives the same.
    """
    text = tell(qualifications=["Qualibat"])

    assert text.count("Pour vous, sans réserve") == 1
    assert "Pour vous, qui avez ce qui est demandé : Qualibat" in text
    assert "Peut-être, parce que : la visite est obligatoire" in text
    ((row,), (marked,)) = (commands.why("le-goff", number, parts=parts) for number in ("2", "3"))
    assert row["fit"] == {
        "verdict": "perhaps",
        "reasons": [
            {"kind": "visit", "label": "visite obligatoire", "words": "visite obligatoire", "is_met": False}
        ],
    }
    assert marked["fit"]["verdict"] == "for_you"


def test_what_a_profile_rules_out_is_not_told(tell, parts):
    """
    ``why`` names the words that ruled it out.
    """
    text = tell(fit_out=["visit"])

    assert "gymnase" in text
    assert "mairie" not in text
    (row,) = commands.why("le-goff", "2", parts=parts)
    assert (row["why"], row["fit"]) == (
        "fit: it asks what the profile does not want to hear of (visite obligatoire)",
        None,
    )


def test_a_match_from_before_there_was_a_fit_is_told_without(subscribed, authority, rss, mails, tmp_path):
    """
    A row of the release before: the digest comes, and says nothing of fit.
    """
    authority.publish("/avis", rss(PLAIN))
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=subscribed)
    with subscribed.database.begin() as connection:
        connection.execute(update(matches).values(fit=null()))

    commands.compose_digests(parts=subscribed)
    commands.deliver_digests(parts=subscribed)

    texts = [text for _, _, text in mails(tmp_path / "maildir")]
    assert all("Toiture de l'école" in text for text in texts)
    assert len(texts) == 2
    assert not any("Pour vous" in text or "Peut-être" in text for text in texts)
