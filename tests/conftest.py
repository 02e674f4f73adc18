"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files that do not belong to the project: broker exports and recorded API traffic."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("the folder of real files (../shared/data) is not beside this checkout")
    return data


@pytest.fixture(scope="session")
def shared_facts() -> Path:
    """Published tables that do not belong to the project: the model table and the analyses' schemas."""
    facts = SHARED / "facts"
    if not facts.is_dir():
        pytest.skip("the folder of published tables (../shared/facts) is not beside this checkout")
    return facts
