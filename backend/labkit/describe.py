"""Ask a checker's process what checks a lab has; the lab's code never runs here."""

import json
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from labkit.child import CLEAN_ENVIRONMENT, MAX_LINE, arguments, prepare_cwd
from labkit.facts import CheckFacts, from_json

TIME_LIMIT = 15.0


class ChecksUnreadable(Exception):
    """checks.py cannot be loaded; the message says why, with the traceback's end."""


def describe(folder: Path) -> list[CheckFacts]:
    """The checks of `folder/checks.py`, in the order they are written. Blocks."""
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryDirectory(prefix="nines-checks-") as cwd:
        with theirs:
            process = subprocess.Popen(
                arguments(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                env=CLEAN_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            first: dict[str, Any] = {
                "folder": str(folder.resolve()),
                "cwd": cwd,
                "uid": prepare_cwd(cwd),
                "nodes": [],
                "values": {},
            }
            ours.sendall(_line(first) + _line({"do": "describe", "job": ""}))
            reply = _reply(ours)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    return _facts(reply)


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _reply(protocol: socket.socket) -> Any:
    until, received = time.monotonic() + TIME_LIMIT, b""
    while b"\n" not in received:
        protocol.settimeout(max(0.01, until - time.monotonic()))
        try:
            part = protocol.recv(65536)
        except TimeoutError:
            raise ChecksUnreadable(
                f"Loading it took longer than {TIME_LIMIT:.0f} seconds."
            ) from None
        except OSError:
            part = b""
        if not part or len(received) > MAX_LINE:
            raise ChecksUnreadable("Loading it ended the checker's process.")
        received += part
    try:
        return json.loads(received.split(b"\n", 1)[0])
    except ValueError:
        raise ChecksUnreadable("Loading it disturbs the checker's process.") from None


def _facts(reply: Any) -> list[CheckFacts]:
    try:
        done = reply["done"]
        if report := done.get("report"):
            raise ChecksUnreadable(str(report).strip().splitlines()[-1])
        return [from_json(each) for each in done["checks"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ChecksUnreadable("Loading it disturbs the checker's process.") from None
