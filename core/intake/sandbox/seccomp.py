"""Seccomp: from here on the kernel refuses this process every call that reaches out of it.

No socket, no new process or program, no signal, no look into another process, no change of its own limits, of mounts
or of a file's rights. A refused call fails with EPERM, so that a parser that tries one only fails.
Numbers: the kernel's `syscall_64.tbl` (x86-64) and `asm-generic/unistd.h` (ARM64).
"""

from __future__ import annotations

import ctypes
import os
import struct

from core.intake.sandbox.linux import prctl

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_CALL_NUMBER, _ARCHITECTURE = 0, 4
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_OTHER_ABI = 0x40000000
"""On x86-64, numbers from here on are the same calls under another ABI."""

REFUSED = {
    # name: (x86-64, ARM64); None where the architecture has no such call
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "sendto": (44, 206), "sendmsg": (46, 211), "io_uring_setup": (425, 425),
    "clone": (56, 220), "clone3": (435, 435), "fork": (57, None), "vfork": (58, None),
    "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "process_madvise": (440, 440), "perf_event_open": (298, 241), "bpf": (321, 280), "userfaultfd": (323, 282),
    "setrlimit": (160, 164), "prlimit64": (302, 261), "setpriority": (141, 140),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
}  # fmt: skip


def refuse_reaching_out() -> bool:
    """Put the filter up; it cannot be taken down again, and needs `linux.gain_no_privileges` before.

    Returns:
        False on an architecture whose numbers are not known here, or where the kernel has no filters.
    """
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        return False
    place = list(ARCHITECTURES).index(machine)
    program = _program(ARCHITECTURES[machine], [numbers[place] for numbers in REFUSED.values()], machine == "x86_64")
    code = ctypes.create_string_buffer(program, len(program))
    try:
        prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_Program(len(program) // 8, ctypes.addressof(code))))
    except OSError:
        return False
    return True


class _Program(ctypes.Structure):
    """`struct sock_fprog`: the number of instructions, and where they are."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _program(architecture: int, refused: list[int | None], has_other_abi: bool) -> bytes:
    """Instructions of 8 bytes: code, jump if true, jump if false, operand. Jumps count the instructions passed over."""
    numbers = [number for number in refused if number is not None]
    tests = [(_EQUAL, number) for number in numbers]
    if has_other_abi:
        tests.insert(0, (_AT_LEAST, _OTHER_ABI))
    lines = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    lines.append((_LOAD, 0, 0, _CALL_NUMBER))
    lines += [(code, len(tests) - done, 0, operand) for done, (code, operand) in enumerate(tests)]
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
