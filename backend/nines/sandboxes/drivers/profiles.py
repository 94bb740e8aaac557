"""Machine images, built when something first needs them.

The guest's own script builds; here is who may ask it, and that all wait for one build.
"""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio

from nines.config import ROOT
from nines.sandboxes.driver import SandboxUnavailable
from nines.sandboxes.drivers.images import only_one, read_profile

logger = logging.getLogger(__name__)

GUEST = ROOT / "containers" / "guest"
BUILD_WITHIN = 1800.0

Build = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Profiles:
    folder: Path
    locks: Path
    build: Build | None  # None where we may not: a root file system takes root.

    async def have(self, names: Iterable[str]) -> None:
        """Build what is missing. Where we may not, reading it says what to do."""
        for name in sorted(set(names)):
            if self.build and not self._has(name):
                async with only_one(self.locks, f"profile-{name}"):
                    if not self._has(name):
                        # Goes on when this student leaves: the next finds it built.
                        await asyncio.shield(asyncio.ensure_future(self.build(name)))

    def _has(self, name: str) -> bool:
        try:
            read_profile(self.folder, name)
        except SandboxUnavailable:
            return False
        return True


def builder(folder: Path) -> Build | None:
    """How this process builds into `folder`."""
    if os.geteuid() != 0:
        return None

    async def build(name: str) -> None:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *build_command(name, folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(BUILD_WITHIN):
                _, said = await process.communicate()
        except TimeoutError as error:
            raise not_built(name, "it took too long") from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):  # Its helpers end with it.
                    os.killpg(process.pid, signal.SIGTERM)
                with anyio.CancelScope(shield=True):
                    await process.communicate()
        if process.returncode:
            reason = said.decode(errors="replace").strip()
            logger.error("profile not built", extra={"profile": name, "error": reason})
            raise not_built(name, " ".join(reason.split())[-200:].rstrip("."))
        seconds = round(time.monotonic() - began, 1)
        logger.info("profile built", extra={"profile": name, "seconds": seconds})

    return build


def not_built(name: str, reason: str) -> SandboxUnavailable:
    return SandboxUnavailable(
        f"The machine image “{name}” could not be built: {reason}. "
        f"Try again, or have it built with `nines images build {name}`."
    )


def build_command(name: str, folder: Path) -> list[str]:
    """Layers are kept beside the folder of profiles, for the next build."""
    places = ["--out", str(folder / name), "--work", str(folder.parent / "cache")]
    return [sys.executable, str(GUEST / "build.py"), name, *places]


def states(folder: Path) -> dict[str, str]:
    """Every profile there is: `built`, `outdated` or `missing` in `folder`."""
    command = [sys.executable, str(GUEST / "states.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found
