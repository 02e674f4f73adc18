"""OFX as one tree, whichever of its two forms a bank writes: SGML (1.x, values without closing tags) or XML (2.x)."""

from __future__ import annotations

import html
import re

from core.errors import UnreadableFile
from core.intake.opening.limits import MAX_DEPTH, MAX_ELEMENTS, MAX_XML_BYTES, check_size
from core.intake.opening.source import Container, SourceFile, decoded
from core.intake.opening.xml_tree import Element, xml_root

_TAG = re.compile(r"<(/?)([A-Za-z0-9.]{1,40})>")


def detect_ofx(source: SourceFile) -> bool:
    """Whether a file starts as OFX does: its header, or its root element."""
    start = source.data[:2_000].replace(b"\x00", b"")
    if source.container is Container.XML:
        return b"<?OFX" in start or b"<OFX>" in start
    return source.container is Container.TEXT and source.text.lstrip()[:12].upper().startswith("OFXHEADER")


def ofx_root(source: SourceFile) -> Element:
    """The element OFX of a file.

    Raises:
        UnreadableFile: Not OFX, too large, too deep, or XML with a document type or entities.
    """
    if source.container is Container.XML and source.data[:200].lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<?xml"):
        root = xml_root(source)
    else:
        root = _from_sgml(source)
    if root.tag.upper() != "OFX":
        raise UnreadableFile(f"'{source.name}' is no OFX file: its root is '{root.tag[:40]}'.")
    return root


def _from_sgml(source: SourceFile) -> Element:
    """A value's tag is not closed: it ends where the next tag starts. A tag followed by another tag holds elements."""
    check_size(source.name, source.size, MAX_XML_BYTES)
    text = source.text or decoded(source.name, source.data)[0]
    start = text.upper().find("<OFX>")
    if start < 0:
        raise UnreadableFile(f"'{source.name}' is no OFX file: it has no element <OFX>. Download it again.")
    root = Element("OFX", {}, text.count("\n", 0, start) + 1)
    tree = _Sgml(source.name, root)
    line, last = root.row, start
    found = _TAG.search(text, start + 5)
    while found is not None:
        line += text.count("\n", last, found.start())
        last = found.start()
        following = _TAG.search(text, found.end())
        value = text[found.end() : following.start() if following else len(text)]
        if found[1]:
            tree.close(found[2].upper())
        else:
            tree.open(found[2].upper(), html.unescape(value).strip(), line)
        found = following
    return root


class _Sgml:
    """The elements that are open."""

    def __init__(self, name: str, root: Element) -> None:
        self._name = name
        self._open = [root]
        self._count = 0

    def open(self, tag: str, value: str, row: int) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise UnreadableFile(f"'{self._name}' has more than {MAX_ELEMENTS:,} elements. Split it by account.")
        parent = self._open[-1]
        element = Element(tag, {}, row, value, parent=parent)
        parent.children.append(element)
        if not value:
            if len(self._open) >= MAX_DEPTH:
                raise UnreadableFile(f"'{self._name}' is nested deeper than {MAX_DEPTH} levels, which no statement is.")
            self._open.append(element)

    def close(self, tag: str) -> None:
        """Close the nearest open element of that name with everything in it; a value's own closing tag says nothing."""
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return
