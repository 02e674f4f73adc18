"""`python -m tests.bench.real [--data DIR] [--show SET]`: checking, measured on texts that nobody here wrote.

The data stands beside the project and is no part of it; without it nothing is measured, and nothing fails.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.bench.real import calculations, cases, reports, written
from tests.bench.real.scores import table

_DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
_SETS = (
    ("written-answers", written.run),
    ("finance-cases", cases.run),
    ("verifier", calculations.run),
    ("verifier", reports.run),
)


def main() -> int:
    """Measure and print; 1 when a share was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.real", description="Measures checking on real texts.")
    parser.add_argument("--data", type=Path, default=_DATA, help="folder with written-answers, finance-cases, verifier")
    parser.add_argument("--show", default="", help="also print what was missed or wrongly flagged, of sets so named")
    given = parser.parse_args()
    scores, wanted = [], []
    for folder, run in _SETS:
        place = given.data / folder
        if not place.is_dir():
            print(f"Not measured: {folder}. There is no folder {place}; name another with --data.")
            continue
        found, shares = run(place)
        scores += found
        wanted += shares
    if not scores:
        return 0
    print(table(scores))
    if given.show:
        for score in scores:
            if given.show in score.name:
                print(f"\n{score.name}:", *score.examples, sep="\n  ")
    print("", *wanted, sep="\n")
    return int(any(not one.met for one in wanted))


if __name__ == "__main__":
    sys.exit(main())
