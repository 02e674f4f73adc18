"""Landlock: from here on this process opens no file but those named, whoever it runs as (Linux 5.13 and later).

Numbers and structures: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from core.intake.sandbox.linux import checked, libc

# The three calls have the same number on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FIRST_FILE_RIGHTS = (1 << 13) - 1
_ADDED_FILE_RIGHTS = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Kinds of access to files by the version that brought them: to another folder, truncation, device commands."""
_TCP = 0b11  # bind and connect, from version 4
_SCOPES = 0b11  # abstract sockets and signals, from version 6


def version() -> int:
    """The version of Landlock that the kernel has, 0 for none."""
    return max(0, int(libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def allow_reading_only(paths: Iterable[str]) -> bool:
    """Take every access to files from this process, except reading below `paths`; those that do not exist are passed.

    Returns:
        False where the kernel has no Landlock; then nothing was changed.

    Raises:
        OSError: The kernel has it and refuses.
    """
    has = version()
    if not has:
        return False
    files = _FIRST_FILE_RIGHTS
    for since, right in _ADDED_FILE_RIGHTS.items():
        files |= right if has >= since else 0
    fields = (files, *((_TCP,) if has >= 4 else ()), *((_SCOPES,) if has >= 6 else ()))
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = checked(libc().syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)))
    try:
        for path in paths:
            _allow(ruleset, path)
        checked(libc().syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, path: str) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        rights = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE  # noqa: PTH112  # pathlib is slow to load
        rule = struct.pack("=Qi", rights, place)
        checked(libc().syscall(_ADD_RULE, ctypes.c_int(ruleset), _PATH_BENEATH, rule, ctypes.c_uint32(0)))
    finally:
        os.close(place)
