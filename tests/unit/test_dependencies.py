"""What the program stands on is bounded on both sides, and what is installed is what was tried."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

_LOCKED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)(?: ?; ?([^\\]+))?", re.MULTILINE)


def _wanted(name: str) -> list[Requirement]:
    if name == "base":
        return [Requirement(one) for one in PROJECT["dependencies"]]
    lines = (ROOT / "requirements" / f"{name}.in").read_text("utf-8").splitlines()
    return [Requirement(line.partition("#")[0]) for line in lines if line and not line.startswith("-")]


def _locked(name: str) -> dict[str, list[Version]]:
    """Versions by name; several where they depend on Python's version."""
    found: dict[str, list[Version]] = {}
    for package, version, _ in _LOCKED.findall((ROOT / "requirements" / f"{name}.txt").read_text("utf-8")):
        found.setdefault(canonicalize_name(package), []).append(Version(version))
    return found


@pytest.mark.parametrize("name", ["base", "build", "dev"])
def test_every_dependency_has_a_lower_and_an_upper_bound(name: str) -> None:
    for one in _wanted(name):
        operators = {each.operator for each in one.specifier}
        assert operators & {">=", "~="}, one
        assert operators & {"<", "~="}, one


@pytest.mark.parametrize("name", ["base", "build", "dev"])
def test_what_is_locked_keeps_the_bounds_and_names_no_address(name: str) -> None:
    locked = _locked(name)
    for one in _wanted(name):
        versions = locked[canonicalize_name(one.name)]
        assert all(one.specifier.contains(version) for version in versions), one
    assert "://" not in (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def test_what_the_program_needs_is_the_same_in_both_locks() -> None:
    dev = _locked("dev")
    assert {name: dev[name] for name in _locked("base")} == _locked("base")


def test_the_versions_of_python_that_were_tried_are_the_ones_that_are_allowed() -> None:
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
