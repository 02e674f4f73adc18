"""The middleware that every call to a provider goes through: limits, pauses, a few repetitions, and circuit breakers.

It is the same for batches and for answers at once. What costs money is never repeated unless the provider said no to
it before doing anything, and the create of a batch not even then: the two-phase submit has its own rules for that.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import orjson

from core.domain.batch import Batch, RemoteFile
from core.domain.provider_state import CircuitState, ProviderState
from core.errors import (
    DownloadCut,
    ProviderAmbiguous,
    ProviderError,
    ProviderRefused,
    ProviderUnfit,
    ProviderUnreachable,
    ProviderUnreadable,
    ResultLost,
)
from core.llm.json_coercion import object_of
from core.llm.usage import count, read_usage
from core.providers.circuit import Circuit
from core.providers.protocol import Provider
from core.providers.throttle import Limits, Throttle

T = TypeVar("T")

ATTEMPTS = 4
"""Calls in all, where the provider asks to slow down."""

API = ""
"""The bucket of calls that belong to no model: files, batches, the list of models."""

BACK_OFF_SECONDS = 0.5
_BYTES_A_TOKEN = 4
_SAVE_SECONDS = 10.0


class CircuitOpen(ProviderUnreachable):
    """Nothing was sent, because the provider has not answered lately; the message says until when."""


class LocalLimit(ProviderRefused):
    """Nothing was sent, because a limit of requests or tokens a minute is reached."""


class GuardedProvider:
    """A `Provider` in front of another one.

    Args:
        inner: Makes the calls.
        name: Its address, for messages and health.
        limits: Requests and tokens a minute.
        longest_wait_seconds: How long a call may be held back here; one that would wait longer is refused unsent.
        first_open_seconds: How long a circuit stays open at first.
        clock: Monotonic seconds.
        now: The present moment, for people.
        sleep: Waits.
        chance: A number in [0, 1): spreads waits, so that several workers do not all come back at once.
        changed: Told how the way to the provider stands, whenever that changes.
    """

    def __init__(
        self,
        inner: Provider,
        *,
        name: str = "",
        limits: Limits | None = None,
        longest_wait_seconds: float = 20.0,
        first_open_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        changed: Callable[[ProviderState], None] = lambda _state: None,
    ) -> None:
        self._inner = inner
        self._name = name
        self._throttle = Throttle(limits or Limits(), clock)
        self._longest_wait = longest_wait_seconds
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._chance = chance
        self._changed = changed
        # An empty purse stops what costs money; results that are paid for are still fetched.
        self._reads = Circuit(first_seconds=first_open_seconds, clock=clock, chance=chance)
        self._paid = Circuit(first_seconds=first_open_seconds, clock=clock, chance=chance)
        self._last_error = ""
        self._last_error_at: datetime | None = None
        self._told: tuple[CircuitState, CircuitState, str] | None = None
        self._told_at = 0.0

    def __repr__(self) -> str:
        return f"GuardedProvider({self._inner!r})"

    def close(self) -> None:
        """Close the connections behind it."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()

    def state(self) -> ProviderState:
        """How the way to the provider stands."""
        left = max(self._reads.seconds_left(), self._paid.seconds_left())
        now = self._now()
        return ProviderState(
            name=self._name,
            reads=self._reads.state,
            paid=self._paid.state,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
            opens_at=now + timedelta(seconds=left) if left else None,
            seen_at=now,
        )

    def find_upload(self, name: str) -> RemoteFile | None:
        """See `Provider`. Repeated where the provider asks to slow down."""
        return self._read(lambda: self._inner.find_upload(name))

    def list_files(self, purpose: str) -> Iterator[RemoteFile]:
        """See `Provider`. Repeated only as long as nothing came."""
        return self._each(lambda: self._inner.list_files(purpose))

    def check_file(self, file_id: str) -> RemoteFile:
        """See `Provider`. Repeated where the provider asks to slow down."""
        return self._read(lambda: self._inner.check_file(file_id))

    def upload(self, path: Path, name: str) -> RemoteFile:
        """See `Provider`. Never repeated."""
        self._hold_back(API, 0)
        return self._once(lambda: self._inner.upload(path, name), self._reads)

    def create_batch(self, file_id: str, endpoint: str, metadata: Mapping[str, str]) -> Batch:
        """See `Provider`. One request at most; never held back, because whoever calls has just checked its right to.

        Raises:
            CircuitOpen: Nothing was sent; proven.
            LocalLimit: Nothing was sent; it says how long to wait.
        """
        wait = self._throttle.wait_for(API, 0)
        if wait > 0:
            raise self._limit(wait)
        self._throttle.take(API, 0)
        return self._once(lambda: self._inner.create_batch(file_id, endpoint, metadata), self._reads, self._paid)

    def check(self, batch_id: str) -> Batch:
        """See `Provider`. Repeated where the provider asks to slow down."""
        return self._read(lambda: self._inner.check(batch_id))

    def list_batches(
        self, newer_than: datetime | None = None, *, of_file: str = "", whole: bool = False
    ) -> Iterator[Batch]:
        """See `Provider`. Repeated only as long as nothing came."""
        return self._each(lambda: self._inner.list_batches(newer_than, of_file=of_file, whole=whole))

    def cancel(self, batch_id: str) -> Batch:
        """See `Provider`. Never repeated."""
        self._hold_back(API, 0)
        return self._once(lambda: self._inner.cancel(batch_id), self._reads)

    def download(self, file_id: str, to: Path) -> int:
        """See `Provider`. Repeated where the provider asks to slow down."""
        return self._read(lambda: self._inner.download(file_id, to))

    def delete_file(self, file_id: str) -> None:
        """See `Provider`. Repeated where the provider asks to slow down."""
        self._read(lambda: self._inner.delete_file(file_id))

    def probe(self) -> int | None:
        """See `Provider`. Repeated where the provider asks to slow down."""
        return self._read(self._inner.probe)

    def models(self) -> dict[str, date | None]:
        """See `Provider`. Repeated where the provider asks to slow down."""
        return self._read(self._inner.models)

    def stream(self, endpoint: str, body: Mapping[str, Any]) -> Generator[str, None, dict[str, Any]]:
        """See `Provider`. Asked again only after a definite no, or where no connection was made: nothing was paid."""
        model = str(body.get("model", ""))
        tokens = _tokens(body)
        for attempt in range(1, ATTEMPTS + 1):
            self._hold_back(model, tokens)
            try:
                with self._watched(self._reads, self._paid):
                    final: dict[str, Any] = yield from _generator(self._inner.stream(endpoint, body))
            except ProviderRefused as refusal:
                self._before_next(refusal, model, attempt)
            except CircuitOpen:
                raise
            except ProviderUnreachable:
                if attempt == ATTEMPTS:
                    raise
                self._sleep(self._back_off(attempt))
            else:
                self._throttle.used(model, tokens, _used(final, tokens))
                return final
        raise AssertionError("the last attempt either returned or raised")

    def _once(self, call: Callable[[], T], *circuits: Circuit) -> T:
        try:
            with self._watched(*circuits):
                return call()
        except ProviderRefused as refusal:
            if refusal.passing and refusal.retry_after_seconds:
                self._throttle.pause(API, refusal.retry_after_seconds)
            raise

    def _read(self, call: Callable[[], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            self._hold_back(API, 0)
            try:
                with self._watched(self._reads):
                    return call()
            except ProviderRefused as refusal:
                self._before_next(refusal, API, attempt)
        raise AssertionError("the last attempt either returned or raised")

    def _each(self, make: Callable[[], Iterator[T]]) -> Iterator[T]:
        for attempt in range(1, ATTEMPTS + 1):
            self._hold_back(API, 0)
            came = False
            try:
                with self._watched(self._reads):
                    for item in make():
                        came = True
                        yield item
            except ProviderRefused as refusal:
                if came:
                    raise
                self._before_next(refusal, API, attempt)
            else:
                return

    def _hold_back(self, model: str, tokens: int) -> None:
        """Wait for a place, or refuse where that would take too long."""
        wait = self._throttle.wait_for(model, tokens)
        if wait > self._longest_wait:
            raise self._limit(wait)
        wait = self._throttle.take(model, tokens)
        if wait > 0:
            self._sleep(wait)

    def _before_next(self, refusal: ProviderRefused, model: str, attempt: int) -> None:
        """After a no: wait as asked, or hand it on when waiting does not help, takes too long, or was tried enough.

        Raises:
            ProviderRefused: The refusal itself.
        """
        if isinstance(refusal, LocalLimit) or not refusal.passing:
            raise refusal
        asked = refusal.retry_after_seconds
        wait = self._back_off(attempt) if asked is None else asked * (1 + 0.1 * self._chance())
        self._throttle.pause(model, wait)
        if attempt == ATTEMPTS or wait > self._longest_wait:
            raise refusal

    def _back_off(self, attempt: int) -> float:
        return float(BACK_OFF_SECONDS * 2 ** (attempt - 1) * (0.5 + self._chance()))

    @contextmanager
    def _watched(self, *circuits: Circuit) -> Iterator[None]:
        """One call: let through by its circuits, and its outcome told to them."""
        for place, circuit in enumerate(circuits):
            if not circuit.enter():
                for entered in circuits[:place]:
                    entered.unused()
                raise self._open(circuit)
        try:
            yield
        except ProviderError as error:
            self._count(error, circuits)
            raise
        except BaseException:
            # Whoever reads a list or a stream may stop in the middle; that is no failure of the provider's.
            self._answered(circuits)
            raise
        else:
            self._answered(circuits)

    def _count(self, error: ProviderError, circuits: tuple[Circuit, ...]) -> None:
        if isinstance(error, ResultLost | DownloadCut):
            self._answered(circuits)
            return
        if isinstance(error, ProviderUnfit | ProviderUnreadable):
            # It answered: what is wrong stands in the settings, or in one item, and the way there is open.
            self._note(error)
            for circuit in circuits:
                circuit.succeeded()
        elif isinstance(error, ProviderRefused):
            self._count_refusal(error, circuits)
        elif isinstance(error, ProviderUnreachable | ProviderAmbiguous):
            self._note(error)
            for circuit in circuits:
                circuit.failed()
        self._tell()

    def _count_refusal(self, refusal: ProviderRefused, circuits: tuple[Circuit, ...]) -> None:
        """A no is an answer; only a refused key or an empty purse closes the way."""
        if refusal.needs_person:
            self._note(refusal)
            key = refusal.status in {401, 403}
            for circuit in circuits:
                if key or circuit is self._paid:
                    circuit.failed(at_once=True)
                else:
                    circuit.succeeded()
            return
        if refusal.passing:
            self._note(refusal)
        for circuit in circuits:
            circuit.succeeded()

    def _answered(self, circuits: tuple[Circuit, ...]) -> None:
        for circuit in circuits:
            circuit.succeeded()
        self._tell()

    def _note(self, error: ProviderError) -> None:
        self._last_error, self._last_error_at = str(error), self._now()

    def _tell(self) -> None:
        """Say how things stand: at once when a circuit moved, else now and then."""
        shown = (self._reads.state, self._paid.state, self._last_error)
        moved = self._told is None or self._told[:2] != shown[:2]
        if moved or (shown != self._told and self._clock() - self._told_at >= _SAVE_SECONDS):
            self._told, self._told_at = shown, self._clock()
            self._changed(self.state())

    def _open(self, circuit: Circuit) -> CircuitOpen:
        seconds = circuit.seconds_left()
        what = "Nothing that costs money is sent" if circuit is self._paid else "The provider is not asked"
        return CircuitOpen(
            f"{what} for {seconds:,.0f} s more, because the last calls failed: {self._last_error}",
            retry_after_seconds=seconds,
        )

    def _limit(self, wait: float) -> LocalLimit:
        return LocalLimit(
            f"Nothing was sent: the limit of requests or tokens a minute is reached for another {wait:,.0f} s "
            "(MOSYCHLOS_REQUESTS_PER_MINUTE, MOSYCHLOS_TOKENS_PER_MINUTE, or what the provider asked for).",
            status=429,
            code="local_limit",
            retry_after_seconds=wait,
        )


def _generator(pieces: Iterator[str]) -> Generator[str, None, dict[str, Any]]:
    """The pieces with their final value, closed when whoever reads stops."""
    try:
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                return dict(end.value)
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def _tokens(body: Mapping[str, Any]) -> int:
    """What a request counts against tokens a minute, about: what it sends and may be answered with."""
    caps = ("max_output_tokens", "max_completion_tokens", "max_tokens")
    cap = next((body[name] for name in caps if isinstance(body.get(name), int)), 0)
    return len(orjson.dumps(body)) // _BYTES_A_TOKEN + int(cap)


def _used(final: Mapping[str, Any], expected: int) -> int:
    """Tokens that an answer came to; as many as were expected where it does not say."""
    said = object_of(final.get("usage"))
    usage = read_usage(said).usage
    if usage is not None:
        return usage.input_tokens + usage.output_tokens
    return count(said.get("total_tokens")) or expected
