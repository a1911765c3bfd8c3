"""Write a digest as a mail: a subject, a text part, its HTML twin, and the dates as a calendar.

In:   a digest, who gets it, the signed link to leave, who sends it, the moment.
Out:  a ``RenderedDigest`` in the recipient's language; both texts tell the same.

Everything a notice says is escaped, and a link is made only of http and https addresses.  The looks are
in templates/email/source; ``make docs`` puts them into the templates.  An item is written once for all
firms that are told the same of it (``shelf``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import escape

from alerting.digests.calendar import write_calendar
from alerting.digests.form import Form, blank
from alerting.digests.languages import DEFAULT, NO_BREAK, Language, find_language
from alerting.digests.links import Link, safe_link
from alerting.digests.marks import Piece
from alerting.digests.shelf import Shelf
from alerting.digests.view import (
    STILL_OPEN,
    DigestView,
    ItemView,
    fit_view,
    say_reasons,
    tell_fit,
    view_digest,
    view_procedure,
)
from alerting.digests.words import matching_words
from alerting.domain.deadlines import PARIS
from alerting.domain.digest import Digest, DigestItem, RenderedDigest
from alerting.domain.mail_text import MailText, encode
from alerting.domain.match import Reason
from alerting.domain.profile import Recipient


_SUBJECT_CHARACTERS = 69
_BETWEEN = " · "
# As much of a profile's name is kept before the summary is shortened.
_NAME_CHARACTERS = 24
_TEXT_COLUMNS = 72
# How much of what was written is kept: procedures; and of each kind of piece.
_PROCEDURES_KEPT = 4096
_KEPT = 1024
# What ends a line of quoted-printable that is no line of the text (RFC 2045, 6.7, rule 5).
_SOFT_BREAK = b"=\r\n"
# Blanks of the question that ends an item.
_HREF, _HOST, _NUMBER = blank("opinion_href"), blank("opinion_host"), blank("opinion_number")
_BLANKS = (
    "subject", "summary", "profile_name", "firm_name", "composed_on", "first_deadline", "sender_name",
    "email", "leave_href", "leave_host", "sheet_href", "sheet_host",
)  # fmt: skip


def render(
    digest: Digest,
    *,
    recipient: Recipient,
    unsubscribe_url: str,
    sender_name: str,
    now: datetime,
    opinion_url: str | None = None,
    sheet_url: str | None = None,
) -> RenderedDigest:
    """Return the words of one mail.

    Args:
        digest: What to tell; its items' order is kept within each kind.
        recipient: Named in the footer, so that a forwarded mail explains itself; read in their language.
        unsubscribe_url: The signed link; http or https.
        sender_name: Who we are, as the mail says it.
        now: Decides how many working days are left.
        opinion_url: The signed link to say what one thinks of an item, without its number; None: none is.
        sheet_url: The signed link to the whole digest as a page; None: there is none.

    Raises:
        ValueError: The link to leave is not one.
    """
    leave = safe_link(unsubscribe_url)
    if leave is None:
        raise ValueError(f"unsubscribe_url {unsubscribe_url!r} is no http address")
    sheet = None if sheet_url is None else safe_link(sheet_url)
    frame = _frame(find_language(recipient.language))
    calendar = write_calendar(digest, frame.language, domain=leave.host, now=now)
    view = view_digest(digest, frame.language, now=now)
    subject = _subject(view)
    values = _values(view) | {
        "subject": subject,
        "sender_name": sender_name,
        "email": recipient.email,
        "leave_href": leave.href,
        "leave_host": leave.host,
        "sheet_href": "" if sheet is None else sheet.href,
        "sheet_host": "" if sheet is None else sheet.host,
    }
    looks = {
        "several": len(view.sections) > 1 or bool(view.others),
        "is_dated": view.first_deadline is not None,
        "has_calendar": calendar is not None,
        "has_sheet": sheet is not None,
    }
    question = frame.ask(None if opinion_url is None else safe_link(opinion_url))
    opening, closing = frame.around(values, looks)
    others = [frame.others(view, sheet)] if view.others else []
    pieces = [opening, *_tell_all(view, frame, question, now), *others, closing]
    text = MailText(b"".join([text for piece in pieces for text in piece.texts]))
    html = MailText(b"".join([html for piece in pieces for html in piece.htmls]))
    return RenderedDigest(subject, text, html, calendar)


def get_template(name: str, language_code: str = DEFAULT) -> Template:
    """Return a template by its path below ``templates/``; HTML is escaped, an unknown name is an error."""
    return _environment(language_code).get_template(name)


@dataclass(frozen=True, slots=True)
class _Written:
    """Pieces of a mail, in both faces, encoded."""

    texts: tuple[bytes, ...]
    htmls: tuple[bytes, ...]

    @classmethod
    def of(cls, text: str, html: str) -> _Written:
        """Return one piece."""
        return cls((encode(text),) if text else (), (encode(html),) if html else ())

    @classmethod
    def joined(cls, pieces: Iterable[_Written]) -> _Written:
        """Return several as one."""
        pieces = list(pieces)
        texts = tuple(text for piece in pieces for text in piece.texts)
        return cls(texts, tuple(html for piece in pieces for html in piece.htmls))


@dataclass(frozen=True, slots=True)
class _Question:
    """The end of each item of a mail: whether it is useful, where it is open and somebody is asked.

    Args:
        unasked: The end of an item without the question.
        around: In both faces, what stands before a procedure's number and after it.
    """

    unasked: _Written
    around: tuple[tuple[bytes, bytes], tuple[bytes, bytes]] | None

    def ask(self, item: DigestItem) -> _Written:
        """Return the end of an item."""
        if self.around is None or item.telling_kind not in STILL_OPEN:
            return self.unasked
        number = b"%d%s" % (item.procedure_id, _SOFT_BREAK)
        (text, text_end), (html, html_end) = self.around
        return _Written((text + number + text_end,), (html + number + html_end,))


def _values(view: DigestView) -> dict[str, str]:
    """Return what a digest says of itself, by its blanks."""
    return {
        "summary": view.summary,
        "profile_name": view.profile_name,
        "firm_name": view.firm_name,
        "composed_on": view.composed_on,
        "first_deadline": view.first_deadline or "",
    }


def _tell_all(view: DigestView, frame: _Frame, question: _Question, now: datetime) -> Iterator[_Written]:
    """Yield the sections of a mail: each its heading, then its items, each with the question that ends it."""
    today = now.astimezone(PARIS).date()
    for section in view.sections:
        yield frame.section(section.heading)
        for item in section.items:
            yield _tell(item, frame, now, today)
            yield question.ask(item)


class _Kept(dict[Hashable, _Written]):
    """What was written, by what decides it; it is forgotten when it has become too much."""

    def find(self, key: Hashable, write: Callable[[], _Written]) -> _Written:
        """Return what was written, and write it where it was not."""
        written = self.get(key)
        if written is None:
            if len(self) >= _KEPT:
                self.clear()
            written = self[key] = write()
        return written


class _Procedure:
    """An item as firms are told it: what is the same for all, and what depends on lots and reasons."""

    def __init__(self, item: DigestItem, frame: _Frame, now: datetime) -> None:
        self._view = view_procedure(item, frame.language, now=now)
        self._frame = frame
        self._now = now
        self._links = frame.write("links", self._view)
        self._fitted = _Kept()
        self._told = _Kept()

    def tell(self, item: DigestItem) -> _Written:
        """Return an item for a firm."""
        return self._told.find((item.lot_ids, item.reasons, item.fit), lambda: self._tell(item))

    def _tell(self, item: DigestItem) -> _Written:
        key = (item.lot_ids, matching_words(item.reasons))
        fitted = self._fitted.find(key, lambda: self._fit(item))
        verdict = self._frame.say_fit(tell_fit(item, self._frame.language, now=self._now))
        return _Written.joined([fitted, verdict, self._frame.say_why(item.reasons), self._links])

    def _fit(self, item: DigestItem) -> _Written:
        view = fit_view(self._view, item, self._frame.language, now=self._now)
        return _Written.joined([self._frame.write(name, view) for name in ("head", "lots", "dates")])


_PROCEDURES: Shelf[_Procedure] = Shelf(_PROCEDURES_KEPT)


def _tell(item: DigestItem, frame: _Frame, now: datetime, today: date) -> _Written:
    """Return an item for a reader who reads it now."""
    notice = item.notice
    dates = (notice.deadline_at, notice.question_deadline_at, notice.visit_at)
    passed = tuple([moment is not None and moment <= now for moment in dates])
    # Where lots have their own deadlines the item has that of the lots that fit.
    key = (
        frame.language.code, item.telling_kind, item.procedure_id, item.reminds_of, today, passed,
        notice.deadline_at,
    )  # fmt: skip
    return _PROCEDURES.find(key, item, lambda: _Procedure(item, frame, now)).tell(item)


class _Frame:
    """The templates of one language, and what they wrote that does not change."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._environment = _environment(language.code)
        self._forms: dict[tuple[str, str, bool, bool, bool, bool], Form] = {}
        self._reasons = _Kept()
        self._headings = _Kept()
        self._fits = _Kept()
        self._why, self._fit = self._line("why", "reasons"), self._line("fit", "fit")
        self._asking = [
            self._template("opinion", face).render(
                is_asked=True, opinion_href=_HREF + _NUMBER, opinion_host=_HOST
            )
            for face in ("txt", "html")
        ]
        self._unasked = _Written.of(
            *[self._template("opinion", face).render(is_asked=False) for face in ("txt", "html")]
        )

    def _line(self, name: str, blank_name: str) -> tuple[Form, Form]:
        """Return the two faces of a piece that is one line with one blank."""
        values = {blank_name: blank(blank_name)}
        text, html = (self._template(name, face).render(values) for face in ("txt", "html"))
        return Form(text, _wrap_why), Form(html)

    def write(self, name: str, view: ItemView) -> _Written:
        """Return a piece of an item."""
        return _Written.of(*[self._template(name, face).render(item=view) for face in ("txt", "html")])

    def others(self, view: DigestView, sheet: Link | None) -> _Written:
        """Return the items that a mail has no room for, in a line each."""
        context = {
            "heading": view.others_heading,
            "others": view.others,
            "more": view.others_more,
            "sheet": sheet,
        }
        return _Written.of(*[self._template("others", face).render(context) for face in ("txt", "html")])

    def section(self, heading: str) -> _Written:
        """Return what stands above the items of one kind."""
        return self._headings.find(heading, lambda: self._head(heading))

    def _head(self, heading: str) -> _Written:
        faces = [self._template("section", face).render(heading=heading) for face in ("txt", "html")]
        return _Written.of(*faces)

    def say_why(self, given: tuple[Reason, ...]) -> _Written:
        """Return why something was chosen; nothing where no reason is known."""
        said = " · ".join(say_reasons(given, self.language))
        return self._reasons.find(said, lambda: _fill(self._why, "reasons", said))

    def say_fit(self, said: str | None) -> _Written:
        """Return how it fits the firm; nothing where that is not known."""
        return self._fits.find(said, lambda: _fill(self._fit, "fit", said or ""))

    def ask(self, link: Link | None) -> _Question:
        """Return the question that a mail asks of its items; without a link it asks nothing."""
        if link is None:
            return _Question(self._unasked, None)
        text, html = self._asking
        href, host = str(escape(link.href)), str(escape(link.host))
        text = text.replace(_HREF, f"{link.href}/").replace(_HOST, link.host)
        html = html.replace(_HREF, f"{href}/").replace(_HOST, host)
        return _Question(self._unasked, (_around_number(text), _around_number(html)))

    def around(self, values: Mapping[str, str], looks: Mapping[str, bool]) -> tuple[_Written, _Written]:
        """Return the opening and the closing of a mail.

        Args:
            values: What stands in their blanks.
            looks: See ``form``.
        """
        escaped = {name: str(escape(value)) for name, value in values.items()}
        opening, closing = (
            _Written(
                (self.form(name, "txt", **looks).fill(values),),
                (self.form(name, "html", **looks).fill(escaped),),
            )
            for name in ("opening", "closing")
        )
        return opening, closing

    def form(
        self, name: str, face: str, *, several: bool, is_dated: bool, has_calendar: bool, has_sheet: bool
    ) -> Form:
        """Return the opening or the closing of a mail with its blanks.

        Args:
            name: "opening" or "closing".
            face: "txt" or "html".
            several: Whether there is more to tell than the first heading says.
            is_dated: Whether it has a first deadline to name.
            has_calendar: Whether dates are attached.
            has_sheet: Whether the whole digest is a page too.
        """
        key = (name, face, several, is_dated, has_calendar, has_sheet)
        form = self._forms.get(key)
        if form is None:
            page = self._template(name, face).render(
                several=several,
                is_dated=is_dated,
                has_calendar=has_calendar,
                has_sheet=has_sheet,
                language=self.language,
                **{blank_name: blank(blank_name) for blank_name in _BLANKS},
            )
            form = self._forms[key] = Form(page, wrap_line if face == "txt" else str)
        return form

    def _template(self, name: str, face: str) -> Template:
        return self._environment.get_template(f"email/{name}.{face}.j2")


