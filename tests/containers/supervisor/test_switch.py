"""The switch: frames over socket pairs, plans over its control socket, no machines."""

import os
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from containers.sandbox.supervisor.loop import Loop
from containers.sandbox.supervisor.process import Process
from containers.sandbox.supervisor.switch import Switch

PLAN = struct.Struct("=8I")
EVERYBODY = bytes([255] * 6)
PORTS = 4


def mac(number: int) -> bytes:
    return b"\x52\x54\x00" + number.to_bytes(3, "big")


def frame(source: int, target: int | None, payload: bytes = b"hello") -> bytes:
    to = EVERYBODY if target is None else mac(target)
    return to + mac(source) + b"\x08\x00" + payload


@dataclass(frozen=True)
class Line:
    delay_us: int = 0
    loss_ppm: int = 0
    rate_kbit: int = 0


GOOD = Line()


@dataclass(frozen=True)
class Port:
    reach: set[int]
    segment: int = 0
    into: Line = GOOD
    out: Line = GOOD

    def pack(self) -> bytes:
        mask = sum(1 << port for port in self.reach)
        lines = (self.into, self.out)
        shapes = [n for s in lines for n in (s.delay_us, s.loss_ppm, s.rate_kbit)]
        return PLAN.pack(self.segment, mask, *shapes)


def mesh(**changes: Port) -> list[Port]:
    """All ports in one segment, where every one reaches the others."""
    everybody = set(range(PORTS))
    plan = [Port(everybody - {own}) for own in everybody]
    for name, port in changes.items():
        plan[int(name.removeprefix("port"))] = port
    return plan


class Bench:
    """A switch with four ports; we are what is plugged into them."""

    def __init__(self, binary: Path) -> None:
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pairs = [
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(PORTS)
        ]
        self.ports = [ours for ours, _ in pairs]
        self._wires = [theirs for _, theirs in pairs]  # As the supervisor keeps them.
        inherited = [inside, *self._wires]
        fds = [sock.fileno() for sock in inherited]
        argv = [str(binary), *map(str, fds)]
        self.process = subprocess.Popen(argv, pass_fds=fds)
        inside.close()
        self.control.settimeout(5)

    def follow(self, plan: list[Port]) -> int:
        packed = b"".join(port.pack() for port in plan)
        refused = self._ask(packed)
        if not refused:
            self._plan = packed
        return refused

    def settle(self) -> None:
        """Until it has dealt with what was sent: it serves all between two plans."""
        for _ in range(8):
            self._ask(self._plan)

    def _ask(self, plan: bytes) -> int:
        self.control.send(plan)
        return self.control.recv(10)[0]

    def send(self, port: int, data: bytes) -> None:
        self.ports[port].settimeout(5)
        self.ports[port].send(data)

    def receive(self, port: int) -> bytes:
        self.ports[port].settimeout(5)
        return self.ports[port].recv(65536)

    def heard(self) -> list[int]:
        """The ports that something came to; all of it is thrown away."""
        return [port for port in range(PORTS) if self.count(port)]

    def count(self, port: int) -> int:
        self.settle()
        self.ports[port].setblocking(False)
        number = 0
        with suppress(BlockingIOError):
            while self.ports[port].recv(65536):
                number += 1
        return number

    def drain(self) -> None:
        """Throw away what waits in its queues as well."""
        while self.heard():
            pass

    def close(self) -> None:
        self.control.close()
        status = self.process.wait(5)
        for sock in (*self.ports, *self._wires):
            sock.close()
        assert status == 0, "a sanitizer, or a crash"


@pytest.fixture
def bench(switch_binary: Path) -> Iterator[Bench]:
    bench = Bench(switch_binary)
    assert bench.follow(mesh()) == 0
    yield bench
    bench.close()


def test_frames_wait_for_the_first_plan(switch_binary: Path) -> None:
    bench = Bench(switch_binary)
    bench.send(0, frame(1, None))
    assert bench.follow(mesh()) == 0
    assert bench.heard() == [1, 2, 3]
    bench.close()


def test_it_floods_until_it_has_learned(bench: Bench) -> None:
    bench.send(0, frame(1, 2))
    assert bench.heard() == [1, 2, 3]
    bench.send(1, frame(2, 1))
    assert bench.receive(0) == frame(2, 1)
    assert bench.heard() == []
    bench.send(0, frame(1, 2, b"now it is known"))
    assert bench.heard() == [1]


