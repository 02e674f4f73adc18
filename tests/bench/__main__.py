"""`python -m tests.bench [--runs N] [prepare ingest ...]`: measures what was named, or everything, and prints it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from tests.bench import report

BENCHES = {
    "prepare": "facts to input files",
    "draft": "stored portfolios to a job",
    "ingest": "result lines into the database",
    "pages": "a rerun of the Runs page",
    "search": "one page of 10,000 portfolios",
    "import": "a positions file into the database",
    "metrics": "facts of many portfolios",
    "verify": "planted errors in answers",
}


def main() -> int:
    """Run and print; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--runs", type=int, default=1, help="runs of each way; medians are shown (default 1)")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench '{unknown[0]}'; there are: {', '.join(BENCHES)}")
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
