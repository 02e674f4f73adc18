"""Result files in another layout than lines give the same lines, and one that is cut is still seen to be cut."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.worker.result_files import problem_of
from core.worker.result_layout import as_lines

ROWS = [
    {"custom_id": f"risk-0-{number:05d}", "response": {"status_code": 200, "body": {"choices": [{"m": text}]}}}
    for number, text in enumerate(['brackets ]}[{ and "quotes" \\', "a\nline\u2028break", "", 'custom_id "x": ['])
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
LAYOUTS = {
    "array": json.dumps(ROWS),
    "array with a mark in front": "\ufeff" + json.dumps(ROWS),
    "array over lines": json.dumps(ROWS, indent=2) + "\n",
    "array with a document a line": "[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n",
    "documents over lines": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "list in an object": json.dumps({"object": "list", "data": ROWS, "has_more": False}),
    "list in an object over lines": json.dumps({"results": ROWS}, indent=1),
}


def read(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_document_becomes_a_line(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "0000.output.tmp"
    path.write_text(LAYOUTS[layout], "utf-8")
    assert "documents were read as lines" in as_lines(path)
    assert read(path) == ROWS
    assert problem_of(path, len(ROWS)) == ""
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "content",
    [
        LINES,
        LINES.rstrip("\n"),
        json.dumps(ROWS[0]),
        json.dumps(dict(reversed(ROWS[0].items()))),
        json.dumps({"output": [{"type": "message"}], "custom_id": "risk-0-00000"}) + "\n",
        "{broken\n" + LINES,
        "",
        "[]",
        "{}",
        '{"error": {"message": "gone", "details": [{"a": 1}]}}',
        "<html>[{</html>",
    ],
)
def test_lines_and_what_holds_no_answer_stay_as_they_came(tmp_path: Path, content: str) -> None:
    path = tmp_path / "0000.output.tmp"
    path.write_text(content, "utf-8")
    assert as_lines(path) == ""
    assert path.read_text("utf-8") == content


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("keep", [0.4, 0.7, 0.97])
def test_one_that_was_cut_is_not_taken_for_whole(tmp_path: Path, layout: str, keep: float) -> None:
    path = tmp_path / "0000.output.tmp"
    content = LAYOUTS[layout]
    path.write_text(content[: int(len(content) * keep)], "utf-8")
    as_lines(path)
    assert problem_of(path, 0)


def test_one_that_was_cut_between_two_documents_is_not_taken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "0000.output.tmp"
    path.write_text("[" + ", ".join(map(json.dumps, ROWS)), "utf-8")
    as_lines(path)
    assert "in the middle of line 5" in problem_of(path, 0)


def test_depth_costs_no_more_than_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "0000.output.tmp"
    path.write_bytes(b'[{"custom_id": "a", "x": ' + b"[" * 300_000 + b"]" * 300_000 + b"}]")
    assert as_lines(path)
    assert path.stat().st_size == 25 + 600_000 + 1
