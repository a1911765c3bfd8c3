"""Which matching this is: a hash of the sources that decide what a text, a profile and a notice mean to it.

In:   the files of this package.
Out:  one hash, for whoever keeps what was made by them: an index, an engine in a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable


# Folders with all their modules, the modules beside them that these follow, and what documents are made by.
DECIDING = (
    "text",
    "reference",
    "reference/data",
    "matching",
    "matching/trades",
    "domain/analysed.py",
    "domain/cpv.py",
    "domain/criteria.py",
    "domain/deadlines.py",
    "domain/decide.py",
    "domain/evidence.py",
    "domain/fit.py",
    "domain/json.py",
    "domain/lots.py",
    "domain/match.py",
    "domain/money.py",
    "domain/notice.py",
    "domain/place.py",
    "domain/procedure.py",
    "domain/topic.py",
    "domain/trade.py",
    "index/documents.py",
    "index/profile_documents.py",
)
_ENDINGS = (".py", ".csv", ".csv.gz", ".toml")


@cache
def matching_hash() -> str:
    """Return the hash of this installation's sources and of its stemmer's version; read once a process."""
    return sources_hash(resources.files("alerting"), version("PyStemmer"))


def sources_hash(package: Traversable, *beside: str) -> str:
    """Return the hash of what decides in a package, modules and tables alike: 16 hexadecimal digits.

    Args:
        package: The folder that holds what DECIDING names.
        beside: What else decides.
    """
    found = sha256("\n".join(beside).encode())
    for path, source in _sources(package):
        found.update(f"\n{path} {sha256(source).hexdigest()}".encode())
    return found.hexdigest()[:16]


def _sources(package: Traversable) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of each file, always in the same order."""
    for name in DECIDING:
        place = package.joinpath(*name.split("/"))
        files = sorted(place.iterdir(), key=lambda file: file.name) if place.is_dir() else [place]
        for file in files:
            if file.name.endswith(_ENDINGS):
                yield f"{name} {file.name}", file.read_bytes()
