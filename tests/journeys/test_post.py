"""What an operator does with outgoing mail: look, try dry, stop, brake, send once more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerting import bootstrap, commands
from alerting.errors import ChoiceError, OutputError, UnknownIdError
from alerting.store.tables import metadata


BOTH = ["bureau@legoff.example", "yann@legoff.example"]


def braked(parts, count: int):
    """Return parts that let so many mails out within an hour."""
    return replace(parts, post=replace(parts.post, mails_per_hour=count))


def everything(parts) -> list[list[tuple]]:
    """Return every row of every table."""
    with parts.database.begin() as connection:
        return [sorted(map(repr, connection.execute(table.select()))) for table in metadata.sorted_tables]


def arrived(parts, mails) -> list[str]:
    """Return the recipients of the maildir."""
    return [recipient for recipient, _, _ in mails(parts.settings.maildir)]


def test_deliveries_are_counted_by_state_and_shown_by_firm(queued):
    """
    Every state has its number; another firm has none of them.
    """
    before = commands.count_deliveries(parts=queued)
    commands.deliver_digests(parts=queued)

    nothing = dict.fromkeys(("queued", "claimed", "sent", "deferred", "failed", "suppressed", "in doubt"), 0)
    assert before == nothing | {"queued": 2}
    assert commands.count_deliveries(firm_id="le-goff", parts=queued) == nothing | {"sent": 2}
    assert commands.count_deliveries(firm_id="morvan", parts=queued) == nothing
    assert len(commands.list_deliveries(firm_id="le-goff", state="sent", parts=queued)) == 2
    assert commands.list_deliveries(firm_id="morvan", parts=queued) == []


def test_a_dry_run_says_what_would_leave_and_changes_nothing(queued, mails):
    """
    Who is suppressed and who is beyond the hour's limit is said beforehand; no row changes, no mail leaves.
    """
    commands.add_suppression("yann@legoff.example", why="asked by phone", parts=queued)
    before = everything(queued)
    rows = commands.preview_deliveries(parts=queued)

    assert everything(queued) == before
    assert arrived(queued, mails) == []
    assert [(row["recipient"], row["leaves"], row["why_not"]) for row in rows] == [
        ("yann@legoff.example", False, "asked by phone"),
        ("bureau@legoff.example", True, None),
    ]
    assert {row["subject"] for row in rows} == {rows[0]["subject"]}
    assert "Toits" in rows[0]["subject"]


def test_a_dry_run_says_what_the_list_the_limit_and_an_order_hold_back(queued, settings, clock):
    """
    Over SMTP Yann alone is on the list; of two mails one may leave within the hour; then mail is stopped.
    """
    with_yann = replace(
        settings, smtp_url="smtp+plain://127.0.0.1:9", recipients_allowed=("yann@legoff.example",)
    )
    over_smtp = bootstrap.build(with_yann, now=clock)
    unlisted = commands.preview_deliveries(parts=over_smtp)
    limited = commands.preview_deliveries(parts=braked(queued, 1))
    commands.stop_mail(why="wrong template", parts=queued)
    stopped = commands.preview_deliveries(parts=queued)
    over_smtp.close()

    assert {row["recipient"]: row["why_not"] for row in unlisted} == {
        "yann@legoff.example": None,
        "bureau@legoff.example": "the recipient is not on the list of allowed recipients",
    }
    assert [row["why_not"] for row in limited] == [None, "held: 1 mail may leave within an hour"]
    assert [row["why_not"] for row in stopped] == ["stopped: wrong template"] * 2


@pytest.mark.usefixtures("queued")
def test_mails_wait_while_nobody_may_get_any(settings, clock):
    """
    A list that was never written loses no mail: the report and the dry run say why they wait.
    """
    parts = bootstrap.build(replace(settings, smtp_url="smtp+plain://127.0.0.1:9"), now=clock)
    why = "ALERTING_RECIPIENTS_ALLOWED names nobody"

    foreseen = commands.preview_deliveries(parts=parts)
    report = commands.deliver_digests(parts=parts)
    parts.close()

    assert [row["why_not"] for row in foreseen] == [why] * 2
    assert (report["suppressed"], report["waiting"], report["held"]) == (0, 2, why)


def test_the_brake_lets_so_many_mails_out_within_an_hour_and_goes_on_by_itself(queued, mails, clock):
    """
    The second mail waits, the report says why and until when; an hour later it leaves with the next run.
    """
    parts = braked(queued, 1)
    first = commands.deliver_digests(parts=parts)
    clock.go_on(minutes=30)
    too_early = commands.deliver_digests(parts=parts)
    clock.go_on(minutes=31)
    later = commands.recover(parts=parts)

    held = "1 mail left within an hour, 1 may; goes on by itself from 2026-03-02T08:00+00:00"
    assert (first["sent"], first["waiting"], first["held"]) == (1, 1, held)
    assert (too_early["sent"], too_early["waiting"], too_early["held"]) == (0, 1, held)
    assert (later["to_deliver"], later["waiting"]) == (1, 0)
    assert sorted(arrived(queued, mails)) == BOTH


def test_an_operator_stops_all_mail_and_releases_it(queued, mails):
    """
    Nothing leaves while the order stands, and all of it afterwards; giving it twice is giving it once.
    """
    stopped = commands.stop_mail(why="wrong template", parts=queued)
    again = commands.stop_mail(why="another reason", parts=queued)
    held = commands.deliver_digests(parts=queued)
    nothing = arrived(queued, mails)
    released = commands.release_mail(parts=queued)
    twice = commands.release_mail(parts=queued)
    report = commands.deliver_digests(parts=queued)

    assert (stopped["is_new"], again["is_new"], again["reason"]) == (True, False, "wrong template")
    with pytest.raises(ChoiceError, match="expected a reason"):
        commands.stop_mail(why=" ", parts=queued)
    assert (held["sent"], held["waiting"], held["held"]) == (0, 2, "stopped: wrong template")
    assert nothing == []
    assert (released["was_stopped"], twice["was_stopped"], released["waiting"]) == (True, False, 2)
    assert (report["sent"], report["held"]) == (2, None)


def test_a_digest_is_sent_once_more_to_one_recipient(queued, mails):
    """
    As a mail of its own: another Message-ID, another row; and once more, if asked.
    """
    commands.deliver_digests(parts=queued)
    [digest_id] = {row["digest_id"] for row in commands.list_deliveries(parts=queued)}

    first = commands.replay_digest(digest_id, to="Yann@LeGoff.example", parts=queued)
    second = commands.replay_digest(digest_id, to="yann@legoff.example", parts=queued)
    report = commands.deliver_digests(parts=queued)

    rows = commands.list_deliveries(state="sent", parts=queued)
    assert (first["replay_number"], second["replay_number"], second["waiting"]) == (1, 2, 2)
    assert report["sent"] == 2
    assert sorted((row["recipient"], row["replay_number"]) for row in rows) == [
        ("bureau@legoff.example", 0),
        ("yann@legoff.example", 0),
        ("yann@legoff.example", 1),
        ("yann@legoff.example", 2),
    ]
    assert len({row["message_id"] for row in rows}) == 4
    assert arrived(queued, mails) == ["bureau@legoff.example", *["yann@legoff.example"] * 3]


def test_a_digest_is_sent_to_nobody_else(queued):
    """
    An address of another firm, of nobody, and a digest that does not exist are one line each.
    """
    [digest_id] = {row["digest_id"] for row in commands.list_deliveries(parts=queued)}

    for email in ("anne@morvan.example", "nobody@legoff.example"):
        with pytest.raises(UnknownIdError) as caught:
            commands.replay_digest(digest_id, to=email, parts=queued)
        assert str(caught.value) == f"digest {digest_id}: nobody of its firm has the address {email!r}"
    with pytest.raises(UnknownIdError, match=r"^digest 4711: no digest of that number$"):
        commands.replay_digest(4711, to="yann@legoff.example", parts=queued)


def test_a_replay_respects_who_may_get_mail(queued, mails):
    """
    A recipient who left gets nothing by a replay either.
    """
    commands.deliver_digests(parts=queued)
    [digest_id] = {row["digest_id"] for row in commands.list_deliveries(parts=queued)}
    commands.add_suppression("yann@legoff.example", why="asked by phone", parts=queued)
    commands.replay_digest(digest_id, to="yann@legoff.example", parts=queued)

    report = commands.deliver_digests(parts=queued)

    assert (report["sent"], report["suppressed"]) == (0, 1)
    assert len(arrived(queued, mails)) == 2


@pytest.mark.usefixtures("queued")
def test_a_digest_is_printed_on_one_sheet(queued, tmp_path):
    """
    A page in a file, in the language that is asked for; no such digest, or no such folder, is one line.
    """
    [digest_id, *_] = {row["digest_id"] for row in commands.list_deliveries(parts=queued)}
    page = tmp_path / "sheet.html"

    report = commands.print_digest(digest_id, page=str(page), language_code="en", parts=queued)

    assert report == {"digest_id": digest_id, "page": str(page)}
    assert '<html lang="en">' in page.read_text()
    assert "Deadline" in page.read_text()
    with pytest.raises(UnknownIdError, match=r"^digest 0: no digest of that number$"):
        commands.print_digest(0, page=str(page), parts=queued)
    with pytest.raises(UnknownIdError, match=r"^language 'xx': expected one of fr, en, br$"):
        commands.print_digest(digest_id, page=str(page), language_code="xx", parts=queued)
    with pytest.raises(OutputError):
        commands.print_digest(digest_id, page=str(tmp_path / "no" / "sheet.html"), parts=queued)
