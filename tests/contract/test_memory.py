"""A file of any size passes through both sides without being held in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from tests.contract.conftest import KEY
from tests.local_provider import LocalProvider

_MEGABYTES = 96
_ALLOWED = 24

_CLIENT = """
import resource, sys
from pathlib import Path
from core.providers.openai_provider import OpenAIProvider
url, path, to, key = sys.argv[1:]
provider = OpenAIProvider(key, url)
provider.models()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
file = provider.upload(Path(path), "large.jsonl")
sent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert provider.download(file.file_id, Path(to)) == Path(path).stat().st_size
provider.delete_file(file.file_id)
got = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((sent - before) // 1024, (got - before) // 1024)
"""


def test_a_large_file_is_streamed_up_and_down_on_both_sides(local: LocalProvider, tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    with path.open("wb") as out:
        for _ in range(_MEGABYTES):
            out.write(b"x" * ((1 << 20) - 1) + b"\n")
    server = psutil.Process(local.pid)
    before = server.memory_info().rss
    arguments = [sys.executable, "-c", _CLIENT, local.base_url, str(path), str(tmp_path / "back"), KEY]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    up, down = map(int, done.stdout.split())
    assert up < _ALLOWED
    assert down < _ALLOWED
    assert (server.memory_info().rss - before) >> 20 < _ALLOWED
