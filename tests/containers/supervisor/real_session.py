"""Sessions of real machines, in containers with nothing allowed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.containers.supervisor.conftest import ROOT
from tests.containers.supervisor.server import Server

PROFILES = ROOT / "var/profiles"
OURS = f"{os.getuid()}:{os.getgid()}" if os.getuid() else "1000:1000"
SHAPE = {"profile": "storage", "memory_mb": 256, "cpus": 1}
HARDENED = [
    *("--user", OURS, "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--read-only", "--network", "none", "--pids-limit", "128", "--memory", "800m"),
    *("--tmpfs", "/run/nines:size=16m", "--label", "nines-test=supervisor"),
    *("-v", f"{PROFILES}:/profiles:ro"),
]


def build_image() -> str:
    if not (PROFILES / "storage/meta.json").exists():
        pytest.skip("The storage profile is not built.")
    build = [sys.executable, "containers/sandbox/build.py", "--work", "var/cache"]
    return subprocess.check_output(build, cwd=ROOT, text=True).splitlines()[-1]


def bake(image: str, folder: Path, **shape: Any) -> list[str]:
    """A template called `key` in that folder; the phases of making it."""
    order = {**SHAPE, "accel": "tcg", "key": "key", **shape}
    volume = ["-v", f"{writable(folder)}:/templates"]
    environment = ["-e", f"NINES_BAKE={json.dumps(order)}"]
    done = docker("run", "--rm", *HARDENED, *volume, *environment, image, "bake")
    return [json.loads(line)["phase"] for line in done.splitlines()]


class Container:
    """A session, and the server it connects to; `nodes` as in NINES_SESSION."""

    def __init__(
        self, image: str, templates: Path, folder: Path, nodes: list[dict[str, Any]]
    ) -> None:
        link, data = writable(folder / "link"), writable(folder / "data")
        self.server = Server(link / "link.sock")
        (link / "link.sock").chmod(0o777)
        nodes = [{**SHAPE, "template": "key", **node} for node in nodes]
        session = json.dumps({"session": "s", "accel": "tcg", "nodes": nodes})
        volumes = [f"{templates}:/templates:ro", f"{data}:/data", f"{link}:/link:ro"]
        mounted = [part for volume in volumes for part in ("-v", volume)]
        environment = ["-e", f"NINES_SESSION={session}"]
        command = ["run", "-d", *HARDENED, *mounted, *environment, image, "run"]
        self.ident = docker(*command).strip()

    def close(self) -> None:
        docker("rm", "-f", self.ident)
        self.server.close()


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


def out(server: Server, script: str, node: str = "n1") -> str:
    done = server.run(node, ["bash", "-c", script], timeout=30)
    assert done.code == 0, done.stderr
    return done.stdout.decode().strip()
