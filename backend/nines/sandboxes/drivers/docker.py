"""What we ask of Docker. The only module that imports its SDK.

Everything here blocks and reads as plain synchronous code; `container.py` calls it on
threads. Every exception of the SDK leaves as SandboxUnavailable with a sentence that
says what to do.
"""

import os
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import LogConfig, Mount
from docker.utils import kwargs_from_env

from nines.sandboxes.driver import SandboxUnavailable

IMAGE = "nines-sandbox"
USER = "1000:1000"
MARK = "nines"  # On everything of ours, so that all of it can be found and removed.
SESSION = "nines.session"
SERVER = "nines.server"
MEMORY = "nines.memory"
TEMPLATE = "nines.template"
PROFILE = "nines.profile"
VOLUME = "nines.volume"
CALL_WITHIN = 60
NOBODY_THERE = ("FileNotFoundError", "ConnectionRefused", "Connection refused")
FULL = (
    "The disk of the Docker engine is full. "
    "Free some space, for example with `nines images prune`."
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    memory_mb: int
    cpus: float
    pids: int = 512
    tmp_mb: int = 64


@dataclass(frozen=True, kw_only=True)
class Order:
    """A container to be: the image in one of its modes, hardened."""

    name: str
    image: str
    mode: str  # run, bake or probe
    labels: Mapping[str, str]
    limits: Limits
    environment: Mapping[str, str] = field(default_factory=dict)
    binds: Mapping[str, str] = field(default_factory=dict)  # Host folder: path.
    volumes: Mapping[str, str] = field(default_factory=dict)  # Read-only: path.
    own_volumes: Mapping[str, str] = field(default_factory=dict)  # Written: path.
    kvm: bool = False


@dataclass(frozen=True)
class Ended:
    exit_code: int
    log: str


@dataclass(frozen=True)
class Receipt:
    """A container that says how far its volume is."""

    state: str
    exit_code: int
    volume: str


@dataclass(frozen=True)
class EngineFacts:
    id: str
    version: str
    cpus: int
    memory_mb: int
    root: str


class Engine:
    def __init__(self, server: str) -> None:
        self._server = server
        self._api: Any = None
        self._connecting = threading.Lock()

    def close(self) -> None:
        if self._api:
            self._api.close()

    def facts(self) -> EngineFacts:
        with self._call() as api:
            info = api.info()
            return EngineFacts(
                id=info["ID"],
                version=info["ServerVersion"],
                cpus=info["NCPU"],
                memory_mb=info["MemTotal"] // 2**20,
                root=info["DockerRootDir"],
            )

    # ---- containers

    def launch(self, order: Order) -> str:
        """Create and start; removes what it made when it cannot."""
        identity = self.create(order)
        try:
            self.start(identity)
        except BaseException:
            self.remove(identity)
            raise
        return identity

    def create(self, order: Order) -> str:
        """Docker makes the volumes that the mounts name."""
        with self._call() as api:
            made = api.create_container(
                order.image,
                command=[order.mode],
                name=order.name,
                environment=dict(order.environment),
                labels=self._labels(order.labels),
                user=USER,
                host_config=self._host_config(api, order),
                detach=True,
            )
        return str(made["Id"])

    def _host_config(self, api: Any, order: Order) -> Any:
        labels = self._labels(order.labels)
        mounts = [
            *(bind(folder, path) for folder, path in order.binds.items()),
            *(
                Mount(path, name, type="volume", read_only=True)
                for name, path in order.volumes.items()
            ),
            *(
                Mount(path, name, type="volume", labels=labels)
                for name, path in order.own_volumes.items()
            ),
        ]
        limits = order.limits
        owned = "uid=1000,gid=1000,mode=0700,nosuid,nodev,noexec"
        options: dict[str, Any] = {}
        if order.kvm:
            options["devices"] = ["/dev/kvm:/dev/kvm:rw"]
            options["group_add"] = [str(os.stat("/dev/kvm").st_gid)]
        return api.create_host_config(
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            read_only=True,
            network_mode="none",
            mem_limit=f"{limits.memory_mb}m",
            memswap_limit=f"{limits.memory_mb}m",
            nano_cpus=int(limits.cpus * 1e9),
            pids_limit=limits.pids,
            tmpfs={
                "/run/nines": f"size={limits.tmp_mb}m,{owned}",
                "/tmp": f"size={limits.tmp_mb}m,{owned}",
            },
            log_config=LogConfig(
                type="json-file", config={"max-size": "256k", "max-file": "1"}
            ),
            mounts=mounts,
            restart_policy={"Name": "no"},
            **options,
        )

    def remove(self, name: str) -> None:
        with self._call() as api, suppress(NotFound):
            try:
                api.remove_container(name, force=True, v=True)
            except APIError as error:
                if error.status_code != 409:  # Somebody is removing it already.
                    raise

    def state(self, name: str) -> str | None:
        """`created`, `running`, `exited` …; None when there is no such container."""
        with self._call() as api:
            try:
                return str(api.inspect_container(name)["State"]["Status"])
            except NotFound:
                return None

    def ended(self, name: str) -> Ended | None:
        """How a container ended, with the last it said; None while it has not."""
        with self._call() as api:
            state = api.inspect_container(name)["State"]
            if state["Status"] not in ("exited", "dead"):
                return None
            log = api.logs(name, tail=20).decode(errors="replace")[-2000:]
            return Ended(int(state["ExitCode"]), log)

    def start(self, name: str) -> None:
        with self._call() as api:
            api.start(name)

    def rename(self, name: str, to: str) -> None:
        with self._call() as api:
            api.rename(name, to)

    # ---- what there is

    def sessions(self) -> set[str]:
        """Of this server, with what is left of them: containers or volumes."""
        chosen = {"label": [f"{SERVER}={self._server}", SESSION]}
        with self._call() as api:
            containers = api.containers(all=True, filters=chosen)
            volumes = api.volumes(filters=chosen)["Volumes"] or []
        labels = [each.get("Labels") or {} for each in (*containers, *volumes)]
        return {each[SESSION] for each in labels if SESSION in each}

    def committed(self) -> list[tuple[int, float]]:
        """What each live session of this server may use, and since when."""
        chosen = {"label": [f"{SERVER}={self._server}", MEMORY], "status": ["running"]}
        with self._call() as api:
            found = api.containers(filters=chosen)
        return [(int(each["Labels"][MEMORY]), each["Created"]) for each in found]

    def labelled(self, label: str) -> list[str]:
        with self._call() as api:
            found = api.containers(all=True, filters={"label": [label]})
        return [each["Names"][0].lstrip("/") for each in found]

    def receipt(self, name: str) -> Receipt | None:
        with self._call() as api:
            try:
                found = api.inspect_container(name)
            except NotFound:
                return None
        volume = found["Config"]["Labels"].get(VOLUME, "")
        state = found["State"]
        return Receipt(str(state["Status"]), int(state["ExitCode"]), str(volume))

    def images(self) -> list[tuple[str, str]]:
        """Sandbox images, newest first: (tag, id)."""
        with self._call() as api:
            found = api.images(filters={"reference": f"{IMAGE}:*"})
        found.sort(key=lambda image: image["Created"], reverse=True)
        return [(each["RepoTags"][0], each["Id"]) for each in found]

    def remove_image(self, tag: str) -> None:
        with self._call() as api, suppress(ImageNotFound):
            api.remove_image(tag, noprune=False)

    def volumes(self, label: str) -> set[str]:
        with self._call() as api:
            found = api.volumes(filters={"label": [label]})["Volumes"] or []
        return {each["Name"] for each in found}

    def remove_volume(self, name: str) -> None:
        with self._call() as api, suppress(NotFound):
            api.remove_volume(name, force=True)

    def fill(self, container: str, path: str, archive: Iterator[bytes]) -> None:
        """Unpack a tar stream into a created container's `path`."""
        with self._call() as api:
            api.put_archive(container, path, archive)

    # ---- the edge

    def _labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        return {MARK: "1", SERVER: self._server, **labels}

    @contextmanager
    def _call(self) -> Iterator[Any]:
        try:
            yield self._connected()
        except (DockerException, requests.RequestException, OSError) as error:
            raise SandboxUnavailable(sentence(error)) from error

    def _connected(self) -> Any:
        with self._connecting:
            if self._api is None:
                # The engine that `docker` itself would use (DOCKER_HOST), and pinned to
                # nothing: the engine says which API it speaks.
                where = kwargs_from_env()
                self._api = docker.APIClient(
                    version="auto", timeout=CALL_WITHIN, **where
                )
            return self._api


def bind(folder: str, path: str) -> Mount:
    return Mount(path, folder, type="bind", read_only=True)


def stream_of(files: Iterator[tuple[str, Path]]) -> Iterator[bytes]:
    """A tar stream of files, root's and readable for all.

    A thread writes it, so that no file is held whole.
    """
    reading, writing = os.pipe()

    def write(out: IO[bytes]) -> None:
        with (
            suppress(BrokenPipeError),
            out,
            tarfile.open(fileobj=out, mode="w|") as tar,
        ):
            for name, file in files:
                entry = tarfile.TarInfo(name)
                entry.mode, entry.size = 0o644, file.stat().st_size
                with file.open("rb") as content:
                    tar.addfile(entry, content)

    writer = threading.Thread(target=write, args=[os.fdopen(writing, "wb")])
    writer.start()
    try:
        with os.fdopen(reading, "rb", buffering=0) as source:
            while data := source.read(1 << 20):
                yield data
    finally:
        writer.join()


def sentence(error: Exception) -> str:
    """What happened and what to do about it, for whoever runs the server."""
    text = str(error)
    if isinstance(error, ImageNotFound):
        return "The session image is missing. Build it with `make up`."
    if "PermissionError" in text or "Permission denied" in text:
        return (
            "The server may not use the Docker engine. "
            "Add its user to the group `docker` and sign in again."
        )
    if any(each in text for each in NOBODY_THERE):
        return (
            "No Docker engine answers. Start it, for example with `make up`; "
            "where DOCKER_HOST is set, it names the engine that is asked."
        )
    if "no space left" in text:
        return FULL
    if isinstance(error, requests.Timeout):
        return "The Docker engine did not answer in time. It may be overloaded."
    if isinstance(error, APIError):
        return f"The Docker engine refused: {str(error.explanation)[:300]}"
    return f"The Docker engine cannot be used: {text[:300]}"
