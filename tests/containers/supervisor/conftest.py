"""Agent and switch, compiled once, and a session whose machines are this very host."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.containers.supervisor.raw_agent import RawAgent
from tests.containers.supervisor.server import Server

ROOT = Path(__file__).resolve().parents[3]
AGENT = ROOT / "containers/guest/agent.c"
SWITCH = ROOT / "containers/sandbox/switch.c"
SANITIZED = os.environ.get("NINES_SANITIZE") == "1"


@pytest.fixture(scope="session")
def agent_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(AGENT, tmp_path_factory.mktemp("agent") / "nines-agent")


@pytest.fixture(scope="session")
def switch_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(SWITCH, tmp_path_factory.mktemp("switch") / "nines-switch")


def compiled(source: Path, binary: Path) -> Path:
    """With NINES_SANITIZE=1, any use of memory that is not its own ends it."""
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"]
    if SANITIZED:
        flags += ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    else:
        flags += ["-static"]
    subprocess.run(["gcc", *flags, "-o", binary, source], check=True)
    return binary


@pytest.fixture
def agent(agent_binary: Path, tmp_path: Path) -> Iterator[RawAgent]:
    agent = RawAgent(agent_binary, tmp_path / "port")
    agent.synchronise()
    yield agent
    agent.close()


@dataclass(frozen=True)
class Binaries:
    agent: Path
    switch: Path


@pytest.fixture(scope="session")
def binaries(agent_binary: Path, switch_binary: Path) -> Binaries:
    return Binaries(agent_binary, switch_binary)


class FakeSession:
    """The real supervisor, over fake machines: agents that run on this host."""

    def __init__(
        self, folder: Path, binaries: Binaries, nodes: tuple[str, ...]
    ) -> None:
        self.folder = folder
        self.server = Server(folder / "link.sock")
        config = {"session": "test", "accel": "tcg", "nodes": [_node(n) for n in nodes]}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.containers.supervisor.fake_session"],
            cwd=ROOT,
            env={
                **os.environ,
                "NINES_SESSION": json.dumps(config),
                "FAKE_FOLDER": str(folder),
                "FAKE_AGENT": str(binaries.agent),
                "FAKE_SWITCH": str(binaries.switch),
            },
        )
        self.server.accept()

    def ready(self, node: str = "n1") -> None:
        self.server.request("wait", node=node, timeout=10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(5)

    def close(self) -> None:
        self.server.close()
        if self.process.poll() is None:
            self.stop()


@pytest.fixture
def session(tmp_path: Path, binaries: Binaries) -> Iterator[FakeSession]:
    session = FakeSession(tmp_path, binaries, ("n1",))
    session.ready()
    yield session
    session.close()


@pytest.fixture
def server(session: FakeSession) -> Server:
    return session.server


def _node(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "profile": "storage",
        "template": "key",
        "memory_mb": 256,
        "cpus": 1,
        "disks": [{"name": "vdb", "size_mb": 1}, {"name": "vdc", "size_mb": 2}],
        "nics": [{"segment": "lan", "address": "192.168.1.1/24"}, {"segment": "hb"}],
    }
