"""Documents come out of the archive as they went in."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from alerting.errors import ArchiveError, UnknownIdError
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


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Let this process write no file larger than that: the kernel breaks off a write, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_breaks_off_is_one_line_and_leaves_nothing(tmp_path):
    """
    The folder is named, with what to do; no half file of these bytes, which cannot be packed, takes the room that is missing.
    """
    folder = tmp_path / "archive"
    body = random.Random(4).randbytes(20_000)

    with room_for(8192), pytest.raises(ArchiveError) as caught:
        Archive(folder).put(body)

    assert str(caught.value) == (
        f"archive {folder} (ALERTING_ARCHIVE): File too large; "
        "expected a folder with room that can be written to"
    )
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert Archive(folder).get(Archive(folder).put(body)) == body


def test_a_file_where_the_archive_should_be_is_one_line(tmp_path):
    """
    Writing says what is expected of ALERTING_ARCHIVE; reading finds no document, and it waits on.
    """
    folder = tmp_path / "archive"
    folder.write_bytes(b"")

    with pytest.raises(ArchiveError) as unwritten:
        Archive(folder).put(b"<ann/>")
    with pytest.raises(UnknownIdError) as unread:
        Archive(folder).get("ab" * 32)

    assert str(unwritten.value) == (
        f"archive {folder} (ALERTING_ARCHIVE): Not a directory; "
        "expected a folder with room that can be written to"
    )
    assert str(unread.value) == f"archive {folder}: {'ab' * 32}.gz: Not a directory"


def test_what_a_killed_worker_left_is_removed_by_a_later_one(tmp_path):
    """
    An unfinished file of hours ago is nobody's any more; a young one may still be written.
    """
    archive = Archive(tmp_path)
    folder = tmp_path / archive.put(b"<ann/>")[:2]
    kept = folder / ".new-young"
    kept.touch()
    left = folder / ".new-old"
    left.touch()
    os.utime(left, (0, 0))
    (folder / f"{hashlib.sha256(b'<ann/>').hexdigest()}.gz").unlink()

    archive.put(b"<ann/>")

    assert (kept.exists(), left.exists()) == (True, False)
