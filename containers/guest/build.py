"""Build what a lab's machines boot: `build.py storage --out DIR --work CACHE`.

Root, and once per profile: DIR gets rootfs.qcow2, vmlinux, initrd.cpio and meta.json,
each renamed into place, meta.json last. Downloaded layers stay in CACHE; a build whose
inputs have not changed returns at once. Nothing is left half done when it is killed.
"""

import argparse
import fcntl
import fnmatch
import hashlib
import json
import lzma
import os
import shlex
import shutil
import struct
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from containers.guest.debian import BuildError, bootstrap, phase, run

HERE = Path(__file__).resolve().parent
PROFILES = HERE / "profiles"
OVERLAY = HERE / "overlay"
AGENT = HERE / "agent.c"
PROBE = HERE / "probe.c"
ARTEFACTS = ("rootfs.qcow2", "vmlinux", "initrd.cpio")
DISK_SIZE = "2G"


@dataclass(frozen=True)
class DroppedLines:
    """Lines taken out of a packaged file: they start something nobody asked for."""

    file: str
    containing: str


@dataclass(frozen=True)
class Profile:
    name: str
    suite: str
    layers: tuple[tuple[str, ...], ...]  # Packages; the base's first.
    modules: tuple[str, ...] = ()
    initrd_modules: tuple[str, ...] = ()
    loaded_modules: tuple[str, ...] = ()
    masked_units: tuple[str, ...] = ()
    unwanted_units: tuple[str, ...] = ()
    disabled_units: tuple[str, ...] = ()
    removed_udev_rules: tuple[str, ...] = ()
    dropped_lines: tuple[DroppedLines, ...] = ()
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Workshop:
    """The cache folder, and a scratch folder in it that the next build may remove."""

    cache: Path
    scratch: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scratch", self.cache / "scratch")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profile", help="a file of profiles/, without .toml")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        build(options.profile, options.out.resolve(), options.work.resolve())
    except BuildError as error:
        print(f"{options.profile}: {error}", file=sys.stderr)
        return 1
    return 0


def build(name: str, out: Path, cache: Path) -> None:
    profile = load_profile(name)
    ident = build_id(profile)
    if is_built(out, ident):
        print(f"{name} {ident}: nothing to do")
        return
    if os.geteuid() != 0:
        raise BuildError("Building a root file system needs root: run it through sudo.")

    out.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(cache)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # One build at a time; it dies with us.
        if is_built(out, ident):
            return
        empty(workshop.scratch)
        print(f"{name} {ident}")
        make(profile, ident, out, workshop)
        run(["rm", "-rf", "--one-file-system", workshop.scratch])


def make(profile: Profile, ident: str, out: Path, workshop: Workshop) -> None:
    archive, kernel = make_layers(profile, workshop)
    root = workshop.scratch / "root"
    root.mkdir()
    with phase("unpack"):
        run(["tar", "-C", root, "--numeric-owner", "-xf", archive])
    with phase("kernel modules, agent, services"):
        version = install_modules(profile, kernel, root)
        install_agent(root)
        settle(profile, root)
    with phase("kernel and initrd"):
        (workshop.scratch / "vmlinux").write_bytes(unpack_kernel(kernel, version))
        (workshop.scratch / "initrd.cpio").write_bytes(
            make_initrd(profile, kernel / "lib/modules" / version, root)
        )
    with phase("disk image"):
        make_disk(root, workshop.scratch)
    meta = {
        "profile": profile.name,
        "build_id": ident,
        "suite": profile.suite,
        "kernel": version,
        "sizes": {name: (workshop.scratch / name).stat().st_size for name in ARTEFACTS},
        "packages": installed(root),
    }
    publish(meta, workshop.scratch, out)


# ---- what goes in


