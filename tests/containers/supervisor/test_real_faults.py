"""Two real machines on a segment, and everything that can be broken about them."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.containers.supervisor.real_session import Container, bake, build_image, out
from tests.containers.supervisor.server import RequestRefused, Server

pytestmark = pytest.mark.docker

LAN = "192.168.1."
CARRIER = "cat /sys/class/net/eth0/carrier"
READ = "dd if=/dev/vdb of=/dev/null bs=4k count=1 iflag=direct"
WRITE = "dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    image, templates = build_image(), tmp_path_factory.mktemp("templates")
    bake(image, templates, disks=[64], nics=2)
    nodes = [
        {
            "name": f"n{number}",
            "disks": [{"name": "vdb", "size_mb": 64}],
            "nics": [
                {"segment": "lan", "address": f"{LAN}{number}/24"},
                {"segment": "storage", "mtu": 9000},
            ],
        }
        for number in (1, 2)
    ]
    folder = tmp_path_factory.mktemp("session")
    container = Container(image, templates, folder, nodes)
    container.server.accept(20)
    for node in ("n1", "n2"):
        container.server.request("wait", node=node, timeout=20)
    yield container.server
    container.close()


def answers(server: Server, count: int = 1) -> bool:
    """Whether n2 answers n1."""
    argv = ["ping", "-c", str(count), "-i", "0.1", "-W", "1", f"{LAN}2"]
    return server.run("n1", argv).code == 0


def wait_for(server: Server, node: str) -> None:
    server.request("wait", node=node, timeout=60)


def refusal(server: Server, op: str, **arguments: Any) -> str:
    with pytest.raises(RequestRefused) as refused:
        server.request(op, **arguments)
    return refused.value.code


def test_restored_machines_are_on_their_segments(server: Server) -> None:
    assert answers(server, 3)
    macs = {}
    for node, state in server.request("status")["nodes"].items():
        macs[node] = state["nics"]["eth0"]["mac"]
        assert out(server, "cat /sys/class/net/eth0/address", node) == macs[node]
    assert macs["n1"] != macs["n2"]
    assert out(server, "cat /run/network/ifstate") == "lo=lo\neth0=eth0"
    assert out(server, "cat /sys/class/net/eth1/mtu") == "9000"
    assert out(server, "ls /sys/class/net | grep -c eth") == "2"


def test_a_cut_cable_is_seen_and_outlives_a_power_cut(server: Server) -> None:
    cable: dict[str, Any] = {"node": "n1", "nic": "eth0"}
    server.request("cable_cut", **cable)
    assert out(server, CARRIER) == "0"
    assert not answers(server)
    server.request("power_off", node="n1")
    server.request("power_on", node="n1")
    wait_for(server, "n1")
    up = f"ip address replace {LAN}1/24 dev eth0; ip link set eth0 up; sleep 0.2"
    assert out(server, f"{up}; {CARRIER}") == "0"
    mac = server.request("status")["nodes"]["n1"]["nics"]["eth0"]["mac"]
    assert out(server, "cat /sys/class/net/eth0/address") == mac
    server.request("cable_plug", **cable)
    assert out(server, f"sleep 0.5; {CARRIER}") == "1"
    assert answers(server, 3)


def test_a_segment_without_power_takes_the_carrier(server: Server) -> None:
    server.request("segment_off", segment="lan")
    assert [out(server, CARRIER, node) for node in ("n1", "n2")] == ["0", "0"]
    server.request("segment_on", segment="lan")
    assert out(server, f"sleep 0.5; {CARRIER}") == "1"
    assert answers(server, 3)


def test_a_partition_leaves_the_carrier(server: Server) -> None:
    server.request("partition", node="n1", peer="n2", one_way=True)
    assert out(server, CARRIER) == "1"
    assert not answers(server)
    server.request("heal", node="n1", peer="n2")
    assert answers(server, 3)


def test_a_slow_line_is_slow(server: Server) -> None:
    server.request("shape", segment="lan", delay_ms=100)
    said = out(server, f"ping -c 3 -i 0.2 {LAN}2 | tail -1")
    assert float(said.split("=")[1].split("/")[0]) > 200
    server.request("clear", segment="lan")
    assert answers(server)


def test_a_disk_fails_where_it_was_told_to(server: Server) -> None:
    disk: dict[str, Any] = {"node": "n1", "disk": "vdb"}
    out(server, "echo kept >/dev/vdb; sync")
    server.request("disk_fail", **disk)
    for access in (READ, WRITE):
        assert b"Input/output error" in server.run("n1", access.split()).stderr
    server.request("disk_fail", access="write", **disk)
    assert server.run("n1", READ.split()).code == 0
    assert server.run("n1", WRITE.split()).code == 1
    server.request("disk_fail", sectors=[8, 15], **disk)
    assert server.run("n1", READ.split()).code == 0
    assert server.run("n1", [*READ.split(), "skip=1"]).code == 1
    server.request("disk_pull", **disk)
    server.request("disk_insert", **disk)
    out(server, "until [ -b /dev/vdb ]; do sleep 0.1; done")
    assert server.run("n1", [*READ.split(), "skip=1"]).code == 1
    server.request("disk_mend", **disk)
    assert out(server, "head -c 4 /dev/vdb") == "kept"
    out(server, WRITE)


def test_a_frozen_machine_stands_still(server: Server) -> None:
    server.request("freeze", node="n2")
    assert not answers(server)
    assert refusal(server, "reset", node="n2") == "frozen"
    assert server.run("n2", ["true"]).error == "agent_gone"
    server.request("thaw", node="n2")
    assert answers(server, 3)
    assert out(server, "echo on", "n2") == "on"


def test_a_process_is_killed_by_its_name(server: Server) -> None:
    running = server.start("n1", ["sleep", "600"])
    process: dict[str, Any] = {"node": "n1", "process": "sleep"}
    deadline = time.monotonic() + 10
    while server.run("n1", ["pgrep", "-x", "sleep"]).code:
        assert time.monotonic() < deadline
    server.request("process_stop", **process)
    assert out(server, "ps -o stat= -C sleep").startswith("T")
    server.request("process_cont", **process)
    server.request("process_kill", **process)
    assert server.finish(running).code == 137
    assert refusal(server, "process_kill", **process) == "no_such_process"


def test_a_panic_starts_the_machine_again_with_its_damage(server: Server) -> None:
    boots = server.request("status")["nodes"]["n1"]["boots"]
    server.request("disk_fail", node="n1", disk="vdb", access="read")
    server.request("panic", node="n1")
    assert not answers_commands(server, "n1")
    wait_for(server, "n1")
    assert server.request("status")["nodes"]["n1"]["boots"] == boots + 1
    assert server.run("n1", READ.split()).code == 1
    server.request("power_off", node="n1")
    server.request("power_on", node="n1")
    wait_for(server, "n1")
    assert server.run("n1", READ.split()).code == 1
    server.request("disk_mend", node="n1", disk="vdb")
    out(server, READ)


def answers_commands(server: Server, node: str) -> bool:
    return bool(server.request("status")["nodes"][node]["ready"])
