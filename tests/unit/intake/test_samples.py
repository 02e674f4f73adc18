"""The sample portfolios keep their promises."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal

import pytest

from core.domain.portfolio import AssetClass
from core.intake.codes import isin_fault
from core.intake.samples import FOLDER, sample_portfolios


@pytest.fixture(scope="module")
def samples():
    return sample_portfolios()


def test_there_are_many_from_many_regions_all_marked(samples):
    assert len(samples) >= 14
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
    for holding in (holding for sample in samples for holding in sample.holdings):
        assert holding.quantity is None
        assert holding.price is None
        assert holding.market_value > 0


def test_single_stocks_have_sector_and_country(samples):
    for holding in (holding for sample in samples for holding in sample.holdings):
        if holding.asset_class is AssetClass.EQUITY:
            assert holding.sector, holding
            assert holding.country, holding


def test_one_symbol_means_one_thing_everywhere(samples):
    seen = {}
    for holding in (holding for sample in samples for holding in sample.holdings):
        if holding.symbol == "INFRASTRUCTURE":
            continue
        facts = (holding.isin, holding.name, holding.asset_class, holding.currency, holding.sector, holding.country)
        assert seen.setdefault(holding.symbol, facts) == facts


def test_planted_conditions_are_there(samples):
    weights = {}
    for sample in samples:
        if len({holding.currency for holding in sample.holdings}) == 1:
            total = sum(holding.market_value for holding in sample.holdings)
            weights[sample.portfolio_id] = {h.symbol: h.market_value / total * 100 for h in sample.holdings}
    assert weights["sample-us-employer-stock"]["AAPL"] == 46
    over = {s: w for s, w in weights["sample-eu-ucits-over-limit"].items() if w > 5 and not s.startswith("CASH")}
    assert (max(over.values()), sum(over.values())) == (Decimal("11.4"), Decimal("47.0"))
    assert weights["sample-hk-equity-fund"]["0700.HK"] == Decimal("10.4")


def test_they_can_stand_for_another_day(samples):
    assert {sample.as_of for sample in samples} == {date(2026, 10, 30)}
    assert {sample.as_of for sample in sample_portfolios(date(2026, 9, 30))} == {date(2026, 9, 30)}


def test_every_isin_is_one_that_was_checked(samples, shared_data):
    with (shared_data / "demo" / "instruments_candidates.csv").open(encoding="utf-8") as file:
        checked = {row["symbol"]: row["isin"] for row in csv.DictReader(file) if row["isin_check_ok"] == "True"}
    for holding in (holding for sample in samples for holding in sample.holdings):
        if holding.isin:
            assert isin_fault(holding.isin) is None
            assert checked[holding.symbol] == holding.isin
