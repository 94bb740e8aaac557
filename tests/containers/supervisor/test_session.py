"""The link and the life of nodes: the real supervisor over machines that are fakes."""

import json
import os
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.containers.supervisor.conftest import ROOT, Binaries, FakeSession
from tests.containers.supervisor.server import HEADER, RequestRefused, Server


@pytest.fixture
def pair(tmp_path: Path, binaries: Binaries) -> Iterator[FakeSession]:
    session = FakeSession(tmp_path, binaries, ("n1", "n2"))
    session.ready("n1")
    session.ready("n2")
    yield session
    session.close()


def refusal(server: Server, op: str, **arguments: Any) -> str:
    with pytest.raises(RequestRefused) as refused:
        server.request(op, **arguments)
    return refused.value.code


def kinds(server: Server) -> list[str]:
    return [event["kind"] for event in server.events]


def test_it_says_hello_with_its_status(session: FakeSession) -> None:
    hello = session.server.hello
    assert (hello["protocol"], hello["session"]) == (1, "test")
    status = session.server.request("status")
    assert status["nodes"]["n1"] == {
        "power": "on",
        "ready": True,
        "frozen": False,
        "boots": 1,
        "nics": {
            "eth0": {"segment": "lan", "plugged": True, "mac": "52:54:00:7a:12:4a"},
            "eth1": {"segment": "hb", "plugged": True, "mac": "52:54:00:7d:22:dc"},
        },
        "disks": {
            "vdb": {"present": True, "size_mb": 1, "failing": False},
            "vdc": {"present": True, "size_mb": 2, "failing": False},
        },
    }
    assert status["segments"]["lan"] == {"up": True, "rules": []}
    assert status["timings"]["ready"] < 5
    assert kinds(session.server) == ["node.starting", "node.ready"]


def test_a_command_runs(server: Server) -> None:
    done = server.run("n1", ["sh", "-c", "echo out; echo err >&2; cat; exit 3"], b"in")
    assert (done.code, done.stdout, done.stderr) == (3, b"out\nin", b"err\n")
    done = server.run("n1", ["sleep", "9"], timeout=0.2)
    assert (done.code, done.timed_out) == (124, True)
    done = server.run("n1", ["sh", "-c", "pwd; echo $A"], cwd="/tmp", env={"A": "b c"})
    assert done.stdout == b"/tmp\nb c\n"


def test_binary_input_and_output_are_equal(server: Server) -> None:
    data = os.urandom(3 << 20)
    assert server.run("n1", ["cat"], data).stdout == data


def test_a_command_is_killed(server: Server) -> None:
    channel = server.start("n1", ["sh", "-c", "echo started; exec sleep 60"])
    assert server.frame(channel) == (b"1", b"started\n")
    server.send_json(b"K", channel, {"signal": 15})
    assert server.finish(channel).code == 143


def test_output_waits_for_credit(server: Server) -> None:
    channel = server.start("n1", ["head", "-c", "2000000", "/dev/zero"])
    got = 0
    while got < 262144:
        kind, payload = server.frame(channel)
        assert kind == b"1"
        got += len(payload)
    assert got == 262144
    assert server.quiet(channel, 0.3)
    server.grant(channel, 100)
    assert len(server.frame(channel)[1]) == 100
    server.grant(channel, 1 << 22)
    assert len(server.finish(channel).stdout) == 2000000 - 262144 - 100


def test_input_beyond_its_credit_ends_the_command(server: Server) -> None:
    channel = server.start("n1", ["sleep", "60"])
    for _ in range(20):
        server.send(b"I", channel, bytes(32768))
    kind = b""
    while kind != b"x":
        kind, payload = server.frame(channel)
    assert json.loads(payload)["error"] == "bad_request"
    assert server.run("n1", ["true"]).code == 0


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"no JSON", "bad_request"),
        (b"[" * 100_000, "bad_request"),
        (b'{"node": "n1"}', "bad_request"),
        (b'{"node": "n1", "argv": []}', "bad_request"),
        (b'{"node": "n1", "argv": [7]}', "bad_request"),
        (b'{"node": "n1", "argv": ["a\\u0000b"]}', "bad_request"),
        (b'{"node": "n1", "argv": ["\\ud800"]}', "bad_request"),
        (
            b'{"node": "n1", "argv": ["true"], "env": {"A=B\\u0000": "c"}}',
            "bad_request",
        ),
        (b'{"node": "n1", "argv": ["true"], "timeout": "soon"}', "bad_request"),
        (b'{"node": "n9", "argv": ["true"]}', "no_such_node"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    server: Server, message: bytes, error: str
) -> None:
    channel = server.new_channel()
    server.send(b"X", channel, message)
    kind, payload = server.frame(channel)
    assert kind == b"x"
    assert json.loads(payload) == {"code": 255, "timed_out": False, "error": error}
    assert server.run("n1", ["true"]).code == 0


