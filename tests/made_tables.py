"""Databases with all tables and nothing in them, copied: making them costs more than most tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from core.storage.store import Store


@cache
def made_file() -> Path:
    """The SQLite file of this test process that others are copied from."""
    folder = Path(tempfile.mkdtemp(prefix="made-tables-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "mosychlos.db"
    with closing(Store(f"sqlite:///{file}")) as store:
        store.upgrade()
    return file


def made_database(file: Path) -> str:
    """Copy the tables to a file that is not there yet; its SQLAlchemy URL."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(made_file(), file)
        file.chmod(0o600)
    return f"sqlite:///{file}"


def made_home(home: Path) -> Path:
    """Give a data directory the database that its first command would make."""
    made_database(home / "mosychlos.db")
    return home