def load_profile(name: str, folder: Path = PROFILES) -> Profile:
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in folder.glob("*.toml")))
        raise BuildError(f"There is no such profile. There are: {known}.")
    facts = tomllib.loads(path.read_text())
    unknown = facts.keys() - {*Profile.__annotations__, "extends", "packages"}
    if unknown:
        raise BuildError(f"{path.name} has words we do not know: {sorted(unknown)}.")
    own = Profile(
        name=name,
        suite=facts.get("suite", ""),
        layers=(tuple(facts.get("packages", ())),),
        modules=tuple(facts.get("modules", ())),
        initrd_modules=tuple(facts.get("initrd_modules", ())),
        loaded_modules=tuple(facts.get("loaded_modules", ())),
        masked_units=tuple(facts.get("masked_units", ())),
        unwanted_units=tuple(facts.get("unwanted_units", ())),
        disabled_units=tuple(facts.get("disabled_units", ())),
        removed_udev_rules=tuple(facts.get("removed_udev_rules", ())),
        dropped_lines=tuple(
            DroppedLines(**each) for each in facts.get("dropped_lines", ())
        ),
        files=(path,),
    )
    if "extends" in facts:
        return merge(load_profile(facts["extends"], folder), own)
    return own


def merge(base: Profile, top: Profile) -> Profile:
    """Everything of both; what a machine is called and built from is the top's."""

    def both(name: str) -> tuple[Any, ...]:
        return tuple(dict.fromkeys((*getattr(base, name), *getattr(top, name))))

    return Profile(
        name=top.name,
        suite=top.suite or base.suite,
        layers=(*base.layers, *top.layers),
        modules=both("modules"),
        initrd_modules=both("initrd_modules"),
        loaded_modules=both("loaded_modules"),
        masked_units=both("masked_units"),
        unwanted_units=both("unwanted_units"),
        disabled_units=both("disabled_units"),
        removed_udev_rules=both("removed_udev_rules"),
        dropped_lines=both("dropped_lines"),
        files=(*base.files, *top.files),
    )


def build_id(profile: Profile) -> str:
    """Changes with every input that lies in this folder, and with the release."""
    sources = [
        *profile.files,
        *(HERE / name for name in ("build.py", "debian.py", "init.sh")),
        *(HERE / name for name in ("fetch-kernel.sh", "agent.c", "probe.c")),
        *sorted(path for path in OVERLAY.rglob("*") if path.is_file()),
    ]
    digest = hashlib.sha256(profile.suite.encode())
    for path in sources:
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"\0{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def layer_ids(profile: Profile) -> list[str]:
    """A layer is named by its packages and by all that lies below it."""
    ids: list[str] = []
    below = f"1 {profile.suite}"  # Count up to have every layer fetched again.
    for packages in profile.layers:
        below = hashlib.sha256(f"{below} {sorted(packages)}".encode()).hexdigest()[:16]
        ids.append(below)
    return ids


def is_built(out: Path, ident: str) -> bool:
    try:
        meta = json.loads((out / "meta.json").read_text())
    except (OSError, ValueError):
        return False
    complete = all((out / name).is_file() for name in ARTEFACTS)
    return complete and meta.get("build_id") == ident


# ---- layers


def make_layers(profile: Profile, workshop: Workshop) -> tuple[Path, Path]:
    """The archive with all packages of the profile, and the folder of the kernel."""
    below: Path | None = None
    ids = layer_ids(profile)
    kernel = workshop.cache / f"kernel-{ids[0]}"
    for number, (ident, packages) in enumerate(zip(ids, profile.layers, strict=True)):
        archive = workshop.cache / f"layer-{ident}.tar.zst"
        if not archive.exists() or (number == 0 and not kernel.exists()):
            with phase(f"packages, layer {number}"):
                fetch_layer(profile.suite, packages, below, archive, kernel, workshop)
        below = archive
    assert below is not None
    return below, kernel


def fetch_layer(
    suite: str,
    packages: Sequence[str],
    below: Path | None,
    archive: Path,
    kernel: Path,
    workshop: Workshop,
) -> None:
    unfinished = workshop.scratch / archive.name
    if below is None:
        new_kernel = workshop.scratch / kernel.name
        new_kernel.mkdir()
        script = shlex.join([str(HERE / "fetch-kernel.sh")])
        hooks = [f'--customize-hook={script} "$1" {shlex.quote(str(new_kernel))}']
        bootstrap(suite, packages, unfinished, scratch=workshop.scratch, hooks=hooks)
        empty(kernel)
        new_kernel.rename(kernel)
    else:
        unpack = f'tar -C "$1" --exclude ./dev -xf {shlex.quote(str(below))}'
        bootstrap(
            suite,
            packages,
            unfinished,
            scratch=workshop.scratch,
            variant="custom",
            hooks=[f"--setup-hook={unpack}"],
        )
    unfinished.rename(archive)


