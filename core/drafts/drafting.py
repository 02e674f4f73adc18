"""From a wish to requests: facts, prompt, body, count, price. Streams, so that a job's size does not matter."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

import orjson

from core.analyses.build import Builder
from core.analyses.committee_brief import group_id_of, group_sheet
from core.analyses.engines import Engine, engine_for
from core.domain.analysis import AnalysisRequest, Outcome, ResultStatus, Usage
from core.domain.batch import BatchRequest, ShardFile
from core.domain.cost import Estimate
from core.domain.facts import FactSheet
from core.domain.fx import Rates
from core.domain.provider import NOWHERE, ProviderIdentity, same_model
from core.domain.records import RequestRow
from core.drafts.batch_room import Rooms
from core.drafts.batch_size import batch_room
from core.drafts.costing import priced
from core.drafts.evidence import told_about
from core.drafts.fact_store import SheetWriter, sheet_path
from core.errors import BadInput
from core.llm.estimate import TokenCounts
from core.llm.jsonl import MAX_BYTES, MAX_REQUESTS, ShardWriter
from core.llm.models import resident
from core.llm.prompts import PromptLibrary
from core.llm.rounds import multiplied
from core.llm.sent import GIVEN, parameters_of
from core.llm.surcharges import not_in_the_price
from core.storage.jobs.history import StoredAnswer
from core.storage.jobs.open_jobs import Waits
from core.storage.store import Store

CHUNK = 500
"""Portfolios whose facts are computed together."""

ROWS = 2000
"""Request rows a transaction."""

REUSE_CHUNK = 500
"""Requests whose stored answers are looked for together."""

NO_SHARD = -1
"""Where a request stands that needs none: its answer was there already."""


@dataclass
class DraftTally:
    """What is known of the requests once they have been built.

    Attributes:
        waiting: Portfolios whose very same request waits for an answer already, each with the open job.
        waits_of: These requests by custom id, each with its portfolio.
    """

    counts: TokenCounts
    shard_requests: int = MAX_REQUESTS
    shard_tokens: int | None = None
    reused: int = 0
    bytes: int = 0
    shards: int = 0
    prompt_version: str = ""
    warnings: dict[str, None] = field(default_factory=dict)
    regions: dict[str, int] = field(default_factory=dict)
    first: BatchRequest | None = None
    cacheable: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    waits_of: dict[str, str] = field(default_factory=dict)
    _sent: Counter[str] = field(default_factory=Counter)
    _shard_bytes: int = 0
    _shard_requests: int = 0
    _shard_tokens: int = 0
    _requests: int = 0
    _sum: int = 0

    def add(self, request: BatchRequest, *, reused: bool = False, waits_in: str = "") -> None:
        """Count one request, and the shard it would stand in unless a stored answer is reused for it.

        Args:
            waits_in: The open job in which the very same request waits for an answer already.
        """
        if waits_in:
            self.waiting[request.portfolio_id] = waits_in
            self.waits_of[request.custom_id] = request.portfolio_id
        if self.first is None:
            self.first, self.prompt_version = request, request.prompt_version
        self._requests += 1
        self._sum += int.from_bytes(hashlib.sha256(request.line).digest())
        if reused:
            self.reused += 1
        else:
            self._sent[request.portfolio_id] += 1
            self._send(request)
        self.regions[request.region] = self.regions.get(request.region, 0) + 1
        self.warnings.update(dict.fromkeys(request.warnings))

    @property
    def waits(self) -> Waits:
        """What waits for an answer already."""
        waiting = Counter(self.waits_of.values())
        partly = {one: whose for one, whose in self.waits_of.items() if waiting[whose] < self._sent[whose]}
        return Waits(self.waiting, len(self.waits_of), self._sent.total(), partly)

    def question(self, identity: ProviderIdentity) -> str:
        """The same for the same requests to the same provider, in whatever order and however they are cut."""
        whole = f"{identity.fingerprint} {self._requests} {self._sum % (1 << 256):x}"
        return hashlib.sha256(whole.encode()).hexdigest()[:40]

    def _send(self, request: BatchRequest) -> None:
        size, tokens = len(request.line) + 1, request.input_tokens
        full = (
            self._shard_requests == self.shard_requests
            or self._shard_bytes + size > MAX_BYTES
            or (self.shard_tokens is not None and self._shard_tokens + tokens > self.shard_tokens)
        )
        if self.shards == 0 or full:
            self.shards += 1
            self._shard_bytes = self._shard_requests = self._shard_tokens = 0
        self._shard_bytes += size
        self._shard_requests += 1
        self._shard_tokens += tokens
        self.bytes += size
        # The first request of an overlay finds nothing in the provider's cache: it fills it.
        self.cacheable += request.cacheable_tokens if request.region in self.regions else 0
        self.counts.add(tokens)


@dataclass(frozen=True, slots=True)
class Built:
    """Requests on disk and in the database, ready to become a draft.

    Attributes:
        question: The same whenever the same is asked of the same provider.
        waits: What waits for an answer already.
    """

    files: list[ShardFile]
    estimate: Estimate
    prompt_version: str
    spec_hash: str
    reused: int = 0
    question: str = ""
    waits: Waits = field(default_factory=Waits)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as it was built, and the stored answer that it can do with, if any."""

    request: BatchRequest
    sheet: FactSheet
    body_hash: str
    answer: Outcome | None
    waits_in: str = ""


