"""Settings: checked, documented, and silent about secrets."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from core.errors import BadSetting
from core.settings import SETTINGS, checked_base_url, load, unknown_names

ROOT = Path(__file__).resolve().parents[2]


def test_without_any_setting_everything_has_a_default(tmp_path: Path) -> None:
    settings = load({"MOSYCHLOS_HOME": str(tmp_path)})
    assert settings.base_url == "https://api.openai.com/v1"
    assert settings.database_url == f"sqlite:///{tmp_path / 'mosychlos.db'}"
    assert (settings.poll_seconds, settings.http_timeout_seconds, settings.quarantine_seconds) == (30, 60, 600)
    assert settings.budget_month_usd is None
    assert settings.simulated is False


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mosychlos.toml"
    file.write_text('MOSYCHLOS_POLL_SECONDS = 5\nMOSYCHLOS_BUDGET_MONTH_USD = "12.50"\n', "utf-8")
    settings = load({"MOSYCHLOS_POLL_SECONDS": "0.25"}, file)
    assert settings.poll_seconds == 0.25
    assert settings.budget_month_usd == Decimal("12.50")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MOSYCHLOS_POLL_SECONDS", "0"),
        ("MOSYCHLOS_POLL_SECONDS", "soon"),
        ("MOSYCHLOS_BUDGET_JOB_USD", "-1"),
        ("MOSYCHLOS_BUDGET_JOB_USD", "nan"),
        ("MOSYCHLOS_BUDGET_THRESHOLDS", "0"),
        ("MOSYCHLOS_WORKER_THREADS", "0"),
        ("MOSYCHLOS_ALLOW_PLAIN_HTTP", "perhaps"),
        ("OPENAI_BASE_URL", "ftp://host/v1"),
        ("OPENAI_BASE_URL", "http://example.com/v1"),
        ("OPENAI_BASE_URL", "https://user:word@example.com/v1"),
        ("MOSYCHLOS_DESK", "Rates\u202e"),
        ("MOSYCHLOS_DESK", "Rates\x1b[31m"),
    ],
)
def test_an_impossible_value_is_named_with_its_setting(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        load({name: value})


def test_plain_http_is_for_this_machine_unless_said_otherwise() -> None:
    assert checked_base_url("http://127.0.0.1:8090/v1/") == "http://127.0.0.1:8090/v1"
    assert checked_base_url("http://llm.internal/v1", allow_plain_http=True) == "http://llm.internal/v1"


def test_answers_of_a_provider_on_this_machine_are_marked_unless_said_otherwise() -> None:
    assert load({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}).simulated
    assert not load({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "MOSYCHLOS_SIMULATED": "no"}).simulated
    assert load({"MOSYCHLOS_SIMULATED": "yes"}).simulated


def test_a_broken_file_is_said_to_be_broken(tmp_path: Path) -> None:
    file = tmp_path / "mosychlos.toml"
    file.write_text("MOSYCHLOS_POLL_SECONDS = = 5", "utf-8")
    with pytest.raises(BadSetting, match=r"mosychlos\.toml"):
        load({}, file)


def test_a_misspelt_setting_is_found() -> None:
    assert unknown_names({"MOSYCHLOS_POL_SECONDS": "1", "PATH": "/bin"}, {}) == ["MOSYCHLOS_POL_SECONDS"]


def test_settings_never_print_the_key() -> None:
    settings = load({"OPENAI_API_KEY": "sk-CANARY"})
    assert "CANARY" not in repr(settings)
    assert "CANARY" not in str(settings)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_stands_in_the_readme_with_its_default(setting) -> None:  # type: ignore[no-untyped-def]  # pytest
    row = next(
        (
            line
            for line in (ROOT / "README.md").read_text("utf-8").splitlines()
            if line.startswith(f"| `{setting.name}`")
        ),
        None,
    )
    assert row is not None, f"{setting.name} is not documented"
    if setting.default is not None:
        assert f"`{setting.default}`" in row


@pytest.mark.parametrize(
    ("given", "region"),
    [
        ({}, ""),
        ({"OPENAI_BASE_URL": "https://eu.api.openai.com/v1"}, "eu"),
        ({"OPENAI_BASE_URL": "https://eu.api.openai.com.evil.example/v1"}, ""),
        ({"OPENAI_BASE_URL": "https://gateway.example/v1", "MOSYCHLOS_DATA_REGION": "EU"}, "eu"),
    ],
)
def test_where_data_stay_follows_from_the_setting_or_the_address(given: dict[str, str], region: str) -> None:
    assert load(given).data_region == region


def test_a_region_is_two_letters() -> None:
    with pytest.raises(BadSetting, match="MOSYCHLOS_DATA_REGION is 'Europe'"):
        load({"MOSYCHLOS_DATA_REGION": "Europe"})
