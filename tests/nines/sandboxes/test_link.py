"""Our end of the link against supervisors that do not behave."""

import asyncio
import json
import struct
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from labkit.faults import FaultKind
from nines.sandboxes.driver import (
    NodeUnreachable,
    Partition,
    Power,
    SandboxUnavailable,
)
from nines.sandboxes.drivers.frames import FrameReader, ProtocolBroken
from nines.sandboxes.drivers.linked import Links, op_of, read_nodes, read_segments
from tests.fakes.driver import FakeDriver
from tests.nines.sandboxes.boxes import BOX, ignore, until

pytestmark = pytest.mark.anyio

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HELLO = {"protocol": 1, "session": "box", "status": {}}


def frame(kind: bytes, channel: int, body: object) -> bytes:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return struct.pack(">cII", kind, channel, len(payload)) + payload


@pytest.fixture
async def links(tmp_path: Path) -> AsyncIterator[Links]:
    links = Links(tmp_path / "links")
    await links.make("box")
    yield links
    links.close()


@pytest.fixture
async def connect(links: Links) -> AsyncIterator[Callable[[], Awaitable[Peer]]]:
    opened: list[asyncio.StreamWriter] = []

    async def connect() -> Peer:
        path = str(links.folder("box") / "link.sock")
        reader, writer = await asyncio.open_unix_connection(path)
        opened.append(writer)
        return reader, writer

    yield connect
    for writer in opened:
        writer.close()


async def is_cut_off(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(3):
            while await reader.read(65536):
                pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize(
    "said",
    [
        b"\x00" * 9,
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">cII", b"H", 0, 2**31),
        frame(b"V", 0, {"n": 1}),
        frame(b"H", 0, b"not json"),
        frame(b"H", 0, b"[" * 100_000),
        frame(b"H", 0, [1]),
        frame(b"H", 0, {**HELLO, "protocol": 2}),
        frame(b"H", 0, {**HELLO, "session": "other"}),
        frame(b"H", 1, HELLO),
        frame(b"H", 0, HELLO) + frame(b"H", 0, HELLO),
        frame(b"H", 0, HELLO) + frame(b"V", 0, {"n": "x"}),
        frame(b"H", 0, HELLO) + frame(b"V", 0, {"n": 1, "at": 1, "time": 1}),
    ],
)
async def test_nonsense_ends_the_connection_and_nothing_else(
    said: bytes, links: Links, connect: Callable[[], Awaitable[Peer]]
) -> None:
    reader, writer = await connect()
    writer.write(said)
    assert await is_cut_off(reader)

    _, writer = await connect()
    writer.write(frame(b"H", 0, HELLO))
    link = await links.find("box")
    await link.ready(timeout=3)


async def test_more_output_than_was_granted_ends_the_connection(
    links: Links, connect: Callable[[], Awaitable[Peer]]
) -> None:
    reader, writer = await connect()
    writer.write(frame(b"H", 0, HELLO))

    async def flood() -> None:
        header = await reader.readexactly(9)
        _, channel, length = struct.unpack(">cII", header)
        await reader.readexactly(length)
        answer = {"offset": 0, "opened": True, "gap": False}
        writer.write(frame(b"t", channel, answer))
        for _ in range(9):
            writer.write(frame(b"1", channel, b"x" * 32768))

    flooding = asyncio.create_task(flood())
    node = links.node("box", "st1")
    taken = 0

    async def read_all() -> None:
        nonlocal taken
        async with node.open_terminal("1", rows=24, columns=80) as terminal:
            while True:
                taken += len(await terminal.read())

    with pytest.raises(NodeUnreachable):
        await read_all()
    await flooding

    assert taken == 256 * 1024


async def test_a_supervisor_that_comes_back_takes_the_place_of_the_lost_one(
    links: Links, connect: Callable[[], Awaitable[Peer]]
) -> None:
    first, writer = await connect()
    writer.write(frame(b"H", 0, HELLO))
    link = await links.find("box")
    await link.ready(timeout=3)

    _, writer = await connect()
    writer.write(frame(b"H", 0, HELLO))

    assert await is_cut_off(first)
    await link.ready(timeout=3)


async def test_who_says_nothing_and_who_stands_in_line_do_not_pile_up(
    links: Links, connect: Callable[[], Awaitable[Peer]]
) -> None:
    silent = [await connect() for _ in range(8)]

    cut = [asyncio.create_task(is_cut_off(reader)) for reader, _ in silent]
    done, waiting = await asyncio.wait(cut, timeout=1)

    assert len(done) >= 4
    for task in waiting:
        task.cancel()


async def test_a_request_that_is_lost_on_the_way_is_unreachable(
    links: Links, connect: Callable[[], Awaitable[Peer]]
) -> None:
    reader, writer = await connect()
    writer.write(frame(b"H", 0, HELLO))
    asking = asyncio.create_task(links.nodes("box"))
    await reader.readexactly(9)
    writer.close()

    with pytest.raises(NodeUnreachable):
        await asking


async def test_without_a_supervisor_everything_is_unreachable_soon(
    links: Links,
) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(NodeUnreachable):
            await links.node("box", "st1").run(["true"])


async def test_the_socket_may_lie_deeper_than_its_address_can_say(
    tmp_path: Path,
) -> None:
    links = Links(tmp_path / ("deep" * 30) / "links")

    await links.make("box")

    assert (links.folder("box") / "link.sock").is_socket()
    assert links.folder("box").parent.stat().st_mode & 0o777 == 0o700
    links.close()


