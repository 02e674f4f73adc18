"""Facts to the provider's input files: our way, the plain way, and what the tokenizer and the disk cost alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from core.analyses.build import Builder
from core.analyses.engines import engine_for
from core.analyses.tables import tables
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.facts import FactSheet
from core.llm.jsonl import ShardWriter, lines
from core.llm.prompts import PromptLibrary
from core.llm.tokens import counter
from core.metrics.definitions import DEFINITIONS
from tests.bench import world
from tests.bench.measure import ROOT, Watch, memory_mb, rounds
from tests.bench.report import Row, Target

REQUESTS = 50_000
NAIVE = 2_500
PART = 10_000
"""What is slow or only an aside is run on fewer requests, and scaled."""

SIZES = {"short": 5, "long": 30}
"""Holdings a portfolio: user parts of about 2.6 kB, as in the measurements that the targets come from, and 6.5 kB."""

MODEL = "gpt-5.4-mini"
AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
_CHUNK = 1_000


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """All ways in turn for both sizes; rows for the table and what was to be reached."""
    rows: list[Row] = []
    targets: list[Target] = []
    for size, held in SIZES.items():
        written, other = str(folder / f"{size}-ours"), str(folder / f"{size}-other")
        ways: dict[str, tuple[str, dict[str, Any]]] = {
            "ours": ("bench_prepare:ours", {"folder": written, "count": REQUESTS, "held": held}),
            "naive": ("bench_prepare:naive", {"folder": other, "count": NAIVE, "held": held}),
            "floor": ("bench_prepare:floor", {"folder": written, "to": other, "count": PART}),
            "disk": ("bench_prepare:disk", {"folder": written, "to": other}),
        }
        found = rounds(ways, runs)
        ours, naive = found["ours"], found["naive"].times(REQUESTS / NAIVE)
        floor = found["floor"].times(REQUESTS / PART)
        rows += [
            Row(f"{size}: ours, {REQUESTS:,}, {ours['bytes'] / 1e6:,.0f} MB, {ours['files']} files", ours, REQUESTS),
            Row(f"{size}: naive pydantic, json, tiktoken ({NAIVE:,} run)", naive, REQUESTS, of=ours),
            Row(f"{size}: floor: tiktoken, write, fsync ({PART:,} run)", floor, REQUESTS, of=ours),
            Row(f"{size}: disk alone: sha256, write, fsync", found["disk"], REQUESTS, of=ours),
        ]
        if size == "short":
            targets.append(Target("requests a second", REQUESTS / ours.seconds, 5_000))
        targets += [
            Target(f"{size}: times quicker than naive", naive.seconds / ours.seconds, 3.5),
            Target(f"{size}: times less memory than naive", naive.peak_mb / ours.peak_mb, 6),
            Target(f"{size}: peak MB", ours.peak_mb, 220, most=True),
        ]
        shutil.rmtree(written)
        shutil.rmtree(other)
    strangers = {"folder": str(folder / "strangers"), "count": PART, "held": SIZES["long"], "strangers": True}
    alone = rounds({"strangers": ("bench_prepare:ours", strangers)}, 1)["strangers"].times(REQUESTS / PART)
    rows.append(Row(f"long: ours, no instrument held twice ({PART:,} run)", alone, REQUESTS, of=ours))
    return rows, targets


def library() -> PromptLibrary:
    """The project's own prompts."""
    return PromptLibrary(ROOT / "prompts")


def asked(portfolio_ids: tuple[str, ...] = ("one",)) -> AnalysisRequest:
    """The wish that all measurements make."""
    return AnalysisRequest(Kind.RISK, portfolio_ids, MODEL)


def ours(folder: str, count: int, held: int, strangers: bool = False) -> dict[str, Any]:
    """Build, count, hash and write with the project's own code."""
    place = _fresh(folder)
    watch, tokens = Watch(), 0
    with watch:
        builder = Builder(asked(), library(), today=AT.date())
        writer = ShardWriter(place, "input")
    for chunk in world.sheets(count, lines=held, strangers=strangers):
        with watch:
            for sheet in chunk:
                for view in builder.views(sheet):
                    request = builder.build(view)
                    writer.add(request)
                    tokens += request.input_tokens
    with watch:
        files = writer.close()
    size = sum(file.bytes for file in files)
    return watch.figures(base_mb=memory_mb("VmHWM"), files=len(files), bytes=size, tokens=tokens)


class _Message(BaseModel):
    role: str
    content: str


class _Body(BaseModel):
    model: str
    messages: list[_Message]
    response_format: dict[str, Any]
    max_completion_tokens: int


class _Request(BaseModel):
    custom_id: str
    method: str
    url: str
    body: _Body


def naive(folder: str, count: int, held: int) -> dict[str, Any]:
    """What one would write first: a model a request, all of them in a list, whole messages counted, then written."""
    place = _fresh(folder)
    count_tokens = counter("o200k_base").count
    definitions = "\n".join(f"- {name}: {definition.text}" for name, definition in DEFINITIONS.items())
    prompt = library().compose("risk", None, "default", definitions=definitions)
    watch, base, requests, tokens = Watch(), memory_mb(), [], 0
    for chunk in world.sheets(count, lines=held):
        with watch:
            for sheet in chunk:
                request = _naive_request(sheet, prompt.system, prompt.question)
                text = "".join(message.content for message in request.body.messages)
                tokens += count_tokens(text) + count_tokens(json.dumps(request.body.response_format))
                requests.append(json.dumps(request.model_dump()))
    with watch, (place / "input.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in requests)
    return watch.figures(base_mb=base, tokens=tokens)


def _naive_request(sheet: FactSheet, system: str, question: str) -> _Request:
    return _Request(
        custom_id=f"risk-{sheet.portfolio_id}",
        method="POST",
        url="/v1/chat/completions",
        body=_Body(
            model=MODEL,
            messages=[
                _Message(role="system", content=system),
                _Message(role="user", content=f"{tables(sheet, 'en')}\n\n{question}"),
            ],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "risk_analysis", "strict": True, "schema": engine_for(Kind.RISK).schema()},
            },
            max_completion_tokens=6_000,
        ),
    )


def floor(folder: str, to: str, count: int) -> dict[str, Any]:
    """The same bytes, the same user texts: tokenize, write, fsync, and nothing else."""
    count_tokens = counter("o200k_base").count
    watch, tokens = Watch(), 0
    place = _fresh(to)
    coming = islice(chain.from_iterable(map(lines, sorted(Path(folder).glob("*.jsonl")))), count)
    with (place / "input.jsonl").open("wb", buffering=1 << 20) as file:
        while chunk := list(islice(coming, _CHUNK)):
            texts = [orjson.loads(line)["body"]["messages"][1]["content"] for line in chunk]
            with watch:
                for line, text in zip(chunk, texts, strict=True):
                    tokens += count_tokens(text)
                    file.write(line)
                    file.write(b"\n")
        with watch:
            _sync(file)
    # Its memory does not grow with the requests.
    return watch.figures(base_mb=memory_mb("VmHWM"), tokens=tokens)


def disk(folder: str, to: str) -> dict[str, Any]:
    """The same bytes: hash, write, fsync."""
    watch, place = Watch(), _fresh(to)
    for path in sorted(Path(folder).glob("*.jsonl")):
        digest = hashlib.sha256()
        with path.open("rb") as source, (place / path.name).open("wb", buffering=1 << 20) as file:
            while chunk := source.read(1 << 20):
                with watch:
                    digest.update(chunk)
                    file.write(chunk)
            with watch:
                _sync(file)
    return watch.figures()


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _fresh(folder: str) -> Path:
    place = Path(folder)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place
