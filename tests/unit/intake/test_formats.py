"""Every described format, and those that need a module: a look-alike of our own against figures written by hand."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from core.errors import UnreadableFile
from core.intake.findings import Findings
from core.intake.formats import position_lists
from core.intake.formats.description import REFUSED, BadDescription, described, descriptions
from core.intake.formats.recognising import detects
from core.intake.gathering import Case as ReadingCase
from core.intake.opening.source import open_source
from core.intake.reading import FORMATS, read_bytes, read_file
from core.intake.tables.choices import Undecided

TODAY = date(2026, 11, 24)
ROOT = Path(__file__).parents[3]


class Case(NamedTuple):
    """What a look-alike holds, by hand.

    Attributes:
        totals: Value of all lines by currency.
        lines: Lines of all portfolios.
        said: What a person has to say.
        disagrees: Whether the file states values that are not units × price, as those of futures.
    """

    file: str
    format: str
    totals: dict[str, str]
    day: date
    lines: int
    portfolios: int = 1
    said: tuple[tuple[str, str], ...] = ()
    disagrees: bool = False


CASES = (
    # 250.40 + 12 × 101.50; 5 × 200.10; 100 × 7.12 pounds, which the file writes as 71,200 pence.
    Case("degiro_portfolio.csv", "degiro_portfolio", {"EUR": "1468.40", "USD": "1000.50", "GBP": "712"}, TODAY, 4),
    Case(
        "degiro_portfolio_before_2020.csv", "degiro_portfolio_before_2020",
        {"EUR": "64.19", "USD": "254.10", "GBP": "712"}, TODAY, 3,
    ),
    # A bond of 5,000 nominal at 98.40 is 4,920; the transactions below are no lines.
    Case("vanguard_us.csv", "vanguard_us", {"USD": "17480"}, TODAY, 3, 2),
    # The dollar share's 7,164.60 are kronor.
    Case("2026-10-30_positioner.csv", "avanza_positions", {"SEK": "91291.00"}, date(2026, 10, 30), 3, 2),
    # 150 × 2,810.50 + 5 × 3,750.25, and the total row once only.
    Case("zerodha_holdings.csv", "zerodha_holdings", {"INR": "440326.25"}, TODAY, 2),
    # (8 + 2 pledged) × 1,500 + (4 + 1 pledged) × 3,750.50.
    Case("zerodha_console.csv", "zerodha_console", {"INR": "33752.50"}, date(2026, 10, 30), 2),
    # 6 units at 110; cash 2,000 - 1,001 + 433.50 + 4.50 - 25.
    Case("traderepublic_export.csv", "traderepublic_export", {"EUR": "2072.00"}, date(2026, 8, 12), 2),
    # 6.0625 at 200, 2 options on 100 units at 3.50; cash 5,000 - 1,800 + 779.98 - 701.34.
    Case("fidelity_history.csv", "fidelity_history", {"USD": "5191.14"}, date(2026, 10, 14), 3),
    # 2 units at 100 after the split, cash 500 - 270.99 + 0.38 + 99.01 - 0.40; 201 and 99 euros.
    Case("revolut_stocks.csv", "revolut_stocks", {"USD": "528.00", "EUR": "300.00"}, date(2026, 10, 1), 4),
    # 0.01 - 0.002 - 0.001 at 62,000; 0.051 at 2,500; cash is not to be had.
    Case("coinbase.csv", "coinbase", {"EUR": "561.50"}, date(2026, 9, 2), 2),
    # 0.005 at 65 / 0.001; 59.9 + 0.4 coins at 0.004 × 60,000 / 60, all before fees; the balance stated last.
    Case("kraken_ledger.csv", "kraken_ledger", {"EUR": "928.55"}, date(2026, 9, 3), 3),
    # 0.0149 at 60,000; 0.126 at 0.005 × 60,000 / 0.125; 800 euros.
    Case("binance_ledger.csv", "binance_ledger", {"EUR": "1996.40"}, date(2026, 8, 5), 3),
    # 1 unit at 220, as half of one was sold, and 8 at 12.50; the balance stated last.
    Case("etoro_activity.xlsx", "etoro_activity", {"USD": "581.50"}, date(2026, 8, 20), 3),
    # 6 at (407.10 + 4.90 + 8) / 4; cash is the sum of all values; 5 at 1,000.50 / 5 dollars.
    Case("pp_transactions.csv", "pp_transactions", {"EUR": "4100.90", "USD": "1000.50"}, date(2026, 9, 30), 3),
    # 3.663 + 5.337 - 4 at 355; the staged release has not come in.
    Case("morgan_stanley_awards.csv", "morgan_stanley_awards", {"USD": "1775.00"}, date(2026, 8, 22), 1),
    # 6 at 195 dollars; 20 at 355.25 kronor.
    Case("sharesight_trades.csv", "sharesight_trades", {"USD": "1170.00", "SEK": "7105.00"}, date(2026, 8, 21), 2),
    # 387 + 20 - 50 at (9,999.50 + 0.50) / 50; cash 9,999.50 - 9,999.50 + 12 - 3.60.
    Case("schwab_awards.csv", "schwab_awards", {"USD": "71408.40"}, date(2026, 9, 15), 2),
    # German lists: values in euros, whatever the price is in.
    Case("comdirect_depot.csv", "comdirect_depot", {"EUR": "7038.45"}, date(2026, 10, 30), 3),
    Case("dkb_depot.csv", "dkb_depot", {"EUR": "2118.45"}, date(2026, 10, 30), 2),
    Case("ing_depot.csv", "ing_depot", {"EUR": "2208.55"}, date(2026, 10, 30), 2),
    # 900.45 + 5,000 at 98.40 with 40 of accrued interest.
    Case("deutsche_bank_depot.csv", "deutsche_bank_depot", {"EUR": "5860.45"}, TODAY, 2),
    Case("consorsbank_list.csv", "consorsbank_list", {"EUR": "1928.00"}, date(2026, 10, 30), 2),
    Case("flatex_depot.csv", "flatex_depot", {"EUR": "1255.45"}, TODAY, 2),
    # 50 at 35.50 + 300 at 10.734.
    Case("smartbroker_depot.csv", "smartbroker_depot", {"EUR": "4995.20"}, TODAY, 2),
    Case("german_depot.csv", "german_depot", {"EUR": "1703.02"}, date(2026, 10, 30), 2),
    # 3 at 1,021 + 20 at 35.50.
    Case("boursorama_positions.csv", "boursorama_positions", {"EUR": "3773.00"}, TODAY, 2),
    Case("fortuneo_positions.csv", "fortuneo_positions", {"EUR": "2118.45"}, TODAY, 2),
    # 68 at 354.80 kronor, 3 at 200.10 dollars; the column in kronor is not added.
    Case("nordnet_positions.csv", "nordnet_positions", {"SEK": "24126.40", "USD": "600.30"}, TODAY, 2),
    # 100 at 3,000 + 200 at 1,000.5 + 500,000 at 25,000 per 10,000.
    Case("sbi_portfolio.csv", "sbi_portfolio", {"JPY": "1750100.00"}, TODAY, 3),
    # 500 of cash + 100 at 7.12 + 771 pounds for dollars.
    Case("aj_bell_portfolio.csv", "aj_bell_portfolio", {"GBP": "1983.00"}, date(2026, 10, 30), 3),
    Case("interactive_investor.csv", "interactive_investor", {"GBP": "1483.00"}, TODAY, 2),
    # 100 at 30.50 + 0.01 at 90,000; 5 at 200.10 dollars.
    Case("wealthsimple_holdings.csv", "wealthsimple_holdings", {"CAD": "3950.00", "USD": "1000.50"},
         date(2026, 10, 30), 3, 2),
    # 100 at 45.50 + 20 at 101.90, the total row once only.
    Case("commsec_holdings.csv", "commsec_holdings", {"AUD": "6588.00"}, date(2026, 10, 30), 2),
    Case("questrade_positions.csv", "questrade_positions", {"CAD": "3050.00", "USD": "1000.50"}, TODAY, 2),
    # 80 at 31; cash 5,000 - 3,004.95 + 615.05 + 12.40.
    Case("questrade_activity.csv", "questrade_activity", {"CAD": "5102.50"}, date(2026, 10, 1), 2),
    # 1,000,500 + 500,000 + 12,345.67; the future is worth nothing, whatever its notional.
    Case("ishares_holdings.csv", "ishares_holdings", {"USD": "1512845.67"}, date(2026, 10, 30), 4, disagrees=True),
    Case("ishares_holdings_de.csv", "ishares_holdings", {"USD": "1500500.25"}, date(2026, 10, 30), 2,
         said=(("base_currency", "USD"),)),
    Case("vanguard_fund_holdings.csv", "vanguard_fund_holdings", {"USD": "1450750.00"}, date(2026, 10, 30), 2),
    # 2 units at 100: the cancelled purchase at 101 leaves no price either.
    Case("flatex_activity.csv", "flatex_activity", {"EUR": "200.00"}, date(2026, 8, 5), 1),
    Case("scalable_capital.csv", "scalable_capital", {"EUR": "74.99"}, date(2026, 9, 25), 1),
    Case("parqet.csv", "parqet", {"EUR": "180.00"}, date(2026, 9, 4), 1),
    # 0.0006 at 900,000 kronor; 0.01 + 0.001 of reward at 2,315 euros.
    Case("revolut_crypto.csv", "revolut_crypto", {"SEK": "540.00", "EUR": "25.46"}, date(2026, 8, 15), 2),
    # 0.001 + 0.0000009 - 0.0005 at 60,000; cash 100 - 58.10 + 29.95.
    Case("bitvavo.csv", "bitvavo", {"EUR": "101.90"}, date(2026, 8, 30), 2),
    # 40 at 11.07 and the balance stated last; 0.05 at 229.094 dollars.
    Case("bux.csv", "bux", {"EUR": "504.90", "USD": "11.45"}, date(2026, 9, 11), 3),
    Case("investengine.csv", "investengine", {"GBP": "174.00"}, date(2026, 9, 1), 1),
    # 3 at 105; cash 1,200 - 400 + 105 + 20.95 - 5.45.
    Case("directa.csv", "directa", {"EUR": "1235.50"}, date(2026, 10, 27), 2),
    Case("relai.csv", "relai", {"CHF": "184.00"}, date(2026, 9, 15), 1),
    # 9 at 50; cash 500 - 493.80 + 50 - 10 + 2.53.
    Case("disnat.csv", "disnat", {"CAD": "498.73"}, date(2026, 9, 29), 2),
    # 3 at 160; cash 1,000 + 500 - 616.32 + 6.42 + 160 + 0.24 - 0.05, the total row.
    Case("xtb_cash_operations.csv", "xtb_cash_operations", {"EUR": "1530.29"}, date(2026, 10, 1), 2,
         said=(("base_currency", "EUR"),)),
    # 0.006 at 60,000; 160 at 0.004 × 60,000 / 160.
    Case("coinbase_older.csv", "coinbase", {"EUR": "600.00"}, date(2024, 12, 5), 2),
    # 0.008 at (65 + 0.15) / 0.001; cash 1,000 - 600 + 65: the amounts hold the fees.
    Case("cointracking.csv", "cointracking", {"EUR": "986.20"}, date(2026, 9, 11), 2),
    # 3 at 105 euros; 2 at 178.50 dollars.
    Case("fineco.csv", "fineco", {"EUR": "315.00", "USD": "357.00"}, date(2026, 10, 15), 2),
    # 0.5 at 2,400.50 francs; 4 at 90 dollars.
    Case("ubs_transactions.csv", "ubs_transactions", {"CHF": "1200.25", "USD": "360.00"}, date(2026, 9, 15), 2),
    # 5 at 200; 6 at 640 / 4; cash 5,000 - 1,000 - 1,500 + 2.50 + 640.
    Case("delta.csv", "delta", {"USD": "5102.50"}, date(2026, 7, 1), 3),
    # 10 at 110 euros; 5 at 200 dollars.
    Case("degiro_transactions.csv", "degiro_transactions", {"EUR": "1100.00", "USD": "1000.00"}, date(2026, 9, 3), 2),
    Case("degiro_transactions_euro.csv", "degiro_transactions_euro", {"EUR": "1200.00", "USD": "1000.00"},
         date(2026, 6, 2), 2),
    # 7.5 + 4.5 - 2 at 11; cash 200 - 75 - 45 + 1.20 + 22.
    Case("xtb_history.csv", "xtb_history", {"EUR": "213.20"}, date(2026, 5, 12), 2, said=(("base_currency", "EUR"),)),
    # 300 at 1,000 / 500; 90 + 10 - 40 at 4.40 / 40; 80 and 20 at 18 / 20; 0.01 at 100,000.
    Case("crypto_com_app.csv", "crypto_com_app", {"EUR": "1696.60"}, date(2026, 10, 30), 5),
    # 20 - 5 - 7 at 28, the last row's price; the order that ran out bought nothing.
    Case("investimental.csv", "investimental", {"RON": "224.00"}, date(2026, 5, 31), 1),
    # 2,001 - 2 × 2.25 × 100 + 50 dollars; 1,218 + 205.40 euros. The lot is the summary's own.
    Case("ibkr_activity.csv", "ibkr_activity", {"USD": "1601", "EUR": "1423.40"}, date(2026, 10, 30), 5),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_look_alike_gives_the_figures_that_were_written_by_hand(fixtures, case):
    intake = read_file(fixtures / "formats" / case.file, today=TODAY, **dict(case.said))
    totals = defaultdict(Decimal)
    for portfolio in intake.portfolios:
        for line in portfolio.holdings:
            totals[line.currency] += line.market_value
    assert intake.format == case.format
    cents = {currency: round(total, 2) for currency, total in totals.items()}
    assert cents == {currency: Decimal(total) for currency, total in case.totals.items()}
    assert {portfolio.as_of for portfolio in intake.portfolios} == {case.day}
    assert sum(len(portfolio.holdings) for portfolio in intake.portfolios) == case.lines
    assert len(intake.portfolios) == case.portfolios
    assert not intake.problems, intake.problems
    assert not any("does not explain" in note for note in intake.notes), intake.notes
    assert any("says otherwise" in note for note in intake.notes) is case.disagrees, intake.notes


@pytest.mark.parametrize("name", ["ishares_holdings", "vanguard_fund_holdings"])
def test_fund_holdings_in_excels_xml_of_2003_named_xls_are_read_like_their_csv(fixtures, name):
    """Fund houses write the name space before each element and leave "&" as it is."""
    rows = csv.reader((fixtures / "formats" / f"{name}.csv").read_text("utf-8").splitlines())
    cells = "".join(
        "<ss:Row>"
        + "".join(f'<ss:Cell><ss:Data ss:Type="String">{one}</ss:Data></ss:Cell>' for one in row)
        + "</ss:Row>"
        for row in rows
    )
    space = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    book = (
        f'\ufeff<?xml version="1.0"?>\n<ss:Workbook {space}><ss:Worksheet ss:Name="S&P"><ss:Table>{cells}</ss:Table>'
        "</ss:Worksheet></ss:Workbook>"
    )
    csv_read = read_file(fixtures / "formats" / f"{name}.csv", today=TODAY)
    xml_read = read_bytes(f"{name}.xls", book.encode(), today=TODAY)
    values = [
        [line.market_value for one in intake.portfolios for line in one.holdings] for intake in (csv_read, xml_read)
    ]
    assert values[0] == values[1]
    assert xml_read.format == name


def test_one_description_alone_knows_each_look_alike(fixtures):
    """Two that know one file would be told apart by their order only."""
    for path in sorted((fixtures / "formats").iterdir()):
        source = open_source(path.name, path.read_bytes())
        known = [one.name for one in descriptions() if detects(one, source)]
        assert len(known) <= 1 or known == ["degiro_portfolio_before_2020", "degiro_portfolio"], (path.name, known)


def test_every_described_format_has_a_look_alike_and_is_recognised_by_one_alone():
    tried = {case.format for case in CASES}
    assert [one.name for one in descriptions() if one.kind != REFUSED and one.name not in tried] == []
    assert len({one.name for one in descriptions()}) == len(descriptions())


@pytest.mark.parametrize("name", ["ishares_holdings_de.csv", "xtb_cash_operations.csv"])
def test_a_file_that_names_no_currency_of_its_values_is_asked_about(fixtures, name):
    with pytest.raises(Undecided, match="--base-currency"):
        read_file(fixtures / "formats" / name, today=TODAY)


@pytest.mark.parametrize(
    ("name", "said"), [("ssga_holdings.csv", r"SSGA.*N-PORT"), ("ibkr_dividends.csv", r"no positions.*Open Positions")]
)
def test_a_file_without_values_is_refused_by_its_name_with_a_remedy(fixtures, name, said):
    with pytest.raises(UnreadableFile, match=said):
        read_file(fixtures / "formats" / name, today=TODAY)


def test_import_checks_list_every_format_with_its_check():
    said = (ROOT / "docs" / "import-checks.md").read_text("utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in said] == []
    assert [row for one in descriptions() if (row := one.row()) not in said] == []


def test_formats_page_names_every_format():
    said = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in said] == []


def test_the_worked_example_of_contributing_is_a_format_that_reads_its_file():
    said = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    example = said.split("## A format in ten minutes")[1].split("\n## ")[0]
    table = "\n".join(line.strip() for line in re.findall(r"(?m)^    .*;.*$", example))
    told = tomllib.loads(re.findall(r"(?s)```toml\n(.*?)```", example)[0])
    description = described("example_depot", told)
    source = open_source("example.csv", table.encode())
    assert detects(description, source)
    (group,) = position_lists.read(description, source, ReadingCase(Findings("example.csv"), TODAY))
    assert [(line.currency, line.price, line.market_value) for line in group.holdings] == [
        ("EUR", Decimal("101.50"), Decimal("1218.00")),
        ("EUR", None, Decimal("900.45")),
        ("EUR", None, Decimal("250.40")),
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"traps": []}, "missing ['traps']"),
        ({"colour": "red"}, "not known ['colour']"),
        ({"name": "another"}, "its name is 'another'"),
        ({"columns": {"name": ["Name"], "price_of_tea": ["Tea"]}}, "price_of_tea"),
        ({"recognise": {"needed": ["isin"]}}, "have no column"),
        ({"words": {"asset_class": {"furniture": ["Chair"]}}}, "furniture"),
    ],
)
def test_a_description_that_says_too_little_or_too_much_is_refused_by_name(change, fault):
    told = {
        "name": "x", "title": "X", "family": "x", "kind": "positions", "learnt": "a file", "check": "sums",
        "traps": ["one"], "recognise": {"needed": ["name"]}, "columns": {"name": ["Name"]},
    }  # fmt: skip
    described("x", told)
    with pytest.raises(BadDescription, match=re.escape(fault)):
        described("x", {**told, **change})
