"""Try things on files, without a database: read them, link them, match them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from alerting.domain.json import to_json
from alerting.domain.notice import Notice
from alerting.domain.procedure import LinkStep
from alerting.matching.engine import Engine
from alerting.matching.firms_file import read_firms
from alerting.notices.link import Candidate, find_link
from alerting.pipeline.check import check


Row = dict[str, Any]

_SUFFIXES = frozenset({".xml", ".rss", ".atom", ".json"})


def find_documents(paths: Iterable[str]) -> Iterator[Path]:
    """Yield the files that paths name; of a folder, every document in it, by name."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if _is_document(file))
        else:
            yield path


def check_file(path: Path) -> Row:
    """Read one document and report on it; a file that cannot be read is a refused one."""
    body = _read(path)
    if isinstance(body, str):
        return {
            "path": str(path),
            "format": None,
            "outcome": "refused",
            "notices": [],
            "rejects": [{"where": "file", "problem": body}],
            "seconds": 0.0,
        }
    report: Row = to_json(check(str(path), body))
    return report


def link_files(paths: Iterable[Path]) -> list[Row]:
    """Read documents in order and link their notices; one row a procedure."""
    candidates: list[Candidate] = []
    rows: list[Row] = []
    for path, notice in _notices(paths):
        link = find_link(notice, candidates)
        number = len(rows) if link is None else link.procedure_id
        if link is None:
            rows.append({"procedure_key": None, "notices": []})
        candidates.append(Candidate(number, notice))
        step = LinkStep.FIRST if link is None else link.step
        rows[number]["procedure_key"] = rows[number]["procedure_key"] or notice.procedure_key
        rows[number]["notices"].append({"path": path, "source_id": notice.source_id, "step": step.value})
    return rows


def try_match(firms_text: str, paths: Iterable[Path]) -> list[Row]:
    """Match the profiles of a firms file with the notices of documents; one row a pair."""
    read: Sequence[tuple[str, Notice]] = list(_notices(paths))
    profiles = [
        (profile.profile_id, profile.criteria) for firm in read_firms(firms_text) for profile in firm.profiles
    ]
    found = Engine(profiles).match([(number, notice) for number, (_, notice) in enumerate(read)])
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
        if decision.accepted
    ]


def _notices(paths: Iterable[Path]) -> Iterator[tuple[str, Notice]]:
    for path in paths:
        body = _read(path)
        if isinstance(body, bytes):
            for notice in check(str(path), body).notices:
                yield str(path), notice


def _read(path: Path) -> bytes | str:
    """Return a file's bytes, or in one line why there are none."""
    try:
        return path.read_bytes()
    except OSError as error:
        return error.strerror or "cannot be read"


def _is_document(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in _SUFFIXES
