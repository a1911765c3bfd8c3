"""The log has ids and counts: no address, no signed link, nothing of a mail, whatever breaks."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alerting import bootstrap, commands
from alerting.delivery.tokens import LinkPurpose


@pytest.fixture
def log():
    """What our own log writes; afterwards it is written as before."""
    before = structlog.get_config()
    stream = io.StringIO()
    bootstrap.write_log(stream)
    yield stream
    structlog.configure(**before)


def test_a_mail_that_cannot_be_written_is_told_without_anything_of_it(queued, settings, run_alerting):
    """
    What its digest holds is damaged: both mails wait, and nothing that is printed has an address or a link of theirs.
    """
    with queued.database.begin() as connection:
        connection.execute(text("UPDATE digests SET content = content - 'firm_name'"))

    finished = run_alerting(settings, "run", "deliver", "--json")

    assert json.loads(finished.stdout)["deferred"] == 2
    printed = finished.stdout + finished.stderr
    assert "digests_delivered" in printed
    assert "@" not in printed
    assert f"/{LinkPurpose.LEAVE.value}/" not in printed
    [answer] = {row["answer"] for row in commands.list_deliveries(parts=queued)}
    assert re.fullmatch(r"the mail cannot be written: \w+Error in \w+\.py, line \d+", answer)


@pytest.mark.usefixtures("queued")
def test_a_mail_server_of_ours_that_is_away_is_said_in_a_line(settings, run_alerting, monkeypatch):
    """
    Mails were deferred, and only the list of deliveries had the reason.  The line names the server and no recipient.
    """
    monkeypatch.setenv("SMTP_URL", "smtp+plain://127.0.0.1:9")
    monkeypatch.setenv("ALERTING_RECIPIENTS_ALLOWED", "*")

    finished = run_alerting(settings, "run", "deliver", "--json")

    assert json.loads(finished.stdout)["deferred"] == 2
    [line] = [line for line in finished.stderr.splitlines() if "mail_server_took_none" in line]
    problem = "mail server 127.0.0.1:9: no connection: nobody listens there; expected a mail server that is up (SMTP_URL)"
    assert "warning" in line
    assert f"problem='{problem}'" in line
    assert "deferred_count=2" in line
    assert "@" not in finished.stdout + finished.stderr


def test_a_letter_that_cannot_be_read_is_told_without_anything_of_it(settings, run_alerting, tmp_path):
    """
    A thousand letters, each within the other, are too deep for the reading: put aside for a person, by size and place.
    """
    (tmp_path / "returned/new").mkdir(parents=True)
    letter = b"Content-Type: message/rfc822\nTo: yann@legoff.example\n\n" * 1000
    (tmp_path / "returned/new/1.mail.example").write_bytes(letter)
    receiving = replace(settings, bounce_mailbox=f"maildir:{tmp_path}/returned")

    finished = run_alerting(receiving, "run", "receive", "--json")

    assert json.loads(finished.stdout)["other"] == 1
    assert "mail_not_read" in finished.stderr
    assert "RecursionError" in finished.stderr
    assert "@" not in finished.stdout + finished.stderr


def test_a_trace_in_our_log_shows_no_values(log):
    """
    A bug's place is told, and not what its variables held.
    """
    letter = {"to": "yann@legoff.example"}

    try:
        letter["from"]
    except KeyError:
        structlog.get_logger().exception("broken")

    assert "KeyError" in log.getvalue()
    assert "test_log.py" in log.getvalue()
    assert "legoff" not in log.getvalue()


def test_the_log_says_the_hour_as_the_tables_do(log):
    """
    Paris's clock with its zone, whatever the machine's is: in winter CET, in summer CEST.
    """
    structlog.get_logger().info("feeds_fetched", feeds=3)

    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d CES?T \[info", log.getvalue())


def test_what_the_database_refuses_is_told_without_its_values(parts):
    """
    A bug of ours that reaches a log by its message shows the question alone.
    """
    question = text("SELECT no_such_function(:email)")

    with pytest.raises(DBAPIError, match="no_such_function") as caught, parts.database.read() as connection:
        connection.execute(question, {"email": "yann@legoff.example"})

    assert "legoff" not in str(caught.value)
