"""A lab that does not do what it says is found out, each way it can lie."""

from pathlib import Path

import pytest

from labkit.manifest import read_lab
from nines.grading.prove import Part, Trial, prove
from tests.fakes.driver import FakeDriver
from tests.fakes.lab import write_lab

pytestmark = pytest.mark.anyio

CHECKS = """
import os
MARK = "MARK"

def there(lab):
    require(lab.node("st1").succeeds(f"test -e {MARK}"), ja="無", en="no mark")
there = made("there", there, points=4)

def right(lab):
    require(lab.node("st1").output(f"cat {MARK}") == "ok", ja="違", en="wrong mark")
right = made("right", right, points=6, after=there)
"""


async def trials(
    driver: FakeDriver,
    tmp_path: Path,
    *,
    solution: str = "echo ok > MARK",
    wrong: str = "# fails: right\necho bad > MARK",
    checks: str = CHECKS,
    parts: tuple[Part, ...] = ("untouched", "solution", "wrong"),
) -> dict[str, Trial]:
    """The fake's commands run on this host, so each trial clears the mark first."""
    mark = tmp_path / "mark"

    async def clear() -> None:
        mark.unlink(missing_ok=True)

    driver.on_start = clear
    code = checks.replace("MARK}", "@}").replace('"MARK"', f'"{mark}"')
    folder = write_lab(
        tmp_path / "ch09" / "test", code.replace("@}", "MARK}"), ("there", "right")
    )
    (folder / "solution/st1.sh").write_text(solution.replace("MARK", str(mark)))
    (folder / "wrong/misspelt.sh").write_text(wrong.replace("MARK", str(mark)))
    found = await prove(driver, read_lab(folder), parts=parts)
    return {trial.name: trial for trial in found}


async def test_a_good_lab_is_proved_and_leaves_nothing(
    driver: FakeDriver, tmp_path: Path
) -> None:
    before = await driver.names()

    found = await trials(driver, tmp_path)

    assert list(found) == ["untouched", "solution 1", "solution 2", "wrong/misspelt"]
    assert [trial.problems for trial in found.values()] == [()] * 4
    assert await driver.names() == before


async def test_a_check_that_passes_untouched_is_found(
    driver: FakeDriver, tmp_path: Path
) -> None:
    always = CHECKS.replace('require(lab.node("st1").succeeds', "0 and require(bool")

    found = await trials(driver, tmp_path, checks=always, parts=("untouched",))

    assert "there passed before anything was done" in found["untouched"].problems[0]


async def test_a_solution_that_does_not_solve_is_found(
    driver: FakeDriver, tmp_path: Path
) -> None:
    found = await trials(
        driver, tmp_path, solution="echo no > MARK", parts=("solution",)
    )

    assert found["solution 1"].problems == ("right failed: wrong mark",)


async def test_a_script_that_fails_is_shown(driver: FakeDriver, tmp_path: Path) -> None:
    found = await trials(
        driver, tmp_path, solution="echo oops; exit 3", parts=("solution",)
    )

    assert found["solution 1"].problems == ("solution/st1.sh exited with 3: oops\n",)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("# fails: right\necho ok > MARK", "right passed; it should have failed"),
        ("# fails: right\ntrue", "there failed: no mark; the wrong solution does not"),
    ],
)
async def test_a_wrong_solution_fails_what_it_names_and_nothing_else(
    wrong: str, problem: str, driver: FakeDriver, tmp_path: Path
) -> None:
    found = await trials(driver, tmp_path, wrong=wrong, parts=("wrong",))

    assert problem in found["wrong/misspelt"].problems[0]


async def test_a_broken_checker_never_counts_as_a_failure(
    driver: FakeDriver, tmp_path: Path
) -> None:
    crash = CHECKS.replace("def right(lab):", "def right(lab):\n    1 / 0")

    found = await trials(driver, tmp_path, checks=crash, parts=("wrong",))

    assert "right broken" in found["wrong/misspelt"].problems[0]
    assert "ZeroDivisionError" in found["wrong/misspelt"].problems[0]
