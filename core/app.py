"""Wires everything once. Pages and the CLI hold an App and ask it, with an actor, for everything."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from core import private_files
from core.analyses.engines import available
from core.desk.committee_page import BriefService
from core.desk.comparisons import CompareService
from core.desk.corrections import ReaskService
from core.desk.documents import ResearchService
from core.desk.funds import FundService
from core.desk.imports import ImportService
from core.desk.instruments import RegisterService
from core.desk.jobs import JobService
from core.desk.labels import PortfolioLabels
from core.desk.legal_entities import EntityService
from core.desk.market_sources import MarketService, rates_file
from core.desk.oversight import Oversight
from core.desk.portfolio_edits import PortfolioEditor
from core.desk.portfolio_figures import PortfolioFigures
from core.desk.portfolios import PortfolioService
from core.desk.prices import PriceService
from core.desk.replication.service import ReplicationService
from core.desk.results import ResultService
from core.desk.retries import RetryService
from core.desk.rules import ComplianceService
from core.desk.series import SeriesService
from core.desk.sets import SetService
from core.desk.tool_calls import ToolService
from core.domain.actor import Actor
from core.domain.alert import AlertKind
from core.domain.analysis import Kind
from core.domain.cost import Price
from core.domain.oversight import Bound, BudgetLine
from core.domain.provider import ProviderIdentity, normalised
from core.domain.provider_state import CircuitState, ProviderState
from core.domain.records import ParameterRow, WorkerRow
from core.drafts.batch_room import TIERS, Rooms
from core.drafts.drafting import Drafter
from core.drafts.parameter_lessons import StoredRefusals
from core.errors import BadSetting, ProviderError, Refused, StorageTrouble, UnreadableFile
from core.guard.access import Permission, require
from core.guard.budgets import Budgets, usd
from core.guard.demo_home import stop_real_work
from core.guard.entrance import FOLDER as DASHBOARDS
from core.guard.readiness import Failing, failing
from core.guard.refused_hosts import RefusedHosts
from core.llm.models import Model, all_models, find
from core.llm.optional_parameters import OPTIONAL, left_away
from core.llm.pricing import price
from core.llm.prompts import PromptLibrary
from core.market_sources.sources import Sources
from core.metrics.fx import EcbRates
from core.settings import Settings
from core.storage.roles import LoginRole, grant, statements
from core.storage.store import Store
from core.worker import other_providers
from core.worker.ask_sync import Asking
from core.worker.context import Context, Pace
from core.worker.queue_order import Rules
from core.worker.remote_files import Orphan, orphans, remove_orphan
from core.worker.rereading import ReadAgain, read_again
from core.worker.single_try import Trier, TryRunner, TryService
from core.worker.tool_context import ToolRoom

if TYPE_CHECKING:
    from core.providers.protocol import Provider
    from core.worker.worker import Worker

logger = logging.getLogger(__name__)

LOW_DISK_BYTES = 500_000_000

RECENT = timedelta(minutes=15)
"""A provider's error is news for so long."""


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One line of the health report: `state` is "ok", "warning" or "error"."""

    name: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model with its prices, as lists show it."""

    model: Model
    batch: Price | None
    sync: Price | None
    shut_down: bool


