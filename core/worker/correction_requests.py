"""Which answers can be asked for once more with their errors, and the requests that do it.

The second request is the first with its answer and a list of what did not hold (`core.analyses.asking_again`). Nobody
is asked a third time, and nothing is asked without a person who saw the price.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson

from core.analyses.asking_again import ask_again, can_be_asked_again
from core.analyses.engine import NOT_CHECKED
from core.domain.analysis import RawLine
from core.domain.batch import BatchRequest
from core.domain.records import AskedAgain, Job, Shard
from core.drafts.job_files import job_folder
from core.llm.answers import read_line
from core.llm.models import Model, find
from core.llm.tokens import counter
from core.storage.jobs.corrections import CorrectionCandidate, CorrectionRequest
from core.storage.jobs.tool_calls import ASKED
from core.storage.store import Store
from core.worker.ask_sync import STILL_ASKING
from core.worker.in_hand import UNREAD
from core.worker.retries import stored_lines

NO_ANSWERS: Final = (ASKED, STILL_ASKING.code, "wrong_portfolio", NOT_CHECKED, *UNREAD)
"""Errors of answers that a list of errors does not correct: calls of tools, talk of somebody else, what nobody read."""

_CAPS: Final = ("max_output_tokens", "max_completion_tokens", "max_tokens")


def second_requests(
    store: Store, home: Path, job: Job, shard: Shard, why: Sequence[AskedAgain], left: Counter[str]
) -> Iterator[tuple[CorrectionRequest, BatchRequest]]:
    """The second requests that the answers of one shard call for, in the order of its input file.

    Args:
        left: Takes up why others are left out, and how many.
    """
    found = store.corrections.candidates(job.row.job_id, shard.index, why, passed_over=NO_ANSWERS)
    by_id = {one.request.custom_id: one for one in found}
    model = find(shard.model)
    count = counter(model.encoding).count
    for item, line in stored_lines([shard], [one.request for one in found]):
        flagged = by_id.pop(item.custom_id)
        text = _answer(home, job.row.job_id, flagged)
        if text is None:
            left["their answers are kept elsewhere or gone, so that they cannot be sent back"] += 1
            continue
        again = ask_again(_first(flagged, line), text, flagged.reading, count)
        if _too_long(again, model):
            left[f"with their answer and its errors they would be longer than {model.model_id} takes"] += 1
            continue
        yield CorrectionRequest(item.custom_id, again.custom_id, item.portfolio_id, flagged.why), _without_tools(again)
    if by_id:
        left["their input file is gone, or was changed"] += len(by_id)


def _answer(home: Path, job_id: str, flagged: CorrectionCandidate) -> str | None:
    """The text of the first answer as it came."""
    line = None if flagged.raw is None else raw_bytes(home, job_id, flagged.raw)
    if line is None or not can_be_asked_again(flagged.reading):
        return None
    return read_line(line).text


def raw_bytes(home: Path, job_id: str, raw: RawLine) -> bytes | None:
    """The provider's own line of an answer, or None when the file is gone."""
    path = job_folder(home, job_id) / raw.file
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(raw.offset)
        return file.read(raw.length)


def _first(flagged: CorrectionCandidate, line: bytes) -> BatchRequest:
    request = flagged.request
    body = orjson.loads(line)["body"]
    return BatchRequest(
        custom_id=request.custom_id,
        portfolio_id=request.portfolio_id,
        line=line,
        # What tools told is in the line and was not counted when the request was built.
        input_tokens=max(request.input_tokens, flagged.charged_tokens),
        max_output_tokens=next((body[name] for name in _CAPS if name in body), 0),
        prompt_version="",
        prompt_hash="",
        region="",
    )


def _too_long(request: BatchRequest, model: Model) -> bool:
    room, window = model.input_room, model.context_window
    over = room is not None and request.input_tokens > room
    return over or (window is not None and request.input_tokens + request.max_output_tokens > window)


def _without_tools(request: BatchRequest) -> BatchRequest:
    """The request with its tools still named, as the provider has them in its cache, and no leave to call them."""
    document: dict[str, Any] = orjson.loads(request.line)
    if "tools" not in document["body"]:
        return request
    document["body"]["tool_choice"] = "none"
    return replace(request, line=orjson.dumps(document))
