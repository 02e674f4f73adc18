"""What was served decides the price: its tier, its model, the region, the day by our own clock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from core.domain.analysis import Usage
from core.domain.batch import Counted, ResultLine
from core.domain.provider import AnsweredBy
from core.llm.answers import read_line
from core.llm.models import all_models, released
from core.llm.pricing import cost, price
from core.llm.surcharges import not_in_the_price, region_uplift
from core.llm.tariff import Tariff

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
USED = Usage(5_070, 0, 1_500, 0)


def sync(model: str = "gpt-5.4-mini", region: str = "") -> Tariff:
    return Tariff(model, batch=False, at=AT, region=region)


def batch(model: str = "gpt-5.4-mini", region: str = "") -> Tariff:
    return Tariff(model, batch=True, at=AT, region=region)


def answer(usage: Usage = USED, **body: object) -> ResultLine:
    said = {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens}
    choices = [{"message": {"content": "paid"}, "finish_reason": "stop"}]
    whole = {"choices": choices, "usage": said, **body}
    return read_line(orjson.dumps({"custom_id": "a", "response": {"status_code": 200, "body": whole}, "error": None}))


@pytest.mark.parametrize(
    ("tier", "rates"),
    [
        (None, ("0.75", "4.5")),
        ("default", ("0.75", "4.5")),
        ("auto", ("0.75", "4.5")),
        ("priority", ("1.5", "9")),
        ("Priority", ("1.5", "9")),
        ("fast", ("1.5", "9")),
        ("flex", ("0.375", "2.25")),
        ("batch", ("0.375", "2.25")),
    ],
)
def test_the_tier_that_served_an_answer_decides_its_price(tier: str | None, rates: tuple[str, str]) -> None:
    given, written = map(Decimal, rates)
    expected = (USED.input_tokens * given + USED.output_tokens * written) / 1_000_000
    assert sync().cost(answer(service_tier=tier)) == expected


@pytest.mark.parametrize("tier", ["scale", "ultrafast", "on_demand", "provisioned"])
def test_a_tier_without_a_known_price_leaves_the_cost_unknown_and_is_named(tier: str) -> None:
    line = answer(service_tier=tier)
    assert sync().cost(line) is None
    assert batch().cost(line) is None
    assert sync().unusual(line.answered) == f"tier {tier}"


def test_a_line_of_a_batch_costs_the_batch_price_unless_another_tier_served_it() -> None:
    plain, dear = answer(service_tier="default"), answer(service_tier="priority")
    assert batch().cost(plain) == batch().cost(answer()) == (batch().cost_of(Counted(USED)))
    assert batch().cost(dear) == sync().cost(dear)
    assert batch().unusual(plain.answered) == ""
    assert batch().unusual(AnsweredBy(tier="batch")) == ""


@pytest.mark.parametrize(
    ("served", "priced_as"),
    [
        ("", "gpt-5.4-mini"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("openai/gpt-5.4-mini", "gpt-5.4-mini"),
        ("GPT-5.4-mini", "gpt-5.4-mini"),
        ("gpt-5.4", "gpt-5.4"),
        ("azure/gpt-5.4-2026-03-05", "gpt-5.4"),
    ],
)
def test_the_model_that_answered_is_priced(served: str, priced_as: str) -> None:
    line = answer(model=served)
    assert sync().cost(line) == sync(priced_as).cost(answer())
    assert bool(sync().unusual(line.answered)) == (priced_as != "gpt-5.4-mini")


def test_another_model_without_a_price_leaves_the_cost_unknown() -> None:
    line = answer(model="house-model-7b")
    assert sync().cost(line) is None
    assert sync().unusual(line.answered) == "model house-model-7b"


def test_a_snapshot_that_the_table_does_not_know_has_the_price_of_its_model() -> None:
    assert sync().cost(answer(model="gpt-5.4-mini-2027-01-31")) == sync().cost(answer())


def test_a_gateways_own_model_has_no_price_because_the_models_maker_has_one() -> None:
    assert sync("acme/gpt-5.4-mini").cost(answer(model="acme/gpt-5.4-mini")) is None


def test_a_tier_that_is_not_offered_for_long_inputs_has_no_price_for_them() -> None:
    line = answer(Usage(300_000, 0, 100, 0), service_tier="priority", model="gpt-5.4")
    assert sync("gpt-5.4").cost(line) is None
    assert sync("gpt-5.4").cost(answer(Usage(272_000, 0, 100, 0), service_tier="priority")) is not None


def test_data_residency_adds_ten_percent_for_models_of_march_2026_and_later() -> None:
    plain = (5070 * Decimal("0.375") + 1500 * Decimal("2.25")) / 1_000_000
    assert batch().cost(answer()) == plain
    assert batch(region="eu").cost(answer()) == plain * Decimal("1.1")


@pytest.mark.parametrize("model", [model.model_id for model in all_models()])
def test_each_model_has_a_day_of_release_and_the_uplift_follows_from_it(model: str) -> None:
    day = released(model)
    assert day is not None
    new = day >= datetime(2026, 3, 5, tzinfo=UTC).date()
    for way in (True, False):
        plain, raised = (price(model, batch=way, at=AT, region=region) for region in ("", "jp"))
        if plain is None or raised is None:
            assert plain is raised
            continue
        factor = Decimal("1.1") if new else Decimal(1)
        assert (raised.input, raised.output) == (plain.input * factor, plain.output * factor)
        assert cost(raised, Usage(300_000, 100_000, 9, 0)) == cost(plain, Usage(300_000, 100_000, 9, 0)) * factor


@pytest.mark.parametrize(
    ("model", "raised"),
    [
        ("gpt-5.2", False), ("gpt-5-mini", False), ("gpt-4o", False), ("gpt-4.1", False), ("gpt-4o-2024-11-20", False),
        ("gpt-5.4", True), ("gpt-5.4-2026-03-05", True), ("gpt-5.4-nano", True), ("gpt-6.1-terra", True),
        ("no-such-model", True), ("gpt-5.2-2026-06-01", True),
    ],
)  # fmt: skip
def test_older_models_get_no_uplift_and_one_of_unknown_age_does(model: str, raised: bool) -> None:
    assert bool(region_uplift(model, "eu")) is raised
    assert not region_uplift(model, "")


def test_what_cannot_be_priced_is_named() -> None:
    def said(model: str = "gpt-5.4-mini", region: str = "", address: str = "https://api.openai.com/v1") -> str:
        return " ".join(not_in_the_price(model, region=region, address=address))

    assert (
        said()
        == said(region="eu", address="https://eu.api.openai.com/v1")
        == said(address="http://127.0.0.1:1/v1")
        == ""
    )
    assert "10% that data residency in EU adds" in said("no-such-model", "eu")
    assert "Azure charges by kind of deployment" in said(address="https://acme.openai.azure.com/openai/v1")
    assert "what gateway.acme.example charges" in said(address="https://gateway.acme.example/v1")
    assert "what api.openai.com.evil.example charges" in said(address="https://api.openai.com.evil.example/v1")


def test_a_search_costs_its_fee_and_the_block_of_tokens_that_some_models_are_charged() -> None:
    assert sync().search_cost() == Decimal("0.01")
    assert sync("gpt-4.1-mini").search_cost() == Decimal("0.01") + 8_000 * Decimal("0.4") / 1_000_000
    assert sync("no-such-model").search_cost() is None
