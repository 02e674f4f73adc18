"""Our files at the provider: removed once their contents are safe here, and found when nobody knows them any more."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.domain.alert import AlertKind
from core.domain.batch import ENDED
from core.domain.records import Shard
from core.drafts.job_files import APP, job_folder
from core.errors import NotFound, ProviderError
from core.providers.protocol import Provider
from core.storage.store import Store
from core.worker.context import Context

logger = logging.getLogger(__name__)

AT_ONCE: Final = 50
"""Shards whose files are removed in one round of catching up."""

PATIENCE: Final = timedelta(hours=1)
"""How long after its end a shard is left to its own step before the catching up looks at it."""


INCOMPLETE: Final = ".incomplete"
"""Ending of the empty file that marks a result file which was taken although it did not look whole."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file or batch of ours at the provider that no shard here knows, or that was left behind.

    Attributes:
        what: "input file", "result file" or "batch".
        bytes: None where the provider does not say.
        why: For a person.
        keep: It holds results that are not stored here: it is listed and never removed.
    """

    what: str
    remote_id: str
    name: str
    bytes: int | None
    why: str
    keep: bool = False


def remove_files(context: Context, shard: Shard) -> bool:
    """Delete a settled shard's files at the provider; False when that must be tried again.

    Called only once every result is stored here: until then the provider's copy is the only one. So it stays where a
    result file never came whole.
    """
    if context.keep_remote or _came_incomplete(context, shard):
        return True
    files = [file_id for file_id in (shard.file_id, shard.output_file_id, shard.error_file_id) if file_id]
    try:
        for file_id in files:
            context.provider.delete_file(file_id)
    except ProviderError as error:
        logger.warning("files of %s stay at the provider for now: %s", shard.shard_id, error)
        return False
    context.crossing("after_removal")
    context.store.shards.files_are_gone(shard.shard_id, at=context.clock())
    return True


def _came_incomplete(context: Context, shard: Shard) -> bool:
    return any((job_folder(context.home, shard.job_id) / "results").glob(f"{shard.index:04d}.*{INCOMPLETE}"))


def catch_up(context: Context) -> int:
    """Remove files that a settled shard left behind, because a call failed or its process died. Returns how many."""
    if context.keep_remote:
        return 0
    left = context.store.shards.with_files(ended_before=context.clock() - PATIENCE, limit=AT_ONCE)
    return sum(remove_files(context, shard) for shard in left)


def orphans(store: Store, provider: Provider) -> Iterator[Orphan]:
    """What there is at the provider under our name that nobody here needs.

    Raises:
        ProviderError: The lists could not be read.
    """
    for batch in provider.list_batches():
        key = batch.metadata.get("job_key", "")
        if batch.metadata.get("app") != APP or not key.startswith(f"{APP}-"):
            continue
        shard = _shard(store, key)
        if shard is None:
            yield Orphan("batch", batch.batch_id, key, None, f"no job here knows it; it is {batch.status}")
        elif shard.batch_id != batch.batch_id and batch.status not in ENDED:
            if shard.batch_id is not None:
                why = f"a second batch of {shard.shard_id}; it is {batch.status}"
                yield Orphan("batch", batch.batch_id, key, None, why)
            elif shard.ended_at is not None:
                why = f"{shard.shard_id} is {shard.state} and wants it no more; it is {batch.status}"
                yield Orphan("batch", batch.batch_id, key, None, why)
        elif given_up(shard) and batch.status not in ENDED:
            why = f"{shard.shard_id} gave it up when the provider did not know it; it is {batch.status}"
            yield Orphan("batch", batch.batch_id, key, None, why)
    for file in provider.list_files("batch"):
        if file.name.startswith(f"{APP}-"):
            shard = _shard(store, file.name.partition(".a")[0])
            if shard is None:
                yield Orphan("input file", file.file_id, file.name, file.bytes, "no job here knows it")
            elif shard.ended_at is not None:
                yield Orphan("input file", file.file_id, file.name, file.bytes, f"{shard.shard_id} is {shard.state}")
    for file in provider.list_files("batch_output"):
        shard = store.shards.of_file(file.file_id)
        if shard is not None and shard.ended_at is not None:
            lost = AlertKind.RESULT_LOST in {alert.kind for alert in store.alerts.of(shard.shard_id)}
            why = f"{shard.shard_id} is {shard.state}" + (" and never got all of it: kept" if lost else "")
            yield Orphan("result file", file.file_id, file.name, file.bytes, why, lost)


def given_up(shard: Shard) -> bool:
    """Whether a shard ended although its batch was never seen to end: the provider did not know it any more."""
    return shard.batch_id is not None and shard.ended_at is not None and shard.provider_status not in ENDED


def remove_orphan(provider: Provider, orphan: Orphan) -> None:
    """Delete an orphaned file, or cancel an orphaned batch.

    Raises:
        ProviderError: It was refused, or the answer was lost; asking again is fine.
    """
    if orphan.what == "batch":
        provider.cancel(orphan.remote_id)
    else:
        provider.delete_file(orphan.remote_id)


def _shard(store: Store, key: str) -> Shard | None:
    """The shard of a job key, "mosychlos-<shard id>-<hash>"."""
    try:
        return store.shards.get(key.removeprefix(f"{APP}-").rpartition("-")[0])
    except NotFound:
        return None
