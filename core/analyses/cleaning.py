"""An answer as people will see it, before anything in it is checked, and what stood hidden in it as findings."""

from __future__ import annotations

from typing import Any

from core.domain.analysis import Finding, FindingKind
from core.domain.hidden_text import hidden
from core.domain.readable_text import readable


def cleaned(document: dict[str, Any]) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The document with every text made readable, and one finding for each text that was written to read otherwise."""
    found: list[Finding] = []
    return _clean(document, "", found), tuple(found)


def _clean(node: Any, path: str, found: list[Finding]) -> Any:
    if isinstance(node, str):
        if node.isascii() and node.isidentifier():
            return node  # a word of the schema or an id: most texts of an answer are such, and hide nothing
        if said := hidden(node):
            found.append(Finding(path, "", said[:120], None, FindingKind.HIDDEN))
        return readable(node)
    if isinstance(node, dict):
        return {key: _clean(value, f"{path}.{key}" if path else key, found) for key, value in node.items()}
    if isinstance(node, list):
        return [_clean(value, f"{path}[{place}]", found) for place, value in enumerate(node)]
    return node
