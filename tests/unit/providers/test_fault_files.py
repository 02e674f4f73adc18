"""A fault file says what goes wrong, or what is wrong with itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.simulator import faults


def test_a_file_in_yaml_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "seed: 4\nanswers: {refused: 0.5}\nhttp:\n"
        "  POST /v1/batches: {1: drop_after, 2+: {kind: 429, retry_after: 2}}\n"
        "batches: {1: {expire_after: 0.5}, '*': {shuffle: true}}\nlist_lag: 1.5\n",
        "utf-8",
    )
    plan = faults.read(path)
    assert (plan.seed, plan.list_lag) == (4, 1.5)
    assert [plan.next_http("POST /v1/batches") for _ in range(3)] == [
        {"kind": "drop_after"},
        {"kind": "429", "retry_after": 2},
        {"kind": "429", "retry_after": 2},
    ]
    assert plan.next_http("GET /v1/models") is None
    assert plan.next_batch() == {"shuffle": True, "expire_after": 0.5}
    assert plan.next_batch() == {"shuffle": True}
    assert plan.calls == {"POST /v1/batches": 3, "GET /v1/models": 1}


def test_an_empty_file_means_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text("", "utf-8")
    assert faults.read(path) == faults.Faults()


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "the document must be a table"),
        ({"anwers": {}}, "'anwers' is no entry; there are: seed, answers"),
        ({"answers": {"rude": 0.1}}, "'rude' is no kind of answer"),
        ({"answers": {"refused": 2}}, "answers.refused is 2; it must be a number from 0 to 1"),
        ({"answers": {"refused": 0.6, "cut": 0.6}}, "add up to 1.20"),
        ({"http": {"POST /v1/batches": "drop"}}, "http.POST /v1/batches must be a table"),
        ({"http": {"POST /v1/batches": {1: "explode"}}}, "'explode' is no kind of HTTP fault"),
        ({"batches": {1: {"explode": True}}}, "'explode' is no kind of batch"),
        ({"list_lag": "long"}, "list_lag is 'long'; it must be a number of 0 or more"),
        ({"seed": True}, "seed is True"),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(document: Any, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        faults.from_document(document)
    assert words in str(refused.value)


@pytest.mark.parametrize(("content", "words"), [(b"{", "neither YAML nor JSON"), (b"\xff\xfe\xff", "faults.yaml")])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="Fault file") as refused:
        faults.read(path)
    assert words in str(refused.value)
    with pytest.raises(BadInput, match="cannot be read"):
        faults.read(tmp_path / "none.yaml")
