"""From wishes to jobs that the worker takes up: built, checked, stored and approved, all of them or none."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import orjson

from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest
from core.domain.cost import Estimate
from core.domain.provider import ProviderIdentity
from core.domain.records import Job, Spend
from core.drafts.drafting import Built, Drafter
from core.drafts.job_files import APP, job_folder
from core.errors import AlreadyOpen, BadInput, OverBudget, Refused
from core.guard.budgets import Budgets, usd
from core.guard.demo_home import stop_real_work
from core.llm.fallback import Fallback
from core.llm.models import find
from core.storage.jobs.job_sets import Approval, NewSet
from core.storage.jobs.jobs import ALREADY_STORED, NewJob
from core.storage.jobs.open_jobs import stop_alike, stop_waiting
from core.storage.store import Store

_MODEL_ID: Final = re.compile(r"[!-~]{1,200}")
"""What is stored, shown and sent as the name of a model: nothing that could read otherwise than it is."""


@dataclass(frozen=True, slots=True)
class WantedJob:
    """One job to be submitted.

    Attributes:
        notes: Lines for its history: (event, text).
        fallback: The stand-in that its model is; None when it is the model that was asked for.
        without: Requests, by custom id, that are left out.
    """

    request: AnalysisRequest
    notes: tuple[tuple[str, str], ...] = ()
    fallback: Fallback | None = None
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A job that is built and not stored yet."""

    job_id: str
    wanted: WantedJob
    built: Built
    folder: Path


