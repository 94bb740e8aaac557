"""A new lab to start from: small, complete, and without problems."""

from pathlib import Path

FILES = {
    "lab.toml": """\
format = 1
title = { ja = "新しい演習", en = "A new lab" }
summary = { ja = "何ができるようになるか。", en = "What one can do afterwards." }
sections = ["1.1.1"]
objectives = []
minutes = 15
difficulty = 1
profile = "base"

[[nodes]]
name = "st1"

[faults]
allowed = []

[[steps]]
id = "greet"
title = { ja = "あいさつを書く", en = "Write a greeting" }
checks = ["greeting_is_there", "greeting_is_right"]
""",
    "steps/1-greet.ja.md": """\
マシン `st1` の `/root/greeting` に、`hello` と一行書いてください。
""",
    "steps/1-greet.en.md": """\
Write one line, `hello`, into `/root/greeting` on the machine `st1`.
""",
    "checks.py": """\
from labkit import Lab, Text, check, require

GREETING = "/root/greeting"


@check(ja="あいさつのファイルがある", en="The greeting's file is there", points=4)
def greeting_is_there(lab: Lab) -> None:
    require(
        lab.node("st1").read(GREETING) is not None,
        ja=f"{GREETING} がありません。",
        en=f"There is no {GREETING}.",
    )


@check(
    ja="あいさつが正しい",
    en="The greeting is right",
    points=6,
    after=greeting_is_there,
)
def greeting_is_right(lab: Lab) -> None:
    said = (lab.node("st1").read(GREETING, limit=100) or "").strip()
    require(
        said == "hello",
        ja=f"{GREETING} の中身は {said!r} です。",
        en=f"{GREETING} says {said!r}.",
        hint=Text(
            ja="つづりと、大文字・小文字を見直しましょう。",
            en="Look at the spelling, capitals included.",
        ),
    )
""",
    "solution/st1.sh": "set -eu\necho hello > /root/greeting\n",
    "wrong/misspelt.sh": """\
# fails: greeting_is_right
set -eu
echo helo > /root/greeting
""",
    "NOTES.md": """\
What the lab is for, what it leaves out, and what students get wrong.
""",
}


def write_new_lab(folder: Path) -> None:
    """FileExistsError when there is something at `folder` already."""
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
