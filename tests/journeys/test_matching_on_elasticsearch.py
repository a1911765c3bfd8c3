"""Matching on Elasticsearch: the same mails, whatever happens to profiles and to the cluster."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from alerting import bootstrap, commands
from alerting.domain.criteria import Criteria
from alerting.domain.evidence import profile_evidence
from alerting.errors import SearchError, SearchUnavailableError
from alerting.index.profile_documents import IndexedProfile
from alerting.index.profiles import ProfileIndex
from alerting.local.ports import free_port
from alerting.matching.compile import compile_criteria
from alerting.pipeline.cluster import ClusterEngine


TOITURE = ("7", "Réfection de la toiture de l'école")
LAVOIR = ("8", "Restauration du lavoir")
GYMNASE = ("9", "Toiture du gymnase")
FIRM = """
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [{{ email = "yann@legoff.example" }}]
profile = [{{ id = "toits", name = "Toits", words = ["{word}"], cadence = "immediate" }}]
"""
pytestmark = pytest.mark.usefixtures("profile_index")
WHAT_TO_DO = (
    "notices wait for it, nothing is lost, and the next run goes on; to go on without it set"
    " ALERTING_MATCHING_ENGINE=memory"
)


@pytest.fixture
def settings(settings, elasticsearch_url):
    """Settings of a stack that matches on Elasticsearch, under a name of its own."""
    return replace(
        settings,
        elasticsearch_url=elasticsearch_url,
        matching_engine="elasticsearch",
        profile_alias=f"test-{uuid4().hex}",
        index_alias=f"test-{uuid4().hex}",
        profile_shards=2,
    )


@pytest.fixture
def profile_index(settings):
    """The profiles' index, as another client sees it."""
    own = ProfileIndex(settings.elasticsearch_url, settings.profile_alias)
    yield own
    for generation in own.generations():
        own.drop(generation)
    own.close()


@pytest.fixture(name="steps")
def steps_fixture(parts, authority, add_feed, clock, rss):
    """How to publish notices and let everything that follows happen."""
    add_feed(parts, authority)

    def run(*items):
        authority.publish("/avis", rss(*items))
        clock.go_on(hours=1)
        return commands.run_all(parts=parts)

    return run


def subscribe(parts, tmp_path, word: str) -> None:
    """Let the firm's only profile ask for a word."""
    path = tmp_path / "firm.toml"
    path.write_text(FIRM.format(word=word))
    commands.import_firms(str(path), parts=parts)


def told(parts) -> list[str]:
    """Return the titles that were told, sorted."""
    return sorted(row["title"] for row in commands.list_tellings(parts=parts))


def held(profile_index) -> int:
    """Return how many profiles the index holds that serves."""
    (generation,) = profile_index.generations()
    assert generation.is_serving
    return sum(count for count, _ in profile_index.sums(of=generation.name).values())


def test_a_notice_is_told_and_a_changed_profile_is_followed(parts, steps, tmp_path):
    """
    Asked with one word, changed to another while nothing ran: the next notice is matched by the new word.
    """
    subscribe(parts, tmp_path, "toiture")
    steps(TOITURE)
    subscribe(parts, tmp_path, "lavoir")

    steps(TOITURE, LAVOIR, GYMNASE)

    assert told(parts) == [LAVOIR[1], TOITURE[1]]


def test_a_new_profile_is_in_the_index_without_any_new_notice(parts, steps, tmp_path, profile_index):
    """
    The run that matches the profile copies it, too; one that ends is taken out.
    """
    steps(TOITURE)
    subscribe(parts, tmp_path, "toiture")
    commands.match_profiles(parts=parts)
    while_it_stands = held(profile_index)
    commands.erase_firm("le-goff", parts=parts)

    report = steps(TOITURE, GYMNASE)

    assert (while_it_stands, held(profile_index)) == (1, 0)
    assert report["match"]["matches"] == 0


def test_what_was_changed_in_the_index_alone_is_put_right(parts, steps, tmp_path, profile_index):
    """
    A copy restored from another day: profiles that are gone from it are put again before a notice is matched.
    """
    subscribe(parts, tmp_path, "toiture")
    steps(TOITURE)
    (generation,) = profile_index.generations()
    profile_index.remove(["toits"], out_of=generation.name)
    profile_index.refresh(of=generation.name)

    steps(TOITURE, GYMNASE)

    assert told(parts) == sorted([TOITURE[1], GYMNASE[1]])
    assert held(profile_index) == 1


def test_an_index_of_another_release_or_number_of_shards_is_built_anew(
    parts, steps, tmp_path, settings, profile_index, clock
):
    """
    The new generation takes the old one's place, and the old one is deleted.
    """
    subscribe(parts, tmp_path, "toiture")
    steps(TOITURE)
    before = [one.name[-1] for one in profile_index.generations()]
    wider = bootstrap.build(replace(settings, profile_shards=3), now=clock)

    with wider.database.begin() as connection:
        wider.engine.follow(connection, now=clock())

    wider.close()
    assert (before, [one.name[-1] for one in profile_index.generations()]) == (["1"], ["2"])
    assert held(profile_index) == 1


