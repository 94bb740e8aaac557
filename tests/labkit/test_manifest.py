"""A lab's author is told everything that is wrong, in sentences."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.manifest import LabProblems, content_hash, find_labs, read_lab
from labkit.new import write_new_lab
from labkit.plan import ExpectStep, InjectFault, RunScript
from nines.cli.lab import schema_text
from nines.config import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lab = tmp_path / "ch03" / "hello"
    write_new_lab(lab)
    return lab


def problems(folder: Path) -> str:
    with pytest.raises(LabProblems) as caught:
        read_lab(folder)
    for each in caught.value.problems:
        assert each.reason.ja
        assert each.reason.en
    return str(caught.value)


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def test_a_new_lab_has_no_problems(folder: Path) -> None:
    lab = read_lab(folder)

    assert lab.slug == "ch03-hello"
    assert lab.manifest.max_points == 10
    assert [each.name for each in lab.checks] == [
        "greeting_is_there",
        "greeting_is_right",
    ]
    assert lab.checks[1].after == "greeting_is_there"
    assert [plan.fails for plan in lab.wrong] == [("greeting_is_right",)]
    assert "hello" in lab.steps[0].ja
    assert find_labs(folder.parents[1]) == [folder]


def test_all_problems_are_told_at_once(folder: Path) -> None:
    change(folder, "lab.toml", "minutes = 15", "minuts = 15")
    (folder / "checks.py").write_text("1 / 0")

    said = problems(folder)

    assert "lab.toml: minutes: This key is required." in said
    assert "lab.toml: minuts: This key is not known." in said
    assert "checks.py: The checks cannot be loaded: ZeroDivisionError" in said


Break = Callable[[Path], object]
MISTAKES: dict[str, tuple[Break, str]] = {
    "no manifest": (lambda f: (f / "lab.toml").unlink(), "There is no lab.toml"),
    "not TOML": (lambda f: (f / "lab.toml").write_text("x"), "Not TOML"),
    "no checks": (lambda f: (f / "checks.py").unlink(), "checks.py: It is missing"),
    "checks that hang": (
        lambda f: (f / "checks.py").write_text("import os; os._exit(0)"),
        "ended the checker's process",
    ),
    "one language": (
        lambda f: (f / "steps/1-greet.ja.md").unlink(),
        "steps/1-greet.ja.md: This file is missing",
    ),
    "an empty text": (
        lambda f: change(f, "lab.toml", 'en = "A new lab"', 'en = " "'),
        "lab.toml: title: The value is not right",
    ),
    "a section": (
        lambda f: change(f, "lab.toml", '"1.1.1"', '"RAID"'),
        "sections.0: 'RAID' does not have the form",
    ),
    "an unknown check": (
        lambda f: change(f, "lab.toml", '"greeting_is_right"', '"other"'),
        "checks.py has no check called other",
    ),
    "a check of no step": (
        lambda f: change(f, "lab.toml", ', "greeting_is_right"', ""),
        "greeting_is_right: No step names it",
    ),
    "a check twice": (
        lambda f: change(
            f, "lab.toml", ', "greeting_is_right"', ', "greeting_is_right"' * 2
        ),
        "is in more than one step",
    ),
    "points": (
        lambda f: change(f, "checks.py", "points=6", "points=5"),
        "The points sum to 9; they must sum to 10",
    ),
    "a stray file": (
        lambda f: (f / "step.md").write_text("x"),
        "step.md: A lab has no file of this name",
    ),
    "a disk's name": (
        lambda f: change(
            f, "lab.toml", '"st1"', '"st1"\ndisks = [{ name = "vdd", size_mb = 64 }]'
        ),
        "Linux names this disk vdb, not vdd",
    ),
    "a huge node": (
        lambda f: change(f, "lab.toml", '"st1"', '"st1"\nmemory_mb = 64000'),
        "64000 is too large; the most is 1024",
    ),
    "HTML": (
        lambda f: (f / "steps/1-greet.en.md").write_text("a\n\n<b>x</b> `<ok>`"),
        "line 3: HTML (<b>) is not allowed",
    ),
    "a file outside": (
        lambda f: change(f, "lab.toml", '"st1"', '"st1"\nprepare = "../../x.sh"'),
        "There is no '../../x.sh' in the lab's folder",
    ),
    "no solution": (
        lambda f: shutil.rmtree(f / "solution"),
        "There is no solution",
    ),
    "no wrong solution": (
        lambda f: shutil.rmtree(f / "wrong"),
        "There is no wrong solution",
    ),
    "a wrong one that names nothing": (
        lambda f: (f / "wrong/misspelt.sh").write_text("true"),
        "lacks a comment `# fails",
    ),
    "a wrong one that names a stranger": (
        lambda f: (f / "wrong/misspelt.sh").write_text("# fails: stranger\n"),
        "There is no check called stranger",
    ),
    "a script for no node": (
        lambda f: (f / "solution/st9.sh").write_text("true"),
        "solution/st9.sh: Nothing uses this file",
    ),
    "a fault on a disk that is not there": (
        lambda f: change(
            f,
            "checks.py",
            "points=4)",
            'points=4, mode=__import__("labkit").UnderFault('
            '__import__("labkit").Fault("disk.pull", "st1", "vdb")))',
        ),
        "Node st1 has no disk 'vdb'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(mistake: str, folder: Path) -> None:
    make, sentence = MISTAKES[mistake]
    make(folder)

    assert sentence in problems(folder)


PLAN = """
[[do]]
run = "st1: build.sh"
timeout = 300
[[do]]
check = "greet"
[[do]]
fault = { kind = "power.reset", node = "st1" }
"""


def test_a_plan_runs_scripts_faults_and_checks_in_order(folder: Path) -> None:
    (folder / "solution/st1.sh").rename(folder / "solution/build.sh")
    (folder / "solution/plan.toml").write_text(PLAN)

    actions = read_lab(folder).solution.actions

    assert [type(each) for each in actions] == [RunScript, ExpectStep, InjectFault]
    assert isinstance(actions[0], RunScript)
    assert actions[0].timeout == 300


def test_prose_can_be_mended_without_a_new_proof(folder: Path) -> None:
    before = content_hash(folder)

    (folder / "steps/1-greet.en.md").write_text("Better words.")
    assert content_hash(folder) == before

    change(folder, "solution/st1.sh", "hello", "hello there")
    assert content_hash(folder) != before


def test_the_schema_for_editors_is_current() -> None:
    """`nines lab schema` writes it."""
    assert (ROOT / "labs/lab.schema.json").read_text("utf-8") == schema_text()
