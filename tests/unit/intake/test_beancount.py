"""Beancount ledgers: what the asset accounts hold, by the language's own rules; nothing that a ledger says is run."""

from __future__ import annotations

import stat
import time
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
2026-08-01 * "in"
  Assets:Cash   5,000.00 USD
  Equity:Opening
2026-09-01 price VOO 590.00 USD
2026-09-02 * "buy" ; a remark
  Assets:Broker   3 VOO {580.00 USD}
  Assets:Cash
2026-09-03 * "sell"
  Assets:Broker   -1 VOO {} @ 600 USD
  Assets:Cash   600.00 USD
  Income:Gains
2026-09-01 price EUR 1.10 USD
2026-10-30 price VOO 601.50 USD
2030-01-01 price VOO 999.00 USD
"""
ODD = """2026-09-04 * "more"
  Assets:Broker   10 ODD {4.00 USD}
  Assets:Hours   8 VACHR
  Equity:Opening
"""


def entry(*postings: str, day: str = "2026-09-10", flag: str = "*") -> str:
    return "\n".join([f'{day} {flag} "who" "why"', *(f"  {posting}" for posting in postings)]) + "\n"


def held(read, *entries: str) -> dict[str, Decimal]:
    """Units by symbol; everything has a price, so that it counts."""
    prices = "".join(f"2026-09-01 price {symbol} 1 USD\n" for symbol in ("VOO", "IVV", "ODD"))
    intake = read("2026-01-01 open Assets:B\n" + prices + "".join(entries), "b.bean")
    assert not intake.problems, intake.problems
    return {
        one.symbol: one.market_value if one.quantity is None else one.quantity for one in intake.portfolios[0].holdings
    }


def cost(read, *entries: str) -> Decimal | None:
    intake = read("2026-09-01 price VOO 1 USD\n" + "".join(entries), "b.bean")
    assert not intake.problems, intake.problems
    return next(one.cost for one in intake.portfolios[0].holdings if one.symbol == "VOO")


def test_what_the_asset_accounts_hold_is_one_portfolio(read):
    intake = read(LEDGER, "book.beancount")
    book = intake.portfolios[0]
    assert (intake.format, book.name, book.as_of, book.base_currency) == (
        "beancount", "Own book", date(2026, 10, 30), "EUR",
    )  # fmt: skip
    lines = {holding.symbol: holding for holding in book.holdings}
    voo = lines["VOO"]
    assert (voo.quantity, voo.price, voo.market_value, voo.cost) == (2, Decimal("601.50"), 1203, 1160)
    assert (voo.asset_class, voo.name) == (AssetClass.EQUITY_FUND, "Vanguard S&P 500 ETF")
    assert (lines["CASH_USD"].market_value, lines["CASH_USD"].asset_class) == (3860, AssetClass.CASH)
    assert not intake.problems


def test_a_commodity_without_a_price_is_valued_at_its_last_purchase_or_is_a_problem(read):
    intake = read(LEDGER + ODD, "book.beancount")
    odd = next(one for one in intake.portfolios[0].holdings if one.symbol == "ODD")
    assert (odd.price, odd.priced_on) == (4, date(2026, 9, 4))
    assert any("valued at their last purchase: ODD" in note for note in intake.notes)
    assert [problem.value for problem in intake.problems] == ["VACHR"]


def test_prices_come_along_without_rates_and_without_the_future(read):
    assert [(one.symbol, len(one.closes)) for one in read(LEDGER, "b.bean").prices] == [("VOO", 2)]


def test_a_ledger_without_assets_says_so(read):
    intake = read(entry("Expenses:Food  1 USD", "Liabilities:Card"), "b.bean")
    assert "no entry in the accounts below 'Assets'" in intake.problems[0].message


@pytest.mark.parametrize(
    ("postings", "units"),
    [
        (("Assets:B  (10 + 2.50) / 5 * 2 VOO", "Equity:O"), {"VOO": Decimal(5)}),
        (("Assets:B  -1,000.50 USD", "Equity:O"), {"CASH_USD": Decimal("-1000.50")}),
        (("! Assets:B  4 VOO @ 2.50 USD", "Assets:B  USD"), {"VOO": 4, "CASH_USD": -10}),
        (("Assets:B  4 VOO @@ 10.01 USD", "Assets:B"), {"VOO": 4, "CASH_USD": Decimal("-10.01")}),
        (("Assets:B  4 VOO {{12 USD}}", "Assets:B"), {"VOO": 4, "CASH_USD": -12}),
        (("Assets:B  4 VOO {3 # 5 USD}", "Assets:B"), {"VOO": 4, "CASH_USD": -17}),
        (("Assets:B  10 EUR @ 1.1 USD", "Assets:B  1 GBP", "Assets:B"), {"CASH_EUR": 10, "CASH_USD": -11}),
        (("Assets:B  3.333 VOO {1.111 USD}", "Assets:B"), {"VOO": Decimal("3.333"), "CASH_USD": Decimal("-3.702963")}),
        (("Assets:B  1 VOO {0.333 USD}", "Equity:O  0.10 USD", "Assets:B"), {"VOO": 1, "CASH_USD": Decimal("-0.43")}),
        (("Assets:B  7", "Equity:O  -7 USD"), {"CASH_USD": 7}),
    ],
)
def test_postings_are_worked_out_as_the_language_says(read, postings, units):
    assert held(read, entry(*postings)) == units


@pytest.mark.parametrize(
    ("way", "left"), [("FIFO", 30 + 40), ("LIFO", 10 + 30), ("HIFO", 10 + 30), ("NONE", 10 + 30 + 40 - 40)]
)
def test_lots_leave_in_the_way_of_the_account(read, way, left):
    buys = [
        entry(f"Assets:B  1 VOO {{{each} USD}}", "Equity:O", day=f"2026-09-0{n}")
        for n, each in ((1, 10), (2, 30), (3, 40))
    ]
    sell = entry("Assets:B  -1 VOO {40 USD}" if way == "NONE" else "Assets:B  -1 VOO {}", "Equity:O")
    assert cost(read, f'2026-01-01 open Assets:B USD, VOO "{way}"\n', *buys, sell) == left


@pytest.mark.parametrize("said", ["{10 USD}", "{2026-09-01}", '{"first"}', "{10 USD, 2026-09-01}", "{{20 USD}}"])
def test_a_lot_is_found_by_what_is_said_of_it(read, said):
    first = entry('Assets:B  2 VOO {10 USD, "first"}', "Equity:O", day="2026-09-01")
    second = entry("Assets:B  2 VOO {11 USD}", "Equity:O", day="2026-09-02")
    assert cost(read, first, second, entry(f"Assets:B  -2 VOO {said}", "Equity:O")) == 22


def test_a_pad_gives_what_the_next_balance_needs_and_a_balance_that_fails_is_noted(read):
    ledger = (
        "2026-01-01 pad Assets:Cash Equity:Opening\n2026-02-01 balance Assets:Cash  100.00 USD\n"
        + entry("Assets:Cash:Sub  5 USD", "Equity:O", day="2026-03-01")
        + "2026-04-01 balance Assets:Cash  105.004 ~ 0.01 USD\n2026-05-01 balance Assets:Cash  106 USD\n"
    )
    intake = read(ledger, "b.bean")
    assert intake.portfolios[0].holdings[0].market_value == 105
    assert any("that do not hold: line 7." in note for note in intake.notes)


def test_what_does_not_sum_to_nothing_is_noted_and_what_is_no_entry_too(read):
    intake = read(entry("Assets:B  5 USD", "Equity:O  -4 USD") + "hello there\n", "b.bean")
    assert any("do not sum to nothing were taken as they are written: line 1." in note for note in intake.notes)
    assert any("no entries were left out: line 4." in note for note in intake.notes)


@pytest.mark.parametrize(
    ("entries", "row", "words"),
    [
        (entry("Assets:B  5 VOO {1 USD}", "Assets:B", "Equity:O"), 1, "more than one posting without an amount"),
        (entry("Assets:B  5 VOO {}", "Assets:B"), 1, "leaves a currency"),
        (entry("Assets:B  5 VOO {1 USD}", "Equity:O") + entry("Assets:B  -6 VOO {}", "Equity:O"), 4, "reduces by 6"),
        (entry("Assets:B  5 VOO {1 USD}", "Equity:O") + entry("Assets:B  -1 VOO {2 USD}", "Equity:O"), 4, "not held"),
        (entry("Assets:B  5 VOO {-1 USD}", "Equity:O"), 1, "below nothing"),
        (entry("Assets:B  1/0 USD", "Equity:O"), 2, "cannot be worked out"),
        (entry("Assets:B  5 USD rubbish", "Equity:O"), 2, "goes on after its end"),
        (entry("Assets:B  5 VOO {*}", "Equity:O"), 2, "merges lots"),
        (entry("Assets:B  5 USD", "broken line here"), 3, "no account where one must be"),
        ('2026-13-45 * "no such day"\n  Assets:B  1 USD\n', 1, "calendar"),
        ('2026-01-01 open Assets:B "AVERAGE"\n' + entry("Assets:B 1 VOO {1 USD}", "Equity:O"), 2, "by 'AVERAGE'"),
        ("2026-09-01 price VOO\n", 1, "no amount with its currency"),
        ("2026-09-01 fancy Assets:B\n", 1, "no kind that is known"),
        (entry("Assets:B  " + "(" * 5_000 + "1 USD", "Equity:O"), 2, "nested deeper"),
        (entry("Assets:B  " + "9" * 5_000 + " USD", "Equity:O"), 2, "5,000 digits"),
    ],
)
def test_an_entry_that_is_not_understood_is_a_problem_and_nothing_is_taken(read, entries, row, words):
    intake = read("2020-01-01 open Assets:X\n" + entries, "b.bean")
    assert not intake.portfolios
    problem = next(one for one in intake.problems if one.row is not None)
    assert (problem.row, words in problem.message) == (row + 1, True), problem
    assert any("sum of all its entries" in one.message for one in intake.problems)


def test_what_stands_in_a_string_or_a_remark_is_no_entry(read):
    note = "2026-01-01 note Assets:B \"two lines\nplugin 'os'\n2026-02-01 * inside\n  Assets:B  99 USD\n\"\n"
    remark = '; plugin "os"\n* heading "with an odd quotation mark\n#+STARTUP: showall\n'
    assert held(read, note, remark, entry("Assets:B  1 USD", 'Equity:O ; plugin "os"')) == {"CASH_USD": 1}


PLUGIN = """plugin "beancount.plugins.commodity_attr" "__import__('os').system('touch {mark}') or {{}}"\n"""


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `bean-query` before everything else on the PATH that leaves a mark when it is started."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "bean-query"
    path.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return tmp_path / "started"


@pytest.mark.parametrize(
    "line",
    [
        PLUGIN,
        'plugin "beancount.plugins.auto_accounts"\n',
        'plugin  "os"\n',
        'plugin\t"os"\n',
        "plugin ;\n",
        "plugin\n",
        'include "/etc/passwd"\n',
        'include "*.beancount"\n',
        'option "insert_pythonpath" "TRUE"\n',
        'option "documents" "/"\n',
        'option\t"plugin" "os"\n',
        'option "plugin_processing_mode" "raw"\n',
    ],
)
def test_what_runs_code_or_reads_other_files_in_beancount_is_refused(read, tool, tmp_path, line):
    for text in (LEDGER + line.format(mark=tmp_path / "mark"), line.format(mark=tmp_path / "mark") + LEDGER):
        for ending in ("\n", "\r\n"):
            with pytest.raises(UnreadableFile, match="read other files or run code"):
                read("\ufeff" + text.replace("\n", ending), "book.beancount")
    assert not tool.exists()
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("before", [" ", "\t", "\f", "* ", ";", "2026-01-01 ", '"" '])
def test_a_plugin_in_any_other_place_is_no_plugin_and_is_not_run(read, tool, tmp_path, before):
    read(LEDGER + before + PLUGIN.format(mark=tmp_path / "mark"), "book.beancount")
    assert not tool.exists()
    assert not (tmp_path / "mark").exists()


def test_a_good_ledger_starts_no_tool(read, tool):
    assert read(LEDGER, "book.beancount").portfolios
    assert not tool.exists()


def test_an_account_root_that_is_no_name_and_a_string_without_end_are_refused(read):
    with pytest.raises(UnreadableFile, match="no account name"):
        read(LEDGER + 'option "name_assets" "A\' OR 1"\n', "book.beancount")
    with pytest.raises(UnreadableFile, match="quotation mark in row 21 that is never closed"):
        read(LEDGER + '2026-01-01 note Assets:B "open\n' * 1, "book.beancount")


def test_an_honest_ledger_with_much_metadata_is_read_at_once(read):
    metadata = "".join(f"    k{number}: 0\n" for number in range(40))
    started = time.process_time()
    assert read(f"2020-01-01 commodity VOO\n{metadata}{LEDGER}", "book.beancount").portfolios
    assert time.process_time() - started < 5


def test_the_sample_ledgers_come_to_what_beancount_says(read, shared_data):
    folder = shared_data / "portfolio-samples"
    example = read((folder / "beancount_example.beancount").read_bytes(), "example.beancount").portfolios[0]
    values = {holding.symbol: holding.market_value for holding in example.holdings}
    # The tool's own valuation of the same ledger.
    assert values["VBMPX"].quantize(Decimal("0.01")) == Decimal("35609.55")
    assert values["RGAGX"].quantize(Decimal("0.01")) == Decimal("66678.79")
    assert (values["ITOT"], values["CASH_USD"]) == (Decimal("4097.24"), Decimal("8568.20"))
    basic = read((folder / "beancount_basic.beancount").read_bytes(), "basic.beancount").portfolios[0]
    assert {holding.symbol: holding.quantity or holding.market_value for holding in basic.holdings} == {
        "CASH_USD": Decimal("44150.85"), "CASH_CAD": 200, "EWJ": 100,
    }  # fmt: skip


@pytest.mark.parametrize("units", ["99999999999999 * 99999999999999", "9" * 39, "-9" + "0" * 18])
def test_a_number_that_no_position_has_is_a_problem_and_no_trace(read, units: str) -> None:
    ledger = f"2026-09-01 price VOO 0.01 USD\n{entry(f'Assets:B  {units} VOO', 'Equity:O')}"
    intake = read(ledger, "b.bean")
    assert intake.portfolios == ()
    assert "larger than any position can be" in intake.problems[-1].message
