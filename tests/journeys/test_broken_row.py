"""A row that our code cannot read, or at which it breaks, stops no step and none of its neighbours."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from alerting import bootstrap, commands
from alerting.errors import ProfileError
from alerting.index.profiles import ProfileIndex


ECOLE, GYMNASE, HALLE = "Toiture de l'école", "Toiture du gymnase", "Toiture de la halle"
MENUISERIE = "Menuiserie du collège"
# Of a view: a field that is gone, and one that reads well and is no text.
UNREADABLE = "UPDATE procedures SET view = view - 'kind' WHERE title = '{title}'"
NO_TEXT = "UPDATE procedures SET view = jsonb_set(view, '{{title}}', '3') WHERE title = '{title}'"
MENDED = "UPDATE procedures SET view = view || jsonb_build_object('kind', 'call', 'title', title)"


@pytest.fixture(name="on_cluster")
def on_cluster_fixture(settings, clock, elasticsearch_url):
    """The same stack, matching on Elasticsearch."""
    alias = f"test-{uuid4().hex}"
    changed = {"elasticsearch_url": elasticsearch_url, "matching_engine": "elasticsearch"}
    built = bootstrap.build(replace(settings, **changed, profile_alias=alias), now=clock)
    yield built
    built.close()
    own = ProfileIndex(elasticsearch_url, alias)
    for generation in own.generations():
        own.drop(generation)
    own.close()


@pytest.fixture(name="load")
def load_fixture(subscribed, authority, rss):
    """How to load purchases of these titles, to be matched."""

    def run(*titles: str) -> None:
        authority.publish("/avis", rss(*((str(number), title) for number, title in enumerate(titles))))
        commands.fetch_due_feeds(parts=subscribed)
        commands.load_documents(parts=subscribed)

    return run


def change(parts, statement: str, title: str = "") -> None:
    """Change rows behind our back."""
    with parts.database.begin() as connection:
        assert connection.exec_driver_sql(statement.format(title=title.replace("'", "''"))).rowcount > 0


def told(parts) -> list[str]:
    """Return the titles that were told, sorted."""
    return sorted(row["title"] for row in commands.list_tellings(parts=parts))


def refused(parts) -> list[tuple[str, str, str]]:
    """Return feed, place and problem of every reject, without numbers."""
    return [
        (row["feed_id"], re.sub(r"\d+", "N", row["where"]), re.sub(r"line \d+", "line N", row["problem"]))
        for row in commands.list_rejects(parts=parts)
    ]


def compose(parts) -> dict[str, int]:
    """Compose; return what became of it."""
    report = commands.compose_digests(parts=parts)
    return {name: report[name] for name in ("digests", "tellings", "refused")}


@pytest.mark.parametrize(
    ("criteria", "problem"),
    [
        pytest.param('{"strictness": "very"}', "Invalid enum value 'very' - at `$.strictness`", id="no word of ours"),
        pytest.param('{"trades": 5}', "Expected `array`, got `int` - at `$.trades`", id="no list"),
        pytest.param('{"words": "toiture"}', "Expected `array`, got `str` - at `$.words`", id="a text for a list"),
        pytest.param("[]", "Expected `object`, got `array`", id="no criteria"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("engine", ["subscribed", "on_cluster"])
def test_a_profile_that_cannot_be_read_is_named_and_the_others_are_matched(
    subscribed, on_cluster, load, engine, criteria, problem
):
    """
    One line of the log, one of the report, one of the audit; its neighbour is told, and nothing waits.
    """
    parts = {"subscribed": subscribed, "on_cluster": on_cluster}[engine]
    load(ECOLE, MENUISERIE)
    written = criteria.replace("{", "{{").replace("}", "}}")
    change(parts, f"UPDATE profiles SET criteria = '{written}', matched_at = NULL WHERE profile_id = 'toits'")

    with capture_logs() as logs:
        reports = [commands.match_profiles(parts=parts) for _ in range(2)]
    compose(parts)

    assert [(one["profiles"], one["refused"]) for one in reports] == [(1, 1), (0, 0)]
    said = f"profile 'toits': its criteria cannot be read as they are stored: {problem}"
    named = [line for line in logs if line.get("profile_id") == "toits"]
    assert [(line["event"], line["log_level"], line["problem"]) for line in named] == [
        ("profile_unreadable", "error", said)
    ]
    assert told(parts) == [MENUISERIE]
    audited = [row for row in commands.audit_profiles(parts=parts) if row["profile_id"] == "toits"]
    assert [(row["finding"], row["problem"]) for row in audited] == [("never", said)]
    with pytest.raises(ProfileError, match=re.escape(said)):
        commands.try_saved_profile("toits", parts=parts)


BROKEN = [pytest.param(UNREADABLE, id="it cannot be read"), pytest.param(NO_TEXT, id="its title is no text")]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("engine", ["subscribed", "on_cluster"])
def test_a_broken_procedure_is_refused_alone_and_matched_once_it_is_mended(
    subscribed, on_cluster, load, engine, broken
):
    """
    Between two others: these are told, it is a reject that the log names once, and nothing waits; mended, it is told.
    """
    parts = {"subscribed": subscribed, "on_cluster": on_cluster}[engine]
    commands.match_profiles(parts=parts)
    load(ECOLE, GYMNASE, HALLE)
    change(parts, broken, GYMNASE)

    with capture_logs() as logs:
        reports = [commands.match_profiles(parts=parts) for _ in range(2)]
    rejected = refused(parts)
    change(parts, MENDED)
    commands.match_again(parts=parts)
    mended = commands.match_profiles(parts=parts)
    composed = compose(parts)

    names = ("procedures", "refused", "matches", "ended")
    assert [[report[name] for name in names] for report in reports] == [[2, 1, 2, 0], [0, 0, 0, 0]]
    (line,) = [line for line in logs if line["event"] == "procedure_refused"]
    assert (line["log_level"], line["stage"]) == ("error", "match")
    ((feed_id, where, problem),) = rejected
    assert (feed_id, where) == ("kerlann", "procedure N")
    assert problem.startswith("a bug of ours (")
    assert problem.endswith(" line N); expected to be read or refused")
    assert [mended[name] for name in names] == [3, 0, 3, 0]
    assert (composed, told(parts)) == (
        {"digests": 1, "tellings": 3, "refused": 0},
        sorted([ECOLE, GYMNASE, HALLE]),
    )


def test_what_was_found_of_a_procedure_before_it_broke_stands(subscribed, load):
    """
    Neither it nor its profile, which is changed, can be matched again: the match is not taken back, nor is another kept.
    """
    load(ECOLE, GYMNASE)
    commands.match_profiles(parts=subscribed)
    change(subscribed, UNREADABLE, ECOLE)
    commands.match_again(parts=subscribed)
    change(subscribed, 'UPDATE profiles SET criteria = criteria || \'{{"words_out": ["gymnase"]}}\'')
    change(subscribed, "UPDATE profiles SET matched_at = NULL")

    report = commands.match_profiles(parts=subscribed)

    with subscribed.database.begin() as connection:
        standing = connection.exec_driver_sql(
            "SELECT title FROM matches JOIN procedures USING (procedure_id) WHERE ended_at IS NULL"
        )
        assert [row.title for row in standing] == [ECOLE]
    assert (report["procedures"], report["profiles"], report["ended"]) == (1, 2, 1)


def test_a_procedure_that_broke_after_it_was_matched_is_left_out_of_digests(subscribed, load):
    """
    Both firms are told of the rest; mended, it is told, too.
    """
    load(ECOLE, GYMNASE, MENUISERIE)
    commands.match_profiles(parts=subscribed)
    change(subscribed, UNREADABLE, ECOLE)

    composed = compose(subscribed)
    rejected = refused(subscribed)
    before = told(subscribed)
    change(subscribed, MENDED)
    mended = compose(subscribed)

    assert (composed, before) == ({"digests": 2, "tellings": 2, "refused": 1}, sorted([GYMNASE, MENUISERIE]))
    ((feed_id, where, problem),) = rejected
    assert (feed_id, where) == ("kerlann", "procedure N")
    assert problem.startswith("a bug of ours (TypeError: ")
    assert (mended, told(subscribed)) == (
        {"digests": 1, "tellings": 1, "refused": 0},
        sorted([ECOLE, GYMNASE, MENUISERIE]),
    )


def test_a_profile_at_which_composing_fails_is_told_later_and_keeps_nobody_waiting(subscribed, load):
    """
    Why its match was found cannot be read: the other firm is told in the same run, and this one once that is mended.
    """
    load(ECOLE, MENUISERIE)
    commands.match_profiles(parts=subscribed)
    change(subscribed, "UPDATE matches SET reasons = '[{{}}]' WHERE profile_id = 'toits'")

    with capture_logs() as logs:
        composed = [compose(subscribed) for _ in range(2)]
    rejected = refused(subscribed)
    before = told(subscribed)
    change(subscribed, "UPDATE matches SET reasons = '[]' WHERE profile_id = 'toits'")
    mended = compose(subscribed)

    assert (composed[0], before) == ({"digests": 1, "tellings": 1, "refused": 1}, [MENUISERIE])
    assert composed[1] == {"digests": 0, "tellings": 0, "refused": 1}
    assert [line["profile_id"] for line in logs if line["event"] == "profile_refused"] == ["toits", "toits"]
    ((feed_id, where, problem),) = rejected
    assert (feed_id, where) == ("", "profile toits")
    assert problem.startswith("a bug of ours (")
    assert (mended["digests"], told(subscribed)) == (1, sorted([ECOLE, MENUISERIE]))


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_procedure_is_named_where_profiles_are_tried_and_audited(subscribed, load, broken):
    """
    The others are counted as ever, and nothing is stored of it.
    """
    load(ECOLE, GYMNASE, HALLE)
    change(subscribed, broken, GYMNASE)

    with capture_logs() as logs:
        report = commands.try_saved_profile("toits", parts=subscribed)
        audited = commands.audit_profiles(parts=subscribed)

    counts = {name: report[name] for name in ("tried_count", "refused_count", "match_count")}
    assert counts == {"tried_count": 2, "refused_count": 1, "match_count": 2}
    named = [line for line in logs if line["event"] == "procedure_refused"]
    assert [(line["log_level"], line["stage"]) for line in named] == [("error", "try"), ("error", "audit")]
    (problem,) = [row["problem"] for row in audited if row["finding"] == "unread"]
    assert re.fullmatch(r"procedure \d+: a bug of ours \(.*\); expected to be read or refused", problem)
    assert refused(subscribed) == []
