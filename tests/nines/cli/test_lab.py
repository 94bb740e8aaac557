"""The commands for lab authors, and their exit codes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from labkit.manifest import read_lab
from nines.cli import app
from nines.cli.lab import proofs, record_proof


@pytest.fixture
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "labs"
    folder.mkdir()
    monkeypatch.setenv("NINES_LABS_DIR", str(folder))
    return folder


def nines(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["lab", *words])
    return result.exit_code, result.output


def test_a_new_lab_lints(labs: Path) -> None:
    assert nines("new", "ch03-hello")[0] == 0
    assert nines("lint", "ch03-hello") == (0, "ch03-hello: ok\n")


def test_a_lab_is_never_written_over(labs: Path) -> None:
    nines("new", "ch03-hello")

    code, said = nines("new", "ch03-hello")

    assert code == 1
    assert "already" in said


def test_lint_says_what_is_wrong_and_where(labs: Path) -> None:
    nines("new", "ch03-good")
    nines("new", "ch03-bad")
    (labs / "ch03/bad/steps/1-greet.ja.md").unlink()

    code, said = nines("lint")

    assert code == 1
    assert "ch03-good: ok" in said
    assert "ch03-bad/steps/1-greet.ja.md: This file is missing" in said


@pytest.mark.parametrize("command", ["lint", "prove", "try"])
def test_a_lab_that_is_not_there_is_exit_code_2(command: str, labs: Path) -> None:
    assert nines(command, "ch03-nothing")[0] == 2


def test_the_schema_is_written_and_checked(labs: Path) -> None:
    assert nines("schema", "--check")[0] == 1
    assert nines("schema")[0] == 0
    assert nines("schema", "--check")[0] == 0


def test_a_proof_is_recorded_by_content(labs: Path) -> None:
    nines("new", "ch03-hello")
    lab = read_lab(labs / "ch03/hello")

    record_proof(lab)

    assert proofs(labs) == {"ch03-hello": lab.content_hash}
