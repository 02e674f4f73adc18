"""Asking again: by itself what failed for a passing reason, and on request what a person chose to buy again.

By itself only requests are asked again for which the provider wrote an error line of its own (a server error, an
expired window): they are proven not to have been answered. A line that is missing may have been answered and paid, so
it takes a person, as does everything whose cause must be repaired first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import orjson

from core.domain.analysis import UNREADABLE, ResultStatus
from core.domain.batch import BatchRequest, ShardFile
from core.domain.cost import Estimate
from core.domain.records import Job, Shard, Spend
from core.drafts.batch_size import batch_room
from core.drafts.costing import priced
from core.drafts.job_files import APP, job_folder
from core.errors import BadInput, OverBudget
from core.llm.estimate import TokenCounts, asks_for_slots, assumed_output
from core.llm.jsonl import ShardWriter, lines
from core.llm.models import Model, find
from core.llm.rebuild import rebuild
from core.storage.jobs.retries import Retry, RetryFile, UnansweredRequest
from core.storage.store import Store
from core.worker.approved_file import not_as_approved
from core.worker.context import Context

LONGER: Final = 2
"""How much longer the cap of a truncated answer becomes when nobody says."""

PERMANENT: Final = frozenset({ResultStatus.FAILED, ResultStatus.REFUSED})
"""Endings that come again when nothing changes, unless the error says that it passes."""


@dataclass(frozen=True, slots=True)
class Again:
    """One request to be asked again: its line, and how it stood."""

    item: UnansweredRequest
    line: bytes
    cap: int | None
    effort: str


def stored_lines(
    shards: Iterable[Shard], items: Iterable[UnansweredRequest]
) -> Iterator[tuple[UnansweredRequest, bytes]]:
    """Requests with their lines as they were sent last, from the input files of the shards they stand in now.

    Those whose file is gone, or is not the one that was approved, are left out.
    """
    wanted: dict[int, dict[str, UnansweredRequest]] = {}
    for item in items:
        wanted.setdefault(item.shard_index, {})[item.custom_id] = item
    for shard in shards:
        here = wanted.get(shard.index, {})
        if not here or not_as_approved(shard):
            continue
        for line in lines(Path(shard.path)):
            found = here.get(orjson.loads(line)["custom_id"])
            if found is not None:
                yield found, bytes(line)


def write_files(folder: Path, prefix: str, chosen: Sequence[Again], room: int) -> list[RetryFile]:
    """The input files of a retry, in the same limits as all others.

    Args:
        room: Input tokens that one batch may have.
    """
    ids: dict[int, list[str]] = {}
    with ShardWriter(folder, prefix, max_input_tokens=room) as writer:
        for one in chosen:
            request = BatchRequest(
                custom_id=one.item.custom_id,
                portfolio_id=one.item.portfolio_id,
                line=one.line,
                input_tokens=one.item.input_tokens,
                max_output_tokens=one.cap or 0,
                prompt_version="",
                prompt_hash="",
                region="",
            )
            ids.setdefault(writer.add(request), []).append(one.item.custom_id)
        files: list[ShardFile] = writer.close()
    return [RetryFile(file, tuple(ids[number])) for number, file in enumerate(files)]


def price_of(store: Store, job: Job, model: Model, chosen: Sequence[Again], *, at: datetime, region: str) -> Estimate:
    """What asking these again will probably cost, at batch prices.

    Args:
        region: Where data have to stay; "" for no such rule.
    """
    cap = max((one.cap for one in chosen if one.cap is not None), default=None)
    effort = chosen[0].effort or None
    assumed = assumed_output(model, effort, cap, kind=job.request.kind, slots=asks_for_slots(job.row.prompt_version))
    counts = TokenCounts(model, assumed, at, region=region)
    for one in chosen:
        counts.add(one.item.input_tokens)
    size = sum(len(one.line) + 1 for one in chosen)
    who = job.row.provider_id
    return priced(store, job.request, who, model, effort, counts, assumed, at=at, shards=1, size_bytes=size, cap=cap)


def ceiling(job: Job) -> Decimal | None:
    """What the person who approved a job knew that it might cost: its own limit, else the high end of its estimate."""
    return job.request.max_cost_usd if job.request.max_cost_usd is not None else job.estimate.high_usd


def remote_name(job: Job, index: int) -> str:
    """How the input file of a job's later shard is called at the provider."""
    return f"{APP}-{job.row.job_id}.{index}-{job.spec_hash[:12]}.a1.jsonl"


