"""Beancount ledgers: read by their own tool, here one that answers from a script, and the real one where it is."""

from __future__ import annotations

import shutil
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile

LEDGER = """option "title" "Own book"
option "operating_currency" "EUR"
option "operating_currency" "USD"
2020-01-01 commodity VOO
  name: "Vanguard S&P 500 ETF"
2020-01-01 open Assets:Broker
2026-09-01 price VOO 590.00 USD
2026-09-02 * "buy"
  Assets:Broker   3 VOO {580.00 USD}
  Assets:Cash
"""
POSTINGS = """date,account,number,currency,cost_number,cost_currency
2026-09-02,Assets:Broker,  3 ,VOO,580.00,USD
2026-09-03,Assets:Broker, -1 ,VOO,580.00,USD
2026-09-02,Assets:Cash,-1740.00,USD,,
2026-08-01,Assets:Cash, 5000.00,USD,,
2026-09-04,Assets:Broker, 10 ,ODD, 4.00,USD
2026-09-04,Assets:Hours, 8 ,VACHR,,
"""
PRICES = """date,currency,amount
2026-09-01,VOO, 590.00 USD
2026-10-30,VOO, 601.50 USD
2030-01-01,VOO, 999.00 USD
2026-09-01,EUR, 1.10 USD
"""


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a `bean-query` that answers with fixed text, or does what a script says, before everything else."""

    def make(script: str = "", postings: str = POSTINGS, prices: str = PRICES) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "postings").write_text(postings)
        (folder / "prices").write_text(prices)
        path = folder / "bean-query"
        path.write_text(
            f"#!/bin/sh\n{script}\ncase \"$4\" in *prices*) cat '{folder}/prices';; *) cat '{folder}/postings';; esac\n"
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return folder

    return make


def test_what_the_asset_accounts_hold_is_one_portfolio(read, tool):
    tool()
    intake = read(LEDGER, "book.beancount")
    book = intake.portfolios[0]
    assert (intake.format, book.name, book.as_of, book.base_currency) == (
        "beancount", "Own book", date(2026, 10, 30), "EUR",
    )  # fmt: skip
    lines = {holding.symbol: holding for holding in book.holdings}
    voo = lines["VOO"]
    assert (voo.quantity, voo.price, voo.market_value, voo.cost) == (2, Decimal("601.50"), 1203, 1160)
    assert (voo.asset_class, voo.name) == (AssetClass.EQUITY_FUND, "Vanguard S&P 500 ETF")
    assert (lines["CASH_USD"].market_value, lines["CASH_USD"].asset_class) == (3260, AssetClass.CASH)


def test_a_commodity_without_a_price_is_valued_at_its_last_purchase_or_is_a_problem(read, tool):
    tool()
    intake = read(LEDGER, "book.beancount")
    odd = next(one for one in intake.portfolios[0].holdings if one.symbol == "ODD")
    assert (odd.price, odd.priced_on) == (4, date(2026, 9, 4))
    assert any("valued at their last purchase: ODD" in note for note in intake.notes)
    assert [problem.value for problem in intake.problems] == ["VACHR"]


def test_prices_come_along_without_rates_and_without_the_future(read, tool):
    tool()
    assert [(one.symbol, len(one.closes)) for one in read(LEDGER, "b.bean").prices] == [("VOO", 2)]


def test_the_tool_gets_a_copy_in_an_empty_folder_and_none_of_our_settings(read, tool, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-must-not-leak")
    tool(f"ls -a > '{tmp_path}/seen'; env >> '{tmp_path}/seen'")
    read(LEDGER, "book.beancount")
    seen = (tmp_path / "seen").read_text()
    assert seen.split()[:3] == [".", "..", "ledger.beancount"]
    assert "sk-must-not-leak" not in seen


def test_without_the_tool_the_remedy_is_named(read, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreadableFile, match=r"'bean-query' that reads it is not installed here\. Install Beancount 3"):
        read(LEDGER, "book.beancount")


@pytest.mark.parametrize(
    "line",
    [
        'include "/etc/passwd"',
        'plugin "os"',
        'option "insert_pythonpath" "TRUE"',
        'option "documents" "/"',
    ],
)
def test_what_would_reach_other_files_or_run_code_is_refused_before_the_tool_starts(read, tool, tmp_path, line):
    tool(f"touch '{tmp_path}/started'")
    with pytest.raises(UnreadableFile, match="in line 11, which would make the tool read other files"):
        read(LEDGER + line + "\n", "book.beancount")
    assert not (tmp_path / "started").exists()
    with pytest.raises(UnreadableFile, match="no account name"):
        read(LEDGER + 'option "name_assets" "A\' OR 1"\n', "book.beancount")


def test_a_tool_that_fails_or_complains_is_told_in_its_words(read, tool):
    tool("echo 'lexer: bad thing' >&2; exit 3")
    with pytest.raises(UnreadableFile, match=r"could not read 'b\.bean': lexer: bad thing"):
        read(LEDGER, "b.bean")
    tool("echo 'ledger.beancount:3: balance failed' >&2")
    assert any("complained about the ledger" in note for note in read(LEDGER, "b.bean").notes)


def test_a_ledger_without_assets_says_so(read, tool):
    tool(postings=POSTINGS.splitlines()[0] + "\n")
    assert "no entry in the accounts below 'Assets'" in read(LEDGER, "b.bean").problems[0].message


def test_the_real_tool_reads_the_real_ledgers(read, shared_data):
    if shutil.which("bean-query") is None:
        pytest.skip("bean-query (Beancount 3 with beanquery) is not on the PATH; it is under the GPL and never bundled")
    folder = shared_data / "portfolio-samples"
    example = read((folder / "beancount_example.beancount").read_bytes(), "example.beancount").portfolios[0]
    values = {holding.symbol: holding.market_value for holding in example.holdings}
    # The tool's own valuation of the same ledger.
    assert values["VBMPX"].quantize(Decimal("0.01")) == Decimal("35609.55")
    assert values["CASH_USD"] == Decimal("8568.20")
    basic = read((folder / "beancount_basic.beancount").read_bytes(), "basic.beancount").portfolios[0]
    assert {holding.symbol for holding in basic.holdings} == {"CASH_USD", "CASH_CAD", "EWJ"}
