"""Commands for lab authors. Exit code 0: fine; 1: the lab has problems, or this
host cannot run it; 2: no such lab, or another command is at work."""

import asyncio
import fcntl
import json
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from labkit.manifest import LabFolder, LabProblems, find_labs, read_lab, slug_of
from labkit.new import write_new_lab
from labkit.schema import Manifest
from nines.cli.trying import try_lab
from nines.config import Settings
from nines.grading.prove import PARTS, Part, Trial, prove
from nines.sandboxes.driver import SandboxDriver
from nines.sandboxes.drivers.container import DockerDriver

app = typer.Typer(help="Write, lint, prove and try labs.", no_args_is_help=True)

PROOFS = "proofs.toml"
SCHEMA = "lab.schema.json"

Slugs = Annotated[list[str] | None, typer.Argument(help="All labs when left out.")]
Only = Annotated[
    Literal["untouched", "solution", "wrong"] | None,
    typer.Option(help="One part of the proof; it is not recorded then."),
]


@app.command()
def new(slug: Annotated[str, typer.Argument(help="ch02-raid1-mdadm")]) -> None:
    """Write a small, complete lab to start from."""
    folder = _folder_of(slug)
    try:
        write_new_lab(folder)
    except FileExistsError:
        _fail(f"There is something at {folder} already.", code=1)
    print(f"{folder} is a lab now. Next: nines lab lint {slug}")


@app.command()
def lint(slugs: Slugs = None) -> None:
    """Say everything that is wrong with labs, without starting a machine."""
    wrong = 0
    for folder in _chosen(slugs):
        try:
            read_lab(folder)
        except LabProblems as problems:
            wrong += 1
            print(problems)
        else:
            print(f"{slug_of(folder)}: ok")
    if wrong:
        raise typer.Exit(1)


@app.command(name="prove")
def prove_labs(slugs: Slugs = None, only: Only = None) -> None:
    """Prove labs on real machines, and record the hash of what was proved."""
    parts: tuple[Part, ...] = (only,) if only else PARTS
    failed = [
        lab.slug
        for lab in map(_read, _chosen(slugs))
        if not asyncio.run(_prove(lab, parts))
    ]
    if failed:
        _fail(f"Not proved: {', '.join(failed)}", code=1)


@app.command(name="try")
def try_it(slug: str) -> None:
    """Open a lab in this terminal, without the web server. Ctrl-] opens the menu."""
    lab = _read(_existing(slug))

    async def run() -> None:
        async with author_driver() as driver:
            await try_lab(driver, lab)

    asyncio.run(run())


@app.command()
def schema(
    check: Annotated[
        bool, typer.Option(help="Only say whether it is current.")
    ] = False,
) -> None:
    """Write lab.schema.json, with which editors complete and check lab.toml."""
    file = Settings.read().labs_dir / SCHEMA
    if not check:
        file.write_text(schema_text(), encoding="utf-8")
    elif not file.is_file() or file.read_text("utf-8") != schema_text():
        _fail(f"{file} is not current. Run `nines lab schema`.", code=1)


def schema_text() -> str:
    return json.dumps(Manifest.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


@asynccontextmanager
async def author_driver() -> AsyncIterator[SandboxDriver]:
    """Sandboxes apart from the server's, which would take ours for orphans. What an
    earlier command left behind by being killed is removed."""
    settings = Settings.read()
    state = settings.state_dir / "author"
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _fail("Another `nines lab prove` or `try` is running.", code=2)
        driver = DockerDriver(
            state,
            profiles=settings.profiles_dir,
            capacity_mb=settings.capacity_mb,
        )
        try:
            for left in await driver.names():
                await driver.stop(left)
            yield driver
        finally:
            await driver.close()


async def _prove(lab: LabFolder, parts: tuple[Part, ...]) -> bool:
    print(f"{lab.slug}")
    async with author_driver() as driver:
        trials = await prove(driver, lab, parts=parts, told=_show)
    ok = all(trial.ok for trial in trials)
    if ok and parts == PARTS:
        record_proof(lab)
    return ok


def _show(trial: Trial) -> None:
    verdict = "ok" if trial.ok else "FAILED"
    print(
        f"  {trial.name:<28} {verdict:<7} {trial.seconds:>6.1f} s "
        f"(checks {trial.checking_seconds:.1f} s)",
        flush=True,
    )
    for problem in trial.problems:
        print("    " + problem.strip().replace("\n", "\n    "))


def proofs(labs: Path) -> dict[str, str]:
    """Slug → the content hash that was proved last."""
    file = labs / PROOFS
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


def record_proof(lab: LabFolder) -> None:
    labs = lab.path.parents[1]
    known = {**proofs(labs), lab.slug: lab.content_hash}
    lines = [f'{slug} = "{proved}"\n' for slug, proved in sorted(known.items())]
    head = "# Written by `nines lab prove`: what each lab was when it was proved.\n"
    (labs / PROOFS).write_text(head + "".join(lines), encoding="utf-8")


def _chosen(slugs: list[str] | None) -> list[Path]:
    if slugs:
        return [_existing(slug) for slug in slugs]
    return find_labs(Settings.read().labs_dir)


def _read(folder: Path) -> LabFolder:
    try:
        return read_lab(folder)
    except LabProblems as problems:
        _fail(str(problems), code=1)


def _existing(slug: str) -> Path:
    folder = _folder_of(slug)
    if not (folder / "lab.toml").is_file():
        _fail(f"There is no lab {slug}.", code=2)
    return folder


def _folder_of(slug: str) -> Path:
    chapter, _, name = slug.replace("/", "-").partition("-")
    if not name or not chapter.startswith("ch"):
        _fail("A lab is named like ch02-raid1-mdadm.", code=2)
    return Settings.read().labs_dir / chapter / name


def _fail(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
