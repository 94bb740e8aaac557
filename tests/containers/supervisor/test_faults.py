"""Every fault of the link: its refusals, its event, what `status` says; over fakes."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers.supervisor.conftest import Binaries, FakeSession
from tests.containers.supervisor.server import RequestRefused, Server


@pytest.fixture
def pair(tmp_path: Path, binaries: Binaries) -> Iterator[FakeSession]:
    session = FakeSession(tmp_path, binaries, ("n1", "n2"))
    session.ready("n1")
    session.ready("n2")
    yield session
    session.close()


@pytest.fixture
def server(pair: FakeSession) -> Server:
    return pair.server


def refusal(server: Server, op: str, **arguments: Any) -> str:
    with pytest.raises(RequestRefused) as refused:
        server.request(op, **arguments)
    return refused.value.code


def last_event(server: Server) -> dict[str, Any]:
    """Without its number and its times."""
    server.request("status")
    event = server.events[-1]
    return {key: event[key] for key in event if key not in ("n", "at", "time")}


def node(server: Server, name: str = "n1") -> Any:
    return server.request("status")["nodes"][name]


def lan(server: Server) -> Any:
    return server.request("status")["segments"]["lan"]


def test_a_restored_machine_is_told_its_addresses(pair: FakeSession) -> None:
    said = (pair.folder / "ip-batch").read_text()
    mac = node(pair.server)["nics"]["eth0"]["mac"]
    assert f"link set dev eth0 address {mac} mtu 1500\n" in said
    assert "address replace 192.168.1.1/24 brd + dev eth0\n" in said
    assert "link set dev eth1 up" not in said
    assert (pair.folder / "ifstate").read_text() == "lo=lo\neth0=eth0\n"


def test_nics_of_a_session_have_addresses_of_their_own(server: Server) -> None:
    nodes = server.request("status")["nodes"]
    macs = [nic["mac"] for each in nodes.values() for nic in each["nics"].values()]
    assert len(set(macs)) == 4


def test_cables(server: Server) -> None:
    cable: dict[str, Any] = {"node": "n1", "nic": "eth0"}
    assert refusal(server, "cable_plug", **cable) == "cable_plugged"
    server.request("cable_cut", **cable)
    assert not node(server)["nics"]["eth0"]["plugged"]
    event = {"node": "n1", "nic": "eth0", "segment": "lan"}
    assert last_event(server) == {"kind": "fault.cable.cut", **event}
    assert refusal(server, "cable_cut", **cable) == "cable_cut"
    server.request("power_off", node="n1")
    server.request("power_on", node="n1")
    assert not node(server)["nics"]["eth0"]["plugged"]
    server.request("cable_plug", **cable)
    assert last_event(server) == {"kind": "fault.cable.plug", **event}
    assert refusal(server, "cable_cut", node="n1", nic="eth9") == "no_such_nic"
    assert refusal(server, "cable_cut", node="n9", nic="eth0") == "no_such_node"


def test_segments(server: Server) -> None:
    assert refusal(server, "segment_on", segment="lan") == "segment_on"
    server.request("segment_off", segment="lan")
    assert not lan(server)["up"]
    assert last_event(server) == {"kind": "fault.segment.off", "segment": "lan"}
    assert refusal(server, "segment_off", segment="lan") == "segment_off"
    assert refusal(server, "segment_off", segment="wan") == "no_such_segment"
    server.request("segment_on", segment="lan")
    assert lan(server)["up"]


def test_partitions(server: Server) -> None:
    ends: dict[str, Any] = {"node": "n1", "peer": "n2"}
    server.request("partition", one_way=True, **ends)
    rule = {"kind": "partition", **ends, "one_way": True}
    assert lan(server)["rules"] == [rule]
    event = {"kind": "fault.net.partition", **ends, "detail": "one way"}
    assert last_event(server) == event
    assert refusal(server, "partition", one_way=True, **ends) == "partitioned"
    server.request("partition", segment="lan", **ends)  # The other way as well.
    assert refusal(server, "partition", segment="lan", **ends) == "partitioned"
    server.request("heal", node="n2", peer="n1")
    assert lan(server)["rules"] == []
    assert refusal(server, "heal", **ends) == "not_partitioned"
    server.request("partition", segment="hb", **ends)
    assert refusal(server, "heal", segment="lan", **ends) == "not_partitioned"
    server.request("heal", segment="hb", **ends)
    assert refusal(server, "partition", node="n1", peer="n1") == "bad_request"
    assert refusal(server, "partition", node="n1", peer="n9") == "no_such_node"
    assert refusal(server, "partition", segment="x", **ends) == "no_such_segment"
    assert refusal(server, "partition", one_way=1, **ends) == "bad_request"


def test_shapes(server: Server) -> None:
    server.request("shape", segment="lan", delay_ms=50, loss_percent=1.5)
    server.request("shape", segment="lan", node="n1", rate_kbit=1000)
    shape = {"kind": "shape", "delay_ms": 50.0, "loss_percent": 1.5, "rate_kbit": 0}
    own = {"delay_ms": 0.0, "loss_percent": 0.0, "rate_kbit": 1000, "node": "n1"}
    assert lan(server)["rules"] == [shape, {"kind": "shape", **own}]
    server.request("clear", segment="lan", node="n1")
    assert lan(server)["rules"] == [shape]
    server.request("shape", segment="lan", delay_ms=5)
    assert last_event(server)["detail"] == "delay 5 ms"
    server.request("clear", segment="lan")
    assert lan(server)["rules"] == []
    assert refusal(server, "shape", segment="lan") == "bad_request"
    assert refusal(server, "shape", segment="lan", loss_percent=101) == "bad_request"
    assert refusal(server, "shape", segment="lan", delay_ms=-1) == "bad_request"
    assert refusal(server, "shape", segment="lan", rate_kbit=1.5) == "bad_request"
    assert refusal(server, "shape", segment="x", delay_ms=1) == "no_such_segment"


def test_disks_that_fail(server: Server) -> None:
    disk: dict[str, Any] = {"node": "n1", "disk": "vdb"}
    server.request("disk_fail", access="read", sectors=[0, 63], **disk)
    assert node(server)["disks"]["vdb"]["failing"]
    detail = "read, sectors 0 to 63"
    assert last_event(server) == {"kind": "fault.disk.fail", **disk, "detail": detail}
    server.request("disk_fail", **disk)
    assert last_event(server)["detail"] == "read and write"
    server.request("disk_mend", **disk)
    assert not node(server)["disks"]["vdb"]["failing"]
    server.request("power_off", node="n1")
    server.request("disk_fail", **disk)
    server.request("power_on", node="n1")
    assert node(server)["disks"]["vdb"]["failing"]
    server.request("disk_pull", **disk)
    assert refusal(server, "disk_fail", **disk) == "disk_absent"
    assert refusal(server, "disk_fail", node="n1", disk="vdz") == "no_such_disk"
    for sectors in ([0, 64], [1, 0], [-1, 0], [0], "0-1", [0, True], [0, 1.0]):
        answer = refusal(server, "disk_fail", node="n2", disk="vdb", sectors=sectors)
        assert answer == "bad_request"
    assert refusal(server, "disk_fail", access="both", **disk) == "bad_request"


def test_freezing(server: Server) -> None:
    assert refusal(server, "thaw", node="n1") == "not_frozen"
    server.request("freeze", node="n1")
    assert last_event(server) == {"kind": "fault.node.freeze", "node": "n1"}
    state = node(server)
    assert (state["frozen"], state["ready"], state["power"]) == (True, False, "on")
    for op in ("freeze", "reset", "panic"):
        assert refusal(server, op, node="n1") == "frozen"
    assert refusal(server, "disk_pull", node="n1", disk="vdb") == "frozen"
    assert refusal(server, "process_kill", node="n1", process="x") == "frozen"
    assert refusal(server, "wait", node="n1", timeout=0.1) == "timed_out"
    server.request("thaw", node="n1")
    assert server.run("n1", ["true"]).code == 0
    server.request("freeze", node="n1")
    server.request("power_off", node="n1")  # Pulling the plug always works.
    assert not node(server)["frozen"]
    assert refusal(server, "freeze", node="n1") == "not_running"


def test_panic(server: Server) -> None:
    server.request("panic", node="n1")
    assert last_event(server) == {"kind": "fault.node.panic", "node": "n1"}
    assert not node(server)["ready"]


def test_processes(server: Server, tmp_path: Path) -> None:
    victim = tmp_path / "nines-victim"  # A name that nothing else on this host has.
    shutil.copyfile("/bin/sleep", victim)
    victim.chmod(0o755)
    running = subprocess.Popen([victim, "60"])
    process: dict[str, Any] = {"node": "n1", "process": "nines-victim"}
    server.request("process_stop", **process)
    assert state_of(running.pid) == "T"
    server.request("process_cont", **process)
    assert state_of(running.pid) != "T"
    server.request("process_kill", **process)
    assert running.wait(5) == -signal.SIGKILL
    event = {"kind": "fault.process.kill", "node": "n1", "detail": "nines-victim"}
    assert last_event(server) == event
    assert refusal(server, "process_kill", **process) == "no_such_process"
    assert refusal(server, "process_kill", node="n1", process="x" * 16) == "bad_request"


def test_a_switch_that_died_is_back_for_the_next_fault(pair: FakeSession) -> None:
    server = pair.server
    children = Path(f"/proc/{pair.process.pid}/task/{pair.process.pid}/children")
    before = switch_of(children)
    subprocess.run(["kill", "-9", str(before)], check=True)
    server.request("partition", node="n1", peer="n2")
    assert switch_of(children) != before


def switch_of(children: Path) -> int:
    (pid,) = (
        int(pid)
        for pid in children.read_text().split()
        if Path(f"/proc/{pid}/comm").read_text() == "nines-switch\n"
    )
    return pid


def state_of(pid: int) -> str:
    time.sleep(0.05)
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
