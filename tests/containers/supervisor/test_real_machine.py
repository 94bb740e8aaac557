"""A real machine in a container with nothing allowed: bake, restore, break, lose."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers.supervisor.real_session import (
    Container,
    bake,
    build_image,
    docker,
    out,
)
from tests.containers.supervisor.server import Server

pytestmark = pytest.mark.docker

NODE = {
    "name": "n1",
    "disks": [{"name": name, "size_mb": 64} for name in ("vdb", "vdc")],
    "files": {"/etc/motd": {"text": "welcome\n", "mode": "0600"}},
    "prepare": "touch /root/prepared",
}


@pytest.fixture(scope="module")
def image() -> str:
    return build_image()


@pytest.fixture(scope="module")
def templates(image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("templates")
    phases = bake(image, folder, disks=[64, 64])
    assert phases == ["boot", "warm up", "save", "seal"]
    return folder


@pytest.fixture(scope="module")
def container(
    image: str, templates: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("session")
    container = Container(image, templates, folder, [NODE])
    container.server.accept(20)
    container.server.request("wait", node="n1", timeout=20)
    yield container
    container.close()


@pytest.fixture
def server(container: Container) -> Server:
    return container.server


def test_a_restored_machine_is_itself(server: Server) -> None:
    assert out(server, "hostname; cat /etc/hostname") == "n1\nn1"
    assert abs(int(out(server, "date +%s")) - time.time()) < 3
    assert len(out(server, "cat /etc/machine-id")) == 32
    assert out(server, "stat -c %a /etc/motd; cat /etc/motd") == "600\nwelcome"
    assert out(server, "ls /root/prepared") == "/root/prepared"
    assert out(server, "lsblk -dno NAME,SIZE /dev/vdb /dev/vdc").split() == [
        *("vdb", "64M", "vdc", "64M")
    ]
    assert out(server, "nice; cat /proc/self/oom_score_adj") == "0\n0"
    assert server.request("status")["timings"]["ready"] < 10


def test_its_terminals_work(server: Server) -> None:
    terminal = server.attach("n1", "t1")
    terminal.type(b"echo $TERM $LANG; tty\n")
    terminal.until(b"xterm-256color C.UTF-8\r\n/dev/pts/")


def test_a_file_of_the_kernel_is_read_without_tools(server: Server) -> None:
    assert b"Personalities" in server.read_file("n1", "/proc/mdstat")


def test_a_disk_is_pulled_and_comes_back(server: Server) -> None:
    out(server, "echo on the disk > /dev/vdb; sync")
    server.request("disk_pull", node="n1", disk="vdb")
    assert out(server, "ls /sys/block").split().count("vdb") == 0
    read: dict[str, Any] = {"node": "n1", "disk": "vdb", "offset": 0, "length": 11}
    assert server.request("disk_read", **read) == {"data": "b24gdGhlIGRpc2s="}
    server.request("disk_insert", node="n1", disk="vdb")
    out(server, "until [ -b /dev/vdb ]; do sleep 0.1; done")
    assert out(server, "head -c 11 /dev/vdb") == "on the disk"


def test_killing_the_agent_costs_little(server: Server) -> None:
    server.run("n1", ["pkill", "-9", "nines-agent"])
    assert out(server, "echo back") == "back"


def test_power_off_keeps_what_was_configured(server: Server) -> None:
    out(server, "echo mine > /root/mine")
    server.request("power_off", node="n1")
    assert server.run("n1", ["true"]).error == "not_running"
    server.request("power_on", node="n1")
    server.request("wait", node="n1", timeout=60)
    assert out(server, "cat /root/mine; hostname") == "mine\nn1"


def test_poweroff_inside_is_an_event(server: Server) -> None:
    server.run("n1", ["systemctl", "poweroff"])
    deadline = time.monotonic() + 60
    while server.request("status")["nodes"]["n1"]["power"] != "off":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert server.events[-1]["kind"] == "node.off"


def test_a_damaged_template_ends_with_three(
    image: str, templates: Path, container: Container, tmp_path: Path
) -> None:
    """Last of this file: the template is of no use afterwards."""
    state = templates / "key/state"
    content = state.read_bytes()
    state.unlink()
    state.write_bytes(content[:-1])
    state.chmod(0o644)
    damaged = Container(image, templates, tmp_path, [NODE])
    try:
        assert docker("wait", damaged.ident).strip() == "3"
        said = json.loads(docker("logs", damaged.ident))
        assert said["error"] == "template_damaged"
    finally:
        damaged.close()
