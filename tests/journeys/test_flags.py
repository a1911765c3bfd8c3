"""Firms and profiles made by flags are the same as those of a file."""

from __future__ import annotations

import pytest

from alerting import commands
from alerting.errors import ProfileError, UnknownIdError


ECOLE = ("7", "Réfection de la toiture de l'école")
PORT = ("9", "Couverture du local du port")


def test_a_profile_made_by_flags_is_told(parts, authority, add_feed, rss, mails, tmp_path):
    """
    A firm and a profile by flags: the next run tells it what its words find, and not what is out.
    """
    add_feed(parts, authority)
    authority.publish("/avis", rss(ECOLE, PORT))
    commands.add_firm("le-goff", "Couverture Le Goff", recipients=["yann@legoff.example"], parts=parts)
    profile = {"id": "toits", "name": "Toits", "words": ["toiture", "couverture"], "words_out": ["port"]}

    report = commands.add_profile("le-goff", profile, parts=parts)
    commands.run_all(parts=parts)

    assert report == {"profile_id": "toits", "kept": [], "overruled": [], "waiting": 1}
    ((recipient, _, text),) = mails(tmp_path / "maildir")
    assert recipient == "yann@legoff.example"
    assert "toiture de l'école" in text
    assert "local du port" not in text


def test_a_second_profile_leaves_the_first_as_it_is(subscribed):
    """
    Adding to a firm ends nothing of it; only an import of its file does.
    """
    commands.match_profiles(parts=subscribed)
    report = commands.add_profile(
        "le-goff", {"id": "bardage", "name": "Bardage", "words": ["bardage"]}, parts=subscribed
    )
    added = commands.add_firm(
        "le-goff", "Le Goff et fille", recipients=["lena@legoff.example"], parts=subscribed
    )

    (firm,) = [row for row in commands.list_firms(parts=subscribed) if row["firm_id"] == "le-goff"]
    assert firm == {
        "firm_id": "le-goff", "name": "Le Goff et fille", "unconfirmed_since": None, "recipient_count": 3, "profiles": ["bardage", "toits"],
    }  # fmt: skip
    assert (report["waiting"], added["recipients"]) == (1, 3)


@pytest.mark.parametrize(
    ("firm_id", "profile", "line"),
    [
        ("nobody", {"id": "x", "name": "X", "words": ["toit"]}, "firm 'nobody': no firm of that id"),
        ("morvan", {"id": "toits", "name": "X", "words": ["toit"]}, "profile 'toits': the id is taken by firm 'le-goff'"),
        ("morvan", {"id": "x", "name": "X"}, "firm 'morvan', profile 'x': matches everything"),
        ("morvan", {"id": "x", "name": "X", "words": ["toit"], "kinds": ["award", "planning"]}, "firm 'morvan', profile 'x': kinds: expected 'call' among them (got award, planning: never told alone)"),
        ("morvan", {"id": "x", "name": "X", "words": ["toit"], "cadence": "hourly"}, "firm 'morvan', profile 'x': cadence: expected one of immediate, daily, weekly"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_line(subscribed, firm_id, profile, line):
    """
    The line names the firm, the profile, and what is wrong.
    """
    for do in (commands.check_profile, commands.add_profile):
        with pytest.raises((ProfileError, UnknownIdError)) as refused:
            do(firm_id, profile, parts=subscribed)
        assert str(refused.value).startswith(line)
        assert "\n" not in str(refused.value)


def test_a_profile_that_is_only_checked_is_not_saved(subscribed):
    """
    It is shown what it would bring before it is saved.
    """
    commands.check_profile("morvan", {"id": "x", "name": "X", "words": ["toit"]}, parts=subscribed)

    assert [row["profile_id"] for row in commands.list_profiles(parts=subscribed)] == ["bois", "toits"]


def test_a_file_with_a_profile_that_would_never_be_told_stores_nothing(parts, tmp_path):
    """
    Awards alone are never told: better a line now than a silent mailbox for ever.
    """
    path = tmp_path / "firms.toml"
    path.write_text(
        """
        [[firm]]
        id = "corre"
        name = "Couverture Corre"
        recipients = [{ email = "paul@corre.example" }]
        profile = [
          { id = "toits", name = "Toits", words = ["toit"], kinds = ["call", "award"] },
          { id = "veille", name = "Veille", words = ["toit"], kinds = ["award"] },
        ]
        """
    )

    with pytest.raises(ProfileError) as refused:
        commands.import_firms(str(path), parts=parts)

    line = "firm 'corre', profile 'veille': kinds: expected 'call' among them (got award: never told alone)"
    assert str(refused.value) == line
    assert commands.list_firms(parts=parts) == []


def test_a_file_brings_no_erased_firm_back(subscribed, firms_file):
    """
    The whole file is refused in one line; an operator who adds the firm by hand takes it in again.
    """
    commands.erase_firm("le-goff", parts=subscribed)
    with pytest.raises(ProfileError) as caught:
        commands.import_firms(firms_file, parts=subscribed)
    firms = [row["firm_id"] for row in commands.list_firms(parts=subscribed)]
    commands.add_firm("le-goff", "Couverture Le Goff", recipients=["yann@legoff.example"], parts=subscribed)

    assert str(caught.value) == "firm 'le-goff': expected a firm that was not erased (alerting firms add)"
    assert "le-goff" not in firms
    assert commands.import_firms(firms_file, parts=subscribed)["firms"] == 2
