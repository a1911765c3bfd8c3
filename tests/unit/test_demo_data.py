"""The demo's data hold what they promise: every document is read, every firm is told what a person expects."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alerting import bootstrap, commands
from alerting.domain.deadlines import PARIS, is_working_day
from alerting.domain.procedure import LinkStep
from alerting.domain.siret import read_siret
from alerting.local.demo.expected import Expected, expected_late, expected_profiles, expected_tellings
from alerting.local.demo.facts import announcements, bad_documents, buyers, notice_facts, root_of
from alerting.local.demo.publish import (
    AUTHORITIES,
    FEED_FILE,
    feeds_toml,
    firms_toml,
    publish_all,
    publish_correction,
    publish_late,
)
from alerting.local.demo.writers import write_document
from alerting.matching.firms_file import read_firms
from alerting.settings import read_settings


MORNING = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
# A working day, one before a long weekend, the last of a year, the day before clocks change.
DAYS = [date(2026, 3, 4), date(2026, 5, 22), date(2026, 12, 31), date(2027, 3, 27)]


class Clock:
    """A clock that goes on a millisecond whenever it is read, and further when told to."""

    def __init__(self) -> None:
        self.moment = MORNING

    def __call__(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    """What the authorities published by the morning."""
    published = tmp_path / "authorities"
    publish_all(published, today=MORNING.date())
    return published


@pytest.fixture
def served(folder):
    """The address at which the folder is served, by the demo's own server."""
    command = [sys.executable, "-m", "alerting.local.authority", str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        lines = iter(process.stderr.readline, "")
        yield next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        process.terminate()
        process.communicate()


@pytest.fixture
def subscribed(database_url, clock, served, tmp_path):
    """The real parts on a real database, with the demo's feeds and firms registered from its own files."""
    settings = read_settings(
        {
            "DATABASE_URL": database_url,
            "ALERTING_SECRET": "a secret of the tests",
            "ALERTING_MAILDIR": str(tmp_path / "maildir"),
            "ALERTING_ARCHIVE": str(tmp_path / "archive"),
        }
    )
    built = bootstrap.build(settings, now=clock)
    for name, text in (("feeds.toml", feeds_toml(served)), ("firms.toml", firms_toml())):
        (tmp_path / name).write_text(text)
    commands.seed_feeds(str(tmp_path / "feeds.toml"), parts=built)
    commands.import_firms(str(tmp_path / "firms.toml"), parts=built)
    yield built
    built.close()


def told(parts) -> Counter[Expected]:
    """Return how often each thing was told, as expected.toml would say it."""
    rows = commands.list_tellings(parts=parts)
    return Counter(Expected(row["profile_id"], row["kind"], row["title"]) for row in rows)


def test_the_firms_are_told_what_a_person_expects_and_nothing_else(subscribed, folder, clock):
    """
    From feeds over HTTP to mails: first what is there in the morning, then two late calls and a
    correction; each once, and nothing for the firm that nothing concerns.
    """
    first_report = commands.run_all(parts=subscribed)
    first = told(subscribed)
    clock.moment += timedelta(minutes=1)
    commands.run_all(parts=subscribed)
    again = told(subscribed)
    publish_late(folder, now=clock(), number=1)
    publish_late(folder, now=clock(), number=2)
    publish_correction(folder, now=clock())
    clock.moment += timedelta(minutes=1)

    late_report = commands.run_all(parts=subscribed)

    assert len(expected_tellings()) > 40
    assert sorted(first.elements()) == sorted(expected_tellings())
    assert again == first
    assert sorted((told(subscribed) - first).elements()) == sorted(expected_late(1) | expected_late(2))
    assert first_report["load"]["notices"] == len([fact for fact in notice_facts() if not fact.is_late])
    assert first_report["load"]["rejects"] == len(bad_documents())
    assert (late_report["load"]["notices"], late_report["load"]["rejects"]) == (3, 0)


def test_every_document_is_read_but_for_the_bad_ones(folder):
    """
    Each bad document is refused for the reason that notices.toml gives; the feed keeps its good items.
    """
    reports = {Path(report["path"]).stem: report for report in commands.check_feeds([str(folder)])}

    problems = {
        name: [reject["problem"] for reject in report["rejects"]]
        for name, report in reports.items()
        if report["outcome"] != "read"
    }
    named = {Path(FEED_FILE).stem if bad.damage == "no-words" else bad.id: bad for bad in bad_documents()}
    assert problems.keys() == named.keys()
    assert all(problems[name][0].startswith(bad.problem) for name, bad in named.items())
    assert reports["feed"]["outcome"] == "partly"
    assert sum(len(report["notices"]) for report in reports.values()) == len(
        [fact for fact in notice_facts() if not fact.is_late]
    )


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_what_a_fact_states_is_what_is_read(tmp_path, today):
    """
    Title, kind, buyer, deadline, lots and values come back from every document, on any day; only what
    a form has no place for is lost.
    """
    publish_all(tmp_path, today=today)
    reports = commands.check_feeds([str(tmp_path)])
    read = {notice["source_id"]: notice for report in reports for notice in report["notices"]}

    for one in announcements(today):
        if one.fact.is_late:
            continue
        notice, is_call = read[one.source_id], one.fact.kind == "call"
        assert notice["title"].endswith(one.fact.title)
        assert notice["kind"] == one.fact.kind
        assert notice["buyer"]["name"] == one.buyer.name
        has_siret = one.fact.form in {"fnsimple", "eforms", "boamp-eforms"}
        assert notice["buyer"]["siret"] == (one.buyer.siret if has_siret else None)
        if is_call:
            assert datetime.fromisoformat(notice["deadline_at"]) == one.deadline_at
            assert one.fact.form == "rss" or len(notice["lots"]) >= len(one.fact.lots)
            assert (one.place is None) == (notice["places"] == [])
        if one.fact.value_euros is not None:
            assert notice["value"] == {"amount_cents": one.fact.value_euros * 100, "currency": "EUR"}


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_what_speaks_of_one_purchase_ends_in_one_procedure(tmp_path, today):
    """
    Copies from another authority, corrections, cancellations and awards join their call, by every step
    of the ladder; no two purchases are merged, however alike.
    """
    publish_all(tmp_path, today=today)
    roots = {one.source_id: root_of(one.fact) for one in announcements(today)}
    expected = defaultdict(set)
    for one in announcements(today):
        if not one.fact.is_late:
            expected[root_of(one.fact)].add(one.source_id)

    rows = commands.link_notices([str(tmp_path)])

    found = {
        roots[row["notices"][0]["source_id"]]: {notice["source_id"] for notice in row["notices"]}
        for row in rows
    }
    steps = {notice["step"] for row in rows for notice in row["notices"]}
    assert found == expected
    assert len(rows) == len(expected)
    assert steps == {step.value for step in LinkStep if step is not LinkStep.BY_HAND}


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_days_are_those_on_which_authorities_work(today):
    """
    Nothing is published or due on a weekend or a holiday; what firms are told can still be answered.
    """
    made = [one for one in announcements(today) if not one.fact.is_late]
    told_titles = {one.title for one in expected_tellings()}
    evening = datetime(today.year, today.month, today.day, 23, 59, tzinfo=PARIS)

    days = [one.published_at.date() for one in made] + [
        one.deadline_at.date() for one in made if one.deadline_at is not None
    ]
    due = [one.deadline_at for one in made if one.fact.title in told_titles and one.deadline_at is not None]

    assert all(is_working_day(day) for day in days)
    assert all(one.published_at.date() <= today for one in made)
    assert len(due) > 30
    assert min(due) > evening


def test_late_notices_are_told_apart_by_their_number(folder):
    """
    Each has a file, a number and a title of its own; the id that is returned stands in its document.
    """
    numbers = [publish_late(folder, now=MORNING, number=number) for number in (1, 2, 10)]
    correction = publish_correction(folder, now=MORNING)

    reports = commands.check_feeds([str(folder)])
    read = {notice["source_id"]: notice for report in reports for notice in report["notices"]}
    assert len(set(numbers)) == 3
    assert [read[number]["title"].rpartition(" ")[2] for number in numbers] == ["1", "2", "10"]
    assert (read[correction]["kind"], len(read[correction]["refers_to"])) == ("correction", 1)
    assert not list(folder.rglob("*.new"))


def test_published_twice_nothing_changes(folder):
    """
    A demo that goes on publishes again: the same bytes with the same times, so no feed has news.
    """

    def state() -> dict[str, tuple[bytes, float]]:
        files = folder.rglob("*.xml")
        return {str(file): (file.read_bytes(), file.stat().st_mtime) for file in files}

    before = state()

    publish_all(folder, today=MORNING.date())

    assert len(before) > 60
    assert state() == before


def test_the_facts_are_sound():
    """
    Ids, purchases and objects are told apart; numbers pass their checks; addresses are nobody's.
    """
    facts = notice_facts()
    today = DAYS[0]
    first = [fact for fact in facts if fact.id == root_of(fact)]
    documents = b"".join(write_document(one) for one in announcements(today) if one.fact.form != "rss")

    assert len({fact.id for fact in facts}) == len(facts)
    assert len({fact.title for fact in first}) == len(first)
    assert {fact.authority for fact in facts} == set(AUTHORITIES)
    assert {fact.form for fact in facts} == {"fnsimple", "mapa", "dsp", "boamp-eforms", "eforms", "rss"}
    assert {fact.kind for fact in facts} == {"call", "correction", "cancellation", "award"}
    assert all(read_siret(buyer.siret) == buyer.siret for buyer in buyers().values())
    assert {fact.buyer for fact in facts} == set(buyers())
    assert b"@" not in documents
    assert set(re.findall(rb"https?://achats\.[a-z.]+", documents)) == {b"https://achats.bretagne.example"}


def test_the_firms_are_twelve_and_each_profile_has_its_row():
    """
    Recipients cannot be reached; expected.toml speaks of every profile, of one only to say "nothing".
    """
    firms = read_firms(firms_toml())
    profiles = [profile.profile_id for firm in firms for profile in firm.profiles]
    addresses = [recipient.email for firm in firms for recipient in firm.recipients]

    silent = set(profiles) - {one.profile_id for one in expected_tellings()}

    assert len(firms) == 12
    assert all(address.endswith(".example") for address in addresses)
    assert sorted(expected_profiles()) == sorted(profiles)
    assert silent == {"ti-forn-pain"}
    assert {profile.cadence.value for firm in firms for profile in firm.profiles} == {
        "immediate",
        "daily",
        "weekly",
    }
