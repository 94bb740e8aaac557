import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nines import migrations
from nines.cli import app, main
from nines.config import Settings

OLD = re.compile(r"one-time password: ([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})$", re.M)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NINES_STATE_DIR", str(tmp_path))
    return tmp_path


def nines(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_seeding_twice_prints_each_password_once() -> None:
    nines("db", "upgrade")

    first, second = nines("seed"), nines("seed")

    assert len(OLD.findall(first.output)) == 3
    assert len(set(OLD.findall(first.output))) == 3
    assert not OLD.search(second.output)
    assert "nines user reset student" in second.output


def test_somebody_added_is_listed_until_disabled() -> None:
    nines("db", "upgrade")

    added = nines(
        "user", "add", "hopper", "--role", "instructor", "--display-name", "Grace"
    )
    listed = nines("user", "list")
    nines("user", "disable", "hopper")

    assert OLD.search(added.output)
    assert "hopper" in listed.output
    assert "instructor" in listed.output
    assert "one-time password" in listed.output
    assert "disabled" in nines("user", "list").output
    assert OLD.search(nines("user", "reset", "hopper").output)
    assert "disabled" not in nines("user", "list").output


def test_a_mistake_is_answered_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["user", "list"], ["user", "reset", "nobody"]):
        monkeypatch.setattr("sys.argv", ["nines", *words])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 1
        migrations.upgrade(Settings.read().database)

    said = capsys.readouterr().err
    assert "nines db upgrade" in said
    assert "There is nobody named nobody." in said
    assert "Traceback" not in said


def test_settings_are_printed_as_a_table() -> None:
    assert "| `NINES_STATE_DIR` | `var` |" in nines("settings").output


def test_the_doctor_names_what_is_missing_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, labs: Path
) -> None:
    monkeypatch.setenv("NINES_LABS_DIR", str(labs))
    monkeypatch.setenv("NINES_FRONTEND_DIR", str(tmp_path / "nowhere"))

    report = nines("doctor")

    assert report.exit_code == 1
    assert "MISSING database: not up to date; run `nines db upgrade`" in report.output
    assert "MISSING front end: not built" in report.output
    assert "ok      content: 1 labs, 1 calculations" in report.output