def automatic(context: Context, job: Job, shard: Shard) -> Retry | None:
    """The retry that follows by itself from a collected shard; None when there is nothing to ask again, or no leave.

    Safe to repeat: the same shard gives the same file.
    """
    if shard.retry_round >= context.retries or shard.cancel_wish or shard.provider_status in {"cancelled", "failed"}:
        return None
    found = [
        item
        for item in context.store.retries.unanswered(shard.job_id, [ResultStatus.FAILED])
        if item.shard_index == shard.index and item.transient
    ]
    if not found:
        return None
    chosen = [Again(item, line, *_cap_and_effort(line)) for item, line in stored_lines([shard], found)]
    if len(chosen) != len(found):
        return None  # the input file is gone; a person sees the failures and may submit again
    now = context.clock()
    region = context.identity.region
    expected = price_of(context.store, job, find(shard.model), chosen, at=now, region=region).expected_usd
    prefix = f"retry-{shard.index}-{shard.retry_round + 1}"
    room = batch_room(context.store, context.rules.rooms, shard.model, now, context.identity)
    files = write_files(job_folder(context.home, shard.job_id), prefix, chosen, room)
    wait = timedelta(seconds=context.pace.poll * 10 * 2**shard.retry_round)
    most = ceiling(job)

    def check(month: Spend, person: Spend, desk: Spend, spent: Decimal) -> None:
        if expected is not None and most is not None and spent + expected > most:
            raise OverBudget(
                f"Asking {len(chosen):,} requests again would cost about ${expected:,.4f} on top of ${spent:,.4f}, "
                f"${spent + expected - most:,.4f} more than was approved (${most:,.4f})."
            )
        context.budgets.check(expected, month, person, desk, max_cost_usd=job.request.max_cost_usd, spent_usd=spent)

    return Retry(
        files=tuple(files),
        model=shard.model,
        round=shard.retry_round + 1,
        expected_usd=expected,
        check=check,
        remote_name=lambda index: remote_name(job, index),
        not_before=now + wait,
        note=f"{len(chosen)} requests that failed for a passing reason are asked again: {found[0].code}",
    )


def _cap_and_effort(line: bytes) -> tuple[int | None, str]:
    document = orjson.loads(line)
    rebuilt = rebuild(line, find(document["body"]["model"]))
    return rebuilt.cap, rebuilt.effort


@dataclass(frozen=True, slots=True)
class Choice:
    """What a retry on request would ask, by model, and what it leaves out and why."""

    chosen: Mapping[str, list[Again]]
    left_out: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def requests(self) -> int:
        """How many would be asked."""
        return sum(len(found) for found in self.chosen.values())