async def test_events_are_told_again_but_once() -> None:
    driver = FakeDriver()
    await driver.start(BOX, report=ignore)
    supervisor = driver.live[BOX.name]
    seen: list[int] = []

    async def collect() -> None:
        async for event in driver.events(BOX.name):
            seen.append(event.n)

    collecting = asyncio.create_task(collect())
    await asyncio.sleep(0.05)
    before = supervisor.connections
    assert supervisor.writer
    supervisor.writer.transport.abort()
    await until(lambda: supervisor.connections > before)
    supervisor.event("node.lost", node="st1")
    await until(lambda: len(seen) == len(supervisor.past))
    collecting.cancel()
    await driver.end()

    assert seen == list(range(1, len(supervisor.past) + 1))


async def test_a_lost_connection_ends_commands_and_the_next_one_works() -> None:
    driver = FakeDriver()
    await driver.start(BOX, report=ignore)
    node = driver.node(BOX.name, "st1")
    running = asyncio.create_task(node.run(["sleep", "30"]))
    await asyncio.sleep(0.1)
    writer = driver.live[BOX.name].writer
    assert writer
    writer.transport.abort()

    with pytest.raises(NodeUnreachable):
        await running
    assert (await node.run(["echo", "again"])).stdout == b"again\n"
    await driver.end()


async def test_a_reader_that_stops_does_not_make_the_server_grow() -> None:
    driver = FakeDriver()
    await driver.start(BOX, report=ignore)
    node = driver.node(BOX.name, "st1")
    async with node.open_terminal("1", rows=24, columns=80) as terminal:
        await terminal.read()
        tracemalloc.start()
        await terminal.write(b"yes\n")
        await asyncio.sleep(2)
        # What the fake supervisor keeps for itself is not the server's.
        snapshot = tracemalloc.take_snapshot().filter_traces(
            [tracemalloc.Filter(True, "*/nines/sandboxes/*")]
        )
        tracemalloc.stop()
    await driver.end()

    assert sum(each.size for each in snapshot.traces) < 1024 * 1024


def test_frames_are_cut_wherever_the_pieces_end() -> None:
    reader = FrameReader()
    stream = frame(b"1", 7, b"abc") + frame(b"x", 7, {"code": 0}) + frame(b"V", 0, b"")

    frames = [found for byte in stream for found in reader.feed(bytes([byte]))]

    assert [(kind, channel) for kind, channel, _ in frames] == [
        (b"1", 7),
        (b"x", 7),
        (b"V", 0),
    ]
    assert frames[0][2] == b"abc"


def test_a_frame_from_the_wrong_side_is_nonsense() -> None:
    with pytest.raises(ProtocolBroken):
        list(FrameReader().feed(frame(b"Q", 1, {})))


def test_a_status_is_read_or_refused() -> None:
    nic = {"segment": "lan", "plugged": False, "mac": "52:54:00:00:00:01"}
    node = {
        "power": "on",
        "ready": True,
        "frozen": False,
        "boots": 1,
        "disks": {"vdb": {"present": True, "size_mb": 8, "failing": True}},
        "nics": {"eth0": nic},
    }
    (state,) = read_nodes({"nodes": {"st1": node}})
    assert state.power is Power.ON
    assert state.disks[0].failing
    assert (state.nics[0].name, state.nics[0].plugged) == ("eth0", False)

    broken: list[dict[str, Any]] = [
        {},
        {"nodes": []},
        {"nodes": {"a": {**node, "power": "?"}}},
        {"nodes": {"a": {**node, "nics": ["eth0"]}}},
        {"nodes": {"a": {**node, "nics": {"eth0": {}}}}},
    ]
    for nonsense in broken:
        with pytest.raises(SandboxUnavailable):
            read_nodes(nonsense)


def test_the_networks_in_a_status_are_read_or_refused() -> None:
    apart = {"kind": "partition", "node": "n1", "peer": "n2", "one_way": True}
    slow = {"kind": "shape", "delay_ms": 50.0, "loss_percent": 1, "rate_kbit": 0}
    rules = [apart, slow, {**slow, "node": "n1"}]

    (lan,) = read_segments({"segments": {"lan": {"up": False, "rules": rules}}})

    assert not lan.up
    assert lan.partitions == (Partition(node="n1", peer="n2", one_way=True),)
    assert [each.node for each in lan.shaping] == [None, "n1"]
    assert (lan.shaping[0].delay_ms, lan.shaping[0].loss_percent) == (50, 1)
    broken: list[dict[str, Any]] = [
        {},
        {"segments": ["lan"]},
        {"segments": {"lan": {"up": True}}},
        {"segments": {"lan": {"up": True, "rules": ["peer"]}}},
        {"segments": {"lan": {"up": True, "rules": [{"delay_ms": "fast"}]}}},
        {"segments": {"lan": {"up": True, "rules": [{"rate_kbit": 1e400}]}}},
    ]
    for nonsense in broken:
        with pytest.raises(SandboxUnavailable):
            read_segments(nonsense)


@pytest.mark.parametrize(
    ("kind", "op"),
    [
        ("disk.pull", "disk_pull"),
        ("cable.plug", "cable_plug"),
        ("power.off", "power_off"),
        ("power.reset", "reset"),
        ("node.freeze", "freeze"),
        ("segment.on", "segment_on"),
        ("net.partition", "partition"),
        ("process.kill", "process_kill"),
    ],
)
def test_a_fault_has_a_name_on_the_link(kind: FaultKind, op: str) -> None:
    assert op_of(kind) == op
