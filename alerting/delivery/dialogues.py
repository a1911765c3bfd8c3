"""Keep, beside the database, how far each mail's dialogue came: what a worker knew when it was killed.

In:   the notes of one worker's dialogues, a line each, written before the step they speak of.
Out:  for each mail of a worker that is gone: its end was not said, it was said, or what was answered.

A line is handed to the operating system at once, so it outlives the process, but it is not forced to the
disk: after the machine itself went down it proves nothing, and is not believed.  The worker holds a lock on
its file while it lives; a file whose lock is free is that of a worker that is gone.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from alerting.errors import Blame, MailDeferredError, SettingError


_BOOT = Path("/proc/sys/kernel/random/boot_id")
# Of the first line.
_HEAD = b'["boot", '


class Fate(StrEnum):
    """What became of a mail whose worker is gone."""

    NOT_SENT = "not sent"  # its end was never said, or the server did not take it
    SENT = "sent"
    IN_DOUBT = "in doubt"  # its end was said, and no answer was read


@dataclass(frozen=True, slots=True)
class Proof:
    """What the log proves of one mail; ``answer`` is the server's, where it took it."""

    fate: Fate
    answer: str | None = None


class DialogueFile:
    """The log of one worker."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def note_dot(self, delivery_id: int) -> None:
        """Note that the end of a mail is about to be said.

        Raises:
            MailDeferredError: It cannot be noted, so it must not be said.
        """
        try:
            self._note("dot", delivery_id)
        except OSError as error:
            problem = f"the log of dialogues cannot be written: {error.strerror}"
            raise MailDeferredError(problem, blame=Blame.US) from error

    def note_answer(self, delivery_id: int, taken: str | None) -> None:
        """Note the server's answer to it; None: the server did not take the mail."""
        # Without the note, a worker that is killed now leaves a doubt; that is true then.
        with suppress(OSError):
            self._note("taken" if taken is not None else "not taken", delivery_id, taken)

    def _note(self, event: str, delivery_id: int, answer: str | None = None) -> None:
        """Write one line, whole or not at all: half a line would make the next one unreadable, too."""
        line = json.dumps([event, delivery_id, answer], ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        written = os.write(self._descriptor, line)
        if written < len(line):
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def open_dialogues(folder: Path, worker: str) -> Iterator[DialogueFile]:
    """Lend a worker its log; it is removed when all ends well, and stays for who comes after a crash.

    Raises:
        SettingError: The folder cannot be written to.
    """
    path = folder / worker
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o600)
    except OSError as error:
        raise SettingError("ALERTING_DIALOGUES", "a folder that can be written to", str(folder)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, _first_line() + b"\n")
        yield DialogueFile(descriptor)
        path.unlink()
    finally:
        os.close(descriptor)


def read_dialogues(folder: Path, worker: str) -> Mapping[int, Proof] | None:
    """Return what is proved of the mails that a worker held; those it does not name were not sent.

    None where nothing is proved: the worker lives, has no log here, or the machine went down since; or a line
    cannot be read, of which nobody knows which mail it spoke of.
    """
    try:
        with (folder / worker).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lines = file.read().split(b"\n")
    except OSError:
        return None
    if lines[-1] or _boot() is None or lines[0] != _first_line():
        return None
    notes = [_read_note(line) for line in lines[1:-1]]
    return None if None in notes else dict(note for note in notes if note is not None)


def find_gone(folder: Path, *, before: datetime) -> list[str]:
    """Return the workers that are gone and have noted nothing since a moment, by their logs.

    A worker that begins makes its log and then locks it: in between it looks like one that is gone, so
    *before* must lie further back than that takes.  A file that is no log is nobody's.
    """
    try:
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    except OSError:
        return []
    return [path.name for path in files if _is_gone(path, before)]


def _is_gone(path: Path, before: datetime) -> bool:
    try:
        with path.open("rb") as file:
            noted_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return noted_at < before and file.read(len(_HEAD)) == _HEAD
    except OSError:
        return False


def forget_dialogues(folder: Path, worker: str) -> None:
    """Remove the log of a worker whose mails are all accounted for."""
    (folder / worker).unlink(missing_ok=True)


def _read_note(line: bytes) -> tuple[int, Proof] | None:
    """Return of which mail a line speaks, and what it proves; None when it is no whole note."""
    try:
        match json.loads(line):
            case ["dot", int(delivery_id), _]:
                return delivery_id, Proof(Fate.IN_DOUBT)
            case ["not taken", int(delivery_id), _]:
                return delivery_id, Proof(Fate.NOT_SENT)
            case ["taken", int(delivery_id), str(answer)]:
                return delivery_id, Proof(Fate.SENT, answer)
    except ValueError:
        return None
    return None


def _first_line() -> bytes:
    return json.dumps(["boot", _boot()]).encode()


def _boot() -> str | None:
    """Return what tells one run of this machine's kernel from the next; None where it says nothing."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return None