def choose(
    job: Job,
    shards: Sequence[Shard],
    items: Sequence[UnansweredRequest],
    *,
    model: str | None,
    max_output: int | None,
    named: bool,
    insists: bool = False,
    left_away: Callable[[str], Collection[str]] = lambda _model: (),
) -> Choice:
    """Which of these requests are worth asking again, each with the line that would be sent.

    A permanent failure or a refusal comes again unless its request changed: by cleaning, by a longer cap, by another
    model. A truncated answer gets a longer cap. What would be the same as before is left out, with a sentence; not so
    where a whole batch was refused, which says more of the address, the key or the server than of its requests.

    Args:
        named: The person named this kind of ending, which for refusals is leave to ask the same again.
        insists: The person knows of a repair at the server, and wants the same asked again whatever failed.
        left_away: What a model's requests can do without and the provider refuses.
    """
    chosen: dict[str, list[Again]] = {}
    left: dict[str, int] = {}
    warnings: dict[str, None] = {}
    refused = {shard.index for shard in shards if shard.batch_id is None or shard.provider_status == "failed"}
    for item, line in stored_lines(shards, items):
        known = find(model or item.model)
        cap = _cap_for(item, line, known, max_output)
        rebuilt = rebuild(line, known, max_output=cap, without=left_away(known.model_id))
        changed = rebuilt.changed or item.shard_index in refused
        why = _cut_again(item, line, known, rebuilt.cap) or _not_worth(
            item, changed=changed, named=named, insists=insists
        )
        if why:
            left[why] = left.get(why, 0) + 1
            continue
        warnings.update(dict.fromkeys(rebuilt.warnings))
        chosen.setdefault(known.model_id, []).append(Again(item, rebuilt.line, rebuilt.cap, rebuilt.effort))
    whole = sum(one.item.shard_index in refused for found in chosen.values() for one in found)
    if whole:
        warnings[
            f"{whole:,} of them were refused as a whole batch before any request was read. They go through once the "
            "address, the key, the project or the server has been repaired; refused again, they cost nothing."
        ] = None
    unread = sum(one.item.code in UNREADABLE for found in chosen.values() for one in found)
    if unread:
        warnings[
            f"{unread:,} of them were answered and paid for, and their answers were not understood: asked again, they "
            f"are paid twice. Have them read again first, which costs nothing: mosychlos batch reread {job.row.job_id}"
        ] = None
    silent = sum(one.item.status is ResultStatus.MISSING for found in chosen.values() for one in found)
    if silent:
        warnings[
            f"{silent:,} of them are missing: the provider may have answered and billed them, and they would then be "
            "paid twice."
        ] = None
    lost = len(items) - sum(len(found) for found in chosen.values()) - sum(left.values())
    sentences = [f"{n:,} left out: {why}" for why, n in left.items()]
    if lost > 0:
        sentences.append(f"{lost:,} left out: their input file of job {job.row.job_id} is gone, or was changed.")
    return Choice(chosen, tuple(sentences), tuple(warnings))


def _cap_for(item: UnansweredRequest, line: bytes, model: Model, max_output: int | None) -> int | None:
    if max_output is not None or item.status is not ResultStatus.TRUNCATED:
        return max_output
    present = rebuild(line, model).cap
    return None if present is None else min(present * LONGER, model.max_output or present * LONGER)


def _cut_again(item: UnansweredRequest, line: bytes, model: Model, cap: int | None) -> str:
    """Why a truncated answer would only be cut again, at the same length or before; "" where it has more room."""
    if item.status is not ResultStatus.TRUNCATED or model.model_id != item.model or cap is None:
        return ""
    present = rebuild(line, model).cap
    if present is None or cap > present or cap == model.max_output:
        return ""
    return f"their answers were cut at {present:,} tokens already. Give --max-output more than that."


def _not_worth(item: UnansweredRequest, *, changed: bool, named: bool, insists: bool) -> str:
    if changed or item.transient or item.status in {ResultStatus.MISSING, ResultStatus.INVALID}:
        return ""
    if item.status is ResultStatus.TRUNCATED:
        return "their answers were cut at the most that the model can write. Choose another --model."
    if insists or (item.status is ResultStatus.REFUSED and named):
        return ""
    if item.status is ResultStatus.REFUSED:
        return "the model declined. Choose another --model, or insist with --only refused."
    return (
        f"nothing about them has changed, so they would fail again ({item.code}). Choose another --model, or insist "
        "with --anyway once the server has been repaired."
    )


def no_requests(job: Job, choice: Choice, only: Sequence[ResultStatus]) -> BadInput:
    """Why a retry has nothing to do."""
    why, counts = " ".join(choice.left_out), job.row.counts
    if not why and counts.succeeded < counts.total:
        why = (
            f"None of its requests ended as {' or '.join(only)}; {counts.total - counts.succeeded:,} have no analysis. "
            f"See why: mosychlos portfolio batch errors {job.row.job_id}"
        )
    return BadInput(
        f"There is nothing of job {job.row.job_id} to ask again. {why or 'Every request has its analysis.'}"
    )
