"""`python -m core.simulator`: the local server as a process of its own."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from core import private_files, redaction
from core.errors import MosychlosError
from core.simulator.process import serve


def main() -> int:
    """Read the arguments and serve; returns the exit code."""
    private_files.begin_process()
    redaction.guard_logs()
    parser = argparse.ArgumentParser(prog="core.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="0 lets the system choose")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--speed", type=float, default=1)
    parser.add_argument("--faults", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--port-file", type=Path, help="written with the port once the server listens")
    parser.add_argument("--control", action="store_true", help="let requests to /_local set the faults")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    try:
        serve(
            given.port,
            speed=given.speed,
            faults=given.faults,
            home=given.home,
            host=given.host,
            port_file=given.port_file,
            control=given.control,
        )
    except MosychlosError as error:
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 -- written for a person, who needs no traceback
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
