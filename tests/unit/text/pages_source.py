"""The source of the pages as syntax trees: what names stand for, what functions return, what fields are declared as."""

from __future__ import annotations

import ast
import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_PLAIN_TYPES: Final = frozenset(
    {
        "None", "int", "float", "bool", "Decimal", "date", "datetime", "timedelta", "time", "tzinfo",
        "Palette",
    }
)  # fmt: skip
"""Types without words of others."""

_HOLDERS: Final = frozenset(
    {
        "tuple", "list", "set", "frozenset", "dict", "Sequence", "Iterable", "Iterator", "Mapping", "Collection",
        "Counter", "NDArray",
    }
)  # fmt: skip
"""Types that hold several of another type."""

_SCOPES: Final = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.GeneratorExp, ast.SetComp,
    ast.DictComp,
)  # fmt: skip

T = TypeVar("T")


@dataclass(slots=True)
class Module:
    """One file."""

    name: str
    tree: ast.Module
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    aliases: dict[str, tuple[str, str]] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where it lies."""
        return f"{self.name.replace('.', '/')}.py"


class Each(ast.expr):
    """Any element of what an expression gives when it is gone through."""

    _fields = ("value",)
    value: ast.expr

    def __init__(self, value: ast.expr) -> None:
        super().__init__()
        self.value = value


class Source:
    """All modules, and what they declare."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        # Looking for garbage among so many nodes takes far longer than making them.
        gc.disable()
        try:
            self.modules = {name: _module(name, text) for name, text in texts.items()}
        finally:
            gc.enable()
        self.plain = set(_PLAIN_TYPES | _HOLDERS)
        self._fields: dict[str, dict[str, ast.expr | None]] = defaultdict(dict)
        self._methods: dict[str, dict[str, tuple[Module, ast.FunctionDef]]] = defaultdict(dict)
        self._bases: dict[str, list[str]] = defaultdict(list)
        self.owner: dict[int, str] = {}
        """Names of the classes whose methods these are, by the identity of the method."""
        for module in self.modules.values():
            for name, value in module.constants.items():
                if isinstance(value, ast.Subscript) and ast.unparse(value.value) == "Literal":
                    self.plain.add(name)
            for node in module.tree.body:
                if isinstance(node, ast.ClassDef):
                    self._declare(module, node)
        for module in self.modules.values():
            self.plain |= {
                name
                for name, value in module.constants.items()
                if isinstance(value, ast.Subscript | ast.BinOp) and self.is_plain(value)
            }

    def _declare(self, module: Module, node: ast.ClassDef) -> None:
        bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        self._bases[node.name] += bases
        if any(base.endswith("Enum") for base in bases):
            self.plain.add(node.name)
        for part in node.body:
            self.owner[id(part)] = node.name
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                self._fields[part.target.id][node.name] = part.annotation
            elif isinstance(part, ast.FunctionDef) and part.name == "__init__":
                self._take(node.name, part)
            elif isinstance(part, ast.FunctionDef):
                if {ast.unparse(one) for one in part.decorator_list} & {"property", "cached_property"}:
                    self._fields[part.name][node.name] = part.returns
                else:
                    self._methods[part.name][node.name] = (module, part)

    def _take(self, owner: str, maker: ast.FunctionDef) -> None:
        """Fields that a class sets when it is made, of the type of what it was given or as they are annotated."""
        typed = {one.arg: one.annotation for one in parameters(maker)}
        for node in ast.walk(maker):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
                self._fields[node.target.attr][owner] = node.annotation
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
                value = node.value.func if isinstance(node.value, ast.Call) else node.value
                name = value.id if isinstance(value, ast.Name) else ""
                self._fields[node.targets[0].attr][owner] = typed.get(name) or ast.Name(name or "object")

    def fields(self, name: str, owners: Iterable[str]) -> list[ast.expr | None]:
        """What these classes declare a field as; every class that has one, where none of these does."""
        return self._of(self._fields[name], owners)

    def methods(self, name: str, owners: Iterable[str]) -> list[tuple[Module, ast.FunctionDef]]:
        """A method of these classes; of every class that has one, where none of these does."""
        return self._of(self._methods[name], owners)

    def has_method(self, name: str, owners: Iterable[str]) -> bool:
        """Whether one of these classes has such a method of its own."""
        return any(owner in self._methods[name] for owner in owners)

    def _of(self, found: Mapping[str, T], owners: Iterable[str]) -> list[T]:
        waiting, near = list(owners), []
        while waiting:
            owner = waiting.pop()
            if owner in found:
                near.append(found[owner])
            else:
                waiting += self._bases.get(owner, [])
        return near or list(found.values())

    def named(self, annotation: ast.expr | None) -> frozenset[str]:
        """The classes that an annotation names."""
        if annotation is None:
            return frozenset()
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = _parsed(annotation.value)
        return frozenset(one.id for one in ast.walk(annotation) if isinstance(one, ast.Name) and one.id in self._bases)

    def is_plain(self, annotation: ast.expr | None) -> bool:
        """Whether nothing of this type carries words of others."""
        if annotation is None:
            return False
        if isinstance(annotation, ast.Constant):
            return not isinstance(annotation.value, str) or self.is_plain(_parsed(annotation.value))
        if isinstance(annotation, ast.Subscript):
            if ast.unparse(annotation.value) == "Literal":
                return True
            return ast.unparse(annotation.value) in self.plain and self.is_plain(annotation.slice)
        if isinstance(annotation, ast.Tuple):
            return all(map(self.is_plain, annotation.elts))
        if isinstance(annotation, ast.BinOp):
            return self.is_plain(annotation.left) and self.is_plain(annotation.right)
        if isinstance(annotation, ast.Attribute):
            return ast.unparse(annotation).startswith("np.")
        return isinstance(annotation, ast.Name) and annotation.id in self.plain - _HOLDERS

    def is_constant(self, module: Module, node: ast.expr) -> bool:
        """Whether a name, of this module or another one, is a value written in our source."""
        if isinstance(node, ast.Name):
            if node.id in module.constants:
                return True
            package, name = module.aliases.get(node.id, ("", ""))
            return package in self.modules and name in self.modules[package].constants
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            package, name = module.aliases.get(node.value.id, ("", ""))
            owner = self.modules.get(f"{package}.{name}")
            # A member of an enumeration is a word of ours, too.
            return (owner is not None and node.attr in owner.constants) or node.value.id in self.plain
        return False

    def annotation(self, module: Module, name: str) -> ast.expr | None:
        """What a value at the top of a module, this one or another, is declared as."""
        package, other = module.aliases.get(name, (module.name, name))
        owner = self.modules.get(package)
        return owner.annotations.get(other) or owner.constants.get(other) if owner else None

    def function(self, module: Module, called: ast.expr) -> tuple[Module, ast.FunctionDef] | None:
        """The function of ours that a name stands for."""
        owner, name = module, ""
        if isinstance(called, ast.Name):
            name = called.id
            if name in module.aliases:
                package, name = module.aliases[name]
                if package not in self.modules:
                    return None
                owner = self.modules[package]
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            package, inner = module.aliases.get(called.value.id, ("", ""))
            if f"{package}.{inner}" not in self.modules:
                return None
            owner, name = self.modules[f"{package}.{inner}"], called.attr
        found = owner.functions.get(name)
        return (owner, found) if found is not None else None


