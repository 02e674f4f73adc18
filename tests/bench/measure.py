"""Runs each measurement in a process of its own, so that its peak memory is its own, and keeps the time of day out.

A measured function takes keyword arguments that JSON can carry and returns a dict of figures with at least "seconds".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
SMALL = "BENCH_SMALL"
"""Environment variable that `--small` sets."""

_LONGEST_SECONDS = 3_600
_SMALLER = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way of doing something came to: medians over its runs.

    Attributes:
        peak_mb: Largest resident set of the process, interpreter and libraries included.
        more: Whatever else the function returned, of its last run.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    more: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.more[name]

    def times(self, factor: float) -> Figures:
        """The same for `factor` times the work, where only a part was run: time and what memory grew by, scaled."""
        base = self.more["base_mb"]
        grown = base + (self.peak_mb - base) * factor
        return Figures(self.seconds * factor, self.cpu_seconds * factor, grown, self.more)


def sized(full: int, least: int = 20) -> int:
    """The full size, or a fiftieth of it (but `least`) where a bench is only tried out."""
    return max(least, full // _SMALLER) if os.environ.get(SMALL) else full


class Watch:
    """A stopwatch that runs only inside `with`, so that making the input is not measured."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    def __enter__(self) -> Self:
        self._started = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds += time.perf_counter() - self._started[0]
        self.cpu_seconds += time.process_time() - self._started[1]

    def figures(self, **more: Any) -> dict[str, Any]:
        """The times, and what else there is to say."""
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds, **more}


def child(function: str, **arguments: Any) -> Figures:
    """Run "module:function" of this folder in a new process.

    Raises:
        RuntimeError: It failed; the message ends with what it wrote.
    """
    command = [sys.executable, "-m", "tests.bench.measure", function, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_LONGEST_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{function} {arguments} failed:\n{done.stderr[-3000:]}")
    figures = json.loads(done.stdout.rsplit("\n", 2)[-2])
    return Figures(figures.pop("seconds"), figures.pop("cpu_seconds", 0.0), figures.pop("peak_mb"), figures)


def rounds(ways: dict[str, tuple[str, dict[str, Any]]], runs: int) -> dict[str, Figures]:
    """Run several ways in turn, `runs` times, so that a busy minute hits all of them; medians of each."""
    seen: dict[str, list[Figures]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, (function, arguments) in ways.items():
            seen[name].append(child(function, **arguments))
    return {
        name: Figures(
            median(one.seconds for one in all_runs),
            median(one.cpu_seconds for one in all_runs),
            median(one.peak_mb for one in all_runs),
            all_runs[-1].more,
        )
        for name, all_runs in seen.items()
    }


def memory_mb(name: str = "VmRSS") -> float:
    """Resident memory of this process now, or at its peak ("VmHWM").

    Not from getrusage: its maximum survives exec, so that a child would report its parent's memory as its own.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size / (1 << 20) if sys.platform == "darwin" else size / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def cpu_of(pid: int) -> float:
    """CPU seconds of another process so far; its clock ticks every 10 ms. NaN where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(function: str, arguments: str) -> None:
    """What the child process does: run one function and print its figures as the last line."""
    module, _, name = function.partition(":")
    figures = getattr(import_module(f"tests.bench.{module}"), name)(**json.loads(arguments))
    print(json.dumps({**figures, "peak_mb": memory_mb("VmHWM")}))


if __name__ == "__main__":
    main(*sys.argv[1:])
