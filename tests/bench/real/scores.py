"""What checking made of statements whose truth is known: caught, missed, false alarms; as one table."""

from __future__ import annotations

from dataclasses import dataclass, field

_HEAD = f"{'set':<44}{'level':<8}{'wrong':>6}{'caught':>8}{'missed':>8}{'':>8}{'right':>7}{'flagged':>8}{'':>8}"


@dataclass(slots=True)
class Score:
    """Statements of one set at one level.

    Attributes:
        level: "number", "sentence" or "answer".
        refuted: Of the flagged ones those whose label their own table refutes (`contested`).
        examples: Missed and wrongly flagged statements, for `--show`.
    """

    name: str
    level: str
    wrong: int = 0
    caught: int = 0
    right: int = 0
    flagged: int = 0
    refuted: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, *, wrong: bool, flagged: bool, example: str = "") -> None:
        """Count one statement."""
        if wrong:
            self.wrong += 1
            self.caught += flagged
        else:
            self.right += 1
            self.flagged += flagged
        if wrong != flagged:
            self.examples.append(f"{'missed' if wrong else 'flagged'}: {example}")

    def __str__(self) -> str:
        return (
            f"{self.name[:43]:<44}{self.level:<8}{_or_dot(self.wrong):>6}{_of(self.caught, self.wrong):>8}"
            f"{_of(self.wrong - self.caught, self.wrong):>8}{_share(self.caught, self.wrong):>8}"
            f"{_or_dot(self.right):>7}{_of(self.flagged, self.right):>8}{_share(self.flagged, self.right):>8}"
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A share that was to be reached."""

    name: str
    part: int
    whole: int
    wanted: float
    most: bool = False

    @property
    def met(self) -> bool:
        """True when it was reached, or there was nothing to measure."""
        share = self.part / self.whole if self.whole else None
        return share is None or (share <= self.wanted if self.most else share >= self.wanted)

    def __str__(self) -> str:
        if not self.whole:
            return f"  not measured {self.name}"
        sign = "at most" if self.most else "at least"
        word = "reached" if self.met else "MISSED"
        share = f"{self.part} of {self.whole}, {self.part / self.whole:.1%}"
        return f"  {word:<8} {self.name}: {share} ({sign} {self.wanted:.0%})"


def table(scores: list[Score]) -> str:
    """All scores, one a line."""
    return "\n".join([_HEAD, "-" * len(_HEAD), *map(str, scores)])


def _or_dot(count: int) -> str:
    return str(count) if count else "."


def _of(part: int, whole: int) -> str:
    return str(part) if whole else "."


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""
