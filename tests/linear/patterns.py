"""Finds every regular expression of the program in its source, with the ways in which it is used."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "dashboard", "pages")
ANCHORED = frozenset({"match", "fullmatch"})
"""Calls that look from one place only; all others try every place of a text."""

_TAKES_PATTERN = ANCHORED | {"compile", "search", "sub", "subn", "split", "findall", "finditer", "template"}
_FLAGS_AT = {"compile": 1, "search": 2, "match": 2, "fullmatch": 2, "findall": 2, "finditer": 2, "split": 3, "sub": 4}


@dataclass(frozen=True)
class Call:
    """A call of `re` in the source that takes a pattern.

    Attributes:
        where: The function it stands in, or the module's constant that it makes.
        patterns: What it compiles; empty where only the running code knows that.
        ways: "match", "fullmatch" and "scan" (every other use), as far as the pattern is used so.
    """

    path: str
    line: int
    where: str
    patterns: tuple[re.Pattern[Any], ...]
    ways: frozenset[str]


def sources() -> Iterator[Path]:
    """Every file of the program."""
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def calls(path: Path) -> Iterator[Call]:
    """Every call of `re` in a file that takes a pattern."""
    text = path.read_text("utf-8")
    if "import re" not in text:  # most files: not worth a tree
        return
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    if not any(isinstance(node, ast.Import) and any(one.name == "re" for one in node.names) for node in nodes):
        return
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
    for node in nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in _TAKES_PATTERN
        ):
            verb, where = node.func.attr, _where(node, parents)
            own = _value(node, verb, module)
            patterns = (own,) if own is not None else tuple(inside(vars(module).get(where)))
            yield Call(str(path.relative_to(ROOT)), node.lineno, where, patterns, _ways(node, verb, parents, tree))


def _value(node: ast.Call, verb: str, module: ModuleType) -> re.Pattern[Any] | None:
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    at = _FLAGS_AT.get(verb, 9)
    flags = given.get("flags") or (node.args[at] if len(node.args) > at else None)
    try:
        text = _evaluated(given.get("pattern") or node.args[0], module)
        return re.compile(text, _evaluated(flags, module) if flags is not None else 0)
    except NameError:
        return None


def inside(value: object) -> Iterator[re.Pattern[Any]]:
    """Every compiled pattern in a value, however deep, and behind a bound method such as `re.compile(...).match`."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(getattr(value, "__self__", None), re.Pattern):
        yield value.__self__  # type: ignore[attr-defined]
    elif isinstance(value, dict):
        yield from inside([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from inside(one)


def _evaluated(node: ast.expr, module: ModuleType) -> Any:
    return eval(compile(ast.Expression(node), module.__name__, "eval"), dict(vars(module)))


def _where(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    """The function a call stands in, or the name of the module's constant that it makes."""
    found = ""
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.FunctionDef):
            return node.name
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            found = target.id if isinstance(target, ast.Name) else ""
    return found


def _ways(node: ast.Call, verb: str, parents: dict[ast.AST, ast.AST], tree: ast.Module) -> frozenset[str]:
    """How the pattern is used: as its verb says, or as every use of the name that it is bound to says."""
    if verb != "compile":
        return frozenset({verb if verb in ANCHORED else "scan"})
    above = parents.get(node)
    if isinstance(above, ast.Attribute):
        return frozenset({above.attr if above.attr in ANCHORED else "scan"})
    name = _where(node, parents) if isinstance(above, ast.Assign | ast.AnnAssign) else ""
    if not name:
        return frozenset({"scan", *ANCHORED})
    used: set[str] = set()
    for other in ast.walk(tree):
        if isinstance(other, ast.Name) and other.id == name and isinstance(other.ctx, ast.Load):
            method = parents.get(other)
            verbs = {method.attr} if isinstance(method, ast.Attribute) else {"scan", *ANCHORED}
            used |= {one if one in ANCHORED else "scan" for one in verbs}
    return frozenset(used or {"scan", *ANCHORED})
