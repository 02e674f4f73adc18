"""Several analyses, models or prompt versions over the same portfolios: asked for, priced and submitted as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from core.analyses.committee_brief import NEEDED
from core.analyses.engine import Each
from core.analyses.engines import engine_for
from core.desk.jobs import JobService, Preview
from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.records import Job, JobRow, JobSet
from core.domain.trial import TRY
from core.drafts.evidence import finished
from core.drafts.submission import WantedJob
from core.errors import AlreadyOpen, BadInput, ModelRefused, MosychlosError
from core.guard.access import Permission, require
from core.llm.estimate import COMPLETION_TIME
from core.llm.fallback import Fallback
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class SetWish:
    """What is asked for: every analysis with every model and every prompt version.

    Attributes:
        base: Everything that they share; its own kind, model, scenarios and periods stand for nothing else.
        versions: Prompt versions ("v1", "v2") of the one analysis; empty for the newest.
    """

    kinds: tuple[Kind, ...]
    models: tuple[str, ...]
    base: AnalysisRequest
    versions: tuple[str, ...] = ()

    def requests(self) -> tuple[AnalysisRequest, ...]:
        """One request for each job, analysis by analysis. Scenarios and periods go to the analyses that take them.

        Raises:
            BadInput: Nothing is asked for, something is named twice, or no analysis takes a scenario or period.
        """
        for what, named in (("analysis", self.kinds), ("model", self.models)):
            if not named:
                raise BadInput(f"No {what} was chosen. Name at least one.")
        for what, given in (("analysis", self.kinds), ("model", self.models), ("prompt version", self.versions)):
            if len(set(given)) != len(given):
                raise BadInput(f"An {what} is named twice: {', '.join(given)}. Name each once.".replace("An m", "A m"))
        if self.versions and len(self.kinds) > 1:
            raise BadInput("Prompt versions are compared for one analysis at a time. Name one analysis.")
        each = {engine_for(kind).each for kind in self.kinds}
        for option, wished, one in (
            ("--scenario", self.base.scenarios, Each.SCENARIO),
            ("--period", self.base.periods, Each.PERIOD),
        ):
            if wished and one not in each:
                raise BadInput(f"None of the analyses {', '.join(self.kinds)} takes {option}. Leave it out.")
        return tuple(
            replace(
                self.base,
                kind=kind,
                model=model,
                prompt_version=version,
                scenarios=self.base.scenarios if engine_for(kind).each is Each.SCENARIO else (),
                periods=self.base.periods if engine_for(kind).each is Each.PERIOD else (),
                group=self.base.group if kind is Kind.COMMITTEE_BRIEF else "",
                # One analysis says itself which of the tools it may not have; among several each takes its own.
                tools=self.base.tools
                if len(self.kinds) == 1
                else tuple(tool for tool in self.base.tools if tool in engine_for(kind).tools),
            )
            for kind in self.kinds
            for version in self.versions or (self.base.prompt_version,)
            for model in self.models
        )

    @property
    def comparison(self) -> str:
        """What differs while the portfolios are the same: "models", "prompts" or ""."""
        if len(self.models) > 1:
            return "models"
        return "prompts" if len(self.versions) > 1 else ""

    @property
    def name(self) -> str:
        """What the set is called: "risk, compliance with gpt-5.4-mini, gpt-6-luna"."""
        versions = f" ({', '.join(self.versions)})" if self.versions else ""
        return f"{', '.join(self.kinds)}{versions} with {', '.join(self.models)}"


@dataclass(frozen=True, slots=True)
class SetPart:
    """One job of a set before it is one.

    Attributes:
        request: As it would be sent: with the stand-in's model where that was taken.
        preview: What it would send and cost; None when it cannot be asked at all, and `problem` says why.
        fallback: Another model in place of one that cannot be asked, for a person to take, or taken.
    """

    request: AnalysisRequest
    preview: Preview | None
    problem: str = ""
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True)
class SetPreview:
    """What a wish would send and cost, job by job and together.

    Attributes:
        over_budget: Which limit the jobs would break together and by how much; "" when none.
        missing: Analyses that a committee brief lacks, by portfolio.
    """

    wish: SetWish
    parts: tuple[SetPart, ...]
    over_budget: str
    missing: dict[str, tuple[Kind, ...]] = field(default_factory=dict)

    @property
    def found(self) -> list[Preview]:
        """The parts that can be asked."""
        return [part.preview for part in self.parts if part.preview is not None]

    @property
    def whole(self) -> bool:
        """True when every part can be asked about every portfolio."""
        return all(part.preview is not None and not part.preview.refused for part in self.parts)

    @property
    def requests(self) -> int:
        """Requests of all parts."""
        return sum(one.estimate.requests for one in self.found)

    @property
    def waiting(self) -> int:
        """Requests of all parts that wait for an answer in open jobs already."""
        return sum(one.waiting_requests for one in self.found)

    @property
    def input_tokens(self) -> int:
        """Counted input tokens of all parts."""
        return sum(one.estimate.input_tokens for one in self.found)

    @property
    def output_tokens(self) -> int:
        """Expected output tokens of all parts."""
        return sum(one.estimate.output_tokens for one in self.found)

    @property
    def cacheable_share(self) -> float | None:
        """Part of the input that the provider may find in its cache, a fraction; None for no input."""
        return sum(one.cacheable_tokens for one in self.found) / self.input_tokens if self.input_tokens else None

    @property
    def low_usd(self) -> Decimal | None:
        """Sum of the low ends."""
        return _sum(one.estimate.low_usd for one in self.found)

    @property
    def expected_usd(self) -> Decimal | None:
        """Expected cost of all parts; None when one price is not known."""
        return _sum(one.estimate.expected_usd for one in self.found)

    @property
    def high_usd(self) -> Decimal | None:
        """Sum of the high ends."""
        return _sum(one.estimate.high_usd for one in self.found)

    @property
    def uplift_usd(self) -> Decimal | None:
        """What data residency adds to the expected cost; None where it adds nothing."""
        parts = [one.estimate.uplift_usd for one in self.found if one.estimate.uplift_usd is not None]
        return sum(parts, start=Decimal(0)) if parts else None

    @property
    def sync_usd(self) -> Decimal | None:
        """The same asked one by one."""
        return _sum(one.estimate.sync_usd for one in self.found)

    @property
    def savings_usd(self) -> Decimal | None:
        """What batching saves."""
        expected, sync = self.expected_usd, self.sync_usd
        return None if expected is None or sync is None else sync - expected

    @property
    def completion_time(self) -> str:
        """Hours until all parts are there, as people read them."""
        classes = {one.estimate.model_class for one in self.found}
        return COMPLETION_TIME[classes.pop() if len(classes) == 1 else "mixed"] if classes else ""

    @property
    def model_mix(self) -> dict[str, int]:
        """Requests by model."""
        mix: dict[str, int] = {}
        for one in self.found:
            for model, count in one.estimate.model_mix.items():
                mix[model] = mix.get(model, 0) + count
        return mix

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of all parts, each once."""
        return tuple(dict.fromkeys(text for one in self.found for text in one.estimate.warnings))

    @property
    def blockers(self) -> tuple[str, ...]:
        """What stops a submission unless it is forced."""
        return tuple(dict.fromkeys(text for one in self.found for text in one.blockers))