def test_groups_are_flooded_and_never_learned(bench: Bench) -> None:
    group = b"\x01\x00\x5e\x00\x00\x12"
    bench.send(0, EVERYBODY + group + b"\x08\x00")
    assert bench.heard() == [1, 2, 3]
    bench.send(1, group + mac(2) + b"\x08\x00")
    assert bench.heard() == [0, 2, 3]


def test_an_address_that_moves_is_followed(bench: Bench) -> None:
    bench.send(0, frame(1, None))
    bench.send(2, frame(1, None))
    bench.heard()
    bench.send(3, frame(4, 1))
    assert bench.heard() == [2]


def test_a_frame_for_its_own_side_stays_there(bench: Bench) -> None:
    bench.send(0, frame(1, None))
    bench.heard()
    bench.send(0, frame(5, 1))
    assert bench.heard() == []


def test_segments_do_not_meet(bench: Bench) -> None:
    plan = [Port({1}), Port({0}), Port({3}, 1), Port({2}, 1)]
    assert bench.follow(plan) == 0
    bench.send(0, frame(1, None))
    assert bench.heard() == [1]
    bench.send(2, frame(3, 1))  # Known, but in the other segment.
    assert bench.heard() == [3]


def test_a_partition_can_be_one_way(bench: Bench) -> None:
    assert bench.follow(mesh(port0=Port({2, 3}))) == 0
    bench.send(1, frame(2, None))
    assert bench.heard() == [0, 2, 3]
    bench.send(0, frame(1, 2))  # Known to be where it may not go: not flooded.
    assert bench.heard() == []
    bench.send(0, frame(1, None))
    assert bench.heard() == [2, 3]
    bench.send(1, frame(2, 1))
    assert bench.heard() == [0]


def test_a_segment_without_power_is_silent_and_forgets(bench: Bench) -> None:
    bench.send(0, frame(1, None))
    assert bench.follow([Port(set())] * PORTS) == 0
    bench.heard()
    for port in range(PORTS):
        bench.send(port, frame(port, None))
    assert bench.heard() == []
    assert bench.follow(mesh()) == 0
    bench.send(3, frame(4, 1))
    assert bench.heard() == [0, 1, 2]


def test_delay(bench: Bench) -> None:
    assert bench.follow(mesh(port1=Port({0, 2, 3}, out=Line(delay_us=80_000)))) == 0
    began = time.monotonic()
    bench.send(0, frame(1, None))
    bench.receive(2)
    early = time.monotonic() - began
    bench.receive(1)
    assert time.monotonic() - began > max(0.079, early)
    bench.heard()
    # Both ways at a node of its own: what comes from it is late as well.
    late = Line(delay_us=80_000)
    assert bench.follow(mesh(port1=Port({0, 2, 3}, into=late, out=late))) == 0
    began = time.monotonic()
    bench.send(1, frame(2, None))
    bench.receive(0)
    assert 0.079 < time.monotonic() - began < 0.5


def test_what_is_delayed_comes_at_once_when_the_delay_ends(bench: Bench) -> None:
    assert bench.follow(mesh(port1=Port({0}, out=Line(delay_us=5_000_000)))) == 0
    bench.send(0, frame(1, None, b"first"))
    assert bench.heard() == [2, 3]
    assert bench.follow(mesh()) == 0
    bench.send(0, frame(1, None, b"second"))
    assert bench.receive(1) == frame(1, None, b"first")
    assert bench.receive(1) == frame(1, None, b"second")


def test_loss(bench: Bench) -> None:
    assert bench.follow(mesh(port1=Port({0}, out=Line(loss_ppm=300_000)))) == 0
    came = 0
    for _ in range(20):
        for _ in range(50):
            bench.send(0, frame(1, None))
        came += bench.count(1)
        bench.count(2)
        bench.count(3)
    assert 600 < came < 800
    assert bench.follow(mesh(port1=Port({0}, out=Line(loss_ppm=1_000_000)))) == 0
    bench.send(0, frame(1, None))
    assert bench.heard() == [2, 3]


