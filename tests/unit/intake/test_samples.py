"""The sample portfolios keep their promises."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.instrument import Liquidity
from core.domain.portfolio import AssetClass
from core.intake.register.describing import Describer
from core.intake.register.instruments import own_register
from core.intake.samples import AS_OF, FOLDER, HISTORY_YEARS, sample_lines, sample_portfolios
from core.metrics.fx import EcbRates
from core.metrics.simulate import simulated_history


@pytest.fixture(scope="module")
def samples():
    return sample_portfolios()


def test_there_are_many_from_many_regions_all_marked(samples):
    assert len(samples) == 39
    assert {sample.region for sample in samples} >= {
        "US",
        "UK",
        "FR",
        "DE",
        "CH",
        "JP",
        "HK",
        "SG",
        "AU",
        "CA",
        "GLOBAL",
    }
    assert len({sample.base_currency for sample in samples}) >= 8
    assert all(sample.is_sample and sample.base_currency_given for sample in samples)
    assert len({sample.portfolio_id for sample in samples}) == len(samples) == len({sample.name for sample in samples})
    assert len(list(FOLDER.glob("*.yaml"))) == len(samples)


def test_they_pretend_to_no_quotation(samples):
    for sample in samples:
        for holding in sample.holdings:
            # The one sample of prices in pence says that its prices are invented too.
            if sample.portfolio_id != "sample-uk-isa-dividend":
                assert holding.quantity is None
                assert holding.price is None


def test_prices_in_pence_came_in_as_pounds(samples):
    isa = next(sample for sample in samples if sample.portfolio_id == "sample-uk-isa-dividend")
    shares = [line for line in isa.holdings if line.asset_class is AssetClass.EQUITY]
    assert len(shares) == 10
    for line in shares:
        assert line.currency == "GBP"
        assert line.quantity * line.price == line.market_value
    assert next(line.price for line in shares if line.symbol == "AZN.L") == 110


def test_only_one_sample_owes_money_or_is_short(samples):
    owing = {sample.portfolio_id for sample in samples for line in sample.holdings if line.market_value <= 0}
    assert owing == {"sample-us-core-plus-bond"}


def test_single_stocks_have_sector_and_country(samples):
    for holding in (holding for sample in samples for holding in sample.holdings):
        if holding.asset_class is AssetClass.EQUITY:
            assert holding.sector, holding
            assert holding.country, holding


def test_one_symbol_means_one_thing_everywhere(samples):
    seen = {}
    for holding in (holding for sample in samples for holding in sample.holdings):
        facts = (holding.isin, holding.name, holding.asset_class, holding.sector, holding.country)
        assert seen.setdefault(holding.symbol, facts) == facts


def weights_of(sample):
    total = sum(holding.market_value for holding in sample.holdings)
    return {holding.symbol: holding.market_value / total * 100 for holding in sample.holdings}


def above(weights, limit=5):
    return sum(weight for symbol, weight in weights.items() if weight > limit and not symbol.startswith("CASH"))


def test_planted_conditions_are_there(samples):
    weights = {sample.portfolio_id.removeprefix("sample-"): weights_of(sample) for sample in samples}
    assert weights["us-employer-stock"]["AAPL"] == 46
    assert above(weights["us-large-cap-active"]) == Decimal("29.2")
    assert max(weights["us-technology"][symbol] for symbol in ("MSFT", "AAPL", "AMD")) == 24
    assert weights["us-endowment"]["PRIVATE_EQUITY_FUND"] == 14
    assert above(weights["eu-ucits-at-limit"]) == Decimal("39.7")
    assert (weights["eu-ucits-over-limit"]["ASML.AS"], above(weights["eu-ucits-over-limit"])) == (
        Decimal("11.4"),
        Decimal("47.0"),
    )
    assert weights["eu-ucits-index"]["ASML.AS"] == 21
    assert (len(weights["eu-ucits-sovereign"]), max(weights["eu-ucits-sovereign"].values())) == (5, 31)
    assert weights["it-btp-household"]["BTP_A"] + weights["it-btp-household"]["BTP_B"] == 65
    assert above(weights["uk-equity-income"]) == Decimal("37.1")
    assert weights["ch-pillar-3a-99"]["CASH_CHF"] == 1
    assert weights["ch-pillar-3a-99"]["WORLD_UNHEDGED"] + weights["ch-pillar-3a-99"]["EM_FUND"] == 61
    assert weights["ch-mandate"]["NESN.SW"] == 12
    assert above(weights["ch-securities-fund"]) == 41
    assert weights["jp-equity-concentrated"]["7203.T"] == Decimal("11.5")
    assert weights["hk-equity-fund"]["0700.HK"] == Decimal("10.4")
    assert weights["au-smsf-in-house"]["RELATED_PARTY_LOAN"] == Decimal("6.5")
    assert weights["ca-equity-fund"]["SHOP.TO"] == Decimal("10.6")


def test_the_bond_fund_holds_more_securities_than_net_assets_and_derivatives_beside(samples):
    fund = next(sample for sample in samples if sample.portfolio_id == "sample-us-core-plus-bond")
    euros = EcbRates()
    values = {
        line.symbol: float(line.market_value) * euros.factor(line.currency, "USD", fund.as_of) for line in fund.holdings
    }
    net_assets = sum(values.values())
    assert round(100 * (net_assets - values["PAYABLE_USD"]) / net_assets, 4) == 103.9
    notionals = [line.terms.notional for line in fund.holdings if line.asset_class is AssetClass.DERIVATIVE]
    assert len(notionals) == 5
    assert sum(notionals) > Decimal("0.1") * Decimal(net_assets)


def test_the_municipal_fund_lends_to_one_state_only(samples):
    fund = next(sample for sample in samples if sample.portfolio_id == "sample-us-single-state-muni")
    bonds = [line for line in fund.holdings if line.asset_class is AssetClass.BOND]
    assert {line.terms.exposure for line in bonds} == {"US-KY"}
    assert sum(line.market_value for line in bonds) == Decimal("0.978") * sum(x.market_value for x in fund.holdings)
    assert len({line.terms.issuer for line in bonds}) == len(bonds)


def test_they_can_stand_for_another_day(samples):
    assert {sample.as_of for sample in samples} == {date(2026, 10, 30)}
    assert {sample.as_of for sample in sample_portfolios(date(2026, 9, 30))} == {date(2026, 9, 30)}


def test_the_register_adds_terms_to_samples_and_contradicts_none(samples):
    describer = Describer(own_register())
    for sample in samples:
        described = describer.describe(sample)
        assert described.conflicts == ()
        for stored, full in zip(sample.holdings, described.portfolio.holdings, strict=True):
            assert stored.isin in ("", full.isin)
            assert (stored.name, stored.asset_class, stored.sector, stored.country) == (
                full.name,
                full.asset_class,
                full.sector,
                full.country,
            )
            assert full.terms.instrument_type is not None, full
            assert full.terms.issuer or full.asset_class in {AssetClass.CASH, AssetClass.DERIVATIVE}, full


def test_benchmarks_name_instruments_of_the_register(samples):
    named = {symbol for sample in samples for symbol, _ in sample.benchmark}
    assert len(named) >= 15
    assert all(own_register().by_symbol(symbol) is not None for symbol in named)
    assert all(sum(weight for _, weight in sample.benchmark) == 1 for sample in samples if sample.benchmark)


def test_the_samples_are_the_blueprints(samples, shared_data):
    with (shared_data / "demo" / "portfolio_blueprints.csv").open(encoding="utf-8") as file:
        blueprints = [row for row in csv.DictReader(file) if not row["holdings"].startswith("file:")]
    ours = {
        tuple(sorted((symbol, weight) for symbol, weight in weights_of(sample).items())): sample for sample in samples
    }
    for row in blueprints:
        lines = (part.split(":") for part in row["holdings"].rstrip(";").split(";"))
        sample = ours[tuple(sorted((symbol, Decimal(weight)) for symbol, weight in lines))]
        assert sample.base_currency == row["base_currency"]
        assert ",".join(sample.regimes) == row["regimes"].replace("none", "")


def test_every_quoted_line_and_benchmark_has_over_five_years_of_closes_that_end_at_its_price(samples):
    history = simulated_history(sample_lines(samples), AS_OF, HISTORY_YEARS)
    described = [Describer(own_register()).describe(sample).portfolio for sample in samples]
    for line in (line for sample in described for line in sample.holdings):
        unquoted = line.asset_class in {AssetClass.CASH, AssetClass.PRIVATE, AssetClass.DERIVATIVE}
        assert (line.symbol in history) != (unquoted or line.terms.liquidity is Liquidity.ILLIQUID), line.symbol
        if line.price is not None and line.symbol in history:
            assert float(line.price) == pytest.approx(history[line.symbol].closes[-1])
    assert {symbol for sample in samples for symbol, _ in sample.benchmark} <= set(history)
    assert min(series.days.size for series in history.values()) > 1_250 + 250


def test_each_sample_is_described_in_the_docs(samples):
    text = (Path(__file__).resolve().parents[3] / "docs" / "samples.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert {f"sample-{key}": name.strip() for key, name in rows.items()} == {
        sample.portfolio_id: sample.name for sample in samples
    }
