"""Figures as a table that fits into 100 columns."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.measure import Figures

_HEAD = f"{'':56}{'s':>8}{'CPU s':>8}{'per s':>9}{'x ours':>8}{'peak MB':>9}"


@dataclass(frozen=True, slots=True)
class Row:
    """One way of doing something.

    Attributes:
        units: How many things were done; 0 leaves the speed out.
        of: What it is compared with.
    """

    name: str
    figures: Figures
    units: int = 0
    of: Figures | None = None

    def __str__(self) -> str:
        found = self.figures
        speed = f"{self.units / found.seconds:,.0f}" if self.units else ""
        ratio = f"{found.seconds / self.of.seconds:.2f}" if self.of else ""
        return (
            f"{self.name[:55]:56}{_seconds(found.seconds):>8}{_seconds(found.cpu_seconds):>8}"
            f"{speed:>9}{ratio:>8}{found.peak_mb:>9,.0f}"
        )


@dataclass(frozen=True, slots=True)
class Target:
    """What was to be reached, and what was.

    Attributes:
        most: The wanted figure is a maximum, else a minimum.
    """

    name: str
    reached: float
    wanted: float
    most: bool = False

    @property
    def met(self) -> bool:
        """True when it was reached."""
        return self.reached <= self.wanted if self.most else self.reached >= self.wanted

    def __str__(self) -> str:
        sign = "<=" if self.most else ">="
        word = "reached" if self.met else "MISSED"
        return f"  {word:8} {self.name}: {_short(self.reached)} ({sign} {_short(self.wanted)})"


def section(title: str, rows: Sequence[Row], targets: Sequence[Target]) -> str:
    """A table and what was to be reached in it."""
    return "\n".join([f"{title:56}{_HEAD[56:]}", "-" * len(_HEAD), *map(str, rows), *map(str, targets), ""])


def machine() -> str:
    """What all this ran on."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, load {load:.1f}\n"
        "Times differ by machine: compare ratios of one run. Each row is a process of its own.\n"
    )


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:,.1f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
