"""The configuration, from the container's environment, checked before all else."""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NODE_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
DISK_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")
SEGMENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,14}")
ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}")
KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
MAX_NODES = 8
MAX_DISKS = 10
MAX_NICS = 4
MAX_PREPARE = 60_000  # One frame to the agent.


class ConfigError(Exception):
    """A sentence about what is wrong with the configuration."""


class Shape:
    """What a template is baked for; QEMU restores it only into exactly this."""

    def __init__(
        self,
        profile: str,
        memory_mb: int,
        cpus: int,
        disks: list[int],
        nics: int,
        accel: str,
    ) -> None:
        self.profile = profile
        self.memory_mb = memory_mb
        self.cpus = cpus
        self.disks = disks
        self.nics = nics
        self.accel = accel


class FileSpec:
    def __init__(self, path: str, text: str, mode: int) -> None:
        self.path = path
        self.text = text
        self.mode = mode


class NicConfig:
    def __init__(self, segment: str, address: str, mtu: int) -> None:
        self.segment = segment
        self.address = address  # With its length, or empty.
        self.mtu = mtu


class NodeConfig:
    def __init__(self, name: str, template: str, shape: Shape) -> None:
        self.name = name
        self.template = template
        self.shape = shape
        self.disks: list[str] = []
        self.nics: list[NicConfig] = []
        self.files: list[FileSpec] = []
        self.prepare = ""


class SessionConfig:
    def __init__(self, name: str, nodes: list[NodeConfig]) -> None:
        self.name = name
        self.nodes = nodes


class BakeConfig:
    def __init__(self, key: str, shape: Shape) -> None:
        self.key = key
        self.shape = shape


def parse_session(text: str) -> SessionConfig:
    data = _object(text, "NINES_SESSION")
    accel = _accel(data)
    listed = _list(data, "nodes")
    if not 1 <= len(listed) <= MAX_NODES:
        raise ConfigError(f"A session has 1 to {MAX_NODES} nodes.")
    nodes = [_node(item, accel) for item in listed]
    if len({node.name for node in nodes}) != len(nodes):
        raise ConfigError("Two nodes have the same name.")
    return SessionConfig(_text(data, "session", KEY), nodes)


def parse_bake(text: str) -> BakeConfig:
    data = _object(text, "NINES_BAKE")
    sizes = [_in_range(size, "disks", 1, 65536) for size in _list(data, "disks")]
    nics = _in_range(data.get("nics", 0), "nics", 0, MAX_NICS)
    return BakeConfig(_text(data, "key", KEY), _shape(data, sizes, nics, _accel(data)))


def _node(data: Any, accel: str) -> NodeConfig:
    if not isinstance(data, dict):
        raise ConfigError("A node is an object.")
    disks, nics = _objects(data, "disks"), _objects(data, "nics")
    sizes = [_number(disk, "size_mb", 1, 65536) for disk in disks]
    node = NodeConfig(
        _text(data, "name", NODE_NAME),
        _text(data, "template", KEY),
        _shape(data, sizes, len(nics), accel),
    )
    node.nics = [_nic(nic) for nic in nics]
    node.disks = [_text(disk, "name", DISK_NAME) for disk in disks]
    if len(set(node.disks)) != len(disks):
        raise ConfigError(f"Two disks of {node.name} have the same name.")
    files = data.get("files", {})
    if not isinstance(files, dict):
        raise ConfigError("files: an object of paths.")
    node.files = [_file(path, files[path]) for path in files]
    prepare = data.get("prepare", "")
    if not isinstance(prepare, str) or len(prepare.encode()) > MAX_PREPARE:
        raise ConfigError("prepare: a short script.")
    if "\0" in prepare:
        raise ConfigError("prepare: no NUL in a script.")
    node.prepare = prepare
    return node


def _nic(data: dict[str, Any]) -> NicConfig:
    return NicConfig(
        _text(data, "segment", SEGMENT_NAME),
        _text(data, "address", ADDRESS) if data.get("address") else "",
        _in_range(data.get("mtu", 1500), "mtu", 576, 9000),
    )


def _file(path: str, data: Any) -> FileSpec:
    if not path.startswith("/") or "\0" in path or len(path.encode()) > 4000:
        raise ConfigError("files: an absolute path.")
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise ConfigError(f"files: {path} needs a text.")
    mode = data.get("mode", 0o644)
    if isinstance(mode, str) and re.fullmatch("[0-7]{3,4}", mode):
        mode = int(mode, 8)
    return FileSpec(path, data["text"], _in_range(mode, "mode", 0, 0o7777))


def _shape(data: Mapping[str, Any], sizes: list[int], nics: int, accel: str) -> Shape:
    if len(sizes) > MAX_DISKS:
        raise ConfigError(f"A machine has at most {MAX_DISKS} disks.")
    if nics > MAX_NICS:
        raise ConfigError(f"A machine has at most {MAX_NICS} NICs.")
    return Shape(
        _text(data, "profile", KEY),
        _number(data, "memory_mb", 64, 65536),
        _number(data, "cpus", 1, 16),
        sizes,
        nics,
        accel,
    )


def _accel(data: Mapping[str, Any]) -> str:
    accel = data.get("accel", "tcg")
    if accel not in ("tcg", "kvm"):
        raise ConfigError("accel: tcg or kvm.")
    return str(accel)


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{name} is not an object.")
    return data


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise ConfigError(f"{name}: a list.")
    return value


def _objects(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = _list(data, name)
    if not all(isinstance(item, dict) for item in value):
        raise ConfigError(f"{name}: a list of objects.")
    return value


def _text(data: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ConfigError(f"{name}: not a name we take: {value!r:.80}")
    return value


def _number(data: Mapping[str, Any], name: str, low: int, high: int) -> int:
    return _in_range(data.get(name), name, low, high)


def _in_range(value: Any, name: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(f"{name}: a whole number from {low} to {high}.")
    return int(value)
