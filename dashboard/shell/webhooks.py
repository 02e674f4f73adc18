"""POST /webhooks/openai: the provider says that a batch has ended. A hint to look at once; polling finds out anyway."""

from __future__ import annotations

import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from core.errors import MosychlosError, Refused
from core.providers.webhooks import MAX_BYTES
from dashboard.shell import wiring

log = logging.getLogger("mosychlos.dashboard")


async def webhook(request: Request) -> JSONResponse:
    """Take a signed webhook. Whoever cannot sign learns nothing; a repeated one is thanked and changes nothing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            return JSONResponse({"status": "too large"}, 413)
    try:
        news = await run_in_threadpool(_taken, body, dict(request.headers))
    except Refused as refusal:
        log.warning("webhook refused: %s", refusal)
        return JSONResponse({"status": "refused"}, 400)
    except MosychlosError:
        log.exception("a webhook could not be stored; the provider will repeat it")
        return JSONResponse({"status": "try again"}, 503)
    return JSONResponse({"status": "taken" if news else "known"})


def _taken(body: bytes, headers: dict[str, str]) -> bool:
    return wiring.app().take_webhook(body, headers)
