"""YAML and JSON as one small tree of text, lists and mappings, with the line each part stands on.

Scalars stay text: nothing becomes a date, a float or a truth value behind our back. Aliases, tags that build objects,
deep nesting and repeated keys are refused, which leaves no way to make a small file large.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from core.errors import UnreadableFile
from core.intake.opening.limits import MAX_DEPTH, MAX_JSON_BYTES, MAX_YAML_BYTES, check_size
from core.intake.opening.source import Container, SourceFile

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a document: text, a list or a mapping, and its line (None in JSON, whose lines say little)."""

    value: Value
    line: int | None


Value: TypeAlias = "str | list[Node] | dict[str, Node]"


def plain_mapping(node: Node) -> dict[str, Node] | None:
    """The mapping of a node; None when it is something else."""
    return node.value if isinstance(node.value, dict) else None


def describe(node: Node) -> str:
    """A node's value for a problem: its text, or what kind of thing it is."""
    if isinstance(node.value, str):
        return node.value
    return "a list" if isinstance(node.value, list) else "a mapping"


_HAS_KEYS = re.compile(r"^['\"]?(?:holdings|accounts)['\"]?[ \t]*:", re.MULTILINE)


def detect_yaml(source: SourceFile) -> bool:
    """Whether a text has `holdings:` or `accounts:` at the start of a line."""
    return source.container is Container.TEXT and _HAS_KEYS.search(source.text) is not None


def detect_json(source: SourceFile) -> bool:
    """Whether JSON speaks of holdings, and of a day or a base currency: other programs' exports name holdings too."""
    text = source.text
    return source.container is Container.JSON and '"holdings"' in text and ('"as_of"' in text or '"base_cur' in text)


def json_tree(source: SourceFile) -> Node:
    """Parse JSON.

    Raises:
        UnreadableFile: Not JSON, too deep, too large, a key twice, or NaN.
    """
    check_size(source.name, source.size, MAX_JSON_BYTES)

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in items:
            if key in found:
                raise ValueError(f"the key '{key[:60]}' appears twice in one object")
            found[key] = value
        return found

    def constant(text: str) -> object:
        raise ValueError(f"{text} is no number")

    try:
        raw = json.loads(source.text, object_pairs_hook=pairs, parse_float=str, parse_int=str, parse_constant=constant)
        return _from_json(raw, 0)
    except RecursionError:
        raise UnreadableFile(_too_deep(source.name)) from None
    except ValueError as error:
        raise UnreadableFile(f"'{source.name}' is not valid JSON: {str(error)[:160]}. Correct it there.") from None


def _from_json(raw: object, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(raw, dict):
        return Node({str(key): _from_json(value, depth + 1) for key, value in raw.items()}, None)
    if isinstance(raw, list):
        return Node([_from_json(value, depth + 1) for value in raw], None)
    if raw is None:
        return Node("", None)
    if isinstance(raw, bool):
        return Node("true" if raw else "false", None)
    return Node(str(raw), None)


def yaml_tree(source: SourceFile) -> Node:
    """Parse YAML, one document, from its events: no object is ever constructed.

    Raises:
        UnreadableFile: Not YAML, too deep, too large, aliases, tags, a key twice, or several documents.
    """
    check_size(source.name, source.size, MAX_YAML_BYTES)
    try:
        return _YamlTree(source.name).build(source.text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        reason = str(getattr(error, "problem", None) or "unexpected text")[:120]
        raise UnreadableFile(f"'{source.name}' is not valid YAML{where}: {reason}. Correct it there.") from None


class _YamlTree:
    """Builds the tree of one document on a stack, so that nesting costs no recursion."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stack: list[tuple[Node, list[str]]] = []
        self._root: Node | None = None

    def build(self, text: str) -> Node:
        for event in yaml.parse(text, Loader=_LOADER):
            line = event.start_mark.line + 1 if event.start_mark is not None else 1
            if isinstance(event, yaml.AliasEvent):
                self._refuse(f"an alias (*) in line {line}; write the value out")
            elif isinstance(event, yaml.ScalarEvent):
                if event.style is None and event.value in _NULLS:
                    self._place(Node("", line), "")
                else:
                    self._place(Node(event.value, line), event.value)
            elif isinstance(event, yaml.SequenceStartEvent):
                self._open(Node([], line))
            elif isinstance(event, yaml.MappingStartEvent):
                self._open(Node({}, line))
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                node, _ = self._stack.pop()
                self._place(node, None)
            elif isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
                self._refuse("several documents; keep one a file")
        return self._root or Node("", 1)

    def _open(self, node: Node) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise UnreadableFile(_too_deep(self._name))
        self._stack.append((node, []))

    def _place(self, node: Node, key: str | None) -> None:
        if not self._stack:
            self._root = node
            return
        parent, pending = self._stack[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif isinstance(parent.value, dict):
            if pending:
                parent.value[pending.pop()] = node
            elif key is None:
                self._refuse(f"a key that is not text in line {node.line}")
            elif key in parent.value:
                self._refuse(f"the key '{key[:60]}' twice, again in line {node.line}")
            else:
                pending.append(key)

    def _refuse(self, what: str) -> None:
        raise UnreadableFile(f"'{self._name}' has {what}.")


def _too_deep(name: str) -> str:
    return f"'{name}' is nested deeper than {MAX_DEPTH} levels, which no portfolio is. Flatten it."
