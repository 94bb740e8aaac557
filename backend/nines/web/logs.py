"""Logs for people or for a collector, each line with the request it belongs to.

A message is a constant; facts go in `extra=`. Nobody logs a token, a password, a
keystroke, or what a student's machine printed.
"""

import json
import logging
import logging.config
import secrets
import time
from contextvars import ContextVar
from typing import Literal

from prometheus_client import Gauge, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("nines.requests")
request_id: ContextVar[str] = ContextVar("request_id", default="-")
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "color_message"}

SECONDS = Histogram(
    "nines_request_seconds",
    "Time until a request was answered.",
    ["method", "route", "status"],
)
SOCKETS = Gauge("nines_websockets", "WebSockets that are open.")


class TextLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        facts = [f"{key}={value!r}" for key, value in _facts(record).items()]
        first, *rest = super().format(record).split("\n")
        return "\n".join([" ".join([first, *facts]), *rest])


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": record.created,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line | _facts(record), default=str, ensure_ascii=False)


def set_up_logs(form: Literal["text", "json"], level: str) -> None:
    kind = JsonLines if form == "json" else TextLines
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"lines": {"()": kind}},
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": "lines"}
            },
            "root": {"level": level.upper(), "handlers": ["stderr"]},
            "loggers": {"uvicorn.access": {"level": "WARNING"}},  # We log requests.
        }
    )


class Requests:
    """Numbers, times and logs each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        number = secrets.token_hex(6)
        scope["nines.request"] = number  # For who comes after the context is gone.
        token = request_id.set(number)
        try:
            if scope["type"] == "websocket":
                with SOCKETS.track_inprogress():
                    await self.app(scope, receive, send)
            else:
                await self._timed(scope, receive, send, number)
        finally:
            request_id.reset(token)

    async def _timed(
        self, scope: Scope, receive: Receive, send: Send, number: str
    ) -> None:
        started = time.perf_counter()
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = number
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            seconds = time.perf_counter() - started
            # The route, not the path: a path has ids in it and no end of values.
            route = getattr(scope.get("route"), "path", "other")
            SECONDS.labels(scope["method"], route, status).observe(seconds)
            logger.info(
                "request",
                extra={
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "seconds": round(seconds, 4),
                },
            )


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    number = request_id.get()
    return facts if number == "-" else {"request": number, **facts}
