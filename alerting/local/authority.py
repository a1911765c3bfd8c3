"""The demo's member authorities: folders of documents, served as small official servers serve them.

In:   a folder with one folder an authority, in which whole files appear while it runs.
Out:  ``/<authority>/`` as an index page, the newest last, and each file; every answer has a strong
      ETag, and a question that knows it gets 304.

Only names that a listing shows are served, so no path leads out of the folder.

Source: RFC 9110, 8.8 and 13.1.2 (ETag, If-None-Match).
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


HOST = "127.0.0.1"
OK = 200
NOT_MODIFIED = 304
NOT_FOUND = 404
_LONGEST_GOODBYE_SECONDS = 2


def build_app(folder: Path) -> Starlette:
    """Return the application that serves what is below *folder*."""

    def index(request: Request) -> Response:
        home = _entry(folder, request.path_params["authority"], is_folder=True)
        if home is None:
            return _not_found()
        files = _files(home)
        changed = max((file.stat().st_mtime for file in files), default=home.stat().st_mtime)
        body = _index_page(f"Index of /{home.name}/", files)
        return _answer(request, body, media="text/html; charset=utf-8", changed=changed)

    def document(request: Request) -> Response:
        home = _entry(folder, request.path_params["authority"], is_folder=True)
        file = _entry(home, request.path_params["name"], is_folder=False) if home is not None else None
        if file is None:
            return _not_found()
        with file.open("rb") as stream:
            changed = os.fstat(stream.fileno()).st_mtime
            return _answer(request, stream.read(), media="application/xml", changed=changed)

    return Starlette(routes=[Route("/{authority}/", index), Route("/{authority}/{name}", document)])


def main(arguments: list[str]) -> int:
    """Run ``python -m alerting.local.authority FOLDER PORT`` until SIGTERM or SIGINT; 0 is any free port."""
    folder, port = arguments
    config = uvicorn.Config(
        build_app(Path(folder)),
        host=HOST,
        port=int(port),
        timeout_graceful_shutdown=_LONGEST_GOODBYE_SECONDS,
        server_header=False,
    )
    server = uvicorn.Server(config)
    # The server puts back what was here and raises its signal again: that must end nothing by force.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    server.run()
    return 0


def _entry(home: Path, name: str, *, is_folder: bool) -> Path | None:
    """Return what a folder shows under exactly that name; symbolic links it does not show."""
    listed = _folders(home) if is_folder else _files(home)
    return next((path for path in listed if path.name == name), None)


def _folders(home: Path) -> list[Path]:
    return [Path(entry.path) for entry in os.scandir(home) if entry.is_dir(follow_symlinks=False)]


def _files(home: Path) -> list[Path]:
    """Return the documents of a folder, the newest last."""
    found = [
        (entry.stat().st_mtime, entry.name)
        for entry in os.scandir(home)
        if entry.is_file(follow_symlinks=False) and entry.name.endswith(".xml") and entry.name[0] != "."
    ]
    return [home / name for _, name in sorted(found)]


def _index_page(title: str, files: list[Path]) -> bytes:
    page = ET.Element("html", lang="fr")
    head = ET.SubElement(page, "head")
    ET.SubElement(head, "title").text = title
    body = ET.SubElement(page, "body")
    ET.SubElement(body, "h1").text = title
    listing = ET.SubElement(body, "pre")
    for file in files:
        link = ET.SubElement(listing, "a", href=file.name)
        link.text = file.name
        link.tail = f"  {datetime.fromtimestamp(file.stat().st_mtime, UTC):%Y-%m-%d %H:%M}\n"
    markup: bytes = ET.tostring(page, encoding="utf-8", method="html")
    return b"<!DOCTYPE html>\n" + markup


def _answer(request: Request, body: bytes, *, media: str, changed: float) -> Response:
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(datetime.fromtimestamp(changed, UTC), usegmt=True),
        "Cache-Control": "no-cache",
    }
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(body, status_code=OK, headers=headers, media_type=media)


def _not_found() -> Response:
    return PlainTextResponse("no such document\n", status_code=NOT_FOUND)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
