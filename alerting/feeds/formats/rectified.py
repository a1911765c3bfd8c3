"""Write what a BOAMP correction says in fields as the sentence that it means.

In:   an ``infosRectif`` element, of words, of fields, or of both.
Out:  its words, one line each; a heading with "instead of" and "read" is one French sentence.
      Which of its dates is the deadline is left to ``prose``, so that fields and words may not contradict.

Times keep their wall clock: BOAMP's offsets are wrong.

Source: the names of fields (``rubDelais``, ``auLieuDeDate``, ``lireDate``) are those that other readers of
DILA's BOAMP files ask for; the files at hand have words alone, so any field that begins so counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerting.feeds.formats.xml import Element, local_name, text_within


_HEADING = "rub"
_INSTEAD_OF = "auLieuDe"
_READ = "lire"
_RECEIVED = {
    "receptionoffres": "Date limite de réception des offres",
    "receptioncandidatures": "Date limite de réception des candidatures",
    "receptioncandidats": "Date limite de réception des candidatures",
    "receptcandidatures": "Date limite de réception des candidatures",
}
_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})\S*)?")


def correction_words(element: Element) -> str | None:
    """Return the words of a correction, one line each; None when it has none.

    >>> from lxml.etree import XML
    >>> correction_words(XML("<a><rubDelais>ReceptionOffres</rubDelais><lireDate>2026-10-12</lireDate></a>"))
    'Date limite de réception des offres : lire 12/10/2026.'
    """
    return "\n".join(_lines(element)) or None


def _lines(element: Element) -> Iterator[str]:
    if len(element) == 0:
        yield from filter(None, [text_within(element)])
        return
    yield from filter(None, [(element.text or "").strip()])
    heading = instead = ""
    for child in element:
        name, text = local_name(child), text_within(child)
        if name.startswith(_READ) and text:
            yield _sentence(heading, instead, text)
            heading = instead = ""
        elif name.startswith(_INSTEAD_OF):
            instead = text
        elif name.startswith(_HEADING):
            heading = text
        elif name:
            yield from _lines(child)
        yield from filter(None, [(child.tail or "").strip()])
    if heading or instead:
        yield _sentence(heading, instead, "")


def _sentence(heading: str, instead: str, read: str) -> str:
    """Return "heading: instead of X, read Y." of what there is of it."""
    said = [f"au lieu {_of(instead)}"] if instead else []
    said += [f"lire {_written(read)}"] if read else []
    about = [_RECEIVED.get(heading.lower(), heading)] if heading else []
    return " : ".join([*about, *([", ".join(said)] if said else [])]) + "."


def _of(text: str) -> str:
    return f"{'du' if _TIME.fullmatch(text) else 'de'} {_written(text)}"


def _written(text: str) -> str:
    """Return a time as a French reader writes it, and anything else in quotes."""
    found = _TIME.fullmatch(text)
    if found is None:
        return f"« {text} »"
    year, month, day, hour, minute = found.groups()
    return f"{day}/{month}/{year}" + (f" à {hour}h{minute}" if hour else "")
