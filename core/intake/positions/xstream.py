"""References in XML that XStream wrote: an object that appears again is a path, or a number, to where it stands.

`<security reference="../../../securities/security[2]"/>` means: up three elements, then the second security. Newer
files number every object instead: `<security id="12">` and `<security reference="12"/>`.
"""

from __future__ import annotations

import re

from core.errors import UnreadableFile
from core.intake.opening.xml_tree import Element

_STEP = re.compile(r"([A-Za-z_][\w.-]*)(?:\[([0-9]{1,7})\])?")
_MAX_STEPS = 2_000
_MAX_HOPS = 50


class References:
    """Finds what references mean.

    Args:
        name: Display name of the file, for errors.
        root: The whole document.
    """

    def __init__(self, name: str, root: Element) -> None:
        self._name = name
        self._root = root
        self._numbered: dict[str, Element] | None = None
        # Lists have thousands of children and are asked for by place again and again.
        self._places: dict[int, dict[str, list[Element]]] = {}

    def real(self, element: Element) -> Element:
        """The element itself, or the one that it refers to, over as many hops as it takes.

        Raises:
            UnreadableFile: It refers to nothing, or in a circle.
        """
        for _ in range(_MAX_HOPS):
            reference = element.attributes.get("reference")
            if reference is None:
                return element
            element = self._at(element, reference.strip())
        raise UnreadableFile(f"'{self._name}' has references that go in a circle (line {element.row}). Save it again.")

    def child(self, element: Element, tag: str) -> Element | None:
        """The child with a tag, resolved; None where there is none."""
        found = element.child(tag)
        return None if found is None else self.real(found)

    def said(self, element: Element, tag: str) -> str:
        """The text of a child, resolved; "" where there is none."""
        found = self.child(element, tag)
        return "" if found is None else found.text.strip()

    def _at(self, start: Element, path: str) -> Element:
        if path.isdigit():
            found = self._by_number().get(path)
            if found is not None and found is not start:
                return found
            raise self._nothing(start, path)
        here: Element | None = self._root if path.startswith("/") else start
        steps = [step for step in path.split("/") if step]
        if path.startswith("/"):
            steps = steps[1:]
        if len(steps) > _MAX_STEPS:
            raise self._nothing(start, path)
        for step in steps:
            if here is None:
                break
            here = here.parent if step == ".." else self._step(here, step)
        if here is None or here is start:
            raise self._nothing(start, path)
        return here

    def _step(self, here: Element, step: str) -> Element | None:
        found = _STEP.fullmatch(step)
        if found is None:
            return None
        places = self._places.get(id(here))
        if places is None:
            places = self._places[id(here)] = {}
            for child in here.children:
                places.setdefault(child.tag, []).append(child)
        alike = places.get(found[1], [])
        number = int(found[2] or 1)
        return alike[number - 1] if 0 < number <= len(alike) else None

    def _by_number(self) -> dict[str, Element]:
        if self._numbered is None:
            self._numbered = {}
            stack = [self._root]
            while stack:
                element = stack.pop()
                if (number := element.attributes.get("id")) is not None:
                    self._numbered.setdefault(number, element)
                stack.extend(element.children)
        return self._numbered

    def _nothing(self, start: Element, path: str) -> UnreadableFile:
        return UnreadableFile(
            f"'{self._name}' refers in line {start.row} to '{path[:80]}', which is not there. "
            "The file is damaged or was edited; save it again in the program that wrote it."
        )
