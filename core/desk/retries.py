"""What a person may ask about requests without an analysis: what asking again would cost, and to do it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import orjson

from core.analyses.engines import engine_for
from core.desk.budget_gate import Purse, total_of
from core.domain.actor import Actor
from core.domain.analysis import Outcome, Reading, ResultStatus
from core.domain.job import JOB_ENDED
from core.domain.provider import ProviderIdentity
from core.domain.records import Job
from core.domain.trial import in_words
from core.drafts.batch_room import Rooms
from core.drafts.batch_size import batch_room
from core.drafts.drafting import line_hash
from core.drafts.fact_store import sheet_index, sheet_path
from core.drafts.job_files import job_folder
from core.drafts.submission import stop_unknown
from core.errors import BadInput, ProviderError, ProviderRefused, ProviderUnreachable, Refused
from core.guard.access import Permission, require
from core.guard.budgets import Budgets
from core.llm.answers import read_line
from core.llm.fallback import Fallback, why_not
from core.llm.models import find, usable
from core.llm.optimiser import NOTHING
from core.llm.optional_parameters import left_away
from core.llm.surcharges import STANDARD_TIER
from core.llm.tariff import Tariff
from core.providers.protocol import Provider
from core.storage.jobs.retries import Retry, SyncAnswer
from core.storage.store import Store
from core.worker.answered import stands_in, tell
from core.worker.ask_sync import search_uses, with_tool_facts
from core.worker.bill import Bill
from core.worker.cost_notes import tell_cost
from core.worker.other_providers import stay_here
from core.worker.retries import Again, Choice, choose, no_requests, price_of, remote_name, write_files

FEW: Final = 20
"""Most requests that are finished synchronously: more belong into a batch at half the price."""

UNANSWERED: Final = (
    ResultStatus.FAILED,
    ResultStatus.MISSING,
    ResultStatus.TRUNCATED,
    ResultStatus.INVALID,
    ResultStatus.REFUSED,
)
"""Endings that can be asked again."""


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """What a retry would do, before anything is stored.

    Attributes:
        requests: How many would be asked again, by model in `models`.
        expected_usd: At batch prices, or at synchronous ones for a synchronous retry; None when a price is unknown.
        left_out: Why others would not be.
        over_budget: Why it would be refused; "" when it would not.
        replaced: Models that others stand in for now, with the reason and what each would cost.
    """

    job_id: str
    requests: int
    models: dict[str, int]
    statuses: dict[str, int]
    low_usd: Decimal | None
    expected_usd: Decimal | None
    high_usd: Decimal | None
    sync: bool
    left_out: tuple[str, ...]
    warnings: tuple[str, ...]
    over_budget: str
    replaced: tuple[Fallback, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A job, what of it would be asked again, and what that costs."""

    job: Job
    choice: Choice
    plan: RetryPlan


