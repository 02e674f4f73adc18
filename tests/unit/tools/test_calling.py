"""Tools: strict schemas, checked arguments, budgets, bounded results, and facts that an answer may state."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.analyses.tools.calling import Allowance, answered
from core.analyses.tools.registry import ALL, TOOLS, specs
from core.analyses.tools.tool import Arguments, strict_schema
from core.domain.fx import Rates
from core.domain.market import EconomicSeries, Filing, ReportedFact, SourceTerms
from core.domain.portfolio import DailyCloses, Portfolio
from core.domain.tools import ToolCall, ToolUse
from core.domain.units import Badge, Unit
from core.errors import BadInput, ProviderError, Refused, StorageTrouble
from core.metrics.prices import PriceHistory
from core.metrics.tools import risk_calculator
from tests.unit.metrics.making import FRIDAY, FixedRates, cash, holding, portfolio, series, wobble

PRICES = PriceHistory.from_series([series("A", wobble(400, 1)), series("B", wobble(400, 2))])
OWN = portfolio(holding("A", 60), holding("B", 30), cash(10))
NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPEN = SourceTerms("fred", "Series Inc.", "Series Inc.", may_store=True, may_prompt=True, terms="Free.", url="")
CLOSED = replace(OPEN, may_prompt=False, terms="Its terms forbid generative AI.")


def economic(*, may_prompt: bool = True) -> EconomicSeries:
    days = tuple(date(2020 + month // 12, month % 12 + 1, 1) for month in range(82))
    values = tuple(4.0 + month / 100 for month in range(82))
    return EconomicSeries(
        "UNRATE", "Unemployment rate", "percent", "monthly", "BLS", "public domain", "", "file", Badge.REAL, may_prompt,
        days, values,
    )  # fmt: skip


@dataclass
class Around:
    """What tools look at, without any network."""

    portfolio: Portfolio = OWN
    rates: Rates = field(default_factory=FixedRates)
    prices: PriceHistory = field(default_factory=lambda: PRICES)
    known: dict[str, SourceTerms] = field(default_factory=dict)
    shelf: dict[str, EconomicSeries] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failure: Exception | None = None

    def terms(self, source_id: str) -> SourceTerms:
        if source_id not in self.known:
            raise Refused(f"{source_id} is off. Set its key.")
        return self.known[source_id]

    def closes(self, source_id: str, symbol: str, first: date, last: date) -> DailyCloses:
        self.asked.append(symbol)
        days = [FRIDAY - timedelta(days=n) for n in range(400, -1, -1)]
        closes = [(day, Decimal(100 + n % 7)) for n, day in enumerate(days) if first <= day <= last]
        return DailyCloses(symbol, "USD", tuple(closes))

    def stored_series(self, series_id: str) -> EconomicSeries | None:
        if self.failure is not None:
            raise self.failure
        return self.shelf.get(series_id)

    def series(self, source_id: str, series_id: str, first: date, last: date) -> EconomicSeries:
        self.asked.append(series_id)
        return economic()

    def filings(self, company: str) -> list[Filing]:
        later = date(2026, 11, 20)
        return [
            Filing("1", "Acme | Inc. <b>", "a-2", "8-K", later, None, "After the day asked about", "https://sec/2"),
            Filing(
                "1", "Acme | Inc. <b>", "a-1", "10-K", date(2026, 2, 1), date(2025, 12, 31), "Annual", "https://sec/1"
            ),
        ]

    def reported(self, company: str) -> list[ReportedFact]:
        end, filed = date(2025, 12, 31), date(2026, 2, 1)
        return [ReportedFact("us-gaap:Revenues", "USD", 1_234_000_000.0, date(2025, 1, 1), end, filed, "10-K")]


def call(
    name: str, arguments: Any, around: Around | None = None, *, made: int = 0, by_job: int = 0, offered: Any = ALL
) -> ToolUse:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    allowance = Allowance(offered, {name: made}, {name: by_job})
    return answered(ToolCall("call_1", name, text), around or Around(), allowance, number=2, round=1, at=NOW)


@pytest.mark.parametrize("name", TOOLS)
def test_schemas_are_strict(name: str) -> None:
    def check(schema: dict[str, Any]) -> None:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if "object" in kinds:
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
            for inner in schema["properties"].values():
                check(inner)
        if "array" in kinds:
            check(schema["items"])
        assert not schema.keys() & {"default", "minimum", "maxLength", "$ref", "title"}

    spec = TOOLS[name].spec()
    assert spec["strict"] is True
    check(spec["parameters"])


def test_a_default_has_no_place_in_a_strict_schema() -> None:
    class Loose(Arguments):
        depth: int = 3

    with pytest.raises(TypeError, match="default"):
        strict_schema(Loose)


def test_equal_wishes_give_equal_requests_whatever_their_order() -> None:
    assert specs(["web_search", "sec_filings", "risk_calculator"]) == specs(
        ["risk_calculator", "web_search", "sec_filings"]
    )
    with pytest.raises(BadInput, match="no tool 'rm_rf'"):
        specs(["rm_rf"])


def test_risk_of_other_weights_is_what_the_metrics_say_under_ids_of_the_call() -> None:
    use = call("risk_calculator", {"weights": [{"holding_id": "A", "weight_pct": 20}]})
    true = risk_calculator(OWN, FixedRates(), PRICES, {"A": 20.0}).by_id()["volatility"]
    stated = {fact.metric_id: fact for fact in use.facts}["tool.2.volatility"]
    assert (stated.value, stated.unit, stated.period) == (true.value, Unit.PCT, true.period)
    told = {row["metric_id"]: row for row in json.loads(use.result)["metrics"]}["tool.2.volatility"]
    assert told["value"] == float(true.shown)
    assert use.error == ""


def test_pairs_are_told_with_whom_they_are_of() -> None:
    use = call("correlation_analyzer", {"holding_ids": [], "pairs": 3})
    told = json.loads(use.result)
    assert told["pairs"] == {"tool.2.pair_1": ["A", "B"]}
    assert {fact.metric_id for fact in use.facts} == {"tool.2.average", "tool.2.pair_1"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("not json", "Invalid JSON"),
        ({"weights": [{"holding_id": "A"}]}, "weights.0.weight_pct"),
        ({"weights": [], "and": 1}, "and"),
        ({"weights": [{"holding_id": "NVDA", "weight_pct": 5}]}, "no holding of the portfolio"),
        ({"weights": [{"holding_id": "A", "weight_pct": 5}, {"holding_id": "A", "weight_pct": 6}]}, "twice"),
        ("x" * 30_000, "30,000 characters"),
    ],
)
def test_arguments_that_cannot_be_used_are_answered_with_a_sentence(arguments: Any, words: str) -> None:
    use = call("risk_calculator", arguments)
    assert words in use.error
    assert json.loads(use.result) == {"error": use.error}
    assert use.facts == ()


def test_what_was_not_offered_cannot_be_called() -> None:
    assert "no tool 'sec_filings'" in call("sec_filings", {}, offered={"risk_calculator"}).error
    assert "no tool 'shell'" in call("shell", {}).error


def test_budgets_of_a_request_and_of_a_job_are_kept() -> None:
    assert "called 6 times" in call("risk_calculator", {"weights": []}, made=6).error
    around = Around(known={"fmp": OPEN})
    use = call("fmp_stock_data", {"symbol": "AAPL", "period": "1y"}, around, by_job=250)
    assert "by all answers of this job" in use.error
    assert around.asked == []


def test_figures_of_a_listed_security_are_told_and_its_closes_are_not() -> None:
    use = call("fmp_stock_data", {"symbol": "AAPL", "period": "1y"}, Around(known={"fmp": CLOSED}))
    assert {fact.metric_id for fact in use.facts} == {
        "tool.2.price_return",
        "tool.2.volatility",
        "tool.2.max_drawdown",
    }
    assert '"close"' not in use.result
    assert use.source == "Series Inc."


def test_a_source_that_is_off_says_how_to_switch_it_on() -> None:
    assert "is off" in call("fmp_stock_data", {"symbol": "AAPL", "period": "1y"}).error


def test_a_series_whose_terms_keep_it_out_of_prompts_is_refused_unasked() -> None:
    around = Around(known={"fred": CLOSED})
    use = call("fred_economic_data", {"series_id": "UNRATE"}, around)
    assert "forbid generative AI" in use.error
    assert around.asked == []
    around = Around(shelf={"UNRATE": economic(may_prompt=False)})
    assert "keep it out of prompts" in call("fred_economic_data", {"series_id": "UNRATE"}, around).error


def test_a_series_that_somebody_imported_is_used_without_asking_anybody() -> None:
    around = Around(shelf={"UNRATE": economic()})
    use = call("fred_economic_data", {"series_id": "UNRATE"}, around)
    assert {fact.metric_id: fact.value for fact in use.facts}["tool.2.latest"] == pytest.approx(4.81)
    assert around.asked == []
    asked = Around(known={"fred": OPEN})
    assert call("fred_economic_data", {"series_id": "UNRATE"}, asked).error == ""
    assert asked.asked == ["UNRATE"]


def test_filings_are_those_of_the_day_asked_about_and_their_text_is_a_cell() -> None:
    arguments = {"company": "ACME", "forms": [], "limit": 5, "concepts": ["us-gaap:Revenues", "us-gaap:Nothing"]}
    use = call("sec_filings", arguments, Around(known={"sec": OPEN}))
    told = json.loads(use.result)
    assert [one["form"] for one in told["filings"]] == ["10-K"]
    assert told["company"] == "Acme ¦ Inc. ‹b›"
    assert told["not_reported"] == ["us-gaap:Nothing"]
    (fact,) = use.facts
    assert (fact.metric_id, fact.shown, fact.currency) == ("tool.2.reported_1", "1234000000", "USD")


def test_a_source_that_fails_is_told_to_the_model_and_our_own_trouble_is_not() -> None:
    failing = Around(failure=ProviderError("The source did not answer."))
    assert call("fred_economic_data", {"series_id": "UNRATE"}, failing).error == "The source did not answer."
    with pytest.raises(StorageTrouble):
        call("fred_economic_data", {"series_id": "UNRATE"}, Around(failure=StorageTrouble("The disk is full.")))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("fmp_stock_data", {"symbol": "AAPL&apikey=x", "period": "1y"}),
        ("fmp_stock_data", {"symbol": "Our client holds 40 % VOO", "period": "1y"}),
        ("fred_economic_data", {"series_id": "../../secrets"}),
        ("sec_filings", {"company": "http://evil.example/?q=1", "forms": [], "limit": 1, "concepts": []}),
    ],
)
def test_h5_nothing_but_a_name_goes_out_to_a_source(name: str, arguments: dict[str, Any]) -> None:
    around = Around(known={"fmp": OPEN, "fred": OPEN, "sec": OPEN})
    assert "letters, digits" in call(name, arguments, around).error
    assert around.asked == []
