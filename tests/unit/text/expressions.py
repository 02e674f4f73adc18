"""What expressions are made of, and what stands at a place of them."""

from __future__ import annotations

import ast
from typing import Final

from tests.unit.text.pages_source import Each

GOES_THROUGH: Final = frozenset({"zip", "enumerate", "sorted", "reversed", "list", "tuple", "items", "filter"})
COMPREHENSIONS: Final = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
_NUMBER: Final = tuple(",.eEfFgGdn%0123456789+YHb")


def parts(node: ast.expr | None) -> list[ast.expr | None]:
    """What an expression is made of; whatever is not known is its own part."""
    match node:
        case None | ast.Constant() | ast.Compare():
            return []
        case ast.JoinedStr():
            return [one.value for one in node.values if isinstance(one, ast.FormattedValue) and not _is_number(one)]
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BoolOp():
            return [*node.values]
        case ast.BinOp():
            return [node.left, node.right]
        case ast.List() | ast.Tuple() | ast.Set():
            return [*node.elts]
        case ast.Dict():
            return [*(key for key in node.keys if key), *node.values]
        case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
            return [node.elt]
        case ast.DictComp():
            return [node.key, node.value]
        case ast.UnaryOp():
            return [] if isinstance(node.op, ast.Not) else [node.operand]
        case ast.Starred() | ast.NamedExpr():
            return [node.value]
        case _:
            raise TypeError(f"nobody said what {ast.unparse(node)} is made of")


def called(call: ast.Call) -> tuple[str, str]:
    """Name of what is called, and what it is called on; "" for a plain function."""
    if isinstance(call.func, ast.Name):
        return call.func.id, ""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr, ast.unparse(call.func.value)
    return "", ""


def elements_of(node: ast.expr) -> list[ast.expr]:
    """What something written out is made of when it is gone through."""
    match node:
        case ast.List() | ast.Tuple() | ast.Set():
            return [Each(one.value) if isinstance(one, ast.Starred) else one for one in node.elts]
        case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
            return [node.elt]
        case ast.DictComp():
            return [ast.Tuple([node.key, node.value], ast.Load())]
        case ast.Dict():
            return [
                ast.Tuple([key or value, value], ast.Load()) for key, value in zip(node.keys, node.values, strict=True)
            ]
        case ast.IfExp():
            return [Each(node.body), Each(node.orelse)]
        case _:
            return []


def gone_through(call: ast.Call, place: object) -> list[ast.expr]:
    """What an element of zip, enumerate, sorted or items is made of."""
    name, _ = called(call)
    if name == "enumerate":
        return [] if place == 0 else [Each(call.args[0])]
    if name == "zip":
        return [Each(call.args[place])] if isinstance(place, int) and place < len(call.args) else [*call.args]
    of = call.func.value if isinstance(call.func, ast.Attribute) else call.args[0]
    return [Each(of) if place is None else ast.Subscript(Each(of), ast.Constant(place))]


def path_of(node: ast.expr) -> tuple[ast.expr, list[int | None]]:
    """What an element is taken from, and the places on the way to it."""
    places: list[int | None] = []
    while True:
        if isinstance(node, Each | ast.Subscript):
            node = without_steps(node)
        match node:
            case ast.Subscript(value=Each(value=inner), slice=ast.Constant(value=place)):
                places.insert(0, place if isinstance(place, int) else None)
            case Each(value=inner) | ast.Subscript(value=inner):
                pass
            case ast.Call(func=ast.Attribute(value=inner, attr="items")):
                pass
            case ast.Call(func=ast.Name(id="sorted" | "reversed" | "list" | "tuple"), args=[inner, *_]):
                pass
            case _:
                return node, places
        node = inner


def without_steps(node: Each | ast.Subscript) -> Each | ast.Subscript:
    """The same without the steps between that say nothing: parts of lists, `zip`, `enumerate`."""
    match node:
        case ast.Subscript(value=ast.Subscript(value=Each(value=ast.Call() as call), slice=ast.Constant(value=at))):
            if called(call)[0] in {"zip", "enumerate"} and isinstance(at, int):
                inner = call.args[0] if called(call)[0] == "enumerate" else call.args[min(at, len(call.args) - 1)]
                return ast.Subscript(Each(inner), node.slice)
        case ast.Subscript(value=Each(value=ast.Subscript(value=inner, slice=ast.Slice()))):
            return ast.Subscript(Each(inner), node.slice)
        case Each(value=ast.Subscript(value=inner, slice=ast.Slice())):
            return Each(inner)
    return node


def placed(node: Each | ast.Subscript, value: ast.expr) -> ast.expr:
    """The same place of another expression."""
    if isinstance(node, Each):
        return Each(value)
    return ast.Subscript(Each(value) if isinstance(node.value, Each) else value, node.slice)


def part_of(annotation: ast.expr | None, place: object) -> ast.expr | None:
    """What the n-th of a declared tuple is, or of the pairs of a mapping."""
    if annotation is None or not isinstance(place, int):
        return annotation
    for node in ast.walk(annotation):
        if isinstance(node, ast.Tuple):
            return node.elts[place] if place < len(node.elts) and not _is_open(node) else annotation
    return annotation


def _is_open(node: ast.Tuple) -> bool:
    return isinstance(node.elts[-1], ast.Constant) and node.elts[-1].value is ...


def as_scope(node: ast.expr) -> ast.Lambda:
    """A comprehension as a scope of its own: its names hide those of the function around it."""
    return ast.Lambda(ast.arguments([], [], None, [], [], None, []), node)


def _is_number(part: ast.FormattedValue) -> bool:
    spec = part.format_spec
    if not isinstance(spec, ast.JoinedStr) or not spec.values:
        return False
    first = spec.values[0]
    return isinstance(first, ast.Constant) and str(first.value).strip("%-").startswith((*_NUMBER, "d "))
