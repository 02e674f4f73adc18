"""Trying one: a wish is stored with its reservation, a worker (or the command line) asks, and pages read along."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest, ItemError, ResultStatus, Usage
from core.domain.facts import FactSheet
from core.domain.provider import ProviderIdentity
from core.domain.records import Spend
from core.domain.tools import Citation, ToolUse
from core.domain.trial import TRY, TRY_ENDED, Try, TryPrice, TryState
from core.drafts.drafting import Drafter, body_hash
from core.drafts.fact_store import dump, load
from core.drafts.parameter_lessons import learn_from_try
from core.drafts.submission import stop_unknown
from core.errors import MosychlosError, ProviderAmbiguous, ProviderError, Refused, StaleMove, StorageTrouble
from core.guard.access import Permission, require
from core.guard.budgets import Budgets
from core.guard.demo_home import stop_real_work
from core.storage.jobs.single_tries import Ending
from core.storage.store import Store
from core.worker.ask_sync import Asking, converse, with_tool_facts

logger = logging.getLogger(__name__)

SHOW_SECONDS: Final = 0.25
"""How often the text so far is written: often enough to read along, seldom enough for the database."""

SILENT: Final = 2
"""Leases without a sign of life after which a try counts as lost: a busy database may swallow a few signs."""

DOUBLE_CLICK: Final = timedelta(seconds=3)
"""How long the same wish of the same person is the same click: a quick provider may have answered the first by then."""

AT_ONCE: Final = 2
"""Tries that one worker asks at the same time."""

CHANGED: Final = ItemError(
    "changed",
    "What would be sent is not what was approved: its prompt, facts or settings have changed since the price was said. "
    "Nothing was sent and nothing is to pay. Ask again, at the price of now.",
    transient=False,
)

STOPPED: Final = ItemError(
    "cancelled",
    "It was called off while the answer came. What the provider charged for it is not known; the expected cost stays "
    "booked.",
    transient=True,
)


class TryService:
    """Tries for an actor. Asking writes an intent; no page ever makes a paid call."""

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
        self._clock = clock
        self._home = home
        self._identity = identity
        self._desk = desk

    def price(self, actor: Actor, request: AnalysisRequest, portfolio_id: str) -> TryPrice:
        """What asking about one portfolio now would come to, and what exactly would be asked.

        Raises:
            BadInput: An unknown portfolio, an analysis that cannot be made.
            ModelRefused: The model was shut down.
        """
        require(actor, Permission.JOB_READ)
        built, _, estimate = self._drafter.single(_about(request, portfolio_id), self._clock())
        return TryPrice(body_hash(built), estimate.sync_usd)

    def ask(
        self,
        actor: Actor,
        request: AnalysisRequest,
        portfolio_id: str,
        *,
        approved: TryPrice | None = None,
        force: bool = False,
        again: bool = False,
        owner: str = "",
    ) -> Try:
        """Wish for one portfolio's answer now, at the synchronous price, once the budget has reserved it.

        What is approved by this call is all that is sent: a worker that would send anything else sends nothing.

        Args:
            approved: What somebody was shown before; None where nobody was.
            again: Ask although the very same is under way.
            owner: Who asks by itself; "" leaves it to a worker.

        Raises:
            BadInput: An unknown model without `force`, an unknown portfolio, an analysis that cannot be made.
            ModelRefused: The model was shut down.
            Refused: What would be sent is not what was shown. Nothing was stored.
            OverBudget: A limit would be passed. Nothing was stored.
            AlreadyOpen: The very same is under way, by itself or in a job; or was asked for a moment ago, or lost
                of late with a cost that is not known. Nothing was stored.
        """
        require(actor, Permission.JOB_SUBMIT)
        stop_real_work(self._home, self._identity)
        stop_unknown(request.model, force=force)
        at = self._clock()
        one = _about(request, portfolio_id)
        built, _, estimate = self._drafter.single(one, at)
        expected, question = estimate.sync_usd, body_hash(built)
        if approved is not None and approved.question != question:
            raise Refused(CHANGED.message)

        def check(month: Spend, person: Spend, desk: Spend) -> None:
            self._budgets.check(expected, month, person, desk, max_cost_usd=request.max_cost_usd)

        try_id = f"{TRY}{at:%y%m%d-%H%M%S}-{secrets.token_hex(6)}"
        self._store.tries.add(
            try_id,
            one,
            portfolio_id,
            force=force,
            expected_usd=expected,
            check=check,
            actor=actor.subject,
            desk=self._desk,
            simulated=self._identity.simulated,
            provider_id=self._identity.fingerprint,
            question=question,
            since=at if owner else at - DOUBLE_CLICK,
            again=again,
            at=at,
            owner=owner,
        )
        return self._store.tries.get(try_id)

    def get(self, actor: Actor, try_id: str) -> Try:
        """A try as it stands.

        Raises:
            NotFound: No such try.
        """
        require(actor, Permission.JOB_READ)
        return self._store.tries.get(try_id)

    def newest(self, actor: Actor, *, limit: int = 20) -> list[Try]:
        """The actor's own tries, the newest first."""
        require(actor, Permission.JOB_READ)
        return self._store.tries.newest(actor.subject, limit=limit)

    def cancel(self, actor: Actor, try_id: str) -> None:
        """Ask for a try to stop. One that nobody has taken up costs nothing.

        Raises:
            NotFound: No such try.
        """
        require(actor, Permission.JOB_CANCEL)
        self._store.tries.wish_cancel(try_id, at=self._clock())

    def facts(self, actor: Actor, try_id: str) -> FactSheet | None:
        """What its answer was checked against; None before it was sent."""
        require(actor, Permission.JOB_READ)
        found = self._store.tries.sheet(try_id)
        return with_tool_facts(load(found.encode()), self.tool_calls(actor, try_id)) if found else None

    def tool_calls(self, actor: Actor, try_id: str) -> list[ToolUse]:
        """Calls of tools that its model made, each with what it was told."""
        require(actor, Permission.JOB_READ)
        tried = self._store.tries.get(try_id)
        return self._store.tool_calls.of_request(try_id, tried.custom_id)

    def citations(self, actor: Actor, try_id: str) -> list[Citation]:
        """Web pages that its answer cites."""
        require(actor, Permission.JOB_READ)
        tried = self._store.tries.get(try_id)
        return self._store.tool_calls.citations(try_id, tried.custom_id)


