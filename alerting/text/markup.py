"""HTML out of texts: what a reader of the page would see.

In:   a text, HTML or not, that may be escaped more than once.
Out:  words alone; where one block ends and another begins is a line's end, between two cells a blank.

Sources: HTML Living Standard, 15.3 (which elements are blocks).
"""

from __future__ import annotations

import html
import re

import nh3


# A text is opened so often: some are escaped without end.
MOST_OPENINGS = 5
_ESCAPE = re.compile(r"&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_TAG = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|li|ol|p|span|strong|sub|sup|table|tbody|td|th|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# A text with one of these is HTML whatever it is said to be: "<b>" alone may be anything.
_MARKED_UP = re.compile(
    r"</(?:a|b|div|em|font|h[1-6]|i|li|ol|p|span|strong|su[bp]|table|t[dhr]|u|ul)>|<br\s*/?>", re.IGNORECASE
)
# Where words that touch in the source do not touch on the page.
_EDGE_OF_BLOCK = re.compile(
    r"(?=</?(?:address|article|aside|blockquote|br|caption|dd|div|dl|dt|fieldset|figure|footer|form|h[1-6]"
    r"|header|hr|li|main|nav|ol|p|pre|section|table|tr|ul)\b)",
    re.IGNORECASE,
)
_EDGE_OF_CELL = re.compile(r"(?=</?t[dh]\b)", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[a-z][^<>]*>|<!--", re.IGNORECASE)


def is_marked_up(text: str) -> bool:
    """Tell whether a text is HTML whatever it is said to be."""
    return "<" in text and _MARKED_UP.search(text) is not None


def may_be_marked_up(text: str) -> bool:
    """Tell whether anything in a text has the form of a tag or a comment."""
    return "<" in text and _ANY_TAG.search(text) is not None


def open_text(text: str, *, is_html: bool) -> str:
    r"""Return a text without HTML and escapes; what was escaped twice may be HTML again.

    >>> open_text("<p>Toiture</p><p>L'&eacute;cole</p>", is_html=True).split("\n")
    ['', 'Toiture', '', "L'école", '']
    """
    opened = _without_tags(text) if is_html else text
    for _ in range(MOST_OPENINGS):
        if _ESCAPE.search(opened) is None or (inner := html.unescape(opened)) == opened:
            break
        opened = _without_tags(inner) if is_html and _TAG.search(inner) is not None else inner
    return opened


def _without_tags(text: str) -> str:
    parted = _EDGE_OF_CELL.sub(" ", _EDGE_OF_BLOCK.sub("\n", text))
    return nh3.clean(parted, tags=set())
