"""POST /webhooks/openai: the provider says that a batch has ended. A hint to look at once; polling finds out anyway."""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from core import settings as core_settings
from core.app import App, build
from core.errors import MosychlosError, Refused
from core.providers.webhooks import MAX_BYTES

_START_FOLDER = Path.cwd()
"""Where the process was started: mosychlos.toml is looked for there, before anything changes it."""

log = logging.getLogger("mosychlos.dashboard")


@cache
def _app() -> App:
    environment = {name: value for name, value in os.environ.items() if name not in core_settings.KEYS}
    return build(core_settings.load(environment, _START_FOLDER / "mosychlos.toml"))


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
    return _app().take_webhook(body, headers)
