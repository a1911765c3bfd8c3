"""Write a digest as a mail: a subject, a text part, its HTML twin, and the dates as a calendar.

In:   a digest, who gets it, the signed link to leave, who sends it, the moment.
Out:  a ``RenderedDigest`` in the recipient's language; both texts come from one context and tell the same.

Everything a notice says is escaped, and a link is made only of http and https addresses.  The looks are
in templates/email/source; ``make docs`` puts them into the templates.  An item is written once for all
firms that are told the same of it (``shelf``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from alerting.digests.calendar import write_calendar
from alerting.digests.languages import DEFAULT, NO_BREAK, Language, find_language
from alerting.digests.shelf import Shelf
from alerting.digests.view import DigestView, Piece, safe_link, view_digest, view_item
from alerting.domain.deadlines import PARIS
from alerting.domain.digest import Digest, DigestItem, RenderedDigest
from alerting.domain.mail_text import MailText
from alerting.domain.profile import Recipient


_SUBJECT_CHARACTERS = 69
_BETWEEN = " · "
# As much of a profile's name is kept before the summary is shortened.
_NAME_CHARACTERS = 24
_TEXT_COLUMNS = 72
_ITEMS_KEPT = 4096
_LINES_KEPT = 4096


def render(
    digest: Digest, *, recipient: Recipient, unsubscribe_url: str, sender_name: str, now: datetime
) -> RenderedDigest:
    """Return the words of one mail.

    Args:
        digest: What to tell; its items' order is kept within each kind.
        recipient: Named in the footer, so that a forwarded mail explains itself; read in their language.
        unsubscribe_url: The signed link; http or https.
        sender_name: Who we are, as the mail says it.
        now: Decides how many working days are left.

    Raises:
        ValueError: The link to leave is not one.
    """
    leave = safe_link(unsubscribe_url)
    if leave is None:
        raise ValueError(f"unsubscribe_url {unsubscribe_url!r} is no http address")
    language = find_language(recipient.language)
    calendar = write_calendar(digest, language, domain=leave.host, now=now)
    view = view_digest(digest, language, now=now)
    subject = _subject(view, language)
    frame = _frame(language)
    context = {
        "digest": view,
        "recipient": recipient,
        "leave": leave,
        "sender_name": sender_name,
        "subject": subject,
        "has_calendar": calendar is not None,
        "language": language,
    }
    text, html = _encode_lines(frame.text_opening(context)), _encode_lines(frame.html_opening(context))
    texts, htmls = [text], [html]
    for section in view.sections:
        heading = frame.section(section.heading)
        texts.append(heading.text)
        htmls.append(heading.html)
        for item in section.items:
            written = _find_item(item, language, now)
            texts.append(written.text)
            htmls.append(written.html)
    texts.append(_encode_lines(frame.text_closing(context)))
    htmls.append(_encode_lines(frame.html_closing(context)))
    return RenderedDigest(
        subject, text=MailText.joined(texts), html=MailText.joined(htmls), calendar=calendar
    )


def get_template(name: str) -> Template:
    """Return a template by its path below ``templates/``; HTML is escaped, an unknown name is an error."""
    return _environment(DEFAULT).get_template(name)


@dataclass(frozen=True, slots=True)
class _Written:
    """A piece of a mail, in both faces."""

    text: MailText
    html: MailText


_ITEMS: Shelf[_Written] = Shelf(_ITEMS_KEPT)


def _find_item(item: DigestItem, language: Language, now: datetime) -> _Written:
    """Return an item written for a reader of a language who reads it now."""
    notice = item.notice
    dates = (notice.deadline_at, notice.question_deadline_at, notice.visit_at)
    passed = tuple([moment is not None and moment <= now for moment in dates])
    today = now.astimezone(PARIS).date()
    key = (language.code, item.telling_kind, item.procedure_id, item.lot_ids, item.reasons, today, passed)
    return _ITEMS.find(key, item, lambda: _frame(language).item(item, now))


@dataclass(frozen=True, slots=True)
class _Frame:
    """The templates of one language."""

    language: Language
    text_opening: Callable[[dict[str, Any]], str]
    html_opening: Callable[[dict[str, Any]], str]
    text_closing: Callable[[dict[str, Any]], str]
    html_closing: Callable[[dict[str, Any]], str]
    text_section: Template
    html_section: Template
    text_item: Template
    html_item: Template

    def section(self, heading: str) -> _Written:
        """Return what stands above the items of one kind."""
        return _Written(
            _encode_lines(self.text_section.render(heading=heading)),
            _encode_lines(self.html_section.render(heading=heading)),
        )

    def item(self, item: DigestItem, now: datetime) -> _Written:
        """Return one item."""
        view = view_item(item, self.language, now=now)
        return _Written(
            MailText.of(self.text_item.render(item=view)), MailText.of(self.html_item.render(item=view))
        )


@cache
def _frame(language: Language) -> _Frame:
    environment = _environment(language.code)
    opening, closing, section, item = (
        {face: environment.get_template(f"email/{name}.{face}.j2") for face in ("txt", "html")}
        for name in ("opening", "closing", "section", "item")
    )
    return _Frame(
        language=language,
        text_opening=opening["txt"].render,
        html_opening=opening["html"].render,
        text_closing=closing["txt"].render,
        html_closing=closing["html"].render,
        text_section=section["txt"],
        html_section=section["html"],
        text_item=item["txt"],
        html_item=item["html"],
    )


def _subject(view: DigestView, language: Language) -> str:
    """Return "3 new contracts · Plomberie Redon" in fewer than 70 characters.

    Where there is much of many kinds, the first kind and a number stand for all; then the name is shortened.
    """
    name = view.profile_name
    summary = view.summary
    if len(summary) + len(_BETWEEN) + min(len(name), _NAME_CHARACTERS) > _SUBJECT_CHARACTERS:
        first, *others = view.sections
        rest = language.count(
            "and %(number)s other", "and %(number)s others", sum(len(section.items) for section in others)
        )
        summary = f"{first.heading} {rest}" if others else first.heading
    room = _SUBJECT_CHARACTERS - len(summary) - len(_BETWEEN)
    shown = name if len(name) <= room else f"{name[: room - 1].rstrip()}…"
    return f"{summary}{_BETWEEN}{shown}".replace(NO_BREAK, " ")


def _encode_lines(text: str) -> MailText:
    """Encode line by line: most lines of a frame are those of the mail before."""
    return MailText(b"".join([_encode_line(line) for line in text.splitlines(keepends=True)]))


@lru_cache(_LINES_KEPT)
def _encode_line(line: str) -> bytes:
    return MailText.of(line).encoded


@cache
def _environment(code: str) -> Environment:
    language = find_language(code)
    environment = Environment(
        loader=FileSystemLoader(_folder()),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined] # the extension brings it
        language.catalog.gettext, language.catalog.ngettext, newstyle=True
    )
    environment.filters["wrapped"] = _wrapped
    environment.filters["starred"] = _starred
    return environment


def _folder() -> Path:
    """Return the templates' folder: inside the package in a wheel, beside it in a working copy."""
    package = Path(__file__).parents[1]
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"


def _starred(pieces: Iterable[Piece]) -> str:
    """Return a text with stars around what is marked."""
    return "".join(f"*{piece.text}*" if piece.is_marked else piece.text for piece in pieces)


def _wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """Fold a paragraph for text clients; words and links are never broken.

    Args:
        text: One paragraph.
        first: What the first line starts with.
        rest: What the others start with; as many spaces as *first* has characters when None.
    """
    margin = " " * len(first) if rest is None else rest
    lines, line, is_empty = [], first, True
    for word in filter(None, text.split(" ")):
        if not is_empty and len(line) + 1 + len(word) > _TEXT_COLUMNS:
            lines.append(line)
            line, is_empty = margin, True
        line = f"{line}{word}" if is_empty else f"{line} {word}"
        is_empty = False
    return "\n".join([*lines, line])
