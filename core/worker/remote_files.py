"""Our files at the provider: removed once their contents are safe here, and found when nobody knows them any more."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.domain.alert import AlertKind
from core.domain.batch import ENDED, Batch
from core.domain.provider import ProviderIdentity
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
    result file never came whole, or has lines that were not understood.
    """
    if context.keep_remote or _came_incomplete(context, shard):
        return True
    if context.store.rereading.not_understood(shard.shard_id):
        if shard.file_id is not None:
            with suppress(ProviderError):  # what stays ends with its lifetime
                context.provider.delete_file(shard.file_id)
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
    left = context.store.shards.with_files(
        ended_before=context.clock() - PATIENCE, limit=AT_ONCE, providers=context.identity.accepts
    )
    return sum(remove_files(context, shard) for shard in left)


def orphans(store: Store, provider: Provider, identity: ProviderIdentity | None = None) -> Iterator[Orphan]:
    """What there is at the provider under our name that nobody here needs.

    Args:
        identity: Whose lists these are: what belongs to jobs of another provider is no orphan. None: of any.

    Raises:
        ProviderError: The lists could not be read.
    """

    def mine(shard: Shard | None) -> bool:
        return shard is None or identity is None or store.jobs.provider_id(shard.job_id) in identity.accepts

    for batch in provider.list_batches():
        key = batch.metadata.get("job_key", "")
        if batch.metadata.get("app") == APP and key.startswith(f"{APP}-"):
            shard = _shard(store, key)
            why = _no_use_of_batch(shard, batch) if mine(shard) else ""
            if why:
                yield Orphan("batch", batch.batch_id, key, None, f"{why}; it is {batch.status}")
    for file in provider.list_files("batch"):
        if file.name.startswith(f"{APP}-"):
            shard = _shard(store, file.name.partition(".a")[0])
            why = "no job here knows it" if shard is None else f"{shard.shard_id} is {shard.state}"
            if shard is None or (shard.ended_at is not None and mine(shard)):
                yield Orphan("input file", file.file_id, file.name, file.bytes, why)
    for file in provider.list_files("batch_output"):
        shard = store.shards.of_file(file.file_id)
        if shard is not None and shard.ended_at is not None and mine(shard):
            lost = AlertKind.RESULT_LOST in {alert.kind for alert in store.alerts.of(shard.shard_id)}
            unread = store.rereading.not_understood(shard.shard_id)
            keeps = " and has lines that were not understood: kept" if unread else ""
            keeps = " and never got all of it: kept" if lost else keeps
            why = f"{shard.shard_id} is {shard.state}{keeps}"
            yield Orphan("result file", file.file_id, file.name, file.bytes, why, lost or unread)


def _no_use_of_batch(shard: Shard | None, batch: Batch) -> str:
    """Why nobody here needs a batch that carries a shard's key; "" where somebody does."""
    if shard is None:
        return "no job here knows it"
    if batch.status in ENDED:
        return ""
    if shard.batch_id == batch.batch_id:
        return f"{shard.shard_id} gave it up when the provider did not know it" if given_up(shard) else ""
    if shard.batch_id is not None:
        return f"a second batch of {shard.shard_id}"
    return f"{shard.shard_id} is {shard.state} and wants it no more" if shard.ended_at is not None else ""


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
