"""What a reader finds while it reads: problems (a row did not come in) and notes (something to know)."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.domain.portfolio import Problem
from core.intake.cells.names import one_line

MAX_PROBLEMS = 10_000
_SHOWN_EXAMPLES = 5


def shortened(value: str, limit: int = 80) -> str:
    """A value as a problem shows it: one line, no control characters, at most `limit` characters."""
    plain = one_line(value[: limit * 4])
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


@dataclass(slots=True)
class Findings:
    """The problems and notes of one file, in the order they were met.

    Attributes:
        file: Display name that every problem carries.
    """

    file: str
    _problems: list[Problem] = field(default_factory=list)
    _unlisted: int = 0
    _notes: list[str] = field(default_factory=list)
    _tallies: dict[str, tuple[list[str], list[int]]] = field(default_factory=dict)

    def problem(self, row: int | None, column: str, value: str, message: str) -> None:
        """Record that a row, or with `row` None the file, did not come in. `message` names the remedy."""
        if len(self._problems) >= MAX_PROBLEMS:
            self._unlisted += 1
            return
        self._problems.append(Problem(self.file, row, shortened(column), shortened(value), message))

    def note(self, text: str) -> None:
        """Record a sentence once."""
        if text not in self._notes:
            self._notes.append(text)

    def tally(self, heading: str, example: str) -> None:
        """Record one more case of the same thing; the note lists the first few and counts the rest."""
        examples, count = self._tallies.setdefault(heading, ([], [0]))
        count[0] += 1
        if len(examples) < _SHOWN_EXAMPLES and example not in examples:
            examples.append(shortened(example, 160))

    @property
    def problem_count(self) -> int:
        """How many problems there are, listed or not."""
        return len(self._problems) + self._unlisted

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, by row; one more that counts the rest when there are over 10,000."""
        listed = sorted(self._problems, key=lambda problem: (problem.row is not None, problem.row or 0))
        if self._unlisted:
            message = f"{self._unlisted:,} more problems are not listed. Correct the ones above and import again."
            listed.append(Problem(self.file, None, "", "", message))
        return tuple(listed)

    @property
    def notes(self) -> tuple[str, ...]:
        """Every note, tallies last."""
        tallied = []
        for heading, (examples, (count,)) in self._tallies.items():
            more = f"; and {count - len(examples):,} more" if count > len(examples) else ""
            tallied.append(f"{heading}: {'; '.join(examples)}{more}.")
        return (*self._notes, *tallied)
