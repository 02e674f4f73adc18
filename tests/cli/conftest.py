"""The CLI as a person or a script calls it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.cli.main import run
from core.settings import SETTINGS
from tests.made_tables import made_home

POSITIONS = """date,account,symbol,isin,name,asset_class,quantity,price,currency,market_value,sector,country
2026-10-30,Alpha,VOO,US9229083632,Vanguard S&P 500 ETF,equity_fund,10,500.00,USD,5000.00,,US
2026-10-30,Alpha,AAPL,US0378331005,Apple Inc.,equity,20,250.00,USD,5000.00,Information Technology,US
2026-10-30,Beta,SAP.DE,,SAP SE,equity,40,200.00,EUR,8000.00,Information Technology,DE
2026-10-30,Beta,CASH_EUR,,Cash,cash,,,EUR,2000.00,,
"""


class Cli:
    """Calls commands and reads what they printed."""

    def __init__(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        self._captured = capfdbinary

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        self._captured.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = self._captured.readouterr()
        return code, printed.out.decode(), printed.err.decode()

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """The one JSON document of a command that ends with `code`."""
        found, out, err = self(*arguments, "--json")
        assert found == code, (out, err)
        return orjson.loads(out)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """A CLI with an empty data directory and none of this machine's settings."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
    for name in list(os.environ):
        if name.startswith("MOSYCHLOS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MOSYCHLOS_HOME", str(made_home(tmp_path / "home")))
    monkeypatch.chdir(tmp_path)
    return Cli(capfdbinary)


@pytest.fixture
def positions(tmp_path: Path) -> Path:
    """A good canonical file of two accounts."""
    path = tmp_path / "positions.csv"
    path.write_text(POSITIONS, "utf-8")
    return path


Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file."""

    def _write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return _write
