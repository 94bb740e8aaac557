"""The machine below us: Debian packages and the Docker engine."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from bootstrap.phases import ROOT, VAR, Stopped, as_root, phase, quiet, run

TO_RUN = (
    "ca-certificates",
    "debian-archive-keyring",
    "docker.io",
    "e2fsprogs",
    "gcc",
    "gpg",
    "iptables",
    "libc6-dev",
    "mmdebstrap",
    "procps",
    "python3-venv",
    "qemu-utils",
    "zstd",
)
TO_TEST = (*TO_RUN, "chromium", "fonts-noto-cjk")

ENGINE_PID = VAR / "engine.pid"
ENGINE_LOG = VAR / "log" / "engine.log"


def install(packages: tuple[str, ...]) -> None:
    with phase(f"Debian packages ({len(packages)})") as note:
        missing = [name for name in packages if not _is_installed(name, packages)]
        if not missing:
            note("all there")
            return
        if not shutil.which("apt-get"):
            raise Stopped(
                "This is not a Debian system: apt-get is missing.",
                f"Install by hand: {' '.join(missing)}",
            )
        if os.geteuid() and not shutil.which("sudo"):
            raise Stopped(
                f"These packages are missing: {' '.join(missing)}",
                "Run `make up` as root, or install sudo.",
            )
        note(f"installed {' '.join(missing)}")
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        advice = "Is the network up? Try `apt-get update` by hand, then again."
        run(as_root("apt-get", "update", "-q"), advice=advice, env=env)
        run(
            as_root(
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "install",
                "-qy",
                "--no-install-recommends",
                *missing,
            ),
            advice=advice,
        )


_installed: set[str] | None = None


def _is_installed(name: str, packages: tuple[str, ...]) -> bool:
    global _installed
    if _installed is None:
        query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"]
        _, listed = quiet([*query, *packages])
        words = (line.split() for line in listed.splitlines())
        _installed = {word[1] for word in words if word[0] == "installed"}
    return name in _installed


def start_engine() -> bool:
    """Have a Docker engine that answers us; True when this call started it."""
    with phase("Docker engine") as note:
        status, version = quiet(_ask_engine())
        if status == 0:
            note(f"{version.strip()} answers")
            return False
        if elsewhere := os.environ.get("DOCKER_HOST"):
            raise Stopped(
                f"The Docker engine DOCKER_HOST names does not answer: {elsewhere}",
                "Start it, or unset DOCKER_HOST to use this machine's own engine.",
            )
        if quiet(as_root(*_ask_engine()))[0] == 0:
            raise Stopped(
                "The Docker engine runs, but you may not use it.",
                "Run `sudo usermod -aG docker $USER`, sign in again, then `make up`.",
            )
        spawned = None
        if Path("/run/systemd/system").is_dir():
            run(
                as_root("systemctl", "start", "docker"),
                advice="See `journalctl -u docker`.",
            )
        else:
            spawned = _spawn_engine()
        wait_for_engine(spawned)
        note("started")
        return True


def stop_engine() -> None:
    """Stop the engine if it was started by us; one that was there stays."""
    if not ENGINE_PID.exists():
        return
    pid = int(ENGINE_PID.read_text())
    if _is_engine(pid):
        run(as_root("kill", str(pid)), advice="Stop dockerd by hand.")
        for _ in range(300):
            if not _is_engine(pid):
                break
            time.sleep(0.1)
    ENGINE_PID.unlink(missing_ok=True)


def _ask_engine() -> list[str | Path]:
    return ["docker", "version", "--format", "{{.Server.Version}}"]


def _spawn_engine() -> subprocess.Popen[bytes]:
    """No systemd here (a container, a minimal machine): run dockerd ourselves."""
    ENGINE_LOG.parent.mkdir(parents=True, exist_ok=True)
    with ENGINE_LOG.open("a") as log:
        process = subprocess.Popen(
            [str(word) for word in as_root("dockerd")],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    ENGINE_PID.write_text(str(process.pid))
    return process


def wait_for_engine(spawned: subprocess.Popen[bytes] | None) -> None:
    for _ in range(300):
        if quiet(_ask_engine())[0] == 0:
            return
        if spawned and spawned.poll() is not None:
            ENGINE_PID.unlink(missing_ok=True)
            lines = ENGINE_LOG.read_text(errors="replace").splitlines()[-3:]
            raise Stopped(
                "The Docker engine ended at once:\n"
                + "\n".join(f"    {line}" for line in lines),
                f"The last line has the reason; the whole log is {ENGINE_LOG}.",
            )
        time.sleep(0.1)
    raise Stopped(
        "The Docker engine did not answer within 30 s.",
        f"Look at {ENGINE_LOG}, or start dockerd by hand and run this again.",
    )


def _is_engine(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"dockerd" in command


def end(pid: int, *, seconds: float = 10) -> None:
    """Ask a process of ours to end, then make it."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not Path(f"/proc/{pid}").exists():
                return
            time.sleep(0.05)
