"""A form: a page that is the same for every firm but for some blanks.

In:   the page as a template wrote it, with ``blank(name)`` wherever a firm's own words go.
Out:  that page with the blanks filled in, encoded for a mail; lines without a blank are encoded once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import groupby

from alerting.domain.mail_text import encode


# Signs of private use: no text of others has them (``words.clean``).
_OPEN, _CLOSE = "\ue000", "\ue001"
_BLANK = re.compile(f"{_OPEN}([a-z_]+){_CLOSE}")


def blank(name: str) -> str:
    """Return the mark of a blank."""
    return f"{_OPEN}{name}{_CLOSE}"


class Form:
    """One page with blanks."""

    def __init__(self, page: str, finish: Callable[[str], str] = str) -> None:
        """Take a page apart.

        Args:
            page: As a template wrote it.
            finish: What becomes of a line when it is filled in.
        """
        self._finish = finish
        self._pieces: list[bytes | list[list[str]]] = []
        for has_blank, run in groupby(page.splitlines(keepends=True), key=_has_blank):
            lines = list(run)
            # Of a line with blanks: words, name, words, name, words.
            self._pieces.append(
                [_BLANK.split(line) for line in lines] if has_blank else encode("".join(lines))
            )

    def fill(self, values: Mapping[str, str]) -> bytes:
        """Return the page encoded, with the blanks filled in; values must be escaped where it is HTML."""
        return b"".join([
            piece if isinstance(piece, bytes) else self._fill_lines(piece, values) for piece in self._pieces
        ])  # fmt: skip

    def _fill_lines(self, lines: list[list[str]], values: Mapping[str, str]) -> bytes:
        filled = []
        for pieces in lines:
            words = pieces.copy()
            words[1::2] = [values[name] for name in pieces[1::2]]
            filled.append(self._finish("".join(words)))
        return encode("".join(filled))


def _has_blank(line: str) -> bool:
    return _OPEN in line