class App:
    """The façade. Every question takes the actor who asks."""

    def __init__(self, settings: Settings, store: Store, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.identity = ProviderIdentity(
            address=settings.provider_name or normalised(settings.base_url),
            organisation=settings.organisation,
            project=settings.project,
            region=settings.data_region,
            simulated=settings.simulated,
        )
        self.library = PromptLibrary(settings.prompts)
        self._store = store
        self._clock = clock
        rates = EcbRates(rates_file(settings.home))
        budgets = Budgets(
            settings.budget_job_usd,
            settings.budget_person_usd,
            settings.budget_month_usd,
            settings.budget_thresholds,
            settings.budget_desk_usd,
        )
        self._rooms = Rooms(TIERS[settings.provider_tier], settings.enqueued_tokens)
        self.portfolios = PortfolioService(store, rates, clock)
        self.compliance = ComplianceService(store, rates, clock)
        self.editor = PortfolioEditor(store, rates, clock)
        self.labels = PortfolioLabels(store, clock)
        self.figures = PortfolioFigures(store, rates)
        self.replication = ReplicationService(store, rates)
        self.register = RegisterService(store, clock)
        self.funds = FundService(store, clock)
        self.entities = EntityService(store, clock)
        self.prices = PriceService(store, clock)
        sources = Sources(settings.market, timeout_seconds=settings.http_timeout_seconds)
        self.series = SeriesService(store, clock, sources.fred_terms)
        self.market = MarketService(store, sources, self.prices, self.series, settings.home, clock)
        self.research = ResearchService(store, clock)
        self.imports = ImportService(store, self.portfolios, self.prices, clock)
        self._drafter = Drafter(
            store,
            rates,
            self.library,
            rooms=self._rooms,
            reuse=timedelta(days=settings.reuse_days) if settings.reuse_days else None,
            identity=self.identity,
            desk=settings.desk,
            address=settings.base_url,
            tool_rounds=settings.tool_rounds,
        )
        # A stand-in's calls are no reason to ask anybody outside, or to spend what a source allows.
        outside = Sources(replace(settings.market.without_keys(), sec_contact=None)) if settings.simulated else sources
        self._room = ToolRoom(store, rates, outside)
        self.tools = ToolService(store)
        self.tries = TryService(
            store, self._drafter, budgets, settings.home, clock, identity=self.identity, desk=settings.desk
        )
        self.jobs = JobService(
            store,
            self._drafter,
            budgets,
            settings.home,
            clock,
            identity=self.identity,
            desk=settings.desk,
        )
        self.sets = SetService(store, self.jobs, clock)
        self.results = ResultService(store, rates, settings.home, clock)
        self.comparing = CompareService(store)
        self.briefs = BriefService(store, self.results, self.comparing)
        self.retries = RetryService(store, budgets, self._rooms, settings.home, clock, identity=self.identity)
        self.reasks = ReaskService(store, budgets, self._rooms, settings.home, clock, identity=self.identity)
        self.oversight = Oversight(store, budgets, settings.home, clock, identity=self.identity, desk=settings.desk)
        self.budgets = budgets

    @property
    def simulated(self) -> bool:
        """True when answers come from the local stand-in and must be marked so."""
        return self.settings.simulated

    def now(self) -> datetime:
        """The present moment by this App's clock."""
        return self._clock()

    def kinds(self) -> tuple[Kind, ...]:
        """Analyses that can be asked for."""
        return available()

    def models(self, *, usable_only: bool = False) -> list[ModelRow]:
        """Known models with their prices today."""
        rows = [self.model(one.model_id) for one in all_models()]
        return [row for row in rows if not (usable_only and row.shut_down)]

    def model(self, model_id: str) -> ModelRow:
        """One model; an unknown one comes with conservative capabilities and `known` False."""
        now, model = self._clock(), find(model_id)
        return ModelRow(
            model=model,
            batch=price(model_id, batch=True, at=now, region=self.settings.data_region),
            sync=price(model_id, batch=False, at=now, region=self.settings.data_region),
            shut_down=model.shutdown is not None and model.shutdown <= now.date(),
        )

    def remembered(self, actor: Actor, model_id: str) -> list[ParameterRow]:
        """Which parameters a model took or refused so far; the stand-in's ways only where answers are its own."""
        require(actor, Permission.JOB_READ)
        return self._store.parameters.of(model_id, provider_id=self.identity.fingerprint)

    def left_away(self, actor: Actor, model_id: str) -> dict[tuple[str, str], str]:
        """What is not sent because this provider refuses it, by parameter and API, with what its absence means."""
        today = self._clock().date()
        away = [row for row in self.remembered(actor, model_id) if left_away(row, today)]
        return {(row.parameter, row.endpoint): OPTIONAL[row.parameter] for row in away}

    def workers(self, actor: Actor) -> list[WorkerRow]:
        """Workers heard of lately, the liveliest first."""
        require(actor, Permission.JOB_READ)
        return self._store.workers.alive()

    def worker_is_alive(self, actor: Actor) -> bool:
        """True when some worker that serves this installation's provider has shown life within a minute."""
        return self.idle(actor) == ""

    def idle(self, actor: Actor) -> str:
        """Why what is submitted here does not move, in a sentence; "" where a worker of its provider lives."""
        require(actor, Permission.JOB_READ)
        now = self._clock()
        alive = other_providers.living(self._store, now)
        if not alive:
            return "No worker runs."
        if any(self.identity.fingerprint in worker.accepts for worker in alive):
            return ""
        present = other_providers.who_serves(self._store, self.identity, now)
        return f"No worker runs for {self.identity.label}; {present}."

    def health(self, actor: Actor) -> list[HealthCheck]:
        """Whether everything that jobs need is there, each with what to do if not."""
        checks = [self._database_check(), self._disk_check(), self._files_check(), self._prompts_check()]
        idle = self.idle(actor)
        served = f"A worker for {self.identity.label} is running."
        checks.append(
            HealthCheck(
                "worker",
                "warning" if idle else "ok",
                f"{idle} Jobs wait. Start one: mosychlos worker" if idle else served,
            )
        )
        checks += self._elsewhere_checks()
        checks.append(self._way_check())
        notice = RefusedHosts(self.settings.home / DASHBOARDS).notice(self._clock())
        if notice:
            checks.append(HealthCheck("addresses", "warning", notice))
        if not self.budgets.any_set:
            checks.append(HealthCheck("budget", "warning", "No cost limit is set. Set MOSYCHLOS_BUDGET_MONTH_USD."))
        checks += [_budget_check(line) for line in self.oversight.budgets(actor)]
        return checks

    def failing(self) -> list[Failing]:
        """What keeps this installation from serving pages now. A probe asks: no actor, and no detail."""
        return failing(self._store, self.settings.home)

    def _elsewhere_checks(self) -> list[HealthCheck]:
        """One line for each provider whose jobs wait because no worker of it runs."""
        groups: dict[str, list[Bound]] = {}
        now = self._clock()
        for one in other_providers.waiting_elsewhere(self._store, self.identity, now):
            groups.setdefault(one.provider_id, []).append(one)
        present = other_providers.who_serves(self._store, self.identity, now) if groups else ""
        return [
            HealthCheck(
                "other provider", "warning", f"{other_providers.summary(jobs, present)} Nothing of them is lost."
            )
            for jobs in groups.values()
        ]

    def _database_check(self) -> HealthCheck:
        started = time.perf_counter()
        try:
            self._store.workers.alive()
        except StorageTrouble as error:
            return HealthCheck("database", "error", str(error))
        took = (time.perf_counter() - started) * 1000
        return HealthCheck("database", "ok", f"{self._store.database.dialect} answers in {took:.0f} ms.")

    def _disk_check(self) -> HealthCheck:
        free = shutil.disk_usage(self.settings.home).free
        low = free < LOW_DISK_BYTES
        remedy = " Free some space before the next job." if low else ""
        return HealthCheck(
            "disk", "warning" if low else "ok", f"{free / 1e9:.1f} GB free in the data directory.{remedy}"
        )

    def _files_check(self) -> HealthCheck:
        places = [self.settings.home, *self._store.database.files()]
        found = private_files.open_to_others(places)
        if not found:
            return HealthCheck("files", "ok", "Only you can read what is stored.")
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        return HealthCheck(
            "files",
            "warning",
            f"Other users of this machine can read '{found[0]}'{more}. "
            f"Correct it with: chmod -R go-rwx '{self.settings.home}'",
        )

    def _way_check(self) -> HealthCheck:
        """What the processes that call the provider last found; nobody calls it for this check."""
        simulated = " Answers are simulated." if self.settings.simulated else ""
        where = f"{self.settings.base_url}.{simulated}"
        if unfit := self._unfit():
            return HealthCheck("provider", "error", f"{where} {unfit}")
        state = self._store.provider_states.find(self.identity.fingerprint)
        if state is None:
            return HealthCheck("provider", "ok", f"{where} It was not asked yet.")
        last = f" Last error ({state.last_error_at:%Y-%m-%d %H:%M}Z): {state.last_error}" if state.last_error_at else ""
        tried = f" Tried again at {state.opens_at:%H:%M}Z." if state.opens_at else ""
        if state.reads is not CircuitState.CLOSED:
            return HealthCheck("provider", "error", f"{where} It is not asked for the moment.{tried}{last}")
        if state.paid is not CircuitState.CLOSED:
            return HealthCheck(
                "provider", "error", f"{where} Nothing that costs money is sent for the moment.{tried}{last}"
            )
        recent = state.last_error_at is not None and self._clock() - state.last_error_at < RECENT
        return HealthCheck("provider", "warning" if recent else "ok", f"{where}{last if recent else ''}")

    def provider_trouble(self, actor: Actor) -> str:
        """Why nothing is asked of the provider now, for a person; "" while calls go through."""
        require(actor, Permission.JOB_READ)
        if unfit := self._unfit():
            return unfit
        state = self._store.provider_states.find(self.identity.fingerprint)
        if state is None or (state.reads is CircuitState.CLOSED and state.paid is CircuitState.CLOSED):
            return ""
        stops = (
            "is not asked for the moment" if state.reads is not CircuitState.CLOSED else "is sent nothing that costs"
        )
        since = f" since {state.last_error_at:%H:%M}Z" if state.last_error_at else ""
        return f"The provider {stops}{since}: {state.last_error} It is tried again by itself; nothing is lost."

    def _unfit(self) -> str:
        """Why a worker takes no work up for this provider; "" while it does."""
        standing = self._store.alerts.of(self.identity.fingerprint)
        return next(
            (one.text for one in standing if one.kind is AlertKind.UNFIT_PROVIDER and one.cleared_at is None), ""
        )

    def _prompts_check(self) -> HealthCheck:
        kinds = self.library.kinds()
        return HealthCheck("prompts", "ok" if kinds else "error", f"{len(kinds)} prompt kinds: {', '.join(kinds)}.")

    def provider(self) -> Provider:
        """A door to the provider, with the key. For the worker and the CLI only.

        Raises:
            BadSetting: There is no key.
        """
        from core.providers.guarded import GuardedProvider
        from core.providers.openai_provider import OpenAIProvider
        from core.providers.throttle import Limits

        settings = self.settings
        if not settings.api_key:
            raise BadSetting("OPENAI_API_KEY is not set. Set it, or try everything without a key with: mosychlos demo")
        return GuardedProvider(
            OpenAIProvider(
                settings.api_key,
                settings.base_url,
                settings.http_timeout_seconds,
                answer_timeout_seconds=settings.answer_timeout_seconds,
                file_lifetime_seconds=settings.remote_file_days * 86_400,
                organisation=settings.organisation,
                project=settings.project,
                memory=StoredRefusals(self._store, self.identity, self._clock),
            ),
            name=self.identity.fingerprint,
            limits=Limits(settings.requests_per_minute, settings.tokens_per_minute),
            # Nothing is looked at more often than this anyway.
            first_open_seconds=min(30.0, settings.poll_seconds),
            now=self._clock,
            changed=self._remember_provider,
        )

    def _remember_provider(self, state: ProviderState) -> None:
        try:
            self._store.provider_states.save(state)
        except StorageTrouble as error:
            logger.warning("how the way to the provider stands could not be stored: %s", error)

    def context(self, provider: Provider, crossing: Callable[[str], None] = lambda _point: None) -> Context:
        """What the worker's steps need."""
        settings = self.settings
        return Context(
            store=self._store,
            provider=provider,
            identity=self.identity,
            pace=Pace(
                poll=settings.poll_seconds,
                http_timeout=settings.http_timeout_seconds,
                quarantine=settings.quarantine_seconds,
                lease=settings.lease_seconds,
            ),
            home=settings.home,
            clock=self._clock,
            crossing=crossing,
            rules=Rules(self._rooms, settings.batches_per_hour),
            budgets=self.budgets,
            retries=settings.retries,
            stuck=timedelta(hours=settings.stuck_hours),
            keep_remote=settings.keep_remote_files,
            tools=self._room,
            tool_rounds=settings.tool_rounds,
        )

    def trier(self, provider: Provider, owner: str = "") -> Trier:
        """Whoever asks one question at once, on a provider. For the worker and the CLI only."""
        settings = self.settings
        return Trier(
            Asking(self._store, provider, self._room, self._clock, settings.tool_rounds, self.identity),
            self._drafter,
            owner or f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
            settings.lease_seconds,
        )

    def worker(self, crossing: Callable[[str], None] = lambda _point: None) -> Worker:
        """A worker, ready to run.

        Raises:
            BadSetting: There is no key.
            Refused: This is the demo's directory, and the provider is none.
        """
        from core.worker.worker import Worker

        stop_real_work(self.settings.home, self.identity)
        provider = self.provider()
        return Worker(
            self.context(provider, crossing),
            database_url=self.settings.database_url,
            threads=self.settings.worker_threads,
            tries=TryRunner(self.trier(provider)),
        )

    def read_again(self, actor: Actor, job_id: str) -> ReadAgain:
        """Read the stored result lines of a job with today's reader, here and now. Nobody is asked and nothing paid.

        For the CLI: a line may end the process that reads it. Pages ask a worker (`jobs.wish_reread`).

        Raises:
            NotFound, Refused: As `core.worker.rereading.read_again` does.
        """
        require(actor, Permission.JOB_SUBMIT)
        return read_again(self.context(cast("Provider", None)), job_id, actor=actor.subject)

    def orphans(self, actor: Actor, *, delete: bool = False) -> list[Orphan]:
        """Files and batches of ours at the provider that no job here needs; removed when asked for.

        Raises:
            BadSetting: There is no key.
            ProviderError: The provider's lists could not be read.
        """
        require(actor, Permission.JOB_CANCEL if delete else Permission.JOB_READ)
        with closing(self.provider()) as provider:
            found = list(orphans(self._store, provider, self.identity))
            for one in found if delete else ():
                if not one.keep:
                    remove_orphan(provider, one)
        return found

    def take_webhook(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Look at a batch at once because the provider says that something happened to it; False when it is no news.

        The signature is the sender's permission; nothing but the time of the next look is changed.

        Raises:
            Refused: No secret is set, or the webhook is not genuine.
        """
        from core.providers.webhooks import verified

        if not self.settings.webhook_secret:
            raise Refused("Webhooks are not taken: MOSYCHLOS_WEBHOOK_SECRET is not set.")
        hint = verified(body, headers, self.settings.webhook_secret)
        return self._store.webhooks.take(hint, at=self._clock(), providers=self.identity.accepts)

    def provider_check(self) -> HealthCheck:
        """Whether the provider answers, takes the key and makes batches; asked here and now."""
        try:
            with closing(self.provider()) as provider:
                known = provider.probe()
        except BadSetting as error:
            return HealthCheck("key", "warning", str(error))
        except ProviderError as error:
            return HealthCheck("provider", "error", str(error))
        offers = "has no list of models" if known is None else f"offers {known} models"
        return HealthCheck("provider", "ok", f"{self.settings.base_url} answers, makes batches and {offers}.")

    def sandbox_check(self) -> HealthCheck:
        """What keeps strangers' workbooks and PDFs in on this machine."""
        from core.intake.sandbox.runner import missing_walls

        try:
            missing = missing_walls()
        except UnreadableFile as error:
            return HealthCheck("sandbox", "error", f"No sandbox can be started here: {error}")
        if not missing:
            message = "Workbooks and PDFs are read with bounds, without network, other processes and files."
            return HealthCheck("sandbox", "ok", message)
        return HealthCheck(
            "sandbox",
            "warning",
            f"Workbooks and PDFs are read in a process of its own, but this machine does not keep it from "
            f"{', '.join(missing)}. Linux 5.13 or later with Landlock and seccomp does (docs/formats.md).",
        )

    def upgrade(self) -> list[str]:
        """Apply missing migrations; returns their names."""
        return self._store.upgrade()

    def role_statements(self) -> list[str]:
        """The SQL of `make_roles` for a person to read and run, without passwords.

        Raises:
            BadSetting: No role is set, or the database has none.
        """
        return statements(self._store.database, *self._roles(), shown=True)

    def make_roles(self) -> list[str]:
        """Make the database's roles that the settings name, and give them their rights; returns their names.

        Raises:
            BadSetting: No role is set, or the database has none.
            Refused: The owner may not make roles.
        """
        from core.worker.engine_schema import prepare_engine

        dashboard, worker = self._roles()
        names = grant(self._store.database, dashboard, worker)
        prepare_engine(self.settings.database_url, worker.name if worker else None)
        return names

    @property
    def has_roles(self) -> bool:
        """Whether the settings name roles of the database."""
        return bool(self.settings.dashboard_database_url or self.settings.worker_database_url)

    def _roles(self) -> tuple[LoginRole | None, LoginRole | None]:
        if self._store.database.is_sqlite or not self.has_roles:
            raise BadSetting(
                "Roles are for PostgreSQL. Set MOSYCHLOS_DATABASE_URL to the owner of the database, and "
                "MOSYCHLOS_DASHBOARD_DATABASE_URL and MOSYCHLOS_WORKER_DATABASE_URL to the users that are wanted."
            )
        dashboard, worker = self.settings.dashboard_database_url, self.settings.worker_database_url
        return (
            LoginRole.of(dashboard, "MOSYCHLOS_DASHBOARD_DATABASE_URL") if dashboard else None,
            LoginRole.of(worker, "MOSYCHLOS_WORKER_DATABASE_URL") if worker else None,
        )

    def close(self) -> None:
        """Give back connections."""
        self._store.close()


def _budget_check(line: BudgetLine) -> HealthCheck:
    state = "error" if line.share >= 1 else "warning" if line.share * 100 >= max(line.marks, default=100) else "ok"
    share = f"{line.share * 100:.0f} %"
    committed = f"${line.spend.total_usd:,.4f} of {usd(line.limit_usd)}, {share}, is committed this month."
    remedy = " Nothing more is sent beyond it." if state == "error" else ""
    return HealthCheck(f"budget: {line.name.lower()}", state, f"{committed}{remedy}")


def build(settings: Settings, *, clock: Callable[[], datetime] = utc_now, migrate: bool = True) -> App:
    """Open the data directory and the database, migrate, and wire the rooms.

    Raises:
        BadSetting: The data directory belongs to somebody else.
        StorageTrouble: The data directory or the database cannot be used.
    """
    private_files.make_private(settings.home)
    app = App(settings, Store(settings.database_url), clock)
    if migrate:
        app.upgrade()
    return app
