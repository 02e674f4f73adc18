"""No text from a file or a model makes a regular expression of ours take longer than its length allows."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from core.analyses import companies, fact_selection, value_at_risk
from tests.linear.adversary import recipes
from tests.linear.effort import slow
from tests.linear.patterns import ANCHORED, Call, calls, sources

CALLS = [call for path in sources() for call in calls(path)]

BUILT: dict[tuple[str, str], Callable[[], Iterable[re.Pattern[Any]]]] = {
    ("core/analyses/companies.py", "_pattern"): lambda: map(companies._pattern, ("Rio Tinto plc", "L'Oréal", "A B C")),
    ("core/analyses/fact_selection.py", "_naming"): lambda: [fact_selection._naming(("50(1)(e)(iv)", "57", "84"))],
    ("core/analyses/value_at_risk.py", "_days"): lambda: [re.compile(names) for names, _ in value_at_risk._UNITS],
    ("core/llm/sent.py", "blamed"): lambda: [re.compile(r"(?<![\w.])reasoning_effort(?![\w])")],
}
"""Patterns that are put together while the program runs and searched for, by file and function: those it makes, or ones
like them."""

KNOWN_SLOW = {
    "nested repeats": r"(?:[ \t]+[^\n]*\n)*?[ \t]+name:",
    "metadata before a name": r"^commodity[^\n]*\n(?:[ \t]+[^\n]*\n)*?[ \t]+name:",
    "a run before what ends a text": r"\s*\([0-9]{1,3}\)$",
    "legal words": r"\s+(?:Inc\.?|plc|& Co\.?)$",
    "a lazy beginning before blanks": r"^(.*?)\s*[(\[]([A-Za-z]{3,4})[)\]]$",
    "blanks that three parts may take": r"«\s*([^«»]{12,}?)\s*»",
    "blanks inside braces": r"\{\{\s*([^{}]*?)\s*\}\}",
    "an opening that is never closed": r"<(PORTFOLIO|METRICS)>\n(.*?)</\1>",
    "words between words": r"Transactions\s+for\s+(.+?)\s+as of",
    "digits that two parts may take": r"bought\s+([0-9,]*\.?[0-9]+)\s+(.+)",
    "any words before another": r"dividend.*tax",
    "an alternative inside a repeat": r"(?:a|a)+b",
    "a look ahead from each place": r"x(?=[^y]*y)z",
    "a trade that is none": r"(?P<quantity>[0-9][0-9.,']*)(?P<rest>.*?)\s*@\s*(?P<price>[0-9][0-9., ]*?)\s*([A-Z]{3})",
}
"""What the search must find, or it proves nothing: patterns that once stood in the program, and their like."""


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.path}-{call.where or 'line'}-{call.line}")
def test_the_work_of_every_pattern_grows_with_the_text_and_no_faster(call: Call) -> None:
    ways = call.ways if call.patterns else frozenset({"scan"})
    for pattern in call.patterns or BUILT[call.path, call.where]():
        assert slow(pattern, ways) == "", f"{call.path}:{call.line} {pattern.pattern!r}"


@pytest.mark.parametrize("text", KNOWN_SLOW.values(), ids=KNOWN_SLOW)
def test_the_search_finds_patterns_that_are_slow(text: str) -> None:
    assert slow(re.compile(text, re.MULTILINE | re.DOTALL), frozenset({"scan", *ANCHORED}))


def test_no_pattern_escapes_the_search() -> None:
    unknown = {(call.path, call.where) for call in CALLS if not call.patterns}
    assert unknown == set(BUILT), "what is put together while the program runs needs examples in BUILT"
    assert len(CALLS) > 100
    assert all(recipes(pattern) for call in CALLS for pattern in call.patterns)


def test_there_is_no_other_way_to_a_pattern() -> None:
    """Another name for `re`, another library, or a method that takes a pattern would not be searched."""
    found: list[str] = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                bad = any(one.name in OTHERS or (one.name == "re" and one.asname) for one in node.names)
            elif isinstance(node, ast.ImportFrom):
                bad = node.module in {*OTHERS, "re"}
            elif isinstance(node, ast.keyword):
                bad = node.arg == "regex" and not (isinstance(node.value, ast.Constant) and node.value.value is False)
            else:
                bad = isinstance(node, ast.Attribute) and node.attr in {"str_extract", "extractall", "regexp_match"}
            if bad:
                found.append(f"{path.name}:{getattr(node, 'lineno', 0)}")
    assert found == []


OTHERS = frozenset({"regex", "re2", "sre_compile", "fnmatch", "glob"})
