"""What operators and their tools ask: is it alive, is it ready, how is it doing."""

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from nines.errors import AppError

logger = logging.getLogger(__name__)
Readiness = Callable[[], Awaitable[object]]


def operation_router(
    *, ready: Mapping[str, Readiness], metrics_token: str | None
) -> APIRouter:
    """`ready` names what must work before students come; each raises if it does not."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        states = {name: await _state(name, check) for name, check in ready.items()}
        is_ready = all(state == "ok" for state in states.values())
        return JSONResponse(states, 200 if is_ready else 503)

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if metrics_token and not hmac.compare_digest(
            given.encode(), f"Bearer {metrics_token}".encode()
        ):
            return PlainTextResponse("A token is needed.\n", 401)
        return Response(
            generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    return router


async def _state(name: str, check: Readiness) -> str:
    try:
        await check()
    except AppError as error:
        logger.warning("not ready", extra={"part": name, "error": str(error)})
        return "failed"
    except Exception:  # Whatever it is, it is not ready; the log says why.
        logger.warning("not ready", extra={"part": name}, exc_info=True)
        return "failed"
    return "ok"
