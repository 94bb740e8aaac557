"""The supervisor's `run`, with folders of a test and machines that are this host."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from containers.sandbox.supervisor import (
    calls,
    node,
    session,
    switch,
    template,
    terminals,
)
from containers.sandbox.supervisor.agent import Agent
from containers.sandbox.supervisor.config import Shape, parse_session
from containers.sandbox.supervisor.loop import Future, Loop
from containers.sandbox.supervisor.machine import Machine
from containers.sandbox.supervisor.process import Processes
from containers.sandbox.supervisor.qmp import QmpError

FOLDER = Path(os.environ["FAKE_FOLDER"])
GUEST = Path(__file__).with_name("fake_guest.py")


class FakeQmp:
    """Does at once what it is told; a device goes when it is asked to go."""

    def __init__(self, on_event: Callable[[str, dict[str, Any]], None]) -> None:
        self.greeted = Future()
        self.greeted.set()
        self._on_event = on_event

    def send(self, command: str, **arguments: Any) -> Future:
        future = Future()
        if command == "ringbuf-read":
            future.set("Ym9vdGVk")
        elif command == "system_reset":
            future.fail(QmpError("no reset here"))
        else:
            future.set({})
        if command == "device_del":
            self._on_event("DEVICE_DELETED", {"device": arguments["id"]})
        return future


class FakeMachine(Machine):
    def __init__(
        self,
        loop: Loop,
        processes: Processes,
        shape: Shape,
        ram: str,
        root: str,
        disks: dict[int, str],
        wires: dict[str, socket.socket],
        incoming: str,
        on_event: Callable[[str, dict[str, Any]], None],
        on_hello: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:
        inside, outside = socket.socketpair()
        agent = os.environ["FAKE_AGENT"]
        argv = [sys.executable, str(GUEST), str(outside.fileno()), agent, str(FOLDER)]
        self.shut_down = False
        self.process = processes.start(argv, [outside, *wires.values()])
        self.agent = Agent(loop, inside, on_hello, on_lost)
        self.qmp = FakeQmp(on_event)  # type: ignore[assignment]
        self.process.ended.when_done(self.agent.close)


def prepare() -> None:
    """A template that is complete, and of nothing."""
    profile, saved = FOLDER / "profiles/storage", FOLDER / "templates/key"
    profile.mkdir(parents=True, exist_ok=True)
    saved.mkdir(parents=True, exist_ok=True)
    (FOLDER / "data").mkdir(exist_ok=True)
    for name in template.BASE:
        (profile / name).write_bytes(name.encode())
    header = b"QFI\xfb" + bytes(20) + (1 << 30).to_bytes(8, "big")
    (saved / "snap.qcow2").write_bytes(header)
    (saved / "state").write_bytes(b"state")
    (saved / "ram").write_bytes(bytes(1 << 20))


def main() -> int:
    prepare()
    template.PROFILES = str(FOLDER / "profiles")
    node.DATA = str(FOLDER / "data")
    template.TEMPLATES = str(FOLDER / "templates")
    # A login shell would read whatever this host has in its profile.
    terminals.SHELL = ("/bin/bash", "--norc", "--noprofile")
    terminals.STALLED_SECONDS = 1.0
    # The machine is this host, whose network and kernel are none of our business.
    calls.IP = ["tee", "-a", str(FOLDER / "ip-batch")]
    calls.INTERFACES_UP = str(FOLDER / "ifstate")
    calls.CRASH = ["sleep", "60"]
    switch.PROGRAM = os.environ["FAKE_SWITCH"]
    session.LINK = str(FOLDER / "link.sock")
    config = parse_session(os.environ["NINES_SESSION"])
    shape = config.nodes[0].shape
    template.seal(str(FOLDER / "templates/key"), "key", shape, {})
    if os.environ.get("FAKE_DAMAGE"):
        (FOLDER / "templates/key/state").write_bytes(b"other")
    return session.run(config, FakeMachine)


if __name__ == "__main__":
    sys.exit(main())
