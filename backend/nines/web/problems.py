"""How errors cross HTTP: `{"error": name, "detail": sentence, "params"?: facts}`."""

import logging
from collections.abc import Mapping

from fastapi import FastAPI, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocketState

from nines.errors import AppError
from nines.web.guards import HEADERS

logger = logging.getLogger(__name__)
_NAMES = {404: "not_found", 405: "method_not_allowed"}


def show_errors(app: FastAPI) -> None:
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _invalid_input)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _crash)


def body(
    error: str, detail: str, params: Mapping[str, object] | None = None
) -> dict[str, object]:
    return {"error": error, "detail": detail} | ({"params": params} if params else {})


async def _app_error(connection: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, AppError)
    if isinstance(connection, WebSocket):
        # Starlette drops what we return for one. Only an accepted socket can say why.
        if connection.application_state is WebSocketState.CONNECTING:
            await connection.accept()
        if connection.application_state is WebSocketState.CONNECTED:
            await connection.close(code=4000 + error.status, reason=error.code)
    params = dict(error.params)
    seconds = params.get("seconds")
    headers = {"Retry-After": str(seconds)} if isinstance(seconds, int) else None
    return JSONResponse(
        body(error.code, str(error), params), error.status, headers=headers
    )


async def _invalid_input(_: HTTPConnection, error: Exception) -> JSONResponse:
    """Names the fields; what was typed is not sent back, it may be a password."""
    assert isinstance(error, RequestValidationError)
    fields = [
        {
            "field": ".".join(map(str, each["loc"][1:])) or str(each["loc"][0]),
            "problem": each["msg"],
        }
        for each in error.errors()
    ]
    names = ", ".join(each["field"] for each in fields)
    detail = f"Not understood: {names}."
    return JSONResponse(body("invalid_input", detail, {"fields": fields}), 422)


async def _http_error(_: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    name = _NAMES.get(error.status_code, "http_error")
    return JSONResponse(
        body(name, str(error.detail)), error.status_code, headers=error.headers
    )


async def _crash(connection: HTTPConnection, error: Exception) -> JSONResponse:
    """The number leads to the traceback in the log. No other middleware sees this
    response, so its headers are set here."""
    number = connection.scope.get("nines.request", "-")
    logger.error("request failed", extra={"request": number}, exc_info=error)
    detail = f"Something went wrong on the server. It is in the log as {number}."
    return JSONResponse(
        body("internal", detail, {"request": number}), 500, headers=HEADERS
    )
