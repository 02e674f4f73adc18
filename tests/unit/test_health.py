"""Health tells what the processes that call the provider last found, without calling it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.app import App, build
from core.domain.actor import LOCAL
from core.errors import ProviderError, ProviderUnreachable
from core.settings import load

KEY = "sk-CANARY-0123456789"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An installation whose provider cannot be reached."""
    settings = load(
        {"MOSYCHLOS_HOME": str(tmp_path), "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    )
    app = build(settings)
    yield app
    app.close()


def _provider_line(app: App) -> tuple[str, str]:
    return next((check.state, check.message) for check in app.health(LOCAL) if check.name == "provider")


def test_before_any_call_the_provider_is_taken_to_be_well(app: App) -> None:
    assert _provider_line(app)[0] == "ok"


def test_an_unreachable_provider_is_a_warning_and_then_an_error_that_names_the_cause(app: App) -> None:
    with closing(app.provider()) as provider:
        with pytest.raises(ProviderUnreachable):
            provider.check("batch_1")
        for _ in range(5):
            with pytest.raises(ProviderError):
                provider.check("batch_1")
    state, message = _provider_line(app)
    assert state == "error"
    assert "not asked for the moment" in message
    assert "127.0.0.1" in message
    assert KEY not in message
