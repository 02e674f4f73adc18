"""One local server for all contract tests, and the provider that talks to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from core.providers.openai_provider import OpenAIProvider
from tests.local_provider import LocalProvider

KEY = "sk-CANARY-0123456789abcdef"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalProvider]:
    """A server at a speed at which nothing is waited for."""
    with LocalProvider(tmp_path_factory.mktemp("provider")).start(speed=10_000_000) as running:
        yield running


@pytest.fixture
def local(server: LocalProvider) -> LocalProvider:
    """The server, without faults and with its counts at zero."""
    server.set_faults()
    return server


@pytest.fixture(scope="session")
def client(server: LocalProvider) -> Iterator[OpenAIProvider]:
    """One client, as a worker keeps it."""
    talking = OpenAIProvider(KEY, server.base_url, timeout_seconds=5)
    yield talking
    talking.close()


@pytest.fixture
def provider(client: OpenAIProvider, local: LocalProvider) -> OpenAIProvider:
    """The provider under test, against a server without faults."""
    return client


@pytest.fixture
def http(local: LocalProvider) -> Iterator[httpx2.Client]:
    """Plain HTTP, to see what the SDK hides."""
    with httpx2.Client(base_url=local.base_url, headers={"authorization": f"Bearer {KEY}"}, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def api_document(shared_data: Path) -> dict[str, Any]:
    """The API's published document."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load((shared_data / "openai-openapi.yaml").read_bytes(), Loader=loader)
    return document


@pytest.fixture(scope="session")
def risk_schema(shared_facts: Path) -> dict[str, Any]:
    """The strict schema of a risk answer."""
    schema: dict[str, Any] = json.loads((shared_facts / "analysis-schemas" / "risk.json").read_text("utf-8"))
    return schema
