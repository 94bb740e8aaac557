"""`nines images`: what sessions start from, made now and not when a student waits."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from labkit.manifest import LabFolder
from nines.catalog.content import read_content
from nines.config import Settings
from nines.sandboxes.driver import SandboxUnavailable
from nines.sandboxes.drivers.container import DockerDriver
from nines.sandboxes.drivers.images import Shape
from nines.sandboxes.drivers.profiles import build_command, states
from nines.sandboxes.lab_spec import sandbox_spec

app = typer.Typer(
    help="Profiles and templates that sessions start from.", no_args_is_help=True
)


Names = Annotated[
    list[str] | None, typer.Argument(help="Profiles; without any, what the labs need.")
]
All = Annotated[bool, typer.Option("--all", help="Every profile there is.")]


@app.command("list")
def show() -> None:
    """Every profile, and the templates that labs start from."""
    for name, state in states(profiles_dir()).items():
        advice = "" if state == "built" else f"; `nines images build {name}`"
        print(f"{name}: {state}{advice}")
    raise typer.Exit(asyncio.run(_show()))


@app.command()
def build(names: Names = None, every: All = False) -> None:
    """Build profiles, and bake the templates of the labs that use them.

    What is there and up to date is not made again."""
    known = states(profiles_dir())
    if unknown := set(names or ()) - known.keys():
        print(f"There is no profile {', '.join(sorted(unknown))}.")
        print(f"There are: {', '.join(known)}.")
        raise typer.Exit(2)
    shapes = shapes_of(read_labs())
    wanted = known if every else names or [shape.profile for shape in shapes]
    wanted = sorted(set(wanted))
    # All are tried: one that fails keeps nobody from the others.
    built = [name for name in wanted if _build_profile(name)]
    baked = asyncio.run(_bake({s for s in shapes if s.profile in built}))
    raise typer.Exit(0 if built == wanted and baked else 1)


@app.command()
def prune() -> None:
    """Remove profiles and templates no lab needs any more."""
    raise typer.Exit(asyncio.run(_prune()))


async def _show() -> int:
    async with opened() as driver:
        needed = await needs(driver, read_labs())
        kept = await driver.workshop.inventory()
    for each in kept:
        whole = "ready" if each.whole else f"unfinished ({each.state})"
        use = "" if each.name in needed else ", no lab needs it"
        print(f"{each.name}: {whole}{use}")
    missing = needed - {each.name for each in kept if each.whole}
    for name in sorted(missing):
        print(f"{name}: missing; made at the first start, or by `nines images build`")
    return 1 if missing else 0


def _build_profile(name: str) -> bool:
    """Its phases and times are printed while it is built; root is asked for."""
    command = build_command(name, profiles_dir())
    if os.geteuid() != 0 and states(profiles_dir()).get(name) != "built":
        command = ["sudo", *command]
    return subprocess.run(command).returncode == 0


async def _bake(shapes: Collection[Shape]) -> bool:
    if not shapes:
        return True
    whole = True
    async with opened() as driver:
        image = await driver.workshop.image()
        for shape in sorted(shapes, key=repr):
            print(f"{describe(shape)} …", flush=True)
            began = time.monotonic()
            try:
                ready = await driver.workshop.prepare(image, [shape])
            except SandboxUnavailable as error:
                whole = False
                print(f"  {error}")
                continue
            print(f"  ready after {time.monotonic() - began:.1f} s", flush=True)
            accelerator = ready.accelerator
            print(f"  {accelerator.name}: {accelerator.reason}")
    return whole


async def _prune() -> int:
    async with opened() as driver:
        needed = await needs(driver, read_labs())
        for name in await driver.workshop.prune(needed):
            print(f"{name}: removed")
    return 0


def describe(shape: Shape) -> str:
    parts = [shape.profile, f"{shape.memory_mb} MB", f"{shape.cpus} CPU"]
    if shape.disks:
        parts.append(f"disks of {' and '.join(map(str, shape.disks))} MB")
    if shape.nics:
        parts.append(f"{shape.nics} NIC")
    return ", ".join(parts)


def profiles_dir() -> Path:
    return Settings.read().profiles_dir


@asynccontextmanager
async def opened() -> AsyncIterator[DockerDriver]:
    settings = Settings.read()
    driver = DockerDriver(settings.state_dir, profiles=settings.profiles_dir)
    try:
        yield driver
    finally:
        await driver.close()


def read_labs() -> list[LabFolder]:
    return list(read_content(Settings.read().labs_dir).labs.values())


def shapes_of(labs: Iterable[LabFolder]) -> set[Shape]:
    return {
        Shape.of(node) for lab in labs for node in sandbox_spec(lab, lab.slug).nodes
    }


async def needs(driver: DockerDriver, labs: Iterable[LabFolder]) -> set[str]:
    """The receipts of everything the labs start from, as far as it can be told."""
    needed: set[str] = set()
    image = await driver.workshop.image()
    for shape in shapes_of(labs):
        with suppress(SandboxUnavailable):  # Of a profile that is not built.
            needed |= driver.workshop.plan(image, shape)
    return needed