def _parsed(annotation: str) -> ast.expr:
    return ast.parse(annotation, mode="eval").body


_LEFT_OUT: Final = ("cli", "simulator", "providers", "worker", "market_sources", "llm")
"""Rooms of the core whose values no page is handed; reading them would only take its time."""


def files(root: Path) -> dict[str, str]:
    """The source of the pages, and of what they are handed, by module name."""
    left_out = {root / "core" / room for room in _LEFT_OUT}
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): path.read_text("utf-8")
        for folder in ("dashboard", "pages", "core")
        for path in sorted((root / folder).rglob("*.py"))
        if not left_out & set(path.parents)
    }


def _module(name: str, text: str) -> Module:
    module = Module(name, ast.parse(text))
    # What the core computes is followed into its own functions only; the pages' may stand inside one another.
    for node in module.tree.body if name.startswith("core.") else ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef):
            module.functions.setdefault(node.name, node)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in {"dashboard", "core"}:
            for one in node.names:
                module.aliases[one.asname or one.name] = (node.module or "", one.name)
    for part in module.tree.body:
        if isinstance(part, ast.Assign):
            module.constants |= {one.id: part.value for one in ast.walk(part.targets[0]) if isinstance(one, ast.Name)}
        elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.value is not None:
            module.constants[part.target.id] = part.value
            module.annotations[part.target.id] = part.annotation
    return module


