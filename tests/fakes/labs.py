"""A labs/ folder in miniature: two of three chapters written, one lab, one sum."""

from pathlib import Path
from textwrap import dedent

LAB = "ch02-mirror"
CALCULATION = "ch01-sum"

FILES = {
    "chapters.toml": """
        [[chapters]]
        number = 1
        title = { ja = "数える", en = "Counting" }
        [[chapters]]
        number = 2
        title = { ja = "重ねる", en = "Doubling" }
        [[chapters]]
        number = 3
        title = { ja = "まだない", en = "Not yet" }
        """,
    "ch01/chapter.toml": """
        number = 1
        title = { ja = "数える", en = "Counting" }
        lead = { ja = "足し算から。", en = "Start with sums." }
        [[sections]]
        number = "1.1"
        title = { ja = "足し算", en = "Sums" }
        level = 2
        """,
    "ch01/calc/sum.py": """
        from dataclasses import dataclass
        from labkit.calculations import HOURS, Generator, Step, Text, count

        SUM = Text(ja="和", en="Sum")

        @dataclass(frozen=True)
        class Two:
            a: int
            b: int

        def asks(v):
            return [count("sum", SUM, hint=SUM, unit=HOURS)]

        generator = Generator(
            id="G99",
            slug="ch01-sum",
            title=Text(ja="足し算", en="A sum"),
            sections=("1.1",),
            values=Two,
            draw=lambda random: Two(random.randint(2, 9), random.randint(2, 9)),
            tell=lambda v: Text(ja=f"{v.a}と{v.b}の和", en=f"{v.a} and {v.b}"),
            given=lambda v: [],
            asks=asks,
            solve=lambda v: {"sum": v.a + v.b},
            mistakes=(),
            explain=lambda v: [Step(Text(ja="足す", en="Add"), "a + b", "c")],
        )
        """,
    "ch02/chapter.toml": """
        number = 2
        title = { ja = "重ねる", en = "Doubling" }
        lead = { ja = "二つにする。", en = "Have two of it." }
        [[sections]]
        number = "2.1"
        title = { ja = "ディスク", en = "Disks" }
        level = 2
        [[sections]]
        number = "2.1.3"
        title = { ja = "ミラー", en = "Mirrors" }
        level = 3
        """,
    "ch02/sections/2.1.3.ja.md": "**鏡**のように。\n\n::: remember\n二つ。\n:::\n",
    "ch02/sections/2.1.3.en.md": "Like a **mirror**.\n\n::: remember\nTwo.\n:::\n",
    "ch02/mirror/lab.toml": """
        format = 1
        title = { ja = "ミラーを作る", en = "Build a mirror" }
        summary = { ja = "二台で一台。", en = "Two disks as one." }
        sections = ["2.1.3"]
        minutes = 20
        difficulty = 1
        [[nodes]]
        name = "st1"
        disks = [{ name = "vdb", size_mb = 64 }, { name = "vdc", size_mb = 64 }]
        [faults]
        allowed = ["disk.pull", "disk.insert"]
        [[steps]]
        id = "create"
        title = { ja = "作る", en = "Create it" }
        checks = ["is_there", "survives"]
        """,
    "ch02/mirror/steps/1-create.ja.md": "`mdadm` で作ります。\n",
    "ch02/mirror/steps/1-create.en.md": "Create it with `mdadm`.\n",
    "ch02/mirror/checks.py": """
        from labkit import AfterReboot, Lab, check, require

        @check(ja="ある", en="It is there", points=4)
        def is_there(lab: Lab) -> None:
            mirror = lab.node("st1").succeeds("test -b /dev/md0")
            require(mirror, ja="ありません。", en="There is none.")

        @check(ja="残る", en="It survives", points=6, mode=AfterReboot("st1"))
        def survives(lab: Lab) -> None:
            mirror = lab.node("st1").succeeds("test -b /dev/md0")
            require(mirror, ja="消えました。", en="It is gone.")
        """,
    "ch02/mirror/solution/st1.sh": "mdadm --create /dev/md0\n",
    "ch02/mirror/wrong/nothing.sh": "# fails: is_there\ntrue\n",
}


def write_labs(folder: Path) -> Path:
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), "utf-8")
    return folder