def test_requests_that_make_no_sense_are_refused(server: Server) -> None:
    for message in (b"", b"[]", b"null", b'{"op": 1}', b'{"op": "explode"}'):
        channel = server.new_channel()
        server.send(b"Q", channel, message)
        kind, payload = server.frame(channel)
        assert kind == b"R"
        assert json.loads(payload)["error"]["code"] == "bad_request"
    assert refusal(server, "wait", node="n9", timeout=1) == "no_such_node"
    assert refusal(server, "wait", node="n1") == "bad_request"
    assert refusal(server, "disk_pull", node="n1", disk="vdz") == "no_such_disk"
    assert refusal(server, "close_terminal", terminal="none") == "not_found"
    assert refusal(server, "power_on", node="n1") == "already_running"
    assert refusal(server, "reset", node="n1") == "internal"  # The fake has none.


def test_a_broken_frame_costs_the_connection_and_nothing_else(
    session: FakeSession,
) -> None:
    server = session.server
    assert server.sock is not None
    server.sock.sendall(HEADER.pack(b"Q", 1, 2 << 20))
    with pytest.raises(EOFError):
        server.frame(1)
    server.accept()
    assert server.run("n1", ["true"]).code == 0


def test_a_channel_is_used_once(session: FakeSession) -> None:
    server = session.server
    server.request("status")
    server.send_json(b"Q", 1, {"op": "status"})
    with pytest.raises(EOFError):
        server.frame(1)
    server.accept()


def test_events_come_again_with_their_numbers(session: FakeSession) -> None:
    server = session.server
    server.request("disk_pull", node="n1", disk="vdb")
    server.request("status")
    before = list(server.events)
    assert [event["n"] for event in before] == [1, 2, 3]
    server.hang_up()
    server.events.clear()
    server.accept()
    server.request("status")
    assert server.events == before


