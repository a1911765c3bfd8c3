"""Write a digest as a mail: a subject, a text part and its HTML twin.

In:   a digest, who gets it, the signed link to leave, who sends it, the moment.
Out:  a ``RenderedDigest``; both parts come from one context, so they tell the same.

Everything a notice says is escaped, and a link is made only of http and https addresses.
French for every recipient for now; the words are in ``words``, the frame in the templates.
"""

from __future__ import annotations

import textwrap
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from alerting.digests.view import DigestView, safe_link, view_digest
from alerting.domain.digest import Digest, RenderedDigest
from alerting.domain.profile import Recipient


SUBJECT_CHARACTERS = 69
_TEXT_COLUMNS = 72


def render(
    digest: Digest, *, recipient: Recipient, unsubscribe_url: str, sender_name: str, now: datetime
) -> RenderedDigest:
    """Return the words of one mail.

    Args:
        digest: What to tell; its items' order is kept within each kind.
        recipient: Named in the footer, so that a forwarded mail explains itself.
        unsubscribe_url: The signed link; http or https.
        sender_name: Who we are, as the footer says it.
        now: Decides how many working days are left.

    Raises:
        ValueError: The link to leave is not one.
    """
    leave = safe_link(unsubscribe_url)
    if leave is None:
        raise ValueError(f"unsubscribe_url {unsubscribe_url!r} is no http address")
    view = view_digest(digest, now=now)
    context = {
        "digest": view,
        "recipient": recipient,
        "leave": leave,
        "sender_name": sender_name,
        "subject": _subject(view),
    }
    return RenderedDigest(
        subject=_subject(view),
        text=get_template("email/digest.txt.j2").render(context),
        html=get_template("email/digest.html.j2").render(context),
    )


def get_template(name: str) -> Template:
    """Return a template by its path below ``templates/``; HTML is escaped, an unknown name is an error."""
    return _environment().get_template(name)


def _subject(view: DigestView) -> str:
    """Return "3 nouveaux marchés · Plomberie Redon", shortened at the profile's name."""
    summary = view.summary.replace("\N{NO-BREAK SPACE}", " ")
    room = SUBJECT_CHARACTERS - len(summary) - len(" · ")
    if len(view.profile_name) <= room:
        return f"{summary} · {view.profile_name}"
    return f"{summary} · {view.profile_name[: room - 1].rstrip()}…"[:SUBJECT_CHARACTERS]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_folder()),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = _wrapped
    return environment


def _folder() -> Path:
    """Return the templates' folder: inside the package in a wheel, beside it in a working copy."""
    package = Path(__file__).parents[1]
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"


def _wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """Fold a paragraph for text clients; links are never broken.

    Args:
        text: One paragraph.
        first: What the first line starts with.
        rest: What the others start with; as many spaces as *first* has characters when None.
    """
    return textwrap.fill(
        text,
        width=_TEXT_COLUMNS,
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
