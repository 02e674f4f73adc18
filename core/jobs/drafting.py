"""From a wish to requests: facts, prompt, body, count, price. Streams, so that a job's size does not matter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson

from core.analyses.build import Builder
from core.domain.analysis import AnalysisRequest
from core.domain.batch import BatchRequest, ShardFile
from core.domain.cost import Estimate
from core.domain.facts import FactSheet
from core.domain.fx import Rates
from core.domain.records import RequestRow
from core.errors import BadInput
from core.jobs.evidence import told_about
from core.jobs.sheet_file import SheetWriter, sheet_path
from core.llm.estimate import estimate
from core.llm.jsonl import MAX_BYTES, MAX_REQUESTS, ShardWriter
from core.llm.prompts import PromptLibrary
from core.storage.store import Store

CHUNK = 500
"""Portfolios whose facts are computed together."""

ROWS = 2000
"""Request rows a transaction."""


@dataclass
class Tally:
    """What is known of the requests once they have been built."""

    shard_requests: int = MAX_REQUESTS
    tokens: list[int] = field(default_factory=list)
    bytes: int = 0
    shards: int = 0
    prompt_version: str = ""
    warnings: dict[str, None] = field(default_factory=dict)
    regions: dict[str, int] = field(default_factory=dict)
    first: BatchRequest | None = None
    _shard_bytes: int = 0
    _shard_requests: int = 0

    def add(self, request: BatchRequest) -> None:
        """Count one request, and the shard it would stand in."""
        size = len(request.line) + 1
        if self.first is None:
            self.first, self.shards, self.prompt_version = request, 1, request.prompt_version
        elif self._shard_requests == self.shard_requests or self._shard_bytes + size > MAX_BYTES:
            self.shards += 1
            self._shard_bytes = self._shard_requests = 0
        self._shard_bytes += size
        self._shard_requests += 1
        self.bytes += size
        self.tokens.append(request.input_tokens)
        self.regions[request.region] = self.regions.get(request.region, 0) + 1
        self.warnings.update(dict.fromkeys(request.warnings))


@dataclass(frozen=True, slots=True)
class Built:
    """Requests on disk and in the database, ready to become a draft."""

    files: list[ShardFile]
    estimate: Estimate
    prompt_version: str
    spec_hash: str


class Drafter:
    """Builds requests from stored portfolios.

    Args:
        shard_requests: Requests a provider batch may have.
    """

    def __init__(
        self, store: Store, rates: Rates, library: PromptLibrary, *, shard_requests: int = MAX_REQUESTS
    ) -> None:
        self._store = store
        self._shard_requests = shard_requests
        self._rates = rates
        self._library = library

    def builder(self, request: AnalysisRequest, at: datetime) -> Builder:
        """What all requests of a job have in common.

        Raises:
            BadInput: No portfolio, an analysis without an engine, an unknown prompt.
            ModelRefused: The model was shut down, or lacks what the analysis needs.
        """
        if not request.portfolio_ids:
            raise BadInput("No portfolio was chosen. Name some with --portfolio ID, or take all with --all.")
        return Builder(request, self._library, today=at.date())

    def measure(self, request: AnalysisRequest, at: datetime) -> tuple[Tally, Estimate]:
        """Build everything once without keeping it: exact tokens, and the price that follows."""
        builder, tally = self.builder(request, at), Tally(self._shard_requests)
        for built, _ in self._requests(builder, request.portfolio_ids):
            tally.add(built)
        return tally, self._estimate(builder, tally, at)

    def single(self, request: AnalysisRequest, at: datetime) -> tuple[BatchRequest, FactSheet, Estimate]:
        """The first request of a wish, its facts and its price."""
        builder, tally = self.builder(request, at), Tally()
        built, sheet = next(self._requests(builder, request.portfolio_ids[:1]))
        tally.add(built)
        return built, sheet, self._estimate(builder, tally, at)

    def write(self, job_id: str, request: AnalysisRequest, folder: Path, at: datetime) -> Built:
        """Build everything into a job's folder and the database.

        Interrupted, it leaves nothing that anybody sees: no job, and files and rows that the next clean-up removes.
        """
        builder, tally = self.builder(request, at), Tally(self._shard_requests)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        rows: list[RequestRow] = []
        with ShardWriter(folder, "input", self._shard_requests) as writer:
            with SheetWriter(sheet_path(folder)) as sheets:
                for built, sheet in self._requests(builder, request.portfolio_ids):
                    tally.add(built)
                    rows.append(_row(built, sheet, writer.add(built)))
                    sheets.add(built.custom_id, sheet)
                    if len(rows) == ROWS:
                        self._store.jobs.add_requests(job_id, rows)
                        rows = []
            files = writer.close()
        if rows:
            self._store.jobs.add_requests(job_id, rows)
        return Built(files, self._estimate(builder, tally, at), tally.prompt_version, _spec_hash(request, files))

    def _requests(self, builder: Builder, ids: Sequence[str]) -> Iterator[tuple[BatchRequest, FactSheet]]:
        for start in range(0, len(ids), CHUNK):
            portfolios = self._store.portfolios.load(ids[start : start + CHUNK])
            told = told_about(self._store, self._rates, portfolios, builder.groups, builder.needs, builder.windows)
            for sheet in told:
                for view in builder.views(sheet):
                    yield builder.build(view), view

    def _estimate(self, builder: Builder, tally: Tally, at: datetime) -> Estimate:
        return estimate(
            tally.tokens,
            builder.expected_output(),
            builder.model,
            at=at,
            shards=tally.shards,
            size_bytes=tally.bytes,
            effort=builder.effort,
            notes=(*builder.warnings, *tally.warnings),
        )


def _row(built: BatchRequest, sheet: FactSheet, shard_index: int) -> RequestRow:
    facts = sheet.by_id()
    hhi, top1 = facts.get("hhi"), facts.get("top1_weight")
    return RequestRow(
        custom_id=built.custom_id,
        shard_index=shard_index,
        portfolio_id=built.portfolio_id,
        as_of=sheet.as_of.isoformat(),
        region=built.region,
        input_tokens=built.input_tokens,
        prompt_hash=built.prompt_hash,
        hhi=hhi.value if hhi else None,
        top1_pct=top1.value if top1 else None,
    )


def _spec_hash(request: AnalysisRequest, files: Sequence[ShardFile]) -> str:
    """SHA-256 over the exact input files and the cost limit: what an approval binds to."""
    spec = [[file.sha256 for file in files], request.model, request.endpoint.value, str(request.max_cost_usd)]
    return hashlib.sha256(orjson.dumps(spec)).hexdigest()
