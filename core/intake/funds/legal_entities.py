"""Registers of legal entities as GLEIF publishes them (CC0): ISIN to LEI, ultimate parents, legal names.

The whole registers have millions of rows, so they are read row by row, from the archive they come in, and of a large
one only what is held is kept.

    LEI, ISIN                                                         the daily file "ISIN-to-LEI"
    Relationship.StartNode.NodeID, …EndNode.NodeID, …RelationshipType, …RelationshipStatus    level 2, CSV; or XML
    LEI, Entity.LegalName                                             level 1, CSV
"""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

from core.domain.issuers import is_lei
from core.domain.portfolio import Problem
from core.errors import NotFound, UnreadableFile
from core.intake.cells.codes import isin_fault
from core.intake.cells.names import display_name, one_line
from core.intake.findings import Findings
from core.intake.opening.limits import MAX_XML_BYTES, MAX_ZIP_RATIO, MB
from core.intake.opening.xml_tree import feed

MAX_REGISTER_BYTES: Final = 8_000 * MB
"""Of a register unpacked: level 1 has about 4 GB. It is never in memory as a whole."""
MAX_REGISTER_ROWS: Final = 30_000_000
KEPT_WHOLE: Final = 200_000
"""A file with at most so many rows is kept whole; of a larger one what is held."""

_LINE_CHARS: Final = 200_000
_START, _END = "relationship.startnode.nodeid", "relationship.endnode.nodeid"
_TYPE, _STATUS = "relationship.relationshiptype", "relationship.relationshipstatus"
_ULTIMATE, _DIRECT = "IS_ULTIMATELY_CONSOLIDATED_BY", "IS_DIRECTLY_CONSOLIDATED_BY"


class EntityFile(StrEnum):
    """What a file of legal entities says."""

    ISINS = "isins"
    PARENTS = "parents"
    NAMES = "names"