def _fill(line: tuple[Form, Form], name: str, said: str) -> _Written:
    if not said:
        return _Written((), ())
    text, html = line
    return _Written((text.fill({name: said}),), (html.fill({name: str(escape(said))}),))


def _around_number(page: str) -> tuple[bytes, bytes]:
    """Return what stands before and after the number, encoded once for all items of a mail."""
    before, after = page.split(_NUMBER)
    return encode(before).removesuffix(b"\r\n") + _SOFT_BREAK, encode(after)


@cache
def _frame(language: Language) -> _Frame:
    return _Frame(language)


def _subject(view: DigestView) -> str:
    """Return "3 new contracts · Plomberie Redon" in fewer than 70 characters.

    Where there is much of many kinds, the first kind and a number stand for all; then the name is shortened.
    """
    name = view.profile_name
    summary = view.summary
    if len(summary) + len(_BETWEEN) + min(len(name), _NAME_CHARACTERS) > _SUBJECT_CHARACTERS:
        summary = view.short_summary
    room = _SUBJECT_CHARACTERS - len(summary) - len(_BETWEEN)
    shown = name if len(name) <= room else f"{name[: room - 1].rstrip()}…"
    return f"{summary}{_BETWEEN}{shown}".replace(NO_BREAK, " ")


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
    # The extension adds this method to each environment.
    extended: Any = environment
    extended.install_gettext_callables(language.catalog.gettext, language.catalog.ngettext, newstyle=True)
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


def _wrap_why(line: str) -> str:
    return f"{_wrapped(line.strip(), '  ', '    ')}\n"


def wrap_line(line: str) -> str:
    """Fold one line of a text that was filled in."""
    if len(line) <= _TEXT_COLUMNS or "://" in line:
        return line
    return f"{_wrapped(line.rstrip())}\n"


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
