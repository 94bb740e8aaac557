"""Which Nines this is."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nines.config import ROOT

_COMMIT = re.compile(r"[0-9a-f]{40}")


def installed_version() -> str:
    try:
        return version("nines")
    except PackageNotFoundError:  # Run from a checkout that was never installed.
        return "0"


def commit(root: Path = ROOT) -> str | None:
    """The commit checked out, read from Git's own files; None outside a checkout."""
    git = root / ".git"
    try:
        head = (git / "HEAD").read_text().strip()
        if head.startswith("ref: "):
            head = _resolved(git, head.removeprefix("ref: "))
    except (OSError, StopIteration):
        return None
    return head if _COMMIT.fullmatch(head) else None


def _resolved(git: Path, ref: str) -> str:
    if (git / ref).is_file():
        return (git / ref).read_text().strip()
    packed = (git / "packed-refs").read_text().splitlines()
    return next(line for line in packed if line.endswith(f" {ref}")).split()[0]


def licence(root: Path = ROOT) -> str:
    """What the licence file calls itself in its first line."""
    try:
        return (root / "LICENSE").read_text("utf-8").strip().partition("\n")[0]
    except FileNotFoundError:
        return "none chosen yet"
