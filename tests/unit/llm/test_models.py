"""The registry: every published model, its class, its end, and what is assumed of a stranger."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from core.errors import ModelRefused
from core.llm.models import EFFORTS, all_models, find, usable, warnings

TODAY = date(2026, 11, 24)
SEEDS = ("gpt-4-turbo", "gpt-5", "gpt-5-mini", "o1-preview", "o1-mini", "gpt-6.2-sol", "gpt-6.2-astra")
GONE = {"gpt-4-turbo", "gpt-4.1-nano", "o1-preview", "o1-mini", "o1", "o3-mini", "o4-mini"}


def _published(shared_facts: Path) -> dict[str, dict[str, object]]:
    models: dict[str, dict[str, object]] = json.loads((shared_facts / "openai-models.json").read_text("utf-8"))[
        "models"
    ]
    return models


def test_every_published_model_and_every_seed_is_registered(shared_facts: Path) -> None:
    for model_id in (*_published(shared_facts), *SEEDS):
        assert find(model_id).known, model_id


def test_capabilities_and_dates_agree_with_the_published_table(shared_facts: Path) -> None:
    sampling = {
        "always": "always",
        "never": "never",
        "default (effort none is default)": "default_none",
        "only with explicit effort none": "explicit_none",
    }
    for model_id, row in _published(shared_facts).items():
        model = find(model_id)
        assert (model.shutdown.isoformat() if model.shutdown else None) == row["shutdown_date"], model_id
        assert model.max_output == row["max_output"], model_id
        assert list(model.efforts) == (row["reasoning_effort"] or []), model_id
        assert model.default_effort == row["default_effort"], model_id
        assert model.sampling == sampling[str(row["temperature_top_p"])], model_id
        for ours, theirs in (
            (model.verbosity, "verbosity"),
            (model.json_schema, "json_schema"),
            (model.tools, "tools"),
            (model.max_tokens_ok, "chat_max_tokens_ok"),
        ):
            assert ours is row[theirs], (model_id, theirs)
        assert model.parallel_tool_calls is bool(row["parallel_tool_calls"]), model_id
        if row["context"] is not None:
            assert model.input_room == row["context"], model_id


def test_each_row_is_whole() -> None:
    ids = [model.model_id for model in all_models()]
    assert len(ids) == len(set(ids))
    for model in all_models():
        assert list(model.efforts) == [effort for effort in EFFORTS if effort in model.efforts]
        assert (model.default_effort in model.efforts) if model.efforts else model.default_effort is None
        assert model.encoding in {"o200k_base", "cl100k_base"}
        if model.shutdown:
            assert model.replacement, f"{model.model_id} ends without a replacement"
            assert find(model.replacement).known


@pytest.mark.parametrize("model_id", sorted(GONE))
def test_a_shut_down_model_is_refused_with_a_living_replacement(model_id: str) -> None:
    with pytest.raises(ModelRefused, match=r"was shut down on \d{4}-\d{2}-\d{2}\. Use 'gpt-6") as caught:
        usable(find(model_id), TODAY)
    named = str(caught.value).partition("Use '")[2].partition("'")[0]
    assert usable(find(named), TODAY).known


def test_models_that_are_still_there_may_be_used() -> None:
    there = [model.model_id for model in all_models() if model.shutdown is None or model.shutdown > TODAY]
    assert {"gpt-5.4-mini", "gpt-5", "gpt-4o", "gpt-6-luna"} <= set(there)
    for model_id in there:
        assert usable(find(model_id), TODAY).model_id == model_id


def test_a_model_is_refused_from_its_shutdown_day_on_and_not_before() -> None:
    gpt5 = find("gpt-5")
    assert usable(gpt5, date(2026, 12, 10)) is gpt5
    with pytest.raises(ModelRefused, match=r"gpt-6\.1-sol"):
        usable(gpt5, date(2026, 12, 11))
    with pytest.raises(ModelRefused, match=r"gpt-6\.1-terra"):
        usable(find("gpt-5-mini"), date(2026, 12, 11))


def test_a_shutdown_within_thirty_days_is_told() -> None:
    (sentence,) = warnings(find("gpt-5-mini"), TODAY)
    assert "will be shut down on 2026-12-11, in 17 days" in sentence
    assert "'gpt-6.1-terra'" in sentence
    assert warnings(find("gpt-5-mini"), date(2026, 11, 10)) == ()
    assert "in 1 day." in warnings(find("gpt-5-mini"), date(2026, 12, 10))[0]
    assert warnings(find("gpt-5.4-mini"), TODAY) == ()


def test_only_an_announced_replacement_is_called_the_providers() -> None:
    with pytest.raises(ModelRefused, match="the provider names"):
        usable(find("gpt-4.1-nano"), TODAY)
    with pytest.raises(ModelRefused) as caught:
        usable(find("o1-preview"), TODAY)
    assert "provider names" not in str(caught.value)


def test_a_dated_snapshot_has_its_familys_capabilities_and_its_own_name() -> None:
    snapshot = find("gpt-4o-2024-08-06")
    assert snapshot.known
    assert snapshot.model_id == "gpt-4o-2024-08-06"
    assert snapshot.max_output == find("gpt-4o").max_output
    assert find("gpt-5.4-mini-2026-03-17").context_window == find("gpt-5.4-mini").context_window
    assert find("gpt-4-turbo-2024-04-09").shutdown == find("gpt-4-turbo").shutdown


def test_a_snapshot_with_a_row_of_its_own_wins_over_its_family() -> None:
    assert not find("gpt-4o-2024-05-13").json_schema
    assert find("gpt-4o").json_schema


def test_a_fine_tuned_model_has_the_capabilities_of_its_base() -> None:
    tuned = find("ft:gpt-4o-mini-2024-07-18:acme::x1")
    assert tuned.known
    assert tuned.sampling == "always"
    assert tuned.model_id == "ft:gpt-4o-mini-2024-07-18:acme::x1"


@pytest.mark.parametrize("model_id", ["gpt-5-pro", "gpt-4o-audio-preview", "gpt-7", "llama-4", "", "gpt-5-20261101"])
def test_a_longer_name_is_not_a_snapshot_and_so_unknown(model_id: str) -> None:
    model = find(model_id)
    assert not model.known
    assert model.sampling == "never"
    assert model.efforts == ()
    assert not model.max_tokens_ok
    assert "not in the registry" in warnings(model, TODAY)[0]
    assert usable(model, TODAY) is model


def test_unpublished_limits_are_told() -> None:
    model = find("gpt-6.2-astra")
    assert model.known
    assert model.assumed
    assert "not published" in warnings(model, TODAY)[0]


@pytest.mark.parametrize(
    ("model_id", "effort", "expected"),
    [
        ("gpt-5.4-mini", None, "standard"),
        ("gpt-5.4-mini", "none", "standard"),
        ("gpt-5.4-mini", "low", "reasoning"),
        ("gpt-5.1", "high", "reasoning"),
        ("gpt-5", None, "reasoning"),
        ("gpt-5", "minimal", "reasoning"),
        ("gpt-6-sol", None, "reasoning"),
        ("gpt-6-sol", "none", "standard"),
        ("o3", None, "reasoning"),
        ("gpt-4o", "high", "standard"),
        ("o1-mini", None, "reasoning"),
    ],
)
def test_class_follows_from_the_model_and_the_effort(model_id: str, effort: str | None, expected: str) -> None:
    assert find(model_id).class_with(effort) == expected


def test_the_sdk_knows_no_current_chat_model_that_we_do_not() -> None:
    from typing import get_args

    from openai.types.shared.chat_model import ChatModel

    families = ("gpt-5.4", "gpt-5.5", "gpt-5.6", "gpt-6")
    unknown = [name for name in get_args(ChatModel) if name.startswith(families) and not find(name).known]
    assert unknown == []
