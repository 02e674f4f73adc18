"""What is written in shards is read back, line for line, whatever the limits."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.batch import BatchRequest
from core.llm.jsonl import ShardWriter, lines

texts = st.lists(st.text(max_size=30), max_size=12)


@given(texts, st.integers(1, 5), st.integers(250, 900))
@settings(max_examples=150, deadline=None)
def test_shards_together_are_what_was_added(bodies: list[str], max_requests: int, max_bytes: int) -> None:
    requests = [
        BatchRequest(
            f"r{n}", "p", json.dumps({"id": n, "t": t}, ensure_ascii=False).encode(), n, 1, "risk/v1", "", "US"
        )
        for n, t in enumerate(bodies)
    ]
    with tempfile.TemporaryDirectory() as folder:
        writer = ShardWriter(Path(folder), "j", max_requests, max_bytes)
        indexes = [writer.add(request) for request in requests]
        shards = writer.close()
        read = [(index, line) for index, shard in enumerate(shards) for line in lines(Path(shard.path))]
        sizes = [Path(shard.path).stat().st_size for shard in shards]
    assert read == [(index, request.line) for index, request in zip(indexes, requests, strict=True)]
    assert [shard.bytes for shard in shards] == sizes
    assert all(shard.bytes <= max_bytes and 1 <= shard.requests <= max_requests for shard in shards)
    assert sum(shard.input_tokens for shard in shards) == sum(request.input_tokens for request in requests)