class Drafter:
    """Builds requests from stored portfolios.

    Args:
        shard_requests: Requests a provider batch may have.
        rooms: Enqueued tokens by model: no batch is made larger than could ever be enqueued.
        reuse: How long an answer to the very same question is used again; None asks every question.
        identity: Whom requests go to: only its own answers are reused, and only what it taught is known.
        desk: Whom they are charged to.
        address: Base URL of whoever is asked, for what prices depend on; "" where it does not matter.
        tool_rounds: How often a request may be asked where its model calls tools.
    """

    def __init__(
        self,
        store: Store,
        rates: Rates,
        library: PromptLibrary,
        *,
        shard_requests: int = MAX_REQUESTS,
        rooms: Rooms | None = None,
        reuse: timedelta | None = None,
        identity: ProviderIdentity = NOWHERE,
        desk: str = "",
        address: str = "",
        tool_rounds: int = 4,
    ) -> None:
        self._address = address
        self.identity = identity
        self._desk = desk
        self._rooms = rooms
        self._reuse = reuse
        self._tool_rounds = tool_rounds
        self._store = store
        self._shard_requests = shard_requests
        self._rates = rates
        self._library = library

    def builder(self, request: AnalysisRequest, at: datetime, *, batch: bool = True) -> Builder:
        """What all requests of a job have in common.

        Raises:
            BadInput: No portfolio, an analysis without an engine, an unknown prompt.
            ModelRefused: The model was shut down, or has no batches where data have to stay.
        """
        if not request.portfolio_ids:
            raise BadInput("No portfolio was chosen. Name some with --portfolio ID, or take all with --all.")
        builder = Builder(request, self._library, today=at.date())
        if batch:
            resident(builder.model, self.identity.region)
        return builder

    def measure(
        self, request: AnalysisRequest, at: datetime, builder: Builder | None = None
    ) -> tuple[DraftTally, Estimate]:
        """Build everything once without keeping it: exact tokens, and the price that follows.

        Portfolios that cannot be asked about are left out and named with their reasons, all of them at once.

        Args:
            builder: Of this request, where there is one already.

        Raises:
            BadInput: None of them can be asked about; the message says why of the first.
        """
        builder = builder or self.builder(request, at)
        tally = self._tally(builder, at)
        for one in self._asked(builder, request, at, tally.refused):
            tally.add(one.request, reused=one.answer is not None, waits_in=one.waits_in)
        if tally.first is None and tally.refused:
            more = f" The same goes for {len(tally.refused) - 1:,} more." if len(tally.refused) > 1 else ""
            raise BadInput(f"{next(iter(tally.refused.values()))}{more}")
        return tally, self._estimate(request, builder, tally, at)

    def room(self, model: str, at: datetime) -> int | None:
        """Input tokens of a model that may be enqueued at the provider; None where nobody said."""
        return (
            None if self._rooms is None else self._rooms.of(model, self._store.queue.learned(at, self.identity.accepts))
        )

    def single(self, request: AnalysisRequest, at: datetime) -> tuple[BatchRequest, FactSheet, Estimate]:
        """The first request of a wish, its facts and its price."""
        builder = self.builder(request, at, batch=False)
        tally = self._tally(builder, at)
        ids = request.portfolio_ids if request.group else request.portfolio_ids[:1]
        built, sheet = next(self._requests(builder, ids, group=request.group))
        tally.add(built)
        return built, sheet, self._estimate(request, builder, tally, at)

    def write(
        self, job_id: str, request: AnalysisRequest, folder: Path, at: datetime, *, without: Collection[str] = ()
    ) -> Built:
        """Build everything into a job's folder and the database.

        Interrupted, it leaves nothing that anybody sees: no job, and files and rows that the next clean-up removes.

        Args:
            without: Requests, by custom id, that are left out.
        """
        builder = self.builder(request, at)
        tally = self._tally(builder, at)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        rows: list[RequestRow] = []
        answers: list[Outcome] = []
        with ShardWriter(folder, "input", self._shard_requests, max_input_tokens=tally.shard_tokens) as writer:
            with SheetWriter(sheet_path(folder)) as sheets:
                for one in self._asked(builder, request, at):
                    if one.request.custom_id in without:
                        continue
                    tally.add(one.request, reused=one.answer is not None, waits_in=one.waits_in)
                    index = writer.add(one.request) if one.answer is None else NO_SHARD
                    rows.append(_row(one, index))
                    sheets.add(one.request.custom_id, one.sheet)
                    if one.answer is not None:
                        answers.append(one.answer)
                    if len(rows) == ROWS:
                        self._keep(job_id, rows, answers)
                        rows, answers = [], []
            files = writer.close()
        if rows:
            self._keep(job_id, rows, answers)
        found = self._estimate(request, builder, tally, at)
        return Built(
            files,
            found,
            tally.prompt_version,
            _spec_hash(request, files, self.identity, self._desk),
            tally.reused,
            tally.question(self.identity),
            tally.waits,
        )

    def _keep(self, job_id: str, rows: Sequence[RequestRow], answers: Sequence[Outcome]) -> None:
        self._store.jobs.add_requests(job_id, rows)
        if answers:
            self._store.results.add_ahead(job_id, answers)

    def _tally(self, builder: Builder, at: datetime) -> DraftTally:
        room = (
            None
            if self._rooms is None
            else batch_room(self._store, self._rooms, builder.model.model_id, at, self.identity)
        )
        counts = TokenCounts(builder.model, builder.expected_output(), at, region=self.identity.region)
        return DraftTally(counts, self._shard_requests, room)

    def _asked(
        self, builder: Builder, request: AnalysisRequest, at: datetime, refused: dict[str, str] | None = None
    ) -> Iterator[_Asked]:
        """Every request, with the stored answer that it can do with."""
        built = self._requests(builder, request.portfolio_ids, refused, group=request.group)
        # What tools told an earlier answer may not hold any more.
        since = None if self._reuse is None or request.tools else at - self._reuse
        engine = engine_for(request.kind)
        while chunk := list(islice(built, REUSE_CHUNK)):
            hashes = [body_hash(one) for one, _ in chunk]
            stored: Mapping[str, StoredAnswer] = {}
            if since is not None:
                stored = self._store.history.answers(
                    hashes, since=since, identity=self.identity, prompt_version=chunk[0][0].prompt_version
                )
            waiting = self._store.open_jobs.waiting(hashes, self.identity.fingerprint)
            for (one, sheet), hashed in zip(chunk, hashes, strict=True):
                found = stored.get(hashed)
                answer = None if found is None else _reused(engine, one, sheet, found)
                yield _Asked(one, sheet, hashed, answer, "" if answer else waiting.get(hashed, ""))

    def _requests(
        self, builder: Builder, ids: Sequence[str], refused: dict[str, str] | None = None, *, group: str = ""
    ) -> Iterator[tuple[BatchRequest, FactSheet]]:
        """Requests with what they show.

        Args:
            refused: Takes up why a portfolio cannot be asked about; without it the first such reason ends everything.
            group: Ask about all of them together, under this name; "" for each by itself.
        """
        if group:
            yield from _about_all(builder, group, list(self._told(builder, ids)), refused)
            return
        for start in range(0, len(ids), CHUNK):
            for sheet in self._told(builder, ids[start : start + CHUNK]):
                try:
                    built = [builder.fit(view) for view in builder.views(sheet)]
                except BadInput as error:
                    if refused is None:
                        raise
                    refused[sheet.portfolio_id] = str(error)
                    continue
                yield from built

    def _told(self, builder: Builder, ids: Sequence[str]) -> Iterator[FactSheet]:
        portfolios = self._store.portfolios.load(ids)
        return told_about(self._store, self._rates, portfolios, builder.groups, builder.needs, builder.windows)

    def _estimate(self, request: AnalysisRequest, builder: Builder, tally: DraftTally, at: datetime) -> Estimate:
        notes = [*builder.warnings, *self._refused_before(request, builder), *tally.warnings]
        notes += not_in_the_price(builder.model.model_id, region=self.identity.region, address=self._address)
        if tally.reused:
            notes.append(f"{tally.reused:,} requests are answered from stored results, at no price.")
        for job_id, n in Counter(tally.waiting[whose] for whose in tally.waits_of.values()).items():
            waits = "waits" if n == 1 else "wait"
            notes.append(f"{n:,} of these requests {waits} for an answer in job {job_id} already.")
        found = priced(
            self._store,
            request,
            self.identity.fingerprint,
            builder.model,
            builder.effort,
            tally.counts,
            builder.expected_output(),
            at=at,
            shards=tally.shards,
            size_bytes=tally.bytes,
            cap=builder.max_output_tokens,
            notes=notes,
        )
        return multiplied(found, self._tool_rounds, at=at, tools=request.tools) if builder.tools else found

    def _refused_before(self, request: AnalysisRequest, builder: Builder) -> Iterator[str]:
        """Parameters about to be sent that this model has refused at an earlier time, in the server's words."""
        sent = parameters_of({"model": builder.model.model_id} | builder.params)
        known = self._store.parameters.of(
            builder.model.model_id, provider_id=self.identity.fingerprint, endpoint=request.endpoint
        )
        for row in known:
            if row.refused and sent.get(row.parameter) == row.value:
                shown = "" if row.value == GIVEN else f" {row.value}"
                yield (
                    f"{row.model} refused {row.parameter}{shown} {row.refused:,} times before, last on "
                    f"{row.refused_on}: {row.words}"
                )


