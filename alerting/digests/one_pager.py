"""Put a digest on a sheet: a page of the browser, and paper for the wall of the workshop.

In:   a digest, a language, the moment.
Out:  one HTML page, made to be read on a phone and to be printed, that loads nothing.

Nothing is left out: what a mail has only a line for, or no room at all, stands here in full.
"""

from __future__ import annotations

from datetime import datetime

from alerting.digests.languages import find_language
from alerting.digests.render import get_template
from alerting.digests.view import DigestView, ItemView, view_digest, view_item
from alerting.domain.digest import Digest


def render_one_pager(digest: Digest, *, language_code: str, now: datetime) -> str:
    """Return the sheet; *now* decides how many working days are left."""
    language = find_language(language_code)
    view: DigestView = view_digest(digest, language, now=now, is_whole=True)
    items: list[ItemView] = [
        view_item(item, language, now=now, is_whole=True)
        for section in view.sections
        for item in section.items
    ]
    template = get_template("web/one-pager.html.j2", language.code)
    return template.render(digest=view, items=items, language=language)
