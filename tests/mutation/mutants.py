"""Small mistakes that a programmer might make in a module, each with the words by which it is known again.

A mutant is one change: another comparison or boundary, a condition that always or never holds, one of several
conditions left out, another operator, another constant, an element or an argument less, nothing returned, a statement
that is not done. Left alone is what no claim is about: messages, logs, annotations, decorators and rounding noise.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

Step = tuple[str, int | None]
Found = tuple[tuple[Step, ...], str, ast.AST, ast.AST]

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CALLS: Final = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list"}
_CONDITIONS: Final = frozenset({"where", "or_", "and_"})
"""Calls of which each argument is a condition."""

_UNSAID: Final = frozenset({"logger", "tick", "crossing"})
"""Calls that change nothing by themselves: logs, the checks' deadline (measured by its own tests), points of tests."""

_NO_CLAIM: Final = frozenset({"annotation", "returns", "decorator_list", "type_params", "type_comment"})
_MOST_ELEMENTS: Final = 8
_NOISE: Final = 1e-6
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change in one module.

    Attributes:
        function: Qualified name of the function around it; "" outside of all.
        change: "before -> after", with a number where the function has several alike.
        steps: The way from the module's tree to the node.
        node: What stands there instead.
    """

    function: str
    line: int
    change: str
    steps: tuple[Step, ...]
    node: ast.AST

    @property
    def name(self) -> str:
        """By which it is known again although lines move."""
        return f"{self.function}: {self.change}"

    def tree(self, source: str) -> ast.Module:
        """The module with the change."""
        tree = ast.parse(source)
        *way, (field, index) = self.steps
        parent: ast.AST = tree
        for name, place in way:
            held = getattr(parent, name)
            parent = held if place is None else held[place]
        if index is None:
            setattr(parent, field, self.node)
        else:
            getattr(parent, field)[index] = self.node
        return ast.fix_missing_locations(tree)


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its text."""
    found, seen = [], Counter[str]()
    for steps, function, before, after in _walk(ast.parse(source), (), ""):
        change = f"{_shown(before)} -> {_shown(after)}"
        seen[f"{function}: {change}"] += 1
        times = seen[f"{function}: {change}"]
        line = getattr(before, "lineno", 0)
        found.append(Mutant(function, line, change if times == 1 else f"{change} ({times})", steps, after))
    return found


def sample(of: Sequence[Mutant], count: int, seed: str) -> list[Mutant]:
    """So many of them, the same ones for a seed as long as they exist: a change elsewhere in the module moves few."""
    ranked = sorted(of, key=lambda one: hashlib.sha256(f"{seed}/{one.name}".encode()).digest())
    return sorted(ranked[:count], key=lambda one: (one.line, one.name))


def _shown(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"if {_shown(node.test)}" if isinstance(node, ast.If) else f"while {_shown(node.test)}"
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"


def _walk(node: ast.AST, steps: tuple[Step, ...], function: str) -> Iterator[Found]:
    if _is_silent(node):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}" if function else node.name
    for other in _instead(node):
        yield steps, function, node, ast.copy_location(other, node)
    for field, value in ast.iter_fields(node):
        if field in _NO_CLAIM:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield from _walk(child, (*steps, (field, index)), function)


def _is_silent(node: ast.AST) -> bool:
    """Whether nothing in it is changed: messages, logs, and what a type checker or an assertion knows already."""
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return True
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
        return node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _said(node.value) in _UNSAID


def _said(call: ast.Call) -> str:
    """The word that tells what a call is for: the object of `logger.info`, else the function's own name."""
    function = call.func
    if isinstance(function, ast.Attribute):
        of = function.value
        return of.id if isinstance(of, ast.Name) and of.id in _UNSAID else function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    """What might stand there by mistake."""
    rule = _RULES.get(type(node))
    return iter(()) if rule is None else rule(node)


def _one_less(items: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    for place in range(len(items)):
        yield [*items[:place], *items[place + 1 :]]


def _comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    for place, op in enumerate(node.ops):
        for other in _COMPARISONS[type(op)]:
            yield ast.Compare(node.left, [*node.ops[:place], other(), *node.ops[place + 1 :]], node.comparators)


def _conditions(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for rest in _one_less(node.values):
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _signs(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _operators(node: ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    if type(node.op) in _OPERATORS:
        other = copy.copy(node)
        other.op = _OPERATORS[type(node.op)]()
        yield other


def _constants(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float) and (value == 0.0 or abs(value) > _NOISE):
        yield ast.Constant(value * 1.2 or 1.0)


def _decided(node: ast.If | ast.IfExp | ast.While) -> Iterator[ast.AST]:
    """The condition never holds, or (where that may end) always."""
    for always in (False,) if isinstance(node, ast.While) else (False, True):
        other = copy.copy(node)
        other.test = ast.Constant(always)
        yield other


def _shorter(node: ast.Tuple | ast.List | ast.Set) -> Iterator[ast.AST]:
    if not 2 <= len(node.elts) <= _MOST_ELEMENTS or isinstance(getattr(node, "ctx", None), ast.Store):
        return
    for rest in _one_less(node.elts):
        if isinstance(node, ast.Set):
            yield ast.Set(rest)
        else:
            yield type(node)(rest, node.ctx)


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    name = _said(node)
    if isinstance(node.func, ast.Name) and name in _CALLS:
        keywords = [] if name == "sorted" else node.keywords
        yield ast.Call(ast.Name(_CALLS[name], ast.Load()), node.args, keywords)
    if name in _CONDITIONS and len(node.args) > 1:
        yield from (ast.Call(node.func, rest, node.keywords) for rest in _one_less(node.args))
    if name == "desc" and isinstance(node.func, ast.Attribute):
        yield node.func.value


def _filters(node: ast.comprehension) -> Iterator[ast.AST]:
    for rest in _one_less(node.ifs):
        yield ast.comprehension(node.target, node.iter, rest, node.is_async)


def _returned(node: ast.Return) -> Iterator[ast.AST]:
    # Instead of what is empty or false, None says the same to whoever asks.
    empty = isinstance(node.value, ast.Constant) and not node.value.value
    if node.value is not None and not empty:
        yield ast.Return(ast.Constant(None))


def _undone(node: ast.Expr) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Call):
        yield ast.Pass()


_RULES: Final[dict[type[ast.AST], Callable[[Any], Iterator[ast.AST]]]] = {
    ast.Compare: _comparisons,
    ast.BoolOp: _conditions,
    ast.UnaryOp: _signs,
    ast.BinOp: _operators,
    ast.AugAssign: _operators,
    ast.Constant: _constants,
    ast.If: _decided,
    ast.IfExp: _decided,
    ast.While: _decided,
    ast.comprehension: _filters,
    ast.Tuple: _shorter,
    ast.List: _shorter,
    ast.Set: _shorter,
    ast.Call: _calls,
    ast.Return: _returned,
    ast.Expr: _undone,
    ast.Raise: lambda _: iter((ast.Pass(),)),
    ast.Continue: lambda _: iter((ast.Break(),)),
    ast.Break: lambda _: iter((ast.Continue(),)),
}
