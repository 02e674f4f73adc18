"""Connections on which nothing moves for minutes stay open."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import httpx2
import pytest

from core.errors import ProviderError
from core.providers.connections import IDLE_SECONDS, keep_alive
from core.providers.openai_provider import OpenAIProvider
from tests.odd_server import OddServer, said


@pytest.fixture(scope="module")
def server() -> Iterator[OddServer]:
    with OddServer("http://127.0.0.1:9/v1") as standing:
        standing.refuses = lambda _ask: said(200, {"object": "list", "data": []})
        yield standing


def test_every_connection_shows_life_while_it_is_silent_also_through_a_proxy(
    server: OddServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.root)
    for url, trust_env in ((server.root, False), ("http://provider.example/v1", True)):
        client = httpx2.Client(trust_env=trust_env, event_hooks={"request": [keep_alive]})
        with client, client.stream("GET", url) as answer:
            assert answer.status_code == 200, "the second one only a proxy can answer"
            used = answer.extensions["network_stream"].get_extra_info("socket")
            assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            if hasattr(socket, "TCP_KEEPIDLE"):
                assert used.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == IDLE_SECONDS < 60


def test_an_answer_and_a_look_both_go_over_such_a_connection(
    server: OddServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[object] = []

    class Noted(socket.socket):
        def setsockopt(self, *option: Any) -> None:
            if option[:2] == (socket.SOL_SOCKET, socket.SO_KEEPALIVE):
                kept.append(option)
            super().setsockopt(*option)

    monkeypatch.setattr(socket, "socket", Noted)
    with closing(OpenAIProvider("sk-test-0123456789abcdef", server.base_url)) as provider:
        provider.models()
        assert len(kept) == 1
        with suppress(ProviderError):  # it has no answer to give
            list(provider.stream("/v1/chat/completions", {"model": "m"}))
    assert len(kept) == 2
