"""Middleware that keeps foreign pages and oversized bodies out, and adds the headers
that tell a browser what our pages may do."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_BODY = 256 * 1024
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOTHING = (
    "default-src 'none'; frame-ancestors 'none'"  # What is not a page needs none.
)


def has_own_origin(headers: Headers) -> bool:
    """Whether the request comes from a page of this very host and port.

    A browser always sends `Origin` with what changes something and with WebSockets.
    """
    origin = headers.get("origin", "")
    host = headers.get("host", "")
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()


class OwnOriginOnly:
    """Refuses to change anything, or open a WebSocket, for a page that is not ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        changes = kind == "http" and scope["method"] not in SAFE
        if not (changes or kind == "websocket") or has_own_origin(Headers(scope=scope)):
            await self.app(scope, receive, send)
        elif kind == "websocket":
            await receive()  # The handshake: only an accepted socket can say why.
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4403, "reason": "origin"})
        else:
            refusal = {
                "error": "foreign_origin",
                "detail": "This request did not come from a page of this server.",
            }
            await JSONResponse(refusal, 403)(scope, receive, send)


class BodyLimit:
    """Refuses a body that is too large, or that does not say how large it is."""

    def __init__(self, app: ASGIApp, *, largest: int = LARGEST_BODY) -> None:
        self.app = app
        self.largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            length = headers.get("content-length", "0")
            if "transfer-encoding" in headers or not length.isascii():
                refusal = _refusal(411, "length_required", "Say how long the body is.")
            elif not length.isdigit() or int(length) > self.largest:
                refusal = _refusal(413, "too_large", "That is too much at once.")
            else:
                refusal = None
            if refusal:
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)


class SecurityHeaders:
    """Sets what a response has not set itself."""

    def __init__(self, app: ASGIApp, *, https_only: bool = False) -> None:
        self.app = app
        self.headers = dict(HEADERS)
        if https_only:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _NOTHING)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _refusal(status: int, error: str, detail: str) -> JSONResponse:
    headers = {"Connection": "close"}  # The rest of the body is not worth reading.
    return JSONResponse({"error": error, "detail": detail}, status, headers)
