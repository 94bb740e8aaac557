"""A small host whose labs are in a bad way."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import RunningServer
from tests.fakes.lab import write_lab
from tests.fakes.labs import write_labs

ONE_LAB_MB = 700  # A lab here needs 576 MB.
CHECKERS = """
import os, sys, time

def good(lab):
    require(lab.node("st1").read("/etc/hostname"), ja="ない", en="no")
good = made("good", good, points=4)

def moody(lab):
    if lab.node("st1").read("/root/moody"):
        raise RuntimeError("not today")
moody = made("moody", moody, points=2)

def raises(lab): 1 / 0
raises = made("raises", raises, points=1)

def hangs(lab): time.sleep(600)
hangs = made("hangs", hangs, points=1, time_limit=1.5)

def garbage(lab):
    print("garbage " * 1000)
    for fd in range(3, 60):
        try: os.write(fd, b'{{{ garbage\\n')
        except OSError: pass
garbage = made("garbage", garbage, points=1)

def leaves(lab): os._exit(0)
leaves = made("leaves", leaves, points=1)
"""
NAMES = ("good", "moody", "raises", "hangs", "garbage", "leaves")


@pytest.fixture(scope="package")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One lab that is whole, one whose checkers fail, one that does not load."""
    folder = write_labs(tmp_path_factory.mktemp("labs"))
    hostile = write_lab(folder / "ch02/hostile", CHECKERS, NAMES)
    disks = ", ".join(
        f'{{ name = "{disk}", size_mb = 256 }}' for disk in ("vdb", "vdc")
    )
    manifest = hostile / "lab.toml"
    text = manifest.read_text("utf-8")
    # The shape of the lab that is always baked.
    text = text.replace('profile = "base"', 'profile = "storage"')
    text = text.replace('"1.1.1"', '"2.1.3"')
    text = text.replace(
        'name = "st1"', f'name = "st1"\nmemory_mb = 256\ndisks = [{disks}]'
    )
    manifest.write_text(text, "utf-8")

    wrong = Path(shutil.copytree(folder / "ch02/mirror", folder / "ch02/wrong"))
    manifest = wrong / "lab.toml"
    text = manifest.read_text("utf-8").replace("minutes = 20", "minutes = 0")
    manifest.write_text(text.replace("difficulty", "dificulty"), "utf-8")
    (wrong / "checks.py").write_text("def (\n")
    return folder


@pytest.fixture(scope="package")
def small_server(
    labs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """With room for one lab at a time."""
    settings = {"NINES_LABS_DIR": str(labs), "NINES_CAPACITY_MB": str(ONE_LAB_MB)}
    folder = tmp_path_factory.mktemp("small") / "state"
    with RunningServer(folder, settings=settings) as running:
        yield running