class Submission:
    """Submits for an actor whose leave was asked already."""

    def __init__(
        self,
        store: Store,
        drafter: Drafter,
        budgets: Budgets,
        home: Path,
        clock: Callable[[], datetime],
        *,
        identity: ProviderIdentity,
        desk: str = "",
    ) -> None:
        self._store = store
        self._drafter = drafter
        self._budgets = budgets
        self._home = home
        self._clock = clock
        self._identity = identity
        self._desk = desk

    def submit(  # noqa: C901  # what may stop a submission, in the order in which it is told
        self,
        actor: Actor,
        wanted: Sequence[WantedJob],
        *,
        nonce: str | None,
        force: bool,
        needed_by: datetime | None,
        again: bool = False,
        name: str = "",
        comparison: str = "",
    ) -> list[Job]:
        """Store these jobs and hand them to the worker. Nothing is left of them when one cannot be.

        Args:
            nonce: Made by whoever asks, once per wish; the same again is refused.
            force: Go on past warnings that would stop it; never past a budget, a permission or a shut-down.
            again: Ask although the very same is under way.
            name: Of the set that they make, when there are several.
            comparison: What differs between them while the portfolios are the same.

        Raises:
            Refused: A blocker without `force`, a budget, a nonce already used, the demo's directory.
            AlreadyOpen: The very same is under way, without `again`.
            BadInput: An unknown model without `force`; a portfolio that cannot be asked about; answers needed by a
                moment that is past.
        """
        stop_real_work(self._home, self._identity)
        at = self._clock()
        if needed_by is not None and needed_by <= at:
            raise BadInput(
                f"The answers would be needed by {needed_by.astimezone(UTC):%Y-%m-%d %H:%M}Z, and it is "
                f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z already. Give a later moment, or none."
            )
        for one in wanted:
            stop_unknown(one.request.model, force=force)
        if nonce and self._store.open_jobs.of_nonce(nonce) is not None:
            raise Refused(ALREADY_STORED)
        word = nonce or secrets.token_hex(16)
        drafts: list[_Draft] = []
        stored: list[_Draft] = []
        try:
            for one in wanted:
                self._build(one, at, drafts)
            if not again:
                self._stop_alike(actor, drafts)
            self.gate(actor, [(each.wanted.request, each.built.estimate) for each in drafts], at, force=force)
            for number, draft in enumerate(drafts):
                self._add(actor, draft, word if number == 0 else f"{word}.{number}", needed_by, at)
                stored.append(draft)
        except BaseException:
            self._forget(actor, drafts, stored)
            raise
        set_id = new_id(at) if len(drafts) > 1 else ""
        new = NewSet(set_id, name, comparison, at, actor.subject)
        try:
            self._store.sets.approve(
                new, [self._approval(draft, again=again) for draft in drafts], actor=actor.subject, at=self._clock()
            )
        except Refused as refused:
            for draft in drafts:
                self._store.jobs.discard(draft.job_id, actor=actor.subject, at=self._clock())
            if not isinstance(refused, AlreadyOpen):
                raise
            # Somebody bought some of it since we looked: look again, to say all that waits.
            return self.submit(
                actor, wanted, nonce=None, force=force, needed_by=needed_by, name=name, comparison=comparison
            )
        return [self._store.jobs.get(draft.job_id) for draft in drafts]

    def _build(self, wanted: WantedJob, at: datetime, drafts: list[_Draft]) -> None:
        job_id = new_id(at)
        folder = job_folder(self._home, job_id)
        try:
            built = self._drafter.write(job_id, wanted.request, folder, at, without=wanted.without)
        except BaseException:
            self._drop(job_id, folder)
            raise
        drafts.append(_Draft(job_id, wanted, built, folder))

    def _add(self, actor: Actor, draft: _Draft, nonce: str, needed_by: datetime | None, at: datetime) -> None:
        built, job_id = draft.built, draft.job_id
        new = NewJob(
            job_id=job_id,
            request=draft.wanted.request,
            estimate=built.estimate,
            prompt_version=built.prompt_version,
            spec_hash=built.spec_hash,
            nonce=nonce,
            simulated=self._identity.simulated,
            created_by=actor.subject,
            created_at=at,
            needed_by=needed_by,
            desk=self._desk,
            reused=built.reused,
            identity=self._identity,
            question=built.question,
        )
        self._store.jobs.add_draft(
            new, built.files, lambda index: f"{APP}-{job_id}.{index}-{built.spec_hash[:12]}.a1.jsonl"
        )

    def _forget(self, actor: Actor, drafts: Sequence[_Draft], stored: Sequence[_Draft]) -> None:
        known = {draft.job_id for draft in stored}
        for draft in drafts:
            if draft.job_id in known:
                self._store.jobs.discard(draft.job_id, actor=actor.subject, at=self._clock())
            else:
                self._drop(draft.job_id, draft.folder)

    def _drop(self, job_id: str, folder: Path) -> None:
        self._store.jobs.drop_requests(job_id)
        shutil.rmtree(folder, ignore_errors=True)

    def _stop_alike(self, actor: Actor, drafts: Sequence[_Draft]) -> None:
        """Stop early what approval would refuse anyway, and requests that wait for an answer in other jobs."""
        questions = [draft.built.question for draft in drafts]
        stop_alike(self._store.open_jobs.alike(questions), questions, actor.subject, self._clock())
        stop_waiting([draft.built.waits for draft in drafts])

    def _approval(self, draft: _Draft, *, again: bool) -> Approval:
        request, expected = draft.wanted.request, draft.built.estimate.expected_usd
        stand_in = draft.wanted.fallback

        def check(month: Spend, person: Spend, desk: Spend) -> None:
            self._budgets.check(expected, month, person, desk, max_cost_usd=request.max_cost_usd)

        return Approval(
            draft.job_id,
            draft.built.spec_hash,
            check,
            draft.wanted.notes,
            "" if stand_in is None else orjson.dumps(stand_in.document()).decode(),
            "" if again else draft.built.question,
        )

    def gate(
        self, actor: Actor, wanted: Sequence[tuple[AnalysisRequest, Estimate]], at: datetime, *, force: bool
    ) -> None:
        """Stop early what approval would refuse anyway, so that a refusal leaves no trace in the list of jobs.

        Raises:
            Refused: What stops it.
        """
        stops = [] if force else [each for request, estimate in wanted for each in blockers(request, estimate)]
        if stops:
            raise Refused(f"{' '.join(dict.fromkeys(stops))} Go on with --force.")
        over = self.over_budget(actor, wanted, at)
        if over:
            raise OverBudget(over)

    def over_budget(self, actor: Actor, wanted: Sequence[tuple[AnalysisRequest, Estimate]], at: datetime) -> str:
        """Which limit these jobs would break together and by how much; "" when none."""
        month, before = f"{at:%Y-%m}", Decimal(0)
        everybody = self._store.jobs.spend(month)
        person = self._store.jobs.spend(month, actor.subject)
        desk = self._store.jobs.spend(month, desk=self._desk)
        try:
            for request, estimate in wanted:
                self._budgets.check(
                    estimate.expected_usd,
                    _with(everybody, before),
                    _with(person, before),
                    _with(desk, before),
                    max_cost_usd=request.max_cost_usd,
                )
                before += estimate.expected_usd or 0
        except Refused as refusal:
            return str(refusal)
        most = min((one.max_cost_usd for one, _ in wanted if one.max_cost_usd is not None), default=None)
        if most is not None and len(wanted) > 1 and before > most:
            return (
                f"The {len(wanted)} jobs are expected to cost ${before:,.4f} together; their limit is {usd(most)}, "
                f"${before - most:,.4f} too little. Choose fewer portfolios, analyses or models, or raise the limit."
            )
        return ""


def new_id(at: datetime) -> str:
    """An id that sorts by time, says the day to a person, and does not collide: 48 random bits a second."""
    return f"{at:%y%m%d-%H%M%S}-{secrets.token_hex(6)}"


def stop_unknown(model_id: str, *, force: bool = False) -> None:
    """Let known models pass; with `force` also what may be the name of one.

    Raises:
        BadInput: The model is not known, or that is no name of a model.
    """
    if not _MODEL_ID.fullmatch(model_id):
        raise BadInput(
            f"'{model_id}' is no name of a model: these are letters, digits and signs of ASCII without blanks. "
            "See the known ones with: mosychlos models list."
        )
    if not force and not find(model_id).known:
        raise BadInput(
            f"The model '{model_id}' is not known. See the known ones with: mosychlos models list. "
            "--force sends it all the same, with conservative parameters."
        )


def blockers(request: AnalysisRequest, estimate: Estimate) -> tuple[str, ...]:
    """Sentences that stop a submission unless it is forced."""
    if estimate.expected_usd is None:
        return (f"The price of {request.model} is not known, so its cost cannot be estimated.",)
    return ()


def _with(spend: Spend, more: Decimal) -> Spend:
    return replace(spend, open_usd=spend.open_usd + more)