def test_rate(bench: Bench) -> None:
    """Ten frames of 1,250 bytes are 100 ms at 1 Mbit/s; a long queue is cut."""
    slow = Line(rate_kbit=1000)
    assert bench.follow(mesh(port1=Port({0}, out=slow))) == 0
    began = time.monotonic()
    for _ in range(10):
        bench.send(0, frame(1, None, bytes(1236)))
    for _ in range(10):
        bench.receive(1)
    assert 0.095 < time.monotonic() - began < 0.5
    for _ in range(100):
        bench.send(0, frame(1, None, bytes(1236)))
    time.sleep(0.4)
    assert 20 <= bench.count(1) < 60


def test_a_jumbo_frame_passes_and_what_is_no_frame_does_not(bench: Bench) -> None:
    jumbo = frame(1, None, bytes(9216 - 14))
    bench.send(0, jumbo)
    assert bench.receive(1) == jumbo
    bench.heard()
    for bad in (jumbo + b"x", bytes(60_000), b"", b"x", bytes(13)):
        bench.send(0, bad)
    assert bench.heard() == []
    bench.send(0, frame(1, None, b""))
    assert bench.heard() == [1, 2, 3]


def test_a_flood_of_addresses_hurts_only_its_own_port(bench: Bench) -> None:
    bench.send(0, frame(1, None))
    bench.heard()
    memory = resident_kb(bench.process.pid)
    for number in range(100_000):
        bench.send(1, frame(10 + number, 10 + number))
        if number % 1000 == 0:
            bench.count(2)
    bench.drain()
    bench.send(2, frame(3, 1))
    assert bench.heard() == [0]
    assert resident_kb(bench.process.pid) - memory < 4096


def test_a_port_that_does_not_read_loses_only_its_own_frames(bench: Bench) -> None:
    got = 0
    for _ in range(60):
        for _ in range(50):
            bench.send(0, frame(1, None, bytes(1400)))
        got += bench.count(2)
    assert got == 3000
    assert 50 < bench.count(1) < 2000  # What its socket and its queue had room for.
    bench.drain()
    bench.send(0, frame(1, None))
    assert bench.heard() == [1, 2, 3]


def test_a_plan_that_makes_no_sense_changes_nothing(bench: Bench) -> None:
    for wrong in (
        mesh(port0=Port({0, 1})),
        mesh(port0=Port({PORTS})),
        mesh(port0=Port({1}, segment=9)),
        mesh()[1:],
        mesh() * 20,
    ):
        assert bench.follow(wrong) == 1
    bench.send(0, frame(1, None))
    assert bench.heard() == [1, 2, 3]


def test_garbage_does_not_end_it(bench: Bench) -> None:
    for _ in range(2000):
        bench.send(0, os.urandom(1 + os.urandom(1)[0]))
    bench.drain()
    bench.send(2, frame(3, None))
    assert bench.heard() == [0, 1, 3]


class Children:
    """Starts processes as `Processes` does; when they end is for the test to say."""

    def __init__(self) -> None:
        self.programs: list[subprocess.Popen[bytes]] = []
        self.last = Process(0)

    def start(self, argv: list[str], inherited: list[socket.socket]) -> Process:
        fds = [sock.fileno() for sock in inherited]
        self.programs.append(subprocess.Popen(argv, pass_fds=fds))
        for sock in inherited:
            sock.close()
        self.last = Process(self.programs[-1].pid)
        return self.last

    def kill(self) -> None:
        self.programs[-1].kill()
        self.last.ended.set(self.programs[-1].wait())


def test_it_is_started_again_with_its_rules(
    switch_binary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "containers.sandbox.supervisor.switch.PROGRAM"
    monkeypatch.setattr(program, str(switch_binary))
    loop, children = Loop(), Children()
    (near, one), (far, two) = (
        socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)
    )
    far.settimeout(5)
    switch = Switch(loop, children, [one, two])  # type: ignore[arg-type]
    plan = Port({1}).pack() + Port({0}).pack()
    loop.complete(switch.follow(plan))
    near.send(frame(1, None, b"before"))
    assert far.recv(100) == frame(1, None, b"before")
    children.kill()
    near.send(frame(1, None, b"meanwhile"))  # Waits in its socket.
    loop.complete(switch.follow(plan))
    assert len(children.programs) == 2
    near.send(frame(1, None, b"after"))
    assert [far.recv(100)[14:] for _ in range(2)] == [b"meanwhile", b"after"]
    children.programs[-1].kill()
    children.programs[-1].wait()
    switch._control.close()
    loop.close()
    for sock in (near, one, far, two):
        sock.close()


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])
