"""GET /readyz: whether pages can work now, for load balancers and upgrades. Open to everybody: no details."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import JSONResponse

from core.errors import MosychlosError
from core.guard.readiness import Failing
from dashboard.shell import wiring

log = logging.getLogger("mosychlos.dashboard")

PATIENCE_SECONDS = 5.0
KEPT_SECONDS = 1.0
"""An answer is given again for so long: whoever asks a thousand times a second asks the database once."""

_ONE_AT_A_TIME = ThreadPoolExecutor(1, thread_name_prefix="readiness")
_asked: asyncio.Future[list[Failing]] | None = None
_asked_at = 0.0


async def readyz(_request: Request) -> JSONResponse:
    """200, or 503 with what is failing."""
    global _asked, _asked_at  # noqa: PLW0603  # one answer for all who ask; the event loop alone touches it
    if _asked is None or (_asked.done() and time.monotonic() - _asked_at > KEPT_SECONDS):
        _asked = asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, _look)
        _asked_at = time.monotonic()
    try:
        failing = await asyncio.wait_for(asyncio.shield(_asked), PATIENCE_SECONDS)
    except TimeoutError:
        failing = [Failing("database", f"No answer within {PATIENCE_SECONDS:.0f} seconds.")]
    body = {"failing": [{"check": one.check, "message": one.message} for one in failing]}
    return JSONResponse(body, 503 if failing else 200, {"cache-control": "no-store"})


def _look() -> list[Failing]:
    try:
        return wiring.app().failing()
    except MosychlosError as error:
        log.warning("not ready: %s", error)
        return [Failing("database", "The data directory or the database cannot be opened.")]
    except Exception:  # a probe that fails is an answer, too
        log.exception("not ready")
        return [Failing("dashboard", "The check itself failed; the log says why.")]