# ---- kernel


def unpack_kernel(kernel: Path, version: str) -> bytes:
    """The ELF inside the bzImage: QEMU starts it directly, nothing to decompress."""
    image = (kernel / "boot" / f"vmlinuz-{version}").read_bytes()
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    packed = image[start : start + length]
    if not packed.startswith(b"\xfd7zXZ"):
        raise BuildError(f"The kernel {version} is not packed with xz as expected.")
    elf = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed)
    if not elf.startswith(b"\x7fELF"):
        raise BuildError(f"The kernel {version} does not hold an ELF image.")
    return elf


def parse_modules_dep(text: str) -> dict[str, tuple[str, ...]]:
    """modules.dep: each module with what it needs, nearest first."""
    pairs = (line.partition(":") for line in text.splitlines() if line)
    return {name: tuple(needed.split()) for name, _, needed in pairs}


def select_modules(
    patterns: Iterable[str], dependencies: Mapping[str, Sequence[str]]
) -> list[str]:
    """Every module a pattern names, and all that those need."""
    chosen: set[str] = set()
    for pattern in patterns:
        path = f"kernel/{pattern}"
        named = [
            module
            for module in dependencies
            if module.startswith(f"{path}/") or fnmatch.fnmatchcase(module, path)
        ]
        if not named:
            raise BuildError(f"The kernel has no module {pattern}.")
        for module in named:
            chosen.update([module, *dependencies[module]])
    return sorted(chosen)


def load_order(
    names: Iterable[str], dependencies: Mapping[str, Sequence[str]]
) -> list[str]:
    """Files to insert one after the other; a name that is built in has none."""
    files = {module_name(path): path for path in dependencies}
    order: dict[str, None] = {}
    for name in names:
        if path := files.get(module_name(name)):
            order.update(dict.fromkeys([*reversed(dependencies[path]), path]))
    return list(order)


def module_name(path: str) -> str:
    return Path(path).name.removesuffix(".ko").replace("-", "_")


def install_modules(profile: Profile, kernel: Path, root: Path) -> str:
    (tree,) = (kernel / "lib/modules").iterdir()
    target = root / "usr/lib/modules" / tree.name
    dependencies = parse_modules_dep((tree / "modules.dep").read_text())
    always = ["modules.order", "modules.builtin", "modules.builtin.modinfo"]
    for name in [*always, *select_modules(profile.modules, dependencies)]:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree / name, target / name)
    run(["chroot", root, "depmod", tree.name])
    return tree.name


def make_initrd(profile: Profile, tree: Path, root: Path) -> bytes:
    dependencies = parse_modules_dep((tree / "modules.dep").read_text())
    modules = load_order(profile.initrd_modules, dependencies)
    names = " ".join(Path(module).name for module in modules)
    init = (HERE / "init.sh").read_text().replace("@MODULES@", names)
    files: dict[str, bytes | None] = {
        **dict.fromkeys(["bin", "dev", "modules", "proc", "root"]),
        "bin/busybox": (root / "usr/bin/busybox").read_bytes(),
        "bin/sh": (root / "usr/bin/busybox").read_bytes(),
        "init": init.encode(),
    }
    for module in modules:
        files[f"modules/{Path(module).name}"] = (tree / module).read_bytes()
    return cpio(files)


def cpio(files: Mapping[str, bytes | None]) -> bytes:
    """What the kernel unpacks at its start; None is a folder, the rest executable."""
    archive = bytearray()
    for number, (name, content) in enumerate([*files.items(), ("TRAILER!!!", b"")], 1):
        mode = 0o040755 if content is None else 0o100755
        data = content or b""
        header = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        archive += b"070701" + "".join(f"{each:08x}" for each in header).encode()
        archive += name.encode() + b"\0"
        archive += bytes(-len(archive) % 4)
        archive += data
        archive += bytes(-len(archive) % 4)
    return bytes(archive)


# ---- the root file system


def install_agent(root: Path) -> None:
    """And the observer's probe: both are ours, small and static."""
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-static", "-s"]
    for name, source in (("nines-agent", AGENT), ("nines-probe", PROBE)):
        target = root / "usr/local/sbin" / name
        run(["gcc", *flags, "-o", target, source])
        target.chmod(0o755)


