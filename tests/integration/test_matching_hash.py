"""What was made by other matching code is told from what this code made, whatever the version's number."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import grimp
import numpy as np
import pytest

import alerting
from alerting.domain.criteria import Criteria
from alerting.index.profiles import ProfileIndex
from alerting.matching.engine import Engine
from alerting.reference.version import DECIDING, sources_hash


NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PACKAGE = Path(alerting.__file__).parent
ENTRANCES = ("matching.engine", "matching.analyse", "matching.compile", "domain.decide", "domain.evidence")


@pytest.fixture
def package(tmp_path):
    """A copy of the package's files, as somebody else's installation."""
    for file in PACKAGE.rglob("*"):
        if file.is_file() and file.suffix != ".pyc":
            copy = tmp_path / file.relative_to(PACKAGE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    [
        "text/analysis.py",
        "reference/nuts.py",
        "reference/data/regions.csv",
        "reference/data/nuts_old.csv",
        "reference/data/communes.csv.gz",
        "reference/data/trades.toml",
        "matching/locate.py",
        "domain/decide.py",
        "domain/evidence.py",
        "index/profile_documents.py",
    ],
)
def test_one_byte_that_decides_changes_the_hash(package, changed):
    """
    The same files have the same hash wherever they lie; one byte of one of them makes another.
    """
    before = sources_hash(package)

    source = bytearray((package / changed).read_bytes())
    source[-1] ^= 1
    (package / changed).write_bytes(source)

    assert sources_hash(PACKAGE) == before
    assert sources_hash(package) != before


def test_what_does_not_decide_leaves_the_hash(package):
    """
    Another wording of a mail, or compiled files beside the modules, build no index anew.
    """
    before = sources_hash(package)

    (package / "digests" / "words.py").write_text("another wording")
    (package / "text" / "analysis.pyc").write_bytes(b"compiled")

    assert sources_hash(package) == before
    assert sources_hash(package, "another stemmer") != before


def test_all_that_the_matching_imports_decides():
    """
    Whatever module the matching comes to follow is among those whose change is seen.
    """
    graph = grimp.build_graph("alerting")
    followed = set().union(*(graph.find_upstream_modules(f"alerting.{name}") for name in ENTRANCES))
    paths = {
        name.removeprefix("alerting.").replace(".", "/") + ".py" for name in followed if name != "alerting"
    }

    # Of the errors only names are used; the others are written and read beside criteria.
    decided = {path for path in paths if path in DECIDING or path.partition("/")[0] in DECIDING}
    told = ("cadence", "digest", "mail_text", "profile", "profile_change")
    others = {"errors.py", *(f"domain/{name}.py" for name in told)}
    assert "domain/trade.py" in decided
    assert paths - decided == {*others, "domain/suppression.py"}


def test_an_engine_that_other_code_saved_is_refused(tmp_path):
    """
    Its profiles may mean something else by now: it is made anew from the database.
    """
    path = tmp_path / "engine.npz"
    Engine([("couvreur", Criteria(trades=("couvreur",)))]).save(path)
    with np.load(path) as saved:
        parts = {**saved, "made_of": np.frombuffer(b"of other code", dtype=np.uint8)}
    np.savez(path, **parts)

    with pytest.raises(ValueError, match="an engine of other code \\(got of other code, expected "):
        Engine.load(path)


def test_profiles_that_other_code_wrote_are_written_anew(elasticsearch_url, alias, client):
    """
    A generation of the same mapping whose documents other code made is not written into any more.
    """
    index = ProfileIndex(elasticsearch_url, alias)
    older = index.open_generation(now=NOW)
    index.serve(older, now=NOW)
    held = client.indices.get_mapping(index=older.name)[older.name]["mappings"]
    meta = {**held["_meta"], "mapping_hash": "of other code"}
    client.indices.put_mapping(index=older.name, meta=meta)

    newer = index.open_generation(now=NOW)
    index.serve(newer, now=NOW)

    assert [one.name for one in index.generations()] == [newer.name]
    assert (older.is_current, newer.is_current, newer.name > older.name) == (True, True, True)
    index.drop(newer)
    index.close()
