"""Frames, images, templates and configuration."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from containers.sandbox.supervisor import images, qemu, template
from containers.sandbox.supervisor.config import (
    ConfigError,
    Shape,
    parse_bake,
    parse_session,
)
from containers.sandbox.supervisor.errors import Refused, TemplateDamaged
from containers.sandbox.supervisor.events import EventLog
from containers.sandbox.supervisor.frames import (
    HEADER,
    Frame,
    FrameError,
    FrameReader,
    pack,
)
from hypothesis import given
from hypothesis import strategies as st

FRAMES = st.lists(
    st.tuples(
        st.binary(min_size=1, max_size=1),
        st.integers(0, (1 << 32) - 1),
        st.binary(max_size=200),
    ),
    max_size=10,
)


@given(FRAMES, st.lists(st.integers(1, 50), min_size=1, max_size=40))
def test_frames_survive_any_cutting(frames: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(pack(*frame) for frame in frames)
    reader, got = FrameReader(200), []
    while stream:
        for cut in cuts:
            got += reader.feed(stream[:cut])
            stream = stream[cut:]
    assert got == frames


def test_a_frame_beyond_the_limit_is_refused_by_its_header() -> None:
    with pytest.raises(FrameError):
        FrameReader(100).feed(HEADER.pack(b"Q", 1, 101))


def test_an_overlay_is_what_qemu_makes(tmp_path: Path) -> None:
    if shutil.which("qemu-img") is None:
        pytest.skip("qemu-img is not installed here.")
    base, overlay = tmp_path / "base.qcow2", tmp_path / "overlay.qcow2"
    create = ["qemu-img", "create", "-q", "-f", "qcow2"]
    subprocess.run([*create, str(base), "3G"], check=True)
    images.make_overlay(str(overlay), str(base))
    subprocess.run(["qemu-img", "check", "-q", str(overlay)], check=True)
    info = json.loads(
        subprocess.check_output(["qemu-img", "info", "--output=json", str(overlay)])
    )
    assert info["virtual-size"] == 3 << 30
    assert info["backing-filename"] == str(base)
    assert info["backing-filename-format"] == "qcow2"
    with pytest.raises(FileExistsError):
        images.make_overlay(str(overlay), str(base))


def test_a_disk_is_read_from_outside(tmp_path: Path) -> None:
    path = str(tmp_path / "disk")
    images.make_disk(path, 1)
    assert images.read_disk(path, (1 << 20) - 4, 100) == bytes(4)
    with pytest.raises(Refused):
        images.read_disk(path, 0, 65537)


@pytest.fixture
def shape() -> Shape:
    return Shape("storage", 256, 1, [64, 64], 2, "tcg")


@pytest.fixture
def saved(tmp_path: Path, shape: Shape, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(template, "PROFILES", str(tmp_path))
    (tmp_path / "storage").mkdir()
    for name in template.BASE:
        (tmp_path / "storage" / name).write_bytes(b"base")
    folder = tmp_path / "template"
    folder.mkdir()
    for name in template.HASHED:
        (folder / name).write_bytes(name.encode())
    (folder / "ram").write_bytes(bytes(range(256)) * 8192)
    template.seal(str(folder), "key", shape, {"seconds": 1.0})
    return folder


def test_a_sealed_template_is_good(saved: Path, shape: Shape) -> None:
    template.verify(str(saved), shape)
    assert json.loads((saved / "meta.json").read_text())["seconds"] == 1.0


def damage_state(saved: Path) -> None:
    (saved / "state").write_bytes(b"st@te")


def damage_snapshot(saved: Path) -> None:
    (saved / "snap.qcow2").unlink()


def damage_memory(saved: Path) -> None:
    (saved / "ram").write_bytes(bytes(2 << 20))


def shorten_memory(saved: Path) -> None:
    with (saved / "ram").open("r+b") as file:
        file.truncate(1 << 20)


def damage_meta(saved: Path) -> None:
    (saved / "meta.json").write_text('{"format": 1')


def empty_meta(saved: Path) -> None:
    (saved / "meta.json").write_text("[]")


def forget_meta(saved: Path) -> None:
    (saved / "meta.json").unlink()


def change_base(saved: Path) -> None:
    (saved.parent / "storage/vmlinux").write_bytes(b"another kernel")


@pytest.mark.parametrize(
    "damage",
    [
        damage_state,
        damage_snapshot,
        damage_memory,
        shorten_memory,
        damage_meta,
        empty_meta,
        forget_meta,
        change_base,
    ],
)
def test_a_damaged_template_is_found(saved: Path, shape: Shape, damage: Any) -> None:
    damage(saved)
    with pytest.raises(TemplateDamaged):
        template.verify(str(saved), shape)


def test_a_template_of_another_shape_is_not_used(saved: Path) -> None:
    for other in (
        Shape("storage", 512, 1, [64, 64], 2, "tcg"),
        Shape("storage", 256, 1, [64], 2, "tcg"),
        Shape("storage", 256, 1, [64, 64], 0, "tcg"),
        Shape("storage", 256, 1, [64, 64], 2, "kvm"),
    ):
        with pytest.raises(TemplateDamaged):
            template.verify(str(saved), other)


def session(**changes: Any) -> str:
    node = {
        "name": "n1",
        "profile": "storage",
        "template": "0123abcd",
        "memory_mb": 256,
        "cpus": 1,
        "disks": [{"name": "vdb", "size_mb": 64}],
        "nics": [{"segment": "lan", "address": "10.0.0.1/24"}, {"segment": "hb"}],
        "files": {"/etc/motd": {"text": "hello", "mode": "0640"}},
        "prepare": "true",
    }
    return json.dumps({"session": "s1", "accel": "tcg", "nodes": [{**node, **changes}]})


def test_a_session_is_understood() -> None:
    config = parse_session(session())
    node = config.nodes[0]
    assert (config.name, node.name, node.disks) == ("s1", "n1", ["vdb"])
    assert (node.files[0].path, node.files[0].mode) == ("/etc/motd", 0o640)
    lan, heartbeat = node.nics
    assert (lan.segment, lan.address, lan.mtu) == ("lan", "10.0.0.1/24", 1500)
    assert (heartbeat.segment, heartbeat.address, node.shape.nics) == ("hb", "", 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../n1"},
        {"name": "N1"},
        {"name": ""},
        {"template": "../../etc"},
        {"profile": "a/b"},
        {"memory_mb": "256"},
        {"memory_mb": True},
        {"cpus": 0},
        {"disks": [{"name": "../x", "size_mb": 1}]},
        {"disks": [{"name": "vdb", "size_mb": 1}] * 2},
        {"disks": [{"name": f"vd{n}", "size_mb": 1} for n in range(11)]},
        {"disks": ["vdb"]},
        {"nics": [{}]},
        {"nics": ["lan"]},
        {"nics": [{"segment": "LAN"}]},
        {"nics": [{"segment": "lan", "address": "10.0.0.1/24\nlink"}]},
        {"nics": [{"segment": "lan", "mtu": 9001}]},
        {"nics": [{"segment": "lan"}] * 5},
        {"files": {"relative": {"text": ""}}},
        {"files": {"/a": {"text": 1}}},
        {"files": {"/a": {"text": "", "mode": "999"}}},
        {"prepare": "x" * 70_000},
        {"prepare": 1},
    ],
)
def test_a_session_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        parse_session(session(**changes))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"nodes": []}', "[" * 100_000])
def test_what_is_no_session_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_session(text)
    with pytest.raises(ConfigError):
        parse_bake(text)


def test_two_nodes_need_two_names() -> None:
    data = json.loads(session())
    data["nodes"] *= 2
    with pytest.raises(ConfigError):
        parse_session(json.dumps(data))


def test_bake_and_restore_build_the_same_machine(shape: Shape) -> None:
    """Apart from where the memory and the root come from."""
    disks, nics = {0: "/d0", 1: "/d1"}, {"52:54:00:00:00:00": 9}
    saved = qemu.command(shape, "RAM", "ROOT", disks, nics, 7, 8)
    restored = qemu.command(shape, "RAM", "ROOT", disks, nics, 7, 8, incoming=True)
    assert restored == [*saved, "-incoming", "defer"]


def test_the_log_keeps_the_last_thousand() -> None:
    log = EventLog()
    for _ in range(1500):
        log.add("node.ready", "n1", detail="x" * 10_000)
    assert len(log.kept) == 1000
    assert log.kept[0]["n"] == 501
    assert len(log.kept[0]["detail"]) == 500