def test_commands_end_with_their_connection(session: FakeSession) -> None:
    server = session.server
    channel = server.start("n1", ["sh", "-c", "echo $$; exec sleep 60"])
    pid = int(server.frame(channel)[1])
    server.hang_up()
    server.accept()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_files_are_read_and_written(server: Server, tmp_path: Path) -> None:
    path, data = tmp_path / "new/file", os.urandom(100_000)
    packed = b64encode(data).decode()
    server.request("write_file", node="n1", path=str(path), data=packed, mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert server.read_file("n1", str(path), 200_000) == data
    assert server.read_file("n1", str(path), 10) == data[:10]
    none = str(tmp_path / "none")
    assert refusal(server, "read_file", node="n1", path=none, limit=9) == "not_found"
    folder = str(tmp_path)
    assert (
        refusal(server, "read_file", node="n1", path=folder, limit=9) == "bad_request"
    )
    assert refusal(server, "read_file", node="n1", path="x", limit=9) == "bad_request"


def test_disks_are_pulled_and_inserted(session: FakeSession) -> None:
    server = session.server
    disk: dict[str, Any] = {"node": "n1", "disk": "vdb"}
    assert refusal(server, "disk_insert", **disk) == "disk_present"
    server.request("disk_pull", **disk)
    assert not server.request("status")["nodes"]["n1"]["disks"]["vdb"]["present"]
    assert refusal(server, "disk_pull", **disk) == "disk_absent"
    server.request("disk_insert", **disk)
    assert kinds(server)[-2:] == ["fault.disk.pull", "fault.disk.insert"]
    image = session.folder / "data/n1/vdb.raw"
    with image.open("r+b") as file:
        file.seek(4096)
        file.write(b"what it holds")
    answer = server.request("disk_read", offset=4096, length=13, **disk)
    assert answer == {"data": b64encode(b"what it holds").decode()}
    assert refusal(server, "disk_read", offset=0, length=1 << 20, **disk) == (
        "bad_request"
    )


def test_power_off_and_on(pair: FakeSession) -> None:
    server = pair.server
    running = server.start("n1", ["sleep", "60"])
    server.request("power_off", node="n1")
    assert server.finish(running).error == "not_running"
    assert server.run("n1", ["true"]).error == "not_running"
    assert refusal(server, "power_off", node="n1") == "not_running"
    assert refusal(server, "wait", node="n1", timeout=1) == "not_running"
    assert server.run("n2", ["true"]).code == 0
    server.request("power_on", node="n1")
    server.request("wait", node="n1", timeout=10)
    assert server.run("n1", ["true"]).code == 0
    assert server.request("status")["nodes"]["n1"]["boots"] == 2
    assert [kind for kind in kinds(server) if kind.startswith(("fault", "node.o"))] == [
        "node.off",
        "fault.power.off",
        "fault.power.on",
    ]
    said = b64decode(server.request("console", node="n1")["data"])
    assert said == b"booted" * 2  # Before the power went, and now.


def test_a_killed_agent_is_back_for_the_next_command(server: Server) -> None:
    killed = server.run("n1", ["sh", "-c", "kill -9 $PPID; sleep 60"])
    assert killed.error == "agent_gone"
    assert server.run("n1", ["echo", "back"]).stdout == b"back\n"
    assert "agent.back" in kinds(server)


def test_too_many_commands_are_refused(server: Server) -> None:
    channels = [server.start("n1", ["sleep", "60"]) for _ in range(70)]
    refused = 0
    for channel in channels[64:]:
        refused += json.loads(server.frame(channel)[1])["error"] == "too_many"
    assert refused == 6


def test_disks_of_a_container_started_again_are_kept(
    tmp_path: Path, binaries: Binaries
) -> None:
    first = FakeSession(tmp_path, binaries, ("n1",))
    first.ready()
    first.stop()
    first.server.close()
    root = tmp_path / "data/n1/root.qcow2"
    before = root.stat().st_mtime_ns
    again = FakeSession(tmp_path, binaries, ("n1",))
    again.ready()
    assert again.server.run("n1", ["true"]).code == 0
    assert root.stat().st_mtime_ns == before
    again.close()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([bytes([kind]) for kind in b"QXTIEWKDA12RVHxt\0\xff"]),
            st.integers(0, 3),
            st.one_of(
                st.binary(max_size=40),
                st.sampled_from(
                    [b"{}", b'{"op": {}}', b'{"node": []}', b'{"rows": 1e999}']
                ),
            ),
        ),
        max_size=15,
    )
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_nonsense_from_a_server_ends_it(
    session: FakeSession, frames: list[tuple[bytes, int, bytes]]
) -> None:
    server = session.server
    with suppress(BrokenPipeError, ConnectionResetError):
        for frame in frames:
            server.send(*frame)
    server.accept()
    assert server.run("n1", ["echo", "here"]).stdout == b"here\n"


def test_floods_that_nobody_reads_are_bounded(session: FakeSession) -> None:
    server = session.server

    def resident_mb() -> int:
        status = Path(f"/proc/{session.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) // 1024

    before = resident_mb()
    for _ in range(40):
        server.start("n1", ["cat", "/dev/zero"])
    for number in range(5):
        attached = server.attach("n1", f"t{number}")
        attached.type(b"cat /dev/zero\n")
    time.sleep(2)
    assert resident_mb() - before < 30
    server.accept()
    assert server.run("n1", ["true"]).code == 0


def test_it_stops_within_a_second(session: FakeSession) -> None:
    began = time.monotonic()
    assert session.stop() == 0
    assert time.monotonic() - began < 1


def test_a_damaged_template_is_said_so(tmp_path: Path) -> None:
    config = {
        "session": "test",
        "accel": "tcg",
        "nodes": [
            {
                "name": "n1",
                "profile": "storage",
                "template": "key",
                "memory_mb": 256,
                "cpus": 1,
                "disks": [],
            }
        ],
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.containers.supervisor.fake_session"],
        cwd=ROOT,
        env={
            **os.environ,
            "NINES_SESSION": json.dumps(config),
            "FAKE_FOLDER": str(tmp_path),
            "FAKE_AGENT": "/bin/false",
            "FAKE_SWITCH": "/bin/false",
            "FAKE_DAMAGE": "yes",
        },
        capture_output=True,
        timeout=10,
    )
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert said["error"] == "template_damaged"
    assert "files" in said["detail"]
