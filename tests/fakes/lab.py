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


PAIR = """\
[[segments]]
name = "lan"
subnet = "192.168.1.0/24"

[[nodes]]
name = "st2"
nics = [{ segment = "lan", address = "192.168.1.20/24" }]
"""


def write_lab(
    folder: Path,
    checks: str = "",
    names: tuple[str, ...] = (),
    disks: int = 0,
    pair: bool = False,
) -> Path:
    """`nines lab new`'s lab; with `checks`, its code and the names a step gives. Of a
    pair, the second machine has no disks."""
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
    if pair:
        nics = 'nics = [{ segment = "lan", address = "192.168.1.10/24" }]'
        text = text.replace('name = "st1"', f'name = "st1"\n{nics}')
        text = text.replace("[faults]", f"{PAIR}\n[faults]")
        wrong = folder / "wrong/misspelt.sh"
        wrong.write_text(f"# node: st1\n{wrong.read_text()}")
    manifest.write_text(text)
    return folder


def lab_with(
    tmp_path: Path, checks: str, *names: str, disks: int = 0, pair: bool = False
) -> LabFolder:
    folder = write_lab(tmp_path / "ch09" / "test", checks, names, disks, pair)
    return read_lab(folder)
