"""What holds keys is not readable to its neighbours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ASK = "import ctypes; print('dumpable', ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hides a process from others of the same user")
@pytest.mark.parametrize(
    "start",
    [
        "import sys; from core.cli.main import main; sys.argv = ['mosychlos', '--version']; main()",
        "import sys; from dashboard.shell.server import main; sys.argv = ['server', '--help']; main()",
    ],
    ids=["command line", "dashboard"],
)
def test_memory_and_environment_are_hidden_from_others_of_the_same_user(start: str) -> None:
    program = f"try:\n    exec({start!r})\nexcept SystemExit:\n    pass\n{ASK}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "dumpable 0" in done.stdout, done.stderr
