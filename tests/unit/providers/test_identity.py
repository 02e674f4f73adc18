"""Who is asked, as it is compared and shown; and which names of models mean the same one."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.app import build
from core.domain.provider import ProviderIdentity, meant_for, normalised, same_model, unknown_id
from core.errors import BadSetting
from core.settings import load


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://API.OpenAI.com/v1/", "https://api.openai.com/v1"),
        ("HTTPS://api.openai.com:443/v1", "https://api.openai.com/v1"),
        ("http://localhost:8090/v1", "http://127.0.0.1:8090/v1/"),
        ("https://gw.example", "https://gw.example/v1"),
        ("https://gw.example/v1?key=sk-CANARY", "https://gw.example/v1"),
        ("https://me:sk-CANARY@gw.example/v1#x", "https://gw.example/v1"),
    ],
)
def test_one_address_has_one_spelling_and_carries_no_secret(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert "CANARY" not in normalised(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://api.openai.com/v1", "https://eu.api.openai.com/v1"),
        ("https://gw.example/v1", "https://gw.example/team-b/v1"),
        ("https://gw.example/v1", "https://gw.example:8443/v1"),
        ("http://127.0.0.1:8090/v1", "http://127.0.0.1:8091/v1"),
        ("http://gw.example/v1", "https://gw.example/v1"),
    ],
)
def test_another_address_is_another_provider(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_a_fingerprint_is_the_same_in_every_release() -> None:
    assert ProviderIdentity("https://api.openai.com/v1", project="proj_1").fingerprint == "0b6e03c5e1bc2157f6452221"


def test_people_read_host_project_and_region() -> None:
    identity = ProviderIdentity("https://eu.api.openai.com/v1", "", "proj_1", "eu")
    assert identity.label == "eu.api.openai.com · project proj_1 · data in EU"
    assert ProviderIdentity("demo stand-in", simulated=True).label == "demo stand-in · simulated"
    assert "real" in meant_for(None, unknown_id(simulated=False))


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-5.4-mini", "gpt-5.4-mini"),
        ("gpt-5.4-mini", "gpt-5.4-mini-2026-03-17"),
        ("gpt-5.4-mini", "openai/GPT-5.4-mini"),
        ("gpt-4", "gpt-4-0613"),
        ("claude-x", "claude-x-20260317"),
        ("gpt-5.4-mini", ""),
    ],
)
def test_an_alias_and_its_dated_snapshot_are_the_model_that_was_asked(asked: str, answered: str) -> None:
    assert same_model(asked, answered)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-5.4", "gpt-5.4-mini"),
        ("gpt-5.4-mini", "gpt-5.4"),
        ("gpt-5.4-mini", "gpt-5.5-mini-2026-03-17"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini-2026-09-01"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("gpt-4o", "gpt-4o-audio-2024-10-01"),
        ("gpt-5.4-mini", "llama-3"),
    ],
)
def test_any_other_name_is_another_model(asked: str, answered: str) -> None:
    assert not same_model(asked, answered)


def test_settings_say_who_is_asked(tmp_path: Path) -> None:
    told = {
        "MOSYCHLOS_HOME": str(tmp_path),
        "OPENAI_BASE_URL": "https://eu.api.openai.com/v1/",
        "OPENAI_ORG_ID": "org-1",
        "OPENAI_PROJECT_ID": "proj_1",
    }
    app = build(load(told))
    assert app.identity == ProviderIdentity("https://eu.api.openai.com", "org-1", "proj_1", "eu")
    app.close()
    app = build(load({**told, "MOSYCHLOS_PROVIDER_NAME": "desk gateway"}))
    assert app.identity.address == "desk gateway"
    app.close()
    with pytest.raises(BadSetting, match="MOSYCHLOS_PROVIDER_NAME"):
        load({**told, "MOSYCHLOS_PROVIDER_NAME": "x" * 99})
