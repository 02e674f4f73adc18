"""Lines of a large file are found by name, and an index that does not belong to the file is never believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.drafts import line_index
from core.drafts.line_index import LineIndexWriter, index_path, places
from core.errors import StorageTrouble

names = st.lists(st.text(max_size=12), max_size=30, unique=True)


def written(path: Path, lines: list[str]) -> dict[str, int]:
    """A file with an index of its lines; returns where each begins."""
    index, starts, place = LineIndexWriter(), {}, 0
    with path.open("wb") as file:
        for line in lines:
            index.add(line, place)
            starts[line] = place
            place += file.write(line.encode("utf-8", "surrogatepass") + b"\t...\n")
    index.write(index_path(path), place)
    return starts


@given(names=names, others=names)
@settings(deadline=None)
def test_every_name_is_found_where_it_stands_and_no_other_is(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], others: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "facts.jsonl"
    starts = written(path, names)
    assert places(path, [*names, *others]) == {name: [place] for name, place in starts.items()}


def test_an_index_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "facts.jsonl"
    written(path, ["a"])
    assert index_path(path).stat().st_mode & 0o077 == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["facts.jsonl", "facts.jsonl.index"]


def test_names_that_share_a_hash_are_both_candidates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_index, "_hash", len)
    path = tmp_path / "facts.jsonl"
    starts = written(path, ["ab", "cd", "x"])
    assert places(path, ["cd", "x"]) == {"cd": [starts["ab"], starts["cd"]], "x": [starts["x"]]}


@pytest.mark.parametrize("harm", ["grown", "shorter index", "another kind", "empty index", "no index", "other count"])
def test_an_index_that_does_not_fit_its_file_counts_for_nothing(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "facts.jsonl"
    written(path, ["a", "b"])
    index = index_path(path)
    body = bytearray(index.read_bytes())
    if harm == "grown":
        path.write_bytes(path.read_bytes() + b"c\t...\n")
    elif harm == "shorter index":
        index.write_bytes(body[:16])
    elif harm == "another kind":
        body[0] ^= 1
        index.write_bytes(body)
    elif harm == "empty index":
        index.write_bytes(b"")
    elif harm == "other count":
        body[16] = 3
        index.write_bytes(body)
    else:
        index.unlink()
    assert places(path, ["a"]) is None


def test_a_folder_that_takes_no_index_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "facts.jsonl"
    with pytest.raises(StorageTrouble, match=r"facts\.jsonl\.index could not be written: No such file.*Make room"):
        LineIndexWriter().write(index_path(path), 0)
