"""What a reader finds while it reads: problems (a row did not come in), notes (something to know), and how each table
was read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.domain.portfolio import Problem
from core.domain.table_read import Comparison, DecidedBy, Decision, TableRead
from core.intake.cells.names import one_line

MAX_PROBLEMS = 10_000
_SHOWN_EXAMPLES = 5
_NO_TABLE = TableRead("", 0)


def shortened(value: str, limit: int = 80) -> str:
    """A value as a problem shows it: one line, no control characters, at most `limit` characters."""
    plain = one_line(value[: limit * 4])
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


@dataclass(slots=True)
class _Tally:
    """Cases of the same thing.

    Attributes:
        table: Place of the table in which the first was met.
    """

    topic: str
    table: int
    examples: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def shown(self) -> str:
        """The first few, and how many more there are."""
        more = f"; and {self.count - len(self.examples):,} more" if self.count > len(self.examples) else ""
        return "; ".join(self.examples) + more


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
    _tallies: dict[str, _Tally] = field(default_factory=dict)
    _tables: list[TableRead] = field(default_factory=list)

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

    def tally(self, heading: str, example: str, topic: str = "") -> None:
        """Record one more case of the same thing; the note lists the first few and counts the rest.

        Args:
            topic: What it decides about the table being read, where it is a decision.
        """
        known = self._tallies.get(heading)
        if known is None:
            known = self._tallies[heading] = _Tally(topic, max(0, len(self._tables) - 1))
        known.count += 1
        if len(known.examples) < _SHOWN_EXAMPLES and example not in known.examples:
            known.examples.append(shortened(example, 160))

    def reading(self, table: TableRead) -> None:
        """Begin a table: decisions and comparisons that follow are about it."""
        self._tables.append(table)

    def decided(
        self, topic: str, choice: str, proof: str, by: DecidedBy = DecidedBy.FILE, *, noted: bool = False
    ) -> None:
        """Record a decision about the table being read, once.

        Args:
            noted: Tell it among the notes, too.
        """
        one = Decision(topic, choice, proof, by, noted)
        table = self._table()
        if one not in table.decisions:
            self._tables[-1] = replace(table, decisions=(*table.decisions, one))
        if noted:
            self.note(f"{choice}: {proof}.")

    def compared(self, one: Comparison) -> None:
        """Record what the file states beside what was read."""
        table = self._table()
        self._tables[-1] = replace(table, comparisons=(*table.comparisons, one))

    def written(self, *, decimal: str = "", dates: str = "") -> None:
        """Record how the table being read writes its numbers or days."""
        table = self._table()
        self._tables[-1] = replace(table, decimal=decimal or table.decimal, dates=dates or table.dates)

    def _table(self) -> TableRead:
        if not self._tables:
            self._tables.append(_NO_TABLE)
        return self._tables[-1]

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
        return (*self._notes, *(f"{heading}: {tally.shown}." for heading, tally in self._tallies.items()))

    @property
    def tables(self) -> tuple[TableRead, ...]:
        """How each table was read, with what was counted about it."""
        found = list(self._tables)
        for heading, tally in self._tallies.items():
            if not tally.topic:
                continue
            found = found or [_NO_TABLE]
            one = Decision(tally.topic, heading, tally.shown, noted=True)
            table = found[tally.table]
            found[tally.table] = replace(table, decisions=(*table.decisions, one))
        return tuple(found)
