"""Pages for who reads our mails: leave, come back, try an address again, confirm, say what is useful.

In:   requests; the signed token in the path is all that says who asks: no cookie, no login, no script.
Out:  small pages in the language of the mail's reader, and ``/health`` for who watches.  Where nobody is
      known, in one that the browser asks for, else in French.

GET and HEAD only show: link scanners and browsers that fetch ahead change nothing.  POST acts at once, as
the mail provider's button wants it (RFC 8058), and answers 200 without a redirect; what its body says is
looked at only where a form of ours has fields.  Addresses of pages hold tokens: nothing here logs them.

Sources: RFC 8058; RFC 9110 (methods, status codes).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from alerting import commands
from alerting.bootstrap import Parts
from alerting.delivery.message import sender_address
from alerting.delivery.tokens import LinkPurpose
from alerting.digests.languages import Language, find_accepted, find_language
from alerting.errors import ChoiceError, TokenError, TransientError
from alerting.web.headers import SafeHeaders
from alerting.web.pages import (
    Sender,
    confirmation_page,
    opinion_page,
    problem_page,
    style_hashes,
    subscription_page,
    unreachable_page,
)


log = structlog.get_logger()

# A mail provider's one click says "List-Unsubscribe=One-Click"; nobody has more to say.
MAXIMUM_BYTES = 8192
PATIENCE_SECONDS = 10
_TRY_AGAIN_SECONDS = "120"

Endpoint = Callable[[Request], Awaitable[Response]]
Command = Callable[..., commands.Report]


def build_app(parts: Parts) -> ASGIApp:
    """Return the pages over open parts; who opened them closes them."""
    address = sender_address(parts.settings.sender)
    sender = Sender(address.name or address.bare, address.bare)
    routes: list[BaseRoute] = [
        *(_route(purpose, _subscription(parts, sender, purpose)) for purpose in commands.SUBSCRIPTION_LINKS),
        _route(
            LinkPurpose.LIFT,
            _shown(parts, sender, commands.show_unreachable, commands.lift_unreachable, unreachable_page),
        ),
        _route(
            LinkPurpose.CONFIRM,
            _shown(parts, sender, commands.show_confirmation, commands.confirm_by_link, confirmation_page),
        ),
        Route(
            f"/{LinkPurpose.OPINION.value}/{{token}}/{{number}}",
            _opinion(parts, sender),
            methods=["GET", "POST"],
        ),
        Route(f"/{LinkPurpose.DIGEST.value}/{{token}}", _digest(parts, sender)),
        Route("/health", _health(parts)),
        Route("/robots.txt", _robots),
    ]
    pages = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _problem(sender),
            ChoiceError: _problem(sender, HTTPStatus.UNPROCESSABLE_ENTITY),
            TokenError: _problem(sender, HTTPStatus.BAD_REQUEST),
            TransientError: _problem(sender, HTTPStatus.SERVICE_UNAVAILABLE),
            Exception: _problem(sender),
        },
    )
    is_https = parts.settings.base_url.startswith("https://")
    # Around the whole, not as one of its middlewares: the answer to a bug of ours is made outside those.
    return SafeHeaders(pages, styles=style_hashes(), is_https=is_https)


def _route(purpose: LinkPurpose, endpoint: Endpoint) -> Route:
    return Route(f"/{purpose.value}/{{token}}", endpoint, methods=["GET", "POST"])


def _subscription(parts: Parts, sender: Sender, purpose: LinkPurpose) -> Endpoint:
    async def show(request: Request) -> Response:
        token = request.path_params["token"]
        report = await run_in_threadpool(commands.show_subscription, purpose, token, parts=parts)
        return HTMLResponse(subscription_page(report, sender, _language(request, report)))

    async def act(request: Request) -> Response:
        token, fields = request.path_params["token"], _fields(await _read_body(request))
        report = await run_in_threadpool(commands.change_subscription, purpose, token, fields, parts=parts)
        return HTMLResponse(subscription_page(report, sender, _language(request, report), done=purpose))

    return _by_method(show, act)


def _opinion(parts: Parts, sender: Sender) -> Endpoint:
    async def show(request: Request) -> Response:
        token, number = request.path_params["token"], request.path_params["number"]
        report = await run_in_threadpool(commands.show_opinion, token, number, parts=parts)
        language = _language(request, report)
        return HTMLResponse(opinion_page(report, sender, language, number=number, is_done=False))

    async def act(request: Request) -> Response:
        token, number = request.path_params["token"], request.path_params["number"]
        fields = _fields(await _read_body(request))
        report = await run_in_threadpool(commands.change_opinion, token, number, fields, parts=parts)
        language = _language(request, report)
        return HTMLResponse(opinion_page(report, sender, language, number=number, is_done=True))

    return _by_method(show, act)


def _shown(parts: Parts, sender: Sender, ask: Command, do: Command, page: Callable[..., str]) -> Endpoint:
    """Return an endpoint of a link that knows one act: GET shows, POST does it and shows."""

    async def show(request: Request) -> Response:
        token = request.path_params["token"]
        report = await run_in_threadpool(ask, token, parts=parts)
        return HTMLResponse(page(report, sender, _language(request, report), token=token, is_done=False))

    async def act(request: Request) -> Response:
        token = request.path_params["token"]
        await _read_body(request)
        report = await run_in_threadpool(do, token, parts=parts)
        return HTMLResponse(page(report, sender, _language(request, report), token=token, is_done=True))

    return _by_method(show, act)


def _digest(parts: Parts, sender: Sender) -> Endpoint:
    async def show(request: Request) -> Response:
        report = await run_in_threadpool(commands.open_digest, request.path_params["token"], parts=parts)
        if report["state"] == "gone":
            return HTMLResponse(problem_page(HTTPStatus.GONE, sender, _language(request)), HTTPStatus.GONE)
        return HTMLResponse(report["page"])

    return show


def _by_method(show: Endpoint, act: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        return await (act(request) if request.method == "POST" else show(request))

    return answer


def _health(parts: Parts) -> Endpoint:
    async def answer(_: Request) -> Response:
        await run_in_threadpool(commands.check_health, parts=parts)
        return JSONResponse({"status": "ok"})

    return answer


def _language(request: Request, report: commands.Report | None = None) -> Language:
    """Return the language of who reads: as his firm said, else as his browser says."""
    known = (report or {}).get("language")
    return find_language(known or find_accepted(request.headers.get("accept-language", "")))


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def _read_body(request: Request) -> bytes:
    """Return the body of a request, within limits.

    Raises:
        HTTPException: 413 too long, 408 too slow.
    """
    body = b""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAXIMUM_BYTES:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except TimeoutError as error:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from error
    return body


def _fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form as browsers send ours; of anything else none, or some that say nothing."""
    found = parse_qsl(body.decode("utf-8", "replace"), errors="replace")
    return dict(found)


def _problem(sender: Sender, status: int = HTTPStatus.INTERNAL_SERVER_ERROR) -> Any:
    """Return a handler that shows a problem in one page: never a trace, never the token."""

    async def answer(request: Request, error: Exception) -> Response:
        code, headers = status, {}
        if isinstance(error, HTTPException):
            code, headers = error.status_code, dict(error.headers or {})
        if code == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = _TRY_AGAIN_SECONDS
            log.warning("page_unavailable", problem=str(error))
        return HTMLResponse(problem_page(code, sender, _language(request)), code, headers)

    return answer