class RetryService:
    """Retries for an actor. A retry stores an intent; the worker sends it, except for a synchronous one."""

    def __init__(
        self,
        store: Store,
        budgets: Budgets,
        rooms: Rooms,
        home: Path,
        clock: Callable[[], datetime],
        *,
        identity: ProviderIdentity,
    ) -> None:
        self._identity = identity
        self._store = store
        self._rooms = rooms
        self._purse = Purse(store, budgets)
        self._home = home
        self._clock = clock

    def plan(
        self,
        actor: Actor,
        job_id: str,
        *,
        only: Iterable[ResultStatus] = (),
        model: str | None = None,
        max_output: int | None = None,
        sync: bool = False,
        insists: bool = False,
    ) -> RetryPlan:
        """What asking again would cost and what it would leave out. Stores nothing.

        Args:
            only: Endings to ask again; all without an analysis when empty.
            insists: Ask the same again also where it failed for good: the server has been repaired since.
            model: Another model for all of them.
            max_output: A cap of the answers; a truncated one gets twice its own when nobody says.

        Raises:
            BadInput: There is nothing to ask again, or nothing that would end otherwise; the model is not known.
            Refused: The job has not ended.
            ModelRefused: The model was shut down.
        """
        require(actor, Permission.JOB_PREPARE)
        return self._wanted(actor, job_id, tuple(only), model, max_output, sync=sync, insists=insists).plan

    def retry(
        self,
        actor: Actor,
        job_id: str,
        *,
        only: Iterable[ResultStatus] = (),
        model: str | None = None,
        max_output: int | None = None,
        insists: bool = False,
    ) -> RetryPlan:
        """Ask again in new batches of the same job, once the budget has reserved their price.

        Raises:
            As `plan`, and OverBudget.
        """
        require(actor, Permission.JOB_SUBMIT)
        wanted = self._wanted(actor, job_id, tuple(only), model, max_output, sync=False, insists=insists)
        job, now = wanted.job, self._clock()
        retries: list[Retry] = []
        before = Decimal(0)
        for model_id, chosen in wanted.choice.chosen.items():
            expected = price_of(
                self._store, job, find(model_id), chosen, at=now, region=self._identity.region
            ).expected_usd
            prefix = f"retry-{secrets.token_hex(4)}"
            room = batch_room(self._store, self._rooms, model_id, now, self._identity)
            retries.append(
                Retry(
                    files=tuple(write_files(job_folder(self._home, job_id), prefix, chosen, room)),
                    model=model_id,
                    round=1 + max(one.item.round for one in chosen),
                    expected_usd=expected,
                    check=self._purse.check(job, expected, before=before),
                    remote_name=lambda index: remote_name(job, index),
                    not_before=now,
                    note=f"{len(chosen)} requests are asked again, as {actor.label} wished",
                )
            )
            before += expected or Decimal(0)
        self._store.retries.start(job_id, retries, actor=actor.subject, at=now)
        self._remember(actor, wanted.plan, now)
        return wanted.plan

    def finish_now(
        self,
        actor: Actor,
        job_id: str,
        provider: Provider,
        *,
        only: Iterable[ResultStatus] = (),
        model: str | None = None,
        max_output: int | None = None,
        insists: bool = False,
        told: Callable[[Outcome], None] = lambda _outcome: None,
    ) -> RetryPlan:
        """Ask a few requests synchronously, one after the other, at the synchronous price.

        Each is written to the history before it is asked, and stored with its cost before the next one is.

        Raises:
            As `plan`; BadInput when they are more than a few; OverBudget; Refused when somebody else is asking one of
            them; StaleMove when one was asked again meanwhile; ProviderError when one could not be asked. Those before
            it are stored.
        """
        require(actor, Permission.JOB_SUBMIT)
        wanted = self._wanted(actor, job_id, tuple(only), model, max_output, sync=True, insists=insists)
        if wanted.plan.requests > FEW:
            raise BadInput(
                f"{wanted.plan.requests:,} requests are too many to ask one by one (at most {FEW}). "
                "Leave --sync away: a batch costs half."
            )
        self._remember(actor, wanted.plan, self._clock())
        for model_id, chosen in wanted.choice.chosen.items():
            for one in chosen:
                told(self._ask(actor, wanted.job, model_id, one, provider))
        return wanted.plan

    def _ask(self, actor: Actor, job: Job, model_id: str, one: Again, provider: Provider) -> Outcome:
        job_id, custom_id, now = job.row.job_id, one.item.custom_id, self._clock()
        tariff = Tariff(model_id, batch=False, at=now, region=self._identity.region)
        expected = self._sync_price(job, model_id, [one], now)
        part = self._store.retries.intend(
            job_id,
            custom_id,
            expected,
            self._purse.check(job, expected),
            note=f"{custom_id} is asked synchronously of {model_id}",
            actor=actor.subject,
            at=now,
        )
        document = orjson.loads(one.line)
        body = document["body"]
        if body.get("tools"):
            # One question, one answer: it is given from what tools have told already.
            body = {**body, "tool_choice": "none"}
        stream = provider.stream(document["url"], body)
        try:
            while True:
                next(stream)
        except StopIteration as end:
            body = end.value
        except ProviderError as error:
            # Refused or never sent is proven to cost nothing. Of everything else nobody knows.
            proven = isinstance(error, (ProviderRefused, ProviderUnreachable))
            self._store.retries.call_off(
                job_id, custom_id, part, f"{custom_id}: {error}", proven=proven, actor=actor.subject, at=self._clock()
            )
            raise
        envelope = {"custom_id": custom_id, "response": {"status_code": 200, "body": body}, "error": None}
        line = read_line(orjson.dumps(envelope))
        reading = Reading(line.status, None, None, line.error)
        if line.status is ResultStatus.SUCCEEDED and line.text is not None:
            with sheet_index(sheet_path(job_folder(self._home, job_id)), {custom_id}) as sheets:
                told = self._store.tool_calls.of_request(job_id, custom_id)
                reading = engine_for(job.request.kind).read(line.text, with_tool_facts(sheets.get(custom_id), told))
        answered = replace(line.answered, provider=self._identity.label)
        bill = Bill()
        bill.add(line, tariff, search_uses(body, tariff, now, first=1, round_=1))
        tell_cost(self._store, job_id, bill.notes, at=self._clock())
        outcome = Outcome(
            custom_id,
            one.item.portfolio_id,
            reading,
            bill.usage,
            None if stands_in(job, answered) else bill.spent,
            usage_from=bill.usage_from,
            answered=answered,
        )
        answer = SyncAnswer(outcome, model_id, f"{job_id}.{one.item.shard_index}")
        tell(self._store, job, answer.shard_id, model_id, [outcome], at=self._clock())
        self._store.retries.answered(job_id, answer, part, actor=actor.subject, at=self._clock())
        return outcome

    def _wanted(
        self,
        actor: Actor,
        job_id: str,
        only: Sequence[ResultStatus],
        model: str | None,
        max_output: int | None,
        *,
        sync: bool,
        insists: bool,
    ) -> _Wanted:
        job, now = self._store.jobs.get(job_id), self._clock()
        if job.row.state not in JOB_ENDED:
            raise Refused(f"Job {job_id} is {job.row.state}: what failed can be asked again once it has ended.")
        stay_here(self._identity, job.row)
        items = self._store.retries.unanswered(job_id, only or UNANSWERED)
        if model is not None:
            if not find(model).known:
                raise BadInput(f"The model '{model}' is not known. See the known ones with: mosychlos models list.")
            stop_unknown(model)
        # What was asked then may be gone now: the refusal names the replacement, for --model.
        for name in dict.fromkeys([model] if model is not None else [item.model for item in items]):
            usable(find(name), now.date())
        shards = self._store.shards.of_job(job_id)
        choice = choose(
            job,
            shards,
            items,
            model=model,
            max_output=max_output,
            named=bool(only),
            insists=insists,
            left_away=lambda model_id: self._left_away(job, model_id),
        )
        if not insists:
            choice = self._not_waiting(job, choice)
        if not choice.requests:
            raise no_requests(job, choice, only)
        return _Wanted(job, choice, self._priced(actor, job, choice, now, sync=sync))

    def _not_waiting(self, job: Job, choice: Choice) -> Choice:
        """A choice without what waits for an answer in other jobs: somebody has submitted it again meanwhile."""
        lines = {
            line_hash(one.item.custom_id, one.line): one.item.custom_id
            for chosen in choice.chosen.values()
            for one in chosen
        }
        found = self._store.open_jobs.waiting(lines, job.row.provider_id)
        if not found:
            return choice
        out = {lines[hashed] for hashed in found}
        left = {
            name: kept
            for name, chosen in choice.chosen.items()
            if (kept := [one for one in chosen if one.item.custom_id not in out])
        }
        said = f"{len(out):,} left out: they wait for an answer already, in {in_words(next(iter(found.values())))}."
        return replace(choice, chosen=left, left_out=(*choice.left_out, said))

    def _left_away(self, job: Job, model_id: str) -> frozenset[str]:
        """What the requests of a model can do without and their provider refuses."""
        rows = self._store.parameters.of(model_id, provider_id=job.row.provider_id, endpoint=job.request.endpoint)
        today = self._clock().date()
        return frozenset(row.parameter for row in rows if left_away(row, today))

    def _priced(self, actor: Actor, job: Job, choice: Choice, now: datetime, *, sync: bool) -> RetryPlan:
        found = [
            price_of(self._store, job, find(name), one, at=now, region=self._identity.region)
            for name, one in choice.chosen.items()
        ]
        expected = total_of([one.sync_usd if sync else one.expected_usd for one in found])
        statuses: dict[str, int] = {}
        for one in (each for chosen in choice.chosen.values() for each in chosen):
            statuses[one.item.status.value] = statuses.get(one.item.status.value, 0) + 1
        asked = {one.item.custom_id for chosen in choice.chosen.values() for one in chosen}
        doubtful = asked & self._store.retries.in_doubt(job.row.job_id)
        doubt = (
            f"{len(doubtful):,} of them were asked synchronously and no answer came: they may have been billed, and "
            "would then be paid twice."
        )
        job_id = job.row.job_id
        unread = statuses.get(ResultStatus.MISSING.value) and any(
            not one.custom_id for one in self._store.items.strays(job_id)
        )
        stray = (
            "The job has result lines that were not understood, and they may be answers to what is missing: have them "
            f"read again first, which costs nothing: mosychlos batch reread {job_id}"
        )
        return RetryPlan(
            job_id=job_id,
            requests=choice.requests,
            models={name: len(chosen) for name, chosen in choice.chosen.items()},
            statuses=statuses,
            low_usd=expected if sync else total_of([one.low_usd for one in found]),
            expected_usd=expected,
            high_usd=expected if sync else total_of([one.high_usd for one in found]),
            sync=sync,
            left_out=choice.left_out,
            warnings=tuple(
                dict.fromkeys(
                    [
                        *([doubt] if doubtful else ()),
                        *([stray] if unread else ()),
                        *([STANDARD_TIER] if sync else ()),
                        *choice.warnings,
                        *(text for one in found for text in one.warnings),
                    ]
                )
            ),
            over_budget=self._purse.objection(actor, job, expected, now),
            replaced=tuple(self._replaced(actor, job, choice, now, sync=sync)),
        )

    def _replaced(self, actor: Actor, job: Job, choice: Choice, now: datetime, *, sync: bool) -> Iterator[Fallback]:
        """Models whose requests go to another one now, with what the same requests would cost at each."""
        for model_id, chosen in choice.chosen.items():
            by_model: dict[str, list[Again]] = {}
            for one in chosen:
                by_model.setdefault(one.item.model, []).append(one)
            for asked, items in by_model.items():
                if asked == model_id:
                    continue
                before = price_of(self._store, job, find(asked), items, at=now, region=self._identity.region)
                after = price_of(self._store, job, find(model_id), items, at=now, region=self._identity.region)
                yield Fallback(
                    asked,
                    model_id,
                    why_not(find(asked), NOTHING, now.date()) or f"{actor.label} chose it for asking again.",
                    before.sync_usd if sync else before.expected_usd,
                    after.sync_usd if sync else after.expected_usd,
                )

    def _remember(self, actor: Actor, plan: RetryPlan, at: datetime) -> None:
        for one in plan.replaced:
            document = orjson.dumps(one.document()).decode()
            self._store.sets.replaced(plan.job_id, document, one.sentence, actor=actor.subject, at=at)

    def _sync_price(self, job: Job, model_id: str, chosen: Sequence[Again], now: datetime) -> Decimal | None:
        return price_of(self._store, job, find(model_id), chosen, at=now, region=self._identity.region).sync_usd
