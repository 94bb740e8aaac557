"""How a checker's process is started, and the lines it exchanges with us.

The process sees a clean environment, no site-packages and one socket. We send it jobs,
one JSON line each; it asks questions about the machines while it works on one, and says
`done`. The server decides what runs and when; the process only looks.

    → {"folder", "cwd", "uid", "nodes", "values"}                    once, first
    → {"job", "do": "describe" | "before" | "inspect" | "repair" | "reboot", "name"?}
    ← {"job", "ask": "run" | "read_file" | …}  → {"answer": …} | {"error", "detail"}
    ← {"job", "done": {…}}

`job` is drawn at random for each job, so nothing can be said in advance for another.
"""

import os
import stat
import sys
from pathlib import Path

MAX_LINE = 2 * 1024 * 1024
"""Bytes in one line, both ways; a longer one ends the process."""

FOREIGN_USER = 65534
"""Who a checker runs as when the server runs as root: nobody."""

CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from labkit.runner import main; main(int(sys.argv[2]))"
)


def arguments(protocol_fd: int) -> list[str]:
    """Isolated (-I), without site-packages (-S), writing no bytecode (-B)."""
    source = str(Path(__file__).parents[1])
    return [sys.executable, "-I", "-S", "-B", "-c", _START, source, str(protocol_fd)]


def prepare_cwd(cwd: str) -> int | None:
    """Who a checker with this working directory runs as; it is given to them.

    None: as we do. That is so when we are not root, or when the Python or labkit is one
    that only root can read.
    """
    needed = (Path(os.__file__).resolve(), Path(__file__).resolve())
    if os.geteuid() != 0 or not all(map(_readable_by_anyone, needed)):
        return None
    os.chown(cwd, FOREIGN_USER, FOREIGN_USER)
    return FOREIGN_USER


def _readable_by_anyone(path: Path) -> bool:
    passable = all(each.stat().st_mode & stat.S_IXOTH for each in path.parents)
    return passable and bool(path.stat().st_mode & stat.S_IROTH)