def calls(tree: ast.AST) -> Iterator[tuple[tuple[Function, ...], ast.Call]]:
    """All calls with the functions they stand in, the outermost first."""
    waiting: list[tuple[ast.AST, tuple[Function, ...]]] = [(tree, ())]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inside = (*inside, node)
        if isinstance(node, ast.Call):
            yield inside, node
        waiting.extend((child, inside) for child in ast.iter_child_nodes(node))


def parameters(function: Function) -> list[ast.arg]:
    """What a function takes, in order."""
    given = function.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]


def given_to(function: Function, call: ast.Call) -> dict[str, ast.expr]:
    """What a call hands to each parameter."""
    places = [one.arg for one in (*function.args.posonlyargs, *function.args.args) if one.arg not in {"self", "cls"}]
    return dict(zip(places, call.args, strict=False)) | {one.arg: one.value for one in call.keywords if one.arg}


def returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Every value that a function returns; of one that yields, whatever holds each of them."""
    for node in _own(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        elif isinstance(node, ast.Yield) and node.value is not None:
            yield ast.List([node.value], ast.Load())
        elif isinstance(node, ast.YieldFrom):
            yield node.value


def declared(function: Function, name: str) -> ast.expr | None:
    """What a name inside a function is declared as."""
    for node in _own(function):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            return node.annotation
    return None


def assigned(function: Function, name: str) -> list[ast.expr]:
    """Every value that a function gives to a name."""
    known = getattr(function, "_values", None)
    if known is None:
        known = defaultdict(list)
        for node in _own(function):
            for bound, value in _given(node):
                known[bound].append(value)
        function._values = known  # type: ignore[union-attr]  # kept beside the tree, as long as it lives
    return list(known.get(name, ()))


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and what a statement gives to each of them."""
    match node:
        case ast.Assign():
            for target in node.targets:
                yield from _bound(target, node.value)
        case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr():
            if isinstance(node.target, ast.Name) and node.value is not None:
                yield node.target.id, node.value
        case ast.For() | ast.comprehension():
            yield from _bound(node.target, Each(node.iter))
        case ast.With():
            for item in node.items:
                if item.optional_vars is not None:
                    yield from _bound(item.optional_vars, item.context_expr)
        case ast.ExceptHandler(name=str(caught)):
            # What an error says names values of others.
            yield caught, ast.Name(f"the words of {caught}", ast.Load())
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=added)) if node.args:
            if added in {"append", "insert", "add"}:
                yield owner, ast.List(node.args[-1:], ast.Load())
            elif added in {"extend", "update"}:
                yield owner, node.args[0]


def _own(function: Function) -> Iterator[ast.AST]:
    """What stands in a function, not in functions and comprehensions inside of it: those have names of their own."""
    waiting: list[ast.AST] = list(function.body) if isinstance(function.body, list) else [function.body]
    around = {id(function.body)}
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES) or id(node) in around:
            waiting.extend(ast.iter_child_nodes(node))


def _bound(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts) else None
        for place, part in enumerate(target.elts):
            yield from _bound(part, parts[place] if parts else ast.Subscript(value, ast.Constant(place)))
    elif isinstance(target, ast.Starred):
        yield from _bound(target.value, value)
    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        yield target.value.id, ast.Dict([target.slice], [value])
