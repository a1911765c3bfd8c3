"""Elasticsearch for the laptop: the same files for every node, and one clear line when it cannot start."""

from __future__ import annotations

import shutil
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from alerting.errors import LocalStackError
from alerting.local.elasticsearch import LocalElasticsearch, download


def test_two_that_ask_for_the_jars_at_once_get_the_same_whole_files(elasticsearch_jars):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(download, [elasticsearch_jars] * 2)
    assert first == second
    assert all(jar.stat().st_size > 0 for jar in first)


def test_jars_that_went_missing_are_fetched_again(elasticsearch_jars, tmp_path):
    jars = tmp_path / "jars"
    jars.mkdir()
    listed = next(elasticsearch_jars.glob("elasticsearch-*.txt"))
    (jars / listed.name).write_text(str(tmp_path / "gone.jar"))
    (jars / "repository").symlink_to(elasticsearch_jars / "repository")
    assert all(jar.exists() for jar in download(jars))


def test_a_node_that_cannot_start_says_why_in_one_line(elasticsearch_jars, tmp_path):
    node = LocalElasticsearch(tmp_path / "es", elasticsearch_jars, tmp_path / "log")
    (node.folder / "data" / "node.lock").mkdir(parents=True)
    with pytest.raises(
        LocalStackError, match=r"^Elasticsearch: ended with code 1 \(.+\); set ELASTICSEARCH_URL"
    ):
        node.start()
    assert node.process is not None
    assert node.process.poll() is not None


def test_a_folder_with_an_accent_and_a_space_holds_a_whole_node(elasticsearch_jars, tmp_path):
    """
    Java loses native libraries below such a folder, and with them the first flush of an index.
    """
    place = tmp_path / "dossier du métier"
    place.mkdir()
    jars = place / "jars"
    shutil.copytree(elasticsearch_jars, jars, symlinks=True)
    node = LocalElasticsearch(place / "es", jars, place / "log")
    node.start()
    asked = urllib.request.Request(
        f"{node.url}/avis/_doc/1?refresh=true",
        data=b'{"title": "toiture"}',
        method="PUT",
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked) as answer:
        status = answer.status
    node.stop()
    assert status == 201
