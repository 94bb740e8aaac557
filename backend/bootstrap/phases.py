"""Phases: what is being done, how long it took, and what to do when it fails."""

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
LOG = VAR / "log" / "setup.log"


class Stopped(Exception):
    """A phase cannot go on. `advice` is the next thing for the person to do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


@contextmanager
def phase(title: str) -> Iterator[Callable[[str], None]]:
    """Print the phase and its time. The block may call what it is given to add a word
    on what it found ("already there")."""
    started = time.monotonic()
    notes: list[str] = []
    print(f"▸ {title}", flush=True)
    yield notes.append
    word = f"{notes[-1]}, " if notes else ""
    print(f"  ✔ {word}{time.monotonic() - started:.1f} s", flush=True)


def run(
    command: Sequence[str | Path],
    *,
    advice: str,
    show: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> None:
    """Run to the end; its output goes to the log, and to the screen with `show`.

    Raises Stopped with the last lines it printed when it fails.
    """
    LOG.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    last: deque[str] = deque(maxlen=15)
    with LOG.open("a") as log:
        log.write(f"\n$ {' '.join(words)}\n")
        with subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                last.append(line.rstrip())
                if show:
                    print(f"    {line.rstrip()}", flush=True)
    if process.returncode:
        seen = "\n".join(f"    {line}" for line in last) if not show else ""
        raise Stopped(
            f"`{' '.join(words[:4])} …` ended with {process.returncode}.\n{seen}",
            advice,
        )


def quiet(command: Sequence[str | Path]) -> tuple[int, str]:
    """Run and return (exit status, stdout), for looking whether something is there."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except FileNotFoundError:
        return 127, ""
    return done.returncode, done.stdout


def as_root(*command: str | Path) -> list[str | Path]:
    """The command, through sudo where we are not root."""
    if os.geteuid() == 0:
        return list(command)
    return ["sudo", *command]


def fail(stopped: Stopped) -> int:
    print(f"  ✘ {stopped}\n  → {stopped.advice}", file=sys.stderr, flush=True)
    if LOG.exists():
        print(f"    (everything that was printed: {LOG})", file=sys.stderr)
    return 1
