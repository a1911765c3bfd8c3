"""Why: an operator who is asked by a firm finds what decided, told or not."""

from __future__ import annotations

from datetime import date

import pytest

from alerting import bootstrap, commands
from alerting.domain.criteria import Criteria
from alerting.domain.notice import Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import ProcedureState
from alerting.errors import ProfileError, StoreOutdatedError, UnknownIdError, UnstorableError
from alerting.settings import read_settings
from alerting.store import enrolments, firms, procedures


TOITURE = ("7", "Réfection de la toiture de l'école")
SOLS = ("8", "Sols souples de la crèche")


@pytest.fixture
def told(subscribed, authority, rss):
    """Parts over which two notices have run."""
    authority.publish("/avis", rss(TOITURE, SOLS))
    commands.run_all(parts=subscribed)
    return subscribed


def answer(parts, notice: str, profile: str = "toits") -> tuple[bool, str, str | None]:
    """Return whether a profile of the roofers matches, why, and why it was not told."""
    (row,) = [row for row in commands.why("le-goff", notice, parts=parts) if row["profile_id"] == profile]
    return row["matches"], row["why"], row["not_told"]


def test_what_met_and_what_was_refused_is_said(told):
    """
    The word that met; and for the other notice that nothing of the profile stands in it.
    """
    assert answer(told, "7") == (True, "words: toiture", None)
    assert answer(told, "8") == (
        False,
        "topic: no trade, code or word of the profile stands in it, or not clearly enough",
        None,
    )


def test_a_place_that_was_refused_is_named(told):
    """
    A notice that states no place, for a profile that does not let that pass.
    """
    commands.add_profile(
        "le-goff", {"id": "ici", "name": "Ici", "words": ["toiture"], "pass_unknown": False, "departements": ["35"]},
        parts=told,
    )  # fmt: skip

    assert answer(told, "7", "ici") == (
        False,
        "place: not stated, and the profile does not let that pass",
        None,
    )


def test_what_would_have_let_a_notice_through_is_said(told):
    """
    For the place that is not stated a change of the profile; for floors, what a roofer's profile cannot be.
    """
    commands.add_profile(
        "le-goff", {"id": "ici", "name": "Ici", "words": ["toiture"], "words_out": ["école"], "pass_unknown": False, "departements": ["35"]},
        parts=told,
    )  # fmt: skip

    rows = {row["profile_id"]: row for row in commands.why("le-goff", "7", parts=told)}
    floors = {row["profile_id"]: row for row in commands.why("le-goff", "8", parts=told)}

    assert rows["ici"]["changes"] == [
        {"field": "words_out", "act": "remove", "value": "école"},
        {"field": "pass_unknown", "act": "set", "value": 1},
    ]
    assert rows["ici"]["would_match"] == (
        "the word 'école' would have to leave the excluded words; what a notice does not state would have to pass"
    )
    assert rows["toits"]["would_match"] is None
    assert floors["toits"]["would_match"] == (
        "nothing sensible: it asks for another trade (Carrelage, revêtements de sols)"
    )


def test_what_matches_and_was_not_told_says_what_holds_it(told):
    """
    A weekly profile that had its first digest: the next one waits for its hour.
    """
    weekly = {"id": "semaine", "name": "Semaine", "words": ["toiture"], "cadence": "weekly"}
    commands.add_profile("le-goff", weekly, parts=told)
    before = answer(told, "7", "semaine")
    commands.match_profiles(parts=told)
    after = answer(told, "7", "semaine")

    assert before[2] == "it waits to be matched"
    assert after[2] == "it waits for the profile's next digest"


PLUMBING_IN_VANNES = (
    Lot("1", "Plomberie", places=(Place(departement="56"),)),
    Lot("2", "Peinture", places=(Place(departement="35"),)),
)
WITH_ASBESTOS = (Lot("1", "Plomberie et désamiantage"), Lot("2", "Peinture"))


