"""What tests of the worker's steps ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.storage.store import Store
from tests.unit.worker.making import Bench


@pytest.fixture
def bench(sqlite_store: Store, tmp_path: Path) -> Bench:
    """A claimed shard and its provider."""
    return Bench.of(sqlite_store, tmp_path)
