"""`mosychlos demo | serve | open | worker | provider`: the long-running processes."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from core import config_file
from core.app import build
from core.cli import output
from core.cli.session import environment, opened, settings
from core.cli.supervisor import Child, Supervisor, until_healthy
from core.domain.actor import LOCAL
from core.errors import BadInput, NotFound, Refused
from core.guard.demo_home import STAND_IN, take
from core.guard.entrance import FOLDER, Entrance, published
from core.sdk_environment import VARIABLES
from core.settings import LOOPBACK, load, without_keys

PYTHON = (sys.executable, "-P", "-m")
"""Starts a module of ours; -P keeps modules out that lie in the current folder."""

PORT = 8501
PROVIDER_PORT = 8090
SLOWEST = 0.01
"""Least speed of the local provider; at 0 its batches would never end."""


def serve(
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = PORT,
) -> int:
    """Serve the dashboard alone. It never sees the provider's key; a worker makes the calls."""
    _check_address(address, port)
    found = settings()  # a wrong setting is said here, before a browser shows it
    # Whole paths: the dashboard works in a folder of its own.
    database = found.dashboard_database_url or found.database_url
    whole = {"MOSYCHLOS_HOME": str(found.home), "MOSYCHLOS_DATABASE_URL": database}
    # Started anew rather than loaded: what this process read of the file and its environment stays in its memory.
    given = _without_current_folder(environment())
    around = without_keys(given, config_file.find(given)) | whole
    os.execve(sys.executable, _dashboard_command(address, port), around)  # noqa: S606  # our own program, no shell


def open_(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard.")] = PORT,
    home: Annotated[Path | None, typer.Option(help="Data directory, where it is another one than is set.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")] = False,
) -> int:
    """Print a fresh address of the running dashboard, for another browser. It opens it once."""
    found = _entrance(port, home)
    with socket.socket(socket.AF_INET6 if ":" in found.host else socket.AF_INET) as probe:
        probe.settimeout(5)
        if probe.connect_ex((found.host, found.port)):
            raise NotFound(f"The dashboard on port {port} runs no more. Start it: mosychlos serve --port {port}")
    address = found.fresh(time.time())
    if as_json:
        output.document({"url": address})
    else:
        output.line(f"Open: {address}")
    return 0


def _entrance(port: int, home: Path | None) -> Entrance:
    """Of the named data directory, or of the one that is set, or of the demo."""
    if home is not None:
        return published(home.expanduser().absolute(), port)
    try:
        return published(settings().home, port)
    except NotFound:
        if not (_demo_folder() / FOLDER / f"{port}.json").is_file():
            raise
        return published(_demo_folder(), port)


