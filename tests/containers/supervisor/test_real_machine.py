"""A real machine in a container with nothing allowed: bake, restore, break, lose."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers.supervisor.conftest import ROOT
from tests.containers.supervisor.server import Server

pytestmark = pytest.mark.docker

PROFILES = ROOT / "var/profiles"
OURS = f"{os.getuid()}:{os.getgid()}" if os.getuid() else "1000:1000"
SHAPE = {"profile": "storage", "memory_mb": 256, "cpus": 1}
HARDENED = [
    *("--user", OURS, "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--read-only", "--network", "none", "--pids-limit", "128", "--memory", "800m"),
    *("--tmpfs", "/run/nines:size=16m", "--label", "nines-test=supervisor"),
    *("-v", f"{PROFILES}:/profiles:ro"),
]


@pytest.fixture(scope="module")
def image() -> str:
    if not (PROFILES / "storage/meta.json").exists():
        pytest.skip("The storage profile is not built.")
    build = [sys.executable, "containers/sandbox/build.py", "--work", "var/cache"]
    return subprocess.check_output(build, cwd=ROOT, text=True).splitlines()[-1]


@pytest.fixture(scope="module")
def templates(image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = writable(tmp_path_factory.mktemp("templates"))
    bake = {**SHAPE, "disks": [64, 64], "accel": "tcg", "key": "key"}
    volume = ["-v", f"{folder}:/templates", "-e", f"NINES_BAKE={json.dumps(bake)}"]
    done = docker("run", "--rm", *HARDENED, *volume, image, "bake")
    phases = [json.loads(line)["phase"] for line in done.splitlines()]
    assert phases == ["boot", "warm up", "save", "seal"]
    return folder


class Container:
    def __init__(self, image: str, templates: Path, folder: Path) -> None:
        link, data = writable(folder / "link"), writable(folder / "data")
        self.server = Server(link / "link.sock")
        (link / "link.sock").chmod(0o777)
        disks = [{"name": name, "size_mb": 64} for name in ("vdb", "vdc")]
        files = {"/etc/motd": {"text": "welcome\n", "mode": "0600"}}
        node = {"name": "n1", "template": "key", **SHAPE, "disks": disks}
        node |= {"files": files, "prepare": "touch /root/prepared"}
        session = json.dumps({"session": "s", "accel": "tcg", "nodes": [node]})
        volumes = [f"{templates}:/templates:ro", f"{data}:/data", f"{link}:/link:ro"]
        mounted = [part for volume in volumes for part in ("-v", volume)]
        environment = ["-e", f"NINES_SESSION={session}"]
        command = ["run", "-d", *HARDENED, *mounted, *environment, image, "run"]
        self.ident = docker(*command).strip()

    def close(self) -> None:
        docker("rm", "-f", self.ident)
        self.server.close()


@pytest.fixture(scope="module")
def container(
    image: str, templates: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    container = Container(image, templates, tmp_path_factory.mktemp("session"))
    container.server.accept(20)
    container.server.request("wait", node="n1", timeout=20)
    yield container
    container.close()


@pytest.fixture
def server(container: Container) -> Server:
    return container.server


def docker(*arguments: str) -> str:
    return subprocess.check_output(["docker", *arguments], text=True)


def writable(folder: Path) -> Path:
    """By the user of the container, who cannot enter pytest's own folders."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    for parent in folder.parents:
        if parent.owner() == folder.owner() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    return folder


def out(server: Server, script: str) -> str:
    done = server.run("n1", ["bash", "-c", script], timeout=30)
    assert done.code == 0, done.stderr
    return done.stdout.decode().strip()


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
    damaged = Container(image, templates, tmp_path)
    try:
        assert docker("wait", damaged.ident).strip() == "3"
        said = json.loads(docker("logs", damaged.ident))
        assert said["error"] == "template_damaged"
    finally:
        damaged.close()
