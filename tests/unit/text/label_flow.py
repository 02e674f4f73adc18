"""Follows texts in the source of pages to the places where Streamlit or Plotly gives signs in them a meaning.

A text is plain when it is written in our source, is a number, a day or one of our words, or has passed the one function
of its sink (`text.escape` for Markdown, `charts.plain` for figures). Whatever else reaches a sink is reported.
Functions of ours are followed: what a function returns is judged where it is called, and a parameter that reaches a
sink makes that parameter a sink.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.unit.text.expressions import (
    COMPREHENSIONS,
    GOES_THROUGH,
    as_scope,
    called,
    elements_of,
    gone_through,
    part_of,
    parts,
    path_of,
    placed,
    without_steps,
)
from tests.unit.text.label_sinks import MARKDOWN, Sink, draws, of_figure, of_streamlit
from tests.unit.text.pages_source import (
    Each,
    Function,
    Module,
    Source,
    assigned,
    calls,
    declared,
    given_to,
    parameters,
    returned,
)

_SAFE_CALLS: Final = frozenset(
    {
        "day", "moment", "clock", "duration", "percent", "size", "ink_on", "len", "round", "int", "float", "abs", "sum",
        "range", "strftime", "isoformat", "index", "Decimal", "bool", "total_seconds", "token_hex",
    }
)  # fmt: skip
"""Functions whose result is a number, a day or a colour, whatever they are given."""

_ESCAPES: Final[Mapping[Sink, frozenset[str]]] = {
    "markdown": frozenset({"text.escape", "text.code"}),
    "plotly": frozenset({"plain", "charts.plain"}),
    "html": frozenset({"escaped", "marked_text.escaped", "text.isolated", "html.escape", "brief_document.fragment"}),
}
"""The functions that take the signs of each sink away; `fragment` draws a template that escapes by itself."""

_SAME_AS_GIVEN: Final = frozenset(
    {"list", "tuple", "sorted", "reversed", "str", "dict", "next", "iter", "filter", "set", "zip", "enumerate", "min",
     "max", "words", "count", "short", "period", "fact", "usd", "money", "large", "wrap"}
)  # fmt: skip
"""Functions whose result is made of the words that they are given, and of our own."""
_SAME_AS_RECEIVER: Final = frozenset(
    {"join", "upper", "lower", "strip", "removeprefix", "removesuffix", "capitalize", "title", "items", "values",
     "keys", "most_common", "splitlines", "split", "replace", "partition", "rpartition", "rsplit", "rstrip", "format"}
)  # fmt: skip
_FROM_RECEIVER: Final = frozenset({"get", "pop", "setdefault"})
_LOOK: Final = frozenset({"badge", "icon", "colour", "word"})


Part = tuple[ast.expr, Function | None]


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A text that reaches a sink as somebody else wrote it."""

    file: str
    line: int
    sink: str
    source: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.source} reaches {self.sink}"


