"""The register knows instruments, and nothing is taken from it unless it surely speaks of the same one."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.instrument import NO_TERMS, FundKind, InstrumentType, Liquidity, Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.intake.cells.codes import isin_fault
from core.intake.register.describing import Describer
from core.intake.register.instruments import (
    FIELDS,
    SAMPLE,
    Instrument,
    Register,
    own_instruments,
    own_register,
    prefix_doubt,
    read_instrument,
    written_instrument,
)
from core.intake.register.resemblance import ENOUGH, resemblance, resemble
from core.intake.register.terms import TERM_FIELDS, added, read_terms, written_terms

SOURCES = {"cusip", "cusip+list", "list", "lists", "filing", "broker", "listing", "curated", SAMPLE}


def held(symbol: str = "X", **more: object) -> Holding:
    fields = {
        "isin": "", "name": "", "asset_class": AssetClass.EQUITY, "quantity": None, "price": None, "currency": "USD",
        "market_value": Decimal(100),
    }  # fmt: skip
    return Holding(symbol, **{**fields, **more})


def described(*lines: Holding, register: Register | None = None, is_sample: bool = False):
    house = Portfolio("house", "House", "", date(2026, 10, 30), "USD", True, "US", lines, "canonical_csv", is_sample)
    return Describer(register or own_register()).describe(house)


def fields_in_conflict(line: Holding) -> list[str]:
    found = described(line)
    (after,) = found.portfolio.holdings
    assert after.terms.issuer == "", "nothing may be taken over in a conflict"
    return [one.field for one in found.conflicts]


# Our own rows


def test_our_rows_are_many_and_each_says_where_its_isin_comes_from():
    rows = own_instruments()
    assert len(rows) >= 200
    assert {row.source for row in rows} == SOURCES
    assert len({row.symbol for row in rows}) == len(rows)
    for row in rows:
        assert bool(row.isin) == (row.source not in {"curated", SAMPLE}), row


def test_each_of_our_isins_has_its_check_digit_and_its_issuers_country():
    known = [row for row in own_instruments() if row.isin]
    assert len(known) >= 125
    for row in known:
        assert isin_fault(row.isin) is None, row
        assert prefix_doubt(row.isin, row.domicile) == "", row
    first = [row for row in known if row.source != "listing"]
    assert len({row.isin for row in first}) == len(first)


def test_another_listing_of_a_share_has_the_isin_that_was_checked_for_the_first():
    first = {row.isin: row for row in own_instruments() if row.isin and row.source != "listing"}
    others = [row for row in own_instruments() if row.source == "listing"]
    assert others
    for row in others:
        assert (first[row.isin].name, first[row.isin].terms.issuer) == (row.name, row.terms.issuer)
        assert first[row.isin].currency != row.currency


def test_each_of_our_isins_is_one_that_was_checked_under_a_name_like_ours(shared_data):
    with (shared_data / "demo" / "instruments_candidates.csv").open(encoding="utf-8") as file:
        checked = {row["symbol"]: row for row in csv.DictReader(file)}
    filing = (shared_data / "portfolio-samples" / "sec_13f_acorn_creek_2024q4.nc.txt").read_text("utf-8")
    for row in own_instruments():
        if not row.isin or row.source in {"lists", "listing"}:
            continue
        if row.source == "filing":
            assert row.cusip in filing, row
        else:
            assert checked[row.symbol]["isin"] == row.isin
            assert resemble(checked[row.symbol]["name"], row.name), (checked[row.symbol]["name"], row.name)


def test_every_row_has_what_rules_ask_for():
    for row in own_instruments():
        assert row.name, row
        assert row.terms.instrument_type is not None, row
        assert row.terms.issuer, row
        if row.source != SAMPLE:
            assert row.country, row
            assert row.currency, row
        if row.terms.instrument_type is InstrumentType.SHARE:
            assert row.terms.issuer_group, row
            assert row.sector or row.source == SAMPLE, row
        if row.terms.instrument_type is InstrumentType.FUND:
            assert row.terms.fund_kind in FundKind, row
        # Relations to the holder are never known here.
        assert row.terms.related_party is None, row
        assert row.terms.votes_pct is None, row


def test_london_shares_are_quoted_in_pence_and_funds_in_pounds():
    london = {row.symbol: row.quote_unit for row in own_instruments() if row.symbol.endswith(".L")}
    assert (london["AZN.L"], london["VWRL.L"]) == (100, 1)


def test_one_issuer_has_one_spelling():
    issuers: dict[str, str] = {}
    for row in own_instruments():
        issuers.setdefault(row.terms.issuer.casefold(), row.terms.issuer)
    for row in own_instruments():
        assert issuers[row.terms.issuer.casefold()] == row.terms.issuer
    hsbc = {own_register().by_symbol(symbol).terms.issuer_group for symbol in ("HSBA.L", "0005.HK")}
    assert len(hsbc) == 1


def test_a_row_written_reads_back_as_the_row():
    for row in own_instruments():
        assert read_instrument(written_instrument(row), row.source) == (row, ())


# Look-ups


@pytest.mark.parametrize(
    ("asked", "symbol"),
    [
        ({"isin": "US0378331005"}, "AAPL"),
        ({"cusip": "037833100"}, "AAPL"),
        ({"symbol": "azn.l", "currency": "GBP"}, "AZN.L"),
        ({"symbol": "AZN", "currency": "GBP"}, "AZN.L"),
        ({"symbol": "AZN LN", "currency": "GBP"}, "AZN.L"),
        ({"symbol": "LON:AZN", "currency": "GBP"}, "AZN.L"),
        ({"symbol": "SAP GY Equity", "currency": "EUR"}, "SAP.DE"),
        ({"symbol": "NASDAQ:MSFT", "currency": "USD"}, "MSFT"),
        ({"symbol": "700", "currency": "HKD"}, "0700.HK"),
        ({"symbol": "700 HK", "currency": "HKD"}, "0700.HK"),
        ({"symbol": "NESN", "currency": "CHF"}, "NESN.SW"),
        ({"symbol": "MC", "currency": "EUR"}, "MC.PA"),
        # SAN is a French share here and an unknown one in dollars.
        ({"symbol": "SAN", "currency": "EUR"}, "SAN.PA"),
        ({"symbol": "SAN", "currency": "USD"}, None),
        ({"symbol": "", "currency": "USD"}, None),
        ({"isin": "XX0000000000", "symbol": "VTI", "currency": "USD"}, "VTI"),
    ],
)
def test_an_instrument_is_found_however_it_is_written(asked, symbol):
    row = own_register().find(**asked)
    assert (row.symbol if row else None) == symbol


def test_of_several_listings_of_an_isin_the_lines_own_is_taken():
    dollars = Instrument("VWRA.L", "FTSE All-World", AssetClass.EQUITY_FUND, "IE00BK5BQT80", currency="USD")
    register = Register([dollars])
    assert register.by_isin("IE00BK5BQT80", currency="USD").symbol == "VWRA.L"
    assert register.by_isin("IE00BK5BQT80", currency="EUR").symbol == "VWCE.DE"
    assert register.by_isin("IE00BK5BQT80", symbol="VWCE.DE", currency="USD").symbol == "VWCE.DE"


def test_a_users_row_comes_before_ours_of_the_same_symbol():
    mine = replace(own_register().by_symbol("AAPL"), name="Apple, mine")
    assert Register([mine]).by_isin("US0378331005") == mine
    assert len(Register([mine])) == len(own_register())


# Names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VANGUARD INDEX FDS TOTAL STK MKT", "Vanguard Total Stock Market Index Fund ETF Shares"),
        ("APPLE INC COM", "Apple Inc."),
        ("EXXON MOBIL CORP", "ExxonMobil"),
        ("LVMH MOET HENNESSY LOUIS VUITTON SE", "LVMH Moët Hennessy Louis Vuitton"),
        ("HSBC HLDGS PLC ORD", "HSBC Holdings"),
        ("L'OREAL", "L'Oréal"),
        ("VANGUARD FTSE AW", "Vanguard FTSE All-World UCITS ETF"),
        ("GENERAL ELECTRIC CO, COM NEW", "GE Aerospace"),
        ("Legal & General Group Plc", "Legal & General Group"),
        ("", "Anything"),
        ("ETF", "Anything"),
    ],
)
def test_shortened_names_resemble(one, other):
    assert resemble(one, other)
    assert resemble(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("iShares MSCI Japan ETF", "iShares MSCI Germany ETF"),
        ("Vanguard FTSE 100 UCITS ETF", "Vanguard FTSE All-World UCITS ETF"),
        ("Tesco PLC", "Tesla"),
        ("Rolls Royce", "AstraZeneca"),
        ("iShares 20+ Year Treasury Bond ETF", "iShares 7-10 Year Treasury Bond ETF"),
    ],
)
def test_other_instruments_names_do_not(one, other):
    assert not resemble(one, other)


@given(st.text(max_size=40), st.text(max_size=40))
def test_resemblance_is_a_share_and_symmetric_enough_to_judge(one, other):
    score = resemblance(one, other)
    assert 0 <= score <= 1
    assert resemblance(one, one) == 1
    assert (score >= ENOUGH) == resemble(one, other)


# Describing


def test_gaps_are_filled_and_the_files_words_stay():
    line = held("AZN", name="ASTRAZENECA PLC", currency="GBP", sector="Pharma", terms=Terms(issuer="AZ", rating="A"))
    (after,) = described(line).portfolio.holdings
    assert (after.symbol, after.isin, after.name, after.sector, after.country) == (
        "AZN", "GB0009895292", "ASTRAZENECA PLC", "Pharma", "GB",
    )  # fmt: skip
    assert (after.terms.issuer, after.terms.rating) == ("AZ", "A")
    assert (after.terms.issuer_group, after.terms.liquidity) == ("AstraZeneca", Liquidity.HIGH)
    assert after.market_value == line.market_value


def test_a_vague_class_becomes_the_registers():
    for vague in (AssetClass.FUND, AssetClass.OTHER):
        (after,) = described(held("BND", asset_class=vague)).portfolio.holdings
        assert after.asset_class is AssetClass.BOND_FUND
        assert after.terms.fund_kind is FundKind.RIC


def test_a_class_or_country_that_differs_is_shown_and_the_files_kept():
    found = described(held("VNQ", isin="US9229085538", asset_class=AssetClass.EQUITY_FUND, country="CA"))
    (after,) = found.portfolio.holdings
    assert (after.asset_class, after.country) == (AssetClass.EQUITY_FUND, "CA")
    assert after.terms.instrument_type is InstrumentType.FUND
    assert [(one.field, one.stated, one.known) for one in found.conflicts] == [
        ("asset_class", "equity_fund", "real_estate"),
        ("country", "CA", "US"),
    ]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        # What an open list of instruments once said of these.
        (held("EWU", isin="AR0406299526", asset_class=AssetClass.EQUITY_FUND), "domicile"),
        (held("VWCE.DE", isin="IE00B3RBWM25", currency="EUR", asset_class=AssetClass.EQUITY_FUND), "isin"),
        (held("TSCO.L", isin="US8815754010", currency="GBP"), "isin"),
        (held("IMB.L", isin="US45262P1021", currency="GBP"), "domicile"),
        # Another instrument's ISIN, another currency, another name.
        (held("AAPL", isin="US5949181045"), "isin"),
        (held("AAPL", isin="US02079K1079", name="Apple"), "isin"),
        (held("AAPL", currency="EUR"), "currency"),
        (held("AAPL", name="Applied Materials"), "name"),
        (held("X", isin="US0378331005", name="Microsoft Corp"), "name"),
        (held("X", name="Microsoft Corp", terms=Terms(cusip="037833100")), "name"),
    ],
)
def test_another_instrument_is_a_conflict_and_nothing_is_merged(line, field):
    assert fields_in_conflict(line) == [field]


def test_another_listing_of_the_same_isin_is_no_conflict():
    found = described(held("AZN SS", isin="GB0009895292", name="AstraZeneca", currency="SEK"))
    assert found.conflicts == ()
    assert found.portfolio.holdings[0].sector == "Health Care"


def test_what_follows_from_the_class_is_known_without_the_register():
    lines = (held("CASH_USD", asset_class=AssetClass.CASH), held("QQQQQ"), held("ZZZ", asset_class=AssetClass.BOND))
    kinds = [line.terms.instrument_type for line in described(*lines).portfolio.holdings]
    assert kinds == [InstrumentType.CASH, InstrumentType.SHARE, None]


def test_stand_ins_of_samples_are_matched_in_samples_only():
    line = held("PRIVATE_EQUITY_FUND", asset_class=AssetClass.PRIVATE)
    assert described(line).portfolio.holdings[0].terms == NO_TERMS
    assert described(line, is_sample=True).portfolio.holdings[0].terms.liquidity is Liquidity.ILLIQUID


def test_a_price_in_pence_or_per_100_nominal_is_seen_by_the_value():
    share = held("AZN.L", currency="GBP", quantity=Decimal(10), price=Decimal(12000), market_value=Decimal(1200))
    assert described(share).portfolio.holdings[0].price == 120
    gilt = Instrument("T28.L", "Gilt 2028", AssetClass.BOND, currency="GBP", country="GB")
    bond = held(
        "T28.L", currency="GBP", quantity=Decimal(10000), price=Decimal("98.50"), market_value=Decimal(9935),
        asset_class=AssetClass.BOND,
    )  # fmt: skip
    assert described(bond, register=Register([gilt])).portfolio.holdings[0].price == Decimal("0.985")
    fair = replace(bond, price=Decimal("0.985"))
    assert described(fair, register=Register([gilt])).portfolio.holdings[0].price == Decimal("0.985")


# Terms as text


def test_every_term_can_be_written_and_read():
    assert set(TERM_FIELDS) == {field.name for field in fields(Terms)}
    assert set(TERM_FIELDS) < set(FIELDS)
    full = Terms(
        InstrumentType.SWAP, "037833100", "Acme", "Acme Group", FundKind.UCITS, "AA-", True, Liquidity.LOW, False,
        "CHF", "World", Decimal("1000.5"), "Bank", 2.5, ("coal", "tobacco"), -1.5, True, "IE", "5493001KJTIIGC8Y1R12",
        "CORP", 2, -1.0,
    )  # fmt: skip
    assert all(getattr(full, name) != getattr(NO_TERMS, name) for name in TERM_FIELDS)
    assert read_terms(written_terms(full)) == (full, ())
    assert written_terms(NO_TERMS) == {}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("instrument_type", "thing"), ("fund_kind", "hedge"), ("liquidity", "wet"), ("listed", "perhaps"),
        ("notional", "-5"), ("notional", "much"), ("votes_pct", "101"), ("duration_years", "1000"), ("domicile", "XX"),
        ("cusip", "1"), ("esg_flags", "coal, Tobacco!"), ("lei", "x"), ("fair_value_level", "4"), ("colour", "red"),
        ("issuer", "x" * 501),
    ],
)  # fmt: skip
def test_a_term_that_is_not_understood_is_named(field, text):
    terms, (fault,) = read_terms({field: text, "rating": "bbb"})
    assert (fault.field, terms.rating) == (field, "BBB")
    assert fault.message.startswith(f"'{field}' ")
    assert fault.message.endswith(".")


def test_adding_terms_fills_gaps_only():
    own, more = Terms(issuer="Acme", listed=False), Terms(issuer="Other", listed=True, rating="A")
    assert added(own, more) == Terms(issuer="Acme", listed=False, rating="A")
    assert added(NO_TERMS, more) is more
