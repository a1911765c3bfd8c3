"""JSON, read safely, and asked by paths: feeds leave out, misspell and retype what they please.

In:   the bytes of one document.
Out:  its value, numbers with a point as text just as published; helpers that answer None or
      nothing where a value is missing or of another type.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from alerting.errors import FeedFormatError


_DECODER = msgspec.json.Decoder(float_hook=str)
# What programs write for a number that is missing; it is no JSON (RFC 8259, section 6).
_NO_NUMBER = re.compile(rb"[:,\[]\s*+-?(?:NaN|Infinity)\s*+[,\]}]")


def read_json(document: bytes, *, feed_id: str) -> Any:
    """Return the value; NaN and Infinity, which some write for a missing number, are None.

    Raises:
        FeedFormatError: It is empty or broken JSON, or nested beyond measure.
    """
    if not document.strip():
        raise FeedFormatError(feed_id, "document", "empty; expected JSON")
    plain = document.removeprefix(b"\xef\xbb\xbf")
    try:
        return _decode(plain)
    except RecursionError as error:
        problem = "nested too deeply; expected JSON of fewer levels"
        raise FeedFormatError(feed_id, "document", problem) from error
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise FeedFormatError(feed_id, "document", f"not JSON ({' '.join(str(error).split())})") from error


def read_json_lines(document: bytes, *, feed_id: str) -> list[Any | FeedFormatError]:
    """Return the value of each line, or what is wrong in it; nothing where the first one is no JSON."""
    lines = [line for line in document.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    found: list[Any | FeedFormatError] = []
    for line in lines:
        try:
            found.append(read_json(line, feed_id=feed_id))
        except FeedFormatError as error:
            found.append(error)
            if len(found) == 1:
                return []
    return found


def _decode(document: bytes) -> Any:
    try:
        return _DECODER.decode(document)
    except msgspec.DecodeError:
        if _NO_NUMBER.search(document) is None:
            raise
    read = json.loads(document.decode(), parse_float=str, parse_constant=lambda _word: None)
    # Half a character ("\\ud800") is refused as it is in JSON without such words.
    return _DECODER.decode(json.dumps(read))


def text_at(value: Any, path: str = "") -> str | None:
    """Return the text or number at a path ("tender/value/amount"), trimmed; None when there is none."""
    found = value_at(value, path)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found).strip() or None


def value_at(value: Any, path: str) -> Any:
    """Return what stands at a path of names; None where a step of it is missing or no object."""
    for name in path.split("/") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def items_at(value: Any, path: str = "") -> list[Any]:
    """Return the items of the list at a path; a value that should have been a list is one item."""
    found = value_at(value, path)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def texts_at(value: Any, path: str = "") -> tuple[str, ...]:
    """Return every text or number of the list at a path."""
    return tuple(text for item in items_at(value, path) if (text := text_at(item)) is not None)
