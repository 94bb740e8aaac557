"""`python3 backend/bootstrap up|down|clean|prepare`; `make` is the way to call it."""

import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bootstrap import build, machine, server
from bootstrap.phases import ROOT, VAR, Stopped, as_root, fail, phase, run


def up() -> None:
    """Install, build, migrate, seed and serve."""
    started = time.monotonic()
    machine.install(machine.TO_RUN)
    machine.start_engine()
    build.python_environment(_requirements())
    build.pages()
    build.images(FIRST_PROFILES)
    server.migrate_and_seed()
    server.serve()
    print(f"\nNines is ready after {time.monotonic() - started:.0f} s: {server.URL}")
    print("Stop it with `make down`. What the server says: var/log/nines.log")


def prepare() -> None:
    """Everything the tests need: as `up`, with the test tools, without the server."""
    machine.install(machine.TO_TEST)
    machine.start_engine()
    build.python_environment(ROOT / "tests/requirements.txt")
    build.pages()
    build.images(build.lab_profiles())


def down() -> None:
    """Stop the server, and the Docker engine if `up` had to start it."""
    with phase("Stopping the server") as note:
        note("stopped" if server.stop() else "was not running")
    with phase("Stopping the Docker engine"):
        machine.stop_engine()


def clean() -> None:
    """Remove what was built here, the database included; nothing else."""
    server.stop()
    if machine.start_engine() or True:
        build.remove_images()
    machine.stop_engine()
    with phase("Removing .venv, var, node_modules and the built pages"):
        for path in (
            VAR,
            ROOT / ".venv",
            build.FRONTEND / "node_modules",
            build.FRONTEND / "build",
            build.FRONTEND / ".svelte-kit",
        ):
            if path.exists():
                shutil.rmtree(path, ignore_errors=True)
            if path.exists():  # Parts were built as root.
                run(as_root("rm", "-rf", path), advice=f"Remove {path} by hand.")


def _requirements() -> Path:
    """The test tools stay where they have been installed."""
    tests = ROOT / "tests/requirements.txt"
    mark = build.digest([tests, ROOT / "pyproject.toml"])
    return tests if build.is_stamped("python", mark) else ROOT / REQUIREMENTS


FIRST_PROFILES = ("storage",)  # What the first lab's machine is.
REQUIREMENTS = "backend/requirements.txt"
COMMANDS = {"up": up, "down": down, "clean": clean, "prepare": prepare}


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        print(f"usage: bootstrap {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        COMMANDS[sys.argv[1]]()
    except Stopped as stopped:
        return fail(stopped)
    except KeyboardInterrupt:
        print("\n  Interrupted. Run the same command again: it goes on from here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
