"""Documents come out of the archive as they went in."""

from __future__ import annotations

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
