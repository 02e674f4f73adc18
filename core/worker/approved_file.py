"""Whether the file on disk is still the one that was priced and approved: only that one may be sent."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.domain.records import Shard
from core.errors import Refused


class InputChanged(Refused):
    """The input file of a batch is not the one that was approved. Nothing of it is sent."""


def not_as_approved(shard: Shard) -> str:
    """What is wrong with a shard's input file; "" for the very file that was approved."""
    try:
        with Path(shard.path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"The input file of {shard.shard_id}, {shard.path}, cannot be read ({error.strerror})."
    if found == shard.sha256:
        return ""
    return (
        f"The input file of {shard.shard_id}, {shard.path}, was changed after it was approved "
        f"(SHA-256 {found[:12]}…, approved {shard.sha256[:12]}…)."
    )


def stay_as_approved(shard: Shard) -> None:
    """Let the file pass that was approved.

    Raises:
        InputChanged: It is another one, or gone.
    """
    wrong = not_as_approved(shard)
    if wrong:
        raise InputChanged(f"{wrong} Nothing was sent and nothing was paid. Submit these portfolios anew.")
