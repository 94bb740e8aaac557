"""Shut a checker's process in before it loads what a lab's author wrote.

Three layers, each of which may be missing: another user (when the server is root),
Landlock (Linux 5.13: files; no write but the working directory, nothing executed, no
signal to others) and seccomp (no socket, no process, no program). What holds here is
what `confine` returns. Nothing here keeps an author's code from wasting its own time:
limits and the server's clock do that.
"""

import contextlib
import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable

_MIB = 1024 * 1024
_LIMITS = {
    resource.RLIMIT_CPU: 300,  # Seconds, over all checks of one process.
    resource.RLIMIT_AS: 768 * _MIB,
    resource.RLIMIT_FSIZE: 4 * _MIB,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_NPROC: 0,  # A checker has no use for another process.
    resource.RLIMIT_CORE: 0,
}

_libc = ctypes.CDLL(None, use_errno=True)
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER_MODE = 38, 22, 2

# Landlock: the same system call numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}  # How many file rights each version knows.

# seccomp: audit architecture; socket, socketpair, connect, execve, execveat, ptrace,
# kill, tkill, clone, and on x86_64 fork and vfork.
_SECCOMP = {
    "x86_64": (0xC000003E, (41, 53, 42, 59, 322, 101, 62, 200, 56, 57, 58)),
    "aarch64": (0xC00000B7, (198, 199, 203, 221, 281, 117, 129, 130, 220)),
}
# clone3, io_uring_setup, pidfd_send_signal, pidfd_getfd: the same everywhere.
_ALSO_FORBIDDEN = (435, 425, 424, 438)


def confine(*, cwd: str, readable: Iterable[str], uid: int | None) -> tuple[str, ...]:
    """Shut this process in for good; return the layers that hold.

    Missing kernel support is no error, a failure to become another user is.
    """
    layers = ["limits"]
    os.chdir(cwd)
    for limit, value in _LIMITS.items():
        resource.setrlimit(limit, (value, value))
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        layers.append("user")
    # Root without any capability, should we have to stay root.
    _libc.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24))
    _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if _landlock(cwd, readable):
        layers.append("landlock")
    if _seccomp():
        layers.append("seccomp")
    return tuple(layers)


def landlock_version() -> int:
    """Of this kernel; below 1 when it has none, or has it switched off."""
    return int(_libc.syscall(_CREATE_RULESET, None, 0, 1))


def _landlock(cwd: str, readable: Iterable[str]) -> bool:
    version = landlock_version()
    if version < 1:
        return False
    everything = (1 << _FS_BITS.get(version, 16)) - 1
    rules = struct.pack(
        "=QQQ", everything, 3 if version >= 4 else 0, 3 if version >= 6 else 0
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _libc.syscall(_CREATE_RULESET, rules, size, 0)
    if ruleset < 0:
        return False
    libraries = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
    python = (os.path.dirname(os.__file__), os.path.join(sys.base_prefix, "lib"))
    for path in {*libraries, *python, *readable}:
        _allow(ruleset, path, _READ_FILE | _READ_DIR)
    _allow(ruleset, cwd, everything & ~1)  # Everything but executing.
    held: bool = _libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return held


def _allow(ruleset: int, path: str, rights: int) -> None:
    with contextlib.suppress(OSError):  # A path that is not here needs no rule.
        folder = os.open(path, os.O_PATH)
        rule = struct.pack("=Qi", rights, folder)
        _libc.syscall(_ADD_RULE, ruleset, 1, rule, 0)
        os.close(folder)


def _seccomp() -> bool:
    """Refuse (EPERM) the calls that reach out of this process."""
    if platform.machine() not in _SECCOMP:
        return False
    architecture, numbers = _SECCOMP[platform.machine()]
    forbidden = (*numbers, *_ALSO_FORBIDDEN)
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    refuse, allow = 0x00050001, 0x7FFF0000
    count = len(forbidden)
    program = [
        (load, 0, 0, 4),  # The architecture …
        (equal, 0, count + 3, architecture),  # … or refuse.
        (load, 0, 0, 0),  # The call's number.
        (at_least, count + 1, 0, 0x40000000),  # The other calling convention: refuse.
        *((equal, count - i, 0, number) for i, number in enumerate(forbidden)),
        (give, 0, 0, allow),
        (give, 0, 0, refuse),
    ]
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filters = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    return bool(_libc.prctl(_SET_SECCOMP, _FILTER_MODE, filters, 0, 0) == 0)
