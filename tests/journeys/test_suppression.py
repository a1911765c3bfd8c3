"""A mail that is queued does not leave for who is no longer to get it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from alerting import commands
from alerting.domain.suppression import SuppressionKind
from alerting.errors import ProfileError, UnknownIdError
from alerting.store import suppressions
from tests.journeys.test_delivery import served_parts, server


__all__ = ["served_parts", "server"]


FIRM = """
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [{{ email = "{email}" }}]
profile = [{{ id = "{profile}", name = "Toits", words = ["toiture"], cadence = "immediate" }}]
"""


def suppress(parts, email: str, *, profile_id: str | None = None) -> None:
    """Order not to mail an address, as an unsubscription or a refusal does."""
    with parts.database.begin() as connection:
        suppressions.add_suppression(
            connection,
            email,
            kind=SuppressionKind.UNSUBSCRIBED,
            reason="asked to leave",
            profile_id=profile_id,
            now=parts.now(),
        )


def outcomes(parts) -> dict[str, tuple[str, str]]:
    """Return state and answer by recipient, an answer of the transport as "kept"."""
    rows = commands.list_deliveries(parts=parts)
    return {row["recipient"]: (row["state"], row["answer"].partition(" as ")[0]) for row in rows}


def imported(parts, folder, **facts: str) -> None:
    """Import the firm again, changed."""
    path = folder / "changed.toml"
    path.write_text(FIRM.format(**{"email": "yann@legoff.example", "profile": "toits"} | facts))
    commands.import_firms(str(path), parts=parts)


@pytest.mark.parametrize("profile_id", [None, "toits"])
def test_an_address_that_is_suppressed_after_its_mail_was_queued_gets_nothing(queued, mails, profile_id):
    """
    The order stands when the mail would leave, whatever it was when the digest was composed.
    """
    suppress(queued, "Yann@legoff.example", profile_id=profile_id)

    report = commands.deliver_digests(parts=queued)

    assert (report["sent"], report["suppressed"], report["waiting"]) == (1, 1, 0)
    assert outcomes(queued) == {
        "yann@legoff.example": ("suppressed", "asked to leave"),
        "bureau@legoff.example": ("sent", "kept"),
    }
    assert [recipient for recipient, _, _ in mails(queued.settings.maildir)] == ["bureau@legoff.example"]


def test_an_order_about_another_profile_holds_nothing_back(queued):
    """
    Who left one profile still gets the other.
    """
    suppress(queued, "yann@legoff.example", profile_id="bois")

    assert commands.deliver_digests(parts=queued)["sent"] == 2


def test_a_recipient_who_left_the_firm_gets_nothing(queued, tmp_path):
    """
    The firm's file names the office no more: its mail stays, the other leaves.
    """
    imported(queued, tmp_path)

    commands.deliver_digests(parts=queued)

    assert outcomes(queued) == {
        "yann@legoff.example": ("sent", "kept"),
        "bureau@legoff.example": ("suppressed", "the recipient is one of the firm no longer"),
    }


def test_a_profile_that_ended_tells_nothing_more(queued, tmp_path):
    """
    The firm's file has another profile in its place.
    """
    imported(queued, tmp_path, profile="ardoise")

    commands.deliver_digests(parts=queued)

    assert outcomes(queued)["yann@legoff.example"] == ("suppressed", "the profile has ended")


def test_an_operator_gives_and_lifts_an_order(queued, mails):
    """
    The address gets nothing while the order stands; lifted, what is queued leaves.  Each is kept with its
    reason, and what does not stand cannot be lifted.
    """
    commands.add_suppression("Yann@legoff.example", why="asked by telephone", parts=queued)
    again = commands.add_suppression("yann@legoff.example", why="asked again", parts=queued)
    [standing] = commands.list_suppressions(parts=queued)
    commands.lift_suppression("yann@legoff.example", why="he changed his mind", parts=queued)
    commands.deliver_digests(parts=queued)

    assert again["suppression_id"] is None
    assert (standing["email"], standing["kind"]) == ("yann@legoff.example", "operator")
    assert commands.list_suppressions(parts=queued) == []
    [ended] = commands.list_suppressions(with_ended=True, parts=queued)
    assert (ended["reason"], ended["ended_reason"]) == ("asked by telephone", "he changed his mind")
    assert len(mails(queued.settings.maildir)) == 2
    with pytest.raises(UnknownIdError) as caught:
        commands.lift_suppression("yann@legoff.example", why="again", parts=queued)
    assert str(caught.value) == "address 'yann@legoff.example': no suppression in general stands"
    with pytest.raises(ProfileError) as caught:
        commands.add_suppression("yann", why="typing", parts=queued)
    assert str(caught.value) == "suppression: expected a bare address name@domain (got 'yann')"


def test_the_stronger_reason_stands(subscribed):
    """
    A bounce gives way to a complaint, a complaint to nothing.
    """
    with subscribed.database.begin() as connection:
        for kind in (
            SuppressionKind.HARD_BOUNCE,
            SuppressionKind.COMPLAINT,
            SuppressionKind.HARD_BOUNCE,
            SuppressionKind.COMPLAINT,
        ):
            suppressions.add_suppression(
                connection, "yann@legoff.example", kind=kind, reason=kind.value, now=subscribed.now()
            )

    rows = commands.list_suppressions(with_ended=True, parts=subscribed)

    assert [(row["kind"], row["ended_reason"]) for row in rows] == [
        ("complaint", None),
        ("hard bounce", "a stronger one: complaint"),
    ]


def test_an_order_about_a_profile_that_nobody_knows_is_refused(subscribed):
    """
    A slip in the id would leave the mails going on, and the operator believing otherwise.
    """
    with pytest.raises(UnknownIdError, match="profile 'tiots': no profile of that id"):
        commands.add_suppression("yann@legoff.example", why="by phone", profile_id="tiots", parts=subscribed)


def test_deliveries_and_opinions_of_a_firm_that_nobody_knows_are_refused(subscribed):
    """
    "None" would say that the firm got nothing.
    """
    for ask in (commands.list_deliveries, commands.count_deliveries, commands.list_opinions):
        with pytest.raises(UnknownIdError, match="firm 'le-gof': no firm of that id"):
            ask(firm_id="le-gof", parts=subscribed)


def test_what_ends_by_a_file_is_named(subscribed, tmp_path):
    """
    The file has another recipient and another profile: the ones it leaves out end, and the report says which.
    """
    path = tmp_path / "firm.toml"
    path.write_text(
        """
        [[firm]]
        id = "le-goff"
        name = "Le Goff"
        recipients = [{ email = "yann@legoff.example" }]
        profile = [{ id = "murs", name = "Murs", words = ["mur"] }]
        """
    )

    assert commands.import_firms(str(path), parts=subscribed)["ended"] == ["bureau@legoff.example", "toits"]


def test_what_came_up_while_nobody_could_be_mailed_is_told_afterwards(subscribed, authority, rss, mails_in):
    """
    Once, in one mail, and only what can be answered still; a firm whose colleague was mailed hears nothing
    again.
    """
    for email in ("yann@legoff.example", "bureau@legoff.example"):
        suppress(subscribed, email)
    authority.publish("/avis", rss(("1", "Toiture de l'école"), ("2", "Toiture du gymnase")))
    held = commands.run_all(parts=subscribed)
    commands.lift_suppression("bureau@legoff.example", why="the mailbox is back", parts=subscribed)
    back = commands.run_all(parts=subscribed)
    commands.lift_suppression("yann@legoff.example", why="his too", parts=subscribed)
    later = commands.run_all(parts=subscribed)

    assert [report["compose"]["tellings"] for report in (held, back, later)] == [0, 2, 0]
    assert [report["deliver"]["sent"] for report in (held, back, later)] == [0, 1, 0]
    (mail,) = mails_in(subscribed.settings.maildir)
    assert mail["To"] == "bureau@legoff.example"


def test_who_left_one_profile_is_told_of_the_firms_other_one(queued, authority, rss, clock, mails_in):
    """
    Both readers left the first: what comes up for the second reaches them, and nothing of the first does.
    """
    for email in ("yann@legoff.example", "bureau@legoff.example"):
        suppress(queued, email, profile_id="toits")
    wood = {"id": "charpente", "name": "Charpente", "words": ["charpente"], "cadence": "immediate"}
    commands.add_profile("le-goff", wood, parts=queued)
    authority.publish("/avis", rss(("8", "Charpente du lavoir"), ("9", "Toiture du gymnase")))
    clock.go_on(minutes=10)

    report = commands.run_all(parts=queued)

    assert (report["compose"]["tellings"], report["deliver"]["sent"]) == (1, 2)
    assert all("lavoir" in str(mail) for mail in mails_in(queued.settings.maildir))


BOTH = ("yann@legoff.example", "bureau@legoff.example")


def pause(parts, clock, *, days: int) -> None:
    """Let soft bounces suppress both readers for some days."""
    with parts.database.begin() as connection:
        for email in BOTH:
            suppressions.add_suppression(
                connection,
                email,
                kind=SuppressionKind.SOFT_BOUNCES,
                reason="bounced on several days",
                now=clock(),
                until_at=clock() + timedelta(days=days),
            )


def test_what_a_pause_of_both_readers_held_back_leaves_when_the_pause_is_over(queued, clock):
    """
    Queued before it, held back by it, sent once after it; the digest counts as told throughout.
    """
    pause(queued, clock, days=7)
    held = commands.deliver_digests(parts=queued)
    clock.go_on(days=6)
    commands.recover(parts=queued)
    within = outcomes(queued)
    clock.go_on(days=2)
    commands.recover(parts=queued)
    after = outcomes(queued)
    again = commands.run_all(parts=queued)

    assert (held["sent"], held["suppressed"]) == (0, 2)
    assert within == dict.fromkeys(BOTH, ("suppressed", "bounced on several days"))
    assert after == dict.fromkeys(BOTH, ("sent", "kept"))
    assert (again["compose"]["tellings"], again["deliver"]["sent"]) == (0, 0)


def test_who_can_be_mailed_again_first_gets_what_waited_and_the_other_no_second_one(queued, clock, mails_in):
    """
    Lifted by hand before its end: what waited leaves with the next run, to him alone, as what came up meanwhile
    would.
    """
    pause(queued, clock, days=7)
    commands.deliver_digests(parts=queued)
    lifted = commands.lift_suppression("bureau@legoff.example", why="it is empty again", parts=queued)
    first = commands.deliver_digests(parts=queued)
    clock.go_on(days=8)
    commands.recover(parts=queued)

    assert (lifted["waiting"], first["sent"]) == (1, 1)
    assert [mail["To"] for mail in mails_in(queued.settings.maildir)] == ["bureau@legoff.example"]


@pytest.mark.parametrize(("day", "leaves"), [(4, 0), (20, 2)])
def test_what_was_held_back_leaves_only_while_something_of_it_can_be_answered(queued, clock, day, leaves):
    """
    The last day of its only purchase was within the pause, or is still to come.
    """
    last_day = datetime(2026, 3, day, 12, tzinfo=UTC).isoformat()
    changed = "jsonb_set(content, '{items,0,notice,deadline_at}', to_jsonb(CAST(:day AS text)))"
    with queued.database.begin() as connection:
        connection.execute(text(f"UPDATE digests SET content = {changed}"), {"day": last_day})
    pause(queued, clock, days=7)
    commands.deliver_digests(parts=queued)
    clock.go_on(days=8)

    assert commands.recover(parts=queued)["to_deliver"] == leaves
    assert [state for state, _ in outcomes(queued).values()].count("sent") == leaves


def test_an_order_that_is_lifted_while_its_mail_is_being_held_back_loses_none(served_parts, server):
    """
    Read as standing, lifted before that is recorded: the mail leaves with the same run.
    """
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=served_parts)
    commands.compose_digests(parts=served_parts)
    suppress(served_parts, "yann@legoff.example")
    server.rcpt = {"bureau@legoff.example": "550 5.7.1 blocked"}

    def lift() -> None:
        server.on_rcpt = lambda: None
        commands.lift_suppression("yann@legoff.example", why="a mistake", parts=served_parts)

    server.on_rcpt = lift
    report = commands.deliver_digests(parts=served_parts)

    assert (report["sent"], report["failed"]) == (1, 1)
    assert server.accepted == ["yann@legoff.example"]


def test_what_a_colleague_was_to_have_and_did_not_get_after_all_leaves_to_who_waits(
    served_parts, server, clock
):
    """
    Yann's order ends while the office's mail is put off; two days later that is given up: nobody of the firm had the
    digest, so Yann gets it.
    """
    server.rcpt = {"bureau@legoff.example": "451 4.3.2 overloaded"}
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=served_parts)
    commands.compose_digests(parts=served_parts)
    suppress(served_parts, "yann@legoff.example")
    commands.deliver_digests(parts=served_parts)
    commands.lift_suppression("yann@legoff.example", why="a mistake", parts=served_parts)
    while_it_may_leave = commands.deliver_digests(parts=served_parts)
    clock.go_on(days=3)
    given_up = commands.deliver_digests(parts=served_parts)

    assert (while_it_may_leave["sent"], given_up["failed"], given_up["sent"]) == (0, 1, 1)
    assert server.accepted == ["yann@legoff.example"]