@dataclass(frozen=True, slots=True)
class Trier:
    """Whoever carries tries out: a worker, or the command line.

    Attributes:
        owner: Its name among all processes.
        lease: Seconds within which a sign of life is due.
        monotonic: Seconds for pacing what is shown.
    """

    asking: Asking
    drafter: Drafter
    owner: str
    lease: float
    monotonic: Callable[[], float] = time.monotonic

    def perform(self, try_id: str) -> Generator[str, None, Try]:
        """Carry out a try that this owner holds; yields the text as it comes and returns how it ended.

        Whoever stops reading calls it off.

        Raises:
            StorageTrouble: The database cannot be used; the try then ends as lost.
        """
        tries, now = self.asking.store.tries, self.asking.clock
        wish = tries.get(try_id)
        with _Beat(self.asking.store, try_id, self.owner, self.lease, now):
            try:
                ending = yield from self._ending(wish)
            except (GeneratorExit, KeyboardInterrupt):
                self._end(try_id, _stopped(tries.get(try_id)))
                raise
            except StaleMove as stale:
                logger.info("%s: %s", try_id, stale)
                return tries.get(try_id)
            self._end(try_id, ending)
        return tries.get(try_id)

    def _ending(self, wish: Try) -> Generator[str, None, Ending]:
        asking, tries = self.asking, self.asking.store.tries
        try:
            built, sheet, _ = self.drafter.single(wish.request, asking.clock())
        except StorageTrouble:
            raise
        except MosychlosError as error:
            return _failed(wish, ItemError("not_sent", str(error), transient=False), unsettled=False)
        if wish.question and body_hash(built) != wish.question:
            return _failed(wish, CHANGED, unsettled=False)
        tries.begin(
            wish.try_id,
            self.owner,
            custom_id=built.custom_id,
            line=built.line.decode(),
            sheet=dump(sheet).decode(),
            prompt_version=built.prompt_version,
            at=asking.clock(),
        )
        try:
            return (
                yield from self._read_along(
                    wish.try_id, converse(asking, wish.try_id, self.owner, wish.request, built, sheet)
                )
            )
        except ProviderError as error:
            lost = isinstance(error, ProviderAmbiguous)
            problem = ItemError("answer_lost" if lost else "provider", str(error), transient=True)
            return _failed(tries.get(wish.try_id), problem, unsettled=lost)

    def _read_along(self, try_id: str, pieces: Generator[str, None, Ending]) -> Generator[str, None, Ending]:
        """Hand pieces on and show the text so far a few times a second; stop when somebody wishes it."""
        tries = self.asking.store.tries
        text, shown_at = "", self.monotonic()
        try:
            while True:
                try:
                    piece = next(pieces)
                except StopIteration as end:
                    tries.show(try_id, self.owner, text, at=self.asking.clock())
                    ending: Ending = end.value
                    return ending
                text += piece
                if self.monotonic() - shown_at >= SHOW_SECONDS:
                    shown_at = self.monotonic()
                    if tries.show(try_id, self.owner, text, at=self.asking.clock()):
                        return _stopped(tries.get(try_id))
                yield piece
        finally:
            pieces.close()

    def _end(self, try_id: str, ending: Ending) -> None:
        store, now = self.asking.store, self.asking.clock()
        try:
            store.tries.end(try_id, self.owner, ending, at=now)
        except StaleMove as stale:
            logger.info("%s: %s", try_id, stale)
        else:
            if not ending.answered.simulated or self.asking.identity.simulated:
                learn_from_try(store, store.tries.get(try_id), at=now)


