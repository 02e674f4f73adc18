"""Definitions, their groups, and the page that shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.facts import FactSheet
from core.metrics.definitions import (
    ALL_DEFINITIONS,
    DEFAULT_GROUPS,
    DEFINITIONS,
    MetricGroup,
    definition_of,
    definitions_of,
    family_of,
)
from core.metrics.factsheet import fact_sheets
from core.metrics.methodology import blocks, placed, rewritten
from core.metrics.metric_definitions import PERIODS
from core.metrics.prices import PriceHistory
from core.metrics.scenarios import scenarios
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, series, wobble

PAGE = Path(__file__).resolve().parents[3] / "docs" / "methodology.md"
PRICES = PriceHistory.from_series([series(symbol, wobble(400, seed)) for seed, symbol in enumerate(["A", "B", "IX"])])
ONE = portfolio(holding("A", 60), holding("B", 30), cash(10), benchmark={"IX": 1})


def sheet_of(*groups: MetricGroup, prices: PriceHistory | None = PRICES) -> FactSheet:
    return fact_sheets([ONE], FixedRates(), prices, groups=groups, members={"IX": holding("IX", 1)})[0]


def test_a_sheet_holds_holdings_and_history_unless_more_is_asked_for() -> None:
    (plain,) = fact_sheets([ONE], FixedRates(), PRICES)
    assert plain == sheet_of(*DEFAULT_GROUPS)
    assert set(DEFINITIONS) == set(definitions_of(DEFAULT_GROUPS))
    assert DEFAULT_GROUPS == (MetricGroup.HOLDINGS, MetricGroup.HISTORY)


def test_groups_share_no_metric_and_together_are_everything() -> None:
    keys = [key for group in MetricGroup for key in definitions_of([group])]
    assert len(keys) == len(set(keys)) == len(ALL_DEFINITIONS)


@pytest.mark.parametrize("prices", [PRICES, None])
@pytest.mark.parametrize("group", list(MetricGroup))
def test_every_metric_of_a_group_is_stated_or_absent_with_a_reason(
    group: MetricGroup, prices: PriceHistory | None
) -> None:
    sheet = sheet_of(group, prices=prices)
    stated = [fact.metric_id for fact in sheet.facts]
    absent = [one.metric_id for one in sheet.absent]
    assert not set(stated) & set(absent)
    assert len(stated) == len(set(stated))
    assert len(absent) == len(set(absent))
    assert all(one.reason for one in sheet.absent)
    for key in definitions_of([group]):
        if not key.endswith("."):
            assert key in {*stated, *absent}
        else:
            assert any(name.startswith(key) for name in (*stated, *absent))
    for fact in sheet.facts:
        known = definition_of(fact.metric_id)
        assert known is not None
        assert (family_of(fact.metric_id) or fact.metric_id) in definitions_of([group])
        assert fact.definition.startswith(known.text)
        assert (fact.unit, fact.decimals) == (known.unit, known.decimals)


def test_a_definition_is_found_by_the_longest_id_and_only_for_ids_that_can_be() -> None:
    total, segment = definition_of("attribution.allocation"), definition_of("attribution.allocation.equity")
    assert total is not None
    assert segment is not None
    assert total.text != segment.text
    assert definition_of("attribution.allocation.sector.energy") == segment
    assert definition_of("weight.BRK.B") == definition_of("weight.A")
    assert definition_of("twr.si") is not None
    for unknown in (
        "return.7y",
        "return.",
        "attribution.",
        "attribution.luck",
        "twr.1y",
        "liquidity.soon",
        "",
        ".",
        "x.y",
    ):
        assert definition_of(unknown) is None
    assert all(definition_of(f"return.{period}") is not None for period in PERIODS)


def test_the_methodology_page_is_written_from_the_definitions_that_the_code_uses() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert sorted(placed(page)) == sorted(blocks()), "each part has one place"
    assert rewritten(page) == page, "Run `make methodology`: docs/methodology.md is not what the code computes."


def test_the_methodology_page_has_no_table_row_of_a_metric_by_hand() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for part in blocks().values():
        page = page.replace(part, "")
    assert not [line for line in page.splitlines() if line.startswith("| `")]


def test_every_definition_scenario_and_change_has_its_row() -> None:
    parts = blocks()
    for group in MetricGroup:
        assert parts[group.value].count("\n") == 2 + len(definitions_of([group]))
    assert all(f"`stress.{one.scenario_id}`" in parts["scenarios"] for one in scenarios())
    assert "| `volatility` | pct |" in parts["history"]
    assert "`volatility` 3" in parts["versions"]


@pytest.mark.parametrize("name", ["RiskMetrics", "GIPS", "Global Investment Performance", "Meucci", "Karnosky"])
def test_no_method_is_named_that_is_not_the_one_computed(name: str) -> None:
    """RiskMetrics weighs days exponentially, Meucci counts principal portfolios, and GIPS is claimed by firms alone."""
    assert not [key for key, one in ALL_DEFINITIONS.items() if name in one.text + one.source]
