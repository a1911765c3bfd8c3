"""The laptop's inbox: a small page over the mail server's maildir, in a process of its own.

In:   a maildir; a browser on 127.0.0.1.
Out:  every mail that arrived, as its reader sees it: list, HTML, text, source.
"""

from __future__ import annotations

import email
import email.policy
import html
import sys
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route


PARIS = ZoneInfo("Europe/Paris")
# Mails come from strangers: no script, nothing loaded from elsewhere.  A link opens in a tab of its own,
# outside the sandbox: a page's button would else do nothing there.
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
MAIL_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox {SANDBOX}"
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"
STYLE = """
body{margin:0;font:16px/1.45 system-ui,sans-serif;color:#1d2733;background:#f3f5f7;display:flex;height:100vh}
nav{width:22rem;overflow:auto;background:#fff;border-right:1px solid #d5dbe1;flex:none}
h1{font-size:1.15rem;margin:0;padding:1rem;border-bottom:1px solid #d5dbe1}
h1 small{font-weight:400;color:#52606d}
nav a{display:block;padding:.65rem 1rem;border-bottom:1px solid #e8ecef;color:inherit;text-decoration:none}
nav a:hover,nav a:focus{background:#eef4fb}
nav a[aria-current]{background:#dcebfa;box-shadow:inset 4px 0 #14507f}
nav b{display:block;font-weight:600}
nav span{display:block;color:#52606d;font-size:.875rem}
main{flex:1;display:flex;flex-direction:column;min-width:0}
nav time{display:block;color:#52606d;font-size:.875rem}
main p{margin:0;padding:.7rem 1rem;background:#fff;border-bottom:1px solid #d5dbe1}
main p a{margin-left:1rem;color:#14507f}
iframe{flex:1;border:0;background:#fff}
main p a.back{display:none}
@media(max-width:45rem){
nav{width:auto;flex:1;border:0}.list main,.one nav{display:none}
main p a.back{display:inline;margin:0 1rem 0 0}
}
"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of a maildir; ``key`` is its file's name."""

    key: str
    content: bytes
    message: EmailMessage
    modified: float

    @property
    def recipient(self) -> str:
        """Whom the envelope named."""
        return str(self.message["X-Envelope-To"] or self.message["To"] or "")

    @property
    def subject(self) -> str:
        """The subject line, decoded."""
        return str(self.message["Subject"] or "(no subject)")

    @property
    def message_id(self) -> str:
        """The Message-ID, with its angle brackets."""
        return str(self.message["Message-ID"] or "").strip()

    @property
    def arrived_at(self) -> datetime:
        """When the mail server put it there, on Paris's clock, as the dates within it."""
        return datetime.fromtimestamp(self.modified, PARIS)

    def body(self, kind: str) -> str:
        """Return the part of a kind ("html" or "plain"), or nothing."""
        part = self.message.get_body((kind,))
        return "" if part is None else str(part.get_content())


def read_mails(folder: Path) -> list[Mail]:
    """Return every mail of a maildir, the newest first."""
    files = [file for place in ("new", "cur") for file in (folder / place).glob("*")]
    mails = [_read(file) for file in files]
    return sorted(mails, key=lambda mail: (mail.modified, mail.key), reverse=True)


def inbox(folder: Path) -> Starlette:
    """Return the page over a maildir."""

    def find(request: Request) -> Mail:
        key = request.path_params["key"]
        found = next((mail for mail in read_mails(folder) if mail.key == key), None)
        if found is None:
            raise HTTPException(404, "no such mail")
        return found

    def show_list(request: Request) -> Response:
        page = _page(read_mails(folder), request.path_params.get("key"))
        return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY})

    def show_html(request: Request) -> Response:
        page = _with_tabs(find(request).body("html"))
        return HTMLResponse(page, headers={"Content-Security-Policy": MAIL_POLICY})

    def show_text(request: Request) -> Response:
        return PlainTextResponse(find(request).body("plain"))

    def show_source(request: Request) -> Response:
        return PlainTextResponse(find(request).content.decode("utf-8", "replace"))

    return Starlette(
        routes=[
            Route("/", show_list),
            Route("/mails/{key}", show_list),
            Route("/mails/{key}/html", show_html),
            Route("/mails/{key}/text", show_text),
            Route("/mails/{key}/source", show_source),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def _read(file: Path) -> Mail:
    content = file.read_bytes()
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return Mail(file.name, content, message, file.stat().st_mtime)


def _page(mails: list[Mail], key: str | None) -> str:
    shown = next((mail for mail in mails if mail.key == key), mails[0] if mails else None)
    items = "".join(_list_item(mail, is_shown=mail is shown) for mail in mails)
    return (
        "<!doctype html><html lang=fr><meta charset=utf-8><title>Boîte de réception</title>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<style>{STYLE}</style><body class={'list' if mails and key is None else 'one'}>"
        f"<nav aria-label=Messages><h1>Boîte de réception <small>({len(mails)})</small></h1>{items}</nav>"
        f"<main>{_shown(shown)}</main></html>"
    )


def _with_tabs(mail: str) -> str:
    """Let the links of a mail open in a tab of their own; its first line stays what says how it is drawn."""
    base = "<base target=_blank>"
    return mail.replace("<head>", f"<head>{base}", 1) if "<head>" in mail else base + mail


def _list_item(mail: Mail, *, is_shown: bool) -> str:
    current = " aria-current=page" if is_shown else ""
    return (
        f"<a href='/mails/{html.escape(mail.key)}'{current}><b>{html.escape(mail.subject)}</b>"
        f"<span>{html.escape(mail.recipient)}</span>{_arrival(mail)}</a>"
    )


def _arrival(mail: Mail) -> str:
    at = mail.arrived_at
    return f"<time datetime='{at.isoformat(timespec='seconds')}'>{at:%d/%m/%Y à %H:%M:%S}</time>"


def _shown(mail: Mail | None) -> str:
    if mail is None:
        return "<p>Aucun message pour l’instant.</p>"
    address, subject = f"/mails/{html.escape(mail.key)}", html.escape(mail.subject, quote=True)
    return (
        f"<p><a class=back href='/'>← Messages</a>À {html.escape(mail.recipient)} "
        f"<a href='{address}/text'>texte</a><a href='{address}/source'>source</a></p>"
        f"<iframe src='{address}/html' title='{subject}' sandbox='{SANDBOX}'></iframe>"
    )


def main(arguments: list[str]) -> int:
    """Run ``python -m alerting.local.inbox FOLDER PORT`` until SIGTERM."""
    folder, port = arguments
    config = uvicorn.Config(inbox(Path(folder)), host="127.0.0.1", port=int(port), log_level="warning")
    uvicorn.Server(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