class Flow:
    """Judges all sinks of the pages."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.pages = [one for name, one in source.modules.items() if not name.startswith("core.")]
        # What is kept for the next run of a page is shown by it.
        self.sinks: dict[tuple[str, str], dict[str, Sink]] = {
            ("dashboard.shell.session", "flash"): {"message": "markdown"}
        }
        self.kind: Sink = "markdown"
        self._open: set[tuple[str, int]] = set()
        self._calls = {module.name: list(calls(module.tree)) for module in self.pages}

    def run(self) -> list[Found]:
        """Everything that is reported, until no parameter becomes a sink any more."""
        while True:
            before = sum(map(len, self.sinks.values()))
            found = {one for module in self.pages for one in self._of(module)}
            if sum(map(len, self.sinks.values())) == before:
                return sorted(found)

    def _of(self, module: Module) -> Iterator[Found]:
        for inside, call in self._calls[module.name]:
            for kind, sink, expression in self._texts(module, call):
                self.kind = kind
                for bad, owner in list(self.unsafe(module, inside, expression)):
                    if isinstance(owner, ast.FunctionDef) and isinstance(bad, ast.Name):
                        self.sinks.setdefault((module.name, owner.name), {})[bad.id] = self.kind
                    else:
                        yield Found(module.path, call.lineno, sink, ast.unparse(bad)[:70])

    def _texts(self, module: Module, call: ast.Call) -> Iterator[tuple[Sink, str, ast.expr]]:
        """Expressions that a call hands to a sink."""
        name, receiver = called(call)
        keywords = {one.arg: one.value for one in call.keywords if one.arg}
        target = self.source.function(module, call.func)
        if target is not None:
            wanted = self.sinks.get((target[0].name, target[1].name), {})
            for given, value in given_to(target[1], call).items():
                if given in wanted:
                    yield wanted[given], f"{name}({given}=)", value
        elif name == "StateLook":
            yield "markdown", "StateLook", call.args[0]
        elif receiver.startswith(("go", "figure")) or "hovertemplate" in keywords:
            yield from of_figure(keywords)
        elif receiver in {"_COLUMN", "st.column_config"}:
            yield from (("markdown", "column help", value) for key, value in keywords.items() if key == "help")
        elif name in MARKDOWN and (receiver == "st" or (draws(receiver) and name not in {"write", "table", "html"})):
            yield from of_streamlit(name, call, keywords)

    def unsafe(self, module: Module, inside: Sequence[Function], node: ast.expr | None) -> Iterator[Part]:
        """Parts of an expression that others may have written; with the function where it is a parameter of one."""
        match node:
            case ast.Attribute():
                yield from self._attribute(module, inside, node)
            case Each() | ast.Subscript():
                yield from self._element(module, inside, node)
            case ast.Name():
                yield from self._name(module, inside, node)
            case ast.Call():
                yield from self._call(module, inside, node)
            case ast.Lambda():
                yield from self.unsafe(module, (*inside, node), node.body)
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                yield from self._all(module, (*inside, as_scope(node)), parts(node))
            case ast.Slice():
                return
            case _:
                yield from self._all(module, inside, parts(node))

    def _all(self, module: Module, inside: Sequence[Function], nodes: Iterable[ast.expr | None]) -> Iterator[Part]:
        for node in nodes:
            yield from self.unsafe(module, inside, node)

    def _attribute(self, module: Module, inside: Sequence[Function], node: ast.Attribute) -> Iterator[Part]:
        if self.source.is_constant(module, node):
            return
        if not list(self.unsafe(module, inside, node.value)):
            return  # of something that is ours
        owners = self.types(module, inside, node.value)
        if (node.attr in _LOOK and "StateLook" in owners) or owners == {"Palette"}:
            return
        if node.attr in {"value", "name"} and owners and owners <= self.source.plain:
            return
        declared = self.source.fields(node.attr, owners)
        if not declared or not all(map(self.source.is_plain, declared)):
            yield node, None

    def types(self, module: Module, inside: Sequence[Function], node: ast.expr | None) -> frozenset[str]:
        """Classes of ours that a value is of, or that it holds, as far as declarations tell."""
        source = self.source
        match node:
            case ast.Name():
                return self._types_of_name(module, inside, node)
            case ast.Attribute():
                owners = self.types(module, inside, node.value)
                return _union(map(source.named, source.fields(node.attr, owners))) if owners else frozenset()
            case Each() | ast.Subscript() | ast.Starred() | ast.NamedExpr():
                return self.types(module, inside, node.value)
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                return self.types(module, (*inside, as_scope(node)), node.elt)
            case ast.Call():
                return self._types_of_call(module, inside, node)
            case ast.IfExp() | ast.BoolOp() | ast.List() | ast.Tuple() | ast.BinOp():
                return _union(self.types(module, inside, one) for one in parts(node))
            case _:
                return frozenset()

    def _types_of_call(self, module: Module, inside: Sequence[Function], node: ast.Call) -> frozenset[str]:
        source, (name, _) = self.source, called(node)
        if (target := source.function(module, node.func)) is not None:
            return source.named(target[1].returns)
        if made := source.named(ast.Name(name)):
            return made
        if isinstance(node.func, ast.Name):
            return _union(self.types(module, inside, one) for one in node.args)
        if isinstance(node.func, ast.Attribute):
            owners = self.types(module, inside, node.func.value)
            if name in _SAME_AS_RECEIVER | _FROM_RECEIVER and not source.has_method(name, owners):
                return owners
            return _union(source.named(one.returns) for _, one in source.methods(name, owners)) if owners else owners
        return frozenset()

    def _types_of_name(self, module: Module, inside: Sequence[Function], node: ast.Name) -> frozenset[str]:
        found = self._meaning(inside, node.id)
        if found is None:
            return self.source.named(self.source.annotation(module, node.id))
        around, meant = found
        if (said := declared(around[-1], node.id)) is not None:
            return self.source.named(said)
        if isinstance(meant, ast.arg):
            own = self.source.owner.get(id(around[-1]), "") if node.id == "self" else ""
            return frozenset({own}) if own else self.source.named(meant.annotation)
        key = (f"{module.name}.{node.id}:", id(around[-1]))
        if key in self._open:
            return frozenset()
        self._open.add(key)
        types = _union(self.types(module, around, value) for value in meant)
        self._open.discard(key)
        return types

    def _element(self, module: Module, inside: Sequence[Function], node: Each | ast.Subscript) -> Iterator[Part]:
        """A place of something, or any element of it."""
        base, places = path_of(node)
        found = self._meaning(inside, base.id) if isinstance(base, ast.Name) else None
        if isinstance(base, ast.Name) and found is not None and isinstance(found[1], ast.arg):
            said = found[1].annotation
            for step in places:
                said = part_of(said, step)
            if not self.source.is_plain(said):
                yield from self._name(module, inside, base)
            return
        node = without_steps(node)
        place = node.slice.value if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) else None
        of = node.value.value if isinstance(node, ast.Subscript) and isinstance(node.value, Each) else node.value
        if isinstance(of, ast.Name) and (found := self._meaning(inside, of.id)) is not None:
            if isinstance(found[1], ast.arg):
                yield from self._name(module, inside, of)
            else:
                values = [placed(node, value) for value in found[1]]
                yield from self._once(module, found[0], (of.id, ast.dump(node)), values)
            return
        yield from self._element_of(module, inside, node, of, place)

    def _element_of(
        self, module: Module, inside: Sequence[Function], node: Each | ast.Subscript, of: ast.expr, place: object
    ) -> Iterator[Part]:
        """The same of what is written out, or called."""
        each = isinstance(node, Each) or of is not node.value
        elements = elements_of(of) if each else []
        if elements:
            around = (*inside, as_scope(of)) if isinstance(of, COMPREHENSIONS) else inside
            inner = [one if place is None else ast.Subscript(one, ast.Constant(place)) for one in elements]
            yield from self._all(module, around, inner)
        elif isinstance(of, ast.Tuple) and isinstance(place, int) and place < len(of.elts):
            yield from self.unsafe(module, inside, of.elts[place])
        elif isinstance(of, ast.Call) and each and called(of)[0] in GOES_THROUGH:
            yield from self._all(module, inside, gone_through(of, place))
        elif isinstance(of, ast.Call) and self.source.function(module, of.func) is not None:
            yield from self._followed(module, inside, of, at=node)
        else:
            yield from self.unsafe(module, inside, of)

    def _meaning(
        self, inside: Sequence[Function], name: str
    ) -> tuple[Sequence[Function], ast.arg | list[ast.expr]] | None:
        """What a name stands for in functions: a parameter, or values; with the functions around it."""
        for depth in range(len(inside), 0, -1):
            function = inside[depth - 1]
            taken = next((one for one in parameters(function) if one.arg == name), None)
            if taken is not None:
                return inside[:depth], taken
            if values := list(assigned(function, name)):
                return inside[:depth], values
        return None

    def _name(self, module: Module, inside: Sequence[Function], node: ast.Name) -> Iterator[Part]:
        found = self._meaning(inside, node.id)
        if found is not None and isinstance(found[1], ast.arg):
            if not self.source.is_plain(found[1].annotation):
                yield node, found[0][-1]
        elif found is not None:
            if not self.source.is_plain(declared(found[0][-1], node.id)):
                yield from self._once(module, found[0], (node.id, None), found[1])
        elif node.id in module.functions:
            yield from self._returned(module, module.functions[node.id])
        elif not self.source.is_constant(module, node) and node.id not in self.source.plain:
            yield node, None

    def _once(
        self, module: Module, inside: Sequence[Function], what: tuple[str, object], values: Iterable[ast.expr]
    ) -> Iterator[Part]:
        """Values of a name, unless they are being looked at already: a loop adds nothing."""
        key = (f"{module.name}.{what}", id(inside[-1]))
        if key not in self._open:
            self._open.add(key)
            yield from self._all(module, inside, values)
            self._open.discard(key)

    def _call(self, module: Module, inside: Sequence[Function], node: ast.Call) -> Iterator[Part]:
        name, receiver = called(node)
        if name in _SAFE_CALLS or ast.unparse(node.func) in _ESCAPES[self.kind]:
            return
        if isinstance(node.func, ast.Lambda):
            given = given_to(node.func, node)
            for bad, where in self.unsafe(module, (*inside, node.func), node.func.body):
                if where is node.func and isinstance(bad, ast.Name):
                    yield from self.unsafe(module, inside, given.get(bad.id))
                else:
                    yield bad, where
        elif name in {"keys", "values"} and isinstance(node.func, ast.Attribute):
            one = ast.Subscript(Each(node.func.value), ast.Constant(int(name == "values")))
            yield from self.unsafe(module, inside, one)
        elif name in _SAME_AS_RECEIVER and isinstance(node.func, ast.Attribute):
            yield from self._all(module, inside, (node.func.value, *(node.args if name in {"join", "format"} else ())))
        elif (
            name in _FROM_RECEIVER
            and isinstance(node.func, ast.Attribute)
            and not self.source.has_method(name, self.types(module, inside, node.func.value))
        ):
            value = ast.Subscript(Each(node.func.value), ast.Constant(1))
            yield from self._all(module, inside, (value, *node.args[1:]))
        elif name == "__getitem__" and isinstance(node.func, ast.Attribute):
            yield from self.unsafe(module, inside, node.func.value)
        elif name in _SAME_AS_GIVEN and receiver in {"", "text"}:
            yield from self._all(module, inside, node.args)
        elif isinstance(node.func, ast.Name) and self._gives_plain(inside, node.func):
            return
        elif name == "map":
            yield from self.unsafe(module, inside, ast.Call(node.args[0], node.args[1:], []))
        else:
            yield from self._followed(module, inside, node)

    def _gives_plain(self, inside: Sequence[Function], func: ast.Name) -> bool:
        """Whether what is called was handed in, declared to return no text."""
        found = self._meaning(inside, func.id)
        said = found[1].annotation if found is not None and isinstance(found[1], ast.arg) else None
        if not isinstance(said, ast.Subscript) or not isinstance(said.slice, ast.Tuple):
            return False
        return ast.unparse(said.value) == "Callable" and self.source.is_plain(said.slice.elts[-1])

    def _followed(
        self, module: Module, inside: Sequence[Function], node: ast.Call, at: Each | ast.Subscript | None = None
    ) -> Iterator[Part]:
        """What a function or a method of ours returns, in place of its call; or one place of that."""
        target = self.source.function(module, node.func)
        if target is not None:
            found = [target]
        elif isinstance(node.func, ast.Attribute):
            found = self.source.methods(node.func.attr, self.types(module, inside, node.func.value))
        else:
            found = []
        if not found:
            yield node, None
        for owner, function in found:
            if self.source.is_plain(function.returns):
                continue
            given = given_to(function, node)
            for bad, where in list(self._returned(owner, function, at)):
                if where is not function or not isinstance(bad, ast.Name) or bad.id not in given:
                    yield node, None
                    return
                yield from self.unsafe(module, inside, given[bad.id])

    def _returned(
        self, owner: Module, function: ast.FunctionDef, at: Each | ast.Subscript | None = None
    ) -> Iterator[Part]:
        values = list(returned(function))
        if at is not None:
            values = [placed(at, value) for value in values]
        yield from self._once(owner, (function,), ("()", ast.dump(at) if at is not None else None), values)


def _union(found: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*found)
