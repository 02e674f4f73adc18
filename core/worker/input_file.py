"""The input file of a batch at the provider: brought up, whole and ready before anything is paid for.

Some servers work on a file after it has come (they import and check it), and refuse a batch of it until they have. So
the state that they name is waited for, and a refusal that speaks of the file's state passes like one that says "later".
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from core.domain.batch import RemoteFile
from core.domain.records import Shard, ShardClaim
from core.errors import ProviderAmbiguous, ProviderError, ProviderRefused, ProviderUnfit
from core.worker.approved_file import InputChanged, stay_as_approved
from core.worker.context import Context

logger = logging.getLogger(__name__)

READY_WITHIN: Final = timedelta(hours=1)
"""How long a provider may work on a file before a person should know."""

TIMES: Final = 3
"""How often a file is sent that the provider cannot use."""

_WORKED_ON: Final = frozenset(
    {"pending", "running", "processing", "queued", "importing", "validating", "in_progress", "notrunning", "uploading"}
)
"""States in which a batch of the file would be refused. "uploaded" is a final state for many servers."""

_UNUSABLE: Final = frozenset({"error", "failed", "deleted", "deleting", "cancelled", "expired"})

_ABSENT: Final = ("cannot find file", "no such file", "file not found", "does not exist", "not found")
_NOT_YET: Final = (
    *("not been processed", "not processed", "not yet", "not ready", "still being", "being processed", "wait until"),
    *("status: pending", "is pending", "in progress", "status: running", "status: uploaded"),
)
_SECONDS: Final = 2.0


class FileNotReady(ProviderAmbiguous):
    """The provider has the file and cannot use it yet; looking again is all there is to do."""


class FileUnusable(ProviderRefused):
    """The provider cannot use the file, however often it was sent; a person must look."""

    @property
    def needs_person(self) -> bool:
        """Always."""
        return True


def ready_file(context: Context, claim: ShardClaim, shard: Shard) -> str:
    """Bring a shard's input file up, unless it is there, and return its id once a batch can be made of it.

    Raises:
        FileNotReady: The provider works on it, or cannot use it and it is sent anew.
        FileUnusable: That went on for too long, or came too often.
        InputChanged: The file here is not the one that was approved; it is not there to be paid for.
        ProviderError: It could not be brought up, or not be asked for.
    """
    if shard.file_id is not None and shard.file_created_at is not None:
        remote = _looked_at(context, shard, shard.file_id)
        if remote is None:
            return shard.file_id
    else:
        remote = _brought_up(context, claim, shard)
    if remote.status in _UNUSABLE or remote.bytes not in {None, shard.bytes}:
        _send_anew(context, claim, shard, remote)
    if remote.status in _WORKED_ON:
        since = shard.file_created_at
        if since is not None and context.clock() - since > READY_WITHIN:
            raise FileUnusable(
                f"The provider has worked on {shard.remote_name} for over {READY_WITHIN.total_seconds() / 3600:g} h: "
                f"its file {remote.file_id} is still '{remote.status}'.",
                status=200,
            )
        raise FileNotReady(f"The provider has the file and is still at work on it (status '{remote.status}').")
    return remote.file_id


def look_again_in(shard: Shard, poll: float) -> float:
    """Seconds until a file that is worked on is asked for again: soon at first, at most four polls later."""
    return float(min(_SECONDS * 2 ** min(shard.quiet_polls, 8), 4 * poll))


def _looked_at(context: Context, shard: Shard, file_id: str) -> RemoteFile | None:
    """The provider's view of a file that is there; None where it gives none, and the create will tell."""
    try:
        return context.provider.check_file(file_id)
    except ProviderRefused as refusal:
        if refusal.passing or refusal.status in {401, 403}:
            raise
        logger.info("how %s stands is not known: %s", shard.remote_name, refusal)
        return None


def _brought_up(context: Context, claim: ShardClaim, shard: Shard) -> RemoteFile:
    stay_as_approved(shard)
    context.crossing("before_upload")
    try:
        found = context.provider.find_upload(shard.remote_name)
    except ProviderUnfit:
        found = None  # a server without such a list: a second copy of the file costs nothing
    # Of one whose answer was lost only what is known to be whole is taken; the answer to a whole upload is trusted.
    if found is not None and (found.bytes != shard.bytes or found.status in _UNUSABLE):
        context.provider.delete_file(found.file_id)
        found = None
    remote = found or _uploaded(context, shard)
    context.crossing("after_upload")
    context.store.shards.update(claim, file_id=remote.file_id, file_created_at=context.clock())
    context.crossing("after_file_id")
    return remote


def _uploaded(context: Context, shard: Shard) -> RemoteFile:
    remote = context.provider.upload(Path(shard.path), shard.remote_name)
    try:
        stay_as_approved(shard)  # once more: it may have been changed while it was read
    except InputChanged:
        with suppress(ProviderError):  # what stays ends with its lifetime, and no batch is made of it
            context.provider.delete_file(remote.file_id)
        raise
    return remote


def _send_anew(context: Context, claim: ShardClaim, shard: Shard, remote: RemoteFile) -> None:
    again = shard.scans + 1
    with suppress(ProviderError):  # what stays is removed later, or ends with its lifetime
        context.provider.delete_file(remote.file_id)
    context.store.shards.update(claim, file_id=None, file_created_at=None, scans=again)
    why = f": {remote.details[:300]}" if remote.details else ""
    size = "" if remote.bytes is None else f", {remote.bytes:,} of {shard.bytes:,} bytes"
    said = f"The provider cannot use {shard.remote_name} (file status '{remote.status}'{size}){why}."
    if again >= TIMES:
        raise FileUnusable(f"{said} It was sent {again} times.", status=200)
    raise FileNotReady(f"{said} It is sent again.")


def file_is_absent(refusal: ProviderRefused) -> bool:
    """Whether a create was refused because the provider does not see the file that it took."""
    return _speaks_of_file(refusal) and any(words in str(refusal).lower() for words in _ABSENT)


def file_is_worked_on(refusal: ProviderRefused) -> bool:
    """Whether a create was refused because of the state in which the file is."""
    return _speaks_of_file(refusal) and any(words in str(refusal).lower() for words in _NOT_YET)


def _speaks_of_file(refusal: ProviderRefused) -> bool:
    about = refusal.param == "input_file_id" or "file" in str(refusal).lower()
    return refusal.status in {400, 404, 409, 422} and about
