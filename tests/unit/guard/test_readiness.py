"""A dashboard is ready only while all that it needs is there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from core.guard.readiness import failing
from core.storage.store import Store
from tests.made_tables import made_home


def test_a_database_file_that_was_moved_away_under_open_connections_is_told(tmp_path: Path) -> None:
    home = made_home(tmp_path / "home")
    file = home / "mosychlos.db"
    with closing(Store(f"sqlite:///{file}")) as store:
        assert failing(store, home) == []
        file.rename(file.with_name("elsewhere.db"))
        assert [one.check for one in failing(store, home)] == ["database"]
        assert not file.exists(), "to ask makes none"
        file.with_name("elsewhere.db").rename(file)
        assert failing(store, home) == []
