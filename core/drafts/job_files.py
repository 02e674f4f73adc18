"""Where the files of a job stand."""

from __future__ import annotations

from pathlib import Path

from core.domain.batch import OWN_MARK
from core.domain.records import Shard

APP = OWN_MARK


def job_key(shard: Shard, spec_hash: str) -> str:
    """What a shard is called at the provider: in file names and in the metadata of its batches."""
    return f"{APP}-{shard.shard_id}-{spec_hash[:12]}"


def job_folder(home: Path, job_id: str) -> Path:
    """Where a job's files stand."""
    return home / "jobs" / job_id
