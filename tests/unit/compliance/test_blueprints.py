"""The 39 samples: each planted condition is found, and nothing else is reported as a breach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from core.compliance.check import Checked, check
from core.compliance.policy import sample_policy
from core.domain.compliance import RuleResult, RuleStatus
from core.drafts.rule_inputs import book_of
from core.intake.register.describing import Describer
from core.intake.register.instruments import Register
from core.intake.samples import sample_portfolios
from core.metrics.fx import EcbRates

BREACH, NEAR, OPEN = RuleStatus.BREACH, RuleStatus.NEAR, RuleStatus.NOT_ASSESSABLE


@dataclass(frozen=True)
class Planted:
    """A condition that a sample was built with.

    Attributes:
        status: BREACH where a limit with a number is broken; NEAR where it is meant to hold; OPEN where the rule has no
            number or documents may allow it, and the result names the lines.
    """

    sample: str
    rule_id: str
    status: RuleStatus
    measured: float | None
    lines: tuple[str, ...]
    reading: str = ""


PLANTED = (
    Planted("us-employer-stock", "US.FINRA.2111", OPEN, 46.0, ("AAPL",)),
    Planted(
        "us-large-cap-active",
        "US.1940.5b1",
        RuleStatus.NOT_APPLICABLE,
        95.8,
        ("AAPL", "MSFT", "JPM", "UNH", "XOM"),
        "cap",
    ),
    Planted("us-large-cap-active", "US.1940.5b1", BREACH, 70.8, ("AAPL", "MSFT", "JPM", "UNH", "XOM"), "exclude"),
    Planted("us-technology", "US.IRC.851b3A", RuleStatus.NOT_APPLICABLE, 54.0, ("MSFT", "AAPL", "AMD"), "cap"),
    Planted("us-technology", "US.IRC.851b3A", BREACH, 39.0, ("MSFT", "AAPL", "AMD"), "exclude"),
    Planted("us-technology", "US.IRC.851b3B", NEAR, 24.0, ("MSFT",)),
    Planted("us-single-state-muni", "US.35d-1", OPEN, 97.8, ("KY_MUNI_02",)),
    Planted("us-core-plus-bond", "US.18f-4.limited", OPEN, 44.0, ("IRS_USD_10Y",)),
    Planted("us-endowment", "CLIENT.IPS.range.illiquid.max", NEAR, 14.0, ("PRIVATE_EQUITY_FUND",)),
    Planted("eu-ucits-balanced", "EU.UCITS.50-types", OPEN, None, ("4GLD.DE",)),
    Planted("eu-ucits-at-limit", "EU.UCITS.52.2-sum40", NEAR, 39.7, ("ASML.AS", "MC.PA", "SAP.DE", "SIE.DE", "TTE.PA")),
    Planted("eu-ucits-over-limit", "EU.UCITS.52.1-2", BREACH, 11.4, ("ASML.AS",)),
    Planted(
        "eu-ucits-over-limit", "EU.UCITS.52.2-sum40", BREACH, 47.0, ("ASML.AS", "MC.PA", "SAP.DE", "SIE.DE", "TTE.PA")
    ),
    Planted("eu-ucits-index", "EU.UCITS.53.1", OPEN, 21.0, ("ASML.AS",)),
    Planted("eu-ucits-sovereign", "EU.UCITS.54-issues", BREACH, 5, ("BUND_A", "BUND_B", "OAT_A", "BTP_A", "SPGB_A")),
    Planted("eu-ucits-sovereign", "EU.UCITS.54-issue30", BREACH, 31.0, ("BUND_A",)),
    Planted("it-btp-household", "EU.MIFID.25.2", OPEN, 65.0, ("BTP_A", "BTP_B")),
    Planted("uk-equity-income", "UK.COLL.5.2.11-sum40", NEAR, 37.1, ("AZN.L", "ULVR.L", "HSBA.L", "BP.L", "GSK.L")),
    Planted("ch-pillar-3a-99", "CH.BVV2.55b", BREACH, 99.0, ("WORLD_UNHEDGED", "CHSPI.SW", "EM_FUND")),
    Planted("ch-pillar-3a-99", "CH.BVV2.55e", BREACH, 61.0, ("WORLD_UNHEDGED", "EM_FUND")),
    Planted("ch-mandate", "CH.FINMA.2025-2-security", BREACH, 18.0, ("UBS_AMC", "NESN.SW")),
    Planted(
        "ch-securities-fund", "CH.CISO.78-sum40", BREACH, 41.0, ("NESN.SW", "ROG.SW", "NOVN.SW", "ZURN.SW", "UBSG.SW")
    ),
    Planted("jp-equity-concentrated", "JP.JITA.17-2-equity", BREACH, 11.5, ("7203.T",)),
    Planted("hk-equity-fund", "HK.UT.7.1", BREACH, 10.4, ("0700.HK",)),
    Planted("au-smsf-in-house", "AU.SIS.83", BREACH, 6.5, ("RELATED_PARTY_LOAN",)),
    Planted("ca-equity-fund", "CA.81102.2.1", BREACH, 10.6, ("SHOP.TO",)),
)
"""Prices in pence, the one other condition, is a trap of reading files; no rule is about it."""


@cache
def checked() -> dict[str, Checked]:
    """Every sample as it is checked in an installation without stored policies."""
    describer, rates = Describer(Register()), EcbRates()
    found: dict[str, Checked] = {}
    for portfolio in sample_portfolios():
        policy = sample_policy(portfolio.portfolio_id)
        book = book_of(describer.describe(portfolio).portfolio, rates)
        done = check(book, portfolio.regimes, policies=[policy] if policy else ())
        found[portfolio.portfolio_id.removeprefix("sample-")] = done
    return found


def found_as(planted: Planted) -> RuleResult:
    (result,) = (
        one
        for one in checked()[planted.sample].results
        if (one.rule_id, one.reading) == (planted.rule_id, planted.reading)
    )
    return result


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: f"{one.sample} {one.rule_id} {one.reading}")
def test_each_planted_condition_is_found(planted: Planted) -> None:
    result = found_as(planted)
    assert result.status is planted.status, result.explanation
    if planted.measured is None:
        assert result.measured is None
    else:
        assert result.measured == pytest.approx(planted.measured, abs=1e-6)
    assert result.holding_ids[: len(planted.lines)] == planted.lines


def test_nothing_else_is_reported_as_a_breach() -> None:
    """The confusion matrix of planted breaches against reported ones, over every result of every sample."""
    all_results = {
        (sample, result.rule_id, result.reading): result.status
        for sample, done in checked().items()
        for result in done.results
    }
    planted = {(one.sample, one.rule_id, one.reading) for one in PLANTED if one.status is BREACH}
    reported = {key for key, status in all_results.items() if status is BREACH}
    matrix = {
        "planted and reported": len(planted & reported),
        "planted, not reported": sorted(planted - reported),
        "reported, not planted": sorted(reported - planted),
        "neither": len(all_results.keys() - planted - reported),
    }
    assert matrix == {
        "planted and reported": len(planted),
        "planted, not reported": [],
        "reported, not planted": [],
        "neither": len(all_results) - len(planted),
    }
    assert len(planted) == 14
    assert len(checked()) == 39


def test_the_sum_is_exactly_one_point_above_its_limit() -> None:
    (planted,) = (one for one in PLANTED if one.rule_id == "CH.CISO.78-sum40")
    assert found_as(planted).headroom == -1.0


def test_samples_without_rule_sets_are_told_so() -> None:
    silent = {sample for sample, done in checked().items() if not done.results}
    assert silent == {"us-60-40", "us-multi-factor", "us-wealth-13f", "jp-nisa-growth"}


def test_fund_units_are_exempt_from_the_canadian_issuer_limit() -> None:
    (found,) = (one for one in checked()["ca-balanced"].results if one.rule_id == "CA.81102.2.1")
    assert found.status is RuleStatus.NOT_APPLICABLE


def test_every_result_explains_itself() -> None:
    for done in checked().values():
        for result in done.results:
            assert result.explanation
            assert (result.status is OPEN) is bool(result.missing)
            assert result.breach_type is None or result.status is BREACH
