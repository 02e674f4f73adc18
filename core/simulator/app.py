"""The routes of the local server: Files, Batches, Chat Completions, Responses and Models, as the API shapes them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import anyio
import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.errors import BadInput
from core.simulator import catalog, events, faults
from core.simulator.batches import Works
from core.simulator.middleware import ProviderDoor
from core.simulator.replies import Responder
from core.simulator.store import BatchRecord, FileRecord, SimulatorStore
from core.simulator.uploads import BadUpload, Upload

_ENDPOINTS = ("/v1/responses", "/v1/chat/completions")
_INPUT_LIFETIME = 30 * 86_400
_CHUNK = 1 << 16
_PIECE_SECONDS = 0.03


class RefusedCall(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.answer = catalog.Refusal(status, message, param, code)


class Api:
    """The handlers, with what they share."""

    def __init__(self, store: SimulatorStore, works: Works, speed: float) -> None:
        self._store = store
        self._works = works
        self._speed = speed
        self._responder = Responder()

    async def health(self, _: Request) -> Response:
        """Ready to work."""
        return _json({"status": "ok"})

    async def models(self, _: Request) -> Response:
        """GET /v1/models."""
        return _json(catalog.listing(_today()))

    async def create_file(self, request: Request) -> Response:
        """POST /v1/files."""
        file_id = self._store.new_file_id()
        target = self._store.content(file_id)
        upload = Upload(target)
        try:
            await upload.receive(request.headers.get("content-type", ""), request.stream())
            record = self._accepted(upload, file_id)
        except (BadUpload, RefusedCall) as error:
            target.unlink(missing_ok=True)
            if isinstance(error, BadUpload):
                raise RefusedCall(400, str(error)) from None
            raise
        self._store.save_file(record)
        return _json(self._shown(record))

    def _is_pending(self, record: FileRecord) -> bool:
        return record.purpose == "batch" and time.time() - record.created_at < self._works.faults.file_lag

    def _shown(self, record: FileRecord) -> dict[str, Any]:
        return {**record.view(), "status": "pending"} if self._is_pending(record) else record.view()

    def _accepted(self, upload: Upload, file_id: str) -> FileRecord:
        purpose = upload.fields.get("purpose", "")
        if not upload.filename or not purpose:
            missing = "purpose" if upload.filename else "file"
            raise RefusedCall(400, f"Missing required parameter: '{missing}'.", missing, "missing_required_parameter")
        if purpose == "batch" and not upload.filename.endswith(".jsonl"):
            raise RefusedCall(400, "Invalid file format for Batch API. Must be .jsonl")
        if upload.size == 0:
            raise RefusedCall(400, "Invalid file format: the file is empty.", "file")
        now = int(time.time())
        seconds = upload.fields.get("expires_after[seconds]", "")
        lifetime = int(seconds) if seconds.isdigit() else _INPUT_LIFETIME
        if not 3600 <= lifetime <= 2_592_000:
            raise RefusedCall(
                400, "expires_after.seconds must be from 3600 to 2592000.", "expires_after", "invalid_value"
            )
        return FileRecord(file_id, upload.filename, purpose, upload.size, now, now + lifetime)

    async def list_files(self, request: Request) -> Response:
        """GET /v1/files."""
        purpose = request.query_params.get("purpose")
        newest_first = request.query_params.get("order", "desc") != "asc"
        with self._store.lock:
            records = [each for each in self._store.files.values() if purpose in (None, each.purpose)]
        records.sort(key=lambda each: (each.created_at, each.id), reverse=newest_first)
        return _json(_page(request, [self._shown(each) for each in records], highest=10_000, default=10_000))

    async def get_file(self, request: Request) -> Response:
        """GET /v1/files/{id}."""
        return _json(self._shown(self._file(request)))

    async def delete_file(self, request: Request) -> Response:
        """DELETE /v1/files/{id}."""
        record = self._file(request)
        self._store.delete_file(record.id)
        return _json({"id": record.id, "object": "file", "deleted": True})

    async def file_content(self, request: Request) -> Response:
        """GET /v1/files/{id}/content."""
        record = self._file(request)
        headers = {
            "content-length": str(record.bytes),
            "content-disposition": f'attachment; filename="{record.filename}"',
        }
        body = _read(self._store, record)
        return StreamingResponse(body, media_type="application/octet-stream", headers=headers)

    async def create_batch(self, request: Request) -> Response:
        """POST /v1/batches."""
        body = await _body(request)
        for name in ("input_file_id", "endpoint", "completion_window"):
            if not isinstance(body.get(name), str):
                raise RefusedCall(400, f"Missing required parameter: '{name}'.", name, "missing_required_parameter")
        if body["endpoint"] not in _ENDPOINTS:
            listed = " and ".join(f"'{each}'" for each in _ENDPOINTS)
            message = f"Invalid value: '{body['endpoint']}'. Supported values are: {listed}."
            raise RefusedCall(400, message, "endpoint", "invalid_value")
        if body["completion_window"] != "24h":
            message = f"Invalid value: '{body['completion_window']}'. Value must be '24h'."
            raise RefusedCall(400, message, "completion_window", "invalid_value")
        metadata = _checked_metadata(body.get("metadata"))
        with self._store.lock:
            file = self._store.files.get(body["input_file_id"])
        if file is None or file.purpose != "batch":
            message = f"Cannot find file {body['input_file_id']}, or organization org-local does not have access to it."
            raise RefusedCall(400, message, "input_file_id", "invalid_request")
        if self._is_pending(file):
            message = f"The file with ID '{file.id}' has not been processed yet. Status: pending. Please wait."
            raise RefusedCall(400, message, "input_file_id", "invalid_request")
        return _json(self._works.view(self._works.create(file.id, body["endpoint"], metadata)))

    async def list_batches(self, request: Request) -> Response:
        """GET /v1/batches."""
        lag = self._works.faults.list_lag
        with self._store.lock:
            records = [each for each in self._store.batches.values() if time.time() - each.born >= lag]
        records = [each for each in records if not self._works.vanished(each)]
        records.sort(key=lambda each: (each.born, each.id), reverse=True)
        return _json(_page(request, [self._works.view(each) for each in records], highest=100, default=20))

    async def get_batch(self, request: Request) -> Response:
        """GET /v1/batches/{id}."""
        return _json(self._works.view(self._batch(request)))

    async def cancel_batch(self, request: Request) -> Response:
        """POST /v1/batches/{id}/cancel."""
        record = self._batch(request)
        if record.ended and record.status != "cancelled":
            raise RefusedCall(409, f"Cannot cancel a batch with status '{record.status}'.")
        self._works.cancel(record)
        return _json(self._works.view(record))

    async def chat(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        return await self._answer(request, "/v1/chat/completions")

    async def response(self, request: Request) -> Response:
        """POST /v1/responses."""
        return await self._answer(request, "/v1/responses")

    async def _answer(self, request: Request, path: str) -> Response:
        body = await _body(request)
        key = orjson.dumps(body).decode()
        reply = await anyio.to_thread.run_sync(
            lambda: self._responder.reply(
                body,
                path,
                custom_id=key,
                fault=self._works.faults.answer(key),
                now=time.time(),
                today=_today(),
            )
        )
        if reply.status != 200 or reply.body is None:
            return _json(reply.body, reply.status or 500)
        if body.get("stream") is not True:
            return _json(reply.body)
        parts = events.chat_events(body, reply.body) if path != "/v1/responses" else events.response_events(reply.body)
        return StreamingResponse(self._paced(parts), media_type="text/event-stream")

    async def _paced(self, parts: Iterable[bytes]) -> AsyncIterator[bytes]:
        for part in parts:
            yield part
            await asyncio.sleep(_PIECE_SECONDS / max(1.0, self._speed))

    async def counts(self, _: Request) -> Response:
        """GET /_local/counts: calls by route since the faults were last set, files and batches there are."""
        with self._store.lock:
            held = {"files": len(self._store.files), "batches": len(self._store.batches)}
        return _json({**json.loads(faults.as_json(self._works.faults)), **held})

    async def set_faults(self, request: Request) -> Response:
        """PUT /_local/faults: replace the faults and begin to count anew."""
        try:
            fresh = faults.from_document(orjson.loads(await request.body()))
        except (BadInput, orjson.JSONDecodeError) as error:
            raise RefusedCall(400, str(error)) from None
        self._works.faults = fresh
        return _json({"status": "ok"})

    def _file(self, request: Request) -> FileRecord:
        file_id = request.path_params["file_id"]
        with self._store.lock:
            record = self._store.files.get(file_id)
        if record is None:
            raise RefusedCall(404, f"No such File object: {file_id}", "id")
        return record

    def _batch(self, request: Request) -> BatchRecord:
        batch_id = request.path_params["batch_id"]
        with self._store.lock:
            record = self._store.batches.get(batch_id)
        if record is None or self._works.vanished(record):
            raise RefusedCall(404, f"No batch found with id '{batch_id}'.")
        return record


def build(store: SimulatorStore, works: Works, speed: float, *, control: bool = False) -> Starlette:
    """The application.

    Args:
        control: Offer /_local/counts and /_local/faults, for tests.
    """
    api = Api(store, works, speed)
    routes: list[tuple[str, str, Callable[[Request], Any]]] = [
        ("GET", "/healthz", api.health),
        ("GET", "/v1/models", api.models),
        ("POST", "/v1/files", api.create_file),
        ("GET", "/v1/files", api.list_files),
        ("GET", "/v1/files/{file_id}", api.get_file),
        ("DELETE", "/v1/files/{file_id}", api.delete_file),
        ("GET", "/v1/files/{file_id}/content", api.file_content),
        ("POST", "/v1/batches", api.create_batch),
        ("GET", "/v1/batches", api.list_batches),
        ("GET", "/v1/batches/{batch_id}", api.get_batch),
        ("POST", "/v1/batches/{batch_id}/cancel", api.cancel_batch),
        ("POST", "/v1/chat/completions", api.chat),
        ("POST", "/v1/responses", api.response),
    ]
    if control:
        routes += [("GET", "/_local/counts", api.counts), ("PUT", "/_local/faults", api.set_faults)]
    return Starlette(
        routes=[Route(path, handler, methods=[method]) for method, path, handler in routes],
        middleware=[Middleware(ProviderDoor, faults=lambda: works.faults)],
        exception_handlers={RefusedCall: _refused, 404: _no_route, 405: _no_route},
    )


def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedCall):
        raise error
    return _json(error.answer.body(), error.answer.status)


def _no_route(request: Request, _: Exception) -> Response:
    message = f"Invalid URL ({request.method} {request.url.path})"
    return _json(catalog.Refusal(404, message, None, None).body(), 404)


def _json(document: object, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, media_type="application/json")


async def _body(request: Request) -> dict[str, Any]:
    try:
        document = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise RefusedCall(400, "We could not parse the JSON body of your request.")
    return document


def _page(request: Request, items: list[dict[str, Any]], *, highest: int, default: int) -> dict[str, Any]:
    limit = request.query_params.get("limit", str(default))
    if not limit.isdigit() or not 1 <= int(limit) <= highest:
        raise RefusedCall(400, f"Invalid 'limit': expected a value from 1 to {highest}.", "limit", "invalid_value")
    after = request.query_params.get("after")
    if after is not None:
        places = [place for place, item in enumerate(items) if item["id"] == after]
        if not places:
            raise RefusedCall(400, f"Invalid 'after': no object with id '{after}'.", "after", "invalid_value")
        items = items[places[0] + 1 :]
    shown = items[: int(limit)]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(items) > len(shown),
    }


def _checked_metadata(metadata: object) -> dict[str, str] | None:
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise RefusedCall(400, "Invalid type for 'metadata': expected an object.", "metadata", "invalid_type")
    if len(metadata) > 16:
        message = f"Invalid 'metadata': too many properties. Expected at most 16, but got {len(metadata)}."
        raise RefusedCall(400, message, "metadata", "object_above_max_properties")
    for key, value in metadata.items():
        param = f"metadata.{key}"
        if not isinstance(value, str):
            names = {list: "an array", dict: "an object", int: "an integer", float: "a decimal", bool: "a boolean"}
            given = names.get(type(value), "null")
            message = f"Invalid type for '{param}': expected a string, but got {given} instead."
            raise RefusedCall(400, message, param, "invalid_type")
        if len(key) > 64 or len(value) > 512:
            message = f"Invalid '{param}': string too long. Keys have at most 64 characters and values at most 512."
            raise RefusedCall(400, message, param, "string_above_max_length")
    return metadata


def _read(store: SimulatorStore, record: FileRecord) -> Iterator[bytes]:
    with store.content(record.id).open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk


def _today() -> date:
    return datetime.now(UTC).date()
