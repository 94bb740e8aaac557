"""What is built from the checkout: Python environment, pages, node images."""

import hashlib
import os
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from bootstrap.phases import ROOT, VAR, Stopped, as_root, phase, quiet, run

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NINES = VENV / "bin" / "nines"
FRONTEND = ROOT / "frontend"
STAMPS = VAR / "stamps"
OFFLINE = "Is the package index reachable from here? Then run this again."


def python_environment(requirements: Path) -> None:
    with phase("Python environment") as note:
        if sys.version_info < (3, 11):  # noqa: UP036 - runs before we choose one
            raise Stopped(
                f"Python {sys.version_info.major}.{sys.version_info.minor} is too old.",
                "Nines needs Python 3.11 or later (Debian 12 has it).",
            )
        mark = digest([requirements, ROOT / "pyproject.toml"])
        if is_stamped("python", mark) and NINES.exists():
            note("up to date")
            return
        if not PYTHON.exists():
            run([sys.executable, "-m", "venv", "--clear", VENV], advice=OFFLINE)
        pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet"]
        run(
            [*pip, "--require-hashes", "--no-deps", "-r", requirements],
            advice=OFFLINE,
        )
        run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], advice=OFFLINE)
        stamp("python", mark)


def pages() -> None:
    with phase("Front end") as note:
        left_out = {"node_modules", "build", ".svelte-kit"}
        mark = digest(
            path
            for path in sorted(FRONTEND.rglob("*"))
            if path.is_file() and not left_out & set(path.parts)
        )
        if is_stamped("pages", mark) and (FRONTEND / "build/index.html").exists():
            note("up to date")
            return
        npm = node_tool("npm")
        lock = digest([FRONTEND / "package-lock.json"])
        if not (is_stamped("npm", lock) and (FRONTEND / "node_modules").is_dir()):
            run([npm, "ci", "--no-audit", "--no-fund"], cwd=FRONTEND, advice=OFFLINE)
            stamp("npm", lock)
        run(
            [npm, "run", "build"],
            cwd=FRONTEND,
            advice="The last lines name the file that does not build.",
        )
        stamp("pages", mark)


def node_tool(name: str) -> Path:
    """npm or node of the wheel in our environment, put first in the path."""
    folder = VENV / "bin"
    if not os.environ["PATH"].startswith(f"{folder}:"):
        os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    return folder / name


def lab_profiles() -> list[str]:
    """Every profile a lab's machines name."""
    found = set()
    for manifest in (ROOT / "labs").glob("*/*/lab.toml"):
        lab = tomllib.loads(manifest.read_text())
        default = lab.get("profile", "base")
        found |= {node.get("profile", default) for node in lab["nodes"]}
    return sorted(found)


def images(profiles: Sequence[str]) -> None:
    """These profiles; the others are built when a session first needs them."""
    guest = ROOT / "containers/guest/build.py"
    full = "A full disk is the usual reason: `df -h`. Then run this again."
    for profile in profiles:
        with phase(f"Machine image: {profile}"):
            run(
                as_root(
                    sys.executable,
                    guest,
                    profile,
                    "--out",
                    VAR / "profiles" / profile,
                    "--work",
                    VAR / "cache",
                ),
                advice=full,
                show=True,
            )
    with phase("Session image"):
        run(
            as_root(
                sys.executable,
                ROOT / "containers/sandbox/build.py",
                "--work",
                VAR / "cache",
            ),
            advice=full,
            show=True,
        )
    with phase("Templates for an instant start") as note:
        if is_stamped("templates", _template_mark(profiles)):
            note("up to date")
            return
        bake: list[str | Path] = [NINES, "images", "build", *profiles]
        run(bake, advice="See `nines doctor`.", show=True)
        stamp("templates", _template_mark(profiles))


def _template_mark(profiles: Sequence[str]) -> str:
    """What templates are made from, and what the engine has of them now."""
    _, image = quiet(["docker", "image", "ls", "-q", "nines-sandbox"])
    _, volumes = quiet(["docker", "volume", "ls", "-q", "--filter", "label=nines"])
    built = [name for name in volumes.split() if name.startswith("nines-template-")]
    sources = sorted((ROOT / "labs").glob("*/*/lab.toml"))
    mark = digest([*sources, *(VAR / f"profiles/{p}/meta.json" for p in profiles)])
    return " ".join([mark, *sorted(image.split()), *sorted(built)])


def remove_images() -> None:
    """Containers, volumes and images with our label; nothing else of the engine's."""
    ours = "label=nines"
    for kind, listing, removal in (
        ("containers", ["ps", "-aq"], ["rm", "-fv"]),
        ("volumes", ["volume", "ls", "-q"], ["volume", "rm", "-f"]),
        ("images", ["image", "ls", "-q"], ["image", "rm", "-f"]),
    ):
        _, found = quiet(["docker", *listing, "--filter", ours])
        if ids := sorted(set(found.split())):
            with phase(f"Removing {len(ids)} {kind}"):
                run(["docker", *removal, *ids], advice="Remove them by hand.")


def digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def is_stamped(what: str, mark: str) -> bool:
    file = STAMPS / what
    return file.exists() and file.read_text() == mark


def stamp(what: str, mark: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / what).write_text(mark)
