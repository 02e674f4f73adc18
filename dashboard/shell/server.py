"""`python -m dashboard.shell.server`: serves pages to who was let in, with a content policy, probes and webhooks."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route, Router
from streamlit.file_util import get_static_dir

from core import config_file, private_files, redaction
from core.domain.log_lines import LogLines
from core.errors import MosychlosError, StorageTrouble
from core.guard import entrance as entrances
from core.guard.entrance import Entrance, OneTimeTokens
from core.guard.process import hide_from_others
from core.guard.refused_hosts import RefusedHosts
from core.settings import KEYS, LOOPBACK, Settings, without_keys
from dashboard.shell import gate, navigation, options, wiring
from dashboard.shell.addresses import Addresses, addresses
from dashboard.shell.downloads import PATH as DOWNLOADS
from dashboard.shell.downloads import download
from dashboard.shell.gate import Gate
from dashboard.shell.readiness import readyz
from dashboard.shell.safe_headers import SafeHeaders
from dashboard.shell.sessions import Sessions
from dashboard.shell.webhooks import webhook
from dashboard.widgets import text

log = logging.getLogger("mosychlos.dashboard")

HERE = Path(__file__).resolve().parent
"""No folder that anybody else writes: Streamlit looks for files of its own in the current one."""

_HEAVY = (
    "pandas",
    "plotly.graph_objects",
    "numpy",
    "core.app",
    "dashboard.widgets.charts",
    "dashboard.widgets.listings",
)


OWN_ROUTES = (
    Route(gate.READY, readyz, methods=["GET"]),
    Route(gate.WEBHOOK, webhook, methods=["POST"]),
    Route(DOWNLOADS + "{word}", download, methods=["GET"]),
)


def on_script_error(error: Exception) -> bool:
    """Write the details to the log under an id, and show a calm sentence with that id."""
    if isinstance(error, OSError):
        error = private_files.trouble(error) or error
    if isinstance(error, MosychlosError):
        st.error(text.escape(error), title="This could not be done", icon=":material/error:")
        return True
    error_id = secrets.token_hex(4)
    log.error("error %s", error_id, exc_info=error)
    st.error(
        f"Nothing was lost. Reload the page; if it happens again, the log has the details under **{error_id}**.",
        title="Something went wrong on this page",
        icon=":material/error:",
    )
    return True


@dataclass(frozen=True, slots=True)
class Start:
    """What one start of the dashboard rests on.

    Attributes:
        plan: Streamlit's options.
        put_back: Called once Streamlit has read them.
        announce: Whether to print the address.
    """

    settings: Settings
    entrance: Entrance
    plan: dict[str, Any]
    put_back: Callable[[], None]
    announce: bool


def served(start: Start, own: Addresses) -> st.App:
    """The ASGI application: the gate first, then Streamlit."""
    refusals = RefusedHosts(start.settings.home / entrances.FOLDER)
    return st.App(
        HERE.parent / "app.py",
        lifespan=_lifespan(start),
        middleware=[
            Middleware(SafeHeaders, secure=own.secure),
            Middleware(
                Gate,
                own=Router(OWN_ROUTES),
                addresses=own,
                pages=navigation.PATHS,
                files=_static_files(),
                sessions=Sessions(start.entrance.port),
                redeem=OneTimeTokens(start.entrance, time.time).redeem,
                refused=_counting(refusals),
            ),
        ],
        on_script_error=on_script_error,
    )


def _static_files() -> frozenset[str]:
    """Addresses of what Streamlit's pages load; its start page is none of them, because it stands for every page."""
    root = Path(get_static_dir())
    return frozenset(
        f"/{path.relative_to(root).as_posix()}" for path in root.rglob("*") if path.is_file() and path.suffix != ".html"
    )


def _counting(refusals: RefusedHosts) -> Callable[[str], None]:
    """Counts refused hosts and writes them soon after, however many come."""
    waiting: list[asyncio.TimerHandle] = []

    def save() -> None:
        waiting.clear()
        try:
            refusals.save()
        except OSError as error:
            log.warning("refused hosts could not be counted: %s", error)

    def count(host: str) -> None:
        refusals.add(host, datetime.now(UTC))
        if not waiting:
            waiting.append(asyncio.get_running_loop().call_later(1.0, save))

    return count


def _lifespan(start: Start) -> Callable[[st.App], AbstractAsyncContextManager[dict[str, Any] | None]]:
    """Load what pages need before the first visitor waits for it, and say where they are."""

    @asynccontextmanager
    async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any] | None]:
        start.put_back()
        options.insist(start.plan)
        for module in _HEAVY:
            import_module(module)
        if start.plan["server.fileWatcherType"] == "none":
            # Streamlit collects garbage after every run of a page; walking the libraries' objects each time costs far
            # more than the page. With a file watcher on, frozen modules would never be freed.
            gc.collect()
            gc.freeze()
        try:
            entrances.publish(start.entrance, start.settings.home)
        except StorageTrouble as trouble:
            log.warning("'mosychlos open' will not find this dashboard: %s", trouble)
        if start.announce:
            sys.stdout.write(f"Open: {start.entrance.fresh(time.time())}\n")
            sys.stdout.flush()
        yield None
        entrances.withdraw(start.entrance, start.settings.home)

    return lifespan


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dashboard.shell.server", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--watch", action="store_true", help="notice changed pages, for who works on them")
    parser.add_argument("--silent", action="store_true", help="print no address; `mosychlos open` does")
    parser.add_argument("--environment-only", action="store_true", help="read no file of settings")
    given = parser.parse_args()
    if given.address not in LOOPBACK:
        parser.error(f"--address {given.address}: there is no sign-in, so only this machine is served (127.0.0.1).")
    return given


def _leave_keys_behind(given: argparse.Namespace) -> None:
    """Start this process again without any key: what its environment or a file once held stays in its memory."""
    file = None if given.environment_only else config_file.find(os.environ)
    if not given.environment_only and (KEYS & os.environ.keys() or file is not None):
        command = [sys.executable, "-P", "-m", "dashboard.shell.server", *sys.argv[1:], "--environment-only"]
        os.execve(sys.executable, command, without_keys(os.environ, file))  # noqa: S606  # our own program


def main() -> int:
    """Serve until interrupted."""
    hide_from_others()
    private_files.begin_process()
    redaction.guard_logs()
    given = _arguments()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogLines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        _leave_keys_behind(given)
        settings = wiring.settings()
        own = addresses(settings.public_url, given.address, given.port)
        plan = options.planned(
            server__address=given.address,
            server__port=given.port,
            server__baseUrlPath=own.base.strip("/"),
            **({"server__fileWatcherType": "auto", "server__runOnSave": True} if given.watch else {}),
        )
        entrance = entrances.opened(own.url, given.address, given.port)
        start = Start(settings, entrance, plan, options.alone(HERE), announce=not given.silent)
        served(start, own).run(config=plan)
    except MosychlosError as error:
        log.error("%s", error)  # noqa: TRY400  # a sentence for a person, not a defect
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
