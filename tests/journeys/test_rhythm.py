"""In the hour that the firm chose: rhythms, pauses, limits, reminders, and runs that did not happen."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, text

from alerting import bootstrap, commands
from alerting.domain.deadlines import PARIS
from alerting.errors import ProfileError, UnknownIdError


PAPER = "Réfection de la toiture de la mairie"
# Monday 2 March 2026, 8:00 in Paris.
MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def paris(day: int, hour: int) -> datetime:
    """Return an hour of a day of March 2026 in Paris."""
    return datetime(2026, 3, day, hour, tzinfo=PARIS).astimezone(UTC)


class Town:
    """One feed, one firm with one profile, and the mails that came since somebody last looked."""

    def __init__(self, parts, authority, clock, mails):
        self.parts, self.authority, self.clock, self.mails = parts, authority, clock, mails
        self.items: dict[str, tuple[str, str | None]] = {}
        self.seen = 0
        commands.add_feed("town", authority="Town", url=authority.url + "/avis", is_local=True, parts=parts)
        commands.add_firm("le-goff", name="Le Goff", recipients=["yann@legoff.example"], parts=parts)

    def subscribe(self, **facts) -> None:
        commands.add_profile(
            "le-goff", {"id": "toits", "name": "Toits", "words": ["toiture"]} | facts, parts=self.parts
        )

    def publish(self, number: str, title: str, deadline: datetime | None = None) -> None:
        accepted = f"<dc:dateAccepted>{deadline.isoformat()}</dc:dateAccepted>" if deadline else ""
        self.items[number] = (title, accepted)
        entries = "".join(
            f"<item><guid isPermaLink='false'>{one}</guid><title>{text}</title><link>https://town.example/{one}</link>"
            f"<pubDate>Mon, 02 Mar 2026 06:00:00 GMT</pubDate>{date_of}</item>"
            for one, (text, date_of) in self.items.items()
        )
        self.authority.publish(
            "/avis",
            "<?xml version='1.0' encoding='UTF-8'?>"
            "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>Avis</title>"
            f"<link>https://town.example</link><description>Avis</description>{entries}</channel></rss>",
        )

    def run_at(self, moment: datetime) -> dict:
        self.clock.moment = moment
        return commands.run_all(parts=self.parts)

    def new_mails(self) -> list[str]:
        found = [text for _, _, text in self.mails(self.parts.settings.maildir)]
        new = found[self.seen :] if len(found) > self.seen else []
        self.seen = len(found)
        return new

    def tellings(self) -> list[tuple[str, str]]:
        return sorted((row["kind"], row["title"]) for row in commands.list_tellings(parts=self.parts))


@pytest.fixture
def town(parts, authority, clock, mails):
    return Town(parts, authority, clock, mails)


def roofs(count: int) -> list[str]:
    """Return titles of different roofs."""
    names = [
        "école",
        "mairie",
        "gymnase",
        "lavoir",
        "crèche",
        "musée",
        "théâtre",
        "marché",
        "presbytère",
        "cinéma",
        "stade",
        "port",
    ]
    return [f"Réfection de la toiture du bâtiment {name}" for name in names[:count]]


def test_a_digest_comes_at_the_hour_and_on_the_days_that_were_chosen(town):
    """
    Thursdays at 18:00: what comes up on Tuesday waits, is told on Thursday evening, once.
    """
    town.subscribe(hour=18, weekdays=["jeudi"])
    town.publish("1", PAPER)
    first = town.run_at(MONDAY)["deliver"]["sent"]
    town.publish("2", "Toiture du lavoir")

    sent = [
        town.run_at(paris(day, hour))["deliver"]["sent"]
        for day, hour in ((3, 9), (4, 19), (5, 17), (5, 18), (5, 19), (6, 19))
    ]

    assert first == 1
    assert sent == [0, 0, 0, 1, 0, 0]


def test_days_without_a_scheduler_are_made_up_by_one_digest(town):
    """
    The machine was down from Tuesday to Friday noon: one digest with all of it, said to be late; then silence.
    """
    town.subscribe(cadence="daily", hour=7)
    town.publish("1", PAPER)
    town.run_at(MONDAY)
    town.publish("2", "Toiture du lavoir")
    town.publish("3", "Toiture du marché couvert")

    reports = [town.run_at(moment) for moment in (paris(6, 12), paris(6, 13))]

    assert [report["deliver"]["sent"] for report in reports] == [1, 0]
    assert [report["compose"]["made_up"] for report in reports] == [1, 0]
    assert [kind for kind, _ in town.tellings()] == ["new"] * 3


def test_a_profile_that_waits_for_its_match_keeps_its_window_open_for_itself_alone(town):
    """
    Two profiles of 7:00; one is edited and not matched then.  At 11:00 there is news for both: it is told as soon
    as it is matched, which is no run that did not happen; the other has its digest in the next day's hour.
    """
    joinery = {"id": "bois", "name": "Bois", "cadence": "daily", "hour": 7}
    town.subscribe(cadence="daily", hour=7)
    town.subscribe(**joinery, words=["menuiserie"])
    town.publish("1", PAPER)
    town.publish("2", "Menuiserie de la gare")
    town.run_at(MONDAY)
    town.subscribe(**joinery, words=["charpente"])
    town.clock.moment = paris(3, 7)
    in_the_hour = commands.compose_digests(parts=town.parts)
    town.publish("3", "Toiture du lavoir")
    town.publish("4", "Charpente du lavoir")
    town.clock.moment = paris(3, 11)
    for step in ("fetch_due_feeds", "load_documents", "match_profiles"):
        getattr(commands, step)(parts=town.parts)
    town.subscribe(**joinery, words=["charpente", "escalier"])

    unmatched = commands.compose_digests(parts=town.parts)
    commands.match_profiles(parts=town.parts)
    matched, again = (commands.compose_digests(parts=town.parts) for _ in range(2))
    next_day = town.run_at(paris(4, 7))["compose"]

    reports = [in_the_hour, unmatched, matched, again, next_day]
    assert [report["digests"] for report in reports] == [0, 0, 1, 0, 1]
    assert [report["made_up"] for report in reports] == [0] * 5
    late = [row["title"] for row in commands.list_tellings(parts=town.parts) if row["profile_id"] == "bois"]
    assert late == ["Charpente du lavoir", "Menuiserie de la gare"]


@pytest.mark.parametrize(("catches_up", "told"), [(True, 1), (False, 0)])
def test_a_pause_holds_everything_back_and_catches_up_or_not(town, catches_up, told):
    """
    Nothing is told in the pause; when it is over, what came up in between, or nothing of it; then all that is new.
    """
    town.subscribe(cadence="immediate")
    town.publish("1", PAPER)
    town.run_at(MONDAY)
    commands.pause_profile("toits", until=date(2026, 3, 9), catches_up=catches_up, parts=town.parts)
    town.publish("2", "Toiture du lavoir")

    paused = town.run_at(paris(4, 9))["deliver"]["sent"]
    after = town.run_at(paris(9, 9))["deliver"]["sent"]
    town.publish("3", "Toiture du marché couvert")
    later = town.run_at(paris(10, 9))["deliver"]["sent"]

    assert (paused, after, later) == (0, told, 1)


def test_what_one_pause_left_out_is_not_made_up_by_the_next(town):
    """
    Paused without catching up, then once more with it: what came up in the second is told, nothing of the first.
    """
    town.subscribe(cadence="immediate")
    town.publish("1", PAPER)
    town.run_at(MONDAY)
    commands.pause_profile("toits", until=date(2026, 3, 9), catches_up=False, parts=town.parts)
    town.publish("2", "Toiture du lavoir")
    town.run_at(paris(4, 9))
    town.run_at(paris(10, 9))
    commands.pause_profile("toits", until=date(2026, 3, 16), catches_up=True, parts=town.parts)
    town.publish("3", "Toiture du marché couvert")
    town.run_at(paris(11, 9))

    town.run_at(paris(16, 9))

    assert town.tellings() == [("new", PAPER), ("new", "Toiture du marché couvert")]


def test_a_profile_that_is_widened_after_a_pause_hears_of_what_it_asks_for_since(town):
    """
    What came up during the pause and matched then is set aside; what only the wider profile matches is news.
    """
    town.subscribe(cadence="immediate")
    town.publish("1", PAPER)
    town.run_at(MONDAY)
    commands.pause_profile("toits", until=date(2026, 3, 9), catches_up=False, parts=town.parts)
    town.publish("2", "Toiture du lavoir")
    town.publish("3", "Menuiseries de la gare")
    town.run_at(paris(4, 9))
    town.run_at(paris(10, 9))

    with town.parts.database.begin() as connection:
        connection.execute(
            text(
                """UPDATE profiles SET matched_at = NULL, criteria = '{"words": ["toiture", "menuiseries"]}'"""
            )
        )
    town.run_at(paris(11, 9))

    assert town.tellings() == [("new", "Menuiseries de la gare"), ("new", PAPER)]


def test_a_plan_of_before_a_pause_is_news_once_it_is_called(town):
    """
    Announced before, paused without catching up until the 9th, called on the 10th: told.
    """

    def release(number: str, tag: str, **tender) -> str:
        tender = {"title": "Toiture du lavoir", **tender}
        entry = {
            "ocid": "ocds-1",
            "id": number,
            "tag": [tag],
            "date": "2026-03-02T06:00:00Z",
            "tender": tender,
        }
        return json.dumps({"version": "1.1", "releases": [entry]})

    town.subscribe(cadence="immediate")
    town.authority.publish("/avis", release("1", "planning", status="planning"))
    town.run_at(MONDAY)
    commands.pause_profile("toits", until=date(2026, 3, 9), catches_up=False, parts=town.parts)
    planned = town.tellings()
    town.authority.publish(
        "/avis", release("2", "tender", status="active", tenderPeriod={"endDate": "2026-04-10T10:00:00Z"})
    )

    town.run_at(paris(10, 9))

    assert (planned, town.tellings()) == ([], [("new", "Toiture du lavoir")])


@pytest.mark.parametrize(("catches_up", "told"), [(True, 1), (False, 0)])
def test_a_pause_that_was_to_leave_out_and_is_ended_early_does_so_unless_asked(town, catches_up, told):
    """
    What came up before stays out; an operator may have it told after all.
    """
    town.subscribe(cadence="immediate")
    town.publish("1", PAPER)
    town.run_at(MONDAY)
    commands.pause_profile("toits", until=date(2026, 3, 30), catches_up=False, parts=town.parts)
    town.publish("2", "Toiture du lavoir")
    town.run_at(paris(4, 9))

    commands.resume_profile("toits", catches_up=catches_up, parts=town.parts)

    assert town.run_at(paris(5, 9))["deliver"]["sent"] == told


def test_a_pause_needs_a_day_ahead_and_a_profile(town):
    """
    One line each.
    """
    town.subscribe()

    refusals = []
    for day in (date(2026, 3, 1), date.min, date.max):
        with pytest.raises(ProfileError) as refused:
            commands.pause_profile("toits", until=day, parts=town.parts)
        refusals.append(str(refused.value))
    with pytest.raises(UnknownIdError) as unknown:
        commands.pause_profile("murs", until=date(2026, 3, 9), parts=town.parts)

    expected = "profile 'toits': until: expected a day from 2026-03-03 to 2027-03-02"
    assert refusals == [f"{expected} (got '{day}')" for day in ("2026-03-01", "0001-01-01", "9999-12-31")]
    assert str(unknown.value) == "profile 'murs': no profile of that id"


def test_all_is_told_but_a_mail_shows_no_more_than_its_limit(town):
    """
    Twelve roofs, three in full; all are told, none comes again.
    """
    town.subscribe(cadence="immediate", item_limit=3)
    for number, title in enumerate(roofs(12)):
        town.publish(str(number), title)

    reports = [town.run_at(MONDAY), town.run_at(paris(2, 9)), town.run_at(paris(3, 9))]

    assert [report["deliver"]["sent"] for report in reports] == [1, 0, 0]
    assert town.tellings() == sorted(("new", title) for title in roofs(12))


def test_a_deadline_is_reminded_once_and_again_when_it_moves(town):
    """
    Five working days before, at the profile's hour; a deadline that moved is reminded five days before the new one.
    """
    town.subscribe(cadence="immediate", hour=7)
    town.publish("1", PAPER, deadline=paris(20, 12))
    town.run_at(MONDAY)

    first = [town.run_at(paris(day, 8))["deliver"]["sent"] for day in (12, 13, 16, 17)]
    town.publish("1", PAPER, deadline=paris(27, 12))
    corrected = town.run_at(paris(18, 8))["deliver"]["sent"]
    second = [town.run_at(paris(day, 8))["deliver"]["sent"] for day in (19, 20, 23, 24)]

    assert (first, corrected, second) == ([0, 0, 1, 0], 1, [0, 0, 1, 0])
    assert [kind for kind, _ in town.tellings()] == ["corrected", "new", "reminder", "reminder"]


def test_a_reminder_comes_a_day_earlier_where_a_holiday_lies_between(town):
    """
    Due on Thursday 9 April 2026, Easter Monday being the 6th: five working days are left after the 1st, not the 2nd.
    """
    town.subscribe(cadence="immediate", hour=7)
    town.publish("1", PAPER, deadline=datetime(2026, 4, 9, 12, tzinfo=PARIS))
    town.run_at(MONDAY)

    days = [
        datetime(2026, month, day, 8, tzinfo=PARIS).astimezone(UTC)
        for month, day in ((3, 31), (4, 1), (4, 2), (4, 7))
    ]

    assert [town.run_at(day)["deliver"]["sent"] for day in days] == [0, 1, 0, 0]


@pytest.mark.parametrize("day", [17, 18, 19, 20, 23])
def test_a_rhythm_slower_than_its_reminder_is_reminded_in_its_last_digest_before(town, day):
    """
    Mondays, three working days before: due on Tuesday to Friday the 20th, or on Monday itself, which is too late.

    One reminder in the digest of the 16th, a week and two weeks after all that was told before.
    """
    town.subscribe(cadence="weekly", reminder_days=3)
    town.publish("1", PAPER, deadline=paris(day, 12))
    town.run_at(MONDAY)

    told = {number: town.run_at(paris(number, 7))["compose"]["tellings"] for number in range(3, 25)}

    assert {number: count for number, count in told.items() if count} == {16: 1}
    assert [kind for kind, _ in town.tellings()] == ["new", "reminder"]


def test_a_profile_without_reminders_gets_none(town):
    """
    Zero days: never.
    """
    town.subscribe(cadence="immediate", reminder_days=0)
    town.publish("1", PAPER, deadline=paris(20, 12))
    town.run_at(MONDAY)

    assert [town.run_at(paris(day, 8))["deliver"]["sent"] for day in (16, 19)] == [0, 0]


def test_composers_side_by_side_tell_once(town):
    """
    Four composers at the same moment, as two schedulers by mistake would start: one digest, one telling each.
    """
    town.subscribe(cadence="immediate")
    for number, title in enumerate(roofs(5)):
        town.publish(str(number), title)
    town.clock.moment = MONDAY
    commands.fetch_due_feeds(parts=town.parts)
    commands.load_documents(parts=town.parts)
    commands.match_profiles(parts=town.parts)
    start = threading.Barrier(4)
    reports = []

    def compose() -> None:
        start.wait()
        reports.append(commands.compose_digests(parts=town.parts))

    workers = [threading.Thread(target=compose) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(report["tellings"] for report in reports) == 5
    assert sum(report["deliveries"] for report in reports) == 1
    assert commands.deliver_digests(parts=town.parts)["sent"] == 1


def test_a_late_batch_tells_of_a_date_as_it_is_then(town, settings, clock):
    """
    Two profiles are to be reminded; the date moves when one was: the other is told of the new date, not of the old one.
    """
    town.subscribe(cadence="immediate", hour=7)
    town.subscribe(id="tuiles", cadence="daily", hour=7)
    town.publish("1", PAPER, deadline=paris(20, 12))
    town.run_at(MONDAY)
    other = bootstrap.build(settings, now=clock)
    reminded = []

    @event.listens_for(town.parts.database.engine, "begin")
    def move_once_somebody_is_reminded(_) -> None:
        if not reminded:
            told = commands.list_tellings(parts=other)
            reminded.extend(row["profile_id"] for row in told if row["kind"] == "reminder")
            if reminded:
                town.publish("1", PAPER, deadline=paris(27, 12))
                for step in ("fetch_due_feeds", "load_documents", "match_profiles"):
                    getattr(commands, step)(parts=other)

    clock.moment = paris(16, 8)
    commands.compose_digests(parts=town.parts)
    other.close()

    assert reminded == ["toits"]
    told = sorted((row["profile_id"], row["kind"]) for row in commands.list_tellings(parts=town.parts))
    assert told == [("toits", "new"), ("toits", "reminder"), ("tuiles", "corrected"), ("tuiles", "new")]


def test_a_firm_that_is_erased_before_its_mail_leaves_gets_none_and_leaves_nothing_personal(town):
    """
    Composed, then erased: the mail does not leave; what stays are ids, numbers and times.
    """
    town.subscribe(cadence="immediate")
    town.publish("1", PAPER)
    town.clock.moment = MONDAY
    for step in ("fetch_due_feeds", "load_documents", "match_profiles", "compose_digests"):
        getattr(commands, step)(parts=town.parts)

    commands.erase_firm("le-goff", parts=town.parts)
    report = commands.deliver_digests(parts=town.parts)

    assert report["sent"] == 0
    assert town.new_mails() == []
    [delivery] = commands.list_deliveries(parts=town.parts)
    assert "legoff" not in str(delivery)
    assert commands.list_firms(parts=town.parts) == []
    assert town.run_at(MONDAY + timedelta(days=1))["deliver"]["sent"] == 0


def test_a_profile_edited_between_match_and_compose_is_told_by_what_it_asks_now(town):
    """
    Matched by its old words, then edited: nothing is told by the old ones, not even in the hour of its window.
    """
    town.subscribe(cadence="daily", hour=7)
    town.publish("1", PAPER)
    town.run_at(MONDAY)
    town.publish("2", "Toiture du lavoir")
    town.publish("3", "Désamiantage du préau")
    town.clock.moment = paris(3, 8)
    for step in ("fetch_due_feeds", "load_documents", "match_profiles"):
        getattr(commands, step)(parts=town.parts)
    town.subscribe(cadence="daily", hour=7, words=["désamiantage"])

    early = commands.compose_digests(parts=town.parts)["tellings"]
    commands.match_profiles(parts=town.parts)
    late = commands.compose_digests(parts=town.parts)["tellings"]

    assert (early, late) == (0, 1)
    assert town.tellings() == [("new", "Désamiantage du préau"), ("new", PAPER)]
