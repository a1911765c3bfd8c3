"""Profiles spread over two nodes, of which one is lost: nothing is told twice, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from alerting import commands
from alerting.errors import SearchUnavailableError
from alerting.local.elasticsearch import LocalElasticsearch


FIRST, SECOND = ("7", "Réfection de la toiture de l'école"), ("9", "Toiture du gymnase")
FIRMS = "".join(
    f"""
    [[firm]]
    id = "firm-{number}"
    name = "Couverture {number}"
    recipients = [{{ email = "firm{number}@example.org" }}]
    profile = [{{ id = "toits-{number}", name = "Toits", words = ["toiture", "mot{number}"], cadence = "immediate" }}]
    """
    for number in range(20)
)
# Twenty profiles in two shards: none of the two is empty.
ALL = sorted(f"firm{number}@example.org" for number in range(20))


class Cluster:
    """Two real nodes; the first leads, the second holds data and can be lost and come back."""

    def __init__(self, folder, jars):
        name = {"cluster.name": f"test-{uuid4().hex}", "discovery.type": "multi-node"}
        self.first = LocalElasticsearch(
            folder / "first",
            jars,
            folder / "first.log",
            {**name, "node.name": "first", "cluster.initial_master_nodes": "first"},
        )
        self.first.start()
        self.second = LocalElasticsearch(
            folder / "second",
            jars,
            folder / "second.log",
            {
                **name,
                "node.name": "second",
                "node.roles": "data",
                "discovery.seed_hosts": self.first.transport_address,
            },
        )
        self.client = Elasticsearch(self.first.url, request_timeout=60)

    def start_second(self):
        self.second.start()
        self.client.cluster.health(wait_for_nodes="2", timeout="60s")

    def lose_second(self):
        self.second.process.kill()
        self.second.process.wait()
        self.client.cluster.health(wait_for_nodes="1", timeout="60s")

    def settle(self, alias, **settings):
        """Change an index, wait until every shard is where it belongs; return the nodes that hold it."""
        if settings:
            self.client.indices.put_settings(index=alias, settings=settings)
        self.client.cluster.health(
            index=alias,
            wait_for_status="green",
            wait_for_no_relocating_shards=True,
            wait_for_no_initializing_shards=True,
            timeout="60s",
        )
        shards = self.client.cat.shards(index=alias, format="json")
        return sorted((shard["shard"], shard["node"]) for shard in shards)


@pytest.fixture
def cluster(tmp_path, elasticsearch_jars):
    own = Cluster(tmp_path, elasticsearch_jars)
    own.start_second()
    yield own
    own.client.close()
    own.second.stop()
    own.first.stop()


@pytest.fixture
def settings(settings, cluster):
    """Settings of a stack that matches on the two nodes, two shards."""
    return replace(
        settings,
        elasticsearch_url=cluster.first.url,
        matching_engine="elasticsearch",
        profile_alias="profiles",
        profile_shards=2,
    )


@pytest.fixture(name="publish")
def publish_fixture(parts, authority, add_feed, clock, rss, tmp_path):
    """How to publish notices, for twenty firms, and load them."""
    add_feed(parts, authority)
    path = tmp_path / "firms.toml"
    path.write_text(FIRMS)
    commands.import_firms(str(path), parts=parts)

    def publish(*items):
        authority.publish("/avis", rss(*items))
        clock.go_on(hours=1)
        commands.fetch_due_feeds(parts=parts)
        commands.load_documents(parts=parts)

    return publish


def go_on(parts):
    """Let what is loaded be matched and told."""
    for step in (commands.match_profiles, commands.compose_digests, commands.deliver_digests):
        step(parts=parts)


def test_a_node_is_lost_and_what_it_held_alone(parts, publish, cluster, mails):
    """
    No copies: the step says what is wrong and what to do, nobody is told; the node comes back, all are told once.
    """
    publish(FIRST)
    go_on(parts)
    told_before = [to for to, _, _ in mails(parts.settings.maildir)]
    where = cluster.settle("profiles", auto_expand_replicas="false", number_of_replicas=0)
    publish(FIRST, SECOND)
    cluster.lose_second()

    with pytest.raises(SearchUnavailableError) as caught:
        commands.match_profiles(parts=parts)

    commands.compose_digests(parts=parts)
    told_without = [to for to, _, _ in mails(parts.settings.maildir)]
    cluster.start_second()
    cluster.settle("profiles")
    go_on(parts)
    go_on(parts)
    assert (told_before, told_without) == (ALL, ALL)
    assert {node for _, node in where} == {"first", "second"}
    line = str(caught.value)
    assert line.startswith("matching: search index 'profiles': status 503 (")
    assert line.endswith(
        "a shard of it is away (GET /_cluster/allocation/explain says why); back, it goes on by itself;"
        " notices wait for it, nothing is lost, and the next run goes on; to go on without it set"
        " ALERTING_MATCHING_ENGINE=memory"
    )
    assert sorted(to for to, _, _ in mails(parts.settings.maildir)) == sorted([*ALL, *ALL])


def test_a_node_is_lost_of_which_there_is_a_copy(parts, publish, cluster, mails):
    """
    The second node gave each shard its copy by itself: without it everything goes on.
    """
    publish(FIRST)
    go_on(parts)
    where = cluster.settle("profiles")
    publish(FIRST, SECOND)
    cluster.lose_second()

    go_on(parts)

    assert where == [(shard, node) for shard in ("0", "1") for node in ("first", "second")]
    assert sorted(to for to, _, _ in mails(parts.settings.maildir)) == sorted([*ALL, *ALL])
