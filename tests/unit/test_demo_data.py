"""The demo's data hold what they promise: every document is read, every firm is told what a person expects."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from alerting import bootstrap, commands
from alerting.local.demo.expected import Expected, expected_late, expected_profiles, expected_tellings
from alerting.local.demo.facts import announcements, bad_documents, notice_facts, root_of
from alerting.local.demo.publish import (
    FEED_FILE,
    feeds_toml,
    firms_toml,
    publish_all,
    publish_correction,
    publish_late,
)
from alerting.settings import read_settings


MORNING = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
# A working day, one before a weekend of three, the last of a year, the day before clocks change.
DAYS = [date(2026, 3, 4), date(2026, 5, 22), date(2026, 12, 31), date(2027, 3, 27)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "authorities"


@pytest.fixture
def served(folder):
    """The address at which the folder is served, by the demo's own server."""
    folder.mkdir()
    command = [sys.executable, "-m", "alerting.local.authority", str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        lines = iter(process.stderr.readline, "")
        yield next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        process.terminate()
        process.communicate()


@pytest.fixture
def parts(database_url, tmp_path):
    """The real parts on a real database, with a clock that every question moves on."""
    moments = (MORNING + timedelta(minutes=number) for number in range(10_000))
    settings = read_settings(
        {
            "DATABASE_URL": database_url,
            "ALERTING_SECRET": "a secret of the tests",
            "ALERTING_MAILDIR": str(tmp_path / "maildir"),
            "ALERTING_ARCHIVE": str(tmp_path / "archive"),
        }
    )
    built = bootstrap.build(settings, now=lambda: next(moments))
    yield built
    built.close()


@pytest.fixture
def subscribed(parts, served, tmp_path):
    """The demo's feeds and firms, registered from its own files."""
    for name, text in (("feeds.toml", feeds_toml(served)), ("firms.toml", firms_toml())):
        (tmp_path / name).write_text(text)
    commands.seed_feeds(str(tmp_path / "feeds.toml"), parts=parts)
    commands.import_firms(str(tmp_path / "firms.toml"), parts=parts)
    return parts


def told(parts) -> set[Expected]:
    """Return everything that was told, as expected.toml would say it."""
    rows = commands.list_tellings(parts=parts)
    found = [Expected(row["profile_id"], row["kind"], row["title"]) for row in rows]
    assert len(found) == len(set(found))
    return set(found)


def test_the_firms_are_told_what_a_person_expects_and_nothing_else(subscribed, folder):
    """
    Feeds over HTTP to mails: the tellings are those of expected.toml; a second run adds none.
    """
    publish_all(folder, today=MORNING.date())

    commands.run_all(parts=subscribed)

    first = told(subscribed)
    commands.run_all(parts=subscribed)
    assert len(expected_tellings()) > 40
    assert sorted(first) == sorted(expected_tellings())
    assert told(subscribed) == first