def _about_all(
    builder: Builder, group: str, sheets: Sequence[FactSheet], refused: dict[str, str] | None
) -> Iterator[tuple[BatchRequest, FactSheet]]:
    """The one request about a group. Nothing is folded: what was stated of each portfolio is what it is about."""
    group_id = group_id_of(group)
    try:
        analyses = [one for sheet in sheets for one in sheet.evidence.analyses]
        whole = group_sheet(group_id, group, sheets, analyses)
        built = [(builder.build(view), view) for view in builder.views(whole)]
    except BadInput as error:
        if refused is None:
            raise
        refused[group_id] = str(error)
        return
    yield from built


def _row(one: _Asked, shard_index: int) -> RequestRow:
    built, sheet = one.request, one.sheet
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
        body_hash=one.body_hash,
    )


def body_hash(request: BatchRequest) -> str:
    """Of everything that is sent but the custom id: model, parameters, instructions and data."""
    return line_hash(request.custom_id, request.line)


def line_hash(custom_id: str, line: bytes) -> str:
    """`body_hash` of the line of a request."""
    return hashlib.sha256(line.replace(orjson.dumps(custom_id), b"", 1)).hexdigest()[:40]


def _reused(engine: Engine, request: BatchRequest, sheet: FactSheet, answer: StoredAnswer) -> Outcome | None:
    """A stored answer read again as if it had come now; None when it does not pass any more, or is another model's."""
    if not same_model(orjson.loads(request.line)["body"]["model"], answer.answered.model):
        return None
    reading = engine.read(orjson.dumps(answer.analysis).decode(), sheet)
    if reading.status is not ResultStatus.SUCCEEDED:
        return None
    return Outcome(
        request.custom_id,
        request.portfolio_id,
        reading,
        Usage(),
        Decimal(0),
        reused_from=answer.job_id,
        answered=answer.answered,
    )


def _spec_hash(request: AnalysisRequest, files: Sequence[ShardFile], identity: ProviderIdentity, desk: str) -> str:
    """SHA-256 over what an approval binds to: the exact input files, who answers and pays, and the cost limit."""
    spec: list[object] = [[file.sha256 for file in files], request.model, request.endpoint.value]
    spec += [str(request.max_cost_usd), identity.document(), desk]
    return hashlib.sha256(orjson.dumps(spec)).hexdigest()
