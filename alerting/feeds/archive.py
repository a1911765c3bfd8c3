"""The archive: every document as received, kept before anybody parses it.

In:   bytes.
Out:  their sha256, under which the same bytes come back; a document is stored once.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from alerting.errors import ArchiveError, UnknownIdError


COMPRESSION = 6
UNFINISHED = ".new-"
# Longer than any writing takes: what is older, a worker left that was killed.
LEFT_AFTER_SECONDS = 3600


class Archive:
    """A folder of gzip files named by the sha256 of what they hold, 256 folders wide."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, body: bytes) -> str:
        """Keep *body* and return its sha256 in hex; safe to repeat and to be killed in.

        A file is complete or absent: it is written beside its place, then renamed; when this returns,
        a power cut loses neither the file nor its name.  One that could not be completed leaves nothing;
        what a killed worker left is removed by a later one.

        Raises:
            ArchiveError: It cannot be written: no room, no right, no folder.
        """
        body_hash = hashlib.sha256(body).hexdigest()
        path = self._path(body_hash)
        if path.exists():
            return body_hash
        try:
            _write_whole(path, gzip.compress(body, COMPRESSION, mtime=0))
        except OSError as error:
            raise ArchiveError(self._folder, error.strerror) from error
        return body_hash

    def get(self, body_hash: str) -> bytes:
        """Return the document of that hash.

        Raises:
            UnknownIdError: It is not there, cannot be read, or something else is in its place.
        """
        path = self._path(body_hash)
        try:
            body = gzip.decompress(path.read_bytes())
        except FileNotFoundError as error:
            raise UnknownIdError(f"archive {self._folder}: no document with sha256 {body_hash}") from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UnknownIdError(f"archive {self._folder}: {path.name} is damaged ({error})") from error
        except OSError as error:
            raise UnknownIdError(f"archive {self._folder}: {path.name}: {error.strerror}") from error
        if hashlib.sha256(body).hexdigest() != body_hash:
            raise UnknownIdError(f"archive {self._folder}: {path.name} is damaged (it has another sha256)")
        return body

    def _path(self, body_hash: str) -> Path:
        return self._folder / body_hash[:2] / f"{body_hash}.gz"


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is complete or absent, whatever fails on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = mkstemp(dir=path.parent, prefix=UNFINISHED)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        # What a full disk does not lack is half a file more.
        with suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(path.parent)
    _tidy(path)


def _tidy(written: Path) -> None:
    """Remove what killed workers left beside a file that was just written."""
    for left in written.parent.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            if written.stat().st_mtime - left.stat().st_mtime > LEFT_AFTER_SECONDS:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    """Let a new name in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