@pytest.mark.parametrize(
    ("asked", "lots", "said", "change"),
    [
        pytest.param(
            {"departements": ["35"]},
            PLUMBING_IN_VANNES,
            "place: the place is not wanted (lot 1: 56)",
            "56",
            id="out of place",
        ),
        pytest.param(
            {"words_out": ["désamiantage"]},
            WITH_ASBESTOS,
            "words_out: a word stands in it that is ruled out (lot 1: désamiantage)",
            "désamiantage",
            id="not wanted",
        ),
    ],
)
def test_what_threw_out_a_lot_is_named_as_what_would_have_to_change(subscribed, asked, lots, said, change):
    """
    The rule that decided and the change that would undo it are one.
    """
    commands.add_profile(
        "le-goff", {"id": "tuyaux", "name": "Tuyaux", "trades": ["plombier"], **asked}, parts=subscribed
    )
    notice = Notice("any", "9", None, NoticeKind.CALL, "Rénovation de deux écoles", lots=lots)
    with subscribed.database.begin() as connection:
        number = procedures.add_procedure(
            connection, view=notice, state=ProcedureState.OPEN, now=subscribed.now()
        )

    rows = {row["profile_id"]: row for row in commands.why("le-goff", str(number), parts=subscribed)}

    assert rows["tuyaux"]["why"] == said
    assert [one["value"] for one in rows["tuyaux"]["changes"]] == [change]


def test_a_change_that_lets_in_what_is_over_says_that_it_would_not_be_told(subscribed):
    """
    A firm that adds the kind hears of no purchase that it was not told while it was open.
    """
    notice = Notice("any", "9", None, NoticeKind.CANCELLATION, "Toiture de l'école")
    with subscribed.database.begin() as connection:
        number = procedures.add_procedure(
            connection, view=notice, state=ProcedureState.CANCELLED, now=subscribed.now()
        )

    (row,) = commands.why("le-goff", str(number), parts=subscribed)

    assert row["why"] == "kind: notices of this kind are not wanted (cancellation)"
    assert row["would_match"] == "add the kind cancellation (and not be told: the procedure is cancelled)"


def test_an_argument_that_is_no_text_is_refused_in_one_line(run_alerting, settings):
    """
    A file's name may be any bytes, a firm's id not.
    """
    refused = run_alerting(settings, "why", "le-goff\udcff", "7")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "alerting: an argument is no UTF-8 (got 'le-goff\\udcff')\n"


def test_a_profile_of_which_nothing_exists_says_so(told):
    """
    Its commune merged away since: nothing of this notice is to blame.
    """
    commands.add_profile(
        "le-goff", {"id": "ici", "name": "Ici", "words": ["toiture"], "communes": ["Redon"]}, parts=told
    )
    with told.database.begin() as connection:
        firms.change_criteria(connection, "ici", Criteria(words=("toiture",), communes=("35999",)))

    assert answer(told, "7", "ici") == (
        False,
        "profile: no notice can match it: none of its places exists: nothing is met",
        None,
    )


def test_what_holds_a_profile_back_is_said(told, clock):
    """
    A pause, and one without catching up after it; addresses that may not be mailed; a firm that is asked still.
    """
    weekly = {"id": "semaine", "name": "Semaine", "words": ["toiture"], "cadence": "weekly"}
    commands.add_profile("le-goff", weekly, parts=told)
    commands.pause_profile("semaine", until=date(2026, 6, 1), catches_up=False, parts=told)
    commands.match_profiles(parts=told)
    paused = answer(told, "7", "semaine")[2]
    clock.go_on(days=150)
    left_out = answer(told, "7", "semaine")[2]
    commands.resume_profile("semaine", catches_up=True, parts=told)
    waiting = answer(told, "7", "semaine")[2]
    for address in ("yann@legoff.example", "bureau@legoff.example"):
        commands.add_suppression(address, why="phoned", parts=told)
    suppressed = [answer(told, "7", profile)[2] for profile in ("semaine", "toits")]
    with told.database.begin() as connection:
        enrolments.let_rest(connection, "le-goff", now=told.now())
    unconfirmed = answer(told, "7", "semaine")[2]

    assert paused == "the profile is paused until 2026-06-01"
    assert left_out == "it came up in a pause whose notices are not made up for"
    assert waiting == "it waits for the profile's next digest"
    assert suppressed == ["its addresses are suppressed (phoned)"] * 2
    assert unconfirmed == "the firm has not confirmed"


