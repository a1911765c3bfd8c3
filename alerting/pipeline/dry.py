"""Try things on files and addresses, without a database: read them, link them, match them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from alerting.digests.check_page import CheckedDocument, CheckedNotice, render_check_page
from alerting.domain.json import to_json
from alerting.domain.notice import Notice, NoticeKind
from alerting.errors import NothingReadError, UnknownIdError
from alerting.feeds.credentials import hide_user
from alerting.feeds.fetch import DEFAULT_LIMITS
from alerting.matching.engine import Engine, in_pairs
from alerting.matching.firms_file import read_drafts, refuse_everything
from alerting.notices.link import link_all
from alerting.pipeline.check import CheckReport, check, check_addresses, refuse


log = structlog.get_logger()

# Formats in which one journal publishes: its numbers are one series, whatever file brings them.
_JOURNALS = {
    "boamp": "boamp",
    "boamp-api": "boamp",
    "boamp-v230": "boamp",
    "eforms": "ted",
    "ted-api": "ted",
    "ted-export": "ted",
}
Row = dict[str, Any]

_SUFFIXES = frozenset({".xml", ".rss", ".atom", ".json"})


def find_documents(paths: Iterable[str]) -> Iterator[Path]:
    """Yield the files that paths name; of a folder, every document in it, by name.

    Raises:
        UnknownIdError: There is nothing of that name, or none was given: a shell's variable that is not set.
    """
    for name in paths:
        if not _is_there(name):
            raise UnknownIdError(f"{show_path(name) or repr(name)}: no such file or folder")
        path = Path(name)
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if _is_document(file))
        else:
            yield path


def check_documents(
    paths: Sequence[str], *, is_local: bool, now: Callable[[], datetime]
) -> list[CheckReport]:
    """Read documents and report on each, in the order of *paths*; one that cannot be had is a refused one.

    Args:
        paths: Files, folders, and http or https addresses.
        is_local: Addresses may lead to loopback and private addresses.
        now: The clock, aware UTC.
    """
    addresses = [path for path in paths if _is_address(path) and hide_user(path) == path]
    by_url = check_addresses(addresses, is_local=is_local, now=now)
    reports: list[CheckReport] = []
    for path in paths:
        reports += [by_url[path]] if path in by_url else _check_path(path)
    return reports


def show_path(path: Path | str) -> str:
    """Return how a file or an address is shown: without a secret, in signs that every text can hold."""
    return hide_user(os.fsencode(path).decode("utf-8", "replace"))


def write_page(reports: Sequence[CheckReport], *, now: datetime) -> str:
    """Return the page in French that tells a publisher what came of its documents."""
    documents = [
        CheckedDocument(
            path=report.path,
            format=report.format,
            outcome=report.outcome,
            notices=tuple(map(CheckedNotice, report.notices, report.missing, report.unreadable)),
            rejects=report.rejects,
        )
        for report in reports
    ]
    return render_check_page(documents, now=now)


def _check_path(path: str) -> Iterator[CheckReport]:
    """Check a file, or every document of a folder; a folder without any is refused itself."""
    shown = show_path(path)
    if _is_address(path):
        yield refuse(shown, "address", "a user or password in it would be seen; expected an address without")
        return
    if not _is_there(path):
        yield refuse(shown, "file", "No such file or directory; expected one, or an http or https address")
        return
    files = list(find_documents([path]))
    if not files:
        yield refuse(shown, "folder", f"no document; expected files ending {' '.join(sorted(_SUFFIXES))}")
    for file in files:
        body, name = _read(file), show_path(file)
        yield check(name, body) if isinstance(body, bytes) else refuse(name, "file", body)


def _is_there(name: str) -> bool:
    """Tell whether a name is a file's or folder's; the empty one would be where one stands."""
    return bool(name) and Path(name).exists()


def link_files(paths: Iterable[Path]) -> list[Row]:
    """Read documents and link their notices, whatever their order; one row a procedure.

    Raises:
        NothingReadError: No notice could be read of them.
    """
    read = [(path, replace(notice, feed_id=source)) for path, source, notice in _sourced(paths)]
    _refuse_nothing(read)
    return [
        {
            "procedure_key": next(
                (key for member in group if (key := read[member.position][1].procedure_key) is not None), None
            ),
            "notices": [
                {
                    "path": read[member.position][0],
                    "source_id": read[member.position][1].source_id,
                    "step": member.step.value,
                    "evidence": member.evidence,
                }
                for member in group
            ],
        }
        for group in link_all([notice for _, notice in read])
    ]


def _sourced(paths: Iterable[Path]) -> Iterator[tuple[str, str, Notice]]:
    """Yield notices with the source that numbers them: a journal, or else the document itself."""
    for path in paths:
        body = _read(path)
        if isinstance(body, bytes):
            report = check(show_path(path), body)
            for reject in report.rejects:
                _warn(path, f"{reject.where}: {reject.problem}")
            source = _JOURNALS.get(report.format or "", str(path))
            yield from ((report.path, source, notice) for notice in report.notices)
        else:
            _warn(path, body)


def try_match(firms_text: str, paths: Iterable[Path]) -> list[Row]:
    """Match the profiles of a firms file with the notices of documents; one row a pair.

    A profile that names no kinds is tried on notices of every kind: whether one is told as new is up to
    its procedure's state, which a document alone does not show.  Nothing is sent, so firms need no
    recipients.

    Raises:
        ProfileError: The file cannot be used as written, or a profile would match everything.
        NothingReadError: No notice could be read of the documents.
    """
    drafts = read_drafts(firms_text)
    for draft in drafts:
        refuse_everything(f"firm {draft.firm_id!r}, profile {draft.profile_id!r}", draft.criteria)
    read: Sequence[tuple[str, Notice]] = list(_notices(paths))
    _refuse_nothing(read)
    profiles = [
        (profile.profile_id, replace(profile.criteria, kinds=profile.criteria.kinds or tuple(NoticeKind)))
        for profile in drafts
    ]
    told = Engine(profiles).match([(number, notice) for number, (_, notice) in enumerate(read)])
    order = {profile_id: at for at, (profile_id, _) in enumerate(profiles)}
    found = sorted(in_pairs(told), key=lambda pair: (pair[1], order[pair[0]]))
    return [
        {
            "profile_id": profile_id,
            "source_id": read[number][1].source_id,
            "path": read[number][0],
            "lots": list(decision.lot_ids),
            "score": decision.score,
            "reasons": to_json(decision.reasons),
        }
        for profile_id, number, decision in found
    ]


def _notices(paths: Iterable[Path]) -> Iterator[tuple[str, Notice]]:
    for path in paths:
        body = _read(path)
        if isinstance(body, bytes):
            report = check(show_path(path), body)
            for reject in report.rejects:
                _warn(path, f"{reject.where}: {reject.problem}")
            yield from ((report.path, notice) for notice in report.notices)
        else:
            _warn(path, body)


def _refuse_nothing(read: Sequence[object]) -> None:
    if not read:
        raise NothingReadError(sorted(_SUFFIXES))


def _read(path: Path) -> bytes | str:
    """Return a file's bytes, or in one line why there are none."""
    try:
        if path.exists() and not path.is_file():
            return "no regular file; expected a document"
        if path.stat().st_size > DEFAULT_LIMITS.body_bytes:
            return f"more than {DEFAULT_LIMITS.body_bytes} bytes; expected less"
        return path.read_bytes()
    except OSError as error:
        return error.strerror or "cannot be read"


def _warn(path: Path, problem: str) -> None:
    log.warning("document_refused", path=show_path(path), problem=problem)


def _is_address(path: str) -> bool:
    return path.lower().startswith(("http://", "https://"))


def _is_document(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in _SUFFIXES
