"""The settings file: where it is looked for, whose it must be, and what it may hold. Never the current folder unasked.

A folder that somebody else filled (an unpacked archive, a share) must not be able to say where the key goes.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from core.errors import BadSetting

NAME = "mosychlos.toml"
SETTING = "MOSYCHLOS_CONFIG"
SYSTEM = Path("/etc/mosychlos") / NAME
NONE = os.devnull
"""Named as the file, it says that none is read."""

_MAX_BYTES = 1_000_000


def places() -> tuple[Path, ...]:
    """Where a file is looked for that nobody named: the user's own, then the system's. The first one there is read."""
    own = Path(platformdirs.user_config_dir("mosychlos")) / NAME
    # A relative HOME or XDG_CONFIG_HOME would lead back into the current folder.
    return (own, SYSTEM) if own.is_absolute() else (SYSTEM,)


def find(environment: Mapping[str, str]) -> Path | None:
    """The settings file of this process: the one that MOSYCHLOS_CONFIG names, else the first of `places`, else None.

    Raises:
        BadSetting: The named file is not there, or a file cannot be looked at.
    """
    named = environment.get(SETTING, "")
    if named == NONE:
        return None
    if named:
        path = Path(named).expanduser().absolute()
        if not _is_there(path):
            raise BadSetting(f"{SETTING} names '{path}', and there is no such file. Correct the name, or remove it.")
        return path
    return next((path for path in places() if _is_there(path)), None)


def unasked(folder: Path, used: Path | None) -> Path | None:
    """A settings file in a folder that looks as if it were meant to be read, and is not; None without one."""
    path = folder / NAME
    try:
        there = path.is_file() and not (used is not None and path.samefile(used))
    except OSError:
        return None
    return path if there else None


def values(path: Path | None) -> dict[str, str]:
    """The settings in a file: top-level keys named as the environment variables; {} for None or no such file.

    Raises:
        BadSetting: It is somebody else's, others may write it, it is not TOML, or a value is not a single one.
    """
    if path is None or not _is_there(path):
        return {}
    try:
        table = tomllib.loads(_own_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSetting(f"{path} is not readable as TOML: {error}. Correct the file or remove it.") from None
    if SETTING in table:
        raise BadSetting(f"{path}: {SETTING} says which file is read, so it cannot stand in one. Remove it there.")
    for name, value in table.items():
        if isinstance(value, dict | list):
            raise BadSetting(f"{path}: '{name}' must be a single value, written as {name} = \"...\".")
        if not str(value).isprintable():
            raise BadSetting(f"{path}: '{name}' holds characters that cannot be seen. Write it again.")
    return {name: str(value) for name, value in table.items()}


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise BadSetting(
            f"The settings file '{path}' cannot be looked at ({error}). Correct its name or rights."
        ) from None
    return True


def _own_bytes(path: Path) -> bytes:
    """What an open file holds, once it is known whose it is: between a look by name and the reading it could change."""
    try:
        # Not blocking: a pipe in the file's place would keep us for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadSetting(f"The settings file '{path}' cannot be read ({error.strerror}). Correct its rights.") from None
    try:
        _check_ownership(path, os.fstat(descriptor))
    except BadSetting:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _check_ownership(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
        raise BadSetting(f"'{path}' is no settings file. Write one of lines such as NAME = \"value\".")
    if found.st_uid not in {0, os.geteuid()}:
        raise BadSetting(
            f"The settings file '{path}' belongs to another user (number {found.st_uid}), who could send your key "
            "elsewhere. It is not read: make a copy that is yours, or name another file."
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise BadSetting(
            f"Others may write the settings file '{path}' (mode {stat.S_IMODE(found.st_mode):04o}), and could send "
            f"your key elsewhere. It is not read. Correct it with: chmod go-w '{path}'"
        )
