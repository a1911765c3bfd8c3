"""Elasticsearch for the laptop: the same files for every node, and one clear line when it cannot start."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from elasticsearch import Elasticsearch

from alerting.errors import LocalStackError
from alerting.local.elasticsearch import LocalElasticsearch, download
from alerting.local.elasticsearch_node import OF_THE_LAUNCHER


def test_two_that_ask_for_the_jars_at_once_get_the_same_whole_files(elasticsearch_jars):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(download, [elasticsearch_jars] * 2)
    assert first == second
    assert first
    assert [jar for jar in first if jar.stat().st_size == 0] == []


def test_jars_that_went_missing_are_fetched_again(elasticsearch_jars, tmp_path):
    jars = tmp_path / "jars"
    jars.mkdir()
    listed = next(elasticsearch_jars.glob("elasticsearch-*.txt"))
    (jars / listed.name).write_text(str(tmp_path / "gone.jar"))
    (jars / "repository").symlink_to(elasticsearch_jars / "repository")

    fetched = download(jars)

    assert {jar.name for jar in fetched} == {jar.name for jar in download(elasticsearch_jars)}
    assert [jar for jar in fetched if not jar.exists()] == []


def test_a_node_that_cannot_start_says_why_in_one_line(elasticsearch_jars, tmp_path):
    node = LocalElasticsearch(tmp_path / "es", elasticsearch_jars, tmp_path / "log")
    (node.folder / "data" / "node.lock").mkdir(parents=True)
    with pytest.raises(
        LocalStackError, match=r"^Elasticsearch: ended with code 1 \(.+\); set ELASTICSEARCH_URL"
    ):
        node.start()
    assert node.process is not None
    assert node.process.poll() is not None


def test_a_folder_with_an_accent_is_refused_in_one_line(tmp_path):
    """
    Java loses native libraries below such a folder, and with them the first flush of an index.
    """
    jars = tmp_path / "métier" / "jars"
    node = LocalElasticsearch(tmp_path / "es", jars, tmp_path / "log")
    with pytest.raises(LocalStackError, match=r"^Elasticsearch: Java cannot run from a folder with accents"):
        node.start()
    assert not jars.exists()


def test_a_node_runs_as_the_official_launcher_would_have_it(elasticsearch_jars, tmp_path):
    """
    What is measured on a laptop is measured under the collector's settings that a server has.
    """
    node = LocalElasticsearch(tmp_path / "es", elasticsearch_jars, tmp_path / "log")
    node.start()
    try:
        with Elasticsearch(node.url) as client:
            (found,) = client.nodes.info(metric="jvm")["nodes"].values()
    finally:
        node.stop()
    assert set(OF_THE_LAUNCHER) <= set(found["jvm"]["input_arguments"])
    assert "G1 Young Generation" in found["jvm"]["gc_collectors"]