_COLUMNS: Final[Mapping[EntityFile, tuple[str, ...]]] = {
    EntityFile.PARENTS: (_START, _END, _TYPE, _STATUS),
    EntityFile.NAMES: ("lei", "entity.legalname"),
    EntityFile.ISINS: ("lei", "isin"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What of a large register is worth keeping: codes of lines that are held, directly or in funds.

    Attributes:
        small: A register with at most so many rows is kept whole.
    """

    isins: frozenset[str] = frozenset()
    leis: frozenset[str] = frozenset()
    small: int = KEPT_WHOLE


@dataclass(slots=True)
class EntityReading:
    """What was read from one file.

    Attributes:
        rows: How many it has.
        leis: By ISIN.
        names: By LEI.
        parents: Ultimate parent by LEI.
        ended: Entities of which the file says that a parent no longer consolidates them.
    """

    file: str
    kind: EntityFile
    rows: int = 0
    leis: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def read_entities_file(path: Path, held: Held) -> EntityReading:
    """Read a file on disk, however large; see `read_entities`.

    Raises:
        NotFound: No such file.
        UnreadableFile: Also: a folder, a device, or not permitted.
    """
    shown = display_name(path.name)
    try:
        if not path.exists():
            raise NotFound(f"There is no file '{path}'. Check the spelling.")
        if not path.is_file():
            raise UnreadableFile(f"'{shown}' is not a regular file. Give the path of a file.")
        with path.open("rb") as file:
            return read_entities(shown, file, held)
    except OSError as error:
        raise UnreadableFile(f"'{shown}' cannot be opened: {error.strerror or error}. Check the path.") from None


def read_entities(name: str, file: IO[bytes], held: Held) -> EntityReading:
    """Read a register, packed in a zip archive or not.

    Args:
        held: What to keep of a register with more rows than it calls small.

    Raises:
        UnreadableFile: No register that is understood, too large, a bomb, or damaged.
    """
    shown = display_name(name)
    with _unpacked(shown, file) as inside:
        start = inside.read(1)
        if start == b"<":
            return _read_xml(shown, start + inside.read(MAX_XML_BYTES), held)
        return _Csv(shown, start, inside, held).read()


@contextmanager
def _unpacked(name: str, file: IO[bytes]) -> Iterator[IO[bytes]]:
    magic = file.read(4)
    file.seek(0)
    if magic != b"PK\x03\x04":
        yield file
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) != 1:
                raise UnreadableFile(f"'{name}' holds {len(members)} files and one is read. Unpack it first.")
            (member,) = members
            if member.file_size > min(MAX_REGISTER_BYTES, max(MAX_ZIP_RATIO * member.compress_size, 100_000)):
                raise UnreadableFile(
                    f"'{name}' unpacks from {member.compress_size:,} to {member.file_size:,} bytes, which no register "
                    f"does. At most {MAX_ZIP_RATIO} times its size is read."
                )
            with archive.open(member) as inside:
                yield inside
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise UnreadableFile(f"'{name}' is a damaged archive ({error}). Download it again.") from None


class _Csv:
    """One register as a table on its way to what is kept of it."""

    def __init__(self, name: str, start: bytes, file: IO[bytes], held: Held) -> None:
        self._name = name
        self._rows = csv.reader(_lines(name, start, file))
        self._held = held
        self._findings = Findings(name)

    def read(self) -> EntityReading:
        """Every row."""
        try:
            return self._read()
        except csv.Error as error:
            raise UnreadableFile(f"'{self._name}' breaks: {error}. Download it again.") from None

    def _read(self) -> EntityReading:
        header = [cell.strip().lower() for cell in next(self._rows, [])]
        kind = next((kind for kind, needed in _COLUMNS.items() if set(needed) <= set(header)), None)
        if kind is None:
            raise UnreadableFile(
                f"'{self._name}' is no register of GLEIF that is read. Its first row must name LEI and ISIN "
                "(ISIN-to-LEI file), Relationship.StartNode.NodeID and its fellows (level 2), or LEI and "
                "Entity.LegalName (level 1)."
            )
        places = [header.index(name) for name in _COLUMNS[kind]]
        kept = _Kept(self._name, kind, self._held, self._findings)
        for number, row in enumerate(self._rows, start=2):
            if number > MAX_REGISTER_ROWS:
                raise UnreadableFile(f"'{self._name}' has more than {MAX_REGISTER_ROWS:,} rows, which no register has.")
            if row:
                kept.take(number, [row[place].strip() if place < len(row) else "" for place in places])
        return kept.reading()


def _lines(name: str, start: bytes, file: IO[bytes]) -> Iterator[str]:
    """Lines of a text, each read with a bound."""
    size = 0
    first = start
    while line := first + file.readline(_LINE_CHARS):
        first = b""
        size += len(line)
        if len(line) >= _LINE_CHARS or size > MAX_REGISTER_BYTES:
            raise UnreadableFile(f"'{name}' has a line or a size that no register has. Download it again.")
        try:
            yield line.decode("utf-8-sig" if size == len(line) else "utf-8")
        except UnicodeDecodeError:
            raise UnreadableFile(f"'{name}' is no UTF-8 text. Download it again from GLEIF.") from None


class _Kept:
    """What is kept of one register."""

    def __init__(self, name: str, kind: EntityFile, held: Held, findings: Findings) -> None:
        self._made = EntityReading(name, kind)
        self._held = held
        self._findings = findings
        by_kind = {EntityFile.ISINS: self._isin, EntityFile.NAMES: self._name, EntityFile.PARENTS: self._parent}
        self._take = by_kind[kind]
        self._doubtful: set[str] = set()
        self._direct: dict[str, str] = {}
        self._ultimate: dict[str, str] = {}
        self._ended: set[str] = set()

    def take(self, number: int, cells: list[str]) -> None:
        """One row."""
        self._made.rows += 1
        self._take(number, cells)

    def reading(self) -> EntityReading:
        """What is kept, once every row was seen."""
        made = self._made
        if made.kind is EntityFile.PARENTS:
            self._resolve()
        for isin in self._doubtful:
            made.leis.pop(isin, None)
        if made.rows > self._held.small:
            self._drop()
            self._findings.note(
                f"Of {made.rows:,} rows those were kept that concern what is held now, directly or in funds. Import "
                "the file again after new holdings."
            )
        if not made.rows:
            self._findings.problem(None, "", "", "The register has a header but no rows. Download it again.")
        made.problems, made.notes = self._findings.problems, self._findings.notes
        return made

    def _isin(self, number: int, cells: list[str]) -> None:
        lei, isin = cells
        if self._made.rows > self._held.small and isin not in self._held.isins:
            return  # millions of rows are of nobody's concern
        if not self._good(number, lei):
            return
        if (fault := isin_fault(isin)) is not None:
            self._findings.problem(number, "ISIN", isin, f"The ISIN {fault}. The row was left out.")
            return
        if self._made.leis.setdefault(isin, lei) != lei:
            self._findings.tally("ISINs with several LEIs were left out", isin)
            self._doubtful.add(isin)
        if self._made.rows == self._held.small:
            self._drop()

    def _name(self, number: int, cells: list[str]) -> None:
        lei, name = cells
        if self._made.rows == self._held.small:
            self._drop()
        if (self._made.rows <= self._held.small or lei in self._held.leis) and self._good(number, lei) and name:
            self._made.names[lei] = one_line(name)[:200]

    def _parent(self, number: int, cells: list[str]) -> None:
        child, parent, kind, status = cells
        if kind not in (_ULTIMATE, _DIRECT) or not (self._good(number, child) and self._good(number, parent)):
            return
        if status.upper() != "ACTIVE":
            self._ended.add(child)
        else:
            (self._ultimate if kind == _ULTIMATE else self._direct)[child] = parent

    def _resolve(self) -> None:
        """Ultimate parents: as stated, else the end of the chain of direct ones."""
        for child in {*self._ultimate, *self._direct}:
            parent, seen = child, {child}
            while (above := self._ultimate.get(parent) or self._direct.get(parent, "")) and above not in seen:
                parent = above
                seen.add(above)
            if parent != child:
                self._made.parents[child] = parent
        self._made.ended = frozenset(self._ended - self._made.parents.keys())

    def _drop(self) -> None:
        """Keep only what is held: the register is a large one."""
        made, held = self._made, self._held
        made.leis = {isin: lei for isin, lei in made.leis.items() if isin in held.isins}
        made.names = {lei: name for lei, name in made.names.items() if lei in held.leis}
        made.parents = {lei: parent for lei, parent in made.parents.items() if lei in held.leis}
        made.ended = made.ended & held.leis

    def _good(self, number: int, lei: str) -> bool:
        if is_lei(lei):
            return True
        self._findings.problem(
            number, "LEI", lei, "This is no LEI: twenty letters and digits with right check digits. It was left out."
        )
        return False


class _Records:
    """Relationship records of an XML document, one at a time; nothing else is kept."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept
        self._path: list[str] = []
        self._cells = {"StartNode": "", "EndNode": "", "RelationshipType": "", "RelationshipStatus": ""}
        self.lines: Callable[[], int] = lambda: 0

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        """An element opens."""
        if len(self._path) > 32:
            raise UnreadableFile("The register is nested deeper than 32 levels, which none is.")
        self._path.append(tag.rpartition("}")[2])
        if self._path[-1] == "RelationshipRecord":
            self._cells = dict.fromkeys(self._cells, "")

    def data(self, text: str) -> None:
        """Text inside the element that is open."""
        own = self._path[-1] if self._path else ""
        if own == "NodeID" and len(self._path) > 1 and self._path[-2] in self._cells:
            own = self._path[-2]
        if own in self._cells and len(self._cells[own]) < 100:
            self._cells[own] += text

    def end(self, _tag: str) -> None:
        """An element closes."""
        if self._path.pop() == "RelationshipRecord":
            self._kept.take(self.lines(), [text.strip() for text in self._cells.values()])

    def close(self) -> None:
        """Nothing is left to do."""


def _read_xml(name: str, data: bytes, held: Held) -> EntityReading:
    if len(data) > MAX_XML_BYTES:
        raise UnreadableFile(
            f"'{name}' has more than {MAX_XML_BYTES:,} bytes of XML, the most that is read. Take the same data as CSV."
        )
    kept = _Kept(name, EntityFile.PARENTS, held, Findings(name))
    feed(name, data, _Records(kept))
    return kept.reading()
