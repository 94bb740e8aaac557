"""A lab in the author's own terminal: its machines' shells, checks and faults."""

import asyncio
import os
import shutil
import signal
import string
import sys
import termios
import tty
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import combinations

import anyio

from labkit.faults import FaultKind
from labkit.manifest import LabFolder
from nines.errors import AppError
from nines.grading.machines import break_and_wait
from nines.grading.prove import Bench, bench
from nines.sandboxes.driver import (
    Fault,
    NodeState,
    Power,
    SandboxDriver,
    SegmentState,
    Terminal,
)

ESCAPE = b"\x1d"  # Ctrl-]
MENU = "\n[n]ext machine  [c]heck  [f]ault  [q]uit  any other key: back\n"

Keys = asyncio.Queue[bytes]


async def try_lab(driver: SandboxDriver, lab: LabFolder) -> None:
    """Return when the author quits. The sandbox is gone then, after Ctrl-C too."""
    if not sys.stdin.isatty():
        raise NoTerminal("Trying a lab needs a terminal.")
    print(f"Starting {lab.slug} …", flush=True)
    async with bench(driver, lab) as sandbox:
        with raw_terminal():
            async with typed_keys() as keys:
                await _visit(sandbox, keys)
        print("Stopping …", flush=True)


class NoTerminal(AppError):
    pass


@contextmanager
def raw_terminal() -> Iterator[None]:
    """Every key reaches us as it is; the terminal is put back on whatever way out."""
    before = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


@asynccontextmanager
async def typed_keys() -> AsyncIterator[Keys]:
    """What is typed, as it comes; b"" when the terminal has gone."""
    keys: Keys = asyncio.Queue()
    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()

    def typed() -> None:
        try:
            data = os.read(stdin, 4096)
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(stdin)
        keys.put_nowait(data)

    loop.add_reader(stdin, typed)
    try:
        yield keys
    finally:
        loop.remove_reader(stdin)


async def _visit(sandbox: Bench, keys: Keys) -> None:
    names, at = sandbox.machines.nodes, 0
    while True:
        say(f"\n— {names[at]} (Ctrl-] for the menu) —\n")
        try:
            gone = await _shell(sandbox, names[at], keys)
        except AppError as error:
            gone = False
            say(f"\n{error}\n")
        if gone:
            return
        say(MENU)
        match await keys.get():
            case b"n":
                at = (at + 1) % len(names)
            case b"c":
                await _check(sandbox)
            case b"f":
                await _fault(sandbox, keys)
            case b"q" | b"" | b"\x03":
                return


async def _shell(sandbox: Bench, node: str, keys: Keys) -> bool:
    """Until Ctrl-], or the shell's end; True when our own terminal has gone."""
    machine = sandbox.driver.node(sandbox.machines.sandbox, node)
    rows, columns = _size()
    gone = False
    async with (
        machine.open_terminal("author", rows=rows, columns=columns) as terminal,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(_show, terminal, tasks.cancel_scope)
        tasks.start_soon(_resize, terminal)
        gone = await _type(terminal, keys)
        tasks.cancel_scope.cancel()
    return gone


async def _type(terminal: Terminal, keys: Keys) -> bool:
    while data := await keys.get():
        before, escape, _ = data.partition(ESCAPE)
        if before:
            await terminal.write(before)
        if escape:
            return False
    return True


async def _show(terminal: Terminal, ended: anyio.CancelScope) -> None:
    while data := await terminal.read():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        await terminal.acknowledge(len(data))
    say("\nThe shell has ended.\n")
    ended.cancel()


async def _resize(terminal: Terminal) -> None:
    with anyio.open_signal_receiver(signal.SIGWINCH) as resized:
        async for _ in resized:
            rows, columns = _size()
            await terminal.resize(rows=rows, columns=columns)


async def _check(sandbox: Bench) -> None:
    results = await sandbox.grade()
    for check in sandbox.lab.checks:
        result = results[check.name]
        say(f"  {result.outcome:<8} {check.points:>2}  {check.title.en}\n")
        for text in (result.message, result.hint):
            if text:
                say(f"               {text.en}\n")
        if result.report:
            say(f"{result.report}\n")
    say(f"  ({sandbox.checking_seconds:.1f} s so far)\n")


async def _fault(sandbox: Bench, keys: Keys) -> None:
    name = sandbox.machines.sandbox
    nodes = await sandbox.driver.nodes(name)
    segments = await sandbox.driver.segments(name)
    faults = [
        *(fault for node in nodes for fault in _of_node(node)),
        *(fault for each in segments for fault in _of_segment(each, nodes)),
    ]
    choices = dict(zip(string.ascii_letters, faults, strict=False))
    for letter, fault in choices.items():
        say(f"  [{letter}] {fault}\n")
    key = (await keys.get()).decode(errors="replace")
    if key not in choices:
        return
    try:
        say("…\n")
        await break_and_wait(sandbox.driver, name, choices[key])
        say("Done.\n")
    except AppError as error:
        say(f"{error}\n")


def _of_node(node: NodeState) -> Iterator[Fault]:
    """What makes sense in its state; without what an author has to spell out."""
    if node.power is Power.OFF:
        yield Fault(kind="power.on", node=node.name)
        return
    yield Fault(kind="power.off", node=node.name)
    yield Fault(kind="power.reset", node=node.name)
    yield Fault(kind="node.thaw" if node.frozen else "node.freeze", node=node.name)
    for disk in node.disks:
        kind: FaultKind = "disk.pull" if disk.present else "disk.insert"
        yield Fault(kind=kind, node=node.name, disk=disk.name)
        if disk.present:
            kind = "disk.mend" if disk.failing else "disk.fail"
            yield Fault(kind=kind, node=node.name, disk=disk.name)
    for nic in node.nics:
        kind = "cable.cut" if nic.plugged else "cable.plug"
        yield Fault(kind=kind, node=node.name, nic=nic.name)


def _of_segment(segment: SegmentState, nodes: Sequence[NodeState]) -> Iterator[Fault]:
    name = segment.name
    yield Fault(kind="segment.off" if segment.up else "segment.on", segment=name)
    on = [node.name for node in nodes if name in {nic.segment for nic in node.nics}]
    apart = {frozenset((each.node, each.peer)) for each in segment.partitions}
    for node, peer in combinations(on, 2):
        kind: FaultKind = "net.heal" if {node, peer} in apart else "net.partition"
        yield Fault(kind=kind, node=node, peer=peer, segment=name)
    if segment.shaping:
        yield Fault(kind="net.clear", segment=name)
    else:
        yield Fault(kind="net.shape", segment=name, delay_ms=100, loss_percent=5)


def _size() -> tuple[int, int]:
    columns, rows = shutil.get_terminal_size()
    return max(1, min(rows, 500)), max(1, min(columns, 500))


def say(text: str) -> None:
    """Print while the terminal is raw."""
    with suppress(OSError):
        sys.stdout.write(text.replace("\n", "\r\n"))
        sys.stdout.flush()
