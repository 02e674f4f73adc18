"""The Batch API of OpenAI, or of any server that speaks it, on the official SDK."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import openai

from core.domain.batch import ENDED, Batch, RemoteFile
from core.errors import (
    BadSetting,
    OptionalRefused,
    ProviderAmbiguous,
    ProviderRefused,
    ProviderUnfit,
    ResultLost,
    StorageTrouble,
)
from core.llm.optional_parameters import ANY_MODEL, BATCHES, FILES
from core.providers import shapes
from core.providers.connections import keep_alive
from core.providers.downloads import Downloads
from core.providers.failures import CallTarget, is_web_page, leads_nowhere, told_apart
from core.providers.optional_parameters import ForgetfulMemory, OptionalParameters, RefusalMemory
from core.providers.paging import A_PAGE, Lists
from core.providers.streaming import Assembler, Assembling, EventsOrWhole, whole_answer
from core.redaction import blot_out, know, redacted_tree, without_known
from core.sdk_environment import told_by_name
from core.settings import LOOPBACK

_CONNECT_SECONDS = 5.0
_READ_RETRIES = 1
PATIENCE: Final = {"high": 2, "xhigh": 3, "max": 3}
"""How many times the answer timeout is waited for at an effort."""

_BOM = b"\xef\xbb\xbf"


class OpenAIProvider:
    """`Provider` over HTTP. One instance may be shared by threads; close it at the end.

    What costs money or leaves something behind (upload, create, stream, cancel) is sent once, on a connection of its
    own: a pooled connection that the server has just closed would make the call's outcome unknown for nothing.
    Reads are repeated once by the SDK, but never because of a rate limit, which the caller waits out.

    Nothing that says who is asked follows the SDK's own environment variables. Proxy variables are
    followed except for an address on this machine. Redirects are refused: they could carry a request elsewhere.

    Args:
        api_key: Sent as a bearer token; never logged and never part of a message.
        base_url: With the version, such as https://api.openai.com/v1.
        timeout_seconds: Longest silence of the server in any call, and of a single read in a download.
        answer_timeout_seconds: Longest silence while an answer is written, before `PATIENCE`; None: as any call.
        download_deadline_seconds: Longest time that one download may take.
        min_bytes_per_second: Slowest average rate of a download, measured after its first ten seconds.
        file_lifetime_seconds: Lifetime at the provider of uploaded files and of result files (3,600 to 2,592,000);
            None leaves the provider's own.
        organisation, project: Sent with every call; "" leaves them to the key.
        memory: Keeps which optional parameters the server refuses.
        clock: Monotonic seconds.

    Raises:
        BadSetting: The key holds characters that no HTTP header can carry, or a variable that the HTTP library reads
            by itself cannot be used.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str,
        timeout_seconds: float = 60,
        *,
        answer_timeout_seconds: float | None = None,
        download_deadline_seconds: float = 1800,
        min_bytes_per_second: float = 10_000,
        file_lifetime_seconds: int | None = None,
        organisation: str = "",
        project: str = "",
        memory: RefusalMemory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        key = api_key.strip()
        # Refused here, because the HTTP library would quote the whole header in its complaint.
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise BadSetting("OPENAI_API_KEY is empty or holds characters that cannot be sent. Copy the key again.")
        self._key = key
        know(key)
        self._connect_seconds = min(_CONNECT_SECONDS, timeout_seconds)
        self._timeout = timeout_seconds
        self._answer_timeout = answer_timeout_seconds
        self._downloads = Downloads(download_deadline_seconds, min_bytes_per_second, clock)
        self._lifetime: dict[str, Any] | None = (
            None if file_lifetime_seconds is None else {"anchor": "created_at", "seconds": file_lifetime_seconds}
        )
        self._memory = memory or ForgetfulMemory()
        timeout = httpx2.Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds))
        with told_by_name():
            trust_env = httpx2.URL(base_url).host not in LOOPBACK
            self._once = openai.OpenAI(
                api_key=key,
                base_url=base_url,
                timeout=timeout,
                max_retries=0,
                http_client=httpx2.Client(
                    timeout=timeout,
                    trust_env=trust_env,
                    limits=httpx2.Limits(max_keepalive_connections=0),
                    event_hooks={"request": [keep_alive]},
                ),
            )
            self._reads = openai.OpenAI(
                api_key=key,
                base_url=base_url,
                timeout=timeout,
                max_retries=_READ_RETRIES,
                http_client=httpx2.Client(
                    timeout=timeout,
                    trust_env=trust_env,
                    event_hooks={"request": [keep_alive], "response": [_leave_rate_limits_to_the_caller]},
                ),
            )
        self._lists = Lists(
            lambda path, query: _document(self._reads.get(path, cast_to=httpx2.Response, options={"params": query}))
        )
        for talking in (self._once, self._reads):
            # Set behind the constructor, which would take an empty one from the environment.
            talking.organization, talking.project = organisation or None, project or None

    def __repr__(self) -> str:
        return f"OpenAIProvider({str(self._reads.base_url)!r})"

    def close(self) -> None:
        """Close the connections; the instance cannot be used afterwards."""
        self._once.close()
        self._reads.close()

    def find_upload(self, name: str) -> RemoteFile | None:
        """The oldest batch input file of this name, or None. Reads the whole list."""
        found = [file for file in self.list_files("batch") if file.name == name]
        return min(found, key=lambda file: (file.created_at, file.file_id), default=None)

    def list_files(self, purpose: str) -> Iterator[RemoteFile]:
        """Every file of a purpose that can be read, all pages."""
        with told_apart("list the uploaded files", self._key, CallTarget.PLACE):
            yield from self._lists.read("/files", {"purpose": purpose, "limit": A_PAGE}, shapes.remote_file)

    def check_file(self, file_id: str) -> RemoteFile:
        """The provider's present view of a file."""
        with told_apart(f"look at file {file_id}", self._key):
            return shapes.remote_file(_document(self._reads.files.with_raw_response.retrieve(file_id).http_response))

    def upload(self, path: Path, name: str) -> RemoteFile:
        """Send a JSONL file under `name`, streamed from disk. Sent again only without what was refused of it."""
        optional = self._optional(FILES, expires_after=self._lifetime)
        while True:
            try:
                return self._uploaded(path, name, optional.sent)
            except ProviderRefused as refusal:
                if not optional.drop(refusal):
                    raise

    def _uploaded(self, path: Path, name: str, optional: Mapping[str, Any]) -> RemoteFile:
        with path.open("rb") as content, told_apart(f"upload {name}", self._key, CallTarget.PLACE):
            answer = self._once.files.with_raw_response.create(
                file=(name, content, "application/jsonl"),
                purpose="batch",
                expires_after=optional.get("expires_after", openai.omit),
            )
            return shapes.remote_file(_document(answer.http_response))

    def create_batch(self, file_id: str, endpoint: str, metadata: Mapping[str, str]) -> Batch:
        """Start a batch: the paid call. Exactly one HTTP request is made, whatever happens.

        Raises:
            OptionalRefused: Something was refused that is left away the next time. Whoever asks again has to check
                its right to once more, so that is not done here.
        """
        optional = self._optional(BATCHES, metadata=dict(metadata), output_expires_after=self._lifetime)
        try:
            with told_apart("create the batch", self._key, CallTarget.PAID):
                answer = self._once.batches.with_raw_response.create(
                    input_file_id=file_id,
                    endpoint=endpoint,  # type: ignore[arg-type]  # the SDK lists today's endpoints; the server decides
                    completion_window="24h",
                    metadata=optional.sent.get("metadata", openai.omit),
                    output_expires_after=optional.sent.get("output_expires_after", openai.omit),
                )
                return shapes.batch(_document(answer.http_response))
        except ProviderRefused as refusal:
            if not optional.drop(refusal):
                raise
            raise OptionalRefused(
                f"{refusal} It is asked again without that.",
                status=refusal.status,
                code=refusal.code,
                param=refusal.param,
                retry_after_seconds=0.0,
            ) from None

    def _optional(self, endpoint: str, **offered: object) -> OptionalParameters:
        given = {name: value for name, value in offered.items() if value is not None}
        return OptionalParameters(self._memory, ANY_MODEL, endpoint, given)

    def check(self, batch_id: str) -> Batch:
        """The provider's present view of a batch."""
        with told_apart(f"look at batch {batch_id}", self._key):
            answer = self._reads.batches.with_raw_response.retrieve(batch_id).http_response
            return shapes.batch(_document(answer), known_id=batch_id)

    def list_batches(
        self, newer_than: datetime | None = None, *, of_file: str = "", whole: bool = False
    ) -> Iterator[Batch]:
        """Every batch created at or after `newer_than`, all pages, in the provider's order.

        One of somebody else that cannot be read is left out with a warning.

        Args:
            of_file: An input file of ours that is looked for.
            whole: Something is concluded from what is not in the list.
        """
        with told_apart("list the batches", self._key, CallTarget.PLACE):
            for batch in self._lists.read("/batches", {"limit": A_PAGE}, shapes.batch, of_file, whole=whole):
                # No early stop: the order of the list is documented nowhere.
                if newer_than is None or batch.created_at >= newer_than:
                    yield batch

    def cancel(self, batch_id: str) -> Batch:
        """Ask for a batch to stop; one that has already ended is returned as it is."""
        with told_apart(f"cancel batch {batch_id}", self._key):
            try:
                answer = self._once.batches.with_raw_response.cancel(batch_id).http_response
                return shapes.batch(_document(answer), known_id=batch_id)
            except shapes.Malformed:
                return self.check(batch_id)  # it took the wish and does not say how the batch stands
            except openai.ConflictError:
                batch = self.check(batch_id)
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                batch = self.check(batch_id)  # what has ended is refused with these by some servers
                if batch.status not in ENDED:
                    raise
        if batch.status not in ENDED:
            raise ProviderAmbiguous(f"Batch {batch_id} is {batch.status} and could not be cancelled now. Ask again.")
        return batch

    def download(self, file_id: str, to: Path) -> int:
        """Stream a file to `to` (replaced once complete), fsync it, and return its size in bytes.

        A body that ends early without saying how long it should be cannot be noticed here: the caller checks the
        closing newline and the number of lines.

        Raises:
            DownloadCut: It ended early, took too long, or went slower than the minimum rate.
            ResultLost: The provider no longer has it.
            StorageTrouble: The disk is full or read-only.
        """
        part = to.with_name(to.name + ".part")
        try:
            with (
                told_apart(f"download file {file_id}", self._key),
                self._reads.files.with_streaming_response.content(file_id) as answer,
                part.open("wb") as out,
            ):
                size = self._downloads.save(answer.http_response, out, file_id)
            blot_out(part)  # a server may echo the key it was sent in every line
            part.replace(to)
        except ProviderRefused as refusal:
            if refusal.status == 404:
                raise ResultLost(f"The provider no longer has result file {file_id}: {refusal}") from None
            raise
        except OSError as error:
            raise StorageTrouble(
                f"Result file {file_id} could not be written to {to}: {error.strerror}. Free some space and try again."
            ) from error
        finally:
            part.unlink(missing_ok=True)
        return size

    def delete_file(self, file_id: str) -> None:
        """Remove a remote file; one that is already gone is fine."""
        with told_apart(f"delete file {file_id}", self._key):
            try:
                self._reads.files.with_raw_response.delete(file_id)
            except openai.NotFoundError as error:
                if leads_nowhere(error):
                    raise

    def stream(self, endpoint: str, body: Mapping[str, Any]) -> Generator[str, None, dict[str, Any]]:
        """Ask once, synchronously: yields pieces of text and returns the final response body.

        Asked again only after a definite no to something that can be left away, and without that. A server that
        answers whole, asked for a stream or not, is read as one.

        Args:
            endpoint: "/v1/chat/completions" or "/v1/responses", as a batch names it.
            body: The request body as a batch line carries it.
        """
        assembler = Assembler.for_endpoint(endpoint)
        offered = {**body, **assembler.options}
        optional = OptionalParameters(self._memory, str(body.get("model", "")), assembler.endpoint, offered)
        while True:
            try:
                final: dict[str, Any] = yield from self._answer(endpoint, optional.sent)
            except ProviderRefused as refusal:
                if not optional.drop(refusal):
                    raise
            else:
                return final

    def _answer(self, endpoint: str, body: Mapping[str, Any]) -> Generator[str, None, dict[str, Any]]:
        """One question as it is, streamed or not."""
        assembler, path, patience = (
            Assembler.for_endpoint(endpoint),
            endpoint.removeprefix("/v1"),
            self._patience(body),
        )
        with told_apart("get an answer", self._key, CallTarget.PAID):
            if not body.get("stream"):
                answer = self._once.post(path, cast_to=httpx2.Response, body=dict(body), options={"timeout": patience})
                found = yield from whole_answer(_document(answer), assembler)
            else:
                events = self._once.post(
                    path,
                    cast_to=object,
                    body=dict(body),
                    stream=True,
                    stream_cls=EventsOrWhole,
                    options={"timeout": patience},
                )
                found = yield from _streamed(events, assembler)
            final: dict[str, Any] = redacted_tree(found, without_known)
            return final

    def _patience(self, body: Mapping[str, Any]) -> httpx2.Timeout:
        """A model that thinks sends nothing for minutes, and what it then says is paid for."""
        reasoning = body.get("reasoning")
        effort = body.get("reasoning_effort") or (reasoning.get("effort") if isinstance(reasoning, Mapping) else "")
        read = self._timeout if self._answer_timeout is None else self._answer_timeout * PATIENCE.get(str(effort), 1)
        return httpx2.Timeout(self._timeout, read=max(read, self._timeout), connect=self._connect_seconds)

    def probe(self) -> int | None:
        """Whether batches can be made here; returns how many models are offered, None where there is no list."""
        with told_apart("list the batches", self._key, CallTarget.PLACE):
            try:
                self._lists.first("/batches")
            except shapes.Malformed as odd:
                raise ProviderUnfit(
                    f"The address {self._reads.base_url} answers, but not as a Batch API does: {odd}. "
                    "Check OPENAI_BASE_URL: it ends with /v1 for most servers.",
                    status=200,
                ) from None
        try:
            return len(self.models())
        except (ProviderUnfit, ProviderAmbiguous):
            return None  # a list of models is a convenience

    def models(self) -> dict[str, date | None]:
        """Model ids this key may use, each with its announced shutdown date or None."""
        with told_apart("list the models", self._key, CallTarget.PLACE):
            return shapes.shutdown_dates(_document(self._reads.models.with_raw_response.list().http_response))


def _streamed(events: EventsOrWhole, assembler: Assembling) -> Generator[str, None, dict[str, Any]]:
    with events:
        try:
            for event in events:
                yield from assembler.add(event)
        except json.JSONDecodeError:
            raise shapes.Malformed("an event of the stream is not JSON") from None
    if events.whole is None:
        return assembler.result()
    return (yield from whole_answer(_parsed(events.whole), assembler))


def _document(response: httpx2.Response) -> object:
    try:
        return _parsed(response.content)
    except shapes.Malformed as odd:
        page = " but a web page: the address may be wrong, or lack /v1" if is_web_page(response) else ""
        raise shapes.Malformed(f"{odd}{page}") from None


def _parsed(content: bytes) -> object:
    try:
        return shapes.unwrapped(json.loads(content.removeprefix(_BOM)))
    except (ValueError, RecursionError):
        raise shapes.Malformed("what came is not JSON") from None


def _leave_rate_limits_to_the_caller(response: httpx2.Response) -> None:
    # The SDK would otherwise sleep for as long as the server asks, up to two minutes, inside the call.
    if response.status_code == 429:
        response.headers["x-should-retry"] = "false"
