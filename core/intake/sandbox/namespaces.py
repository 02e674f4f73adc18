"""Namespaces: a network without interfaces and an empty /proc, where the kernel lacks Landlock or seccomp."""

from __future__ import annotations

import ctypes
import os

from core.intake.sandbox.linux import checked, libc

_NEW_USER, _NEW_MOUNTS, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x00020000, 0x40000000, 0x08000000
_PRIVATE = 1 << 18 | 1 << 14  # with everything mounted below
_READ_ONLY = 1


def enter() -> tuple[bool, bool]:
    """Leave the machine's network and hide its processes; to be called while there is one thread.

    Returns:
        Whether the network is out of reach, and whether /proc is empty. A kernel or a container may forbid either.
    """
    user, group = os.getuid(), os.getgid()
    try:
        checked(libc().unshare(ctypes.c_int(_NEW_USER | _NEW_MOUNTS | _NEW_NETWORK | _NEW_IPC)))
    except OSError:
        return False, False
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            _write(f"/proc/self/{name}", text)
        checked(libc().mount(None, b"/", None, ctypes.c_ulong(_PRIVATE), None))
        checked(libc().mount(b"none", b"/proc", b"tmpfs", ctypes.c_ulong(_READ_ONLY), None))
    except OSError:
        return True, False
    return True, True


def _write(path: str, text: str) -> None:
    place = os.open(path, os.O_WRONLY)
    try:
        os.write(place, text.encode())
    finally:
        os.close(place)
