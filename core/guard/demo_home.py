"""The demo's own data directory: made by it alone, and used for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from core.domain.provider import ProviderIdentity
from core.errors import Refused, StorageTrouble

MARKER: Final = "made-by-the-demo"
"""Name of the file by which the demo knows a directory again."""

STAND_IN: Final = "demo stand-in"
"""Name of the demo's provider: its port is another one at every start."""


def take(folder: Path, *, usual: bool) -> None:
    """Mark a directory as the demo's, if the demo made it or makes it now.

    Args:
        usual: It is where the demo keeps its data when nobody names a directory. One that an earlier version left there
            without a mark is known by its stand-in's files.

    Raises:
        Refused: There is something in it that the demo did not make.
        StorageTrouble: It cannot be written.
    """
    marker = folder / MARKER
    if marker.is_file() or (usual and (folder / "provider").is_dir()):
        _write(marker)
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(
            f"'{folder}' holds data that the demo did not make. Its answers are simulated and would stand among yours. "
            "Name a new or empty folder with --home, or leave --home away."
        )
    _write(marker)


def _write(marker: Path) -> None:
    try:
        marker.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        marker.touch(mode=0o600)
    except OSError as error:
        raise StorageTrouble(
            f"The demo's folder '{marker.parent}' cannot be written ({error.strerror}). Name another with --home."
        ) from error


def stop_real_work(home: Path, identity: ProviderIdentity) -> None:
    """Let nothing be asked of a provider from the demo's directory.

    Raises:
        Refused: This is the demo's directory, and answers would not be simulated.
    """
    if not identity.simulated and (home / MARKER).is_file():
        raise Refused(
            f"'{home}' was made by the demo, and this process is set to {identity.label}. What belongs to the demo is "
            "asked of its stand-in alone: use the demo's dashboard, or set MOSYCHLOS_HOME to another folder."
        )