class TryRunner:
    """A worker's hand for tries: looks for wishes and lost ones, and asks in threads of its own."""

    def __init__(self, trier: Trier) -> None:
        self._trier = trier
        self._threads: list[threading.Thread] = []

    def sweep(self) -> None:
        """Take up what waits, as far as there is room; end what a dead process left."""
        asking = self._trier.asking
        now = asking.clock()
        lost = asking.store.tries.end_lost(silent_since=now - timedelta(seconds=SILENT * self._trier.lease), at=now)
        for try_id in lost:
            logger.warning("%s was lost with the process that asked it", try_id)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while len(self._threads) < AT_ONCE:
            wish = asking.store.tries.take(self._trier.owner, at=now, providers=asking.identity.accepts)
            if wish is None:
                return
            thread = threading.Thread(target=self._perform, args=(wish.try_id,), name=wish.try_id, daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self, seconds: float) -> None:
        """Let running tries end, for a while."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _perform(self, try_id: str) -> None:
        try:
            for _ in self._trier.perform(try_id):
                pass
        except MosychlosError:
            logger.exception("%s was left where it was", try_id)


class _Beat:
    """Shows that whoever asks is alive, although the model may think for minutes without a word."""

    def __init__(self, store: Store, try_id: str, owner: str, lease: float, clock: Callable[[], datetime]) -> None:
        self._store, self._try_id, self._owner, self._lease, self._clock = store, try_id, owner, lease, clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"beat {try_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._lease / 3):
            try:
                self._store.tries.beat(self._try_id, self._owner, at=self._clock())
            except StaleMove:
                return
            except StorageTrouble as error:
                logger.warning("no sign of life for %s: %s", self._try_id, error)


def _about(request: AnalysisRequest, portfolio_id: str) -> AnalysisRequest:
    """The same wish about one portfolio; about all of them where they are asked about together."""
    return request if request.group else replace(request, portfolio_ids=(portfolio_id,))


def _stopped(tried: Try) -> Ending:
    return Ending(TryState.CANCELLED, ResultStatus.FAILED, tried.usage, tried.cost_usd, unsettled=True, error=STOPPED)


def _failed(tried: Try, error: ItemError, *, unsettled: bool) -> Ending:
    """Failed after what earlier rounds came to; nothing when none did."""
    spent = tried.cost_usd
    if spent is None and tried.usage == Usage() and not unsettled:
        spent = Decimal(0)
    return Ending(TryState.FAILED, ResultStatus.FAILED, tried.usage, spent, unsettled=unsettled, error=error)


def has_ended(tried: Try) -> bool:
    """True when nothing more happens to it."""
    return tried.state in TRY_ENDED