@dataclass(frozen=True, slots=True)
class Submitted:
    """Jobs that were submitted together.

    Attributes:
        job_set: None when it is one job alone.
        taken: Sentences about models that were replaced, as the person asked.
        open: Those of them that were under way already.
        elsewhere: Portfolios that were left out, each with the open job in which its request waits.
    """

    jobs: tuple[Job, ...]
    job_set: JobSet | None
    taken: tuple[str, ...]
    open: frozenset[str] = frozenset()
    elsewhere: Mapping[str, str] = field(default_factory=dict)


class SetService:
    """Sets of jobs for an actor."""

    def __init__(self, store: Store, jobs: JobService, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._jobs = jobs
        self._submission = jobs.submission
        self._optimiser = jobs.optimiser
        self._clock = clock

    def preview(self, actor: Actor, wish: SetWish, *, suggest: bool = True, fallback: bool = False) -> SetPreview:
        """Count and price every part; what cannot be asked is named, with what could be instead.

        Args:
            suggest: Look for cheaper models.
            fallback: Price the stand-in of a model that cannot be asked, as `submit` would take it.

        Raises:
            BadInput: The wish contradicts itself.
        """
        require(actor, Permission.JOB_PREPARE)
        at = self._clock()
        parts = tuple(self._part(actor, request, at, suggest=suggest, fallback=fallback) for request in wish.requests())
        over = self._submission.over_budget(
            actor, [(part.request, part.preview.estimate) for part in parts if part.preview is not None], at
        )
        missing = self.missing(actor, wish.base.portfolio_ids) if Kind.COMMITTEE_BRIEF in wish.kinds else {}
        return SetPreview(wish, parts, over, missing)

    def _part(self, actor: Actor, request: AnalysisRequest, at: datetime, *, suggest: bool, fallback: bool) -> SetPart:
        try:
            return SetPart(request, self._jobs.preview(actor, request, suggest=suggest))
        except ModelRefused as refusal:
            stand_in = self._optimiser.stand_in(request, at)
            if stand_in is None or not fallback:
                return SetPart(request, None, str(refusal), stand_in)
            instead = replace(request, model=stand_in.model)
            return SetPart(instead, self._jobs.preview(actor, instead, suggest=suggest), "", stand_in)
        except MosychlosError as error:
            return SetPart(request, None, str(error))

    def leave_out(self, actor: Actor, wish: SetWish) -> tuple[SetWish, dict[str, str]]:
        """The wish without portfolios that some analysis of it cannot be asked about, and why for each of those.

        They are left out of every analysis of the set, so that all of it speaks of the same portfolios.

        Raises:
            BadInput: None is left.
        """
        refused: dict[str, str] = {}
        for part in self.preview(actor, wish, suggest=False).parts:
            if part.preview is not None:
                refused = part.preview.refused | refused
        kept = tuple(one for one in wish.base.portfolio_ids if one not in refused)
        if not kept:
            reason = next(iter(refused.values()), "No portfolio was chosen.")
            raise BadInput(f"None of the portfolios can be asked about: {reason}")
        return replace(wish, base=replace(wish.base, portfolio_ids=kept)), refused

    def missing(self, actor: Actor, portfolio_ids: Iterable[str]) -> dict[str, tuple[Kind, ...]]:
        """Analyses that each portfolio must have before a committee can be asked to decide; none that has them all."""
        require(actor, Permission.JOB_READ)
        lacking: dict[str, tuple[Kind, ...]] = {}
        for portfolio in self._store.portfolios.load(list(portfolio_ids)):
            # An analysis of another day is as good as none: the brief would mix two states of the portfolio.
            there = {one.kind for one in finished(self._store, portfolio.portfolio_id) if one.as_of == portfolio.as_of}
            kinds = tuple(kind for kind in NEEDED if kind.value not in there)
            if kinds:
                lacking[portfolio.portfolio_id] = kinds
        return lacking

    def submit(
        self,
        actor: Actor,
        wish: SetWish,
        *,
        nonce: str | None = None,
        force: bool = False,
        needed_by: datetime | None = None,
        optimise: bool = False,
        fallback: bool = False,
        again: bool = False,
        if_not_open: bool = False,
    ) -> Submitted:
        """Store every job of a wish and hand them to the worker: all of them or none.

        Args:
            optimise: Take the cheaper model where one is suggested. Without it the choice is kept.
            fallback: Take the stand-in for a model that cannot be asked. Without it that is an error.
            again: Ask although the very same is under way.
            if_not_open: Take the open job in the place of one that would ask the very same; submit only the others,
                and of those only what waits nowhere.

        Raises:
            As `JobService.submit`; ModelRefused for a model that cannot be asked.
        """
        require(actor, Permission.JOB_SUBMIT)
        at = self._clock()
        wanted = [self._wanted(actor, one, at, optimise=optimise, fallback=fallback) for one in wish.requests()]
        open_: dict[int, str] = {}
        elsewhere: dict[str, str] = {}
        left = dict(enumerate(wanted))
        made: list[Job] = []
        while left:
            try:
                made = self._submission.submit(
                    actor,
                    list(left.values()),
                    nonce=nonce,
                    force=force,
                    again=again,
                    needed_by=needed_by,
                    name=wish.name,
                    comparison=wish.comparison,
                )
                break
            except AlreadyOpen as alike:
                if not if_not_open:
                    raise
                places = list(left)
                for place, waiting in alike.parts.items():
                    left[places[place]] = _without(left[places[place]], waiting, alike.partly.get(place, {}))
                    elsewhere |= waiting
                    if not left[places[place]].request.portfolio_ids:  # all of it waits, in several jobs
                        open_[places[place]] = min(waiting.values(), key=lambda one: one.startswith(TRY))
                        del left[places[place]]
                for place, job_id in alike.places.items():
                    open_[places[place]] = job_id
                    del left[places[place]]
                if any(one.startswith(TRY) for one in open_.values()):
                    raise  # no run will have that answer, so none can stand for what was wished
                nonce = None  # what was refused may have used it up
        jobs = dict(zip(left, made, strict=True)) | {n: self._store.jobs.get(one) for n, one in open_.items()}
        set_id = made[0].row.set_id if made else ""
        taken = tuple(text for one in left.values() for _, text in one.notes)
        return Submitted(
            tuple(jobs[number] for number in sorted(jobs)),
            self._store.sets.get(set_id) if set_id else None,
            taken,
            frozenset(open_.values()),
            elsewhere,
        )

    def _wanted(
        self, actor: Actor, request: AnalysisRequest, at: datetime, *, optimise: bool, fallback: bool
    ) -> WantedJob:
        stand_in = self._optimiser.stand_in(request, at) if fallback else None
        if stand_in is not None:
            return WantedJob(replace(request, model=stand_in.model), (("fallback", stand_in.sentence),), stand_in)
        if optimise:
            found = self._jobs.preview(actor, request, suggest=True).suggestion
            if found is not None:
                return WantedJob(replace(request, model=found.model), (("optimised", found.sentence),))
        return WantedJob(request)

    def page(self, actor: Actor, *, limit: int = 50, offset: int = 0) -> list[JobSet]:
        """Sets, newest first."""
        require(actor, Permission.JOB_READ)
        return self._store.sets.page(limit=limit, offset=offset)

    def count(self, actor: Actor) -> int:
        """How many sets there are."""
        require(actor, Permission.JOB_READ)
        return self._store.sets.count()

    def get(self, actor: Actor, set_id: str) -> tuple[JobSet, list[JobRow]]:
        """A set and its jobs.

        Raises:
            NotFound: No such set.
        """
        require(actor, Permission.JOB_READ)
        return self._store.sets.get(set_id), self._store.sets.jobs(set_id)


def _without(wanted: WantedJob, waiting: Mapping[str, str], partly: Mapping[str, str]) -> WantedJob:
    """A wish without what waits: portfolios of which all waits, and single requests of the others."""
    some = set(partly.values())
    ids = tuple(one for one in wanted.request.portfolio_ids if one not in waiting or one in some)
    left_out = wanted.without | partly.keys()
    return replace(wanted, request=replace(wanted.request, portfolio_ids=ids), without=left_out)


def _sum(parts: Iterable[Decimal | None]) -> Decimal | None:
    found: Sequence[Decimal | None] = list(parts)
    known = [part for part in found if part is not None]
    return sum(known, start=Decimal(0)) if found and len(known) == len(found) else None