def settle(profile: Profile, root: Path) -> None:
    """Make a machine calm: only what a student starts runs, and nothing asks for it."""
    for path in sorted(OVERLAY.rglob("*")):
        if path.is_file():
            copy_overlay(path, root / path.relative_to(OVERLAY))
    for change in profile.dropped_lines:
        drop_lines(root / change.file, change.containing)
    for rule in profile.removed_udev_rules:
        (root / f"usr/lib/udev/rules.d/{rule}.rules").unlink(missing_ok=True)
    loaded = "".join(f"{name}\n" for name in profile.loaded_modules)
    (root / "etc/modules-load.d/nines.conf").write_text(loaded)

    unwanted = {*profile.masked_units, *profile.unwanted_units}
    for folder in ("etc/systemd/system", "usr/lib/systemd/system"):
        for link in (root / folder).glob("*.wants/*"):
            if link.name in unwanted:
                link.unlink()
    chrooted = ["chroot", str(root), "systemctl", "--quiet"]
    run([*chrooted, "mask", *profile.masked_units])
    if profile.disabled_units:
        run([*chrooted, "disable", *profile.disabled_units])
    run([*chrooted, "enable", "nines-agent.service"])
    run([*chrooted, "set-default", "multi-user.target"])

    for leftover in ("usr/lib/udev/hwdb.d", "usr/lib/udev/hwdb.bin", "usr/share/icons"):
        run(["rm", "-rf", root / leftover])
    for folder in ("bug", "doc", "info", "lintian", "locale", "man"):
        empty(root / "usr/share" / folder)
    empty(root / "var/log/apt")
    for name in (
        "var/log/dpkg.log",
        "var/log/bootstrap.log",
        "var/log/alternatives.log",
    ):
        (root / name).unlink(missing_ok=True)
    for path in (root / "etc/apt/apt.conf.d").glob("99mmdebstrap"):
        path.unlink()
    for path in (root / "var/cache/debconf").glob("*-old"):
        path.unlink()


def copy_overlay(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink():
        target.unlink()
    shutil.copyfile(source, target)
    target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def drop_lines(path: Path, containing: str) -> None:
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if containing not in line]
    if kept == lines:
        raise BuildError(f"{path.name} has no line with {containing} to drop.")
    path.write_text("".join(kept))


def installed(root: Path) -> dict[str, str]:
    packages = {}
    for stanza in (root / "var/lib/dpkg/status").read_text().split("\n\n"):
        fields = dict(
            line.split(": ", 1)
            for line in stanza.splitlines()
            if line.startswith(("Package: ", "Version: "))
        )
        if fields:
            packages[fields["Package"]] = fields["Version"]
    return packages


def make_disk(root: Path, scratch: Path) -> None:
    raw = scratch / "rootfs.ext4"
    # Written in full now, so that no kernel thread does it in every machine later.
    eager = "lazy_itable_init=0,lazy_journal_init=0"
    features = "^metadata_csum,^resize_inode"
    command = ["mke2fs", "-q", "-t", "ext4", "-L", "root", "-m", "0", "-E", eager]
    run([*command, "-O", features, "-J", "size=16", "-d", root, raw, DISK_SIZE])
    convert = ["qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2"]
    zstd = ["-o", "compression_type=zstd"]
    run([*convert, *zstd, raw, scratch / "rootfs.qcow2"])


def publish(meta: Mapping[str, object], scratch: Path, out: Path) -> None:
    """meta.json says that the rest is whole, so it goes first and comes last."""
    for name in ARTEFACTS:
        shutil.copyfile(scratch / name, out / f".{name}.new")
    (out / ".meta.json.new").write_text(json.dumps(meta, indent=1) + "\n")
    (out / "meta.json").unlink(missing_ok=True)
    for name in (*ARTEFACTS, "meta.json"):
        (out / f".{name}.new").rename(out / name)


def empty(folder: Path) -> None:
    """An empty folder, whatever was there; never across a mount."""
    run(["rm", "-rf", "--one-file-system", folder])
    folder.mkdir(parents=True)


if __name__ == "__main__":
    sys.exit(main())
