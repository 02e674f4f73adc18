"""`python -m tests.bench [--runs N] [--small] [prepare ingest ...]`: measures what was named, or everything.

`whole`, `watch`, `million`, `night` and `growth` are the program at full size: about half an hour together on two
cores, and some 13 GB of temporary files at most. `--small` tries them with a fiftieth; its figures say nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from tests.bench import measure, report

BENCHES = {
    "prepare": "facts to input files",
    "draft": "stored portfolios to a job",
    "ingest": "result lines into the database",
    "pages": "a rerun of the Runs page",
    "search": "one page of 10,000 portfolios",
    "import": "a positions file into the database",
    "metrics": "facts of many portfolios",
    "verify": "planted errors in answers",
    "whole": "50,000 requests, submit to settled",
    "watch": "1,000 batches at the provider",
    "million": "1,000,000 requests prepared",
    "night": "500 portfolios, 8 analyses",
    "growth": "pages over 1,000,000 results",
}


def main() -> int:
    """Run and print; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures and prints.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--runs", type=int, default=1, help="runs of each way; medians are shown (default 1)")
    parser.add_argument("--small", action="store_true", help="try the full-size runs with a fiftieth of their size")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench '{unknown[0]}'; there are: {', '.join(BENCHES)}")
    if given.small:
        os.environ[measure.SMALL] = "1"
        print("Small: whole, watch, million, night and growth are only tried out; their figures say nothing.")
    print(report.machine())
    missed = 0
    for name in given.names or BENCHES:
        bench = import_module(f"tests.bench.bench_{name}")
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            rows, targets = bench.run(Path(folder), given.runs)
        missed += sum(not target.met for target in targets)
        print(report.section(f"{name}: {BENCHES[name]}", rows, targets), flush=True)
    print("Every target was reached." if not missed else f"{missed} targets were missed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
