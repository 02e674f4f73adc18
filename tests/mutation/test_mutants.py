"""The mutation run itself: what it changes, what it leaves alone, and that its list of survivors is true."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.__main__ import accepted
from tests.mutation.mutants import mutants, sample
from tests.mutation.targets import ROOT, TARGETS

SOURCE = '''
"""A module."""
LIMIT = 0.05

def near(value: int | None, words: list[str]) -> bool:
    """Words."""
    if value is None or value < 3:
        logger.info("small: %s", 7)
        return False
    tell(words)
    if not words:
        raise ValueError(f"none of {value + 1}")
    return value - 1 >= LIMIT and any(one for one in words if one)
'''


def changes(source: str = SOURCE) -> set[str]:
    return {one.change for one in mutants(source)}


@pytest.mark.parametrize(
    "change",
    [
        "value < 3 -> value <= 3",
        "value < 3 -> value >= 3",
        "value is None -> value is not None",
        "value is None or value < 3 -> value is None and value < 3",
        "value is None or value < 3 -> value < 3",
        "if value is None or value < 3 -> if False",
        "if value is None or value < 3 -> if True",
        "3 -> 4",
        "0.05 -> 0.06",
        "value - 1 -> value + 1",
        "not words -> words",
        "tell(words) -> pass",
        "any((one for one in words if one)) -> all((one for one in words if one))",
        "return value - 1 >= LIMIT and any((one for one in words if one)) -> return None",
    ],
)
def test_these_mistakes_are_planted(change: str) -> None:
    assert change in changes()


def test_messages_logs_annotations_and_docstrings_are_left_alone() -> None:
    silent = ("logger", "'A module.'", "'Words.'", "int | None ->", "value + 1", "7 ->")
    assert [one for one in changes() if any(one.startswith(word) for word in silent)] == []


@pytest.mark.parametrize(
    ("source", "change"),
    [
        ("query = q.where(mine, unpaused)", "q.where(mine, unpaused) -> q.where(mine)"),
        ("names = ('limit', 'headroom')", "('limit', 'headroom') -> ('limit',)"),
        ("first = sorted(found, key=age)", "sorted(found, key=age) -> list(found)"),
        ("order = moment.desc()", "moment.desc() -> moment"),
        ("near = min(a, b)", "min(a, b) -> max(a, b)"),
        ("total += part", "total += part -> total -= part"),
        ("kept = [one for one in many if one.new]", "for one in many if one.new -> for one in many"),
        ("on = True", "True -> False"),
    ],
)  # fmt: skip
def test_these_are_planted_too(source: str, change: str) -> None:
    assert change in {one.replace("  ", " ").strip() for one in changes(source)}


def test_every_mutant_is_one_program_that_differs_and_has_a_name_of_its_own() -> None:
    found = mutants(SOURCE)
    texts = {ast.unparse(one.tree(SOURCE)) for one in found}
    assert len(texts) == len(found) == len({one.name for one in found})
    assert ast.unparse(ast.parse(SOURCE)) not in texts


def test_a_sample_is_the_same_for_a_seed_and_hardly_moves_with_the_rest_of_the_module() -> None:
    grown = SOURCE.replace("LIMIT = 0.05", "LIMIT = 0.05\nOTHER = 9")
    before, after = ({one.name for one in sample(mutants(text), 10, "1")} for text in (SOURCE, grown))
    assert before == {one.name for one in sample(mutants(SOURCE), 10, "1")}
    assert before != {one.name for one in sample(mutants(SOURCE), 10, "2")}
    assert len(before & after) >= 9


def test_every_accepted_survivor_is_still_possible_and_has_a_reason() -> None:
    for (module, name), reason in accepted().items():
        source = next(target.source for target in TARGETS if target.path == module)
        assert name in {one.name for one in mutants(source)}, f"{module}: {name}"
        assert len(reason.split()) > 3


def test_every_target_and_its_tests_exist() -> None:
    assert [path for one in TARGETS for path in (one.path, *one.tests) if not (ROOT / path).is_file()] == []


def test_a_changed_module_is_what_others_import_and_its_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "planted.py"
    file.write_text("def three() -> int:\n    return 3\n", "utf-8")
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(tmp_path)!r})
from tests.mutation.mutants import mutants
from tests.mutation.trial import change
file = Path({str(file)!r})
one = next(one for one in mutants(file.read_text()) if one.change == "3 -> 4")
change("planted", file, one.tree(file.read_text()))
from planted import three
print(three())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "4"
    assert "return 3" in file.read_text("utf-8")
