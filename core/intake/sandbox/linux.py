"""The C library's door to the kernel: the calls that the standard library does not offer, in Python 3.11."""

from __future__ import annotations

import ctypes
import functools
import os
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITIES_VERSION_3 = 0x20080522


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> int:
    """The result of a call to `libc`.

    Raises:
        OSError: It is negative.
    """
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def prctl(option: int, value: int, pointer: object = None) -> None:
    """`prctl(2)` with up to two arguments.

    Raises:
        OSError: The kernel refuses.
    """
    zero = ctypes.c_ulong(0)
    checked(libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), pointer or zero, zero, zero))


def gain_no_privileges() -> None:
    """No program that this process might start gains a right, and what it had as root is gone.

    Raises:
        OSError: The kernel refuses.
    """
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    checked(libc().capset(header, nothing))


def end_with_parent() -> None:
    """Whatever ends the thread that started this process ends it too.

    Raises:
        OSError: The kernel refuses.
    """
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