def test_profiles_that_a_killed_run_copied_in_parts_are_one_segment_when_they_serve(
    parts, tmp_path, profile_index, settings, clock
):
    """
    A question looks into one place; what no longer stands is gone from it.
    """
    subscribe(parts, tmp_path, "toiture")
    unfinished = profile_index.open_generation(now=clock())
    for name in ("gone", "gone too"):
        asked = Criteria(words=(name,))
        ended = IndexedProfile(name, 0, 1, asked, profile_evidence(compile_criteria(asked)))
        profile_index.put([ended], into=unfinished.name)
        profile_index.refresh(of=unfinished.name)
    before = segments(settings, profile_index)

    with parts.database.begin() as connection:
        ClusterEngine(profile_index).follow(connection, now=clock())

    assert (before, segments(settings, profile_index)) == ([1, 1], [1])
    assert held(profile_index) == 1


def segments(settings, profile_index) -> list[int]:
    """Return how many documents stand in each segment of the only generation that is searched."""
    (generation,) = profile_index.generations()
    with Elasticsearch(settings.elasticsearch_url) as client:
        found = client.indices.segments(index=generation.name)["indices"][generation.name]
    (shard,) = found["shards"]["0"]
    return [one["num_docs"] for one in shard["segments"].values() if one["search"]]


def test_while_it_is_away_notices_wait_and_are_told_once(
    parts, steps, tmp_path, settings, clock, authority, rss
):
    """
    One line says so and what to do; back again, all is told, once; the engine in memory finds nothing more.
    """
    subscribe(parts, tmp_path, "toiture")
    steps(TOITURE)
    url = f"http://127.0.0.1:{free_port()}"
    without = bootstrap.build(replace(settings, elasticsearch_url=url), now=clock)
    authority.publish("/avis", rss(TOITURE, GYMNASE))
    clock.go_on(hours=1)
    with pytest.raises(SearchUnavailableError) as caught:
        commands.run_all(parts=without)
    without.close()
    after_the_failure = told(parts)

    steps(TOITURE, GYMNASE)
    in_memory = bootstrap.build(replace(settings, matching_engine="memory"), now=clock)
    report = commands.match_profiles(parts=in_memory)
    in_memory.close()

    line = f"matching: search index {settings.profile_alias!r}: no answer; start it, or see ELASTICSEARCH_URL; {WHAT_TO_DO}"
    assert str(caught.value) == line
    assert after_the_failure == [TOITURE[1]]
    assert told(parts) == sorted([GYMNASE[1], TOITURE[1]])
    assert report["matches"] == 0


@pytest.fixture
def away(settings, clock):
    """Parts of the same database that look for the cluster where there is none."""
    built = bootstrap.build(replace(settings, elasticsearch_url=f"http://127.0.0.1:{free_port()}"), now=clock)
    yield built
    built.close()


def test_while_it_is_away_mails_that_wait_are_sent(parts, steps, tmp_path, authority, rss, mails, away):
    """
    A digest that is composed and not sent leaves by ``recover``, which fails only afterwards.
    """
    steps(LAVOIR)
    subscribe(parts, tmp_path, "toiture")
    authority.publish("/avis", rss(TOITURE))
    parts.now.go_on(hours=1)
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=parts)
    commands.compose_digests(parts=parts)

    with pytest.raises(SearchUnavailableError):
        publish_and_recover(away, authority, rss, TOITURE, GYMNASE)

    assert [recipient for recipient, _, _ in mails(parts.settings.maildir)] == ["yann@legoff.example"]


def test_while_it_refuses_new_profiles_are_told_and_notices_wait(
    parts, steps, tmp_path, settings, clock, authority, rss, mails
):
    """
    What answers there is no Elasticsearch: the firm that came since hears of what is open, and the
    run fails only afterwards.
    """
    steps(LAVOIR, TOITURE)
    subscribe(parts, tmp_path, "toiture")
    odd = bootstrap.build(replace(settings, elasticsearch_url=authority.url), now=clock)

    for _ in range(2):
        with pytest.raises(SearchError, match=r": status 404 \(Not Found\)$"):
            publish_and_recover(odd, authority, rss, TOITURE, GYMNASE)

    odd.close()
    assert [recipient for recipient, _, _ in mails(parts.settings.maildir)] == ["yann@legoff.example"]
    assert told(parts) == sorted([GYMNASE[1], TOITURE[1]])


def publish_and_recover(parts, authority, rss, *items) -> None:
    """Load what is new, and do what waits."""
    authority.publish("/avis", rss(*items))
    parts.now.go_on(hours=1)
    commands.fetch_due_feeds(parts=parts)
    commands.load_documents(parts=parts)
    commands.recover(parts=parts)


def test_a_new_firm_hears_of_what_is_open_though_the_cluster_is_away_for_long(
    parts, tmp_path, authority, add_feed, rss, clock, away
):
    """
    Its first digest waits a quarter of an hour for what is not matched yet, no longer.
    """
    add_feed(parts, authority)
    with pytest.raises(SearchUnavailableError):
        publish_and_recover(away, authority, rss, TOITURE, GYMNASE)
    subscribe(parts, tmp_path, "toiture")
    at_first = told_in(away)

    clock.go_on(minutes=20)

    assert (at_first, told_in(away)) == ([], sorted([GYMNASE[1], TOITURE[1]]))


def told_in(parts) -> list[str]:
    """Let what waits be done without the cluster; return what was told then."""
    with pytest.raises(SearchUnavailableError):
        commands.recover(parts=parts)
    return told(parts)
