"""A saved machine on disk: `ram`, `state`, `snap.qcow2`; `meta.json` comes last."""

from __future__ import annotations

import json
import os

from .errors import TemplateDamaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .config import Shape

TEMPLATES = "/templates"
PROFILES = "/profiles"
FORMAT = 1
HASHED = ("state", "snap.qcow2")
BASE = ("rootfs.qcow2", "vmlinux", "initrd.cpio")
SAMPLES = 64
PAGE = 4096


def seal(folder: str, key: str, shape: Shape, extra: dict[str, Any]) -> None:
    """Make everything durable, then say in meta.json what it is."""
    for name in ("ram", *HASHED):
        _sync(f"{folder}/{name}")
    meta = {
        "format": FORMAT,
        "key": key,
        **extra,
        **_describe(shape),
        **_measure(folder, shape.profile),
    }
    with open(f"{folder}/meta.json.new", "w") as file:
        json.dump(meta, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{folder}/meta.json.new", f"{folder}/meta.json")
    _sync(folder)


def verify(folder: str, shape: Shape) -> None:
    """Raise TemplateDamaged unless this is what was sealed, for this very shape."""
    try:
        with open(f"{folder}/meta.json") as file:
            meta = json.load(file)
        wanted = {"format": FORMAT, **_describe(shape)}
        wanted |= _measure(folder, shape.profile)
        for name, value in wanted.items():
            if name == "ram":
                _compare_ram(value, meta["ram"])
            elif meta.get(name) != value:
                raise TemplateDamaged(f"{name}: {meta.get(name)!s:.200} is not {value}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TemplateDamaged(f"{type(error).__name__}: {error}") from error


def _describe(shape: Shape) -> dict[str, Any]:
    return {
        "profile": shape.profile,
        "memory_mb": shape.memory_mb,
        "cpus": shape.cpus,
        "disks": shape.disks,
        "nics": shape.nics,
        "accel": shape.accel,
    }


def _measure(folder: str, profile: str) -> dict[str, Any]:
    return {
        "ram": _measure_ram(f"{folder}/ram"),
        "files": {name: _measure_file(f"{folder}/{name}") for name in HASHED},
        "base": {n: os.path.getsize(f"{PROFILES}/{profile}/{n}") for n in BASE},
    }


def _measure_file(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        content = file.read()
    return {"size": len(content), "sha256": _sha256(content)}


def _measure_ram(path: str) -> dict[str, Any]:
    """Some pages spread over the file: a check of it all would take a second."""
    pages = []
    with open(path, "rb", buffering=0) as file:
        about = os.fstat(file.fileno())
        for sample in range(SAMPLES):
            at = about.st_size // SAMPLES * sample // PAGE * PAGE
            pages.append(os.pread(file.fileno(), PAGE, at))
    return {
        "size": about.st_size,
        "blocks": about.st_blocks,
        "sampled_sha256": _sha256(b"".join(pages)),
    }


def _compare_ram(now: dict[str, Any], then: dict[str, Any]) -> None:
    for name in ("size", "sampled_sha256"):
        if now[name] != then[name]:
            raise TemplateDamaged(f"ram: another {name}")
    # A hole where there was memory. (More is fine: file systems allocate ahead.)
    if now["blocks"] < then["blocks"] * 0.98:
        raise TemplateDamaged(f"ram: {now['blocks']} blocks of {then['blocks']}")


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _sha256(content: bytes) -> str:
    try:  # hashlib loads OpenSSL: 4 MB for two small files.
        from _sha2 import sha256  # type: ignore[import-not-found]
    except ImportError:  # Python before 3.12, in tests.
        from hashlib import sha256
    return str(sha256(content).hexdigest())
