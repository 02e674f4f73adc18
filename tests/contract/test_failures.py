"""What each failure means for money, proven on the wire: one request, and the right kind of error."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core.domain.batch import RemoteFile
from core.errors import (
    BadSetting,
    DownloadCut,
    ProviderAmbiguous,
    ProviderError,
    ProviderRefused,
    ProviderUnreachable,
    ResultLost,
    StorageTrouble,
)
from core.providers.openai_provider import OpenAIProvider
from tests.batch_lines import chat_body, line, write
from tests.contract.conftest import KEY
from tests.contract.test_journey import CHAT, run_to_end
from tests.local_provider import LocalProvider

CREATE, UPLOAD, CONTENT = "POST /v1/batches", "POST /v1/files", "GET /v1/files/{id}/content"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "in.jsonl", [line("a", chat_body()), line("b", chat_body())])


@pytest.fixture
def file(provider: OpenAIProvider, path: Path) -> RemoteFile:
    return provider.upload(path, path.name)


@pytest.fixture
def hasty(local: LocalProvider) -> Any:
    talking = OpenAIProvider(KEY, local.base_url, timeout_seconds=0.3)
    yield talking
    talking.close()


def of_job(provider: OpenAIProvider, job: str) -> int:
    return sum(batch.metadata.get("job") == job for batch in provider.list_batches())


@pytest.mark.parametrize(
    ("fault", "batches"),
    [
        ("drop_after", 1),
        ("500_after", 1),
        ("html_after", 1),
        ("bad_json", 1),
        ("empty_json", 1),
        ("drop_before", 0),
        ("500_before", 0),
        ("503_before", 0),
        ("html", 0),
        ("409", 0),
    ],
)
def test_a_create_whose_answer_is_lost_is_ambiguous_and_sent_once(
    local: LocalProvider, provider: OpenAIProvider, file: RemoteFile, fault: str, batches: int, request: Any
) -> None:
    local.set_faults({"http": {CREATE: {"1": fault}}})
    with pytest.raises(ProviderAmbiguous):
        provider.create_batch(file.file_id, CHAT, {"job": request.node.name})
    assert local.calls(CREATE) == 1
    assert of_job(provider, request.node.name) == batches


def test_a_create_that_times_out_after_the_work_is_ambiguous_and_sent_once(
    local: LocalProvider, provider: OpenAIProvider, hasty: OpenAIProvider, file: RemoteFile
) -> None:
    local.set_faults({"http": {CREATE: {"1": {"kind": "hang_after", "seconds": 5}}}})
    with pytest.raises(ProviderAmbiguous, match="ReadTimeout"):
        hasty.create_batch(file.file_id, CHAT, {"job": "hang"})
    assert local.calls(CREATE) == 1
    assert of_job(provider, "hang") == 1


def test_an_upload_whose_answer_is_lost_is_sent_once_and_can_be_found(
    local: LocalProvider, provider: OpenAIProvider, path: Path
) -> None:
    local.set_faults({"http": {UPLOAD: {"1": "drop_after"}}})
    with pytest.raises(ProviderAmbiguous):
        provider.upload(path, "lost.a1.jsonl")
    assert local.calls(UPLOAD) == 1
    found = provider.find_upload("lost.a1.jsonl")
    assert found is not None
    assert found.bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("fault", "status", "code", "passing", "needs_person"),
    [
        ({"kind": "429", "retry_after": 7}, 429, "rate_limit_exceeded", True, False),
        ("quota", 429, "insufficient_quota", False, True),
        ("400", 400, "invalid_value", False, False),
        ("401", 401, "invalid_api_key", False, True),
        ("403", 403, "", False, True),
        ("404", 404, "", False, True),
    ],
)
def test_a_definite_no_is_a_refusal_and_sent_once(
    local: LocalProvider,
    provider: OpenAIProvider,
    file: RemoteFile,
    fault: Any,
    status: int,
    code: str,
    passing: bool,
    needs_person: bool,
) -> None:
    local.set_faults({"http": {CREATE: {"1": fault}}})
    with pytest.raises(ProviderRefused) as refused:
        provider.create_batch(file.file_id, CHAT, {})
    error = refused.value
    assert (error.status, error.code, error.passing, error.needs_person) == (status, code, passing, needs_person)
    assert error.retry_after_seconds == (7 if isinstance(fault, dict) else None)
    assert local.calls(CREATE) == 1


def test_a_rate_limited_read_is_left_to_the_caller(local: LocalProvider, provider: OpenAIProvider) -> None:
    local.set_faults({"http": {"GET /v1/models": {"1": {"kind": "429", "retry_after": 60}}}})
    with pytest.raises(ProviderRefused) as refused:
        provider.models()
    assert refused.value.retry_after_seconds == 60
    assert local.calls("GET /v1/models") == 1


def test_a_read_that_fails_once_is_repeated(local: LocalProvider, provider: OpenAIProvider) -> None:
    local.set_faults({"http": {"GET /v1/models": {"1": "drop_before"}}})
    assert provider.models()
    assert local.calls("GET /v1/models") == 2


def test_a_closed_port_is_unreachable_so_nothing_was_sent(path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        # Bound but not listening: connections are refused and nobody else gets the port.
        alone = OpenAIProvider(KEY, f"http://127.0.0.1:{taken.getsockname()[1]}/v1", timeout_seconds=2)
        try:
            calls: list[Callable[[], object]] = [
                lambda: alone.upload(path, "in.jsonl"),
                lambda: alone.create_batch("file-x", CHAT, {}),
                lambda: alone.cancel("batch_x"),
                lambda: list(alone.stream(CHAT, chat_body())),
            ]
            for call in calls:
                with pytest.raises(ProviderUnreachable, match="nothing was sent"):
                    call()
        finally:
            alone.close()


def test_a_proxy_page_in_place_of_a_refusal_is_ambiguous(local: LocalProvider, provider: OpenAIProvider) -> None:
    local.set_faults({"http": {"GET /v1/batches/{id}": {"*": "html_after"}}})
    with pytest.raises(ProviderAmbiguous, match="not JSON"):
        provider.check("batch_x")


@pytest.fixture
def result(provider: OpenAIProvider, path: Path) -> str:
    output = run_to_end(provider, path).output_file_id
    assert output is not None
    return output


def test_a_cut_download_is_noticed_and_leaves_nothing_behind(
    local: LocalProvider, provider: OpenAIProvider, result: str, tmp_path: Path
) -> None:
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"older")
    local.set_faults({"http": {CONTENT: {"1": "cut_download"}}})
    with pytest.raises(DownloadCut, match="broke off"):
        provider.download(result, target)
    assert target.read_bytes() == b"older"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]
    assert provider.download(result, target) == target.stat().st_size
    assert target.read_bytes().endswith(b"\n")


def test_a_body_without_a_length_that_ends_early_is_left_to_the_caller(
    local: LocalProvider, provider: OpenAIProvider, result: str, tmp_path: Path
) -> None:
    whole = provider.download(result, tmp_path / "whole")
    local.set_faults({"http": {CONTENT: {"1": "short_download"}}})
    assert provider.download(result, tmp_path / "half") == whole // 2


def test_a_slow_download_ends_at_its_deadline(local: LocalProvider, result: str, tmp_path: Path) -> None:
    ticks = iter(range(0, 100_000, 4))
    slow = OpenAIProvider(KEY, local.base_url, download_deadline_seconds=9, clock=lambda: next(ticks))
    local.set_faults({"http": {CONTENT: {"*": {"kind": "slow_download", "rate": 4_000}}}})
    try:
        with pytest.raises(DownloadCut, match="not complete after 12 s"):
            slow.download(result, tmp_path / "out.jsonl")
    finally:
        slow.close()


def test_a_download_below_the_minimum_rate_is_given_up(local: LocalProvider, result: str, tmp_path: Path) -> None:
    ticks = iter(range(0, 100_000, 11))
    slow = OpenAIProvider(KEY, local.base_url, min_bytes_per_second=1_000_000, clock=lambda: next(ticks))
    try:
        with pytest.raises(DownloadCut, match="bytes per second"):
            slow.download(result, tmp_path / "out.jsonl")
    finally:
        slow.close()


def test_a_missing_file_is_lost_and_a_page_in_its_place_is_not(
    local: LocalProvider, provider: OpenAIProvider, result: str, tmp_path: Path
) -> None:
    local.set_faults({"http": {CONTENT: {"1": "404", "2": "html_after", "3": "401"}}})
    with pytest.raises(ResultLost):
        provider.download(result, tmp_path / "out.jsonl")
    with pytest.raises(ProviderAmbiguous, match="web page"):
        provider.download(result, tmp_path / "out.jsonl")
    with pytest.raises(ProviderRefused):
        provider.download(result, tmp_path / "out.jsonl")


def test_a_folder_that_takes_no_file_is_storage_trouble(provider: OpenAIProvider, result: str, tmp_path: Path) -> None:
    with pytest.raises(StorageTrouble, match="could not be written"):
        provider.download(result, tmp_path / "no such folder" / "out.jsonl")


def test_a_new_batch_may_be_missing_from_the_list_for_a_while(
    local: LocalProvider, provider: OpenAIProvider, file: RemoteFile
) -> None:
    local.set_faults({"list_lag": 60})
    batch = provider.create_batch(file.file_id, CHAT, {"job": "lag"})
    assert of_job(provider, "lag") == 0
    assert provider.check(batch.batch_id).batch_id == batch.batch_id
    local.set_faults()
    assert of_job(provider, "lag") == 1


def test_a_bad_fault_file_stops_the_server_with_a_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with code 2") as stopped:
        LocalProvider(tmp_path / "home").start(faults={"answers": {"rude": 1}})
    assert "'rude' is no kind of answer" in str(stopped.value)
    assert "Traceback" not in str(stopped.value)


def test_a_taken_port_stops_the_server_with_a_clear_sentence(local: LocalProvider, tmp_path: Path) -> None:
    second = LocalProvider(tmp_path / "home")
    second.port = local.port
    with pytest.raises(RuntimeError, match=rf"Port {local.port} on 127\.0\.0\.1 cannot be used"):
        second.start()


def test_a_call_without_a_key_is_refused(local: LocalProvider) -> None:
    answer = httpx2.get(f"{local.base_url}/models", trust_env=False)
    assert answer.status_code == 401
    assert "You didn't provide an API key" in answer.json()["error"]["message"]


def test_neither_the_environments_address_nor_its_proxy_is_used_for_this_machine(
    local: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1")
    fresh = OpenAIProvider(KEY, local.base_url, timeout_seconds=5)
    try:
        assert fresh.models()
    finally:
        fresh.close()
    assert repr(fresh) == f"OpenAIProvider('{local.base_url}/')"


@pytest.mark.parametrize("key", ["", "  ", "sk-with a space", "sk-\nnew line", "sk-ключ"])
def test_a_key_that_no_header_can_carry_is_refused_without_naming_it(key: str) -> None:
    with pytest.raises(BadSetting) as refused:
        OpenAIProvider(key, "http://127.0.0.1:1/v1")
    assert not key.strip() or key not in str(refused.value)


@pytest.mark.parametrize("fault", ["401", "drop_after", "html", "500_before", "bad_json", "429"])
def test_the_key_is_in_no_message_log_or_trace(
    local: LocalProvider,
    provider: OpenAIProvider,
    file: RemoteFile,
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    local.set_faults({"http": {CREATE: {"*": fault}}})
    with pytest.raises(ProviderError) as failed:
        provider.create_batch(file.file_id, CHAT, {})
    told = str(failed.value) + repr(failed.value) + "".join(traceback.format_exception(failed.value)) + caplog.text
    assert KEY not in told
    assert "You judge risk" not in told


def test_a_wrong_key_is_refused_in_the_providers_words_without_the_key(local: LocalProvider) -> None:
    key = "sk-invalid-CANARY-987654321"
    wrong = OpenAIProvider(key, local.base_url)
    try:
        with pytest.raises(ProviderRefused, match="Incorrect API key provided") as refused:
            wrong.models()
    finally:
        wrong.close()
    assert refused.value.needs_person
    assert key not in str(refused.value)
    assert "4321" not in str(refused.value)
    assert key not in local.log


@pytest.mark.parametrize(("effort", "waits"), [("high", True), ("medium", False)])
def test_an_answer_has_a_patience_of_its_own_that_grows_with_the_effort(
    local: LocalProvider, effort: str, waits: bool
) -> None:
    patient = OpenAIProvider(KEY, local.base_url, timeout_seconds=0.2, answer_timeout_seconds=0.8)
    local.set_faults({"http": {"POST /v1/chat/completions": {"1": {"kind": "hang_before", "seconds": 1.2}}}})
    try:
        with pytest.raises(ProviderAmbiguous) as lost:
            list(patient.stream(CHAT, {**chat_body(), "reasoning_effort": effort}))
    finally:
        patient.close()
    # The server breaks the connection off after its silence: whoever waited saw that, and no timeout.
    assert ("MOSYCHLOS_ANSWER_TIMEOUT_SECONDS" in str(lost.value)) is not waits
