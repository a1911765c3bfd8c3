"""Fuzz: damage real documents for a while, and see whether any parser is surprised.

Run:  python tests/corpus_shared/fuzz.py FOLDER --seconds 600 [--seed 7]
Out:  how many documents were tried; of every surprise the file, the seed that repeats it, and what
      happened.  Exit code 1 when there was one.

A surprise is any exception but a FeedFormatError of one line, a notice that cannot be cleaned, or a
document that takes longer than SLOW_SECONDS.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from alerting.errors import FeedFormatError
from alerting.feeds.formats import AUTO, FORMATS, next_page_of, parse
from alerting.notices.normalise import normalise


SLOW_SECONDS = 10.0
LARGEST_BYTES = 400_000
URL = "https://kerlann.example/avis?limit=100"
TOKENS = [
    b"", b"<", b">", b"&", b"&#x0;", b"&#99999999;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"\x00", b"\xff\xfe", b"\xc3",
    b"{", b"}", b"[", b"]", b'"', b"\\u0000", b"\\ud800", b"null", b"true", b"1e999", b"-0", b"9" * 400, b"NaN", b",", b":",
    b"2026-02-30", b"0000-00-00", b"24:61", b"+99:99", b"Lot", b" " * 300, b"\n", b"<a>" * 200, b"[" * 300,
]  # fmt: skip
# A value of XML or JSON, and what may stand in its place without breaking the document.
VALUE = re.compile(rb"(?<=[>\"])(?P<value>[^<>\"\\]{1,200})(?=[<\"])")
HARMLESS = [
    b" ", b"\n", b"x" * 5000, b"9" * 400, b"-1", b"1e9999", b"NaN", b"0", b"true", b"2026-02-30", b"9999-12-31T23:59:59+14:00",
    b"0001-01-01T00:00:00-14:00", b"2026-03-29T02:30:00", b"24:61", b"http://[", b"https://kerlann.example/\xc3\xa9", b"45261210-9",
    b"FR521", b"FRH0X", b"99999", b"LOT-0001", b"\xe2\x80\xae", b"&amp;#039;&amp;amp;lt;script&amp;gt;", b"2021/S 025-057651", b"%00",
]  # fmt: skip
ENCODINGS = ["utf-16", "utf-32", "latin-1", "cp037"]


def main() -> int:
    """Fuzz, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=None, help="Repeat one document, not many.")
    asked = parser.parse_args()
    files = [
        path for path in sorted(asked.folder.rglob("*")) if path.suffix in {".xml", ".json", ".atom", ".rss"}
    ]
    bodies = [(path, body) for path in files if len(body := path.read_bytes()) <= LARGEST_BYTES]
    if not bodies:
        sys.stdout.write(f"no documents below {asked.folder}\n")
        return 2
    if asked.seed is not None:
        return int(try_one(bodies, asked.seed, Counter()))
    return run(bodies, asked.seconds)


def run(bodies: list[tuple[Path, bytes]], seconds: float) -> int:
    """Try seed after seed for so long; return 1 when one was a surprise."""
    counts: Counter[str] = Counter()
    started, told, seed = time.monotonic(), 0.0, 0
    while (passed := time.monotonic() - started) < seconds:
        counts["surprises"] += try_one(bodies, seed, counts)
        seed += 1
        if passed - told >= 60.0:
            told = passed
            sys.stdout.write(f"{passed:.0f} s: {dict(counts)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"fuzz: {len(bodies)} files, {seed} documents, {seconds:.0f} s, {dict(counts)}\n")
    return int(counts["surprises"] > 0)


def try_one(bodies: list[tuple[Path, bytes]], seed: int, counts: Counter[str]) -> bool:
    """Damage one document as its seed says and parse it; tell whether that was a surprise."""
    chance = random.Random(seed)
    path, body = chance.choice(bodies)
    document = disturb(body, chance) if chance.random() < 0.7 else damage(body, chance)
    name = AUTO if chance.random() < 0.8 else chance.choice(list(FORMATS))
    started = time.monotonic()
    try:
        counts[outcome_of(document, name)] += 1
    except Exception:  # noqa: BLE001 - whatever it is, it is the find
        sys.stdout.write(f"seed {seed}: {path.name} as {name}\n{traceback.format_exc()}\n")
        return True
    if time.monotonic() - started > SLOW_SECONDS:
        sys.stdout.write(f"seed {seed}: {path.name} as {name}: {time.monotonic() - started:.1f} s\n")
        return True
    return False


def disturb(body: bytes, chance: random.Random) -> bytes:
    """Return a document whose marks are whole, and some of whose values are nonsense."""
    values = list(VALUE.finditer(body))
    for value in sorted(
        chance.sample(values, min(len(values), chance.randint(1, 30))), key=_start, reverse=True
    ):
        start, end = value.span("value")
        other = chance.choice(values).group("value")
        body = body[:start] + chance.choice([b"", other, *HARMLESS]) + body[end:]
    return body


def _start(value: re.Match[bytes]) -> int:
    return value.start()


def damage(body: bytes, chance: random.Random) -> bytes:
    """Return a document with some of its bytes cut, moved, repeated, or replaced."""
    if chance.random() < 0.05:
        body = body.decode("utf-8", "replace").encode(chance.choice(ENCODINGS), "replace")
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice([0, 1, 4, 40, 400, 4000]))
        piece = chance.choice(
            [chance.choice(TOKENS), chance.randbytes(chance.randint(1, 6)), body[end : end + 200]]
        )
        body = body[:start] + piece + body[end:]
    return body[: chance.randrange(len(body) + 1)] if chance.random() < 0.1 else body


def outcome_of(document: bytes, name: str) -> str:
    """Parse, clean and look for a next page; return what became of it."""
    next_page_of(document, url=URL, format=name)
    try:
        parsed = parse(document, feed_id="fuzz", format=name)
    except FeedFormatError as error:
        return "refused" if len(str(error).splitlines()) == 1 else _fail(str(error))
    for raw in parsed.notices:
        assert normalise(raw).title.strip() or not raw.title.strip(), raw.title
    assert all(len(reject.problem.splitlines()) == 1 for reject in parsed.rejects), parsed.rejects
    return "partly" if parsed.rejects and parsed.notices else "read" if parsed.notices else "empty"


def _fail(problem: str) -> str:
    raise AssertionError(problem)


if __name__ == "__main__":
    sys.exit(main())
