"""XML from strangers: parsed without document types, entities or anything fetched, and within limits.

Everything here builds on a stack, so that deep nesting costs no recursion, and knows the line each element stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from core.errors import UnreadableFile
from core.intake.opening.limits import MAX_DEPTH, MAX_ELEMENTS, MAX_XML_BYTES, check_size
from core.intake.opening.source import Container, SourceFile


class Target(Protocol):
    """Receives a parser's events."""

    lines: Callable[[], int]
    """The line the parser stands on; set before the first event."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens."""

    def end(self, tag: str) -> None:
        """An element closes."""

    def data(self, text: str) -> None:
        """Text inside the element that is open."""

    def close(self) -> object:
        """The document ends."""


@dataclass(slots=True)
class Element:
    """An element with everything in it.

    Attributes:
        tag: Without its namespace.
        row: Line of the file that it starts on, from 1.
        text: What it says, without the text of its children.
        parent: None for the root.
    """

    tag: str
    attributes: dict[str, str]
    row: int
    text: str = ""
    children: list[Element] = field(default_factory=list)
    parent: Element | None = field(default=None, repr=False)

    def child(self, *path: str) -> Element | None:
        """The first descendant along a path of tags, or None."""
        found: Element | None = self
        for tag in path:
            found = next((one for one in found.children if one.tag == tag), None) if found is not None else None
        return found

    def said(self, *path: str) -> str:
        """The text of `child(*path)` without space around it; "" where there is none."""
        found = self.child(*path)
        return "" if found is None else found.text.strip()

    def every(self, tag: str) -> Iterator[Element]:
        """All descendants with a tag, in the order of the file."""
        stack = [iter(self.children)]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
                continue
            if child.tag == tag:
                yield child
            stack.append(iter(child.children))


def feed(name: str, data: bytes, target: Target, first_row: int = 1) -> None:
    """Run a document past a target.

    Args:
        name: Display name, for errors.
        first_row: Line of the file on which `data` starts.

    Raises:
        UnreadableFile: No valid XML, or with a document type, entities or external references (the stuff of bombs).
    """
    plain = data.lstrip()
    first_row += data[: len(data) - len(plain)].count(b"\n")
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    target.lines = lambda: int(parser.parser.CurrentLineNumber) + first_row - 1
    try:
        parser.feed(plain)
        parser.close()
    except DefusedXmlException:
        raise UnreadableFile(
            f"'{name}' declares a document type or entities, which are refused: they can make a small file enormous."
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableFile(f"'{name}' is not valid XML: {str(error)[:120]}. Download it again.") from None


class _Builder:
    """Builds the whole tree."""

    def __init__(self, name: str, max_depth: int) -> None:
        self._name = name
        self._max_depth = max_depth
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0
        self.lines: Callable[[], int] = lambda: 0
        self.root: Element | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= self._max_depth:
            raise UnreadableFile(
                f"'{self._name}' is nested deeper than {self._max_depth} levels, which no statement is."
            )
        if self._count > MAX_ELEMENTS:
            raise UnreadableFile(f"'{self._name}' has more than {MAX_ELEMENTS:,} elements. Split it by account.")
        parent = self._open[-1] if self._open else None
        element = Element(tag.rpartition("}")[2], attributes, self.lines(), parent=parent)
        if parent is None:
            self.root = element
        else:
            parent.children.append(element)
        self._open.append(element)
        self._texts.append([])

    def end(self, _tag: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def data(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)

    def close(self) -> None:
        """The root is where it is."""


def xml_root(
    source: SourceFile, data: bytes | None = None, *, first_row: int = 1, max_depth: int = MAX_DEPTH
) -> Element:
    """The root of a document, or of a part of a file that is one.

    Raises:
        UnreadableFile: Not XML, too large, too deep, too many elements, a document type or entities.
    """
    if data is None:
        if source.container is not Container.XML:
            raise UnreadableFile(f"'{source.name}' is {source.container.value}, not XML. Leave the format to 'auto'.")
        data = source.data
    check_size(source.name, len(data), MAX_XML_BYTES)
    builder = _Builder(source.name, max_depth)
    feed(source.name, data, builder, first_row)
    if builder.root is None:
        raise UnreadableFile(f"'{source.name}' is not valid XML: it has no element. Download it again.")
    return builder.root


def root_tag(source: SourceFile) -> str:
    """The tag of the first element, "" where the file is no XML; nothing is parsed, for detection."""
    if source.container is not Container.XML:
        return ""
    head = source.data[:4_000].replace(b"\x00", b"").decode("utf-8", "ignore")
    for part in head.split("<")[1:]:
        name = part.split(">")[0].split()
        if name and name[0][:1] not in ("?", "!", "/"):
            return name[0].rstrip("/").rpartition(":")[2]
    return ""
