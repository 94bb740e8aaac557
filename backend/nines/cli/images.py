"""`nines images`: what sessions start from, made now and not when a student waits."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import typer

from labkit.manifest import LabFolder
from nines.catalog.content import read_content
from nines.config import Settings
from nines.sandboxes.driver import SandboxUnavailable
from nines.sandboxes.drivers.container import DockerDriver
from nines.sandboxes.drivers.images import Shape
from nines.sandboxes.lab_spec import sandbox_spec

app = typer.Typer(
    help="Profiles and templates that sessions start from.", no_args_is_help=True
)


@app.command("list")
def show() -> None:
    """What is there, and what every lab needs."""
    raise typer.Exit(asyncio.run(_show()))


@app.command()
def build() -> None:
    """Make what the labs need and is missing; what is there is not made again."""
    raise typer.Exit(asyncio.run(_build()))


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
        print(f"{name}: missing; `nines images build` makes it")
    return 1 if missing else 0


async def _build() -> int:
    failed = False
    async with opened() as driver:
        image = await driver.workshop.image()
        for shape in sorted(shapes_of(read_labs()), key=repr):
            disks = f", disks of {shape.disks} MB" if shape.disks else ""
            what = f"{shape.profile}, {shape.memory_mb} MB, {shape.cpus} CPU{disks}"
            print(f"{what} …", flush=True)
            began = time.monotonic()
            try:
                ready = await driver.workshop.prepare(image, [shape])
            except SandboxUnavailable as error:
                failed = True
                print(f"  {error}")
                continue
            print(f"  ready after {time.monotonic() - began:.1f} s", flush=True)
            accelerator = ready.accelerator
            print(f"  {accelerator.name}: {accelerator.reason}")
    return 1 if failed else 0


async def _prune() -> int:
    async with opened() as driver:
        needed = await needs(driver, read_labs())
        for name in await driver.workshop.prune(needed):
            print(f"{name}: removed")
    return 0


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
        try:
            needed |= driver.workshop.plan(image, shape)
        except SandboxUnavailable as error:
            print(error)
    return needed
