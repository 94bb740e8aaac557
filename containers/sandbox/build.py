"""Build the image that sessions run: `build.py --work CACHE`.

Root. Two images, named by what went into them: nines-qemu:ID is QEMU and Python from
Debian, nines-sandbox:ID adds our supervisor and our switch. What exists already is not
built again; the last line of the output is the name of the sandbox image.
"""

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from containers.guest.debian import BuildError, bootstrap, phase, run

HERE = Path(__file__).resolve().parent
SUPERVISOR = HERE / "supervisor"
SWITCH = HERE / "switch.c"
SUITE = "trixie"
PACKAGES = ("qemu-system-x86", "qemu-utils", "python3")

# Of QEMU's firmware, what a `pc` machine that starts an ELF kernel asks for.
FIRMWARE = ("bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin", "pvh.bin")
# Of QEMU's modules, the one that runs a machine without KVM.
MODULES = ("accel-tcg-",)
UNUSED = (
    "usr/bin/qemu-io",
    "usr/bin/qemu-nbd",
    "usr/bin/qemu-pr-helper",
    "usr/bin/qemu-storage-daemon",
    "usr/bin/qemu-system-i386",
    "usr/bin/qemu-system-x86_64-microvm",
    "usr/bin/qemu-vmsr-helper",
    "usr/lib/apt",
    "usr/lib/python3.13/pydoc_data",
    "usr/lib/qemu",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/share/bash-completion",
    "usr/share/doc",
    "usr/share/icons",
    "usr/share/lintian",
    "usr/share/man",
    "usr/share/perl5",
    "var/cache/debconf",
    "var/log",
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--base-only", action="store_true", help="only nines-qemu")
    options = parser.parse_args(arguments)
    base = f"nines-qemu:{base_id()}"
    final = f"nines-sandbox:{final_id()}"
    wanted = base if options.base_only else final
    try:
        if not exists(wanted):
            make_base(base, options.work.resolve())
            if not options.base_only:
                make_final(final, base)
    except BuildError as error:
        print(f"{wanted}: {error}", file=sys.stderr)
        return 1
    print(wanted)
    return 0


def base_id() -> str:
    return digest([HERE / "build.py", HERE.parent / "guest/debian.py"])


def final_id() -> str:
    return digest([HERE / "Dockerfile", SWITCH, *supervisor_files()], base_id())


def digest(paths: Iterable[Path], seed: str = "") -> str:
    total = hashlib.sha256(seed.encode())
    for path in paths:
        name = path.relative_to(HERE.parent)
        content = path.read_bytes()
        total.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:16]


def supervisor_files() -> list[Path]:
    return sorted(
        path
        for path in SUPERVISOR.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def exists(image: str) -> bool:
    shown = subprocess.run(["docker", "image", "inspect", image], capture_output=True)
    if shown.returncode and b"No such image" not in shown.stderr:
        raise BuildError(shown.stderr.decode().strip())
    return shown.returncode == 0


def make_base(image: str, cache: Path) -> None:
    if exists(image):
        return
    if os.geteuid() != 0:
        raise BuildError("Building a root file system needs root: run it through sudo.")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="qemu-", dir=cache) as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)
        archive = scratch / "root.tar"
        with phase("QEMU root"):
            hooks = [f"--customize-hook={slimming()}"]
            bootstrap(SUITE, PACKAGES, archive, scratch=scratch, hooks=hooks)
        with phase("import"):
            run(["docker", "import", "--change", "LABEL nines=1", archive, image])


def slimming() -> str:
    """The shell line that takes out what no session can use."""
    unused = " ".join(f'"$1"/{path}' for path in UNUSED)
    keep = " ".join(f"! -name {shlex.quote(name)}" for name in FIRMWARE)
    modules = " ".join(f"! -name {shlex.quote(name + '*')}" for name in MODULES)
    return "; ".join(
        [
            f"rm -rf {unused}",
            ': > "$1"/etc/apt/sources.list',
            f'find "$1"/usr/share/qemu -mindepth 1 ! -type d {keep} -delete',
            f'find "$1"/usr/lib/x86_64-linux-gnu/qemu -name "*.so" {modules} -delete',
            'find "$1"/usr/lib/python3* -name test -type d -prune -exec rm -rf {} +',
        ]
    )


def make_final(image: str, base: str) -> None:
    if not supervisor_files():
        raise BuildError(f"There is no supervisor in {SUPERVISOR}.")
    with tempfile.TemporaryDirectory(prefix="nines-sandbox-") as folder:
        context = Path(folder)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(SUPERVISOR, context / "supervisor", ignore=ignored)
        shutil.copyfile(HERE / "Dockerfile", context / "Dockerfile")
        with phase("switch"):
            compile_switch(context / "nines-switch")
        command = ["docker", "build", "--quiet", "--network=none", "--tag", image]
        with phase("sandbox image"):
            environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
            run([*command, f"--build-arg=BASE={base}", context], env=environment)


def compile_switch(target: Path) -> None:
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-static", "-s"]
    run(["gcc", *flags, "-o", target, SWITCH])


if __name__ == "__main__":
    sys.exit(main())
