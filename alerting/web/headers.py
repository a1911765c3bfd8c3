"""What every answer says to browsers and caches: no script, no frame, no referrer, no index, no copy.

Sources: Content Security Policy Level 3; Referrer Policy; RFC 9111, 5.2.2.5 (no-store); RFC 6797.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


_YEAR_SECONDS = 31_536_000


class SafeHeaders:
    """Adds the headers to every answer of an application, errors included.

    Args:
        app: The application.
        styles: The hashes of the styles that pages may use.
        is_https: Whether people reach us by https; then browsers are told to stay with it.
    """

    def __init__(self, app: ASGIApp, styles: Iterable[str], *, is_https: bool) -> None:
        self._app = app
        allowed = " ".join(f"'{style}'" for style in styles)
        self._headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src {allowed}; form-action 'self'; base-uri 'none';"
                " frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex, nofollow",
            "Cache-Control": "no-store",
        }
        if is_https:
            self._headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the headers added."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_safely)