def test_what_a_pause_left_out_is_what_compose_leaves_out(told, clock):
    """
    Both came up in a pause without catching up, the school's roof matched in it, the nursery's floor since the
    profile is wider: why says it of each before the digest does.
    """
    weekly = {"id": "semaine", "name": "Semaine", "words": ["toiture"], "cadence": "weekly"}
    commands.add_profile("le-goff", weekly, parts=told)
    commands.pause_profile("semaine", until=date(2026, 3, 9), catches_up=False, parts=told)
    commands.match_profiles(parts=told)
    clock.go_on(days=8)
    commands.add_profile("le-goff", weekly | {"words": ["toiture", "sols souples"]}, parts=told)

    unmatched = [answer(told, notice, "semaine")[2] for notice in ("7", "8")]
    commands.match_profiles(parts=told)
    matched = [answer(told, notice, "semaine")[2] for notice in ("7", "8")]
    clock.go_on(days=7)
    commands.compose_digests(parts=told)
    by_profile = [row for row in commands.list_tellings(parts=told) if row["profile_id"] == "semaine"]

    left_out = "it came up in a pause whose notices are not made up for"
    assert unmatched == [left_out, "it waits to be matched"]
    assert matched == [left_out, "it waits for the profile's next digest"]
    assert [row["title"] for row in by_profile] == [SOLS[1]]


def test_a_file_does_not_take_another_firms_profile(subscribed, tmp_path):
    """
    The refusal names the profile and its firm; nothing of the file is stored.
    """
    path = tmp_path / "more.toml"
    path.write_text(
        '[[firm]]\nid = "corre"\nname = "Corre"\nrecipients = [{ email = "paul@corre.example" }]\n'
        'profile = [{ id = "toits", name = "X", words = ["toiture"] }]\n'
    )
    with pytest.raises(ProfileError, match="profile 'toits': the id is taken by firm 'le-goff'"):
        commands.import_firms(str(path), parts=subscribed)

    assert [row["firm_id"] for row in commands.list_firms(parts=subscribed)] == ["le-goff", "morvan"]


def test_what_no_row_has_is_one_line(subscribed, tmp_path):
    """
    Unknown feeds and documents, numbers that no id reaches, and files that are not there.
    """
    with pytest.raises(UnknownIdError, match="feed 'nobody': no feed of that id"):
        commands.replay_documents(feed_id="nobody", parts=subscribed)
    with pytest.raises(UnknownIdError, match="document 99: no document of that number"):
        commands.replay_documents(document_id=99, parts=subscribed)
    with pytest.raises(UnstorableError):
        commands.split_notice(10**20, why="x", parts=subscribed)
    with pytest.raises(UnknownIdError, match=r"^'': no such file or folder$"):
        commands.link_notices([""])
    with pytest.raises(UnknownIdError, match="no such file or folder"):
        commands.link_notices([str(tmp_path / "nothing.xml")])


def test_a_feed_name_and_a_pace_have_bounds(parts):
    """
    A name goes into log lines and addresses; a pace of centuries is a slip.
    """
    for facts in ({"feed_id": ""}, {"feed_id": "a b/.."}, {"poll_seconds": 10**11}, {"format": "nonsense"}):
        with pytest.raises(ProfileError):
            commands.add_feed(
                **{"feed_id": "x", "authority": "K", "url": "https://a.example", **facts}, parts=parts
            )


def test_a_database_without_our_tables_says_what_to_run(settings, empty_database_url):
    """
    One line that names the command, not a bug.
    """
    environment = {"DATABASE_URL": empty_database_url, "ALERTING_SECRET": settings.secret}
    parts = bootstrap.build(read_settings(environment))
    with pytest.raises(StoreOutdatedError, match="run: alerting db migrate"):
        commands.count_waiting(parts=parts)
    parts.close()


def test_a_path_without_end_is_refused_unread():
    """
    A device, a folder's pipe: only regular files of a bounded size are read.
    """
    (report,) = commands.check_feeds(["/dev/zero"])

    assert (report["outcome"], report["rejects"][0]["problem"]) == (
        "refused",
        "no regular file; expected a document",
    )


def test_a_number_that_no_row_can_have_names_nothing(subscribed):
    """
    In words, not in those of the database.
    """
    number = "9" * 23
    with pytest.raises(UnknownIdError, match="no notice or procedure of that id is stored"):
        commands.why("le-goff", number, parts=subscribed)
    with pytest.raises(UnknownIdError, match="no notice or procedure of that id is stored"):
        commands.show_notices(number, parts=subscribed)
