"""What README and docs say of the project is so: counts, links, paths and states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.domain.analysis import Kind
from core.domain.job import JobState, ShardState
from core.intake.reading import FORMATS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
WORDS = {9: "nine"}

_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_PATH = re.compile(r"`((?:core|dashboard|pages|tests|prompts|docs|deploy)/[\w./-]+)`")


def _name(paper: Path) -> str:
    return str(paper.relative_to(ROOT))


@pytest.mark.parametrize("paper", PAPERS, ids=_name)
def test_every_link_leads_somewhere(paper: Path) -> None:
    links = [link for link in _LINK.findall(paper.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (paper.parent / link).exists()] == []


@pytest.mark.parametrize("paper", PAPERS, ids=_name)
def test_every_path_of_the_project_that_is_named_is_there(paper: Path) -> None:
    named = _PATH.findall(paper.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_paper_can_be_found_from_the_readme() -> None:
    found = {ROOT / "README.md"}
    queue = list(found)
    while queue:
        paper = queue.pop()
        for link in _LINK.findall(paper.read_text("utf-8")):
            target = (paper.parent / link).resolve()
            if "://" not in link and target.suffix == ".md" and target not in found:
                found.add(target)
                queue.append(target)
    assert [_name(paper) for paper in PAPERS if paper not in found] == []


def test_counts_of_the_readme_are_counted() -> None:
    said = (ROOT / "README.md").read_text("utf-8")
    samples = len(list((ROOT / "core" / "intake" / "samples").glob("*.yaml")))
    assert f"in {len(FORMATS) - 1} formats,\n   and any other table" in said
    assert f"{WORDS[len(Kind)]} [analyses]" in said
    assert f"the {samples} sample portfolios" in said
    assert f"The {samples} [sample portfolios]" in said


def test_the_drawings_know_every_state() -> None:
    drawn = (DOCS / "architecture.md").read_text("utf-8")
    assert [state for state in (*ShardState, *JobState) if state not in drawn] == []


def test_no_command_of_make_is_named_that_is_not_there() -> None:
    recipes = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for paper in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        named = set(re.findall(r"`make ([a-z-]+)|^    make ([a-z-]+)", paper.read_text("utf-8"), re.MULTILINE))
        assert {one or two for one, two in named} <= recipes, paper.name
