import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from nines import migrations
from nines.catalog.content import read_content
from nines.config import Settings
from nines.sandboxes.drivers.container import DockerDriver

ROOM_MB = 1024  # Less is not enough for a session and what it writes.


@dataclass(frozen=True)
class Finding:
    part: str
    is_well: bool
    detail: str


def doctor() -> None:
    """Say what works, what is missing, and how to get it."""
    findings = list(examine(Settings.read()))
    for each in findings:
        print(f"{'ok     ' if each.is_well else 'MISSING'} {each.part}: {each.detail}")
    raise typer.Exit(0 if all(each.is_well for each in findings) else 1)


def examine(settings: Settings) -> Iterator[Finding]:
    yield _state_folder(settings)
    yield _database(settings)
    yield _pages(settings)
    yield from _content(settings)
    yield from _machines(settings)


def _state_folder(settings: Settings) -> Finding:
    folder = settings.state_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".doctor").touch()
        (folder / ".doctor").unlink()
    except OSError as error:
        return Finding("state folder", False, f"{folder} cannot be written: {error}")
    return Finding("state folder", True, str(folder))


def _database(settings: Settings) -> Finding:
    try:
        missing = asyncio.run(migrations.missing(settings.database))
    except Exception as error:  # A driver for another database raises what it likes.
        return Finding("database", False, f"it does not answer: {error}")
    if missing:
        return Finding("database", False, "not up to date; run `nines db upgrade`")
    return Finding("database", True, "up to date")


def _pages(settings: Settings) -> Finding:
    if (settings.frontend_dir / "index.html").is_file():
        return Finding("front end", True, str(settings.frontend_dir))
    advice = "not built; `npm ci && npm run build` in frontend/, or `make up`"
    return Finding("front end", False, advice)


def _content(settings: Settings) -> Iterator[Finding]:
    content = read_content(settings.labs_dir)
    for problem in content.problems:
        yield Finding("content", False, str(problem))
    if not content.problems:
        counted = f"{len(content.labs)} labs, {len(content.calculations)} calculations"
        yield Finding("content", True, counted)


def _machines(settings: Settings) -> Iterator[Finding]:
    facts = asyncio.run(_diagnose(settings))
    if facts["engine"] is None:
        yield Finding("Docker engine", False, str(facts["problem"]))
        return
    yield Finding("Docker engine", True, f"{facts['engine']}, {facts['cpus']} CPUs")
    limit = f", {settings.capacity_mb} MB allowed" if settings.capacity_mb else ""
    memory = f"{facts['memory_available_mb']} of {facts['memory_mb']} MB free{limit}"
    yield Finding("memory", facts["memory_available_mb"] >= ROOM_MB, memory)
    if (free := facts["disk_free_mb"]) is not None:
        advice = "" if free >= ROOM_MB else "; free some, as with `nines images prune`"
        yield Finding("disk", free >= ROOM_MB, f"{free} MB free{advice}")
    if facts["image"] is None:
        yield Finding("node image", False, "not built; `make up` builds it")
    else:
        whole = sum(each.whole for each in facts["kept"])
        kept = f"{facts['image']}, {whole} profiles and templates ready"
        yield Finding("node image", True, kept)
    for each in facts["accelerators"]:
        yield Finding("accelerator", True, f"{each.name}: {each.reason}")
    if not facts["accelerators"]:
        yield Finding("accelerator", True, "found out when the first machine starts")


async def _diagnose(settings: Settings) -> dict[str, Any]:
    driver = DockerDriver(settings.state_dir, capacity_mb=settings.capacity_mb)
    try:
        return await driver.diagnose()
    finally:
        await driver.close()
