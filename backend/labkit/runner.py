"""The checker's own process: load a lab's checks and look when told to.

It holds no secret, reaches the machines only by asking the server, and does one job at
a time. Everything the server believes about it, the server checks: see labkit.child.
"""

import base64
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from labkit.checks import Check, NotYet, Outcome, Sustained, UnderFault, find_checks
from labkit.child import MAX_LINE
from labkit.confine import confine
from labkit.facts import facts_of
from labkit.faults import Fault
from labkit.nodes import CommandResult, Lab, Node, Unreachable
from labkit.standard import refused, unreachable

JOB_LIFETIME = 1200
"""Seconds after which a job ends by itself, when no server is left to end it."""

LOOK_EVERY = 1.0


class Wire:
    """The socket to the server, as lines. OSError when the server went away."""

    def __init__(self, protocol: socket.socket) -> None:
        self._file = protocol.makefile("rwb")
        self.job = ""  # The server's name for the job in hand; ours to repeat.

    def send(self, message: Mapping[str, Any]) -> None:
        line = json.dumps({**message, "job": self.job})
        self._file.write(line.encode() + b"\n")
        self._file.flush()

    def receive(self) -> dict[str, Any] | None:
        """None once the server has closed its end."""
        line = self._file.readline(MAX_LINE)
        if not line:
            return None
        message: dict[str, Any] = json.loads(line)
        return message

    def ask(self, what: str, **details: Any) -> Any:
        self.send({"ask": what, **details})
        reply = self.receive()
        if reply is None:
            raise ConnectionError("The server went away.")
        if reply.get("error") == "unreachable":
            raise Unreachable(reply["detail"], node=details.get("node"))
        if reply.get("error") == "refused":
            raise NotYet(refused(Fault(**details["fault"])))
        if "error" in reply:
            raise OSError(reply["detail"])
        return reply["answer"]


class WireTransport:
    """Every question to a machine goes through the server."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def run(
        self, node: str, command: Sequence[str], *, stdin: str, timeout: float
    ) -> CommandResult:
        answer = self._wire.ask(
            "run", node=node, command=list(command), stdin=stdin, timeout=timeout
        )
        return CommandResult(answer["exit_code"], answer["stdout"], answer["stderr"])

    def read_file(self, node: str, path: str, *, limit: int) -> bytes | None:
        answer = self._wire.ask("read_file", node=node, path=path, limit=limit)
        return None if answer is None else base64.b64decode(answer)

    def write_file(self, node: str, path: str, data: bytes, *, mode: int) -> None:
        text = base64.b64encode(data).decode()
        self._wire.ask("write_file", node=node, path=path, data=text, mode=mode)

    def read_disk(self, node: str, disk: str, *, offset: int, length: int) -> bytes:
        answer = self._wire.ask(
            "read_disk", node=node, disk=disk, offset=offset, length=length
        )
        return base64.b64decode(answer)

    def inject(self, fault: Fault) -> None:
        self._wire.ask("inject", fault=asdict(fault))

    def wait_ready(self, node: str, *, timeout: float) -> None:
        self._wire.ask("wait_ready", node=node, timeout=timeout)

    def boots(self, node: str) -> int:
        return int(self._wire.ask("boots", node=node))


def load_checks(source: str, path: Path) -> list[Check]:
    """Run the text of a checks.py as a module and find its checks."""
    module = ModuleType("checks")
    module.__file__ = str(path)
    sys.modules["checks"] = module
    exec(compile(source, str(path), "exec"), vars(module))
    return find_checks(module)


def inspect(check: Check, lab: Lab) -> dict[str, Any]:
    """One check's outcome, as the server hears of it."""
    return _outcome(lambda: _look(check, lab))


def before(check: Check, lab: Lab) -> dict[str, Any]:
    """What an under-fault check does on the whole system; unless it passed, there is
    nothing to break and this is the check's outcome."""
    first = check.mode.before if isinstance(check.mode, UnderFault) else None
    return _outcome(lambda: first(lab) if first else None)


def repair(check: Check, lab: Lab) -> dict[str, Any]:
    """A repair that finds the student's machine in another state has not failed."""
    last = check.mode.repair if isinstance(check.mode, UnderFault) else None
    return _outcome(lambda: last(lab) if last else None)


def _outcome(look: Callable[[], None]) -> dict[str, Any]:
    try:
        look()
    except NotYet as unmet:
        return {
            "outcome": Outcome.FAILED,
            "message": asdict(unmet.message),
            "hint": asdict(unmet.hint) if unmet.hint else None,
        }
    except Unreachable as lost:
        return {"outcome": Outcome.FAILED, "message": asdict(unreachable(lost))}
    except BaseException:  # SystemExit, KeyboardInterrupt: an author's mistake too.
        return {"outcome": Outcome.BROKEN, "report": traceback.format_exc()}
    return {"outcome": Outcome.PASSED}


def _look(check: Check, lab: Lab) -> None:
    check.inspect(lab)
    if isinstance(check.mode, Sustained):
        until = time.monotonic() + check.mode.seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_EVERY, left))
            check.inspect(lab)


def _work(job: Mapping[str, Any], checks: Mapping[str, Check], lab: Lab) -> Any:
    name = job.get("name", "")
    match job["do"]:
        case "describe":
            return {"checks": [asdict(facts_of(each)) for each in checks.values()]}
        case "inspect":
            return inspect(checks[name], lab)
        case "before":
            return before(checks[name], lab)
        case "repair":
            return repair(checks[name], lab)
        case "reboot":
            Node(lab.transport, name).reboot()
            return {}
        case unknown:
            raise ValueError(f"There is no job called {unknown!r}.")


def main(protocol_fd: int) -> None:
    wire = Wire(socket.socket(fileno=protocol_fd))
    first = wire.receive()
    if first is None:
        return
    folder = Path(first["folder"])
    # Read before we are shut in: afterwards we may be a user who cannot.
    source = (folder / "checks.py").read_text(encoding="utf-8")
    lab = Lab(WireTransport(wire), tuple(first["nodes"]), first["values"])
    confine(
        cwd=first["cwd"],
        readable=[str(Path(__file__).parent), str(folder)],
        uid=first["uid"],
    )
    checks: dict[str, Check] | None = None
    while (job := wire.receive()) is not None:
        signal.alarm(JOB_LIFETIME)
        wire.job = job["job"]
        try:
            if checks is None:
                loaded = load_checks(source, folder / "checks.py")
                checks = {each.name: each for each in loaded}
            done = _work(job, checks, lab)
        except Unreachable as lost:
            done = {"unreachable": asdict(unreachable(lost))}
        except BaseException:
            done = {"report": traceback.format_exc()}
        wire.send({"done": done})
        signal.alarm(0)
    sys.stdout.flush()
    os._exit(0)  # Whatever a check left running ends here.
