"""Documents come out of the archive as they went in."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from alerting.errors import UnknownIdError
from alerting.feeds.archive import Archive


def test_a_document_comes_back_by_its_hash(tmp_path):
    """
    The name of a document is the sha256 of its bytes, and the bytes come back unchanged.
    """
    archive = Archive(tmp_path)

    body_hash = archive.put(b"<ann/>\xff")

    assert (body_hash, archive.get(body_hash)) == (hashlib.sha256(b"<ann/>\xff").hexdigest(), b"<ann/>\xff")


def test_the_same_document_is_kept_once(tmp_path):
    """
    Putting the same bytes again writes no second file, and leaves nothing half-written.
    """
    archive = Archive(tmp_path)

    hashes = {archive.put(b"<ann/>"), archive.put(b"<ann/>")}

    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{hashes.pop()}.gz"]


def test_a_document_that_was_never_archived_is_an_error(tmp_path):
    """
    The message names the archive and the hash.
    """
    with pytest.raises(UnknownIdError) as caught:
        Archive(tmp_path).get("ab" * 32)

    assert str(caught.value) == f"archive {tmp_path}: no document with sha256 {'ab' * 32}"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "it has another sha256", id="empty"),
        pytest.param(
            gzip.compress(b"<ann/>")[:12],
            "Compressed file ended before the end-of-stream marker was reached",
            id="half",
        ),
        pytest.param(b"<ann/>", "Not a gzipped file (b'<a')", id="not packed"),
        pytest.param(gzip.compress(b"<other/>"), "it has another sha256", id="another document"),
    ],
)
def test_a_document_that_is_damaged_is_an_error_and_never_read(tmp_path, content, problem):
    """
    What lies there must be what was received, byte for byte.
    """
    body_hash = Archive(tmp_path).put(b"<ann/>")
    (tmp_path / body_hash[:2] / f"{body_hash}.gz").write_bytes(content)

    with pytest.raises(UnknownIdError) as caught:
        Archive(tmp_path).get(body_hash)

    assert str(caught.value) == f"archive {tmp_path}: {body_hash}.gz is damaged ({problem})"
