"""A lab in a temporary folder, for tests that need one on disk."""

from pathlib import Path

from labkit.manifest import LabFolder, read_lab
from labkit.new import write_new_lab

HEAD = """\
from labkit import *

def made(name, inspect, **about):
    inspect.__name__ = name
    return check(ja=name, en=name, **about)(inspect)
"""


def write_lab(
    folder: Path, checks: str = "", names: tuple[str, ...] = (), disks: int = 0
) -> Path:
    """`nines lab new`'s lab; with `checks`, its code and the names a step gives."""
    write_new_lab(folder)
    manifest = folder / "lab.toml"
    text = manifest.read_text()
    if checks:
        (folder / "checks.py").write_text(HEAD + checks)
        listed = ", ".join(f'"{name}"' for name in names)
        text = text.replace('"greeting_is_there", "greeting_is_right"', listed)
        (folder / "wrong/misspelt.sh").write_text(f"# fails: {names[0]}\n")
    if disks:
        listed = ", ".join(
            f'{{ name = "vd{chr(98 + place)}", size_mb = 16 }}'
            for place in range(disks)
        )
        text = text.replace('name = "st1"', f'name = "st1"\ndisks = [{listed}]')
    manifest.write_text(text)
    return folder


def lab_with(tmp_path: Path, checks: str, *names: str, disks: int = 0) -> LabFolder:
    return read_lab(write_lab(tmp_path / "ch09" / "test", checks, names, disks))