def worker() -> int:
    """Execute jobs until interrupted. Run as many as you like on PostgreSQL; on SQLite a second one stands by."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened(as_worker=True) as (app, _):
        found = app.worker()
        output.aside(f"Worker {found.worker_id} for {app.settings.base_url}. Stop with Ctrl-C.")
        found.run(stop)
    output.aside("Worker stopped; steps in hand were finished.")
    return 0


def provider(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = PROVIDER_PORT,
    speed: Annotated[float, typer.Option(min=SLOWEST, help="Pretended seconds per second.")] = 1,
    faults: Annotated[Path | None, typer.Option(help="YAML or JSON file of faults to play.")] = None,
    home: Annotated[Path | None, typer.Option(help="Folder to keep its state in, to go on after a restart.")] = None,
    port_file: Annotated[Path | None, typer.Option(help="Write the port here once it listens.")] = None,
) -> int:
    """Run the local OpenAI-compatible server. Its answers are simulated and say so."""
    from core.simulator.process import serve as serve_provider

    output.aside(f"Local provider on http://127.0.0.1:{port or '(free port)'}/v1. Answers are simulated.")
    serve_provider(port, speed=speed, faults=faults, home=home, port_file=port_file)
    return 0


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard.")] = PORT,
    home: Annotated[Path | None, typer.Option(help="Folder for the demo's data.")] = None,
    speed: Annotated[float, typer.Option(min=SLOWEST, help="Pretended seconds per second.")] = 60,
) -> int:
    """Everything at once: dashboard, worker and local provider, with sample portfolios. Nothing leaves the machine."""
    address = "127.0.0.1"
    _check_address(address, port)
    if os.environ.get("OPENAI_API_KEY"):
        output.aside("The demo ignores OPENAI_API_KEY: nothing is sent off this machine.")
    if environment().get(config_file.SETTING):
        output.aside("The demo has settings of its own: the settings file is not read.")
    folder = (home or _demo_folder()).expanduser().absolute()
    take(folder, usual=home is None)
    provider_port = _free_port()
    around = _demo_environment(folder, provider_port)
    app = build(load(around))
    program = [*PYTHON, "core.cli.main"]
    # Whatever goes wrong on the way, nothing that was started stays behind.
    with closing(Supervisor()) as supervisor:
        # The dashboard takes longest to start, so it starts first and the samples are written meanwhile.
        supervisor.start(Child("dashboard", [*_dashboard_command(address, port), "--silent"], without_keys(around)))
        own = ["--port", str(provider_port), "--speed", str(speed), "--home", str(folder / "provider")]
        supervisor.start(Child("provider", [*program, "provider", *own], without_keys(around)))
        with closing(app):
            report = app.portfolios.add_samples(LOCAL)
        output.aside(f"{len(report.imported)} sample portfolios in {folder}.")
        until_healthy(address, provider_port, "the local provider", supervisor)
        supervisor.start(Child("worker", [*program, "worker"], around))
        until_healthy(address, port, "the dashboard", supervisor)
        output.aside("Ready: simulated answers; stop with Ctrl-C.")
        output.line(f"Open: {published(folder, port).fresh(time.time())}")
        sys.stdout.flush()
        supervisor.watch()
    return 0


def _demo_environment(folder: Path, provider_port: int) -> dict[str, str]:
    given = _without_current_folder(dict(os.environ))
    kept = {
        name: value
        for name, value in given.items()
        # Nothing leaves this machine, so what says how to reach others is not needed.
        if not name.startswith(("MOSYCHLOS_", "OPENAI_")) and name not in {one.name for one in VARIABLES}
    }
    return {
        **kept,
        config_file.SETTING: config_file.NONE,
        "MOSYCHLOS_HOME": str(folder),
        "MOSYCHLOS_DATABASE_URL": f"sqlite:///{folder / 'mosychlos.db'}",
        "MOSYCHLOS_POLL_SECONDS": "1",
        "MOSYCHLOS_SIMULATED": "yes",
        "MOSYCHLOS_PROVIDER_NAME": STAND_IN,
        "OPENAI_BASE_URL": f"http://127.0.0.1:{provider_port}/v1",
        "OPENAI_API_KEY": "demo",  # the local server takes any key
    }


def _dashboard_command(address: str, port: int) -> list[str]:
    program = [*PYTHON, "dashboard.shell.server", "--environment-only"]
    return [*program, "--address", address, "--port", str(port)]


def _demo_folder() -> Path:
    return Path(platformdirs.user_data_dir("mosychlos")) / "demo"


def _without_current_folder(around: dict[str, str]) -> dict[str, str]:
    """The same without the parts of PYTHONPATH that mean the current folder, where an empty part is one."""
    parts = [part for part in around.get("PYTHONPATH", "").split(os.pathsep) if Path(part).is_absolute()]
    kept = {name: value for name, value in around.items() if name != "PYTHONPATH"}
    return {**kept, "PYTHONPATH": os.pathsep.join(parts)} if parts else kept


def _check_address(address: str, port: int) -> None:
    if address not in LOOPBACK:
        raise Refused(
            f"The dashboard listens on this machine only, not on {address}. Use 127.0.0.1; to reach it from elsewhere, "
            "put a proxy with TLS before it and set MOSYCHLOS_PUBLIC_URL (docs/serving.md)."
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise BadInput(f"Port {port} is in use. Choose another one with --port.") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
